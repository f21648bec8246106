"""What can go wrong with an outgoing request.

InvalidError
└── UrlNotAllowedError          the address may not be fetched: scheme, port, or a network that is not public
UpstreamFailedError
├── FetchFailedError            no answer, or one that breaks the protocol
│   ├── HostNotFoundError       the name has no address
│   ├── FetchTimeoutError       not finished within the deadline
│   └── FetchTooLargeError      more bytes than the caller takes, before or after decompression
├── UpstreamUnreachableError    a stream could not be opened, or broke off
├── UpstreamTimeoutError        a stream was not opened, or stayed silent, for too long
├── UpstreamStatusError         a service answered with an error; `status` and `body` say which
└── UpstreamGarbageError        a service answered in a shape that its protocol does not have; raised by callers
"""

from privexbot_app.kit.errors import InvalidError, UpstreamFailedError


class UrlNotAllowedError(InvalidError):
    """The address may not be fetched from here."""

    code = "url_not_allowed"


class FetchFailedError(UpstreamFailedError):
    """The address did not answer, or broke the protocol."""

    code = "fetch_failed"


class HostNotFoundError(FetchFailedError):
    """The name in the address has no address."""

    code = "host_not_found"


class FetchTimeoutError(FetchFailedError):
    """The answer was not complete within the deadline."""

    code = "fetch_timeout"


class FetchTooLargeError(FetchFailedError):
    """The answer is longer than the caller takes."""

    code = "fetch_too_large"


class UpstreamUnreachableError(UpstreamFailedError):
    """The service could not be reached, or the connection broke off."""

    code = "upstream_unreachable"


class UpstreamTimeoutError(UpstreamFailedError):
    """The service stayed silent for too long."""

    code = "upstream_timeout"


class UpstreamStatusError(UpstreamFailedError):
    """The service answered with an error status.

    body: the beginning of the answer; it may quote what we sent, so it is for parsing and not for the log.
    retry_after_seconds: what the service asked for, where it did.
    """

    code = "upstream_status"

    def __init__(
        self, message: str, *, status: int, body: bytes = b"", retry_after_seconds: float | None = None
    ) -> None:
        super().__init__(message, status=status)
        self.status = status
        self.body = body
        self.retry_after_seconds = retry_after_seconds


class UpstreamGarbageError(UpstreamFailedError):
    """The service answered in a shape that its protocol does not have."""

    code = "upstream_garbage"

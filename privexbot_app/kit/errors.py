"""The family of errors that customers may see, and nothing else.

    PrivexError
    ├── NotFoundError          there is no such thing, or it belongs to another tenant (the same answer)
    ├── ConflictError          the thing has changed or exists already
    ├── InvalidError           the request is understood and wrong; `problems` names the fields
    │   └── TooLargeError      the request or the file is over a limit
    ├── ForbiddenError         known caller, missing permission
    ├── UnauthenticatedError   unknown caller, or a credential that is expired or revoked
    ├── QuotaExceededError     the plan's limit is reached
    ├── RateLimitedError       too many requests; `retry_after_seconds` says when to come back
    ├── UpstreamFailedError    a service that we called answered badly or not at all
    ├── UnavailableError       a part of this installation is not ready
    └── InternalError          our own mistake

A message is for customers: one sentence that says what happened and, if there is something to do, what.
`context` is for the log and is never shown. Codes are stable: programs compare them. The two
translators are `api.errors` (kind → status and problem body) and `ui.notify` (kind → toast or field).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar


class ErrorKind(StrEnum):
    """What a caller can do about an error; each door maps every kind exactly once."""

    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    INVALID = "invalid"
    TOO_LARGE = "too_large"
    FORBIDDEN = "forbidden"
    UNAUTHENTICATED = "unauthenticated"
    QUOTA_EXCEEDED = "quota_exceeded"
    RATE_LIMITED = "rate_limited"
    UPSTREAM_FAILED = "upstream_failed"
    UNAVAILABLE = "unavailable"
    INTERNAL = "internal"


@dataclass(frozen=True)
class FieldProblem:
    """One thing wrong with one field. `field` is a dotted path into the request, e.g. `llm.model`."""

    field: str
    code: str
    message: str


class PrivexError(Exception):
    """Base of all errors with a stable code. Raise a subclass that names what went wrong.

    message: one sentence for the customer.
    code: overrides the class's stable code.
    problems: the fields at fault, all at once.
    context: facts for the log; never secrets, never a visitor's words.
    """

    kind: ClassVar[ErrorKind] = ErrorKind.INTERNAL
    code: str = "internal"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        problems: tuple[FieldProblem, ...] | list[FieldProblem] = (),
        **context: Any,
    ) -> None:
        super().__init__(message)
        self.message = message
        if code is not None:
            self.code = code
        self.problems = tuple(problems)
        self.context = context

    def __repr__(self) -> str:
        return f"{type(self).__name__}(code={self.code!r}, message={self.message!r})"


class NotFoundError(PrivexError):
    """There is no such thing here. Another tenant's id raises exactly this."""

    kind = ErrorKind.NOT_FOUND
    code = "not_found"


class ConflictError(PrivexError):
    """The request was made against an older state, or the name is taken."""

    kind = ErrorKind.CONFLICT
    code = "conflict"


class InvalidError(PrivexError):
    """The request is understood and wrong."""

    kind = ErrorKind.INVALID
    code = "invalid"


class TooLargeError(InvalidError):
    """The request or the file is over a limit that the message states."""

    kind = ErrorKind.TOO_LARGE
    code = "too_large"


class ForbiddenError(PrivexError):
    """The caller is known and lacks the permission."""

    kind = ErrorKind.FORBIDDEN
    code = "forbidden"


class UnauthenticatedError(PrivexError):
    """The caller is unknown, or the credential is expired or revoked."""

    kind = ErrorKind.UNAUTHENTICATED
    code = "unauthenticated"


class QuotaExceededError(PrivexError):
    """The plan's limit is reached."""

    kind = ErrorKind.QUOTA_EXCEEDED
    code = "quota_exceeded"


class RateLimitedError(PrivexError):
    """Too many requests."""

    kind = ErrorKind.RATE_LIMITED
    code = "rate_limited"

    def __init__(
        self, message: str, *, retry_after_seconds: int, limit_events: int = 0, limit_seconds: int = 0, **context: Any
    ) -> None:
        super().__init__(message, **context)
        self.retry_after_seconds = retry_after_seconds
        self.limit_events, self.limit_seconds = limit_events, limit_seconds


class UpstreamFailedError(PrivexError):
    """A service that we called answered badly or not at all."""

    kind = ErrorKind.UPSTREAM_FAILED
    code = "upstream_failed"


class UnavailableError(PrivexError):
    """A part of this installation is not ready."""

    kind = ErrorKind.UNAVAILABLE
    code = "unavailable"


class InternalError(PrivexError):
    """Our own mistake."""

    kind = ErrorKind.INTERNAL
    code = "internal"

"""The one safe way to other machines. See `addresses` for what may be reached, `client` for how.

Bootstrap builds one `HttpClient` and passes it down; nothing else in the product opens a connection to an address that
it was given.
"""

from privexbot_app.kit.http.addresses import OutboundPolicy, is_public_address, parse_url
from privexbot_app.kit.http.client import Browsing, FetchedResponse, HttpClient, HttpConfig
from privexbot_app.kit.http.errors import (
    FetchFailedError,
    FetchTimeoutError,
    FetchTooLargeError,
    HostNotFoundError,
    UpstreamGarbageError,
    UpstreamStatusError,
    UpstreamTimeoutError,
    UpstreamUnreachableError,
    UrlNotAllowedError,
)
from privexbot_app.kit.http.streaming import LineStream
from privexbot_app.kit.http.threads import in_thread
from privexbot_app.kit.http.waiting import Patience, read_retry_after

__all__ = [
    "Browsing",
    "FetchFailedError",
    "FetchTimeoutError",
    "FetchTooLargeError",
    "FetchedResponse",
    "HostNotFoundError",
    "HttpClient",
    "HttpConfig",
    "LineStream",
    "OutboundPolicy",
    "Patience",
    "UpstreamGarbageError",
    "UpstreamStatusError",
    "UpstreamTimeoutError",
    "UpstreamUnreachableError",
    "UrlNotAllowedError",
    "in_thread",
    "is_public_address",
    "parse_url",
    "read_retry_after",
]

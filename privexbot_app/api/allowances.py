"""How rate limits are told to programs: RateLimit-Limit, -Remaining and -Reset, and the policy that they follow."""

from privexbot_app.kit.errors import RateLimitedError
from privexbot_app.kit.limits import Allowance


def limit_headers(left: Allowance) -> dict[str, str]:
    """The headers of an answer that counted against a limit."""
    return _headers(left.limit.events, left.limit.seconds, left.remaining, left.reset_seconds)


def full_headers(error: RateLimitedError) -> dict[str, str]:
    """The headers of a refusal."""
    return _headers(error.limit_events, error.limit_seconds, 0, error.retry_after_seconds)


def _headers(events: int, seconds: int, remaining: int, reset_seconds: int) -> dict[str, str]:
    return {
        "RateLimit-Limit": str(events),
        "RateLimit-Remaining": str(remaining),
        "RateLimit-Reset": str(reset_seconds),
        "RateLimit-Policy": f"{events};w={seconds}",
    }

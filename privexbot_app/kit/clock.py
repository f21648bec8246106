"""The time, always aware and in UTC."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """Now, with the time zone UTC."""
    return datetime.now(UTC)

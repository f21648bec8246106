"""Lists in pages: `{"items": […], "next_cursor": …}`. Row ids are time-ordered, so a cursor is an id in disguise."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Generic, TypeVar
from uuid import UUID

from privexbot_app.kit.errors import InvalidError

Item = TypeVar("Item")

DEFAULT_PAGE_SIZE = 50
LARGEST_PAGE_SIZE = 200
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class PageParams:
    """Which page a caller asks for."""

    limit: int = DEFAULT_PAGE_SIZE
    cursor: str | None = None


@dataclass(frozen=True)
class Page(Generic[Item]):
    """One page; `next_cursor` is None on the last."""

    items: Sequence[Item]
    next_cursor: str | None = None


def cursor_after(id: UUID) -> str:
    """The cursor of the page that follows the row `id`."""
    return base64.urlsafe_b64encode(id.bytes).decode().rstrip("=")


def decode_cursor(cursor: str) -> UUID:
    """The row id in a cursor. Raises InvalidError (`invalid_cursor`)."""
    try:
        return UUID(bytes=base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
    except (ValueError, binascii.Error) as error:
        raise InvalidError("The cursor is not one of ours.", code="invalid_cursor") from error


def moment_cursor(moment: datetime, id: UUID) -> str:
    """The cursor of the page that follows a row, in a list in the order of a moment and then of ids."""
    microseconds = (moment - _EPOCH) // timedelta(microseconds=1)
    return base64.urlsafe_b64encode(microseconds.to_bytes(8, "big") + id.bytes).decode().rstrip("=")


def decode_moment_cursor(cursor: str) -> tuple[datetime, UUID]:
    """The moment and the row id in a cursor. Raises InvalidError (`invalid_cursor`)."""
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        return _EPOCH + timedelta(microseconds=int.from_bytes(raw[:8], "big")), UUID(bytes=raw[8:])
    except (ValueError, OverflowError, binascii.Error) as error:
        raise InvalidError("The cursor is not one of ours.", code="invalid_cursor") from error

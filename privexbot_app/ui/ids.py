"""Ids that come from a browser: an address, or an argument of an event that anybody may send."""

from uuid import UUID

from privexbot_app.kit.errors import NotFoundError


def parse_id(value: object) -> UUID:
    """The id. Garbage raises the same NotFoundError as an id that does not exist."""
    try:
        return UUID(str(value))
    except ValueError as error:
        raise NotFoundError("There is no such thing here.") from error

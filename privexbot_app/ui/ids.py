"""Ids that come from a browser: an address, or an argument of an event that anybody may send."""

from uuid import UUID

from privexbot_app.kit.errors import NotFoundError


def parse_id(value: object) -> UUID:
    """The id. Garbage raises the same NotFoundError as an id that does not exist."""
    try:
        return UUID(str(value))
    except ValueError as error:
        raise NotFoundError("There is no such thing here.") from error


def id_in_path(path: str) -> UUID:
    """The id at the end of a page's address.

    >>> id_in_path("/chatbots/drafts/01a20c29-92a8-7c0c-86e6-7ee51f944638/")
    UUID('01a20c29-92a8-7c0c-86e6-7ee51f944638')
    """
    return parse_id(path.rstrip("/").rsplit("/", 1)[-1])

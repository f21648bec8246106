"""Where documents come from besides an upload. Owns the contract and the registry; each kind of source is one module.

A connector brings content; it neither reads its format (see `integrations.parsers`) nor stores it (see
`domains.knowledge`). A source may hold one item, as a page does, or many, as a site or a workspace of notes does.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from pydantic import BaseModel

from privexbot_app.kit.errors import InvalidError, UpstreamFailedError
from privexbot_app.kit.http import HttpClient
from privexbot_app.kit.registry import Registry
from privexbot_app.kit.text import StructuredText


class SourceUnavailableError(UpstreamFailedError):
    """The source answered, but not with its content: gone, behind a login, or out of order."""

    code = "source_unavailable"


class UnsupportedMediaTypeError(InvalidError):
    """The source holds something that no parser reads, e.g. a video."""

    code = "unsupported_media_type"


@dataclass(frozen=True)
class LoadedItem:
    """One document of a source.

    name: what people see. filename: ends in the extension by which a parser is chosen.
    url: where a visitor can read it. version: changes with the content, where the source tells (an ETag, an edit time);
    an item whose version is known already need not be indexed again.
    document: the text and its blocks, where the source knows them better than a parser of `content` would.
    """

    name: str
    filename: str
    content: bytes = field(repr=False)
    media_type: str
    url: str | None = None
    version: str | None = None
    document: StructuredText | None = field(default=None, repr=False)


class SourceConnector(Protocol):
    """One kind of source. Built with `Connector(config, http)` for one source; holds nothing between loads."""

    Config: type[BaseModel]

    def __init__(self, config: BaseModel, http: HttpClient) -> None: ...

    async def load(self) -> Sequence[LoadedItem]:
        """Every item of the source as it is now, at least one.

        Raises UrlNotAllowedError, FetchFailedError and its kinds, SourceUnavailableError, UnsupportedMediaTypeError.
        """
        ...


SOURCE_CONNECTORS = Registry("source", SourceConnector)  # type: ignore[type-abstract]

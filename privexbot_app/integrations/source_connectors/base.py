"""Where documents come from besides an upload. Owns the contract and the registry; each kind of source is one module.

A connector brings content; it neither reads its format (see `integrations.parsers`) nor stores it (see
`domains.knowledge`). A source may hold one item, as a page does, or many, as a site or a workspace of notes does.
"""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from pydantic import BaseModel

from privexbot_app.kit.errors import InvalidError, PrivexError, UpstreamFailedError
from privexbot_app.kit.http import HttpClient
from privexbot_app.kit.registry import Registry
from privexbot_app.kit.text import StructuredText


class SourceUnavailableError(UpstreamFailedError):
    """The source answered, but not with its content: gone, behind a login, or out of order."""

    code = "source_unavailable"


class UnsupportedMediaTypeError(InvalidError):
    """The source holds something that no parser reads, e.g. a video."""

    code = "unsupported_media_type"


class AccessDeniedError(UpstreamFailedError):
    """The service does not accept the credential, or the credential does not reach what was asked for."""

    code = "source_access_denied"

    def __init__(self, service: str, **context: Any) -> None:
        super().__init__(
            f"{service} does not give access. Check the token, and that it may read what you chose.", **context
        )


class NothingLoadedError(UpstreamFailedError):
    """The source was reached and holds nothing that can be taken in."""

    code = "nothing_loaded"

    def __init__(self, report: "LoadReport") -> None:
        reason = report.notes[0].message if report.notes else "It is empty."
        super().__init__(f"Nothing could be taken in from this source. {reason}", skipped=dict(report.skipped))


NOT_TAKEN = {
    "other_site": "The page is on another site, or outside the chosen folder.",
    "robots": "The site's robots.txt does not allow this page to be read.",
    "not_wanted": "The page does not match your patterns.",
    "not_a_document": "This is an image, a video, an archive or another file without text.",
    "too_deep": "The page is more clicks away from the start than chosen.",
    "looks_endless": "The address looks like one of an endless series, such as a calendar.",
    "duplicate": "The same page was read under another address.",
    "noindex": "The page asks not to be indexed.",
    "refresh": "The page only sends its visitors on to another one.",
    "no_text": "The page has no text of its own; scripts may write it in a browser.",
    "too_large": "The file is larger than allowed.",
    "unsupported": "Files of this type cannot be imported.",
    "archived": "The page was deleted or archived.",
    "gone": "The page does not exist any more.",
    "no_access": "There is no access to this item.",
}
"""Why an item is left out on purpose, in words for people."""
GONE = frozenset({"archived", "gone"})
UNCERTAIN = frozenset({"looks_endless", "too_deep", "too_large", "no_text", "no_access"})
"""Reasons after which an item, or what only it leads to, may well be there still."""
LIMITS = {
    "items": "The largest number of pages that you chose was reached.",
    "bytes": "The largest amount of data for one source was reached.",
    "seconds": "Reading took as long as one source may take.",
}


@dataclass(frozen=True)
class LoadedItem:
    """One document of a source.

    key: tells the item from its siblings and stays the same from load to load; empty where a source holds one item.
    name: what people see. filename: ends in the extension by which a parser is chosen.
    url: where a visitor can read it. version: changes with the content, where the source tells (an ETag, an edit time);
    an item whose version is known already need not be indexed again.
    document: the text and its blocks, where the source knows them better than a parser of `content` would.
    language: of the text, as its page declares it, e.g. "de-CH".
    """

    name: str
    filename: str
    content: bytes = field(repr=False)
    media_type: str
    url: str | None = None
    version: str | None = None
    document: StructuredText | None = field(default=None, repr=False)
    key: str = ""
    language: str = ""


class SourceConnector(Protocol):
    """One kind of source. Built with `Connector(config, http)` for one source; holds nothing between loads."""

    Config: type[BaseModel]

    def __init__(self, config: BaseModel, http: HttpClient) -> None: ...

    async def load(self) -> Sequence[LoadedItem]:
        """Every item of the source as it is now, at least one.

        Raises UrlNotAllowedError, FetchFailedError and its kinds, SourceUnavailableError, UnsupportedMediaTypeError.
        """
        ...


MOST_NOTES = 500


@dataclass(frozen=True)
class LoadNote:
    """Something that was not taken in. where: an address or a name. code: one of `NOT_TAKEN`, or an error's code."""

    where: str
    code: str
    message: str


@dataclass
class LoadReport:
    """What became of a load so far; a connector fills it while it runs.

    found: items that were met. loaded: items that were brought. skipped, failed: how many others, by reason.
    stopped_by: the limit that ended the load early, one of `LIMITS`; empty if everything was seen.
    gone: keys of items that the source itself calls gone.
    """

    found: int = 0
    loaded: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    notes: list[LoadNote] = field(default_factory=list)
    stopped_by: str = ""
    gone: set[str] = field(default_factory=set)

    @property
    def is_complete(self) -> bool:
        """Whether what was not met is certainly not there any more."""
        return not self.stopped_by and not self.failed and self.skipped.keys().isdisjoint(UNCERTAIN)

    def skip(self, where: str, code: str) -> None:
        """Note an item that is left out on purpose."""
        self.skipped[code] += 1
        self._note(where, code, NOT_TAKEN[code])
        if code in GONE:
            self.gone.add(where)

    def fail(self, where: str, error: PrivexError) -> None:
        """Note an item that could not be read."""
        self.failed[error.code] += 1
        self._note(where, error.code, error.message)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON, for people's eyes."""
        return {
            "found": self.found,
            "loaded": self.loaded,
            "skipped": dict(self.skipped),
            "failed": dict(self.failed),
            "stopped_by": self.stopped_by,
            "stopped_because": LIMITS.get(self.stopped_by, ""),
            "notes": [{"where": note.where, "code": note.code, "message": note.message} for note in self.notes],
        }

    def _note(self, where: str, code: str, message: str) -> None:
        if len(self.notes) < MOST_NOTES:
            self.notes.append(LoadNote(where[:500], code, message))


@dataclass(frozen=True)
class ConnectedBy:
    """A connection that may stand in for a token. provider: its name. setting: the field of `Config` it replaces."""

    provider: str
    setting: str


class ManyItemsConnector:
    """Base of connectors whose sources hold many items. Brings them one by one, so that a consumer can store each.

    connected_by: the connection that gives the right to read, for services that people connect.
    """

    connected_by: ClassVar[ConnectedBy | None] = None

    def stream(self, report: LoadReport) -> AsyncIterator[LoadedItem]:
        """The items as they are read, always in the same order for the same content; `report` grows with them.

        Raises the errors of `SourceConnector.load` if nothing can be read at all; an item that cannot is only noted.
        """
        raise NotImplementedError

    async def load(self) -> list[LoadedItem]:
        """See `SourceConnector.load`."""
        report = LoadReport()
        items = [item async for item in self.stream(report)]
        if not items:
            raise NothingLoadedError(report)
        return items


SOURCE_CONNECTORS = Registry("source", SourceConnector)  # type: ignore[type-abstract]

"""Take in what people give: a file, a text, pairs, a web page. Ends in a folder of the storage and a `StoredSource`.

What cannot be used for a reason of its own becomes a failed source with that reason; an address that may not be fetched
is refused outright, as it is a mistake in the request.
"""

import hashlib
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any
from uuid import UUID

from privexbot_app.domains.knowledge.content import ensure_text, write_original, write_text
from privexbot_app.domains.knowledge.schemas import NewSource, SourceError, SourceView
from privexbot_app.integrations.parsers.base import ParsingError, parser_for
from privexbot_app.integrations.plugins import Plugins
from privexbot_app.integrations.source_connectors.base import LoadedItem
from privexbot_app.kit.errors import ErrorKind, InvalidError, PrivexError, TooLargeError
from privexbot_app.kit.http import UrlNotAllowedError
from privexbot_app.kit.ids import new_id
from privexbot_app.kit.logging import get_logger
from privexbot_app.kit.scope import Scope
from privexbot_app.kit.text import make_storable

log = get_logger(__name__)

LONGEST_NAME = 255
SOURCES = "sources"


class FileTooLargeError(TooLargeError):
    """An uploaded file is over the installation's limit."""

    code = "file_too_large"

    def __init__(self, *, limit_bytes: int) -> None:
        super().__init__(f"The file is larger than {limit_bytes // 1_000_000} MB.", limit_bytes=limit_bytes)


@dataclass(frozen=True)
class UploadedFile:
    """A file as it was uploaded, whole."""

    name: str
    data: bytes


@dataclass(frozen=True)
class StoredSource:
    """A source whose content lies in the storage at `folder`. filename: tells the parser the format."""

    view: SourceView
    folder: str
    filename: str
    content_hash: str
    config: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON, for a draft."""
        return {
            "view": self.view.model_dump(mode="json"),
            "folder": self.folder,
            "filename": self.filename,
            "content_hash": self.content_hash,
            "config": self.config,
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "StoredSource":
        """The inverse of `to_json`."""
        return cls(**{**stored, "view": SourceView.model_validate(stored["view"])})


async def store_file(plugins: Plugins, scope: Scope, file: UploadedFile, *, is_parsed_now: bool) -> StoredSource:
    """Keep an uploaded file. is_parsed_now: also extract its text, so that a broken file is known at once."""
    name = make_storable(PurePath(file.name.replace("\\", "/")).name).strip()[-LONGEST_NAME:] or "unnamed"
    folder, source_id = _new_folder(scope)
    view = SourceView(source_id=source_id, type="file", name=name, status="ready", size_bytes=len(file.data))
    digest = hashlib.sha256(file.data).hexdigest()
    stored = StoredSource(view, folder, name, digest, {})
    try:
        parser_for(name)
        await write_original(plugins.storage, folder, file.data)
        if is_parsed_now:
            document = await ensure_text(plugins, folder, filename=name)
            view.characters = len(document.text)
    except (ParsingError, TooLargeError) as error:
        _fail(view, error)
    return stored


async def load_source(plugins: Plugins, scope: Scope, source: NewSource) -> StoredSource:
    """Load a text, pairs or a web page. Raises UrlNotAllowedError; other failures make a failed source."""
    folder, source_id = _new_folder(scope)
    connector = plugins.source_connectors.get(source.type)
    config = source.model_dump(mode="json", exclude={"type"})
    name = config.get("title") or config.get("url") or source.type
    view = SourceView(source_id=source_id, type=source.type, name=name[:LONGEST_NAME], status="ready")
    kept = {"url": config["url"]} if "url" in config else {}
    stored = StoredSource(view, folder, name, "", kept)
    try:
        items = await connector(connector.Config.model_validate(config), http=plugins.http).load()
        return await _store_item(plugins, stored, items[0])
    except UrlNotAllowedError:
        raise
    except PrivexError as error:
        if error.kind not in (ErrorKind.INVALID, ErrorKind.TOO_LARGE, ErrorKind.UPSTREAM_FAILED):
            raise
        _fail(view, error)
        return stored


async def _store_item(plugins: Plugins, stored: StoredSource, item: LoadedItem) -> StoredSource:
    view = stored.view
    view.name, view.url, view.media_type = make_storable(item.name)[:LONGEST_NAME], item.url, item.media_type
    view.size_bytes = len(item.content)
    await write_original(plugins.storage, stored.folder, item.content)
    if item.document is not None:
        await write_text(plugins.storage, stored.folder, item.document)
    document = await ensure_text(plugins, stored.folder, filename=item.filename)
    view.characters = len(document.text)
    digest = hashlib.sha256(item.content).hexdigest()
    return StoredSource(view, stored.folder, item.filename, digest, stored.config)


def require_size(size_bytes: int, *, limit_bytes: int) -> None:
    """Raise FileTooLargeError for a file over the limit."""
    if size_bytes > limit_bytes:
        raise FileTooLargeError(limit_bytes=limit_bytes)


def require_files(files: list[UploadedFile]) -> None:
    """Raise InvalidError if there is nothing to take in."""
    if not files:
        raise InvalidError("Choose at least one file.", code="no_files")


def _new_folder(scope: Scope) -> tuple[str, UUID]:
    source_id = new_id()
    return scope.storage_path(SOURCES, source_id.hex), source_id


def _fail(view: SourceView, error: PrivexError) -> None:
    view.status = "failed"
    view.error = SourceError(code=error.code, message=error.message)
    log.info("source.refused", code=error.code, source_id=view.source_id, **error.context)

"""Take in what people give: a file, a text, pairs, a web page. Ends in a folder of the storage and a `StoredSource`.

What cannot be used for a reason of its own becomes a failed source with that reason; an address that may not be fetched
is refused outright, as it is a mistake in the request. A source of many items only begins here, see `loading`.
"""

import hashlib
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from privexbot_app.domains.knowledge.content import ensure_text, write_original, write_text
from privexbot_app.domains.knowledge.schemas import ConnectedSource, NewSource, SourceError, SourceView
from privexbot_app.domains.knowledge.secrets import (
    CONNECTION_ID,
    read_settings,
    refer_to_connection,
    seal,
    split_secrets,
)
from privexbot_app.integrations.parsers.base import ParsingError, parser_for
from privexbot_app.integrations.plugins import Plugins
from privexbot_app.integrations.source_connectors.base import LoadedItem, ManyItemsConnector
from privexbot_app.kit.errors import ErrorKind, InvalidError, PrivexError, TooLargeError
from privexbot_app.kit.http import FetchFailedError, OutboundPolicy, UrlNotAllowedError
from privexbot_app.kit.ids import new_id
from privexbot_app.kit.logging import get_logger
from privexbot_app.kit.scope import Scope
from privexbot_app.kit.text import make_storable

log = get_logger(__name__)

LONGEST_NAME = 255
SOURCES = "sources"
TYPED_TYPES = frozenset({"text", "qa"})
"""Sources whose content is their setting; it is kept once, as a document."""


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
    """A source whose content lies in the storage at `folder`. filename: tells the parser the format.

    config, sealed: the connector's settings without the secrets, and the secrets, sealed.
    documents: of a source that holds many; a source of one is its own document.
    excluded_keys: items that people left out.
    """

    view: SourceView
    folder: str
    filename: str
    content_hash: str
    config: dict[str, Any]
    sealed: str = ""
    sync_minutes: int | None = None
    documents: tuple["StoredDocument", ...] = ()
    excluded_keys: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain JSON, for a draft."""
        return {
            "view": self.view.model_dump(mode="json"),
            "folder": self.folder,
            "filename": self.filename,
            "content_hash": self.content_hash,
            "config": self.config,
            "sealed": self.sealed,
            "sync_minutes": self.sync_minutes,
        }

    @property
    def own_documents(self) -> tuple["StoredDocument", ...]:
        """The documents that the source becomes: its items, or itself."""
        view = self.view
        if view.has_pages:
            return self.documents
        name = self.filename if view.type == "file" else view.name
        document = StoredDocument(
            name, self.folder, self.filename, self.content_hash, view.media_type, view.url, view.size_bytes
        )
        return (replace(document, error=view.error),)

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "StoredSource":
        """The inverse of `to_json`."""
        return cls(**{**stored, "view": SourceView.model_validate(stored["view"])})


@dataclass(frozen=True)
class StoredDocument:
    """One document in the storage, on its way to a row. key: see `LoadedItem`. error: why it cannot be read."""

    name: str
    folder: str
    filename: str
    content_hash: str
    media_type: str = ""
    url: str | None = None
    size_bytes: int = 0
    characters: int = 0
    key: str = ""
    language: str = ""
    is_edited: bool = False
    error: SourceError | None = None


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
    """Load a source of one item. Raises UrlNotAllowedError; other failures make a failed source."""
    folder, source_id = _new_folder(scope)
    connector = plugins.source_connectors.get(source.type)
    config = source.model_dump(mode="json", exclude={"type", "sync_minutes"})
    name = name_of(config) or source.type
    view = SourceView(source_id=source_id, type=source.type, name=name, status="ready")
    kept = {} if source.type in TYPED_TYPES else config
    stored = StoredSource(view, folder, name, "", kept)
    try:
        items = await connector(connector.Config.model_validate(config), http=plugins.http).load()
        return await _keep(plugins, stored, items[0])
    except UrlNotAllowedError:
        raise
    except PrivexError as error:
        if error.kind not in (ErrorKind.INVALID, ErrorKind.TOO_LARGE, ErrorKind.UPSTREAM_FAILED):
            raise
        _fail(view, error)
        return stored


async def begin_source(plugins: Plugins, scope: Scope, source: ConnectedSource, config: BaseModel) -> StoredSource:
    """Seal what it takes to load a source of many items; nothing is loaded yet.

    config: the connector's. Raises UrlNotAllowedError for an address that may not be fetched.
    """
    folder, source_id = _new_folder(scope)
    plain, secrets = split_secrets(refer_to_connection(plugins, source, config))
    if isinstance(address := plain.get("url"), str):
        # A name that does not resolve is no mistake of form; the load itself will say so.
        with suppress(FetchFailedError):
            await plugins.http.check(address, policy=OutboundPolicy.PUBLIC_ONLY)
    name = name_of(plain) or source.type
    view = SourceView(
        source_id=source_id, type=source.type, name=name, status="pending", has_pages=True, url=plain.get("url")
    )
    if source.connection_id is not None:
        plain[CONNECTION_ID] = str(source.connection_id)
    sealed = seal(plugins, scope, source_id, secrets)
    return StoredSource(view, folder, name, "", plain, sealed, source.sync_minutes)


async def take_source(plugins: Plugins, scope: Scope, source: NewSource) -> StoredSource:
    """Load a source of one item, or begin one of many: see `load_source` and `begin_source`."""
    if isinstance(source, ConnectedSource):
        config = read_settings(plugins, source)
        if issubclass(plugins.source_connectors.get(source.type), ManyItemsConnector):
            return await begin_source(plugins, scope, source, config)
    return await load_source(plugins, scope, source)


async def store_item(plugins: Plugins, folder: str, item: LoadedItem) -> StoredDocument:
    """Keep a loaded item and its text in `folder`. What cannot be read comes back with its error."""
    stored = StoredDocument(
        name=make_storable(item.name).strip()[:LONGEST_NAME] or item.filename,
        folder=folder,
        filename=item.filename,
        content_hash="",
        media_type=item.media_type,
        url=item.url,
        size_bytes=len(item.content),
        key=item.key,
        language=item.language,
    )
    try:
        await write_original(plugins.storage, folder, item.content)
        if item.document is not None:
            await write_text(plugins.storage, folder, item.document)
        is_web_page = item.url is not None and item.filename.endswith(".html")
        document = await ensure_text(plugins, folder, filename=item.filename, is_web_page=is_web_page)
    except (ParsingError, TooLargeError) as error:
        return replace(stored, error=SourceError(code=error.code, message=error.message))
    return replace(stored, content_hash=hash_of(document.text), characters=len(document.text))


def hash_of(text: str) -> str:
    """What tells whether a document has changed: of its text, as pages carry tokens and dates that change always."""
    return hashlib.sha256(text.encode()).hexdigest()


def name_of(config: dict[str, Any]) -> str:
    """What people call a source with these settings, empty if they do not tell."""
    found = next((config[field] for field in ("title", "url", "repository") if config.get(field)), "")
    return make_storable(str(found))[:LONGEST_NAME]


async def _keep(plugins: Plugins, stored: StoredSource, item: LoadedItem) -> StoredSource:
    kept = await store_item(plugins, stored.folder, item)
    view = stored.view
    view.name, view.url, view.media_type = kept.name, kept.url, kept.media_type
    view.size_bytes, view.characters = kept.size_bytes, kept.characters
    if kept.error is not None:
        view.status, view.error = "failed", kept.error
    return replace(stored, filename=kept.filename, content_hash=kept.content_hash)


def require_size(size_bytes: int, *, limit_bytes: int) -> None:
    """Raise FileTooLargeError for a file over the limit."""
    if size_bytes > limit_bytes:
        raise FileTooLargeError(limit_bytes=limit_bytes)


def require_files(files: list[UploadedFile]) -> None:
    """Raise InvalidError if there is nothing to take in."""
    if not files:
        raise InvalidError("Choose at least one file.", code="no_files")


def new_item_folder(folder: str) -> str:
    """A folder for one item of a source whose own folder is `folder`. Its name tells when it was made."""
    return f"{folder}/{new_id().hex}"


def source_folder(scope: Scope, source_id: UUID) -> str:
    """The folder of a source."""
    return scope.storage_path(SOURCES, source_id.hex)


def _new_folder(scope: Scope) -> tuple[str, UUID]:
    source_id = new_id()
    return source_folder(scope, source_id), source_id


def _fail(view: SourceView, error: PrivexError) -> None:
    view.status = "failed"
    view.error = SourceError(code=error.code, message=error.message)
    log.info("source.refused", code=error.code, source_id=view.source_id, **error.context)

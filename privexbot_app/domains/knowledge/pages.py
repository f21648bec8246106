"""The pages of a draft's source that holds many: kept beside their content in the storage, not in the draft.

So a load that writes its progress every second never collides with somebody who is saving the draft. `load.json` in the
source's folder says how far the load is; `pages.json` lists what it has brought.
"""

import json
from collections.abc import Collection
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from pydantic import BaseModel

from privexbot_app.domains.knowledge.content import read_text, write_text
from privexbot_app.domains.knowledge.editing import with_text
from privexbot_app.domains.knowledge.schemas import LoadReport, SourceError, SourcePage, SourcePageChange, SourceView
from privexbot_app.domains.knowledge.sources import StoredDocument, StoredSource, hash_of
from privexbot_app.integrations.plugins import Plugins
from privexbot_app.integrations.storages.base import FileMissingError, Storage
from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.errors import ConflictError, InvalidError, NotFoundError
from privexbot_app.kit.text import StructuredText, make_storable, require_storable

LONGEST_SILENCE = timedelta(minutes=3)
"""A load that runs and has not written for this long has lost its worker."""
LOAD_DIED = SourceError(code="load_died", message="Reading this source broke off. Remove it and add it again.")


class PageNotFoundError(NotFoundError):
    """The source has no such page, or none yet."""

    code = "page_not_found"

    def __init__(self) -> None:
        super().__init__("There is no such page.")


class PageUnreadableError(InvalidError):
    """A page without text cannot be taken in or edited."""

    code = "page_unreadable"

    def __init__(self) -> None:
        super().__init__("This page could not be read, so it cannot be taken in.")


class SourceBusyError(ConflictError):
    """The source is being loaded right now."""

    code = "source_busy"

    def __init__(self) -> None:
        super().__init__("This source is being read. Wait until it is done.")


class LoadState(BaseModel):
    """How far the load of a source is."""

    status: Literal["queued", "running", "ready", "failed"] = "queued"
    error: SourceError | None = None
    report: LoadReport = LoadReport()
    pages: int = 0
    characters: int = 0
    updated_at: datetime

    @property
    def settled(self) -> "LoadState":
        """The state with a load that has gone silent taken for failed."""
        if self.status == "running" and self.updated_at < utc_now() - LONGEST_SILENCE:
            return self.model_copy(update={"status": "failed", "error": LOAD_DIED})
        return self


class StoredPage(BaseModel):
    """A page with what becomes of it."""

    document: dict[str, Any]
    is_included: bool

    @property
    def stored(self) -> StoredDocument:
        """The page's content in the storage."""
        error = self.document["error"]
        return StoredDocument(**{**self.document, "error": SourceError.model_validate(error) if error else None})

    @classmethod
    def of(cls, document: StoredDocument, *, is_included: bool) -> "StoredPage":
        """A page of a document that was loaded."""
        plain = asdict(replace(document, error=None))
        return cls(
            document={**plain, "error": document.error.model_dump() if document.error else None},
            is_included=is_included and document.error is None,
        )

    def view(self, number: int) -> SourcePage:
        """What people see."""
        kept = self.stored
        return SourcePage(
            number=number,
            key=kept.key,
            name=kept.name,
            url=kept.url,
            media_type=kept.media_type,
            language=kept.language,
            size_bytes=kept.size_bytes,
            characters=kept.characters,
            status="failed" if kept.error else "ready",
            error=kept.error,
            is_included=self.is_included,
            is_edited=kept.is_edited,
        )


async def read_state(storage: Storage, folder: str) -> LoadState:
    """How far the load is; queued if it has not begun."""
    try:
        return LoadState.model_validate_json(await storage.read(f"{folder}/load.json"))
    except FileMissingError:
        return LoadState(updated_at=utc_now())


async def write_state(storage: Storage, folder: str, state: LoadState) -> None:
    """Keep how far the load is."""
    await storage.write(f"{folder}/load.json", state.model_dump_json().encode())


async def read_pages(storage: Storage, folder: str) -> list[StoredPage]:
    """The pages in the order in which they were met."""
    try:
        return [StoredPage.model_validate(page) for page in json.loads(await storage.read(f"{folder}/pages.json"))]
    except FileMissingError:
        return []


async def write_pages(storage: Storage, folder: str, pages: list[StoredPage]) -> None:
    """Keep the list of pages."""
    await storage.write(f"{folder}/pages.json", json.dumps([page.model_dump() for page in pages]).encode())


async def with_progress(storage: Storage, source: StoredSource) -> SourceView:
    """A source's view with how far its load is."""
    view = source.view
    if not view.has_pages:
        return view
    state = (await read_state(storage, source.folder)).settled
    status: Literal["pending", "ready", "failed"] = "pending"
    if state.status in ("ready", "failed"):
        status = "ready" if state.status == "ready" else "failed"
    return view.model_copy(
        update={
            "status": status,
            "error": state.error,
            "pages": state.pages,
            "characters": state.characters,
            "report": state.report,
        }
    )


async def with_documents(storage: Storage, source: StoredSource) -> StoredSource:
    """A source with the documents that its included pages become, and what was left out."""
    if not source.view.has_pages:
        return source
    pages = await read_pages(storage, source.folder)
    return replace(
        source,
        documents=tuple(page.stored for page in pages if page.is_included),
        excluded_keys=tuple(page.stored.key for page in pages if not page.is_included and not page.stored.error),
    )


async def read_page_text(plugins: Plugins, source: StoredSource, number: int | None) -> StructuredText:
    """The text of a page, by default the first one that is included. Raises PageNotFoundError."""
    pages = await read_pages(plugins.storage, source.folder)
    if number is None:
        number = next((at for at, page in enumerate(pages) if page.is_included), 0)
    page = page_at(pages, number)
    document = await read_text(plugins.storage, page.stored.folder)
    if document is None:
        raise PageNotFoundError
    return document


def page_at(pages: list[StoredPage], number: int) -> StoredPage:
    """The page of that number. Raises PageNotFoundError."""
    if not 0 <= number < len(pages):
        raise PageNotFoundError
    return pages[number]


async def change_page(plugins: Plugins, source: StoredSource, number: int, change: SourcePageChange) -> SourcePage:
    """Edit a page, or take it in or out. Raises PageNotFoundError, SourceBusyError, PageUnreadableError."""
    storage = plugins.storage
    if not source.view.has_pages:
        raise PageNotFoundError
    if (await read_state(storage, source.folder)).settled.status in ("queued", "running"):
        raise SourceBusyError
    pages = await read_pages(storage, source.folder)
    stored = page_at(pages, number).stored
    is_included = pages[number].is_included if change.is_included is None else change.is_included
    if stored.error and (change.is_included or change.text is not None):
        raise PageUnreadableError
    if change.name is not None:
        stored = replace(stored, name=make_storable(change.name))
    if change.text is not None:
        require_storable(change.text)
        old = await read_page_text(plugins, source, number)
        new = await write_text(storage, stored.folder, with_text(old, change.text))
        stored = replace(stored, is_edited=True, characters=len(new.text), content_hash=hash_of(new.text))
    pages[number] = StoredPage.of(stored, is_included=is_included)
    await write_pages(storage, source.folder, pages)
    return pages[number].view(number)


async def include_pages(
    plugins: Plugins, source: StoredSource, numbers: Collection[int], *, is_included: bool
) -> list[SourcePage]:
    """Take pages in or out at once; those that could not be read stay out. Raises SourceBusyError."""
    if (await read_state(plugins.storage, source.folder)).settled.status in ("queued", "running"):
        raise SourceBusyError
    chosen = set(numbers)
    pages = await read_pages(plugins.storage, source.folder)
    changed = [
        StoredPage.of(page.stored, is_included=is_included if number in chosen else page.is_included)
        for number, page in enumerate(pages)
    ]
    await write_pages(plugins.storage, source.folder, changed)
    return [page.view(number) for number, page in enumerate(changed)]


async def forget_pages(plugins: Plugins, source: StoredSource) -> None:
    """Remove what only the draft needed: the list of pages, and the pages that were left out."""
    if not source.view.has_pages:
        return
    kept = {document.folder for document in source.documents}
    for page in await read_pages(plugins.storage, source.folder):
        if page.stored.folder not in kept:
            await plugins.storage.delete_prefix(page.stored.folder)
    for name in ("pages.json", "load.json"):
        await plugins.storage.delete(f"{source.folder}/{name}")

"""Knowledge bases: drafts first, then the bases and their search. Documents and sources are modules beside this one."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel

from privexbot_app.api.deps import CurrentScope, Paging, RuntimeDep
from privexbot_app.api.uploads import SOURCES_BODY, is_multipart, read_files, read_source
from privexbot_app.domains.knowledge import retrieval
from privexbot_app.domains.knowledge.drafts import KnowledgeDraftService
from privexbot_app.domains.knowledge.reindexing import begin_reindex, cancel_reindex
from privexbot_app.domains.knowledge.reviewing import DraftPages
from privexbot_app.domains.knowledge.schemas import (
    ChunkPreviews,
    Finalized,
    KnowledgeBaseChange,
    KnowledgeBaseView,
    KnowledgeDraftChange,
    KnowledgeDraftView,
    NewKnowledgeBase,
    ReindexRequest,
    SearchRequest,
    SearchResults,
    SourcePage,
    SourcePageChange,
    SourcePageText,
    SourceView,
)
from privexbot_app.domains.knowledge.service import KnowledgeService
from privexbot_app.kit.pagination import Page

router = APIRouter(prefix="/api/v1/kb", tags=["knowledge bases"])

MOST_PAGES = 10_000_000
PageNumber = Annotated[int, Path(ge=0, le=MOST_PAGES)]


class Sources(BaseModel):
    """Sources that were taken in, in the order in which they were given."""

    sources: list[SourceView]


@router.post("/draft", status_code=201)
async def create_draft(body: NewKnowledgeBase, scope: CurrentScope, installation: RuntimeDep) -> KnowledgeDraftView:
    """Begin a knowledge base. Nothing is written to the database."""
    return await KnowledgeDraftService(installation.works, scope).create(body)


@router.get("/draft")
async def list_drafts(scope: CurrentScope, installation: RuntimeDep) -> Page[KnowledgeDraftView]:
    """Drafts of knowledge bases, last saved first."""
    return Page(items=await KnowledgeDraftService(installation.works, scope).list_drafts())


@router.get("/draft/{draft_id}")
async def get_draft(draft_id: UUID, scope: CurrentScope, installation: RuntimeDep) -> KnowledgeDraftView:
    """A draft."""
    return await KnowledgeDraftService(installation.works, scope).get(draft_id)


@router.put("/draft/{draft_id}")
async def change_draft(
    draft_id: UUID, body: KnowledgeDraftChange, scope: CurrentScope, installation: RuntimeDep
) -> KnowledgeDraftView:
    """Change fields of a draft; a stale `version` answers 409."""
    return await KnowledgeDraftService(installation.works, scope).change(draft_id, body)


@router.delete("/draft/{draft_id}", status_code=204)
async def delete_draft(draft_id: UUID, scope: CurrentScope, installation: RuntimeDep) -> None:
    """Throw a draft away."""
    await KnowledgeDraftService(installation.works, scope).delete(draft_id)


@router.put("/draft/{draft_id}/sources", openapi_extra=SOURCES_BODY)
async def add_sources(draft_id: UUID, request: Request, scope: CurrentScope, installation: RuntimeDep) -> Sources:
    """Add files (multipart) or any other source (JSON). What cannot be read becomes a failed source.

    A website or another source of many items is pending; its pages can be looked at while they arrive.
    """
    drafts = KnowledgeDraftService(installation.works, scope)
    scope.require("kb.write")
    await drafts.get(draft_id)
    if is_multipart(request):
        return Sources(sources=await drafts.add_files(draft_id, await read_files(request, installation)))
    return Sources(sources=await drafts.add_source(draft_id, await read_source(request)))


@router.get("/draft/{draft_id}/sources/{source_id}")
async def get_draft_source(
    draft_id: UUID, source_id: UUID, scope: CurrentScope, installation: RuntimeDep
) -> SourceView:
    """A source of a draft and how far its load is."""
    return await KnowledgeDraftService(installation.works, scope).get_source(draft_id, source_id)


@router.delete("/draft/{draft_id}/sources/{source_id}", status_code=204)
async def remove_source(draft_id: UUID, source_id: UUID, scope: CurrentScope, installation: RuntimeDep) -> None:
    """Take a source out of a draft."""
    await KnowledgeDraftService(installation.works, scope).remove_source(draft_id, source_id)


@router.get("/draft/{draft_id}/sources/{source_id}/pages")
async def list_pages(
    draft_id: UUID,
    source_id: UUID,
    scope: CurrentScope,
    installation: RuntimeDep,
    offset: Annotated[int, Query(ge=0, le=MOST_PAGES)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Page[SourcePage]:
    """Pages of a source that holds many, in the order in which they were met, while it is loaded and after."""
    pages = DraftPages(installation.works, scope)
    return Page(items=await pages.list_pages(draft_id, source_id, offset=offset, limit=limit))


@router.get("/draft/{draft_id}/sources/{source_id}/pages/{number}")
async def get_page(
    draft_id: UUID, source_id: UUID, number: PageNumber, scope: CurrentScope, installation: RuntimeDep
) -> SourcePageText:
    """A page with its text."""
    return await DraftPages(installation.works, scope).get_page(draft_id, source_id, number)


@router.patch("/draft/{draft_id}/sources/{source_id}/pages/{number}")
async def change_page(
    draft_id: UUID,
    source_id: UUID,
    number: PageNumber,
    body: SourcePageChange,
    scope: CurrentScope,
    installation: RuntimeDep,
) -> SourcePage:
    """Edit a page, or take it in or out."""
    return await DraftPages(installation.works, scope).change_page(draft_id, source_id, number, body)


@router.get("/draft/{draft_id}/preview-chunks")
async def preview_chunks(
    draft_id: UUID,
    scope: CurrentScope,
    installation: RuntimeDep,
    source_id: UUID | None = None,
    page: Annotated[int | None, Query(ge=0, le=MOST_PAGES)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 20,
) -> ChunkPreviews:
    """How a source, or one page of it, would be cut with the draft's settings."""
    drafts = KnowledgeDraftService(installation.works, scope)
    return await drafts.preview_chunks(draft_id, source_id, page=page, limit=limit)


@router.post("/draft/{draft_id}/finalize", status_code=202)
async def finalize(draft_id: UUID, scope: CurrentScope, installation: RuntimeDep) -> Finalized:
    """Make the knowledge base and queue its documents."""
    return await KnowledgeDraftService(installation.works, scope).finalize(draft_id)


@router.get("")
async def list_bases(scope: CurrentScope, paging: Paging, installation: RuntimeDep) -> Page[KnowledgeBaseView]:
    """Knowledge bases, newest first."""
    async with installation.works.open(scope, read_only=True) as work:
        return await KnowledgeService(work).list_bases(paging)


@router.get("/{kb_id}")
async def get_base(kb_id: UUID, scope: CurrentScope, installation: RuntimeDep) -> KnowledgeBaseView:
    """A knowledge base and how far its documents are."""
    async with installation.works.open(scope, read_only=True) as work:
        return await KnowledgeService(work).get_base(kb_id)


@router.patch("/{kb_id}")
async def change_base(
    kb_id: UUID, body: KnowledgeBaseChange, scope: CurrentScope, installation: RuntimeDep
) -> KnowledgeBaseView:
    """Rename or describe a knowledge base, or change how passages are found from the next question on."""
    async with installation.works.open(scope) as work:
        return await KnowledgeService(work).change_base(kb_id, body)


@router.post("/{kb_id}/reindex", status_code=202)
async def reindex(
    kb_id: UUID, body: ReindexRequest, scope: CurrentScope, installation: RuntimeDep
) -> KnowledgeBaseView:
    """Index everything anew with other chunking or embedding; bots answer from what is there until it is done."""
    return await begin_reindex(installation.works, scope, kb_id, body)


@router.delete("/{kb_id}/reindex")
async def cancel_reindexing(kb_id: UUID, scope: CurrentScope, installation: RuntimeDep) -> KnowledgeBaseView:
    """Give up a re-index, or take note that it has failed; what is in use stays."""
    async with installation.works.open(scope) as work:
        return await cancel_reindex(work, kb_id)


@router.delete("/{kb_id}", status_code=204)
async def delete_base(kb_id: UUID, scope: CurrentScope, installation: RuntimeDep) -> None:
    """Delete a knowledge base with everything in it."""
    async with installation.works.open(scope) as work:
        await KnowledgeService(work).delete_base(kb_id)


@router.post("/{kb_id}/search")
async def search(kb_id: UUID, body: SearchRequest, scope: CurrentScope, installation: RuntimeDep) -> SearchResults:
    """Find passages; bots find exactly the same ones."""
    return await retrieval.search_base(installation.works, scope, kb_id, body)

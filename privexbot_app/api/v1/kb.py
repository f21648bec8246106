"""Knowledge bases: drafts first, then documents and search."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, TypeAdapter, ValidationError
from starlette.datastructures import UploadFile

from privexbot_app.api.deps import CurrentScope, Paging, RuntimeDep
from privexbot_app.domains.knowledge import retrieval
from privexbot_app.domains.knowledge.connected import SourceService
from privexbot_app.domains.knowledge.drafts import KnowledgeDraftService
from privexbot_app.domains.knowledge.reviewing import DraftPages
from privexbot_app.domains.knowledge.schemas import (
    ChunkPreviews,
    ChunkView,
    DocumentTextView,
    DocumentTicket,
    DocumentView,
    Finalized,
    KnowledgeBaseView,
    KnowledgeDraftChange,
    KnowledgeDraftView,
    KnowledgeSourceChange,
    KnowledgeSourceView,
    NewKnowledgeBase,
    NewSource,
    SearchRequest,
    SearchResults,
    SourcePage,
    SourcePageChange,
    SourcePageText,
    SourceView,
)
from privexbot_app.domains.knowledge.service import KnowledgeService, read_document_text
from privexbot_app.domains.knowledge.sources import (
    StoredSource,
    UploadedFile,
    require_files,
    require_size,
    store_file,
    take_source,
)
from privexbot_app.kit.errors import InvalidError
from privexbot_app.kit.pagination import Page
from privexbot_app.kit.scope import Scope
from privexbot_app.runtime import Runtime

router = APIRouter(prefix="/api/v1/kb", tags=["knowledge bases"])

SOURCE_ADAPTER: TypeAdapter[Any] = TypeAdapter(NewSource)
MOST_FILES = 200
MOST_CHUNKS = 10_000_000
PageNumber = Annotated[int, Path(ge=0, le=MOST_CHUNKS)]
SOURCES_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {"files": {"type": "array", "items": {"type": "string", "format": "binary"}}},
                }
            },
            "application/json": {"schema": {"type": "object", "required": ["type"]}},
        },
    }
}


class Sources(BaseModel):
    """Sources that were taken in, in the order in which they were given."""

    sources: list[SourceView]


class Documents(BaseModel):
    """Documents that were queued. source: one of many items, whose documents follow."""

    documents: list[DocumentTicket]
    source: KnowledgeSourceView | None = None


class DocumentChange(BaseModel):
    """Whether searches may find the document."""

    is_enabled: bool


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
    if _is_multipart(request):
        return Sources(sources=await drafts.add_files(draft_id, await _read_files(request, installation)))
    return Sources(sources=await drafts.add_source(draft_id, await _read_source(request)))


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
    offset: Annotated[int, Query(ge=0, le=MOST_CHUNKS)] = 0,
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
    page: Annotated[int | None, Query(ge=0, le=MOST_CHUNKS)] = None,
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


@router.delete("/{kb_id}", status_code=204)
async def delete_base(kb_id: UUID, scope: CurrentScope, installation: RuntimeDep) -> None:
    """Delete a knowledge base with everything in it."""
    async with installation.works.open(scope) as work:
        await KnowledgeService(work).delete_base(kb_id)


@router.get("/{kb_id}/documents")
async def list_documents(
    kb_id: UUID, scope: CurrentScope, paging: Paging, installation: RuntimeDep
) -> Page[DocumentView]:
    """Documents of a knowledge base, newest first."""
    async with installation.works.open(scope, read_only=True) as work:
        return await KnowledgeService(work).list_documents(kb_id, paging)


@router.post("/{kb_id}/documents", status_code=202, openapi_extra=SOURCES_BODY)
async def add_documents(kb_id: UUID, request: Request, scope: CurrentScope, installation: RuntimeDep) -> Documents:
    """Add files (multipart) or any other source (JSON) to a knowledge base."""
    scope.require("kb.write")
    async with installation.works.open(scope, read_only=True) as work:
        await KnowledgeService(work).get_base(kb_id)
    stored = await _store_all(request, scope, installation)
    async with installation.works.open(scope) as work:
        if stored[0].view.has_pages:
            return Documents(documents=[], source=await SourceService(work).add_source(kb_id, stored[0]))
        return Documents(documents=await KnowledgeService(work).add_documents(kb_id, stored))


@router.post("/{kb_id}/documents/retry", status_code=202)
async def retry_failed(kb_id: UUID, scope: CurrentScope, installation: RuntimeDep) -> Documents:
    """Index every failed document once more."""
    async with installation.works.open(scope) as work:
        return Documents(documents=await KnowledgeService(work).retry_failed(kb_id))


@router.get("/{kb_id}/documents/{document_id}")
async def get_document(kb_id: UUID, document_id: UUID, scope: CurrentScope, installation: RuntimeDep) -> DocumentView:
    """A document and how far it is."""
    async with installation.works.open(scope, read_only=True) as work:
        return await KnowledgeService(work).get_document(kb_id, document_id)


@router.patch("/{kb_id}/documents/{document_id}")
async def change_document(
    kb_id: UUID, document_id: UUID, body: DocumentChange, scope: CurrentScope, installation: RuntimeDep
) -> DocumentView:
    """Let searches find a document, or not."""
    async with installation.works.open(scope) as work:
        return await KnowledgeService(work).set_enabled(kb_id, document_id, is_enabled=body.is_enabled)


@router.delete("/{kb_id}/documents/{document_id}", status_code=204)
async def delete_document(kb_id: UUID, document_id: UUID, scope: CurrentScope, installation: RuntimeDep) -> None:
    """Delete a document with its chunks, vectors and file."""
    async with installation.works.open(scope) as work:
        await KnowledgeService(work).delete_document(kb_id, document_id)


@router.post("/{kb_id}/documents/{document_id}/retry", status_code=202)
async def retry_document(
    kb_id: UUID, document_id: UUID, scope: CurrentScope, installation: RuntimeDep
) -> DocumentTicket:
    """Index a document once more."""
    async with installation.works.open(scope) as work:
        return await KnowledgeService(work).retry_document(kb_id, document_id)


@router.get("/{kb_id}/documents/{document_id}/text")
async def get_text(kb_id: UUID, document_id: UUID, scope: CurrentScope, installation: RuntimeDep) -> DocumentTextView:
    """The text that was extracted from a document."""
    async with installation.works.open(scope, read_only=True) as work:
        name, folder = await KnowledgeService(work).find_text(kb_id, document_id)
    return await read_document_text(installation.works.plugins, document_id, name, folder)


@router.get("/{kb_id}/documents/{document_id}/chunks")
async def list_chunks(
    kb_id: UUID,
    document_id: UUID,
    scope: CurrentScope,
    installation: RuntimeDep,
    offset: Annotated[int, Query(ge=0, le=MOST_CHUNKS)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Page[ChunkView]:
    """Chunks of a document in order."""
    async with installation.works.open(scope, read_only=True) as work:
        chunks = await KnowledgeService(work).list_chunks(kb_id, document_id, offset=offset, limit=limit)
    return Page(items=chunks)


@router.get("/{kb_id}/sources")
async def list_sources(
    kb_id: UUID, scope: CurrentScope, paging: Paging, installation: RuntimeDep
) -> Page[KnowledgeSourceView]:
    """Where the documents of a knowledge base come from, newest first."""
    async with installation.works.open(scope, read_only=True) as work:
        return await SourceService(work).list_sources(kb_id, paging)


@router.get("/{kb_id}/sources/{source_id}")
async def get_source(
    kb_id: UUID, source_id: UUID, scope: CurrentScope, installation: RuntimeDep
) -> KnowledgeSourceView:
    """A source and what became of its last load."""
    async with installation.works.open(scope, read_only=True) as work:
        return await SourceService(work).get_source(kb_id, source_id)


@router.patch("/{kb_id}/sources/{source_id}")
async def change_source(
    kb_id: UUID, source_id: UUID, body: KnowledgeSourceChange, scope: CurrentScope, installation: RuntimeDep
) -> KnowledgeSourceView:
    """Choose how often a source is loaded again."""
    async with installation.works.open(scope) as work:
        return await SourceService(work).change_source(kb_id, source_id, body)


@router.delete("/{kb_id}/sources/{source_id}", status_code=204)
async def delete_source(kb_id: UUID, source_id: UUID, scope: CurrentScope, installation: RuntimeDep) -> None:
    """Delete a source with its documents."""
    async with installation.works.open(scope) as work:
        await SourceService(work).delete_source(kb_id, source_id)


@router.post("/{kb_id}/sources/{source_id}/sync", status_code=202)
async def sync_source(
    kb_id: UUID, source_id: UUID, scope: CurrentScope, installation: RuntimeDep
) -> KnowledgeSourceView:
    """Load a source again: what is new is added, what has changed is indexed again, what is gone is deleted."""
    async with installation.works.open(scope) as work:
        return await SourceService(work).request_sync(kb_id, source_id)


@router.post("/{kb_id}/search")
async def search(kb_id: UUID, body: SearchRequest, scope: CurrentScope, installation: RuntimeDep) -> SearchResults:
    """Find passages; bots find exactly the same ones."""
    return await retrieval.search_base(installation.works, scope, kb_id, body)


async def _store_all(request: Request, scope: Scope, installation: Runtime) -> list[StoredSource]:
    plugins = installation.works.plugins
    if not _is_multipart(request):
        return [await take_source(plugins, scope, await _read_source(request))]
    files = await _read_files(request, installation)
    require_files(files)
    # The worker reads the files: this request ends as soon as they are safe.
    return [await store_file(plugins, scope, file, is_parsed_now=False) for file in files]


def _is_multipart(request: Request) -> bool:
    return request.headers.get("content-type", "").lower().startswith("multipart/form-data")


async def _read_files(request: Request, installation: Runtime) -> list[UploadedFile]:
    files = []
    async with request.form(max_files=MOST_FILES) as form:
        for upload in form.getlist("files"):
            if not isinstance(upload, UploadFile):
                raise InvalidError("The field “files” must hold files.", code="no_files")
            require_size(upload.size or 0, limit_bytes=installation.max_upload_bytes)
            files.append(UploadedFile(upload.filename or "unnamed", await upload.read()))
    return files


async def _read_source(request: Request) -> NewSource:
    body = await request.body()
    try:
        return SOURCE_ADAPTER.validate_json(body)
    except ValidationError as error:
        problems = [{**problem, "loc": ("body", *problem["loc"])} for problem in error.errors(include_url=False)]
        raise RequestValidationError(problems) from error

"""Documents of a knowledge base: add, watch, retry, read, switch off, delete."""

from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel

from privexbot_app.api.deps import CurrentScope, Paging, RuntimeDep
from privexbot_app.api.uploads import SOURCES_BODY, is_multipart, read_files, read_source
from privexbot_app.domains.knowledge.connected import SourceService
from privexbot_app.domains.knowledge.schemas import (
    DocumentTextView,
    DocumentTicket,
    DocumentView,
    KnowledgeSourceView,
)
from privexbot_app.domains.knowledge.service import KnowledgeService, read_document_text
from privexbot_app.domains.knowledge.sources import StoredSource, require_files, store_file, take_source
from privexbot_app.kit.pagination import Page
from privexbot_app.kit.scope import Scope
from privexbot_app.runtime import Runtime

router = APIRouter(prefix="/api/v1/kb/{kb_id}/documents", tags=["documents"])


class Documents(BaseModel):
    """Documents that were queued. source: one of many items, whose documents follow."""

    documents: list[DocumentTicket]
    source: KnowledgeSourceView | None = None


class DocumentChange(BaseModel):
    """Whether searches may find the document."""

    is_enabled: bool


@router.get("")
async def list_documents(
    kb_id: UUID, scope: CurrentScope, paging: Paging, installation: RuntimeDep
) -> Page[DocumentView]:
    """Documents of a knowledge base, newest first."""
    async with installation.works.open(scope, read_only=True) as work:
        return await KnowledgeService(work).list_documents(kb_id, paging)


@router.post("", status_code=202, openapi_extra=SOURCES_BODY)
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


@router.post("/retry", status_code=202)
async def retry_failed(kb_id: UUID, scope: CurrentScope, installation: RuntimeDep) -> Documents:
    """Index every failed or cancelled document once more."""
    async with installation.works.open(scope) as work:
        return Documents(documents=await KnowledgeService(work).retry_failed(kb_id))


@router.post("/cancel", status_code=202)
async def cancel_documents(kb_id: UUID, scope: CurrentScope, installation: RuntimeDep) -> Documents:
    """Stop every document that is on its way."""
    async with installation.works.open(scope) as work:
        return Documents(documents=await KnowledgeService(work).cancel_documents(kb_id))


@router.get("/{document_id}")
async def get_document(kb_id: UUID, document_id: UUID, scope: CurrentScope, installation: RuntimeDep) -> DocumentView:
    """A document and how far it is."""
    async with installation.works.open(scope, read_only=True) as work:
        return await KnowledgeService(work).get_document(kb_id, document_id)


@router.patch("/{document_id}")
async def change_document(
    kb_id: UUID, document_id: UUID, body: DocumentChange, scope: CurrentScope, installation: RuntimeDep
) -> DocumentView:
    """Let searches find a document, or not."""
    async with installation.works.open(scope) as work:
        return await KnowledgeService(work).set_enabled(kb_id, document_id, is_enabled=body.is_enabled)


@router.delete("/{document_id}", status_code=204)
async def delete_document(kb_id: UUID, document_id: UUID, scope: CurrentScope, installation: RuntimeDep) -> None:
    """Delete a document with its chunks, vectors and file."""
    async with installation.works.open(scope) as work:
        await KnowledgeService(work).delete_document(kb_id, document_id)


@router.post("/{document_id}/retry", status_code=202)
async def retry_document(
    kb_id: UUID, document_id: UUID, scope: CurrentScope, installation: RuntimeDep
) -> DocumentTicket:
    """Index a document once more."""
    async with installation.works.open(scope) as work:
        return await KnowledgeService(work).retry_document(kb_id, document_id)


@router.post("/{document_id}/cancel", status_code=202)
async def cancel_document(
    kb_id: UUID, document_id: UUID, scope: CurrentScope, installation: RuntimeDep
) -> DocumentTicket:
    """Stop a document that is on its way; no search finds it until it is tried again."""
    async with installation.works.open(scope) as work:
        return await KnowledgeService(work).cancel_document(kb_id, document_id)


@router.get("/{document_id}/text")
async def get_text(kb_id: UUID, document_id: UUID, scope: CurrentScope, installation: RuntimeDep) -> DocumentTextView:
    """The text that was extracted from a document."""
    async with installation.works.open(scope, read_only=True) as work:
        name, folder = await KnowledgeService(work).find_text(kb_id, document_id)
    return await read_document_text(installation.works.plugins, document_id, name, folder)


async def _store_all(request: Request, scope: Scope, installation: Runtime) -> list[StoredSource]:
    plugins = installation.works.plugins
    if not is_multipart(request):
        return [await take_source(plugins, scope, await read_source(request))]
    files = await read_files(request, installation)
    require_files(files)
    # The worker reads the files: this request ends as soon as they are safe.
    return [await store_file(plugins, scope, file, is_parsed_now=False) for file in files]

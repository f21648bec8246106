"""Chunks of a document: read, change, add, switch off, decide about conflicts."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from privexbot_app.api.deps import CurrentScope, RuntimeDep
from privexbot_app.domains.knowledge.chunks import ChunkService
from privexbot_app.domains.knowledge.schemas import ChunkChange, ChunkDecision, ChunkView, NewChunk
from privexbot_app.kit.pagination import Page

router = APIRouter(prefix="/api/v1/kb/{kb_id}/documents/{document_id}/chunks", tags=["chunks"])

MOST_CHUNKS = 10_000_000


@router.get("")
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
        chunks = await ChunkService(work).list_chunks(kb_id, document_id, offset=offset, limit=limit)
    return Page(items=chunks)


@router.post("", status_code=201)
async def add_chunk(
    kb_id: UUID, document_id: UUID, body: NewChunk, scope: CurrentScope, installation: RuntimeDep
) -> ChunkView:
    """Add a chunk in one's own words behind another one; indexing the document again keeps it."""
    async with installation.works.open(scope) as work:
        return await ChunkService(work).add_chunk(kb_id, document_id, body)


@router.get("/{chunk_id}")
async def get_chunk(
    kb_id: UUID, document_id: UUID, chunk_id: UUID, scope: CurrentScope, installation: RuntimeDep
) -> ChunkView:
    """One chunk."""
    async with installation.works.open(scope, read_only=True) as work:
        return await ChunkService(work).get_chunk(kb_id, document_id, chunk_id)


@router.patch("/{chunk_id}")
async def change_chunk(
    kb_id: UUID, document_id: UUID, chunk_id: UUID, body: ChunkChange, scope: CurrentScope, installation: RuntimeDep
) -> ChunkView:
    """Give a chunk other words, or switch it on or off."""
    async with installation.works.open(scope) as work:
        return await ChunkService(work).change_chunk(kb_id, document_id, chunk_id, body)


@router.delete("/{chunk_id}", status_code=204)
async def delete_chunk(
    kb_id: UUID, document_id: UUID, chunk_id: UUID, scope: CurrentScope, installation: RuntimeDep
) -> None:
    """Delete a chunk that was added; what comes from the document can only be switched off."""
    async with installation.works.open(scope) as work:
        await ChunkService(work).delete_chunk(kb_id, document_id, chunk_id)


@router.post("/{chunk_id}/resolve")
async def resolve_chunk(
    kb_id: UUID, document_id: UUID, chunk_id: UUID, body: ChunkDecision, scope: CurrentScope, installation: RuntimeDep
) -> ChunkView | None:
    """Keep one's own words or take the source's: ends a conflict, or undoes a change. Null if the chunk goes."""
    async with installation.works.open(scope) as work:
        return await ChunkService(work).decide(kb_id, document_id, chunk_id, keep=body.keep)

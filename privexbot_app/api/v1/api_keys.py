"""API keys of a workspace: made, listed, rotated, revoked. The text of a key is in the answer that makes it, once."""

from uuid import UUID

from fastapi import APIRouter

from privexbot_app.api.deps import CurrentScope, RuntimeDep
from privexbot_app.domains.tenancy.api_keys import ApiKeyService
from privexbot_app.domains.tenancy.schemas import ApiKeyView, KeyRotation, NewApiKey, ShownApiKey
from privexbot_app.kit.pagination import Page

router = APIRouter(prefix="/api/v1/api-keys", tags=["API keys"])


@router.get("")
async def list_keys(scope: CurrentScope, installation: RuntimeDep) -> Page[ApiKeyView]:
    """The workspace's keys, newest first."""
    async with installation.works.open(scope, read_only=True) as work:
        return Page(items=await ApiKeyService(work).list_keys())


@router.post("", status_code=201)
async def create_key(body: NewApiKey, scope: CurrentScope, installation: RuntimeDep) -> ShownApiKey:
    """Make a key. Keep what `key` says; it is told this once."""
    async with installation.works.open(scope) as work:
        return await ApiKeyService(work).create(body)


@router.post("/{key_id}/rotate")
async def rotate_key(
    key_id: UUID, scope: CurrentScope, installation: RuntimeDep, body: KeyRotation | None = None
) -> ShownApiKey:
    """Give a key another secret; the old one works for `grace_hours` more."""
    async with installation.works.open(scope) as work:
        return await ApiKeyService(work).rotate(key_id, body or KeyRotation())


@router.delete("/{key_id}", status_code=204)
async def revoke_key(key_id: UUID, scope: CurrentScope, installation: RuntimeDep) -> None:
    """End a key at once."""
    async with installation.works.open(scope) as work:
        await ApiKeyService(work).revoke(key_id)

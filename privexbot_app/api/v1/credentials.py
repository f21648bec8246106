"""The vault over REST. Secrets go in; no answer holds one."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from privexbot_app.api.deps import CurrentScope, Paging, RuntimeDep
from privexbot_app.domains.credentials.schemas import (
    CredentialTestView,
    CredentialTypeView,
    CredentialView,
    NewCredential,
    Replacement,
)
from privexbot_app.domains.credentials.service import CredentialService, list_types
from privexbot_app.domains.credentials.testing import run_test
from privexbot_app.kit.pagination import Page

router = APIRouter(prefix="/api/v1/credentials", tags=["credentials"])


@router.get("/types")
async def list_credential_types(scope: CurrentScope) -> Page[CredentialTypeView]:
    """Every type of credential with the JSON Schema of its settings."""
    scope.require("credentials.read")
    return Page(items=list_types())


@router.get("")
async def list_credentials(scope: CurrentScope, paging: Paging, installation: RuntimeDep) -> Page[CredentialView]:
    """The workspace's credentials, without their secrets."""
    async with installation.works.open(scope, read_only=True) as work:
        return await CredentialService(work).list(paging)


@router.post("", status_code=201)
async def create_credential(body: NewCredential, scope: CurrentScope, installation: RuntimeDep) -> CredentialView:
    """Keep a credential."""
    async with installation.works.open(scope) as work:
        return await CredentialService(work).create(body)


@router.get("/{credential_id}")
async def get_credential(credential_id: UUID, scope: CurrentScope, installation: RuntimeDep) -> CredentialView:
    """One credential, without its secrets, and what refers to it."""
    async with installation.works.open(scope, read_only=True) as work:
        return await CredentialService(work).get_meta(credential_id)


@router.put("/{credential_id}")
async def replace_credential(
    credential_id: UUID, body: Replacement, scope: CurrentScope, installation: RuntimeDep
) -> CredentialView:
    """Put other settings and secrets in its place."""
    async with installation.works.open(scope) as work:
        return await CredentialService(work).replace(credential_id, body)


@router.delete("/{credential_id}", status_code=204)
async def delete_credential(
    credential_id: UUID,
    scope: CurrentScope,
    installation: RuntimeDep,
    force: Annotated[bool, Query(description="Delete it though something refers to it.")] = False,
) -> None:
    """Forget a credential; one that is in use only by force."""
    async with installation.works.open(scope) as work:
        await CredentialService(work).delete(credential_id, is_forced=force)


@router.post("/{credential_id}/test")
async def test_credential(credential_id: UUID, scope: CurrentScope, installation: RuntimeDep) -> CredentialTestView:
    """Try it at its own test address."""
    return await run_test(installation.works, scope, credential_id)

"""Connections to services by OAuth. `start` and `callback` are for a browser that is signed in; tokens show nowhere."""

from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import RedirectResponse

from privexbot_app.api.deps import CurrentScope, Paging, RuntimeDep
from privexbot_app.domains.credentials.connections import (
    ConnectionProviderView,
    ConnectionService,
    ConnectionView,
    begin_connection,
    finish_connection,
    list_providers,
    remove_connection,
    require_provider,
)
from privexbot_app.kit.errors import PrivexError
from privexbot_app.kit.pagination import Page
from privexbot_app.runtime import Runtime

router = APIRouter(prefix="/api/v1/connections", tags=["connections"])


@router.get("/providers")
async def list_connection_providers(scope: CurrentScope, installation: RuntimeDep) -> Page[ConnectionProviderView]:
    """The services that can be connected, and which of them the operator has set up."""
    scope.require("credentials.read")
    return Page(items=list_providers(installation.works.plugins))


@router.get("")
async def list_connections(scope: CurrentScope, paging: Paging, installation: RuntimeDep) -> Page[ConnectionView]:
    """The workspace's connections, without their tokens."""
    async with installation.works.open(scope, read_only=True) as work:
        return await ConnectionService(work).list_connections(paging)


@router.get("/{provider}/start", status_code=303, response_class=RedirectResponse)
async def start_connection(provider: str, scope: CurrentScope, installation: RuntimeDep) -> RedirectResponse:
    """Go to the service, to say yes there."""
    address = await begin_connection(
        installation.works, scope, provider, redirect_uri=_callback_url(installation, provider)
    )
    return RedirectResponse(address, status_code=303)


@router.get("/{provider}/callback", status_code=303, response_class=RedirectResponse)
async def finish_connecting(
    provider: str,
    scope: CurrentScope,
    installation: RuntimeDep,
    code: Annotated[str, Query(max_length=4096)] = "",
    state: Annotated[str, Query(max_length=200)] = "",
    error: Annotated[str, Query(max_length=200)] = "",
) -> RedirectResponse:
    """Where the service sends people back to; leads on to the dashboard's page of connections."""
    require_provider(installation.works.plugins, scope, provider)
    if error or not code:
        return _to_dashboard(installation, problem="connection_denied")
    try:
        made = await finish_connection(
            installation.works,
            scope,
            provider,
            code=code,
            state=state,
            redirect_uri=_callback_url(installation, provider),
        )
    except PrivexError as failure:
        return _to_dashboard(installation, problem=failure.code)
    return _to_dashboard(installation, connected=made.provider)


@router.delete("/{connection_id}", status_code=204)
async def delete_connection(
    connection_id: UUID,
    scope: CurrentScope,
    installation: RuntimeDep,
    force: Annotated[bool, Query(description="Delete it though a source reads with it.")] = False,
) -> None:
    """Forget a connection, and give its grant back to the service."""
    await remove_connection(installation.works, scope, connection_id, is_forced=force)


def _callback_url(installation: Runtime, provider: str) -> str:
    return f"{installation.browser_url}/api/v1/connections/{provider}/callback"


def _to_dashboard(installation: Runtime, **query: str) -> RedirectResponse:
    return RedirectResponse(f"{installation.browser_url}/connections?{urlencode(query)}", status_code=303)

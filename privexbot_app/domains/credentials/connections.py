"""Connections: grants that a service has given to a workspace by OAuth, kept in the vault like any credential.

connect: `begin_connection` → the person says yes at the service → `finish_connection`. `fresh_token` is for whoever
reads with it; it renews what has ended. Nothing here holds a transaction while a service is asked.
"""

import json
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from pydantic import BaseModel

from privexbot_app.domains.audit.service import AuditService
from privexbot_app.domains.credentials.models import Credential
from privexbot_app.domains.credentials.schemas import UseView
from privexbot_app.domains.credentials.service import CredentialInUseError, CredentialService
from privexbot_app.domains.credentials.types import CONNECTION, ConnectionConfig
from privexbot_app.integrations.connections.base import CONNECTIONS, ConnectionProvider, Grant, Request
from privexbot_app.integrations.plugins import Plugins, Workshop
from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.errors import InvalidError, NotFoundError, UpstreamFailedError
from privexbot_app.kit.logging import get_logger
from privexbot_app.kit.pagination import Page, PageParams
from privexbot_app.kit.scope import Scope

log = get_logger(__name__)

ATTEMPT_LIFE = timedelta(minutes=10)
RENEW_BEFORE = timedelta(minutes=5)
"""A load may take a while, so a token that is about to end is renewed at its beginning."""


class ConnectionStateError(InvalidError):
    """Somebody came back with a state that we have not given to them, or gave long ago."""

    code = "connection_state_unknown"

    def __init__(self) -> None:
        super().__init__("This attempt to connect is unknown or too old. Begin again.")


class ProviderNotFoundError(NotFoundError):
    """There is no such service, or the operator has no client of it."""

    code = "connection_provider_not_found"

    def __init__(self) -> None:
        super().__init__("This installation cannot connect that service. Its operator can set it up.")


class ConnectionGoneError(UpstreamFailedError):
    """A source refers to a connection that is not there any more."""

    code = "connection_gone"

    def __init__(self) -> None:
        super().__init__("The connection of this source was removed. Connect again, and add the source anew.")


class ConnectionView(BaseModel):
    """A connection without its tokens. account: whose it is, in words. uses: what reads with it."""

    id: UUID
    provider: str
    title: str
    account: str
    name: str
    created_at: datetime
    last_used_at: datetime | None
    uses: list[UseView]


class ConnectionProviderView(BaseModel):
    """A service that can be connected. is_ready: whether the operator has set its OAuth client."""

    provider: str
    title: str
    is_ready: bool


def list_providers(plugins: Plugins) -> list[ConnectionProviderView]:
    """Every service that can be connected."""
    ready = plugins.connections.configured()
    return [
        ConnectionProviderView(provider=name, title=_title(name), is_ready=name in ready)
        for name in plugins.connections.names()
    ]


def require_provider(plugins: Plugins, scope: Scope, provider: str) -> None:
    """Raise ProviderNotFoundError for a service that cannot be connected here. Needs `credentials.manage`."""
    scope.require("credentials.manage")
    if provider not in plugins.connections.configured():
        raise ProviderNotFoundError


async def begin_connection(works: Workshop, scope: Scope, provider: str, *, redirect_uri: str) -> str:
    """Where the person says yes. Needs `credentials.manage`. Raises ProviderNotFoundError."""
    require_provider(works.plugins, scope, provider)
    attempt = Request(redirect_uri, secrets.token_urlsafe(32), secrets.token_urlsafe(48))
    address = works.plugins.connections.get(provider).authorization_url(attempt)
    kept = {"provider": provider, "verifier": attempt.verifier, "actor": scope.actor.id}
    await works.redis.set(_key(scope, attempt.state), json.dumps(kept), ex=ATTEMPT_LIFE)
    return address


async def finish_connection(
    works: Workshop, scope: Scope, provider: str, *, code: str, state: str, redirect_uri: str
) -> ConnectionView:
    """Keep what the service gives for a code. Needs `credentials.manage`. A state serves once, its owner only.

    Raises ProviderNotFoundError, ConnectionStateError, GrantRefusedError and UpstreamFailedError with its kinds.
    """
    require_provider(works.plugins, scope, provider)
    found = await works.redis.getdel(_key(scope, state))
    kept = json.loads(found) if found else {}
    if (kept.get("provider"), kept.get("actor")) != (provider, scope.actor.id):
        raise ConnectionStateError
    service = works.plugins.connections.get(provider)
    grant = await service.exchange(code, Request(redirect_uri, state, kept["verifier"]))
    async with works.open(scope) as work:
        return await ConnectionService(work).keep(provider, service.title, grant)


async def fresh_token(works: Workshop, scope: Scope, connection_id: UUID, *, provider: str, used_by: str) -> str:
    """An access token for use at once. Raises ConnectionGoneError, GrantRefusedError, UpstreamFailedError."""
    config = await _open(works, scope, connection_id, used_by=used_by)
    if config.provider != provider:
        raise ConnectionGoneError
    if config.expires_at is None or config.expires_at - utc_now() > RENEW_BEFORE or not _refresh_token(config):
        return config.access_token.get_secret_value()
    grant = await works.plugins.connections.get(provider).renew(_grant(config))
    async with works.open(scope) as work:
        await ConnectionService(work).put(connection_id, provider, grant)
    return grant.access_token


async def remove_connection(works: Workshop, scope: Scope, connection_id: UUID, *, is_forced: bool = False) -> None:
    """Forget a connection and give its grant back. Needs `credentials.manage`. Raises CredentialInUseError.

    What the service says does not keep us from forgetting: people can take the right back there as well.
    """
    async with works.open(scope) as work:
        service = ConnectionService(work)
        config = await service.remove(connection_id, is_forced=is_forced)
    if config.provider in works.plugins.connections.configured():
        provider: ConnectionProvider = works.plugins.connections.get(config.provider)
        try:
            await provider.revoke(_grant(config))
        except UpstreamFailedError as error:
            log.warning("connection.not_revoked", provider=config.provider, code=error.code)


class ConnectionService(CredentialService):
    """The connections in the unit's workspace's vault."""

    async def list_connections(self, params: PageParams) -> Page[ConnectionView]:
        """Connections, newest first. Needs `credentials.read`."""
        self._work.scope.require("credentials.read")
        page = await self._rows.page(params, Credential.type == CONNECTION)
        return Page(items=await self._views(page.items), next_cursor=page.next_cursor)

    async def keep(self, provider: str, title: str, grant: Grant) -> ConnectionView:
        """Keep a new grant; one of the same account takes the place of the old one. Needs `credentials.manage`."""
        self._work.scope.require("credentials.manage")
        name = f"{title}: {grant.account or 'connected'}"[:120]
        row = await self._rows.find_named(name)
        if row is None or row.type != CONNECTION:
            name = name if row is None else f"{name[:100]} ({secrets.token_hex(4)})"
            workspace_id = self._work.scope.workspace_id
            row = self._rows.add(Credential(workspace_id=workspace_id, name=name, type=CONNECTION, sealed=""))
        await self._put(row, _config(provider, grant))
        AuditService(self._work).record("connection.made", row.id, provider=provider, name=row.name)
        return (await self._views([row]))[0]

    async def put(self, connection_id: UUID, provider: str, grant: Grant) -> None:
        """Put renewed tokens in the place of ended ones; part of a use, so it needs no permission of its own."""
        row = await self._find(connection_id)
        await self._put(row, _config(provider, grant))

    async def remove(self, connection_id: UUID, *, is_forced: bool) -> ConnectionConfig:
        """Delete the row, and hand out what has to be given back. Needs `credentials.manage`."""
        self._work.scope.require("credentials.manage")
        row = await self._find(connection_id)
        uses = await self._uses.list_of([row.id])
        if uses and not is_forced:
            raise CredentialInUseError([use.label or use.used_by for use in uses])
        config = await self._open(row)
        assert isinstance(config, ConnectionConfig)
        await self._rows.delete(row.id)
        AuditService(self._work).record("connection.removed", row.id, provider=config.provider, name=row.name)
        return config

    async def _find(self, connection_id: UUID) -> Credential:
        row = await self._rows.get(connection_id)
        if row.type != CONNECTION:
            raise NotFoundError("There is no such credential.", code="credential_not_found")
        return row

    async def _views(self, rows: Sequence[Credential]) -> list[ConnectionView]:
        uses = await self._uses.list_of([row.id for row in rows])
        return [
            ConnectionView(
                id=row.id,
                provider=row.settings["provider"],
                title=_title(row.settings["provider"]),
                account=row.settings["account"],
                name=row.name,
                created_at=row.created_at,
                last_used_at=row.last_used_at,
                uses=[
                    UseView(used_by=use.used_by, label=use.label, last_used_at=use.last_used_at)
                    for use in uses
                    if use.credential_id == row.id
                ],
            )
            for row in rows
        ]


async def _open(works: Workshop, scope: Scope, connection_id: UUID, *, used_by: str) -> ConnectionConfig:
    try:
        async with works.open(scope) as work:
            return await CredentialService(work).reveal_for_use(connection_id, used_by=used_by, of=ConnectionConfig)
    except (NotFoundError, InvalidError) as error:
        raise ConnectionGoneError from error


def _title(provider: str) -> str:
    return CONNECTIONS.get(provider).title if provider in CONNECTIONS else provider


def _key(scope: Scope, state: str) -> str:
    return scope.key("connecting", state[:100])


def _refresh_token(config: ConnectionConfig) -> str:
    return config.refresh_token.get_secret_value()


def _grant(config: ConnectionConfig) -> Grant:
    return Grant(config.access_token.get_secret_value(), _refresh_token(config), config.expires_at, config.account)


def _config(provider: str, grant: Grant) -> ConnectionConfig:
    return ConnectionConfig.model_validate(
        {
            "provider": provider,
            "account": grant.account,
            "expires_at": grant.expires_at,
            "access_token": grant.access_token,
            "refresh_token": grant.refresh_token,
        }
    )

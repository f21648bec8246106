"""API keys: how programs get in. Made and ended by people who may, used by everybody who holds one.

A key is shown once and kept as a fingerprint. Rotating gives the same key another secret; the old one goes on working
for as long as the caller says, so that programs can be changed one after the other.
"""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from privexbot_app.domains.audit.service import AuditService
from privexbot_app.domains.identity.service import UserDirectory
from privexbot_app.domains.tenancy.key_format import hint_of, is_key, new_key
from privexbot_app.domains.tenancy.models import ApiKey
from privexbot_app.domains.tenancy.permissions import KEY_SCOPES
from privexbot_app.domains.tenancy.repository import ApiKeyRepository
from privexbot_app.domains.tenancy.schemas import ApiKeyView, KeyRotation, NewApiKey, ShownApiKey
from privexbot_app.domains.tenancy.service import TenancyService, scope_of_key
from privexbot_app.integrations.plugins import Work, Workshop
from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.crypto import fingerprint
from privexbot_app.kit.errors import FieldProblem, InvalidError, NotFoundError, UnauthenticatedError
from privexbot_app.kit.limits import Limit
from privexbot_app.kit.scope import Scope

NOTICE_SECONDS = 60
"""A key's last use is written down at most this often."""


class InvalidKeyError(UnauthenticatedError):
    """The API key is none of ours, was revoked, or its maker has left the workspace; which of these is not told."""

    code = "invalid_api_key"

    def __init__(self) -> None:
        super().__init__("This API key is not valid.")


class ExpiredKeyError(UnauthenticatedError):
    """The API key was good once."""

    code = "api_key_expired"

    def __init__(self) -> None:
        super().__init__("This API key has expired.")


@dataclass(frozen=True)
class KeyHolder:
    """A program that has shown a good key."""

    key_id: UUID
    scope: Scope
    limit: Limit


class ApiKeyService:
    """The API keys of the unit's workspace. Everything here needs `api_keys.manage`, which no key can have."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._rows = ApiKeyRepository(work.session)

    async def create(self, new: NewApiKey) -> ShownApiKey:
        """A new key, whose text is told this once. Raises InvalidError (`invalid_api_key_request`)."""
        scope = self._work.scope
        scope.require("api_keys.manage")
        _require_sensible(new)
        text = new_key(is_test=new.is_test)
        row = ApiKey(
            workspace_id=scope.workspace_id,
            user_id=UUID(scope.actor.id),
            name=new.name,
            hint=hint_of(text),
            is_test=new.is_test,
            scopes=sorted(set(new.scopes)),
            requests_per_minute=new.requests_per_minute,
            secret_hash=fingerprint(text),
            expires_at=new.expires_at,
        )
        self._rows.add(row)
        AuditService(self._work).record("api_key.created", row.id, name=row.name, scopes=row.scopes)
        return ShownApiKey(**(await self._view(row)).model_dump(), key=text)

    async def list_keys(self) -> list[ApiKeyView]:
        """The workspace's keys, newest first."""
        self._work.scope.require("api_keys.manage")
        rows = await self._rows.list_all(self._work.scope.workspace_id)
        return [await self._view(row) for row in rows]

    async def rotate(self, key_id: UUID, rotation: KeyRotation) -> ShownApiKey:
        """Give a key another secret, told this once. Raises NotFoundError (`api_key_not_found`)."""
        row = await self._get(key_id)
        text = new_key(is_test=row.is_test)
        row.previous_hash = row.secret_hash if rotation.grace_hours else None
        row.previous_until = utc_now() + timedelta(hours=rotation.grace_hours) if rotation.grace_hours else None
        row.secret_hash, row.hint = fingerprint(text), hint_of(text)
        AuditService(self._work).record("api_key.rotated", row.id, name=row.name, grace_hours=rotation.grace_hours)
        return ShownApiKey(**(await self._view(row)).model_dump(), key=text)

    async def revoke(self, key_id: UUID) -> None:
        """End a key at once. Raises NotFoundError (`api_key_not_found`)."""
        row = await self._get(key_id)
        await self._rows.delete(row)
        AuditService(self._work).record("api_key.revoked", row.id, name=row.name)

    async def _get(self, key_id: UUID) -> ApiKey:
        self._work.scope.require("api_keys.manage")
        row = await self._rows.find(self._work.scope.workspace_id, key_id)
        if row is None:
            raise NotFoundError("There is no such API key.", code="api_key_not_found")
        return row

    async def _view(self, row: ApiKey) -> ApiKeyView:
        makers = await UserDirectory(self._work).list_users([row.user_id])
        maker = makers.get(row.user_id)
        return ApiKeyView(
            id=row.id,
            name=row.name,
            hint=row.hint,
            is_test=row.is_test,
            scopes=row.scopes,
            requests_per_minute=row.requests_per_minute,
            made_by=maker.name if maker else "",
            created_at=row.created_at,
            expires_at=row.expires_at,
            last_used_at=row.last_used_at,
            previous_until=row.previous_until if row.previous_hash else None,
        )


async def open_key(works: Workshop, token: str) -> KeyHolder:
    """Who holds an API key. Raises InvalidKeyError, ExpiredKeyError."""
    if not is_key(token):
        raise InvalidKeyError
    secret_hash, now = fingerprint(token), utc_now()
    async with works.open(None, read_only=True) as work:
        row = await ApiKeyRepository(work.session).find_by_hash(secret_hash)
        if row is None:
            raise InvalidKeyError
        if row.secret_hash != secret_hash and (row.previous_until is None or row.previous_until <= now):
            raise InvalidKeyError
        if row.expires_at is not None and row.expires_at <= now:
            raise ExpiredKeyError
        standing = await TenancyService(work).standing_of(row.workspace_id, row.user_id)
    if standing is None:
        raise InvalidKeyError
    await _note_use(works, row.id, secret_hash)
    return KeyHolder(row.id, scope_of_key(row, *standing), Limit(events=row.requests_per_minute, seconds=60))


async def _note_use(works: Workshop, key_id: UUID, secret_hash: str) -> None:
    if not await works.redis.set(f"api-key-seen:{key_id.hex}", 1, nx=True, ex=NOTICE_SECONDS):
        return
    async with works.open(None) as work:
        row = await ApiKeyRepository(work.session).find_by_hash(secret_hash)
        if row is not None:
            row.last_used_at = utc_now()


def _require_sensible(new: NewApiKey) -> None:
    problems = [
        FieldProblem(f"scopes.{number}", "unknown", f"“{name}” is not something that a key may be given.")
        for number, name in enumerate(new.scopes)
        if name not in KEY_SCOPES
    ]
    if new.expires_at is not None and new.expires_at <= utc_now():
        problems.append(FieldProblem("expires_at", "past", "Choose a moment in the future."))
    if problems:
        raise InvalidError("The key could not be made.", code="invalid_api_key_request", problems=problems)

"""Keep a workspace's credentials, say what may be said about them, and open one where it is used."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

from pydantic import ValidationError

from privexbot_app.domains.audit.service import AuditService
from privexbot_app.domains.credentials.models import Credential, CredentialUse, DataKey
from privexbot_app.domains.credentials.repository import (
    CredentialRepository,
    CredentialUseRepository,
    DataKeyRepository,
)
from privexbot_app.domains.credentials.schemas import (
    CredentialTestView,
    CredentialTypeView,
    CredentialView,
    NewCredential,
    Replacement,
    UseView,
)
from privexbot_app.domains.credentials.sealing import Envelope, new_data_key
from privexbot_app.domains.credentials.types import (
    CONNECTION,
    CREDENTIAL_TYPES,
    KEPT_TYPES,
    CredentialConfig,
    HttpCredential,
    Testable,
    split_secrets,
)
from privexbot_app.integrations.plugins import Work, Workshop
from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.errors import ConflictError, FieldProblem, InvalidError
from privexbot_app.kit.pagination import Page, PageParams
from privexbot_app.kit.scope import Scope

STAMP_EVERY = timedelta(minutes=1)
TESTED_WITHOUT_ADDRESS = frozenset({"smtp", "database_url"})

Config = TypeVar("Config", bound=CredentialConfig)


class CredentialSettingsInvalidError(InvalidError):
    """The settings do not fit the type; `problems` names each field."""

    code = "validation_failed"


class CredentialNameTakenError(ConflictError):
    """Another credential of this workspace has the name."""

    code = "credential_name_taken"

    def __init__(self) -> None:
        super().__init__("There is a credential with this name already.")


class CredentialInUseError(ConflictError):
    """Something refers to the credential that was to be deleted."""

    code = "credential_in_use"

    def __init__(self, labels: Sequence[str]) -> None:
        super().__init__(f"This credential is in use by {', '.join(labels)}. Those will fail without it.")


class CredentialTypeUnfitError(InvalidError):
    """The credential exists and is of a type that cannot be used here."""

    code = "credential_type_unfit"

    def __init__(self, name: str, type: str) -> None:
        super().__init__(f"The credential “{name}” is of the type “{type}”, which cannot be used here.")


def list_types() -> list[CredentialTypeView]:
    """Every type of credential with the JSON Schema of its settings."""
    return [
        CredentialTypeView(type=name, title=kind.title, lead=kind.lead, settings=kind.model_json_schema())
        for name, kind in CREDENTIAL_TYPES.items()
    ]


def read_settings(type: str, settings: dict[str, Any]) -> CredentialConfig:
    """The settings as their type's Config. Raises CredentialSettingsInvalidError, which never repeats the input."""
    if type not in CREDENTIAL_TYPES:
        problem = FieldProblem("type", "unknown", f"Known types: {', '.join(CREDENTIAL_TYPES)}.")
        raise CredentialSettingsInvalidError("There is no such type of credential.", problems=[problem])
    try:
        return CREDENTIAL_TYPES[type].model_validate(settings)
    except ValidationError as error:
        problems = [
            FieldProblem(".".join(map(str, issue["loc"])) or "settings", issue["type"], issue["msg"])
            for issue in error.errors(include_input=False, include_context=False, include_url=False)
        ]
        raise CredentialSettingsInvalidError(
            "The settings of this credential are not right.", problems=problems
        ) from None


class CredentialService:
    """The vault of the unit's workspace."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._rows = work.repository(CredentialRepository)
        self._uses = work.repository(CredentialUseRepository)

    async def create(self, new: NewCredential) -> CredentialView:
        """Keep a credential. Needs `credentials.manage`.

        Raises CredentialSettingsInvalidError, CredentialNameTakenError.
        """
        self._work.scope.require("credentials.manage")
        config = read_settings(new.type, new.settings)
        await self._require_free(new.name)
        workspace_id = self._work.scope.workspace_id
        row = self._rows.add(Credential(workspace_id=workspace_id, name=new.name, type=new.type, sealed=""))
        await self._put(row, config)
        AuditService(self._work).record("credential.created", row.id, name=row.name, type=row.type)
        return _view(row, [])

    async def list(self, params: PageParams) -> Page[CredentialView]:
        """Credentials without their secrets, newest first; connections have a list of their own.

        Needs `credentials.read`.
        """
        self._work.scope.require("credentials.read")
        page = await self._rows.page(params, Credential.type != CONNECTION)
        uses = await self._uses.list_of([row.id for row in page.items])
        views = [_view(row, [use for use in uses if use.credential_id == row.id]) for row in page.items]
        return Page(items=views, next_cursor=page.next_cursor)

    async def get_meta(self, credential_id: UUID) -> CredentialView:
        """One credential without its secrets. Needs `credentials.read`."""
        self._work.scope.require("credentials.read")
        row = await self._rows.get(credential_id)
        return _view(row, await self._uses.list_of([row.id]))

    async def exists(self, credential_id: UUID) -> bool:
        """Whether the workspace has it; tells nothing else, so that whoever deploys may ask."""
        return await self._rows.find(credential_id) is not None

    async def replace(self, credential_id: UUID, new: Replacement) -> CredentialView:
        """Put other settings and secrets in its place; whoever refers to it uses them from now on.

        Needs `credentials.manage`. Raises CredentialSettingsInvalidError, CredentialNameTakenError.
        """
        self._work.scope.require("credentials.manage")
        row = await self._rows.get(credential_id)
        config = read_settings(row.type, new.settings)
        if new.name and new.name != row.name:
            await self._require_free(new.name)
            row.name = new.name
        await self._put(row, config)
        row.replaced_at, row.tested_at, row.test_problem = utc_now(), None, ""
        AuditService(self._work).record("credential.replaced", row.id, name=row.name, type=row.type)
        return _view(row, await self._uses.list_of([row.id]))

    async def delete(self, credential_id: UUID, *, is_forced: bool = False) -> None:
        """Forget a credential. Needs `credentials.manage`. Raises CredentialInUseError unless forced."""
        self._work.scope.require("credentials.manage")
        row = await self._rows.get(credential_id)
        uses = await self._uses.list_of([row.id])
        if uses and not is_forced:
            raise CredentialInUseError([use.label or use.used_by for use in uses])
        await self._rows.delete(row.id)
        AuditService(self._work).record("credential.deleted", row.id, name=row.name, uses=len(uses))

    async def declare_uses(self, used_by: str, credential_ids: Iterable[UUID], *, label: str = "") -> None:
        """Say which credentials a thing refers to from now on; call it with none when the thing is gone.

        used_by: kind and id, e.g. `chatflow:<id>`. label: its name, for the warning before a deletion.
        Raises NotFoundError (`credential_not_found`) for one that is not here.
        """
        wanted = {(await self._rows.get(id)).id for id in credential_ids}
        for use in await self._uses.list_by(used_by):
            if use.credential_id not in wanted:
                await self._uses.delete(use.id)
            else:
                wanted.discard(use.credential_id)
                use.label = label
        for credential_id in wanted:
            self._uses.add(self._new_use(credential_id, used_by, label))

    async def reveal_for_use(
        self,
        credential_id: UUID,
        *,
        used_by: str,
        of: type[Config] = CredentialConfig,  # type: ignore[assignment]
    ) -> Config:
        """The credential with its secrets, for use at once; stamps the use. Never for showing: a house test watches.

        used_by: as in `declare_uses`. of: the Config that fits, e.g. HttpCredential for any that is sent in headers.
        Raises NotFoundError (`credential_not_found`), CredentialTypeUnfitError.
        """
        row = await self._rows.get(credential_id)
        config = await self._open(row)
        if not isinstance(config, of):
            raise CredentialTypeUnfitError(row.name, row.type)
        use = await self._uses.find_use(row.id, used_by)
        if use is None:
            use = self._uses.add(self._new_use(row.id, used_by, ""))
        now = utc_now()
        # A busy bot would otherwise write the same row with every answer.
        if use.last_used_at is None or row.last_used_at is None or now - use.last_used_at >= STAMP_EVERY:
            row.last_used_at = use.last_used_at = now
        return config

    async def open_for_test(self, credential_id: UUID) -> Testable:
        """The credential for a test. Needs `credentials.manage`. Raises InvalidError (`credential_untestable`)."""
        self._work.scope.require("credentials.manage")
        row = await self._rows.get(credential_id)
        config = await self._open(row)
        if not isinstance(config, Testable) or (isinstance(config, HttpCredential) and not config.test_url):
            raise InvalidError(
                "This credential has no address for a test. Replace it with one that has.", code="credential_untestable"
            )
        return config

    async def note_test(self, credential_id: UUID, problem: str) -> CredentialTestView:
        """Write down what a test found. Needs `credentials.manage`."""
        self._work.scope.require("credentials.manage")
        row = await self._rows.get(credential_id)
        row.tested_at, row.test_problem = utc_now(), problem
        AuditService(self._work).record("credential.tested", row.id, name=row.name, is_good=not problem)
        return CredentialTestView(is_good=not problem, problem=problem, tested_at=row.tested_at)

    async def _require_free(self, name: str) -> None:
        if await self._rows.find_named(name):
            raise CredentialNameTakenError

    async def _put(self, row: Credential, config: CredentialConfig) -> None:
        row.settings, secrets = split_secrets(config)
        row.hints = config.hints()
        row.sealed = (await self._envelope()).seal(secrets, row.id)

    async def _open(self, row: Credential) -> CredentialConfig:
        envelope = await self._envelope()
        # The key may have been replaced since the row was read; from here on it cannot.
        await self._work.session.refresh(row, ["sealed"])
        secrets = envelope.open(row.sealed, row.id)
        return KEPT_TYPES[row.type].model_validate({**row.settings, **secrets})

    async def _envelope(self) -> Envelope:
        keys, workspace_id = self._work.plugins.keys, self._work.scope.workspace_id
        repository = self._work.repository(DataKeyRepository)
        row = await repository.find_own()
        if row is None:
            row = repository.add(DataKey(workspace_id=workspace_id, wrapped=new_data_key(keys, workspace_id)))
        return Envelope(keys, row.wrapped, workspace_id)

    def _new_use(self, credential_id: UUID, used_by: str, label: str) -> CredentialUse:
        return CredentialUse(
            workspace_id=self._work.scope.workspace_id, credential_id=credential_id, used_by=used_by, label=label
        )


async def reveal_credential(
    works: Workshop,
    scope: Scope,
    credential_id: UUID,
    *,
    used_by: str,
    of: type[Config] = CredentialConfig,  # type: ignore[assignment]
) -> Config:
    """`reveal_for_use` in a unit of work of its own, for callers between two units, such as a running flow."""
    async with works.open(scope) as work:
        return await CredentialService(work).reveal_for_use(credential_id, used_by=used_by, of=of)


def _view(row: Credential, uses: Sequence[CredentialUse]) -> CredentialView:
    return CredentialView(
        id=row.id,
        name=row.name,
        type=row.type,
        settings=row.settings,
        hints=row.hints,
        created_at=row.created_at,
        replaced_at=row.replaced_at,
        last_used_at=row.last_used_at,
        can_be_tested=row.type in TESTED_WITHOUT_ADDRESS or bool(row.settings.get("test_url")),
        tested_at=row.tested_at,
        test_problem=row.test_problem,
        uses=[UseView(used_by=use.used_by, label=use.label, last_used_at=use.last_used_at) for use in uses],
    )

"""The credentials of the workspace. Secrets are in a form on their way in and nowhere else."""

from dataclasses import dataclass
from typing import Any

import reflex as rx

from privexbot_app.domains.credentials.schemas import CredentialView, NewCredential, Replacement
from privexbot_app.domains.credentials.service import CredentialService
from privexbot_app.domains.credentials.testing import run_test
from privexbot_app.domains.credentials.types import CREDENTIAL_TYPES
from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.errors import InvalidError, PrivexError
from privexbot_app.kit.pagination import LARGEST_PAGE_SIZE, PageParams
from privexbot_app.kit.scope import Scope
from privexbot_app.ui.formats import say_ago
from privexbot_app.ui.ids import parse_id
from privexbot_app.ui.pages.credentials.fields import CredentialField, build_fields, problems_of, read_form
from privexbot_app.ui.session import ScopedState

EVERYTHING = PageParams(limit=LARGEST_PAGE_SIZE)
FIRST_TYPE = next(iter(CREDENTIAL_TYPES))


@dataclass
class CredentialRow:
    """A credential in the list. tone, status: of its last test."""

    id: str
    name: str
    type: str
    hint: str
    used: str
    status: str
    tone: str
    can_be_tested: bool
    uses: str


class CredentialsState(ScopedState):
    """What the page shows."""

    is_listed: bool = False
    credentials: list[CredentialRow] = []
    dialog: str = ""
    chosen_type: str = FIRST_TYPE
    chosen_lead: str = ""
    replacing: dict[str, str] = {}
    fields: list[CredentialField] = []
    problems: dict[str, str] = {}
    is_saving: bool = False
    testing: str = ""
    is_asking: bool = False
    deleting: dict[str, str] = {}

    @rx.event
    async def load(self) -> None:
        """List what is there."""
        await self._list(await self.scope())
        self.dialog, self.testing, self.is_asking, self.is_saving = "", "", False, False
        self.is_listed = True

    @rx.event
    def show_add(self) -> None:
        """Open the dialog for a new one."""
        self.replacing = {}
        self._choose(self.chosen_type)
        self.dialog = "add"

    @rx.event
    def choose_type(self, type: str) -> None:
        """Another type has other fields."""
        self._choose(str(type))

    @rx.event
    async def ask_replace(self, credential_id: str) -> None:
        """Open the dialog that replaces one, with what may be shown of it."""
        scope = await self.scope()
        async with self.works.open(scope, read_only=True) as work:
            shown = await CredentialService(work).get_meta(parse_id(credential_id))
        self._choose(shown.type)
        self.fields = build_fields(shown.type, shown.settings)
        self.replacing, self.dialog = {"id": str(shown.id), "name": shown.name}, "replace"

    @rx.event
    def close(self, is_open: bool) -> None:
        """Close the dialog; what was typed is gone."""
        if not is_open:
            self.dialog, self.problems = "", {}

    @rx.event
    async def save(self, form: dict[str, Any]) -> Any:
        """Keep a new one, or replace one. What is wrong is said beside its field."""
        scope = await self.scope()
        self.problems = {}
        name, settings = str(form.get("name", "")), read_form(self.chosen_type, form)
        if not 0 < len(name.strip()) <= 120:
            self.problems = {"name": "Enter a name of up to 120 characters."}
            return None
        try:
            async with self.works.open(scope) as work:
                vault = CredentialService(work)
                if self.replacing:
                    target = parse_id(self.replacing.get("id"))
                    await vault.replace(target, Replacement(name=name, settings=settings))
                else:
                    await vault.create(NewCredential(name=name, type=self.chosen_type, settings=settings))
        except PrivexError as error:
            self.problems = problems_of(error)
            return None
        self.dialog = ""
        await self._list(scope)
        return rx.toast.success(f"Saved “{name.strip()}”.")

    @rx.event
    async def test(self, credential_id: str) -> Any:
        """Try one at its own address."""
        scope = await self.scope()
        self.testing = str(credential_id)
        yield
        try:
            found = await run_test(self.works, scope, parse_id(credential_id))
        finally:
            self.testing = ""
        await self._list(scope)
        if found.is_good:
            yield rx.toast.success("The service accepts this credential.")
        else:
            yield rx.toast.error("The test failed", description=found.problem)

    @rx.event
    def ask_delete(self, credential_id: str, name: str, uses: str) -> None:
        """Ask before one is gone."""
        self.is_asking = True
        self.deleting = {"id": str(credential_id), "name": str(name), "uses": str(uses)}

    @rx.event
    def keep(self, is_open: bool) -> None:
        """Close the question."""
        self.is_asking = bool(is_open)

    @rx.event
    async def delete(self) -> Any:
        """Delete the one that was asked about; the question has named what uses it."""
        scope = await self.scope()
        target, self.is_asking = dict(self.deleting), False
        async with self.works.open(scope) as work:
            await CredentialService(work).delete(parse_id(target.get("id")), is_forced=bool(target.get("uses")))
        await self._list(scope)
        return rx.toast.success(f"Deleted “{target['name']}”.")

    async def _list(self, scope: Scope) -> None:
        async with self.works.open(scope, read_only=True) as work:
            page = await CredentialService(work).list(EVERYTHING)
        self.credentials = [_row(view) for view in page.items]

    def _choose(self, type_: str) -> None:
        if type_ not in CREDENTIAL_TYPES:
            raise InvalidError("There is no such type of credential.")
        self.chosen_type, self.chosen_lead = type_, CREDENTIAL_TYPES[type_].lead
        self.fields, self.problems = build_fields(type_, {}), {}


def _row(view: CredentialView) -> CredentialRow:
    now = utc_now()
    used = f"used {say_ago(view.last_used_at, now=now)}" if view.last_used_at else "never used"
    status, tone = "", "neutral"
    if view.tested_at:
        status, tone = ("Test failed", "bad") if view.test_problem else ("Works", "good")
    uses = ", ".join(use.label or use.used_by for use in view.uses)
    return CredentialRow(
        str(view.id),
        view.name,
        CREDENTIAL_TYPES[view.type].title,
        " ".join(view.hints.values()),
        used,
        status,
        tone,
        view.can_be_tested,
        uses,
    )

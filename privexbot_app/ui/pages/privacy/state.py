"""Retention, one person, and hosts, as the page shows them."""

import json
from dataclasses import dataclass
from typing import Any

import reflex as rx
from pydantic import ValidationError

from privexbot_app.domains.privacy.hosts import list_hosts
from privexbot_app.domains.privacy.schemas import Erasing, Retention
from privexbot_app.domains.privacy.service import PrivacyService, erase_person
from privexbot_app.ui.session import ScopedState

KINDS = ("conversations_days", "traces_days", "leads_days")
ADDRESS_PROBLEM = "Enter an e-mail address, a visitor id, or both."
DAYS_PROBLEM = "Days are whole numbers from 1 to 3650; leave a field empty to keep things until somebody deletes them."


@dataclass
class HostRow:
    """A host and what for."""

    host: str
    reasons: str


class PrivacyState(ScopedState):
    """The page's own variables. found: whether a person was looked for, so that their data can be taken out or away."""

    is_listed: bool = False
    days: dict[str, str] = {}
    days_problem: str = ""
    hosts: list[HostRow] = []
    person: dict[str, str] = {}
    person_problem: str = ""
    is_found: bool = False
    summary: str = ""
    documents: list[str] = []
    with_documents: bool = False
    is_asking: bool = False

    @rx.event
    async def load(self) -> None:
        """Show the policy and the hosts."""
        scope = await self.scope()
        async with self.works.open(scope, read_only=True) as work:
            kept = await PrivacyService(work).get_retention()
            hosts = await list_hosts(work)
        self.days = {kind: str(getattr(kept, kind) or "") for kind in KINDS}
        self.hosts = [HostRow(host.host, ", ".join(host.reasons)) for host in hosts]
        self.person, self.person_problem, self.days_problem = {}, "", ""
        self.is_found, self.is_asking, self.is_listed = False, False, True

    @rx.event
    async def save_days(self, form: dict[str, Any]) -> Any:
        """Decide how long things are kept."""
        scope = await self.scope()
        self.days_problem = ""
        try:
            new = Retention.model_validate({kind: str(form.get(kind, "")).strip() or None for kind in KINDS})
        except ValidationError:
            self.days_problem = DAYS_PROBLEM
            return None
        async with self.works.open(scope) as work:
            kept = await PrivacyService(work).set_retention(new)
        self.days = {kind: str(getattr(kept, kind) or "") for kind in KINDS}
        return rx.toast.success("Saved. What is older goes within a day.")

    @rx.event
    async def look(self, form: dict[str, Any]) -> None:
        """Count what there is of a person."""
        scope = await self.scope()
        self.is_found, self.person_problem = False, ""
        self.person = {name: str(form.get(name, "")).strip() for name in ("email", "visitor_id")}
        if (who := self._who()) is None:
            return
        async with self.works.open(scope, read_only=True) as work:
            found = await PrivacyService(work).find_person(who)
        self.summary = (
            f"{found.conversations} conversations, {found.leads} leads, "
            f"{found.mentions} messages of others that name the address, {len(found.documents)} documents."
        )
        self.documents = [document.name for document in found.documents]
        self.with_documents, self.is_found = False, True

    @rx.event
    async def take_out(self) -> Any:
        """Download all that is stored of the person."""
        scope = await self.scope()
        if (who := self._who()) is None:
            return None
        async with self.works.open(scope) as work:
            out = await PrivacyService(work).export_person(who)
        text = json.dumps(out.model_dump(mode="json"), ensure_ascii=False, indent=1)
        return rx.download(data=text, filename="person.json")

    @rx.event
    def choose_documents(self, is_chosen: bool) -> None:
        """Whether documents that name the person go, too."""
        self.with_documents = bool(is_chosen)

    @rx.event
    def ask(self, is_open: bool) -> None:
        """Ask before somebody is erased, or close the question."""
        self.is_asking = bool(is_open)

    @rx.event
    async def erase(self) -> Any:
        """Erase the person for good."""
        scope = await self.scope()
        self.is_asking = False
        if (who := self._who()) is None:
            return None
        gone = await erase_person(self.works, scope, who)
        self.is_found, self.person = False, {}
        return rx.toast.success(f"Erased {gone.conversations} conversations and {gone.leads} leads.")

    def _who(self) -> Erasing | None:
        """The person that was typed; None, and the reason is shown, for none."""
        try:
            return Erasing.model_validate({**self.person, "with_documents": self.with_documents})
        except ValidationError:
            self.person_problem = ADDRESS_PROBLEM
            return None

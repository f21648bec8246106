"""Two hundred random sequences of changes to members and roles. After each step nobody has risen by themselves, what
was refused has changed nothing, and the organization has an owner."""

import asyncio
import itertools
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import select

from privexbot_app.domains.identity.models import User
from privexbot_app.domains.identity.schemas import Caller
from privexbot_app.domains.tenancy.invitations import InvitationService
from privexbot_app.domains.tenancy.members import MemberService
from privexbot_app.domains.tenancy.models import CustomRole, OrganizationMember, WorkspaceMember
from privexbot_app.domains.tenancy.organizations import OrganizationService
from privexbot_app.domains.tenancy.permissions import ADMIN, PERMISSIONS, OrganizationRole, WorkspaceRole
from privexbot_app.domains.tenancy.repository import TenancyRepository
from privexbot_app.domains.tenancy.schemas import NewInvitation, NewMember, NewRole, WorkspaceRoleChange
from privexbot_app.domains.tenancy.service import TenancyService, make_organization
from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.errors import PrivexError
from tests.installation import Installation, installed

SEQUENCES, STEPS, PEOPLE = 200, 14, 5
RANKS = {None: 0, OrganizationRole.MEMBER: 1, OrganizationRole.ADMIN: 2, OrganizationRole.OWNER: 3}
NUMBERS = itertools.count()

people = st.integers(0, PEOPLE - 1)
organization_roles = st.sampled_from(OrganizationRole)
workspace_roles = st.sampled_from(WorkspaceRole)
permission_sets = st.sets(st.sampled_from(sorted(ADMIN)))
which = st.integers(0, 3)


@dataclass
class Standing:
    """Everybody's role in the organization and permissions in its workspace, as the tables say."""

    roles: dict[UUID, OrganizationRole]
    permissions: dict[UUID, frozenset[str]]


@dataclass
class Offer:
    """An invitation that was made."""

    token: str
    inviter: UUID
    role: OrganizationRole
    workspace: frozenset[str]


class Members(RuleBasedStateMachine):
    """Five people, one organization, one workspace. The first of them owns it."""

    runner: asyncio.Runner
    installation: Installation

    @initialize()
    def begin(self) -> None:
        self.run(self._begin())

    async def _begin(self) -> None:
        async with self.installation.works.open(None) as work:
            users = [
                User(email=f"{number}-{next(NUMBERS)}@example.com", name=f"Person {number}") for number in range(PEOPLE)
            ]
            work.session.add_all(users)
            await work.session.flush()
            owner = users[0].id
            organization, workspace = await make_organization(TenancyRepository(work.session), name="H", owner_id=owner)
        self.users = [user.id for user in users]
        self.emails = [str(user.email) for user in users]
        self.organization_id, self.workspace_id = organization.id, workspace.id
        self.offers: list[Offer] = []
        self.roles: list[UUID] = []

    def run(self, coroutine: Any) -> Any:
        return self.runner.run(coroutine)

    def caller(self, number: int) -> Caller:
        return Caller(self.users[number], uuid4(), self.workspace_id, utc_now())

    @rule(actor=people, other=people, role=organization_roles)
    def change_role(self, actor: int, other: int, role: OrganizationRole) -> None:
        async def act(work: Any) -> None:
            service = OrganizationService(work, self.caller(actor))
            await service.change_role(self.organization_id, self.users[other], role)

        self.attempt(actor, act)

    @rule(actor=people, other=people)
    def remove_from_organization(self, actor: int, other: int) -> None:
        async def act(work: Any) -> None:
            service = OrganizationService(work, self.caller(actor))
            await service.remove_member(self.organization_id, self.users[other])

        self.attempt(actor, act)

    @rule(actor=people, other=people)
    def transfer(self, actor: int, other: int) -> None:
        async def act(work: Any) -> None:
            await OrganizationService(work, self.caller(actor)).transfer(self.organization_id, self.users[other])

        self.attempt(actor, act)

    @rule(actor=people)
    def leave(self, actor: int) -> None:
        async def act(work: Any) -> None:
            await OrganizationService(work, self.caller(actor)).leave(self.organization_id)

        self.attempt(actor, act)

    @rule(actor=people, other=people, role=organization_roles, inside=workspace_roles, goes_in=st.booleans())
    def invite(self, actor: int, other: int, role: OrganizationRole, inside: WorkspaceRole, goes_in: bool) -> None:
        async def act(work: Any) -> None:
            workspace_id = self.workspace_id if goes_in else None
            new = NewInvitation(email=self.emails[other], role=role, workspace_id=workspace_id, workspace_role=inside)
            service = InvitationService(work, self.caller(actor))
            _, token = await service.create(self.organization_id, new)
            permissions = PERMISSIONS[inside] if goes_in else frozenset()
            self.offers.append(Offer(token, self.users[actor], role, permissions))

        self.attempt(actor, act)

    @rule(actor=people, number=which)
    def accept(self, actor: int, number: int) -> None:
        if not self.offers:
            return
        offer = self.offers[-1 - number % len(self.offers)]

        async def act(work: Any) -> None:
            await InvitationService(work, self.caller(actor)).accept(offer.token)

        self.attempt(actor, act, offer=offer)

    @rule(actor=people, other=people, role=workspace_roles, number=which)
    def add_to_workspace(self, actor: int, other: int, role: WorkspaceRole, number: int) -> None:
        async def act(work: Any) -> None:
            new = NewMember(email=self.emails[other], role=role, custom_role_id=self.role_number(number))
            await MemberService(work).add_member(new)

        self.attempt(actor, act, inside=True)

    @rule(actor=people, other=people, role=workspace_roles, number=which)
    def change_in_workspace(self, actor: int, other: int, role: WorkspaceRole, number: int) -> None:
        async def act(work: Any) -> None:
            change = WorkspaceRoleChange(role=role, custom_role_id=self.role_number(number))
            await MemberService(work).change_member(self.users[other], change)

        self.attempt(actor, act, inside=True)

    @rule(actor=people, other=people)
    def remove_from_workspace(self, actor: int, other: int) -> None:
        async def act(work: Any) -> None:
            await MemberService(work).remove_member(self.users[other])

        self.attempt(actor, act, inside=True)

    @rule(actor=people, permissions=permission_sets)
    def make_role(self, actor: int, permissions: set[str]) -> None:
        async def act(work: Any) -> None:
            new = NewRole(name=f"Role {next(NUMBERS)}", permissions=sorted(permissions))
            made = await OrganizationService(work, self.caller(actor)).create_role(self.organization_id, new)
            self.roles.append(made.id)

        self.attempt(actor, act)

    @rule(actor=people, permissions=permission_sets, number=which)
    def change_role_set(self, actor: int, permissions: set[str], number: int) -> None:
        async def act(work: Any) -> None:
            role_id = self.role_number(number)
            if role_id:
                new = NewRole(name=f"Role {next(NUMBERS)}", permissions=sorted(permissions))
                service = OrganizationService(work, self.caller(actor))
                await service.change_role_set(self.organization_id, role_id, new)

        self.attempt(actor, act)

    @invariant()
    def there_is_an_owner(self) -> None:
        if hasattr(self, "users"):
            roles = self.run(self.look()).roles
            assert OrganizationRole.OWNER in roles.values()

    def role_number(self, number: int) -> UUID | None:
        return self.roles[number] if number < len(self.roles) else None

    def attempt(self, actor: int, act: Any, *, inside: bool = False, offer: Offer | None = None) -> None:
        """Do it, or be refused; then compare everybody's standing with what it was."""
        before = self.run(self.look())
        is_done = self.run(self._attempt(actor, act, inside))
        after = self.run(self.look())
        if not is_done:
            assert after == before, "what was refused has changed something"
        for user in self.users:
            self._check_organization(self.users[actor], user, before, after, offer)
            self._check_workspace(self.users[actor], user, before, after, offer)

    async def _attempt(self, actor: int, act: Any, inside: bool) -> bool:
        works = self.installation.works
        try:
            scope = None
            if inside:
                async with works.open(None, read_only=True) as work:
                    scope = await TenancyService(work).scope_of_user(self.caller(actor))
            async with works.open(scope) as work:
                await act(work)
        except PrivexError:
            return False
        return True

    def _check_organization(
        self, actor: UUID, user: UUID, before: Standing, after: Standing, offer: Offer | None
    ) -> None:
        was, now = before.roles.get(user), after.roles.get(user)
        if was == now:
            return
        acting = RANKS[before.roles.get(actor)]
        if RANKS[now] < RANKS[was]:
            assert actor == user or (acting >= 2 and acting >= RANKS[was]), f"{was} → {now} by a lesser one"
            return
        if offer is not None:
            giving = RANKS[before.roles.get(offer.inviter)]
            assert (actor, now) == (user, offer.role)
            assert giving >= 2, "an offer outlived the right to make it"
            assert giving >= RANKS[now]
            return
        is_let_in = was is None and now is OrganizationRole.MEMBER and "members.manage" in before.permissions[actor]
        assert is_let_in or (actor != user and acting >= 2 and acting >= RANKS[now]), f"{was} → {now} without the right"

    def _check_workspace(self, actor: UUID, user: UUID, before: Standing, after: Standing, offer: Offer | None) -> None:
        was, now = before.permissions.get(user, frozenset()), after.permissions.get(user, frozenset())
        own = before.permissions.get(actor, frozenset())
        gained, lost = now - was, was - now
        if gained and offer is not None:
            allowed = offer.workspace | (ADMIN if RANKS[offer.role] >= 2 else frozenset())
            assert gained <= allowed
        elif gained:
            assert gained <= own, "somebody gave what they did not have"
        if lost and actor != user:
            assert RANKS[before.roles.get(actor)] >= 2 or was <= own, "somebody took what was above them"

    async def look(self) -> Standing:
        async with self.installation.works.open(None, read_only=True) as work:
            members = (
                await work.session.execute(
                    select(OrganizationMember).where(OrganizationMember.organization_id == self.organization_id)
                )
            ).scalars()
            roles = {row.user_id: OrganizationRole(row.role) for row in members}
            rows = await work.session.execute(
                select(WorkspaceMember, CustomRole)
                .outerjoin(CustomRole, CustomRole.id == WorkspaceMember.custom_role_id)
                .where(WorkspaceMember.workspace_id == self.workspace_id)
            )
            inside = {
                row.user_id: frozenset(custom.permissions) if custom else PERMISSIONS[WorkspaceRole(row.role)]
                for row, custom in rows
            }
        managers = {user: ADMIN for user, role in roles.items() if RANKS[role] >= 2}
        return Standing(roles, {user: inside[user] for user in inside if user in roles} | managers)


def test_nobody_rises_by_their_own_hand_and_there_is_always_an_owner(
    tmp_path_factory: pytest.TempPathFactory, redis_url: str
):
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        folder = tmp_path_factory.mktemp("sequences") / "data"
        Members.runner = runner
        Members.installation = runner.run(stack.enter_async_context(installed(folder, redis_url)))
        try:
            run_state_machine_as_test(
                Members,
                settings=settings(
                    max_examples=SEQUENCES,
                    stateful_step_count=STEPS,
                    deadline=None,
                    derandomize=True,
                    database=None,
                    suppress_health_check=list(HealthCheck),
                ),
            )
        finally:
            runner.run(stack.aclose())

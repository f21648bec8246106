"""Invitations: a link that lets one person in, once, if they are who it was made for.

The link's token is kept as a fingerprint. Mail goes out after the commit; where no mailer is set up, or it fails, the
one who invites is shown the link, once.
"""

from datetime import timedelta
from uuid import UUID

from privexbot_app.domains.audit.service import AuditService
from privexbot_app.domains.identity.schemas import Caller, UserView
from privexbot_app.domains.identity.service import UserDirectory
from privexbot_app.domains.tenancy.models import Invitation, Organization, OrganizationMember, WorkspaceMember
from privexbot_app.domains.tenancy.organizations import OrganizationService
from privexbot_app.domains.tenancy.permissions import MANAGES_ORGANIZATION, OrganizationRole, WorkspaceRole
from privexbot_app.domains.tenancy.repository import InvitationRepository, TenancyRepository
from privexbot_app.domains.tenancy.rules import NotEnoughStandingError, require_may_change
from privexbot_app.domains.tenancy.schemas import InvitationPreview, InvitationView, NewInvitation
from privexbot_app.domains.tenancy.standing import find_living
from privexbot_app.integrations.mailers.base import Mail
from privexbot_app.integrations.plugins import Work, Workshop
from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.crypto import fingerprint
from privexbot_app.kit.errors import ConflictError, ForbiddenError, NotFoundError, PrivexError
from privexbot_app.kit.ids import new_token
from privexbot_app.kit.limits import Limit
from privexbot_app.kit.scope import Actor, ActorKind

INVITATION_LIFE = timedelta(days=7)
ATTEMPTS = Limit(events=20, seconds=300)
"""Tokens that one address or one user may try. Guessing 256 bits is hopeless; this keeps the log quiet."""


class InvitationNotFoundError(NotFoundError):
    """The token is unknown, used, revoked or expired, or who made it may invite no more; which of these is not told."""

    code = "invitation_not_found"

    def __init__(self) -> None:
        super().__init__("This invitation is not valid any more. Ask for a new one.")


class InvitationForAnotherError(ForbiddenError):
    """The invitation was made for another e-mail address."""

    code = "invitation_for_another"

    def __init__(self) -> None:
        super().__init__("This invitation is for another e-mail address. Sign in with that one.")


class InvitationService:
    """Invitations of one caller's organizations, inside one unit of work."""

    def __init__(self, work: Work, caller: Caller) -> None:
        self._work = work
        self._caller = caller
        self._rows = InvitationRepository(work.session)
        self._tenants = TenancyRepository(work.session)
        self._organizations = OrganizationService(work, caller)

    async def list_open(self, organization_id: UUID) -> list[InvitationView]:
        """Those that nobody has accepted or revoked, newest first. For owners and admins."""
        await self._organizations.require_managed(organization_id)
        return [_view(row) for row in await self._rows.list_open(organization_id)]

    async def create(self, organization_id: UUID, new: NewInvitation) -> tuple[InvitationView, str]:
        """An invitation and its token. For owners and admins; only owners invite owners.

        Raises ConflictError (`already_member`, `already_invited`), NotFoundError for a workspace or role not there.
        """
        own = await self._organizations.require_managed(organization_id)
        require_may_change(own, target=None, to=new.role)
        await self._require_here(organization_id, new)
        email = new.email.strip().lower()
        user = await UserDirectory(self._work).find_user_by_email(email)
        if user and await self._tenants.find_organization_member(organization_id, user.id):
            raise ConflictError("This person is a member already.", code="already_member")
        if any(
            row.email == email and row.expires_at > utc_now() for row in await self._rows.list_open(organization_id)
        ):
            raise ConflictError("This person is invited already. Send that invitation again.", code="already_invited")
        token = new_token("pbi")
        row = Invitation(
            organization_id=organization_id,
            workspace_id=new.workspace_id,
            email=email,
            role=new.role,
            workspace_role=new.workspace_role if new.workspace_id else "",
            custom_role_id=new.custom_role_id if new.workspace_id else None,
            token_hash=fingerprint(token),
            invited_by=self._caller.user_id,
            expires_at=utc_now() + INVITATION_LIFE,
        )
        self._rows.add(row)
        self._record(organization_id, "invitation.created", row.id, email=email, role=new.role)
        return _view(row), token

    async def renew(self, organization_id: UUID, invitation_id: UUID) -> tuple[InvitationView, str]:
        """A new token and a new term for an open invitation; the old link is dead. For owners and admins."""
        own = await self._organizations.require_managed(organization_id)
        row = await self._open(organization_id, invitation_id)
        require_may_change(own, target=None, to=OrganizationRole(row.role))
        token = new_token("pbi")
        row.token_hash, row.expires_at = fingerprint(token), utc_now() + INVITATION_LIFE
        row.invited_by, row.mailed_at, row.mail_problem = self._caller.user_id, None, ""
        self._record(organization_id, "invitation.renewed", row.id, email=row.email)
        return _view(row), token

    async def revoke(self, organization_id: UUID, invitation_id: UUID) -> None:
        """End an open invitation. For owners and admins."""
        await self._organizations.require_managed(organization_id)
        row = await self._open(organization_id, invitation_id)
        row.revoked_at = utc_now()
        self._record(organization_id, "invitation.revoked", row.id, email=row.email)

    async def note_mail(self, organization_id: UUID, invitation_id: UUID, problem: str) -> InvitationView:
        """Write down whether the mail went out."""
        row = await self._open(organization_id, invitation_id)
        row.mailed_at, row.mail_problem = None if problem else utc_now(), problem
        return _view(row)

    async def accept(self, token: str) -> UUID:
        """Join. Returns the workspace to begin in, or the organization's first one that the caller may enter.

        Raises InvitationNotFoundError, InvitationForAnotherError.
        """
        row, _ = await _usable(self._work, token)
        user = await self._me()
        if user.email.lower() != row.email:
            raise InvitationForAnotherError
        await self._tenants.lock_organization(row.organization_id)
        if not await self._rows.use(row.id, utc_now()):
            raise InvitationNotFoundError
        await self._join(row)
        self._record(row.organization_id, "invitation.accepted", row.id, role=row.role)
        return row.organization_id

    async def _join(self, row: Invitation) -> None:
        user_id = self._caller.user_id
        if await self._tenants.find_organization_member(row.organization_id, user_id) is None:
            member = OrganizationMember(organization_id=row.organization_id, user_id=user_id, role=row.role)
            self._tenants.add(member)
        if row.workspace_id and await self._tenants.find_workspace_member(row.workspace_id, user_id) is None:
            role = WorkspaceRole.VIEWER if row.custom_role_id else row.workspace_role
            membership = WorkspaceMember(workspace_id=row.workspace_id, user_id=user_id, role=role)
            membership.custom_role_id = row.custom_role_id
            self._tenants.add(membership)

    async def _me(self) -> UserView:
        return (await UserDirectory(self._work).list_users([self._caller.user_id]))[self._caller.user_id]

    async def _open(self, organization_id: UUID, invitation_id: UUID) -> Invitation:
        row = await self._rows.find(organization_id, invitation_id)
        if row is None or row.accepted_at is not None or row.revoked_at is not None:
            raise InvitationNotFoundError
        return row

    async def _require_here(self, organization_id: UUID, new: NewInvitation) -> None:
        if new.workspace_id is not None:
            workspace = await find_living(self._tenants, new.workspace_id)
            if workspace is None or workspace.organization_id != organization_id:
                raise NotFoundError("There is no such workspace.", code="workspace_not_found")
        if new.custom_role_id and await self._tenants.find_role(organization_id, new.custom_role_id) is None:
            raise NotFoundError("There is no such role.", code="role_not_found")

    def _record(self, organization_id: UUID, event: str, subject_id: UUID, **facts: object) -> None:
        actor = Actor(ActorKind.USER, str(self._caller.user_id))
        AuditService(self._work).record_in_organization(organization_id, actor, event, subject_id, **facts)


async def preview(works: Workshop, token: str, *, ip_address: str) -> InvitationPreview:
    """What the holder of a link may see before they sign in. Raises InvitationNotFoundError, RateLimitedError."""
    await works.limiter.take(f"invitation:{ip_address}", ATTEMPTS)
    async with works.open(None, read_only=True) as work:
        row, organization = await _usable(work, token)
        return InvitationPreview(
            organization_name=organization.name,
            email=row.email,
            role=OrganizationRole(row.role),
            expires_at=row.expires_at,
        )


async def accept(works: Workshop, caller: Caller, token: str) -> UUID:
    """Join; the organization's id. Raises InvitationNotFoundError, InvitationForAnotherError, RateLimitedError."""
    await works.limiter.take(f"invitation:{caller.user_id}", ATTEMPTS)
    async with works.open(None) as work:
        return await InvitationService(work, caller).accept(token)


async def invite(
    works: Workshop, caller: Caller, organization_id: UUID, new: NewInvitation, *, browser_url: str
) -> InvitationView:
    """Make an invitation and mail it. The answer holds the link if no mail took it there."""
    async with works.open(None) as work:
        view, token = await InvitationService(work, caller).create(organization_id, new)
    return await _deliver(works, caller, organization_id, view, link_of(browser_url, token))


async def resend(
    works: Workshop, caller: Caller, organization_id: UUID, invitation_id: UUID, *, browser_url: str
) -> InvitationView:
    """Mail an open invitation again, with another link."""
    async with works.open(None) as work:
        view, token = await InvitationService(work, caller).renew(organization_id, invitation_id)
    return await _deliver(works, caller, organization_id, view, link_of(browser_url, token))


def link_of(browser_url: str, token: str) -> str:
    """The address that accepts an invitation. What stands behind the # reaches no log and no other site."""
    return f"{browser_url}/invitation#token={token}"


async def _deliver(
    works: Workshop, caller: Caller, organization_id: UUID, view: InvitationView, link: str
) -> InvitationView:
    mailer = works.plugins.mailer
    if mailer is None:
        return view.model_copy(update={"link": link})
    async with works.open(None, read_only=True) as work:
        organization = await OrganizationService(work, caller).get(organization_id)
        inviter = (await UserDirectory(work).list_users([caller.user_id]))[caller.user_id]
    problem = ""
    try:
        await mailer.send(_mail(view, organization.name, inviter.name, link))
    except PrivexError as error:
        problem = error.message
    async with works.open(None) as work:
        noted = await InvitationService(work, caller).note_mail(organization_id, view.id, problem)
    return noted.model_copy(update={"link": link if problem else ""})


async def _usable(work: Work, token: str) -> tuple[Invitation, Organization]:
    row = await InvitationRepository(work.session).find_by_token(fingerprint(token))
    if row is None or row.accepted_at or row.revoked_at or row.expires_at <= utc_now():
        raise InvitationNotFoundError
    tenants = TenancyRepository(work.session)
    organization = await tenants.find_organization(row.organization_id)
    inviter = await tenants.find_organization_member(row.organization_id, row.invited_by) if row.invited_by else None
    if organization is None or organization.delete_after is not None or inviter is None:
        raise InvitationNotFoundError
    try:
        require_may_change(OrganizationRole(inviter.role), target=None, to=OrganizationRole(row.role))
    except NotEnoughStandingError as error:
        raise InvitationNotFoundError from error
    return row, organization


def _mail(view: InvitationView, organization: str, inviter: str, link: str) -> Mail:
    role = "an admin" if view.role in MANAGES_ORGANIZATION else "a member"
    text = (
        f"{inviter} invites you to {organization} on PrivexBot, as {role}.\n\n"
        f"Accept until {view.expires_at:%-d %B %Y}, with an account for {view.email}:\n{link}\n\n"
        "If you do not know what this is about, ignore this message.\n"
    )
    return Mail(view.email, f"Invitation to {organization}", text)


def _view(row: Invitation) -> InvitationView:
    return InvitationView(
        id=row.id,
        email=row.email,
        role=OrganizationRole(row.role),
        workspace_id=row.workspace_id,
        workspace_role=row.workspace_role,
        custom_role_id=row.custom_role_id,
        expires_at=row.expires_at,
        created_at=row.created_at,
        mailed_at=row.mailed_at,
        mail_problem=row.mail_problem,
    )

"""Invitations: made and ended by those who manage an organization, seen and accepted by who holds the link."""

from uuid import UUID

from fastapi import APIRouter, Request

from privexbot_app.api.deps import CurrentCaller, RuntimeDep, client_address
from privexbot_app.domains.tenancy import invitations
from privexbot_app.domains.tenancy.organizations import OrganizationService
from privexbot_app.domains.tenancy.schemas import (
    InvitationPreview,
    InvitationToken,
    InvitationView,
    NewInvitation,
    OrganizationView,
)
from privexbot_app.kit.pagination import Page

router = APIRouter(prefix="/api/v1", tags=["invitations"])


@router.get("/organizations/{organization_id}/invitations")
async def list_invitations(
    organization_id: UUID, caller: CurrentCaller, installation: RuntimeDep
) -> Page[InvitationView]:
    """Those that nobody has accepted yet."""
    async with installation.works.open(None, read_only=True) as work:
        return Page(items=await invitations.InvitationService(work, caller).list_open(organization_id))


@router.post("/organizations/{organization_id}/invitations", status_code=201)
async def create_invitation(
    organization_id: UUID, body: NewInvitation, caller: CurrentCaller, installation: RuntimeDep
) -> InvitationView:
    """Invite somebody by e-mail. Without a mailer the answer holds the link, this once."""
    return await invitations.invite(
        installation.works, caller, organization_id, body, browser_url=installation.browser_url
    )


@router.post("/organizations/{organization_id}/invitations/{invitation_id}/resend")
async def resend_invitation(
    organization_id: UUID, invitation_id: UUID, caller: CurrentCaller, installation: RuntimeDep
) -> InvitationView:
    """Send it again with another link; the old one is dead."""
    return await invitations.resend(
        installation.works, caller, organization_id, invitation_id, browser_url=installation.browser_url
    )


@router.delete("/organizations/{organization_id}/invitations/{invitation_id}", status_code=204)
async def revoke_invitation(
    organization_id: UUID, invitation_id: UUID, caller: CurrentCaller, installation: RuntimeDep
) -> None:
    """End an invitation that nobody has accepted."""
    async with installation.works.open(None) as work:
        await invitations.InvitationService(work, caller).revoke(organization_id, invitation_id)


@router.post("/invitations/preview")
async def preview_invitation(body: InvitationToken, request: Request, installation: RuntimeDep) -> InvitationPreview:
    """What the holder of a link sees before they sign in."""
    return await invitations.preview(installation.works, body.token, ip_address=client_address(request))


@router.post("/invitations/accept")
async def accept_invitation(body: InvitationToken, caller: CurrentCaller, installation: RuntimeDep) -> OrganizationView:
    """Join. The caller's address must be the one that was invited."""
    organization_id = await invitations.accept(installation.works, caller, body.token)
    async with installation.works.open(None, read_only=True) as work:
        return await OrganizationService(work, caller).get(organization_id)

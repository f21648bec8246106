"""Upkeep of sign-ins: secrets sealed anew when the installation's key changes, and what is over forgotten."""

from datetime import timedelta

from sqlalchemy import delete, select
from sqlmodel import col

from privexbot_app.domains.identity.models import AuthSession, MailToken, SecondFactor
from privexbot_app.domains.identity.second_factor import binding_of
from privexbot_app.integrations.plugins import Workshop
from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.rotation import resealer
from privexbot_app.kit.schedules import schedule

KEPT_AFTER_THE_END = timedelta(days=30)


@resealer("second factors")
async def reseal_second_factors(works: Workshop) -> int:
    """Seal every authenticator's secret by the present key. Returns how many needed it."""
    resealed = 0
    async with works.open(None) as work:
        for row in (await work.session.execute(select(SecondFactor))).scalars():
            if fresh := works.plugins.keys.reseal(row.sealed_secret, bound_to=binding_of(row.user_id)):
                row.sealed_secret = fresh
                resealed += 1
    return resealed


@schedule("identity.forget_ended", every_seconds=24 * 3600)
async def forget_ended(works: Workshop) -> None:
    """Delete sessions and mailed links that have been over for a month; refresh tokens go with their sessions."""
    before = utc_now() - KEPT_AFTER_THE_END
    async with works.open(None) as work:
        await work.session.execute(delete(AuthSession).where(col(AuthSession.expires_at) < before))
        await work.session.execute(delete(MailToken).where(col(MailToken.expires_at) < before))

"""What is too old goes: once a day, workspace by workspace, in units of work of bounded size."""

from datetime import datetime, timedelta
from uuid import UUID

from privexbot_app.domains.audit.service import AuditService
from privexbot_app.domains.chatflows.forgetting import ForgettingFlows
from privexbot_app.domains.conversations.forgetting import AT_ONCE, ForgettingConversations
from privexbot_app.domains.conversations.remembering import forget_turns
from privexbot_app.domains.leads.forgetting import ForgettingLeads
from privexbot_app.domains.privacy.repository import PolicyRepository
from privexbot_app.domains.privacy.schemas import Retention
from privexbot_app.integrations.plugins import Workshop
from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.logging import get_logger
from privexbot_app.kit.scope import Scope

log = get_logger(__name__)


async def enforce_retention(works: Workshop, scope: Scope) -> dict[str, int]:
    """Delete what a workspace keeps no longer; returns how much of each kind."""
    async with works.open(scope, read_only=True) as work:
        row = await work.repository(PolicyRepository).find_own()
    if row is None:
        return {}
    policy = Retention.model_validate(row)
    gone = {"conversations": await _delete_conversations(works, scope, policy.conversations_days)}
    async with works.open(scope) as work:
        if policy.traces_days:
            gone["traces"] = await ForgettingFlows(work).delete_traces_before(_ago(policy.traces_days))
        if policy.leads_days:
            gone["leads"] = await ForgettingLeads(work).delete_before(_ago(policy.leads_days))
        gone = {kind: count for kind, count in gone.items() if count}
        if gone:
            AuditService(work).record("retention.enforced", None, **gone)
    log.info("retention.enforced", workspace_id=scope.workspace_id, **gone)
    return gone


async def _delete_conversations(works: Workshop, scope: Scope, days: int | None) -> int:
    total = 0
    while days:
        async with works.open(scope) as work:
            ids: list[UUID] = await ForgettingConversations(work).delete_silent_since(_ago(days))
        for conversation_id in ids:
            await forget_turns(works, scope, conversation_id)
        total += len(ids)
        if len(ids) < AT_ONCE:
            break
    return total


def _ago(days: int) -> datetime:
    return utc_now() - timedelta(days=days)

"""What fields may name of the workspace, by the format that the node's schema gives them."""

from privexbot_app import runtime
from privexbot_app.domains.bots.kinds import BotKind
from privexbot_app.domains.bots.service import BotService
from privexbot_app.domains.credentials.service import CredentialService
from privexbot_app.domains.knowledge.service import KnowledgeService
from privexbot_app.integrations.plugins import Workshop
from privexbot_app.kit.pagination import LARGEST_PAGE_SIZE, PageParams
from privexbot_app.kit.scope import Scope

EVERYTHING = PageParams(limit=LARGEST_PAGE_SIZE)
Choices = dict[str, list[dict[str, str]]]


async def list_choices(works: Workshop, scope: Scope) -> Choices:
    """{format: [{value, label}]}; only of what the caller may see."""
    found: Choices = {"knowledge_base": [], "credential": [], "chatflow": []}
    async with works.open(scope, read_only=True) as work:
        if "kb.read" in scope.permissions:
            for base in (await KnowledgeService(work).list_bases(EVERYTHING)).items:
                found["knowledge_base"].append(_choice(base.id, base.name))
        if "credentials.read" in scope.permissions:
            for credential in (await CredentialService(work).list(EVERYTHING)).items:
                found["credential"].append(_choice(credential.id, f"{credential.name} ({credential.type})"))
        browser_url = runtime.current().browser_url
        flows = await BotService(work).list_bots(EVERYTHING, browser_url=browser_url, kind=BotKind.CHATFLOW)
        found["chatflow"] = [_choice(flow.id, flow.name) for flow in flows.items]
    return found


def _choice(value: object, label: str) -> dict[str, str]:
    return {"value": str(value), "label": label}

"""Every host that an installation talks to, as one workspace sees it: the operator's services and its own."""

from collections import defaultdict

from privexbot_app.domains.bots.kinds import BotKind
from privexbot_app.domains.bots.service import BotService
from privexbot_app.domains.credentials.connections import ConnectionService
from privexbot_app.domains.credentials.service import CredentialService
from privexbot_app.domains.knowledge.connected import SourceService
from privexbot_app.domains.knowledge.service import KnowledgeService
from privexbot_app.domains.privacy.schemas import HostView
from privexbot_app.integrations.hosts import host_of, hosts_in, list_contacts
from privexbot_app.integrations.plugins import Work
from privexbot_app.kit.pagination import LARGEST_PAGE_SIZE, PageParams

EVERYTHING = PageParams(limit=LARGEST_PAGE_SIZE)
CONNECTOR_HOSTS = {
    "notion": "api.notion.com",
    "google_docs": "www.googleapis.com",
    "google_drive": "www.googleapis.com",
}
"""Services whose address is no setting."""


async def list_hosts(work: Work) -> list[HostView]:
    """Hosts in alphabetical order, with what for. Needs `workspace.manage`.

    Not among them: what a model, a chatflow or a crawler finds for itself while it runs, and hosts that redirect.
    """
    work.scope.require("workspace.manage")
    found: dict[str, set[str]] = defaultdict(set)
    for host, reason in [
        *_of_installation(work),
        *await _of_knowledge(work),
        *await _of_vault(work),
        *await _of_bots(work),
    ]:
        found[host].add(reason)
    return [HostView(host=host, reasons=sorted(reasons)) for host, reasons in sorted(found.items())]


def _of_installation(work: Work) -> list[tuple[str, str]]:
    found = [(contact.host, f"{contact.kind}: {contact.name}") for contact in list_contacts(work.plugins)]
    database = work.works.sessions.kw["bind"].url
    if database.host or database.query.get("host"):
        found.append((str(database.host or "this machine"), "the product's own database"))
    if host := work.redis.connection_pool.connection_kwargs.get("host"):
        found.append((str(host), "the product's own Redis"))
    return found


async def _of_knowledge(work: Work) -> list[tuple[str, str]]:
    found = []
    for base in (await KnowledgeService(work).list_bases(EVERYTHING)).items:
        for source in (await SourceService(work).list_sources(base.id, EVERYTHING)).items:
            hosts = [*hosts_in(source.config), *filter(None, [CONNECTOR_HOSTS.get(source.type)])]
            found += [(host, f"a source of “{base.name}”") for host in hosts]
    return found


async def _of_vault(work: Work) -> list[tuple[str, str]]:
    found = []
    for credential in (await CredentialService(work).list(EVERYTHING)).items:
        named = [host for host in credential.settings.get("hosts") or [] if isinstance(host, str)]
        found += [(host, f"credential “{credential.name}”") for host in {*named, *hosts_in(credential.settings)}]
    for connection in (await ConnectionService(work).list_connections(EVERYTHING)).items:
        if host := CONNECTOR_HOSTS.get(connection.provider):
            found.append((host, f"connection “{connection.name}”"))
    return found


async def _of_bots(work: Work) -> list[tuple[str, str]]:
    found = []
    for kind in BotKind:
        for bot in (await BotService(work).list_bots(EVERYTHING, browser_url="", kind=kind)).items:
            if bot.config.appearance.avatar_url:
                found.append(
                    (host_of(bot.config.appearance.avatar_url), f"the picture of “{bot.name}”, by visitors' browsers")
                )
            nodes = bot.config.graph.nodes if bot.config.graph else []
            found += [(host, f"a node of “{bot.name}”") for node in nodes for host in hosts_in(node.config)]
    return [(host, reason) for host, reason in found if "{" not in host]

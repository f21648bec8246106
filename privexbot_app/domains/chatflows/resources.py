"""What a graph names of its workspace: knowledge bases, credentials, other chatflows. Found, or said to be missing."""

from collections.abc import AsyncIterator, Iterator
from uuid import UUID

from privexbot_app.domains.bots.service import BotService
from privexbot_app.domains.chatflows.ports.setting import read_id
from privexbot_app.domains.credentials.service import CredentialService
from privexbot_app.domains.knowledge.service import KnowledgeService
from privexbot_app.flow.graph import parse_config
from privexbot_app.flow.spec import GraphSpec
from privexbot_app.flow.values import Resource, find_resources
from privexbot_app.integrations.plugins import Work
from privexbot_app.kit.errors import FieldProblem, NotFoundError

WORDS = {"knowledge_base": "knowledge base", "credential": "credential", "chatflow": "chatflow"}


def list_resources(graph: GraphSpec) -> Iterator[tuple[str, Resource]]:
    """(node id, resource) of everything that the nodes name."""
    for node in graph.nodes:
        _, config, _ = parse_config(node)
        if config is not None:
            for resource in find_resources(config):
                yield node.id, resource


def credential_ids(graph: GraphSpec) -> set[UUID]:
    """The credentials that a graph uses."""
    return {read_id(found.id) for _, found in list_resources(graph) if found.kind == "credential"}


async def find_missing(work: Work, graph: GraphSpec) -> AsyncIterator[FieldProblem]:
    """Problems for what is named and not in this workspace; another workspace's counts as not there."""
    known: dict[tuple[str, str], bool] = {}
    for node_id, resource in list_resources(graph):
        key = resource.kind, resource.id
        if key not in known:
            known[key] = await _exists(work, resource)
        if not known[key]:
            where = f"graph.{node_id}.{resource.field}"
            yield FieldProblem(where, "not_found", f"There is no such {WORDS[resource.kind]}.")


async def _exists(work: Work, resource: Resource) -> bool:
    id = read_id(resource.id)
    try:
        match resource.kind:
            case "knowledge_base":
                return not await KnowledgeService(work).list_missing([id])
            case "credential":
                return await CredentialService(work).exists(id)
        return (await BotService(work).get_config(id)).graph is not None
    except NotFoundError:
        return False

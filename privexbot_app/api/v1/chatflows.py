"""Chatflows: drafts with a graph, versions, what the editor asks. Talking to one is talking to a bot (`api.public`)."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel

from privexbot_app.api.deps import CurrentScope, Paging, RuntimeDep
from privexbot_app.api.streams import Ask, answer_response, wants_stream
from privexbot_app.api.v1.chatbots import DraftFields
from privexbot_app.domains.bots.kinds import BotKind
from privexbot_app.domains.bots.schemas import (
    BotDraftView,
    BotVersionView,
    BotView,
    DeployedBot,
    Deployment,
    Rollback,
)
from privexbot_app.domains.bots.service import BotService
from privexbot_app.domains.chatflows.catalog import inspect_graph, list_node_types
from privexbot_app.domains.chatflows.drafts import ChatflowDraftService
from privexbot_app.domains.chatflows.schemas import (
    GraphDiff,
    Inspection,
    NodeTypeView,
    SingleRun,
    SingleRunResult,
    TurnView,
)
from privexbot_app.domains.chatflows.service import ChatflowService
from privexbot_app.domains.conversations.replaying import ReplayedTurn, replay_conversation
from privexbot_app.domains.conversations.schemas import ChatQuestion
from privexbot_app.domains.conversations.service import ConversationService
from privexbot_app.flow.spec import GraphSpec
from privexbot_app.kit.pagination import Page

router = APIRouter(prefix="/api/v1/chatflows", tags=["chatflows"])


class GraphBody(BaseModel):
    """A graph that is not saved anywhere."""

    graph: GraphSpec


class Replay(BaseModel):
    """A past conversation to hold again."""

    conversation_id: UUID


@router.get("/node-types")
async def get_node_types(scope: CurrentScope) -> list[NodeTypeView]:
    """The palette: every type of node with the JSON Schema of its settings."""
    scope.require("bots.read")
    return list(list_node_types())


@router.get("/schema")
async def get_schema(scope: CurrentScope) -> dict[str, Any]:
    """The JSON Schema of a graph."""
    scope.require("bots.read")
    return GraphSpec.model_json_schema()


@router.post("/check")
async def check_graph(body: GraphBody, scope: CurrentScope) -> Inspection:
    """Problems, ports, outputs and upstream nodes of a graph, without a draft."""
    scope.require("bots.read")
    return inspect_graph(body.graph)


@router.post("/draft", status_code=201)
async def create_draft(body: DraftFields, scope: CurrentScope, installation: RuntimeDep) -> BotDraftView:
    """Begin a chatflow, with a `graph` or without. Nothing is written to the database."""
    return await ChatflowDraftService(installation.works, scope).create(body.fields())


@router.get("/draft")
async def list_drafts(scope: CurrentScope, installation: RuntimeDep) -> Page[BotDraftView]:
    """Drafts of chatflows, last saved first."""
    return Page(items=await ChatflowDraftService(installation.works, scope).list_drafts())


@router.get("/draft/{draft_id}")
async def get_draft(draft_id: UUID, scope: CurrentScope, installation: RuntimeDep) -> BotDraftView:
    """A draft."""
    return await ChatflowDraftService(installation.works, scope).get(draft_id)


@router.put("/draft/{draft_id}")
async def change_draft(
    draft_id: UUID, body: DraftFields, scope: CurrentScope, installation: RuntimeDep
) -> BotDraftView:
    """Merge fields into a draft; `graph` is replaced as a whole. A stale `version` answers 409 and loses nothing."""
    drafts = ChatflowDraftService(installation.works, scope)
    return await drafts.change(draft_id, body.fields(), version=body.version)


@router.delete("/draft/{draft_id}", status_code=204)
async def delete_draft(draft_id: UUID, scope: CurrentScope, installation: RuntimeDep) -> None:
    """Throw a draft away."""
    await ChatflowDraftService(installation.works, scope).delete(draft_id)


@router.get("/draft/{draft_id}/problems")
async def inspect_draft(draft_id: UUID, scope: CurrentScope, installation: RuntimeDep) -> Inspection:
    """Everything that is wrong with a draft, and what its nodes offer."""
    return await ChatflowDraftService(installation.works, scope).inspect(draft_id)


@router.post("/draft/{draft_id}/test")
async def test_draft(
    draft_id: UUID, body: ChatQuestion, request: Request, scope: CurrentScope, installation: RuntimeDep
) -> Response:
    """Talk to a draft with real retrieval and the real model; nothing is kept, and events carry traces."""
    draft = await ChatflowDraftService(installation.works, scope).get(draft_id)
    conversations = ConversationService(installation.works, installation.keys)
    ask = Ask(
        scope=scope,
        owner_id=draft_id,
        words=f"{body.session_id}\n{body.message}",
        begin=lambda: conversations.preview(scope, draft_id, draft.config, body),
        is_streamed=wants_stream(request, asked=body.stream),
    )
    return await answer_response(request, installation, ask)


@router.post("/draft/{draft_id}/nodes/{node_id}/run")
async def run_node(
    draft_id: UUID, node_id: str, body: SingleRun, scope: CurrentScope, installation: RuntimeDep
) -> SingleRunResult:
    """Run one node of a draft alone, with given values."""
    return await ChatflowDraftService(installation.works, scope).run_node(draft_id, node_id, body)


@router.post("/draft/{draft_id}/replay")
async def replay(draft_id: UUID, body: Replay, scope: CurrentScope, installation: RuntimeDep) -> Page[ReplayedTurn]:
    """Hold a past conversation again with the draft; each turn says whether the answer is still the same."""
    draft = await ChatflowDraftService(installation.works, scope).get(draft_id)
    conversations = ConversationService(installation.works, installation.keys)
    return Page(items=await replay_conversation(conversations, scope, draft_id, draft.config, body.conversation_id))


@router.post("/draft/{draft_id}/deploy", status_code=201)
async def deploy(
    draft_id: UUID, scope: CurrentScope, installation: RuntimeDep, body: Deployment | None = None
) -> DeployedBot:
    """Write the draft as the chatflow's next version and delete it."""
    drafts = ChatflowDraftService(installation.works, scope)
    return await drafts.deploy(draft_id, body or Deployment(), browser_url=installation.browser_url)


@router.get("")
async def list_chatflows(scope: CurrentScope, paging: Paging, installation: RuntimeDep) -> Page[BotView]:
    """Live chatflows, newest first."""
    async with installation.works.open(scope, read_only=True) as work:
        return await BotService(work).list_bots(paging, browser_url=installation.browser_url, kind=BotKind.CHATFLOW)


@router.get("/{chatflow_id}")
async def get_chatflow(chatflow_id: UUID, scope: CurrentScope, installation: RuntimeDep) -> BotView:
    """A live chatflow."""
    async with installation.works.open(scope, read_only=True) as work:
        return await BotService(work).get_bot(chatflow_id, browser_url=installation.browser_url)


@router.delete("/{chatflow_id}", status_code=204)
async def delete_chatflow(chatflow_id: UUID, scope: CurrentScope, installation: RuntimeDep) -> None:
    """Delete a chatflow with its versions and conversations."""
    async with installation.works.open(scope) as work:
        await ChatflowService(work).delete(chatflow_id)


@router.post("/{chatflow_id}/draft", status_code=201)
async def edit_chatflow(chatflow_id: UUID, scope: CurrentScope, installation: RuntimeDep) -> BotDraftView:
    """Begin a draft of a live chatflow; the live one goes on answering until the draft is deployed."""
    return await ChatflowDraftService(installation.works, scope).create_from(chatflow_id)


@router.post("/{chatflow_id}/duplicate", status_code=201)
async def duplicate(chatflow_id: UUID, scope: CurrentScope, installation: RuntimeDep) -> BotDraftView:
    """Begin a draft of a new chatflow that is like this one."""
    return await ChatflowDraftService(installation.works, scope).duplicate(chatflow_id)


@router.get("/{chatflow_id}/versions")
async def list_versions(chatflow_id: UUID, scope: CurrentScope, installation: RuntimeDep) -> Page[BotVersionView]:
    """Versions of a chatflow, newest first."""
    async with installation.works.open(scope, read_only=True) as work:
        return Page(items=await BotService(work).list_versions(chatflow_id))


@router.get("/{chatflow_id}/diff")
async def diff_versions(
    chatflow_id: UUID,
    scope: CurrentScope,
    installation: RuntimeDep,
    before: Annotated[int, Query(ge=1, le=1_000_000)],
    after: Annotated[int, Query(ge=1, le=1_000_000)],
) -> GraphDiff:
    """Nodes and connections that one version has added, removed or changed since another."""
    async with installation.works.open(scope, read_only=True) as work:
        return await ChatflowService(work).diff(chatflow_id, before, after)


@router.post("/{chatflow_id}/rollback")
async def roll_back(chatflow_id: UUID, body: Rollback, scope: CurrentScope, installation: RuntimeDep) -> BotView:
    """Have an earlier version answer again; conversations that run stay on theirs."""
    async with installation.works.open(scope) as work:
        return await BotService(work).roll_back(chatflow_id, body.version, browser_url=installation.browser_url)


@router.get("/{chatflow_id}/conversations/{conversation_id}/turns")
async def list_turns(
    chatflow_id: UUID, conversation_id: UUID, scope: CurrentScope, installation: RuntimeDep
) -> Page[TurnView]:
    """What the nodes did in a conversation, turn by turn."""
    async with installation.works.open(scope, read_only=True) as work:
        flows = ChatflowService(work)
        await flows.get_graph(chatflow_id)
        return Page(items=await flows.list_turns(conversation_id))

"""A chatflow in the making: a bot's draft with a graph; inspected while it is drawn, its nodes run alone."""

import asyncio
from typing import Any
from uuid import UUID

from privexbot_app.domains.bots.drafts import BotDraftService
from privexbot_app.domains.bots.kinds import BotKind
from privexbot_app.domains.bots.schemas import BotDraftView, DeployedBot, Deployment
from privexbot_app.domains.bots.service import BotService
from privexbot_app.domains.chatflows.catalog import inspect_graph
from privexbot_app.domains.chatflows.ports import Setting
from privexbot_app.domains.chatflows.resources import credential_ids, find_missing
from privexbot_app.domains.chatflows.running import run_node
from privexbot_app.domains.chatflows.schemas import Inspection, ProblemView, SingleRun, SingleRunResult
from privexbot_app.domains.credentials.service import CredentialService
from privexbot_app.flow.spec import GraphSpec
from privexbot_app.integrations.plugins import Workshop
from privexbot_app.kit.scope import Scope

COPY = "{name} (copy)"
STARTER: dict[str, Any] = {
    "nodes": [
        {"id": "start", "type": "trigger", "title": "Start", "position": {"x": 0, "y": 120}},
        {
            "id": "reply",
            "type": "reply",
            "title": "Reply",
            "config": {"text": "Hello! You wrote: {{ start.message }}"},
            "position": {"x": 320, "y": 120},
        },
    ],
    "edges": [{"source": "start", "target": "reply"}],
}


class ChatflowDraftService(BotDraftService):
    """Drafts of chatflows in one workspace; what is not said here is as for every bot."""

    def __init__(self, works: Workshop, scope: Scope) -> None:
        super().__init__(works, scope, BotKind.CHATFLOW)

    async def create(self, fields: dict[str, Any]) -> BotDraftView:
        """Begin a draft; without a graph it is one that greets. Needs `bots.write`. Raises FieldsInvalidError."""
        return await super().create({"graph": STARTER, **fields})

    async def duplicate(self, chatflow_id: UUID) -> BotDraftView:
        """Begin a draft of a new chatflow that is like a live one. Needs `bots.write`. Raises NotFoundError."""
        self._scope.require("bots.write")
        async with self._works.open(self._scope, read_only=True) as work:
            config = await BotService(work).get_config(chatflow_id)
        fields = config.model_dump(mode="json")
        return await self.create({**fields, "name": COPY.format(name=config.name)[:80]})

    async def inspect(self, draft_id: UUID) -> Inspection:
        """Problems, ports and outputs of the draft as it is. Needs `bots.read`."""
        graph = self._graph_of(await self.get(draft_id))
        inspection = await asyncio.to_thread(inspect_graph, graph)  # a fifth of a second for a large flow
        async with self._works.open(self._scope, read_only=True) as work:
            missing = [problem async for problem in find_missing(work, graph)]
        for problem in missing:
            _, node_id, field = problem.field.split(".", 2)
            inspection.problems.append(
                ProblemView(code=problem.code, message=problem.message, node_id=node_id, field=field)
            )
        return inspection

    async def run_node(self, draft_id: UUID, node_id: str, single: SingleRun) -> SingleRunResult:
        """Run one node alone with given values; nothing lasts. Needs `bots.write`.

        Raises NotFoundError (`node_not_found`), FlowInvalidError.
        """
        self._scope.require("bots.write")
        graph = self._graph_of(await self.get(draft_id))
        setting = Setting(self._scope, draft_id, draft_id, is_trial=True)
        return await run_node(self._works, setting, graph, node_id, single)

    async def deploy(self, draft_id: UUID, deployment: Deployment, *, browser_url: str) -> DeployedBot:
        """Write the draft as the chatflow's next version and delete it; the vault learns what the version uses.

        Needs `bots.deploy`. Raises BotIncompleteError naming every problem with its node, BotChangedError.
        """
        self._scope.require("bots.deploy")
        draft = await self.get(draft_id)
        deployed = await super().deploy(draft_id, deployment, browser_url=browser_url)
        async with self._works.open(self._scope) as work:
            await CredentialService(work).declare_uses(
                f"chatflow:{deployed.bot_id}", credential_ids(self._graph_of(draft)), label=draft.config.name
            )
        return deployed

    def _graph_of(self, draft: BotDraftView) -> GraphSpec:
        return draft.config.graph or GraphSpec()

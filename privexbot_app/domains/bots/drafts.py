"""A bot in the making: kept in Redis, tried with the real model, free to throw away."""

from typing import Any
from uuid import UUID

from pydantic import ValidationError

from privexbot_app.domains.bots.checks import find_problems
from privexbot_app.domains.bots.kinds import BotKind
from privexbot_app.domains.bots.schemas import BotConfig, BotDraftView, DeployedBot, Deployment
from privexbot_app.domains.bots.service import BotNotFoundError, BotService
from privexbot_app.flow.spec import GraphSpec
from privexbot_app.integrations.plugins import Workshop
from privexbot_app.kit.drafts import Draft
from privexbot_app.kit.errors import FieldProblem, InvalidError
from privexbot_app.kit.scope import Scope


class FieldsInvalidError(InvalidError):
    """Fields of a bot that cannot be saved; `problems` names each."""

    code = "validation_failed"


class BotDraftService:
    """Drafts of one kind of bot in one workspace; a chatflow's draft has a graph from its first moment."""

    def __init__(self, works: Workshop, scope: Scope, kind: BotKind = BotKind.CHATBOT) -> None:
        self._works = works
        self._scope = scope
        self._kind = kind

    async def create(self, fields: dict[str, Any]) -> BotDraftView:
        """Begin a draft with some fields set. Needs `bots.write`. Raises FieldsInvalidError."""
        self._scope.require("bots.write")
        config = merge(self._blank(), fields)
        return _view(await self._works.drafts.create(self._scope, self._kind, {"bot_id": None, "config": config}))

    async def create_from(self, bot_id: UUID) -> BotDraftView:
        """Begin a draft of a live bot, as it is now. Needs `bots.write`. Raises NotFoundError (`bot_not_found`)."""
        self._scope.require("bots.write")
        async with self._works.open(self._scope, read_only=True) as work:
            live = await BotService(work).get_live(bot_id)
        if live.config.kind != self._kind:
            raise BotNotFoundError
        payload = {
            "bot_id": str(bot_id),
            "base_version": live.version,
            "config": live.config.model_dump(mode="json"),
        }
        return _view(await self._works.drafts.create(self._scope, self._kind, payload))

    async def open_for(self, bot_id: UUID) -> BotDraftView:
        """The draft of a live bot that is in progress, else a new one. Needs `bots.write`. Raises NotFoundError."""
        self._scope.require("bots.write")
        for draft in await self.list_drafts():
            if draft.bot_id == bot_id:
                return draft
        return await self.create_from(bot_id)

    async def list_drafts(self) -> list[BotDraftView]:
        """The workspace's drafts, last saved first. Needs `bots.read`."""
        self._scope.require("bots.read")
        return [_view(draft) for draft in await self._works.drafts.list(self._scope, self._kind)]

    async def get(self, draft_id: UUID) -> BotDraftView:
        """The draft. Needs `bots.read`. Raises DraftNotFoundError."""
        self._scope.require("bots.read")
        return _view(await self._works.drafts.get(self._scope, self._kind, draft_id))

    async def change(self, draft_id: UUID, fields: dict[str, Any], *, version: int | None) -> BotDraftView:
        """Merge fields into the draft. Needs `bots.write`.

        version: the one that was read; None overwrites whatever is there.
        Raises StaleDraftError if the draft has moved on, FieldsInvalidError.
        """
        self._scope.require("bots.write")
        draft = await self._works.drafts.save(
            self._scope,
            self._kind,
            draft_id,
            lambda payload: {**payload, "config": merge(payload["config"], fields)},
            expected_version=version,
        )
        return _view(draft)

    async def list_problems(self, draft_id: UUID, deployment: Deployment) -> list[FieldProblem]:
        """All that keeps the draft from being deployed; empty if nothing does. Needs `bots.read`."""
        config = (await self.get(draft_id)).config
        async with self._works.open(self._scope, read_only=True) as work:
            return await find_problems(work, config, deployment.channels)

    def _blank(self) -> dict[str, Any]:
        return {"graph": GraphSpec().model_dump(mode="json")} if self._kind is BotKind.CHATFLOW else {}

    async def delete(self, draft_id: UUID) -> None:
        """Throw the draft away. Needs `bots.write`."""
        self._scope.require("bots.write")
        await self._works.drafts.delete(self._scope, self._kind, draft_id)

    async def deploy(self, draft_id: UUID, deployment: Deployment, *, browser_url: str) -> DeployedBot:
        """Write the draft as the bot's next version and delete it. Needs `bots.deploy`.

        Raises BotIncompleteError naming all problems, BotChangedError if somebody deployed the bot in the meantime.
        """
        self._scope.require("bots.deploy")
        draft = await self._works.drafts.get(self._scope, self._kind, draft_id)
        config = BotConfig.model_validate(draft.payload["config"])
        async with self._works.open(self._scope) as work:
            service = BotService(work)
            if draft.payload["bot_id"] is None:
                deployed = await service.deploy_new(draft_id, config, deployment, browser_url=browser_url)
            else:
                deployed = await service.deploy_next(
                    UUID(draft.payload["bot_id"]),
                    config,
                    deployment,
                    base_version=draft.payload["base_version"],
                    browser_url=browser_url,
                )
        await self._works.drafts.delete(self._scope, self._kind, draft_id)
        return deployed


def merge(config: dict[str, Any], fields: dict[str, Any]) -> dict[str, Any]:
    """A bot's configuration with fields laid over it; parts such as `llm` are merged, lists and graphs replaced.

    Raises FieldsInvalidError naming every field that is wrong.
    """
    merged = dict(config)
    for name, value in fields.items():
        part = merged.get(name)
        if isinstance(part, dict) and isinstance(value, dict) and name != "graph":
            value = {**part, **value}
        merged[name] = value
    try:
        return BotConfig.model_validate(merged).model_dump(mode="json")
    except ValidationError as error:
        problems = [
            FieldProblem(".".join(str(step) for step in problem["loc"]), problem["type"], problem["msg"])
            for problem in error.errors()
        ]
        raise FieldsInvalidError("Some fields are not right.", problems=problems) from error


def _view(draft: Draft) -> BotDraftView:
    bot_id = draft.payload["bot_id"]
    return BotDraftView(
        draft_id=draft.id,
        version=draft.version,
        expires_at=draft.expires_at,
        updated_at=draft.updated_at,
        bot_id=UUID(bot_id) if bot_id else None,
        config=BotConfig.model_validate(draft.payload["config"]),
    )

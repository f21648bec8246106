"""Chatbots: drafts first, then deployed versions."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict

from privexbot_app.api.deps import CurrentScope, Paging, RuntimeDep
from privexbot_app.api.streams import Ask, answer_response, wants_stream
from privexbot_app.domains.bots.drafts import BotDraftService
from privexbot_app.domains.bots.identity import BotIdentityService
from privexbot_app.domains.bots.schemas import (
    BotDraftView,
    BotVersionView,
    BotView,
    DeployedBot,
    Deployment,
    IdentitySecret,
    IdentityStatus,
    Rollback,
)
from privexbot_app.domains.bots.service import BotService
from privexbot_app.domains.conversations.schemas import ChatQuestion
from privexbot_app.domains.conversations.service import ConversationService
from privexbot_app.kit.pagination import Page

router = APIRouter(prefix="/api/v1/chatbots", tags=["chatbots"])


class DraftFields(BaseModel):
    """Fields of a bot to set, as in `BotConfig`. `version` is the one that was read."""

    model_config = ConfigDict(extra="allow")

    version: int | None = None

    def fields(self) -> dict[str, Any]:
        """The bot's fields alone."""
        return dict(self.model_extra or {})


@router.post("/draft", status_code=201)
async def create_draft(body: DraftFields, scope: CurrentScope, installation: RuntimeDep) -> BotDraftView:
    """Begin a bot. Nothing is written to the database."""
    return await BotDraftService(installation.works, scope).create(body.fields())


@router.get("/draft")
async def list_drafts(scope: CurrentScope, installation: RuntimeDep) -> Page[BotDraftView]:
    """Drafts of bots, last saved first."""
    return Page(items=await BotDraftService(installation.works, scope).list_drafts())


@router.get("/draft/{draft_id}")
async def get_draft(draft_id: UUID, scope: CurrentScope, installation: RuntimeDep) -> BotDraftView:
    """A draft."""
    return await BotDraftService(installation.works, scope).get(draft_id)


@router.put("/draft/{draft_id}")
async def change_draft(
    draft_id: UUID, body: DraftFields, scope: CurrentScope, installation: RuntimeDep
) -> BotDraftView:
    """Merge fields into a draft; a stale `version` answers 409."""
    return await BotDraftService(installation.works, scope).change(draft_id, body.fields(), version=body.version)


@router.delete("/draft/{draft_id}", status_code=204)
async def delete_draft(draft_id: UUID, scope: CurrentScope, installation: RuntimeDep) -> None:
    """Throw a draft away."""
    await BotDraftService(installation.works, scope).delete(draft_id)


@router.post("/draft/{draft_id}/test")
async def test_draft(
    draft_id: UUID, body: ChatQuestion, request: Request, scope: CurrentScope, installation: RuntimeDep
) -> Response:
    """Ask a draft, with real retrieval and the real model; nothing is kept."""
    draft = await BotDraftService(installation.works, scope).get(draft_id)
    conversations = ConversationService(installation.works, installation.keys)
    ask = Ask(
        scope=scope,
        owner_id=draft_id,
        words=f"{body.session_id}\n{body.message}",
        begin=lambda: conversations.preview(scope, draft_id, draft.config, body),
        is_streamed=wants_stream(request, asked=body.stream),
    )
    return await answer_response(request, installation, ask)


@router.post("/draft/{draft_id}/deploy", status_code=201)
async def deploy(
    draft_id: UUID, scope: CurrentScope, installation: RuntimeDep, body: Deployment | None = None
) -> DeployedBot:
    """Write the draft as the bot's next version and delete it."""
    drafts = BotDraftService(installation.works, scope)
    return await drafts.deploy(draft_id, body or Deployment(), browser_url=installation.browser_url)


@router.get("")
async def list_bots(scope: CurrentScope, paging: Paging, installation: RuntimeDep) -> Page[BotView]:
    """Live bots, newest first."""
    async with installation.works.open(scope, read_only=True) as work:
        return await BotService(work).list_bots(paging, browser_url=installation.browser_url)


@router.get("/{bot_id}")
async def get_bot(bot_id: UUID, scope: CurrentScope, installation: RuntimeDep) -> BotView:
    """A live bot."""
    async with installation.works.open(scope, read_only=True) as work:
        return await BotService(work).get_bot(bot_id, browser_url=installation.browser_url)


@router.delete("/{bot_id}", status_code=204)
async def delete_bot(bot_id: UUID, scope: CurrentScope, installation: RuntimeDep) -> None:
    """Delete a bot with its versions and conversations."""
    async with installation.works.open(scope) as work:
        await BotService(work).delete_bot(bot_id)


@router.post("/{bot_id}/draft", status_code=201)
async def edit_bot(bot_id: UUID, scope: CurrentScope, installation: RuntimeDep) -> BotDraftView:
    """Begin a draft of a live bot; the live one goes on answering until the draft is deployed."""
    return await BotDraftService(installation.works, scope).create_from(bot_id)


@router.get("/{bot_id}/versions")
async def list_versions(bot_id: UUID, scope: CurrentScope, installation: RuntimeDep) -> Page[BotVersionView]:
    """Versions of a bot, newest first."""
    async with installation.works.open(scope, read_only=True) as work:
        return Page(items=await BotService(work).list_versions(bot_id))


@router.post("/{bot_id}/rollback")
async def roll_back(bot_id: UUID, body: Rollback, scope: CurrentScope, installation: RuntimeDep) -> BotView:
    """Have an earlier version answer again."""
    async with installation.works.open(scope) as work:
        return await BotService(work).roll_back(bot_id, body.version, browser_url=installation.browser_url)


@router.get("/{bot_id}/identity")
async def get_identity(bot_id: UUID, scope: CurrentScope, installation: RuntimeDep) -> IdentityStatus:
    """Whether the bot's website can vouch for its visitors."""
    async with installation.works.open(scope, read_only=True) as work:
        return await BotIdentityService(work, installation.keys).status(bot_id)


@router.post("/{bot_id}/identity/rotate")
async def rotate_identity(bot_id: UUID, scope: CurrentScope, installation: RuntimeDep) -> IdentitySecret:
    """Make a new secret for vouching, told this once; the one before is honoured for a day."""
    async with installation.works.open(scope) as work:
        return await BotIdentityService(work, installation.keys).rotate(bot_id)

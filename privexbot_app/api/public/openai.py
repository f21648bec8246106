"""Bots for programs that speak OpenAI's chat completions: `model` is a bot's id, the API key one of ours.

The conversation so far comes with each request, as the protocol has it; each is kept as a conversation of its own.
"""

import json
import time
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from privexbot_app.api.allowances import limit_headers
from privexbot_app.api.deps import RuntimeDep, bearer_token, scope_of_program
from privexbot_app.api.guests import count_message, meet
from privexbot_app.api.openai_shapes import ChunkWriter, CompletionRequest, completion_of
from privexbot_app.api.streams import EventStream, last_data
from privexbot_app.domains.bots.schemas import BotView
from privexbot_app.domains.bots.service import BotService
from privexbot_app.domains.conversations.hub import RunHub
from privexbot_app.domains.conversations.schemas import ChatQuestion
from privexbot_app.domains.conversations.service import ConversationService
from privexbot_app.domains.tenancy.api_keys import InvalidKeyError
from privexbot_app.domains.tenancy.key_format import looks_like_key
from privexbot_app.kit.errors import NotFoundError, UnauthenticatedError
from privexbot_app.kit.ids import new_id
from privexbot_app.kit.pagination import LARGEST_PAGE_SIZE, PageParams
from privexbot_app.kit.scope import Scope
from privexbot_app.runtime import Runtime

router = APIRouter(prefix="/v1", tags=["OpenAI-compatible"])


class ModelView(BaseModel):
    """A bot, as a model."""

    id: str
    object: str = "model"
    created: int
    owned_by: str = "privexbot"
    name: str


class ModelList(BaseModel):
    """The bots that the key's workspace has."""

    object: str = "list"
    data: list[ModelView]


@router.post("/chat/completions")
async def complete(body: CompletionRequest, request: Request, installation: RuntimeDep) -> Response:
    """Ask a bot, streamed or whole."""
    _require_key(request)
    try:
        guest = await meet(installation, UUID(body.model), request, channel="api")
    except (ValueError, NotFoundError) as error:
        raise _no_such_model(body.model) from error
    question, history = body.split()
    headers = limit_headers(await count_message(installation, guest, None))
    hub, run_id, created = installation.works.own(RunHub), new_id(), int(time.time())
    hub.require_room(guest.bot.id, installation.capacity)
    conversations = ConversationService(installation.works, installation.keys)
    events = conversations.reply(guest.scope, guest.bot, ChatQuestion(message=question), guest.asker, history=history)
    completion_id = f"chatcmpl-{run_id.hex}"
    if body.stream:
        include_usage = body.stream_options is not None and body.stream_options.include_usage
        writer = ChunkWriter(completion_id, body.model, created, include_usage=include_usage)
        run = await hub.start(guest.scope, guest.bot.id, run_id, events, is_resumable=False, write=writer)
        return EventStream(run.follow(0), headers)
    run = await hub.start(guest.scope, guest.bot.id, run_id, events, is_resumable=False)
    whole: dict[str, Any] = json.loads(await last_data(run.follow(0)))
    return JSONResponse(completion_of(whole, completion_id, body.model, created), headers=headers)


@router.get("/models")
async def list_models(request: Request, response: Response, installation: RuntimeDep) -> ModelList:
    """The bots that the key may ask."""
    scope = await _scope(request, response, installation)
    data: list[ModelView] = []
    cursor: str | None = None
    async with installation.works.open(scope, read_only=True) as work:
        while True:
            params = PageParams(limit=LARGEST_PAGE_SIZE, cursor=cursor)
            page = await BotService(work).list_bots(params, browser_url=installation.browser_url)
            data += [_model_view(bot) for bot in page.items]
            cursor = page.next_cursor
            if cursor is None:
                return ModelList(data=data)


@router.get("/models/{model}")
async def get_model(model: str, request: Request, response: Response, installation: RuntimeDep) -> ModelView:
    """One bot."""
    scope = await _scope(request, response, installation)
    try:
        async with installation.works.open(scope, read_only=True) as work:
            return _model_view(await BotService(work).get_bot(UUID(model), browser_url=installation.browser_url))
    except (ValueError, NotFoundError) as error:
        raise _no_such_model(model) from error


async def _scope(request: Request, response: Response, installation: Runtime) -> Scope:
    scope = await scope_of_program(_require_key(request), response, installation)
    scope.require("bots.chat")
    scope.require("bots.read")
    return scope


def _require_key(request: Request) -> str:
    token = bearer_token(request)
    if not token:
        raise UnauthenticatedError("Send an API key, as “Authorization: Bearer pb_live_…”.", code="invalid_api_key")
    if not looks_like_key(token):
        raise InvalidKeyError
    return token


def _model_view(bot: BotView) -> ModelView:
    return ModelView(id=str(bot.id), created=int(bot.created_at.timestamp()), name=bot.name)


def _no_such_model(model: str) -> NotFoundError:
    return NotFoundError(f"The model “{model[:80]}” does not exist.", code="model_not_found")

"""A bot as a tool for other programs: the Model Context Protocol over HTTP, with the tools `ask` and `search`.

Every request stands alone, so any process may serve it. It needs an API key with `bots.chat`, unless the bot is open.
"""

import json
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response

from privexbot_app.api.deps import RuntimeDep
from privexbot_app.api.guests import Guest, count_message, meet
from privexbot_app.api.streams import Ask, last_data, open_answer
from privexbot_app.domains.conversations.schemas import LONGEST_MESSAGE, ChatQuestion
from privexbot_app.domains.conversations.searching import search_as_bot
from privexbot_app.domains.conversations.service import ConversationService
from privexbot_app.kit.errors import InvalidError, PrivexError, UnauthenticatedError
from privexbot_app.runtime import Runtime

router = APIRouter(prefix="/api/v1/bots", tags=["talking to a bot"])

MOST_PASSAGES = 20
QUESTION = {"type": "string", "minLength": 1, "maxLength": LONGEST_MESSAGE}
ASK_INPUT = {
    "type": "object",
    "properties": {
        "question": {**QUESTION, "description": "The question, in any language."},
        "session_id": {"type": "string", "description": "From an earlier answer, to go on with that conversation."},
    },
    "required": ["question"],
}
SEARCH_INPUT = {
    "type": "object",
    "properties": {
        "query": {**QUESTION, "description": "What to look for."},
        "limit": {"type": "integer", "minimum": 1, "maximum": MOST_PASSAGES, "default": 6},
    },
    "required": ["query"],
}


class McpResponse(Response):
    """Hands the request over to the protocol's own library, with a server that knows this one bot."""

    def __init__(self, server: Any) -> None:
        super().__init__()
        self._server = server

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request."""
        from mcp.server.streamable_http_manager import StreamableHTTPSessionManager  # noqa: PLC0415

        manager = StreamableHTTPSessionManager(self._server, stateless=True, json_response=True)
        async with manager.run():
            await manager.handle_request(scope, receive, send)


@router.post("/{bot_id}/mcp", response_class=Response)
async def serve_mcp(bot_id: UUID, request: Request, installation: RuntimeDep) -> Response:
    """The bot's MCP endpoint (streamable HTTP)."""
    guest = await meet(installation, bot_id, request, channel="mcp")
    if guest.key is None and not guest.bot.config.mcp.is_open:
        raise UnauthenticatedError("This bot takes questions by MCP only with an API key.", code="api_key_required")
    return McpResponse(_server(installation, request, guest))


def _server(installation: Runtime, request: Request, guest: Guest) -> Any:
    from mcp.server.lowlevel import Server  # noqa: PLC0415
    from mcp_types import CallToolRequestParams, CallToolResult, ListToolsResult, TextContent, Tool  # noqa: PLC0415

    name = guest.bot.config.name
    tools = [
        Tool(name="ask", description=f"Ask {name}; it answers from its documents, cited.", input_schema=ASK_INPUT),
        Tool(name="search", description=f"Find passages in what {name} knows.", input_schema=SEARCH_INPUT),
    ]

    async def list_tools(context: Any, params: Any) -> ListToolsResult:
        return ListToolsResult(tools=tools)

    async def call_tool(context: Any, params: CallToolRequestParams) -> CallToolResult:
        try:
            made = await _call(installation, request, guest, params.name, params.arguments or {})
        except PrivexError as error:
            return CallToolResult(content=[TextContent(type="text", text=error.message)], is_error=True)
        return CallToolResult(content=[TextContent(type="text", text=made[0])], structured_content=made[1])

    return Server(
        "privexbot",
        version=installation.version,
        title=name,
        instructions=guest.bot.config.description or None,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )


async def _call(
    installation: Runtime, request: Request, guest: Guest, tool: str, arguments: dict[str, Any]
) -> tuple[str, dict[str, Any]]:
    if tool == "ask":
        return await _ask(installation, request, guest, arguments)
    if tool == "search":
        return await _search(installation, guest, arguments)
    raise InvalidError("There is no such tool.", code="unknown_tool")


async def _ask(
    installation: Runtime, request: Request, guest: Guest, arguments: dict[str, Any]
) -> tuple[str, dict[str, Any]]:
    question = ChatQuestion(message=_text(arguments, "question"), session_id=_session(arguments))
    conversations = ConversationService(installation.works, installation.keys)
    session = conversations.find_session(guest.bot.id, question.session_id, guest.asker)
    await count_message(installation, guest, session)
    ask = Ask(
        scope=guest.scope,
        owner_id=guest.bot.id,
        words=question.message,
        begin=lambda: conversations.reply(guest.scope, guest.bot, question, guest.asker),
        is_streamed=False,
    )
    whole = json.loads(await last_data(await open_answer(request, installation, ask)))
    kept = {name: whole[name] for name in ("session_id", "message_id", "response", "citations")}
    sources = [f"[{one['index']}] {one['title']}: “{one['snippet']}”" for one in whole["citations"]]
    return "\n".join([whole["response"], *sources]), kept


async def _search(installation: Runtime, guest: Guest, arguments: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    limit = arguments.get("limit", 6)
    if not isinstance(limit, int) or not 1 <= limit <= MOST_PASSAGES:
        raise InvalidError(f"The limit is a number from 1 to {MOST_PASSAGES}.", code="invalid_arguments")
    await count_message(installation, guest, None)
    found = await search_as_bot(installation.works, guest.scope, guest.bot, _text(arguments, "query"), limit=limit)
    passages = [
        {"title": one.document_name, "text": one.text, "page": one.page, "url": one.url, "score": one.score}
        for one in found
    ]
    text = "\n\n".join(f"{passage['title']}\n{passage['text']}" for passage in passages)
    return text or "Nothing was found.", {"passages": passages}


def _text(arguments: dict[str, Any], name: str) -> str:
    text = arguments.get(name)
    if not isinstance(text, str) or not 0 < len(text) <= LONGEST_MESSAGE:
        raise InvalidError(f"“{name}” is a text of 1 to {LONGEST_MESSAGE} characters.", code="invalid_arguments")
    return text


def _session(arguments: dict[str, Any]) -> str | None:
    session = arguments.get("session_id")
    return session if isinstance(session, str) and len(session) <= 512 else None

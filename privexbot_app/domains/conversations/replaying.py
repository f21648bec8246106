"""Hold a past conversation again with a draft, to see where it answers otherwise. Leaves nothing behind."""

from contextlib import aclosing
from uuid import UUID

from pydantic import BaseModel

from privexbot_app.domains.bots.schemas import BotConfig
from privexbot_app.domains.conversations.schemas import ChatQuestion
from privexbot_app.domains.conversations.service import ConversationService
from privexbot_app.kit.scope import Scope

MOST_TURNS = 30


class ReplayedTurn(BaseModel):
    """One question with the answer of then and of now. error: why there is none now."""

    question: str
    before: str
    after: str
    is_same: bool
    path: list[str]
    error: str = ""


async def replay_conversation(
    conversations: ConversationService, scope: Scope, draft_id: UUID, config: BotConfig, conversation_id: UUID
) -> list[ReplayedTurn]:
    """Ask the draft what the visitor asked, in order, in one session; at most the first 30 turns.

    Needs `conversations.read`. Raises NotFoundError (`conversation_not_found`).
    """
    turns = []
    session: str | None = None
    for question, before in (await conversations.list_exchanges(scope, conversation_id))[:MOST_TURNS]:
        asked = ChatQuestion(message=question, session_id=session)
        after, error, path = "", "", list[str]()
        async with aclosing(conversations.preview(scope, draft_id, config, asked)) as events:
            async for event in events:
                match event.name:
                    case "node.finished":
                        path.append(event.data["node_id"])
                    case "run.finished":
                        after, session = event.data["response"], event.data["session_id"]
                    case "error":
                        error = event.data["message"]
        is_same = not error and _words(before) == _words(after)
        turns.append(
            ReplayedTurn(question=question, before=before, after=after, is_same=is_same, path=path, error=error)
        )
    return turns


def _words(text: str) -> list[str]:
    return text.split()

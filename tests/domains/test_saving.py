"""Exchanges are written together and remembered; one that cannot be written harms no other."""

import asyncio
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError

from privexbot_app.domains.bots.live import PublicBot, load_public_bot
from privexbot_app.domains.conversations.models import Conversation, Message
from privexbot_app.domains.conversations.remembering import MOST_KEPT, forget_turns, recall_turns
from privexbot_app.domains.conversations.saving import Exchange, Scribe
from privexbot_app.domains.conversations.sessions import SessionTokens
from privexbot_app.kit.ids import new_id
from privexbot_app.kit.unit_of_work import RaceLostError
from tests.api.test_story import make_base, make_bot
from tests.domains.test_conversations import FREE, Talk
from tests.installation import ON_BOTH_DATABASES, Installation, Person


@pytest.fixture
async def talk(installation: Installation, ann: Person) -> Talk:
    bot = await make_bot(installation, ann, await make_base(installation, ann), **FREE)
    return Talk(installation, bot["bot_id"])


@pytest.fixture
async def public(talk: Talk) -> PublicBot:
    return await load_public_bot(talk.installation.works, UUID(talk.bot_id), talk.installation.runtime.keys)


def exchange_of(public: PublicBot, *, is_new: bool = True, **changes: Any) -> Exchange:
    conversation = {
        "id": new_id(),
        "workspace_id": public.scope.workspace_id,
        "bot_id": public.bot.id,
        "bot_version": 1,
        **changes,
    }
    common = {"workspace_id": public.scope.workspace_id, "conversation_id": conversation["id"]}
    messages = [{**common, "id": new_id(), "role": role, "content": "x"} for role in ("visitor", "bot")]
    return Exchange(public.scope, conversation, messages, is_new=is_new)


async def count(talk: Talk, public: PublicBot, model: Any) -> int:
    async with talk.installation.works.open(public.scope, read_only=True) as work:
        return (await work.session.execute(select(func.count(model.id)))).scalar_one()


@ON_BOTH_DATABASES
async def test_what_is_said_at_the_same_moment_is_all_kept(talk: Talk, public: PublicBot):
    scribe = talk.installation.works.own(Scribe)
    await asyncio.gather(*(scribe.save(exchange_of(public)) for _ in range(250)))
    assert await count(talk, public, Conversation) == 250
    assert await count(talk, public, Message) == 500


@ON_BOTH_DATABASES
async def test_an_exchange_that_cannot_be_written_harms_no_other(talk: Talk, public: PublicBot):
    scribe = talk.installation.works.own(Scribe)
    good = [exchange_of(public) for _ in range(5)]
    bad = exchange_of(public, bot_id=uuid4())
    results = await asyncio.gather(*(scribe.save(one) for one in [*good[:2], bad, *good[2:]]), return_exceptions=True)
    assert [index for index, result in enumerate(results) if result is not None] == [2]
    assert isinstance(results[2], IntegrityError | RaceLostError)
    assert await count(talk, public, Message) == 10


@ON_BOTH_DATABASES
async def test_a_conversation_that_was_deleted_meanwhile_begins_anew(talk: Talk, public: PublicBot):
    scribe, first = talk.installation.works.own(Scribe), exchange_of(public)
    await scribe.save(first)
    async with talk.installation.works.open(public.scope) as work:
        await work.session.execute(delete(Conversation).where(Conversation.id == first.conversation["id"]))
    second = [{**message, "id": new_id()} for message in first.messages]
    await scribe.save(replace(first, messages=second, is_new=False))
    assert (await count(talk, public, Conversation), await count(talk, public, Message)) == (1, 2)


async def test_a_talk_is_remembered_with_redis_and_without(talk: Talk, public: PublicBot):
    works, session = talk.installation.works, None
    for number in range(3):
        session = (await talk.say(f"Message {number}.", session_id=session)).json()["session_id"]
    conversation_id = SessionTokens(talk.installation.runtime.keys).read(session, UUID(talk.bot_id))
    assert conversation_id is not None
    kept = await recall_turns(works, public.scope, conversation_id, 10)
    assert kept is not None
    assert [turn.content for turn in kept] == ["Message 0.", "Yes.", "Message 1.", "Yes.", "Message 2.", "Yes."]
    assert await recall_turns(works, public.scope, conversation_id, MOST_KEPT + 1) is None
    await forget_turns(works, public.scope, conversation_id)
    assert await recall_turns(works, public.scope, conversation_id, 10) is None
    await talk.say("And now?", session_id=session)
    said = [message.content for message in talk.model.requests[-1].messages]
    assert said[1:7] == [turn.content for turn in kept]
    again = await recall_turns(works, public.scope, conversation_id, 3)
    assert again is not None
    assert [turn.content for turn in again] == ["Yes.", "And now?", "Yes."]

"""Answers: whole or streamed, in a session of one's own, whatever the model does."""

import asyncio
import json
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

from privexbot_app.domains.bots.live import load_public_bot
from privexbot_app.domains.bots.schemas import LiveBot
from privexbot_app.domains.conversations.models import Conversation, Message
from privexbot_app.domains.conversations.schemas import ChatEvent, ChatQuestion
from privexbot_app.domains.conversations.service import ConversationService
from privexbot_app.domains.conversations.sessions import SessionTokens
from privexbot_app.integrations.llms.base import ModelTimeoutError, ModelUnreachableError
from privexbot_app.kit.crypto import KeyRing
from privexbot_app.kit.database import SystemScope
from tests.api.test_story import HANDBOOK, make_base, make_bot
from tests.fakes import ScriptedModel
from tests.installation import ON_BOTH_DATABASES, Installation, Person

QUESTION = "What does a berth for one night cost?"
FREE = {"llm": {"provider": "scripted"}, "grounding": "flexible"}


class Talk:
    """A bot whose model follows a script, and a visitor."""

    def __init__(self, installation: Installation, bot_id: str) -> None:
        self.installation, self.bot_id = installation, bot_id
        self.path = f"/api/v1/bots/{bot_id}"

    @property
    def model(self) -> ScriptedModel:
        return self.installation.works.plugins.llms.get("scripted")  # type: ignore[return-value]

    async def say(self, message: str = QUESTION, headers: dict[str, str] | None = None, **fields: object):
        body = {"message": message, **fields}
        return await self.installation.http.post(f"{self.path}/chat", json=body, headers=headers)

    async def stream(self, message: str = QUESTION, **fields: object) -> list[tuple[str, dict]]:
        response = await self.say(message, stream=True, **fields)
        assert response.status_code == 200, response.text
        assert response.headers["content-type"].startswith("text/event-stream")
        blocks = [block.split("\n") for block in response.text.strip().split("\n\n")]
        return [(lines[0].removeprefix("event: "), json.loads(lines[2].removeprefix("data: "))) for lines in blocks]

    async def history(self, session_id: str) -> list[dict]:
        response = await self.installation.http.get(f"{self.path}/history", params={"session_id": session_id})
        return response.json()["items"]

    async def open(self) -> tuple[AsyncIterator[ChatEvent], LiveBot]:
        works, keys = self.installation.works, self.installation.runtime.keys
        public = await load_public_bot(works, UUID(self.bot_id), keys)
        return ConversationService(works, keys).reply(
            public.scope, public.bot, ChatQuestion(message=QUESTION)
        ), public.bot


@pytest.fixture
async def talk(installation: Installation, ann: Person) -> Talk:
    bot = await make_bot(installation, ann, await make_base(installation, ann), **FREE)
    return Talk(installation, bot["bot_id"])


async def count(installation: Installation, model) -> int:
    async with installation.works.open(SystemScope("test"), read_only=True) as work:
        return (await work.session.execute(select(func.count(model.id)))).scalar_one()


@ON_BOTH_DATABASES
async def test_a_conversation_is_remembered_and_is_ones_own(talk: Talk):
    first = (await talk.say("My name is Kim.")).json()
    second = (await talk.say("What is my name?", session_id=first["session_id"])).json()
    assert second["session_id"] == first["session_id"]
    said = [(message.role, message.content) for message in talk.model.requests[-1].messages]
    assert ("user", "My name is Kim.") in said
    assert [turn["role"] for turn in await talk.history(first["session_id"])] == ["visitor", "bot"] * 2
    other = (await talk.say("What is my name?")).json()
    assert all("Kim" not in message.content for message in talk.model.requests[-1].messages)
    assert len(await talk.history(other["session_id"])) == 2


@ON_BOTH_DATABASES
async def test_memory_is_as_long_as_the_bot_is_told(installation, ann):
    for limit, remembered in ((0, 0), (2, 2)):
        bot = await make_bot(
            installation, ann, await make_base(installation, ann), **FREE, memory={"max_messages": limit}
        )
        talk = Talk(installation, bot["bot_id"])
        session = None
        for number in range(3):
            session = (await talk.say(f"Message {number}.", session_id=session)).json()["session_id"]
        assert len(talk.model.requests[-1].messages) == 2 + remembered


async def test_a_guessed_session_starts_a_new_one(talk: Talk):
    own = (await talk.say()).json()["session_id"]
    foreign = SessionTokens(KeyRing(b"z" * 48)).issue(uuid4(), UUID(talk.bot_id))
    other_bot = SessionTokens(talk.installation.runtime.keys).issue(uuid4(), uuid4())
    flipped = ("A" if own[0] != "A" else "B") + own[1:]
    for guess in ("", "x", "é", own[:-2], own + "A", flipped, foreign, other_bot, str(uuid4()), "A" * 43):
        answer = (await talk.say(session_id=guess)).json()
        assert answer["session_id"] not in (guess, own)
        assert await talk.history(guess) == []
    assert len(await talk.history(own)) == 2


async def test_an_answer_can_be_rated_by_its_own_visitor_alone(talk: Talk):
    mine, theirs = (await talk.say()).json(), (await talk.say()).json()

    async def rate(session_id: str, message_id: str) -> int:
        body = {"session_id": session_id, "message_id": message_id, "rating": "up"}
        return (await talk.installation.http.post(f"{talk.path}/feedback", json=body)).status_code

    assert await rate(mine["session_id"], mine["message_id"]) == 204
    assert await rate(mine["session_id"], theirs["message_id"]) == 404
    assert await rate("x", mine["message_id"]) == 404


FAILURES = {
    "down": (ModelUnreachableError("The language model did not answer. Please try again."), 502, "model_unreachable"),
    "slow": (ModelTimeoutError("The language model took too long. Please try again."), 502, "model_timeout"),
    "our mistake": (ZeroDivisionError("at line 7"), 500, "internal"),
}


@ON_BOTH_DATABASES
@pytest.mark.parametrize(("failure", "status", "code"), FAILURES.values(), ids=FAILURES.keys())
@pytest.mark.parametrize("said", [[], ["Twenty-"]], ids=["at once", "in the middle"])
async def test_a_model_that_fails_ends_in_a_sentence_and_a_log_line(talk, caplog, failure, status, code, said):
    failure.__cause__ = OSError("connection refused by 10.0.0.7")
    talk.model.script = [*said, failure]
    whole = await talk.say()
    assert (whole.status_code, whole.json()["code"]) == (status, code)
    events = await talk.stream()
    assert [name for name, _ in events] == ["run.started", *["token" for _ in said], "error"]
    error = events[-1][1]
    assert (error["code"], error["message"][-1]) == (code, ".")
    assert "10.0.0.7" not in json.dumps(events) + whole.text
    assert "line 7" not in json.dumps(events) + whole.text
    logged = " ".join(str(record.msg) for record in caplog.records)
    assert "connection refused by 10.0.0.7" in logged or "at line 7" in logged
    assert QUESTION not in logged
    saved = await talk.history(events[0][1]["session_id"])
    assert [turn["content"] for turn in saved] == [QUESTION, *said]


@ON_BOTH_DATABASES
async def test_odd_output_of_a_model_is_shown_and_kept_without_harm(talk: Talk):
    talk.model.script = ["a\x00b ", "half \ud83d ", "<script>x</script> ", "[99] [0] [-1] ", "‮ok"]
    events = await talk.stream()
    assert events[-1][0] == "run.finished"
    whole = events[-1][1]
    assert whole["citations"] == []
    assert "\x00" not in whole["response"]
    assert (await talk.history(whole["session_id"]))[-1]["content"] == whole["response"]


@ON_BOTH_DATABASES
async def test_a_visitor_who_leaves_stops_the_model_and_what_was_said_is_kept(talk: Talk):
    talk.model.script = ["Twenty-", asyncio.Event(), "four"]
    events, _ = await talk.open()
    started = await anext(events)
    assert (await anext(events)).data == {"delta": "Twenty-"}
    waiting = asyncio.ensure_future(anext(events))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await events.aclose()
    assert talk.model.was_stopped
    saved = await talk.history(started.data["session_id"])
    assert [turn["content"] for turn in saved] == [QUESTION, "Twenty-"]


async def test_an_answer_that_cannot_be_saved_ends_the_stream_with_an_error(talk: Talk, monkeypatch):
    async def fail(self, *arguments, **options):
        raise OSError("disk full")

    monkeypatch.setattr(ConversationService, "save", fail)
    events = await talk.stream()
    assert events[-1] == ("error", {**events[-1][1], "code": "internal"})


async def test_strict_grounding_refuses_without_asking_the_model(installation: Installation, ann: Person):
    bot = await make_bot(installation, ann, await make_base(installation, ann), llm={"provider": "scripted"})
    talk = Talk(installation, bot["bot_id"])
    answer = (await talk.say("Who won the chess championship of 1972 in Reykjavik?")).json()
    assert answer["citations"] == []
    assert answer["response"]
    assert talk.model.requests == []


@ON_BOTH_DATABASES
async def test_a_citation_points_at_its_very_words(installation, ann, talk: Talk):
    talk.model.script = ["A berth for one night costs 24 euros [1]."]
    events = await talk.stream()
    whole = events[-1][1]
    [citation] = whole["citations"]
    assert [data for name, data in events if name == "citation"] == [citation]
    bases = (await installation.http.get("/api/v1/kb", headers=ann.headers)).json()["items"]
    path = f"/api/v1/kb/{bases[0]['id']}/documents/{citation['document_id']}/text"
    text = (await installation.http.get(path, headers=ann.headers)).json()["text"]
    assert 0 <= citation["start"] < citation["end"] <= len(text)
    assert "24 euros" in text[citation["start"] : citation["end"]]
    assert "24 euros" in HANDBOOK
    assert whole["usage"] == {"prompt_tokens": 7, "completion_tokens": 3}


@ON_BOTH_DATABASES
async def test_trying_a_draft_remembers_the_talk_and_leaves_no_row(installation, ann):
    base_id = await make_base(installation, ann)
    body = {"name": "x", "knowledge_bases": [{"kb_id": base_id}], **FREE}
    draft = (await installation.http.post("/api/v1/chatbots/draft", json=body, headers=ann.headers)).json()
    path = f"/api/v1/chatbots/draft/{draft['draft_id']}/test"
    model = installation.works.plugins.llms.get("scripted")
    session = None
    for message in ("My name is Kim.", "What is my name?"):
        response = await installation.http.post(
            path, json={"message": message, "session_id": session}, headers=ann.headers
        )
        session = response.json()["session_id"]
    assert any("Kim" in message.content for message in model.requests[-1].messages)
    assert (await count(installation, Conversation), await count(installation, Message)) == (0, 0)


@ON_BOTH_DATABASES
async def test_messages_that_cannot_be_answered_are_refused_by_name(talk: Talk):
    for message, status, code in (
        ("", 422, "validation_failed"),
        (" \n\t", 422, "empty_message"),
        ("x" * 8001, 422, "validation_failed"),
        ("x" * 1_000_000, 413, "too_large"),
        ("nul \x00 inside", 422, "unstorable_text"),
    ):
        for is_streamed in (False, True):
            response = await talk.say(message, stream=is_streamed)
            assert (response.status_code, response.json()["code"]) == (status, code), message[:20]
    assert await count(talk.installation, Conversation) == 0


async def test_a_body_that_grows_past_the_limit_without_saying_so_is_cut_off(talk: Talk):
    async def endless():
        for _ in range(100):
            yield b" " * 10_000

    response = await talk.installation.http.post(
        f"{talk.path}/chat", content=endless(), headers={"Content-Type": "application/json"}
    )
    assert (response.status_code, response.json()["code"]) == (413, "too_large")


async def test_a_bot_that_does_not_exist_is_not_found(installation: Installation):
    for bot_id in (uuid4(), "x"):
        for method, path in (("GET", "config"), ("POST", "chat")):
            response = await installation.http.request(
                method, f"/api/v1/bots/{bot_id}/{path}", json={"message": "Hello?"} if method == "POST" else None
            )
            assert response.status_code == 404


async def test_only_allowed_websites_may_embed_the_bot(installation: Installation, ann: Person):
    base_id = await make_base(installation, ann)
    bot = await make_bot(installation, ann, base_id, **FREE, allowed_origins=["https://shop.example"])
    talk = Talk(installation, bot["bot_id"])
    for origin, status in (
        ("https://shop.example", 200),
        ("https://evil.example", 403),
        ("null", 403),
        ("http://localhost:8000", 200),  # our own hosted page
    ):
        response = await talk.say(headers={"Origin": origin})
        assert response.status_code == status, origin
        assert response.headers["access-control-allow-origin"] == "*"  # the widget can read the refusal
    assert (await talk.say()).status_code == 200  # programs send no origin


async def test_the_sixty_first_message_of_a_minute_waits(talk: Talk):
    talk.model.script = ["Yes."]
    key = f"limit:chat:{talk.bot_id}:127.0.0.1"
    assert (await talk.say()).status_code == 200
    await talk.installation.works.redis.set(key, 60, keepttl=True)
    response = await talk.say()
    assert (response.status_code, response.json()["code"]) == (429, "rate_limited")
    assert 0 < int(response.headers["retry-after"]) <= 60


async def test_a_bot_whose_knowledge_was_deleted_still_answers(installation, ann, talk: Talk):
    bases = (await installation.http.get("/api/v1/kb", headers=ann.headers)).json()["items"]
    await installation.http.delete(f"/api/v1/kb/{bases[0]['id']}", headers=ann.headers)
    assert (await talk.say()).json()["response"] == "Yes."

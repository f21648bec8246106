"""Answers that outlive their reader: cut, resumed, asked again, stopped; in this process and in another one."""

import asyncio
import json
from typing import Any
from uuid import UUID, uuid4

import pytest

from privexbot_app import runtime
from privexbot_app.bootstrap import build_runtime
from privexbot_app.domains.bots.live import load_public_bot
from privexbot_app.domains.conversations import runs
from privexbot_app.domains.conversations.hub import Capacity, RunHub
from privexbot_app.settings import Settings
from tests.api.test_story import make_base, make_bot
from tests.domains.test_conversations import FREE, QUESTION, Talk
from tests.installation import Installation, Person
from tests.line import Event, Line, opened


@pytest.fixture
async def talk(installation: Installation, ann: Person) -> Talk:
    bot = await make_bot(installation, ann, await make_base(installation, ann), **FREE)
    return Talk(installation, bot["bot_id"])


def ask(talk: Talk, message: str = QUESTION, **headers: str) -> Any:
    body = {"message": message, "stream": True}
    return opened(talk.installation, "POST", f"{talk.path}/chat", body, **headers)


async def take(line: Line, count: int) -> list[Event]:
    """The next events of a line, which is cut then."""
    taken = []
    async for event in line.events():
        taken.append(event)
        if len(taken) == count:
            break
    await line.cut()
    return taken


async def the_rest(line: Line) -> list[Event]:
    return [event async for event in line.events()]


async def let_go_on(gate: asyncio.Event) -> None:
    gate.set()
    await asyncio.sleep(0)


async def test_a_visitor_on_a_train_gets_every_word_once(talk: Talk):
    gates = [asyncio.Event() for _ in range(10)]
    words = [f"word{number}." for number in range(11)]
    talk.model.script = [words[0]]
    for gate, word in zip(gates, words[1:], strict=True):
        talk.model.script += [gate, word]
    seen = await take(await ask(talk), 2)
    for gate in gates:
        await let_go_on(gate)
        line = await ask(talk, last_event_id=seen[-1].id)
        assert line.status == 200
        seen += await take(line, 1)
    seen += await the_rest(await ask(talk, last_event_id=seen[-1].id))

    assert [event.id for event in seen] == [f"{seen[0].data['run_id']}.{n}" for n in range(1, len(seen) + 1)]
    assert [event.data["delta"] for event in seen if event.name == "token"] == words
    whole = seen[-1].data
    assert (seen[-1].name, whole["response"]) == ("run.finished", "".join(words))
    assert len(talk.model.requests) == 1
    history = await talk.history(whole["session_id"])
    assert [turn["content"] for turn in history] == [QUESTION, "".join(words)]


async def test_an_answer_goes_on_without_its_reader_and_is_saved_whole(talk: Talk):
    gate = asyncio.Event()
    talk.model.script = ["One", gate, " two."]
    [started, _] = await take(await ask(talk), 2)
    await let_go_on(gate)
    line = await opened(
        talk.installation, "GET", f"{talk.path}/runs/{started.data['run_id']}", accept="text/event-stream"
    )
    assert [event.data["delta"] for event in await the_rest(line) if event.name == "token"] == ["One", " two."]
    assert [turn["content"] for turn in await talk.history(started.data["session_id"])] == [QUESTION, "One two."]


async def test_another_process_has_the_rest_of_a_run(talk: Talk, redis_url: str):
    other = build_runtime(_settings_like(talk.installation, redis_url))
    public = await load_public_bot(talk.installation.works, UUID(talk.bot_id), other.keys)
    gate = asyncio.Event()
    talk.model.script = ["One", gate, " two."]
    seen = await take(await ask(talk), 2)
    run_id = UUID(seen[0].data["run_id"])
    pieces = await other.works.own(RunHub).resume(public.scope, UUID(talk.bot_id), run_id, after=1)
    first = await anext(pieces)
    await let_go_on(gate)
    rest = first + b"".join([piece async for piece in pieces])
    assert b"event: run.started" not in rest
    assert [json.loads(line[6:]) for line in rest.decode().split("\n") if line.startswith('data: {"delta"')] == [
        {"delta": "One"},
        {"delta": " two."},
    ]
    assert b"event: run.finished" in rest
    again = await other.works.own(RunHub).resume(public.scope, UUID(talk.bot_id), run_id, after=99)
    assert b"event" not in b"".join([piece async for piece in again])
    await other.close()


def _settings_like(installation: Installation, redis_url: str) -> Settings:
    folder = installation.works.sessions.kw["bind"].url.database.rsplit("/", 1)[0]
    return Settings(data_dir=folder, redis_url=redis_url, default_vector_store="memory", default_embedding="hash")


async def test_a_run_whose_process_died_ends_in_words(talk: Talk, monkeypatch):
    monkeypatch.setattr(runs, "HEARTBEAT_SECONDS", 0)
    monkeypatch.setattr(runs, "BLOCK_SECONDS", 1)
    public = await load_public_bot(talk.installation.works, UUID(talk.bot_id), talk.installation.runtime.keys)
    run_id = uuid4()
    key = public.scope.key("run", UUID(talk.bot_id).hex, run_id.hex)
    await talk.installation.works.redis.xadd(key, {"e": "event: token\nid: x.1\ndata: {}\n\n"}, id="1-0")
    pieces = await talk.installation.works.own(RunHub).resume(public.scope, UUID(talk.bot_id), run_id, after=0)
    told = [piece async for piece in pieces]
    assert told[0].startswith(b"event: token")
    assert told[-1].startswith(b"event: error\nid: " + run_id.hex.encode() + b".2\n")


async def test_a_run_of_another_bot_is_not_found(talk: Talk, installation: Installation, ann: Person, bob: Person):
    [started, *_] = await the_rest(await ask(talk))
    run_id = started.data["run_id"]
    for person in (ann, bob):
        bot = await make_bot(installation, person, await make_base(installation, person), **FREE)
        response = await installation.http.get(f"/api/v1/bots/{bot['bot_id']}/runs/{run_id}")
        assert (response.status_code, response.json()["code"]) == (404, "run_not_found")
    for last in ("nonsense", f"{uuid4().hex}.3", f"{run_id}.x", "1"):
        response = await talk.say(headers={"Last-Event-ID": last})
        assert (response.status_code, response.json()["code"]) == (404, "run_not_found")


async def test_an_answer_that_is_over_can_be_read_again_as_json(talk: Talk):
    events = await the_rest(await ask(talk))
    response = await talk.installation.http.get(f"{talk.path}/runs/{events[0].data['run_id']}")
    assert response.json() == events[-1].data


async def test_the_same_key_and_question_get_the_same_answer_once(talk: Talk):
    key = {"Idempotency-Key": f"key-{uuid4()}"}
    first, second = await talk.say(headers=key), await talk.say(headers=key)
    assert first.json() == second.json()
    assert len(talk.model.requests) == 1
    streamed = [event async for event in (await ask(talk, idempotency_key=key["Idempotency-Key"])).events()]
    assert streamed[-1].data == first.json()
    assert len(await talk.history(first.json()["session_id"])) == 2


async def test_the_same_key_at_the_same_moment_asks_the_model_once(talk: Talk):
    key, gate = f"key-{uuid4()}", asyncio.Event()
    talk.model.script = ["One", gate, " two."]
    lines = await asyncio.gather(*(ask(talk, idempotency_key=key) for _ in range(5)))
    await let_go_on(gate)
    answers = await asyncio.gather(*(the_rest(line) for line in lines))
    assert len({events[-1].data["message_id"] for events in answers}) == 1
    assert len(talk.model.requests) == 1


async def test_a_key_with_another_question_is_refused(talk: Talk):
    key = {"Idempotency-Key": f"key-{uuid4()}"}
    assert (await talk.say(headers=key)).status_code == 200
    response = await talk.say("Something else?", headers=key)
    assert (response.status_code, response.json()["code"]) == (409, "idempotency_key_reused")
    for bad in ("short", "x" * 201, "with space"):
        response = await talk.say(headers={"Idempotency-Key": bad})
        assert (response.status_code, response.json()["code"]) == (422, "invalid_idempotency_key")


async def test_a_key_whose_question_was_refused_is_free_again(talk: Talk):
    key = {"Idempotency-Key": f"key-{uuid4()}"}
    assert (await talk.say(" ", headers=key)).json()["code"] == "empty_message"
    assert (await talk.say(headers=key)).status_code == 200


async def test_stopping_keeps_what_was_said(talk: Talk):
    talk.model.script = ["One", asyncio.Event(), " two."]
    line = await ask(talk)
    events = line.events()
    started, _ = await anext(events), await anext(events)
    path = f"{talk.path}/runs/{started.data['run_id']}"
    assert (await talk.installation.http.delete(path)).status_code == 204
    last = [event async for event in events][-1]
    assert (last.name, last.data["code"]) == ("error", "run_stopped")
    assert talk.model.was_stopped
    assert [turn["content"] for turn in await talk.history(started.data["session_id"])] == [QUESTION, "One"]


async def test_another_process_can_stop_a_run(talk: Talk, redis_url: str):
    talk.model.script = ["One", asyncio.Event(), " two."]
    other = build_runtime(_settings_like(talk.installation, redis_url))
    public = await load_public_bot(talk.installation.works, UUID(talk.bot_id), other.keys)
    line = await ask(talk)
    events = line.events()
    started = await anext(events)
    await other.works.own(RunHub).stop(public.scope, UUID(talk.bot_id), UUID(started.data["run_id"]))
    assert [event.name async for event in events][-1] == "error"
    await other.close()


async def test_nobody_listening_for_long_ends_a_run(talk: Talk, monkeypatch):
    monkeypatch.setattr(runs, "UNHEARD_SECONDS", 0)
    talk.model.script = ["One", asyncio.Event(), " two."]
    [started, _] = await take(await ask(talk), 2)
    line = await opened(
        talk.installation, "GET", f"{talk.path}/runs/{started.data['run_id']}", accept="text/event-stream"
    )
    assert (await the_rest(line))[-1].data["code"] == "run_stopped"
    assert [turn["content"] for turn in await talk.history(started.data["session_id"])] == [QUESTION, "One"]


async def test_a_silent_model_is_covered_by_heartbeats(talk: Talk, monkeypatch):
    monkeypatch.setattr(runs, "HEARTBEAT_SECONDS", 0.01)
    gate = asyncio.Event()
    talk.model.script = [gate, "Yes."]
    pieces = (await ask(talk)).pieces()
    assert b"run.started" in await anext(pieces)
    assert await anext(pieces) == runs.HEARTBEAT
    gate.set()


@pytest.mark.parametrize(("capacity", "status"), [(Capacity(1, 9), 503), (Capacity(9, 1), 503), (Capacity(2, 2), 200)])
async def test_one_answer_too_many_is_told_to_come_back(talk: Talk, capacity: Capacity, status: int):
    object.__setattr__(runtime.current(), "capacity", capacity)
    gate = asyncio.Event()
    talk.model.script = ["One", gate, " two."]
    line = await ask(talk)
    if status == 200:
        gate.set()
    response = await talk.say(stream=True)
    assert response.status_code == status
    if status == 503:
        assert response.json()["code"] == "too_busy"
        assert int(response.headers["retry-after"]) > 0
    gate.set()
    await the_rest(line)
    assert talk.installation.works.own(RunHub).open_count == 0
    assert (await talk.say()).status_code == 200


async def test_the_owner_words_the_limit_and_programs_see_what_is_left(installation: Installation, ann: Person):
    limits = {"per_visitor": 2, "per_address": 50, "message": "Slow down, sailor."}
    bot = await make_bot(installation, ann, await make_base(installation, ann), **FREE, limits=limits)
    talk = Talk(installation, bot["bot_id"])
    first = await talk.say()
    assert (first.headers["ratelimit-limit"], first.headers["ratelimit-remaining"]) == ("50", "49")
    session = first.json()["session_id"]
    for remaining in ("1", "0"):
        assert (await talk.say(session_id=session)).headers["ratelimit-remaining"] == remaining
    refused = await talk.say(session_id=session)
    assert (refused.status_code, refused.json()["detail"]) == (429, "Slow down, sailor.")
    assert (refused.headers["ratelimit-limit"], refused.headers["ratelimit-remaining"]) == ("2", "0")
    assert 0 < int(refused.headers["retry-after"]) <= 60
    assert (await talk.say()).status_code == 200  # another visitor of the same address


async def test_a_draft_on_trial_can_be_resumed_too(installation: Installation, ann: Person):
    body = {"name": "x", "knowledge_bases": [], **FREE}
    draft = (await installation.http.post("/api/v1/chatbots/draft", json=body, headers=ann.headers)).json()
    path = f"/api/v1/chatbots/draft/{draft['draft_id']}/test"
    question = {"message": "Hello?", "stream": True}
    seen = await take(await opened(installation, "POST", path, question, **ann.headers), 2)
    seen += await the_rest(await opened(installation, "POST", path, question, last_event_id=seen[-1].id, **ann.headers))
    assert [event.id.rsplit(".")[-1] for event in seen] == [str(n) for n in range(1, len(seen) + 1)]
    assert seen[-1].name == "run.finished"

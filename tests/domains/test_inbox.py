"""The team's inbox: found by words and filters, page by page, tagged, closed, taken along; and answering in person."""

import asyncio
import csv
import io
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import pytest

from privexbot_app.domains.bots.live import load_public_bot
from privexbot_app.domains.conversations.holding import find_holder
from privexbot_app.domains.conversations.live import LiveHub, follow
from privexbot_app.domains.conversations.service import ConversationService
from tests.api.test_story import make_base, make_bot
from tests.domains.test_conversations import FREE, Talk
from tests.domains.test_webhooks import Ear, hook, listening
from tests.flow.drawing import flow
from tests.installation import ON_BOTH_DATABASES, Installation, Person, installed

INBOX = "/api/v1/conversations"


class Desk:
    """A teammate at work."""

    def __init__(self, installation: Installation, person: Person) -> None:
        self.installation, self.person = installation, person

    async def ask(self, method: str, path: str = "", body: Any = None, **params: Any) -> Any:
        response = await self.try_(method, path, body, **params)
        assert response.is_success, response.text
        return response.json()

    async def try_(self, method: str, path: str = "", body: Any = None, **params: Any) -> Any:
        return await self.installation.http.request(
            method, f"{INBOX}{path}", json=body, params=params, headers=self.person.headers
        )

    async def ids(self, **params: Any) -> list[str]:
        return [item["id"] for item in (await self.ask("GET", **params))["items"]]

    async def newest(self) -> str:
        return (await self.ids())[0]


@pytest.fixture
async def desk(installation: Installation, ann: Person) -> Desk:
    return Desk(installation, ann)


@pytest.fixture
async def talk(installation: Installation, ann: Person) -> Talk:
    bot = await make_bot(installation, ann, await make_base(installation, ann), **FREE)
    return Talk(installation, bot["bot_id"])


async def make_flow(installation: Installation, person: Person) -> Talk:
    """A bot that brings a person in and says what they have found out."""
    graph = flow(
        "start > person, person > back",
        person=("handoff", {"message": "One moment."}),
        back=("reply", {"text": "My colleague says: {{person.note}}"}),
    )
    fields = {"name": "Flow", "graph": graph.model_dump(mode="json")}
    draft = await installation.http.post("/api/v1/chatflows/draft", json=fields, headers=person.headers)
    path = f"/api/v1/chatflows/draft/{draft.json()['draft_id']}/deploy"
    made = await installation.http.post(path, headers=person.headers)
    assert made.status_code == 201, made.text
    return Talk(installation, made.json()["bot_id"])


class Listener:
    """A visitor's open connection to the events of their conversation."""

    def __init__(self, talk: Talk, session_id: str, after: UUID | None = None) -> None:
        self._talk, self._session, self._after = talk, session_id, after

    async def __aenter__(self) -> "Listener":
        works, keys = self._talk.installation.works, self._talk.installation.runtime.keys
        public = await load_public_bot(works, UUID(self._talk.bot_id), keys)
        id = ConversationService(works, keys).find_session(UUID(self._talk.bot_id), self._session)
        assert id is not None
        self._events = follow(works, public.scope, id, after=self._after)
        return self

    async def next(self) -> tuple[str, dict[str, Any]]:
        frame = (await asyncio.wait_for(anext(self._events), 20)).decode()
        lines = frame.strip().split("\n")
        return lines[0].removeprefix("event: "), json.loads(lines[-1].removeprefix("data: "))

    async def __aexit__(self, *_: object) -> None:
        await self._events.aclose()


@ON_BOTH_DATABASES
async def test_the_list_shows_who_spoke_last_first_and_goes_on_page_by_page(desk: Desk, talk: Talk):
    sessions = [(await talk.say(f"Question {number}")).json()["session_id"] for number in range(5)]
    await talk.say("Once more", session_id=sessions[0])
    first = await desk.ask("GET", limit=2)
    second = await desk.ask("GET", limit=2, cursor=first["next_cursor"])
    third = await desk.ask("GET", limit=2, cursor=second["next_cursor"])
    assert third["next_cursor"] is None
    items = [*first["items"], *second["items"], *third["items"]]
    assert len({item["id"] for item in items}) == len(items) == 5
    assert [item["last_at"] for item in items] == sorted((item["last_at"] for item in items), reverse=True)
    assert items[0]["created_at"] == min(item["created_at"] for item in items)
    assert (items[0]["status"], items[0]["preview_role"], items[0]["bot_name"]) == ("open", "bot", "Harbour bot")


@ON_BOTH_DATABASES
async def test_conversations_are_found_by_words_and_filters(desk: Desk, talk: Talk):
    answer = (await talk.say("Where can I moor 100%_sure?")).json()
    await talk.say("Something else")
    rating = {
        "session_id": answer["session_id"],
        "message_id": answer["message_id"],
        "rating": "down",
        "comment": "No!",
    }
    await talk.installation.http.post(f"{talk.path}/feedback", json=rating)
    [id] = await desk.ids(text="MOOR")
    await desk.ask("PATCH", f"/{id}", {"tags": ["berths", "urgent", "berths"]})
    for found in (
        {"text": "100%_"},
        {"rating": "down"},
        {"tag": "urgent"},
        {"tag": "urgent", "bot_id": talk.bot_id, "channel": "web", "status": "open"},
    ):
        assert await desk.ids(**found) == [id], found
    for missed in ({"text": "100x"}, {"rating": "up"}, {"tag": "urg"}, {"status": "closed"}, {"bot_id": str(uuid4())}):
        assert await desk.ids(**missed) == [], missed
    assert (await desk.ask("GET", "/tags"))["items"] == [{"name": "berths", "count": 1}, {"name": "urgent", "count": 1}]
    await desk.ask("PATCH", f"/{id}", {"tags": ["urgent"]})
    assert [tag["name"] for tag in (await desk.ask("GET", "/tags"))["items"]] == ["urgent"]


async def test_test_traffic_is_hidden_until_asked_for(desk: Desk, talk: Talk):
    body = {"name": "Try", "scopes": ["bots.chat"], "is_test": True}
    made = await desk.installation.http.post("/api/v1/api-keys", json=body, headers=desk.person.headers)
    await talk.say("A try", headers={"Authorization": f"Bearer {made.json()['key']}"})
    assert await desk.ids() == []
    assert len(await desk.ids(with_test=True)) == 1


async def test_a_cursor_of_somebody_elses_making_is_refused(desk: Desk):
    for cursor in ("x", "AAAA", "é", "A" * 400):
        refused = await desk.try_("GET", cursor=cursor)
        assert (refused.status_code, refused.json()["code"]) == (422, "invalid_cursor")


async def test_a_closed_conversation_opens_again_when_the_visitor_writes(desk: Desk, talk: Talk):
    session = (await talk.say("Hello")).json()["session_id"]
    id = await desk.newest()
    assert (await desk.ask("PATCH", f"/{id}", {"is_open": False}))["status"] == "closed"
    assert await desk.ids(status="open") == []
    await talk.say("One more thing", session_id=session)
    assert await desk.ids(status="open") == [id]


@ON_BOTH_DATABASES
async def test_a_transcript_has_citations_ratings_and_the_traces_of_a_flow(desk: Desk, installation, ann, talk: Talk):
    answer = (await talk.say()).json()
    rated = {
        "session_id": answer["session_id"],
        "message_id": answer["message_id"],
        "rating": "up",
        "comment": "Thanks",
    }
    await installation.http.post(f"{talk.path}/feedback", json=rated)
    said = (await desk.ask("GET", f"/{await desk.newest()}"))["messages"]
    assert [one["role"] for one in said] == ["visitor", "bot"]
    assert said[1]["citations"] == answer["citations"]
    assert (said[1]["rating"], said[1]["comment"]) == ("up", "Thanks")
    [feedback] = (await desk.ask("GET", "/feedback", commented=True))["items"]
    assert (feedback["question"], feedback["rating"], feedback["comment"]) == (said[0]["content"], "up", "Thanks")
    assert (await desk.ask("GET", "/feedback", rating="down"))["items"] == []
    await (await make_flow(installation, ann)).say("Help")
    whole = await desk.ask("GET", f"/{await desk.newest()}")
    assert [run["type"] for run in whole["turns"][0]["runs"]] == ["trigger", "handoff"]


async def test_a_long_transcript_is_read_from_its_end(desk: Desk, talk: Talk, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("privexbot_app.domains.conversations.inbox.MOST_MESSAGES", 3)
    session = (await talk.say("Message 0")).json()["session_id"]
    await talk.say("Message 1", session_id=session)
    id = await desk.newest()
    late = await desk.ask("GET", f"/{id}")
    early = await desk.ask("GET", f"/{id}", before=late["before"])
    assert [len(late["messages"]), len(early["messages"]), early["before"]] == [3, 1, None]
    exported = await desk.try_("GET", "/export", format="json")
    assert len(exported.json()[0]["messages"]) == 4


@ON_BOTH_DATABASES
async def test_an_export_is_whole_and_no_cell_of_it_is_calculated(desk: Desk, talk: Talk):
    await talk.say("=HYPERLINK('http://evil.example')")
    await talk.say('  +1+1, "quoted"\nsecond line')
    text = (await desk.try_("GET", "/export", format="csv")).text
    rows = list(csv.DictReader(io.StringIO(text)))
    asked = {row["content"] for row in rows if row["role"] == "visitor"}
    assert asked == {"'=HYPERLINK('http://evil.example')", '\'+1+1, "quoted"\nsecond line'}
    whole = (await desk.try_("GET", "/export", format="json")).json()
    assert sum(len(one["messages"]) for one in whole) == len(rows) == 4
    log = await desk.installation.http.get("/api/v1/audit-log?event=conversations.", headers=desk.person.headers)
    assert len(log.json()["items"]) == 2


@ON_BOTH_DATABASES
async def test_while_a_person_answers_the_bot_is_silent_and_the_visitor_reads_who_writes(desk: Desk, talk: Talk):
    session = (await talk.say("Hello")).json()["session_id"]
    id = await desk.newest()
    asked = len(talk.model.requests)
    async with Listener(talk, session) as visitor:
        assert await visitor.next() == ("conversation.state", {"status": "open", "agent": None})
        taken = await desk.ask("POST", f"/{id}/take-over")
        assert taken["status"] == "held"
        assert await visitor.next() == (
            "conversation.state",
            {"status": "held", "agent": {"name": taken["agent"]["name"]}},
        )
        events = await talk.stream("Are you a person?", session_id=session)
        assert [name for name, _ in events] == ["run.started", "handoff", "run.finished"]
        assert events[1][1]["agent"] == {"name": taken["agent"]["name"]}
        await desk.ask("POST", f"/{id}/messages", {"content": "I am."})
        name, said = await visitor.next()
        assert (name, said["role"], said["content"], said["author"]) == (
            "message",
            "agent",
            "I am.",
            taken["agent"]["name"],
        )
        await desk.ask("POST", f"/{id}/hand-back")
        assert await visitor.next() == ("conversation.state", {"status": "open", "agent": None})
    assert len(talk.model.requests) == asked
    history = await talk.history(session)
    assert [turn["role"] for turn in history] == ["visitor", "bot", "visitor", "agent"]
    assert history[-1]["author"] == taken["agent"]["name"]
    await talk.say("And you?", session_id=session)
    told = [(message.role, message.content) for message in talk.model.requests[-1].messages]
    assert ("assistant", "I am.") in told, "the bot knows what its colleague has said"


@ON_BOTH_DATABASES
async def test_a_flow_that_waits_for_a_person_goes_on_with_their_note(
    desk: Desk, installation: Installation, ann: Person
):
    talk = await make_flow(installation, ann)
    session = (await talk.say("Help")).json()["session_id"]
    id = await desk.newest()
    assert await desk.ids(status="waiting") == [id]
    await talk.say("Anybody there?", session_id=session)
    await desk.ask("POST", f"/{id}/take-over")
    assert (await desk.ask("POST", f"/{id}/release"))["status"] == "waiting"
    await desk.ask("POST", f"/{id}/take-over")
    async with Listener(talk, session) as visitor:
        assert (await visitor.next())[1]["status"] == "held"
        back = await desk.ask("POST", f"/{id}/hand-back", {"note": "It is paid."})
        assert (back["status"], back["agent"]) == ("open", None)
        heard = [await visitor.next(), await visitor.next()]
    assert ("message", "My colleague says: It is paid.") in [(name, data.get("content")) for name, data in heard]
    said = [(turn["role"], turn["content"]) for turn in await talk.history(session)]
    assert said[-1] == ("bot", "My colleague says: It is paid.")
    assert "" not in [content for _, content in said]
    assert (await talk.say("Thanks", session_id=session)).json()["response"] == "One moment."


async def test_two_teammates_do_not_answer_at_once(desk: Desk, talk: Talk, installation: Installation):
    await talk.say("Hello")
    id = await desk.newest()
    kim = await installation.register("kim")
    space = f"/api/v1/workspaces/{desk.person.workspace_id}/members"
    member = {"email": kim.email, "role": "editor"}
    await installation.http.post(space, json=member, headers=desk.person.headers)
    switch = {"workspace_id": desk.person.workspace_id}
    await installation.http.post("/api/v1/auth/switch", json=switch, headers=kim.headers)
    other = Desk(installation, kim)
    assert (await desk.try_("POST", f"/{id}/messages", {"content": "x"})).json()["code"] == "conversation_not_held"
    await desk.ask("POST", f"/{id}/take-over")
    await desk.ask("POST", f"/{id}/take-over")
    assert (await other.try_("POST", f"/{id}/take-over")).json()["code"] == "conversation_held"
    assert (await other.try_("POST", f"/{id}/messages", {"content": "x"})).json()["code"] == "conversation_not_held"
    await other.ask("POST", f"/{id}/release")
    assert (await other.ask("POST", f"/{id}/take-over"))["status"] == "held"


async def test_a_conversation_stays_held_when_redis_has_forgotten_everything(desk: Desk, talk: Talk):
    session = (await talk.say("Hello")).json()["session_id"]
    id = await desk.newest()
    await desk.ask("POST", f"/{id}/take-over")
    await talk.installation.works.redis.flushall()
    assert (await talk.say("Still there?", session_id=session)).json()["response"] == ""
    public = await load_public_bot(talk.installation.works, UUID(talk.bot_id), talk.installation.runtime.keys)
    assert await find_holder(talk.installation.works, public.scope, UUID(id)) is not None


async def test_a_visitor_who_was_away_hears_what_was_said_meanwhile(desk: Desk, talk: Talk):
    answer = (await talk.say("Hello")).json()
    id = await desk.newest()
    await desk.ask("POST", f"/{id}/take-over")
    for words in ("One", "Two"):
        await desk.ask("POST", f"/{id}/messages", {"content": words})
    async with Listener(talk, answer["session_id"], after=UUID(answer["message_id"])) as visitor:
        assert (await visitor.next())[0] == "conversation.state"
        assert [(await visitor.next())[1]["content"] for _ in range(2)] == ["One", "Two"]


async def test_events_are_for_ones_own_session_alone(talk: Talk):
    for session in ("x", "", "A" * 43):
        refused = await talk.installation.http.get(f"{talk.path}/events", params={"session_id": session})
        assert (refused.status_code, refused.json()["code"]) == (404, "conversation_not_found")


async def test_so_many_may_listen_at_once(talk: Talk, monkeypatch: pytest.MonkeyPatch):
    session = (await talk.say("Hello")).json()["session_id"]
    monkeypatch.setattr("privexbot_app.domains.conversations.live.MOST_LISTENERS", 0)
    refused = await talk.installation.http.get(f"{talk.path}/events", params={"session_id": session})
    assert (refused.status_code, refused.json()["code"]) == (503, "too_busy")


async def test_a_listener_that_leaves_leaves_nothing_behind(talk: Talk):
    session = (await talk.say("Hello")).json()["session_id"]
    hub = talk.installation.works.own(LiveHub)
    async with Listener(talk, session) as visitor:
        await visitor.next()
        assert hub.count == 1
    assert hub.count == 0


@pytest.fixture
async def ear() -> AsyncIterator[Ear]:
    async with listening() as made:
        yield made


async def test_conversations_tell_other_programs_what_happens(tmp_path, redis_url, ear: Ear):
    async with installed(tmp_path, redis_url, allowed_private_networks="127.0.0.1/32") as installation:
        ann = await installation.register("ann")
        events = ("conversation.started", "conversation.handed_off", "message.answered", "feedback.given")
        await hook(installation, ann, ear.url, *events)
        talk = await make_flow(installation, ann)
        answer = (await talk.say("Help")).json()
        await talk.say("Help!", session_id=answer["session_id"])
        rated = {"session_id": answer["session_id"], "message_id": answer["message_id"], "rating": "up"}
        await installation.http.post(f"{talk.path}/feedback", json=rated)
    heard = [event["type"] for event in ear.events]
    assert sorted(heard) == sorted(events)
    assert len({event["data"]["conversation_id"] for event in ear.events}) == 1

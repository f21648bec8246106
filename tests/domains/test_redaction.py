"""Models and embeddings see placeholders where they are told to; visitors and the database see what was written."""

from uuid import UUID

import pytest

from privexbot_app.domains.bots.live import load_public_bot
from privexbot_app.domains.conversations.searching import search_as_bot
from tests.api.test_story import make_bot
from tests.domains.test_conversations import Talk
from tests.installation import Installation, Person

LETTER = "The harbour master answers at master@harbour.example and +49 30 901820."
ASKED = "I am ann@example.com: how do I reach the harbour master?"


async def base_of(installation: Installation, person: Person, *, is_redacted: bool) -> str:
    http, headers = installation.http, person.headers
    body = {"name": "Letters", "settings": {"is_redacted": is_redacted}}
    draft = (await http.post("/api/v1/kb/draft", json=body, headers=headers)).json()["draft_id"]
    source = {"type": "text", "title": "Letter", "content": LETTER}
    await http.put(f"/api/v1/kb/draft/{draft}/sources", json=source, headers=headers)
    return (await http.post(f"/api/v1/kb/draft/{draft}/finalize", headers=headers)).json()["kb_id"]


async def talk_with(installation: Installation, person: Person, **fields: object) -> Talk:
    base = await base_of(installation, person, is_redacted=False)
    free = {"llm": {"provider": "scripted"}, "grounding": "flexible"}
    made = await make_bot(installation, person, base, **free, redaction={"is_enabled": True}, **fields)
    return Talk(installation, made["bot_id"])


def seen_by(talk: Talk) -> str:
    request = talk.model.requests[-1]
    return repr((request.messages, request.question, request.passages))


async def test_the_model_sees_placeholders_and_the_visitor_does_not(installation: Installation, ann: Person):
    talk = await talk_with(installation, ann)
    talk.model.script = ["You, [EM", "AIL_", "1], write to [", "EMAIL_2] [1]."]
    events = await talk.stream(ASKED)
    seen = seen_by(talk)
    assert "[EMAIL_" in seen
    assert not any(secret in seen for secret in ("ann@example.com", "master@harbour.example", "901820"))
    told = "".join(data["delta"] for name, data in events if name == "token")
    whole = events[-1][1]
    assert told == whole["response"]
    assert "master@harbour.example" in told
    assert "ann@example.com" in told
    assert whole["citations"][0]["title"] == "Letter"
    history = await talk.history(whole["session_id"])
    assert history[0]["content"] == ASKED


async def test_what_was_said_before_is_hidden_too(installation: Installation, ann: Person):
    talk = await talk_with(installation, ann)
    session = (await talk.say(ASKED)).json()["session_id"]
    await talk.say("And now?", session_id=session)
    assert "ann@example.com" not in seen_by(talk)


@pytest.mark.parametrize("is_redacted", [True, False])
async def test_embedding_sees_what_the_knowledge_base_lets_it(
    installation: Installation, ann: Person, is_redacted: bool
):
    embedder = installation.works.plugins.embedders.get("hash")
    embedder.embedded_texts.clear()  # type: ignore[attr-defined]
    base = await base_of(installation, ann, is_redacted=is_redacted)
    body = {"query": "Who is master@harbour.example?"}
    found = await installation.http.post(f"/api/v1/kb/{base}/search", json=body, headers=ann.headers)
    assert found.json()["results"][0]["text"] == LETTER
    seen = " ".join(embedder.embedded_texts)  # type: ignore[attr-defined]
    assert ("master@harbour.example" in seen) is not is_redacted
    assert ("[EMAIL_1]" in seen) is is_redacted


async def test_a_question_is_hidden_from_embedding_when_its_bot_says_so(installation: Installation, ann: Person):
    talk = await talk_with(installation, ann)
    embedder = installation.works.plugins.embedders.get("hash")
    embedder.embedded_texts.clear()  # type: ignore[attr-defined]
    await talk.say(ASKED)
    assert "ann@example.com" not in " ".join(embedder.embedded_texts)  # type: ignore[attr-defined]


async def test_a_question_of_a_program_is_hidden_from_embedding_too(installation: Installation, ann: Person):
    talk = await talk_with(installation, ann)
    embedder = installation.works.plugins.embedders.get("hash")
    embedder.embedded_texts.clear()  # type: ignore[attr-defined]
    public = await load_public_bot(installation.works, UUID(talk.bot_id), installation.runtime.keys)
    found = await search_as_bot(installation.works, public.scope, public.bot, ASKED, limit=3)
    assert found[0].text == LETTER
    seen = " ".join(embedder.embedded_texts)  # type: ignore[attr-defined]
    assert "[EMAIL_1]" in seen
    assert "ann@example.com" not in seen


async def test_a_question_that_a_chatflow_searches_for_is_hidden_from_embedding_too(
    installation: Installation, ann: Person
):
    base = await base_of(installation, ann, is_redacted=False)
    find = {"id": "find", "type": "knowledge", "config": {"knowledge_bases": [base]}}
    graph = {"nodes": [{"id": "start", "type": "trigger"}, find], "edges": [{"source": "start", "target": "find"}]}
    body = {"name": "Finder", "graph": graph, "redaction": {"is_enabled": True}}
    http, headers = installation.http, ann.headers
    draft = (await http.post("/api/v1/chatflows/draft", json=body, headers=headers)).json()["draft_id"]
    bot = (await http.post(f"/api/v1/chatflows/draft/{draft}/deploy", headers=headers)).json()["bot_id"]
    embedder = installation.works.plugins.embedders.get("hash")
    embedder.embedded_texts.clear()  # type: ignore[attr-defined]
    await http.post(f"/api/v1/bots/{bot}/chat", json={"message": ASKED})
    seen = " ".join(embedder.embedded_texts)  # type: ignore[attr-defined]
    assert "[EMAIL_1]" in seen
    assert "ann@example.com" not in seen

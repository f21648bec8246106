import dataclasses
from uuid import UUID

import pytest
from redis.asyncio import Redis

from privexbot_app import runtime
from privexbot_app.domains.bots.drafts import BotDraftService
from privexbot_app.domains.bots.schemas import BotConfig
from privexbot_app.kit.unit_of_work import Works
from privexbot_app.ui.pages.chatbot_builder.deploy import DeployState
from privexbot_app.ui.pages.chatbot_builder.fields import FIELDS, to_change, to_texts
from privexbot_app.ui.pages.chatbot_builder.preview import PreviewState
from privexbot_app.ui.pages.chatbot_builder.state import BuilderState
from privexbot_app.ui.pages.knowledge_document.state import DocumentState
from tests.api.test_story import make_base
from tests.installation import Installation, Person
from tests.ui.pages.test_knowledge import page_of
from tests.ui.tab import Tab, fire, opened_tab


@pytest.fixture
async def tab(installation: Installation, ann: Person) -> Tab:
    """Ann's tab with the builder of a new draft."""
    return await builder_tab(installation, ann, await new_draft(installation, ann))


async def new_draft(installation: Installation, person: Person, **fields: object) -> str:
    body = {"name": "Harbour bot", **fields}
    response = await installation.http.post("/api/v1/chatbots/draft", json=body, headers=person.headers)
    return response.json()["draft_id"]


async def builder_tab(installation: Installation, person: Person, draft_id: str) -> Tab:
    tab = await opened_tab(installation, person)
    tab.visit(f"/chatbots/drafts/{draft_id}")
    await fire(tab.state(BuilderState), BuilderState.load)
    return tab


async def stored(tab: Tab) -> BotConfig:
    state = tab.state(BuilderState)
    return (await BotDraftService(state.works, await state.scope()).get(UUID(state.held_id))).config


async def edit(tab: Tab, path: str, text: str) -> BuilderState:
    state = tab.state(BuilderState)
    await fire(state, BuilderState.edit, path, text)
    return state


def test_the_form_keeps_everything_that_a_configuration_says():
    config = BotConfig.model_validate(
        {
            "name": "Help",
            "suggested_questions": ["When?", "Where?"],
            "allowed_origins": ["https://a.example", "https://b.example"],
            "knowledge_bases": [{"kb_id": str(UUID(int=5))}],
            "llm": {"provider": "extractive", "model": "m"},
            "retrieval": {"mode": "dense", "limit": 3},
        }
    )
    changed = BotConfig.model_validate(to_change(to_texts(config), FIELDS))
    assert changed == config


async def test_what_is_typed_reaches_redis_with_the_event(tab: Tab):
    state = await edit(tab, "greeting", "Ahoy!")
    assert (await stored(tab)).greeting == "Ahoy!"
    assert (state.saving, state.unsaved) == ("saved", [])


async def test_a_wrong_field_keeps_its_words_and_does_not_hold_up_the_others(tab: Tab):
    state = await edit(tab, "retrieval.limit", "99")
    await edit(tab, "name", "Port bot")
    config = await stored(tab)
    assert (config.name, config.retrieval.limit) == ("Port bot", 6)
    assert state.texts["retrieval.limit"] == "99"
    assert state.problems == {"retrieval.limit": "This number is too large."}
    assert (state.saving, state.troubled_tabs) == ("invalid", ["knowledge"])
    await edit(tab, "retrieval.limit", "9")
    assert ((await stored(tab)).retrieval.limit, state.saving) == (9, "saved")


async def test_an_unknown_field_is_ignored(tab: Tab):
    state = await edit(tab, "is_admin", "true")
    assert "is_admin" not in state.texts


async def test_another_tab_is_never_overwritten_unasked(installation: Installation, ann: Person, tab: Tab):
    other = await builder_tab(installation, ann, tab.state(BuilderState).held_id)
    await edit(other, "description", "from the other tab")
    state = await edit(tab, "description", "from this tab")
    assert state.saving == "conflict"
    assert (await stored(tab)).description == "from the other tab"
    await fire(state, BuilderState.keep_mine)
    assert ((await stored(tab)).description, state.saving) == ("from this tab", "saved")


async def test_the_latest_version_can_be_loaded_instead(installation: Installation, ann: Person, tab: Tab):
    other = await builder_tab(installation, ann, tab.state(BuilderState).held_id)
    await edit(other, "description", "from the other tab")
    state = await edit(tab, "description", "from this tab")
    await fire(state, BuilderState.load_latest)
    assert (state.texts["description"], state.saving) == ("from the other tab", "saved")


async def test_words_typed_while_redis_is_away_are_saved_when_it_is_back(installation: Installation, tab: Tab):
    works = installation.works
    away = Redis.from_url("unix:///nowhere/redis.sock", decode_responses=True)
    cut_off = Works(sessions=works.sessions, dispatcher=works.dispatcher, redis=away, plugins=works.plugins)
    runtime.install(dataclasses.replace(installation.runtime, works=cut_off))
    state = tab.state(BuilderState)
    events = await fire(state, BuilderState.edit, "greeting", "Ahoy!")
    assert state.saving == "failed"
    assert "retry" in str(events)
    runtime.install(installation.runtime)
    await fire(state, BuilderState.load)
    assert ((await stored(tab)).greeting, state.saving) == ("Ahoy!", "saved")


async def test_what_was_typed_outlives_the_draft(installation: Installation, ann: Person, tab: Tab):
    state = tab.state(BuilderState)
    await BotDraftService(installation.works, await state.scope()).delete(UUID(state.held_id))
    await edit(tab, "greeting", "Ahoy!")
    assert state.saving == "gone"
    await fire(state, BuilderState.save_as_new)
    drafts = await BotDraftService(installation.works, await state.scope()).list_drafts()
    assert [draft.config.greeting for draft in drafts] == ["Ahoy!"]


async def test_a_draft_of_another_organization_is_not_here(installation: Installation, bob: Person, tab: Tab):
    foreign = await builder_tab(installation, bob, tab.state(BuilderState).held_id)
    state = foreign.state(BuilderState)
    assert (state.is_missing, state.is_ready, state.texts["name"]) == (True, False, "")


async def test_the_draft_answers_with_sources(installation: Installation, ann: Person):
    base_id = await make_base(installation, ann)
    tab = await builder_tab(installation, ann, await new_draft(installation, ann, knowledge_bases=[{"kb_id": base_id}]))
    state = tab.state(PreviewState)
    await fire(state, PreviewState.ask, "What does a berth for one night cost?")
    visitor, bot = state.lines
    assert (visitor.role, bot.role) == ("visitor", "bot")
    assert "24 euros" in bot.text
    assert "24 euros" in bot.sources[0].snippet
    document = await page_of(installation, ann, bot.sources[0].passage, DocumentState)
    assert "24 euros" in "".join(piece.text for piece in document.pieces if piece.is_cited)
    assert (state.is_answering, state.partial) == (False, "")


async def test_a_stopped_answer_keeps_what_was_said(tab: Tab):
    state = tab.state(PreviewState)
    state.is_answering, state.partial = True, "The harbour"
    await fire(state, PreviewState.stop)
    assert ([line.text for line in state.lines], state.is_answering) == (["The harbour"], False)


async def test_an_empty_question_is_not_asked(tab: Tab):
    state = tab.state(PreviewState)
    await fire(state, PreviewState.ask, "   ")
    assert state.lines == []


async def test_an_unfinished_chatbot_is_told_what_is_missing_and_where(tab: Tab):
    await edit(tab, "name", "")
    state = tab.state(DeployState)
    await fire(state, DeployState.show)
    assert [problem.field for problem in state.problems] == ["name", "knowledge_bases"]
    await fire(state, DeployState.deploy)
    assert (state.public_url, [problem.field for problem in state.problems]) == ("", ["name", "knowledge_bases"])


async def test_a_deployment_ends_with_the_address_and_the_embed_code(installation: Installation, ann: Person):
    base_id = await make_base(installation, ann)
    draft_id = await new_draft(installation, ann, knowledge_bases=[{"kb_id": base_id}])
    tab = await builder_tab(installation, ann, draft_id)
    state = tab.state(DeployState)
    await fire(state, DeployState.show)
    assert state.problems == []
    await fire(state, DeployState.deploy)
    assert state.public_url.endswith(f"/chat/{draft_id}")
    assert draft_id in state.embed_code
    assert "chatbots" in str(await fire(state, DeployState.close, False))

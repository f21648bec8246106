from privexbot_app.ui.pages.chatbot.state import ChatbotState
from privexbot_app.ui.pages.chatbots.state import ChatbotsState
from privexbot_app.ui.pages.overview.state import OverviewState
from tests.api.test_story import make_base, make_bot
from tests.installation import Installation, Person
from tests.ui.tab import fire, opened_tab


async def test_a_new_chatbot_begins_as_a_draft_in_the_builder(installation: Installation, ann: Person):
    base_id = await make_base(installation, ann)
    state = (await opened_tab(installation, ann)).state(ChatbotsState)
    events = await fire(state, ChatbotsState.create, {"name": "Help", f"base-{base_id}": "on"})
    assert "/chatbots/drafts/" in str(events)
    await fire(state, ChatbotsState.load)
    assert [(row.name, row.knowledge) for row in state.drafts] == [("Help", "1 knowledge base")]


async def test_the_search_looks_at_names(installation: Installation, ann: Person):
    state = (await opened_tab(installation, ann)).state(ChatbotsState)
    for name in ("Harbour", "Library"):
        await fire(state, ChatbotsState.create, {"name": name})
    await fire(state, ChatbotsState.load)
    await fire(state, ChatbotsState.search, "harb")
    assert [row.name for row in state.found_drafts] == ["Harbour"]


async def test_deleting_asks_first_and_then_takes_the_chatbot_away(installation: Installation, ann: Person):
    bot = await make_bot(installation, ann, await make_base(installation, ann))
    state = (await opened_tab(installation, ann)).state(ChatbotsState)
    await fire(state, ChatbotsState.load)
    await fire(state, ChatbotsState.ask_delete, "bot", bot["bot_id"], "Harbour bot")
    assert (state.is_asking, len(state.live)) == (True, 1)
    await fire(state, ChatbotsState.delete)
    assert (state.is_asking, state.live) == (False, [])


async def test_editing_a_live_chatbot_twice_goes_on_with_one_draft(installation: Installation, ann: Person):
    bot = await make_bot(installation, ann, await make_base(installation, ann))
    state = (await opened_tab(installation, ann)).state(ChatbotsState)
    await fire(state, ChatbotsState.edit, bot["bot_id"])
    await fire(state, ChatbotsState.edit, bot["bot_id"])
    await fire(state, ChatbotsState.load)
    assert [(row.name, row.version) for row in state.drafts] == [("Harbour bot", "Changes to a live chatbot")]


async def test_an_earlier_version_answers_again(installation: Installation, ann: Person):
    bot = await make_bot(installation, ann, await make_base(installation, ann))
    await _deploy_again(installation, ann, bot["bot_id"])
    tab = await opened_tab(installation, ann)
    tab.visit(f"/chatbots/{bot['bot_id']}")
    state = tab.state(ChatbotState)
    await fire(state, ChatbotState.load)
    assert [(row.number, row.is_live) for row in state.versions] == [(2, True), (1, False)]
    await fire(state, ChatbotState.ask_go_back, 1)
    await fire(state, ChatbotState.go_back)
    assert [(row.number, row.is_live) for row in state.versions] == [(2, False), (1, True)]


async def test_a_chatbot_of_another_organization_is_not_here(installation: Installation, ann: Person, bob: Person):
    bot = await make_bot(installation, ann, await make_base(installation, ann))
    tab = await opened_tab(installation, bob)
    tab.visit(f"/chatbots/{bot['bot_id']}")
    await fire(tab.state(ChatbotState), ChatbotState.load)
    assert (tab.state(ChatbotState).is_missing, tab.state(ChatbotState).name) == (True, "")


async def test_the_first_steps_follow_what_is_there(installation: Installation, ann: Person):
    state = (await opened_tab(installation, ann)).state(OverviewState)
    await fire(state, OverviewState.load)
    assert (state.is_counted, state.steps_done) == (True, 0)
    await make_bot(installation, ann, await make_base(installation, ann))
    await fire(state, OverviewState.load)
    assert (state.steps_done, state.bases, state.documents, state.bots) == (3, 1, 1, 1)


async def _deploy_again(installation: Installation, person: Person, bot_id: str) -> None:
    tab = await opened_tab(installation, person)
    events = str(await fire(tab.state(ChatbotsState), ChatbotsState.edit, bot_id))
    draft_id = events.split("/chatbots/drafts/")[1][:36]
    response = await installation.http.post(f"/api/v1/chatbots/draft/{draft_id}/deploy", headers=person.headers)
    assert response.status_code == 201, response.text

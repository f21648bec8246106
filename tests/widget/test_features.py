"""What an owner can switch on: consent, a form before the chat, first words; what chatflows and people bring."""

from playwright.sync_api import expect

from tests.browser import wait_until
from tests.widget.fake_host import SESSION, Event, Gate, answer, finished, started


def test_nothing_can_be_written_before_the_visitor_has_agreed(host, chat, ask):
    host.config["consent"] = {"is_asked": True, "text": "We keep this for a month.", "url": "https://example.com/p"}
    page = chat()
    expect(page.locator(".agreement")).to_contain_text("We keep this for a month.")
    expect(page.locator(".composer")).to_be_hidden()
    page.get_by_role("button", name="I agree").click()
    expect(page.locator(".panel textarea")).to_be_focused()
    page.reload()
    page.locator(".launcher").click()
    expect(page.locator(".composer")).to_be_visible()


def test_contact_details_may_be_asked_for_before_the_chat(host, chat):
    host.config["lead_capture"] = {"is_enabled": True, "fields": ["email"], "when": "before", "is_required": True}
    page = chat()
    form = page.locator("form.lead")
    form.get_by_label("Email").fill("ada@example.com")
    form.get_by_role("checkbox").check()
    expect(page.locator(".composer")).to_be_hidden()
    expect(form.get_by_role("button", name="No thanks")).to_have_count(0)
    form.get_by_role("button", name="Submit").click()
    expect(page.locator(".composer")).to_be_visible()
    assert host.leads[0]["fields"] == {"email": "ada@example.com"}


def test_the_bot_speaks_first_where_a_rule_says_so_and_once(host, visit, site, embed):
    host.config["proactive"] = [
        {"trigger": "delay", "value": 0, "url_contains": "/prices", "message": "Questions about prices?"}
    ]
    page = visit(site.put(embed(), path="/prices"))
    page.get_by_role("button", name="Questions about prices?").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    expect(page.locator(".teaser")).to_have_count(0)
    page.reload()
    page.locator(".launcher").wait_for()
    expect(page.locator(".teaser")).to_have_count(0)
    page.goto(site.put(embed(), path="/other"))
    page.locator(".launcher").wait_for()
    expect(page.locator(".teaser")).to_have_count(0)


def test_a_rating_may_be_explained(host, chat, ask):
    page = chat()
    ask(page, "Hi")
    page.get_by_role("button", name="Not helpful").click()
    comment = page.get_by_label("Tell us more (optional)")
    comment.fill("Too short.")
    comment.press("Enter")
    expect(page.get_by_role("status").filter(has_text="Thank you!")).to_be_focused()
    wait_until(page, lambda: len(host.ratings) == 2)
    assert (host.ratings[1]["rating"], host.ratings[1]["comment"]) == ("down", "Too short.")


def test_a_chatflow_s_choice_is_answered_with_a_button(host, chat, ask):
    asked = {**finished("Which pier?").data, "ask": {"kind": "choice", "options": ["Pier 6", "Pier 7"]}}
    host.scripts = [[started(), Event("run.finished", asked)], answer("Seven it is.")]
    page = chat()
    ask(page, "Book")
    page.get_by_role("button", name="Pier 7").click()
    expect(page.locator(".message.bot .bubble").last).to_have_text("Seven it is.")
    expect(page.get_by_role("button", name="Pier 6")).to_have_count(0)
    assert host.questions[-1]["message"] == "Pier 7"


def test_a_chatflow_s_date_is_chosen_in_a_field_for_dates(host, chat, ask):
    asked = {**finished("When?").data, "ask": {"kind": "date", "options": []}}
    host.scripts = [[started(), Event("run.finished", asked)], answer("Booked.")]
    page = chat()
    ask(page, "Book")
    page.get_by_label("Your answer").fill("2026-12-24")
    page.locator("form.ask").get_by_role("button", name="Send").click()
    expect(page.locator(".message.bot .bubble").last).to_have_text("Booked.")
    assert host.questions[-1]["message"] == "2026-12-24"


def test_a_person_takes_over_and_gives_back(host, chat, ask):
    message = {"message_id": "m_7", "role": "agent", "author": "Ann", "content": "Ann here.", "citations": []}
    gate = Gate()
    held, free = {"status": "held", "agent": {"name": "Ann"}}, {"status": "open", "agent": None}
    host.agents = [
        Event("conversation.state", held),
        Event("message", message),
        gate,
        Event("conversation.state", free),
    ]
    host.scripts = [[started(), Event("handoff", {"is_waiting": True}), finished("")]]
    page = chat()
    ask(page, "A person, please")
    expect(page.locator(".message.bot")).to_have_count(1)
    expect(page.locator(".message.bot .label")).to_have_text("Ann")
    expect(page.locator(".message.bot .bubble")).to_have_text("Ann here.")
    expect(page.locator(".people")).to_have_text("Ann answers you now.")
    gate.open()
    expect(page.locator(".people")).to_have_text("Ann has left; the assistant answers again.")


def test_an_earlier_conversation_can_be_opened_again(host, chat, ask):
    page = chat()
    ask(page, "The first question")
    expect(page.locator(".message.bot .bubble")).to_have_text("Hello!")
    page.get_by_role("button", name="New conversation").click()
    expect(page.locator(".message")).to_have_count(0)
    host.history = [{"message_id": "msg_1", "role": "bot", "content": "As I said.", "citations": []}]
    page.get_by_role("button", name="Earlier conversations").click()
    page.get_by_role("dialog", name="Earlier conversations").get_by_text("The first question").click()
    expect(page.locator(".message.bot .bubble")).to_have_text("As I said.")
    assert page.evaluate("key => localStorage.getItem(key)", f"privexbot:{host.url}/:shop") == SESSION


def test_the_owner_s_own_words_are_used(host, chat):
    host.config["appearance"] = {"language": "de", "texts": {"Type your message…": "Moin! Was gibt es?"}}
    page = chat()
    expect(page.locator(".panel textarea")).to_have_attribute("placeholder", "Moin! Was gibt es?")


def test_a_whole_first_chat_costs_no_more_than_loader_and_panel(host, chat, ask):
    page = chat()
    ask(page, "Hi")
    expect(page.locator(".message.bot")).to_have_attribute("data-state", "done")
    scripts = [path for path in host.paths if path.endswith(".js")]
    assert len(scripts) == 2, scripts
    assert scripts[0] == "/widget.js"


def test_answers_missed_while_closed_are_counted(host, chat, ask):
    gate = Gate()
    host.scripts = [[started(), gate, *answer("Done.")[1:]]]
    page = chat()
    ask(page, "Take your time")
    page.keyboard.press("Escape")
    gate.open()
    expect(page.locator(".badge")).to_have_text("1")

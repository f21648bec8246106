"""A visitor asks, reads, stops, tries again, comes back."""

from playwright.sync_api import expect

from tests.browser import wait_until
from tests.widget.fake_host import CITATION, RUN, SESSION, Bytes, Event, Gate, Problem, answer, finished, started

SECOND = {**CITATION, "index": 2, "title": "Shipping", "url": "javascript:alert(1)", "page": None}


def test_an_answer_is_shown_while_it_is_still_being_written(host, chat, ask):
    gate = Gate()
    host.scripts = [[started(), Event("token", {"delta": "It takes "}), gate, *answer("It takes **two days**.")[1:]]]
    page = chat()
    ask(page, "How long?")
    bubble = page.locator(".message.bot .bubble")
    expect(bubble).to_have_text("It takes")
    expect(page.locator(".message.bot")).to_have_attribute("data-state", "streaming")
    gate.open()
    expect(page.locator(".message.bot")).to_have_attribute("data-state", "done")
    expect(bubble).to_have_text("It takes two days.")
    expect(bubble.locator("strong")).to_have_text("two days")


def test_typing_dots_stand_in_until_the_first_word(host, chat, ask):
    gate = Gate()
    host.scripts = [[started(), gate, *answer("Hi")[1:]]]
    page = chat()
    ask(page, "Hello")
    expect(page.get_by_role("img", name="Typing…")).to_be_visible()
    gate.open()
    expect(page.locator(".message.bot .bubble")).to_have_text("Hi")
    expect(page.get_by_role("img", name="Typing…")).to_have_count(0)


def test_a_marker_and_a_chip_open_the_passage_as_plain_text(host, chat, ask):
    host.scripts = [answer("Within 30 days [1].", citations=[CITATION, SECOND])]
    page = chat()
    ask(page, "Returns?")
    page.get_by_role("button", name="Source 1: Returns policy").click()
    card = page.get_by_role("dialog", name="Source 1: Returns policy")
    expect(card.locator("blockquote")).to_have_text("Goods may be returned within <b>30 days</b> of delivery.")
    expect(card).to_contain_text("Page 3")
    link = card.get_by_role("link", name="Open source")
    expect(link).to_have_attribute("href", "https://docs.example.com/returns")
    expect(link).to_have_attribute("rel", "noopener noreferrer")
    card.get_by_role("button", name="Close").click()
    expect(card).to_have_count(0)
    page.locator(".chip", has_text="Shipping").click()
    assert page.get_by_role("dialog", name="Source 2: Shipping").get_by_role("link").count() == 0


def test_a_number_in_brackets_without_a_source_stays_text(host, chat, ask):
    host.scripts = [answer("See [1] and [7].", citations=[CITATION])]
    page = chat()
    ask(page, "?")
    expect(page.locator(".marker")).to_have_count(1)
    expect(page.locator(".message.bot .bubble")).to_have_text("See 1 and [7].")


def test_stop_ends_the_request_and_keeps_what_was_said(host, chat, ask):
    host.scripts = [[started(), Event("token", {"delta": "A long story"}), Gate()], answer("Short.")]
    page = chat()
    ask(page, "Tell me")
    expect(page.locator(".message.bot .bubble")).to_have_text("A long story")
    page.get_by_role("button", name="Stop").click()
    expect(page.locator(".note")).to_have_text("Stopped.")
    expect(page.locator(".message.bot .bubble")).to_have_text("A long story")
    assert host.hung_up.wait(10), "the host still believes that somebody is listening"
    wait_until(page, lambda: host.stopped == [RUN])
    ask(page, "Shorter")
    expect(page.locator(".message.bot .bubble").last).to_have_text("Short.")


def test_retry_after_503_asks_the_same_again_without_repeating_it_on_screen(host, chat, ask):
    host.scripts = [Problem(503), answer("Back again.")]
    page = chat()
    ask(page, "Are you there?")
    expect(page.locator(".failure")).to_contain_text("Something went wrong on our side. Please try again.")
    assert "Internal words" not in page.locator(".panel").inner_text()
    page.get_by_role("button", name="Retry").click()
    expect(page.locator(".message.bot .bubble")).to_have_text("Back again.")
    expect(page.locator(".message.visitor")).to_have_count(1)
    assert [question["message"] for question in host.questions] == ["Are you there?"] * 2


def test_too_many_messages_are_told_apart_from_a_broken_host(host, chat, ask):
    host.scripts = [Problem(429, "rate_limited")]
    page = chat()
    ask(page, "Again")
    expect(page.locator(".failure")).to_contain_text("Too many messages at once.")


def test_what_is_written_offline_is_sent_in_order_when_the_network_is_back(host, chat, ask):
    host.scripts = [answer("One."), answer("Two.")]
    page = chat()
    page.context.set_offline(True)
    ask(page, "First?")
    expect(page.locator(".note")).to_have_text("You seem to be offline. This is sent when you are back.")
    ask(page, "Second?")
    expect(page.locator(".message.visitor")).to_have_count(2)
    page.context.set_offline(False)
    expect(page.locator(".message .bubble")).to_have_text(["First?", "One.", "Second?", "Two."])
    expect(page.locator(".note")).to_have_count(0)
    assert [question["message"] for question in host.questions] == ["First?", "Second?"]


def test_an_error_in_the_stream_keeps_the_words_before_it(host, chat, ask):
    failure = Event("error", {"code": "upstream_failed", "message": "x"})
    host.scripts = [[started(), Event("token", {"delta": "So far"}), failure]]
    page = chat()
    ask(page, "Go")
    expect(page.locator(".message.bot .bubble")).to_have_text("So far")
    expect(page.locator(".failure")).to_contain_text("Something went wrong on our side.")


def test_odd_framing_is_read_as_the_standard_says(host, chat, ask):
    framed = b': hello\r\n\r\nevent: token\r\ndata: {"delta":\r\ndata: "caf\xc3'
    rest = b'\xa9"}\r\n\r\nid: 7\r\n\r\n'
    gate = Gate()
    host.scripts = [[Bytes(framed), Bytes(rest), gate, finished("café")]]
    page = chat()
    ask(page, "Go")
    expect(page.locator(".message.bot .bubble")).to_have_text("café")
    gate.open()
    expect(page.locator(".message.bot")).to_have_attribute("data-state", "done")


def test_a_host_that_answers_in_one_piece_is_understood(host, chat, ask):
    host.scripts = [finished("All at once").data]
    page = chat()
    ask(page, "Go")
    expect(page.locator(".message.bot .bubble")).to_have_text("All at once")


def test_the_conversation_is_there_again_after_a_reload(host, chat, ask):
    page = chat()
    ask(page, "First")
    expect(page.locator(".message.bot .bubble")).to_have_text("Hello!")
    host.history = [
        {
            "message_id": "m0",
            "role": "visitor",
            "content": "First",
            "citations": [],
            "created_at": "2026-01-01T00:00:00Z",
        },
        {"message_id": "m1", "role": "bot", "content": "Hello! [1]", "citations": [CITATION], "created_at": None},
    ]
    page.reload()
    page.locator(".launcher").click()
    expect(page.locator(".message.visitor")).to_have_text("First")
    expect(page.locator(".chip")).to_contain_text("Returns policy")
    ask(page, "Second")
    expect(page.locator(".message.bot .bubble").last).to_have_text("Hello!")
    assert [question.get("session_id") for question in host.questions] == [None, SESSION]


def test_a_session_the_host_has_forgotten_starts_anew(host, chat, ask, visit, site, embed):
    page = chat()
    page.evaluate("key => localStorage.setItem(key, 'stale')", f"privexbot:{host.url}/:shop")
    page.reload()
    page.locator(".launcher").click()
    expect(page.locator(".greeting")).to_be_visible()
    page.wait_for_function("() => localStorage.length === 0")


def test_a_new_conversation_forgets_the_old_one_even_while_it_is_answered(host, chat, ask):
    host.scripts = [[started(), Event("token", {"delta": "Old"}), Gate()], answer("New.")]
    page = chat()
    ask(page, "Old question")
    expect(page.locator(".message.bot .bubble")).to_have_text("Old")
    page.get_by_role("button", name="New conversation").click()
    expect(page.locator(".message")).to_have_count(0)
    ask(page, "New question")
    expect(page.locator(".message.bot .bubble")).to_have_text("New.")
    assert "session_id" not in host.questions[-1]


def test_suggested_questions_are_asked_by_a_click(host, chat):
    host.config["suggested_questions"] = ["Where is my order?", "Do you ship abroad?"]
    page = chat()
    expect(page.locator(".greeting")).to_have_text("Ask me about orders.")
    page.get_by_role("button", name="Do you ship abroad?").click()
    expect(page.locator(".message.bot .bubble")).to_have_text("Hello!")
    assert host.questions[0]["message"] == "Do you ship abroad?"
    expect(page.get_by_role("button", name="Where is my order?")).to_be_hidden()


def test_an_answer_that_arrives_while_closed_leaves_a_dot_on_the_launcher(host, chat, ask):
    gate = Gate()
    host.scripts = [[started(), gate, *answer("Done.")[1:]]]
    page = chat()
    ask(page, "Take your time")
    expect(page.get_by_role("img", name="Typing…")).to_be_visible()
    page.keyboard.press("Escape")
    gate.open()
    launcher = page.get_by_role("button", name="Chat: Shop assistant, new message")
    expect(launcher).to_be_visible()
    launcher.click()
    expect(page.locator(".launcher.unread")).to_have_count(0)


def test_long_messages_are_counted_and_cut_off_at_the_limit(host, chat):
    page = chat()
    box = page.locator(".panel textarea")
    box.fill("x" * 3599)
    expect(page.locator(".counter")).to_have_text("")
    box.press_sequentially("yz")
    expect(page.locator(".counter")).to_have_text("3601 / 4000")
    expect(box).to_have_attribute("maxlength", "4000")


def test_enter_during_composition_does_not_send(host, chat):
    page = chat()
    box = page.locator(".panel textarea")
    box.fill("に")
    box.evaluate(
        "node => node.dispatchEvent(new KeyboardEvent('keydown',"
        " {key: 'Enter', isComposing: true, bubbles: true, cancelable: true}))"
    )
    box.press("Shift+Enter")
    expect(box).to_have_value("に\n")
    assert host.questions == []
    box.press("Enter")
    expect(page.locator(".message.visitor")).to_have_count(1)


def test_contact_details_are_asked_for_once_and_sent_with_consent(host, chat, ask):
    host.config["lead_capture"] = {"is_enabled": True, "fields": ["name", "email"], "message": "Shall we call you?"}
    page = chat()
    page.evaluate("pb('identify', {name: 'Ada'})")
    page.evaluate("document.addEventListener('privexbot:lead', event => { window.lead = event.detail })")
    ask(page, "Hi")
    form = page.locator("form.lead")
    expect(form).to_contain_text("Shall we call you?")
    expect(form.get_by_label("Name")).to_have_value("Ada")
    form.get_by_label("Email").fill("ada@example.com")
    form.get_by_role("button", name="Submit").click()
    assert host.leads == [], "sent without consent"
    form.get_by_role("checkbox").check()
    form.get_by_role("button", name="Submit").click()
    expect(page.locator("p.lead")).to_have_text("Thank you! We will be in touch.")
    fields = {"name": "Ada", "email": "ada@example.com"}
    assert host.leads == [{"session_id": SESSION, "fields": fields, "consent": True}]
    assert page.evaluate("window.lead") == {"bot": "shop", "fields": fields}


def test_a_contact_form_the_host_refuses_can_be_sent_again(host, chat, ask):
    host.lead_status = 503
    host.scripts = [[started(), Event("lead.request", {"fields": ["email"]}), *answer("Please.")[1:]]]
    page = chat()
    ask(page, "Hi")
    form = page.locator("form.lead")
    form.get_by_label("Email").fill("ada@example.com")
    form.get_by_role("checkbox").check()
    form.get_by_role("button", name="Submit").click()
    expect(form.get_by_role("alert")).to_have_text("Something went wrong on our side. Please try again.")
    expect(form.get_by_label("Email")).to_have_value("ada@example.com")
    form.get_by_role("button", name="No thanks").click()
    expect(form).to_have_count(0)


def test_an_answer_can_be_rated_and_the_focus_stays(host, chat, ask):
    page = chat()
    ask(page, "Hi")
    helpful = page.get_by_role("button", name="Helpful", exact=True)
    helpful.click()
    expect(helpful).to_have_attribute("aria-pressed", "true")
    expect(helpful).to_be_focused()
    wait_until(page, lambda: len(host.ratings) == 1)
    page.get_by_role("button", name="Not helpful").click()
    expect(helpful).to_have_attribute("aria-pressed", "false")
    wait_until(page, lambda: len(host.ratings) == 2)
    assert [rating["rating"] for rating in host.ratings] == ["up", "down"]
    assert host.ratings[0] == {"session_id": SESSION, "message_id": "msg_1", "rating": "up"}


def test_a_rating_the_host_does_not_take_is_taken_back(host, chat, ask):
    host.feedback_status = 503
    page = chat()
    ask(page, "Hi")
    helpful = page.get_by_role("button", name="Helpful", exact=True)
    helpful.click()
    wait_until(page, lambda: len(host.ratings) == 1)
    expect(helpful).to_have_attribute("aria-pressed", "false")
    assert len(host.ratings) == 1

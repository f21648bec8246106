"""A visitor on a train, a laptop that sleeps, clicks that are faster than the network."""

from playwright.sync_api import expect

from tests.browser import wait_until
from tests.widget.fake_host import CITATION, RUN, Cut, Event, Gate, Problem, answer, finished, started

WORDS = "The ferry to the island leaves every hour from pier seven [1]. Tickets are sold on board, dogs travel free."


def _cut_up(text: str, cuts: int) -> list:
    """An answer whose connection breaks `cuts` times, half of the times in the middle of an event."""
    size = -(-len(text) // (cuts + 1))
    script: list = [started()]
    for number, at in enumerate(range(0, len(text), size)):
        script.append(Event("token", {"delta": text[at : at + size]}))
        if number < cuts:
            script.append(Cut(b'event: token\nid: 99\ndata: {"delta": "lo' if number % 2 else b""))
    return [*script, Event("citation", CITATION), finished(text, citations=[CITATION])]


def test_an_answer_cut_off_ten_times_is_whole_and_single_in_the_end(host, chat, ask):
    host.scripts = [_cut_up(WORDS, 10)]
    page = chat()
    ask(page, "How do I get there?")
    expect(page.locator(".message.bot")).to_have_attribute("data-state", "done", timeout=20_000)
    expect(page.locator(".message.bot .bubble")).to_have_text(WORDS.replace("[1]", "1"))
    expect(page.locator(".message")).to_have_count(2)
    expect(page.locator(".failure")).to_have_count(0)
    assert len(host.questions) == 1
    assert len(host.resumed) == 10
    expect(page.get_by_role("log").locator("p")).to_have_count(2)


def test_each_question_has_a_key_of_its_own(host, chat, ask):
    page = chat()
    for question in ("One", "Two"):
        ask(page, question)
        expect(page.locator(".message.bot[data-state=done]")).to_have_count(len(host.questions))
    assert len(set(host.keys)) == 2
    assert all(len(key) >= 8 for key in host.keys)


def test_a_question_that_may_have_arrived_is_sent_again_under_its_key(host, chat, ask):
    page = chat()
    page.route("**/chat", lambda route: route.abort())
    ask(page, "Did you hear me?")
    page.get_by_role("button", name="Retry").wait_for()
    page.unroute("**/chat")
    page.get_by_role("button", name="Retry").click()
    expect(page.locator(".message.bot .bubble")).to_have_text("Hello!")
    page.route("**/chat", lambda route: route.abort())
    ask(page, "And now?")
    page.get_by_role("button", name="Retry").wait_for()
    page.unroute("**/chat")
    page.get_by_role("button", name="Retry").click()
    expect(page.locator(".message.bot .bubble")).to_have_count(2)
    assert len(set(host.keys)) == len(host.keys) == 2


def test_a_refused_question_is_asked_under_a_new_key(host, chat, ask):
    host.scripts = [Problem(503), answer("Back.")]
    page = chat()
    ask(page, "Hello?")
    page.get_by_role("button", name="Retry").click()
    expect(page.locator(".message.bot .bubble")).to_have_text("Back.")
    assert len(set(host.keys)) == 2


def test_stop_before_the_answer_has_begun_stops_it_when_it_begins(host, chat, ask):
    gate = Gate()
    host.scripts = [[gate, started(), Gate()]]
    page = chat()
    ask(page, "Never mind")
    page.get_by_role("button", name="Stop").click()
    gate.open()
    expect(page.locator(".note")).to_have_text("Stopped.")
    wait_until(page, lambda: host.stopped == [RUN])


def test_a_second_rating_waits_for_the_first(host, chat, ask):
    host.feedback_gate = Gate()
    page = chat()
    ask(page, "Hi")
    page.get_by_role("button", name="Helpful", exact=True).click()
    wait_until(page, lambda: len(host.ratings) == 1)
    page.get_by_role("button", name="Not helpful").click()
    expect(page.get_by_role("button", name="Not helpful")).to_have_attribute("aria-pressed", "true")
    assert len(host.ratings) == 1
    host.feedback_gate.open()
    wait_until(page, lambda: len(host.ratings) == 2)
    assert [rating["rating"] for rating in host.ratings] == ["up", "down"]


def test_what_was_missed_in_sleep_is_there_after_it(host, chat, ask):
    page = chat()
    ask(page, "Hi")
    expect(page.locator(".message.bot[data-state=done]")).to_have_count(1)
    host.history = [
        {"message_id": "q_1", "role": "visitor", "content": "Hi", "citations": []},
        {"message_id": "msg_1", "role": "bot", "content": "Hello!", "citations": []},
        {"message_id": "msg_2", "role": "bot", "content": "Your parcel has arrived.", "citations": []},
    ]
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator(".message .bubble")).to_have_text(["Hi", "Hello!", "Your parcel has arrived."])
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    wait_until(page, lambda: sum(path.endswith("/history") for path in host.paths) >= 2)
    expect(page.locator(".message")).to_have_count(3)

"""axe-core (a bundled copy) on the widget in every state: light, dark, from right to left, on a phone."""

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.widget.fake_host import CITATION, Event, Gate, Problem, answer, finished, started

LOOKS = [{"color_scheme": "light"}, {"color_scheme": "dark"}]
EVERYTHING = (
    "# Berths\n\nOne [1] and **two**, see [the map](https://example.com).\n\n- a\n- b\n\n"
    "| a | b |\n|--|--|\n| 1 | 2 |\n\n```\ncode\n```"
)


def violations(page: Page) -> list[str]:
    """What axe finds in the widget: the page around it is not ours."""
    page.wait_for_function("() => document.getAnimations().every(each => each.playState !== 'running')")
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    own = [(one, node) for one in found for node in one["nodes"] if isinstance(node["target"][0], list)]
    return [f"{one['id']}: {node['target'][0][-1]}: {node['failureSummary']}" for one, node in own]


def closed(page: Page, host) -> None:
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()


def welcome(page: Page, host) -> None:
    expect(page.locator(".question")).to_have_count(2)


def answered(page: Page, host) -> None:
    _ask(page)
    expect(page.locator(".message.bot")).to_have_attribute("data-state", "done")


def streaming(page: Page, host) -> None:
    host.scripts = [[started(), Event("token", {"delta": "Half a sen"}), Gate(), finished("x")]]
    _ask(page)
    expect(page.locator(".message.bot")).to_have_attribute("data-state", "streaming")


def failed(page: Page, host) -> None:
    host.scripts = [Problem(503)]
    _ask(page)
    page.locator(".failure").wait_for()


def reading_a_source(page: Page, host) -> None:
    answered(page, host)
    page.locator(".marker").click()
    page.locator(".card").wait_for()


def commenting(page: Page, host) -> None:
    answered(page, host)
    page.get_by_role("button", name="Not helpful").click()
    page.locator(".comment").wait_for()


def leaving_a_contact(page: Page, host) -> None:
    host.scripts = [[started(), Event("lead.request", {"fields": ["name", "email"]}), *answer("Please.")[1:]]]
    _ask(page)
    page.locator("form.lead").wait_for()


def choosing(page: Page, host) -> None:
    whole = finished("Which one?").data
    host.scripts = [[started(), Event("run.finished", {**whole, "ask": {"kind": "choice", "options": ["A", "B"]}})]]
    _ask(page)
    page.get_by_role("button", name="B", exact=True).wait_for()


def talking_to_a_person(page: Page, host) -> None:
    message = {"message_id": "m", "role": "agent", "author": "Ann", "content": "Hello, Ann here.", "citations": []}
    state = {"status": "held", "agent": {"name": "Ann"}}
    host.agents = [Event("conversation.state", state), Event("message", message), Gate()]
    host.scripts = [[started(), Event("handoff", {"is_waiting": True}), finished("")]]
    _ask(page)
    page.get_by_text("Hello, Ann here.").first.wait_for()
    expect(page.locator(".people")).to_have_text("Ann answers you now.")


def offline(page: Page, host) -> None:
    page.context.set_offline(True)
    _ask(page)
    page.locator(".note").wait_for()


STATES = (
    *(closed, welcome, answered, streaming, failed, reading_a_source, commenting, leaving_a_contact, choosing),
    *(talking_to_a_person, offline),
)


def _ask(page: Page) -> None:
    page.locator(".panel textarea").fill("Where?")
    page.locator(".panel textarea").press("Enter")


@pytest.mark.parametrize("look", LOOKS, ids=["light", "dark"])
@pytest.mark.parametrize("state", STATES)
def test_axe_finds_nothing(host, chat: Callable[..., Page], state: Callable[..., None], look: dict):
    host.config["suggested_questions"] = ["Where is my order?", "Do you ship abroad?"]
    host.scripts = [answer(EVERYTHING, citations=[CITATION])]
    page = chat(reduced_motion="reduce", **look)
    state(page, host)
    assert violations(page) == []


@pytest.mark.parametrize("gate", ["consent", "contact"])
def test_axe_finds_nothing_before_the_chat(host, chat: Callable[..., Page], gate: str):
    if gate == "consent":
        host.config["consent"] = {"is_asked": True, "url": "https://example.com/privacy"}
    else:
        host.config["lead_capture"] = {"is_enabled": True, "when": "before", "is_required": True}
    page = chat(reduced_motion="reduce")
    page.locator(".agreement, form.lead").wait_for()
    expect(page.locator(".composer")).to_be_hidden()
    assert violations(page) == []


def test_axe_finds_nothing_from_right_to_left(host, chat: Callable[..., Page]):
    host.scripts = [answer(EVERYTHING, citations=[CITATION])]
    page = chat(options={"lang": "he"}, reduced_motion="reduce", viewport={"width": 390, "height": 844})
    answered(page, host)
    expect(page.locator(".panel")).to_have_attribute("dir", "rtl")
    assert violations(page) == []

"""assets/dashboard.js in a real browser, on pages of its own."""

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route

from tests.browser import browser, new_page  # noqa: F401

SCRIPT = Path(__file__).resolve().parents[2] / "assets" / "dashboard.js"
ORIGIN = "http://dashboard.test"
SIGN_IN = """<!doctype html><form data-auth="/login">
<input name="email" id="email" aria-label="E-mail"><p data-problem="email"></p>
<input name="password" id="password" type="password" aria-label="Password"><p data-problem="password"></p>
<button type="button" data-reveals="password" aria-label="Show the password" aria-pressed="false"></button>
<p data-problem-summary></p><button type="submit">Sign in</button></form><script src="/dashboard.js"></script>"""
AUTOSAVE = """<!doctype html><span id="saver" data-stamp="1"></span>
<div data-autosaves><input id="name" aria-label="Name"></div><script src="/dashboard.js"></script>"""


def serve(page: Page, html: str, *, login: tuple[int, dict[str, Any]] = (200, {})) -> list[dict[str, Any]]:
    """Answer every request of the page. Returns the list of bodies that the login gets."""
    posted: list[dict[str, Any]] = []

    def answer(route: Route) -> None:
        if route.request.url.endswith("/dashboard.js"):
            route.fulfill(body=SCRIPT.read_text(), content_type="text/javascript")
        elif route.request.method == "POST":
            posted.append(json.loads(route.request.post_data or "{}"))
            route.fulfill(status=login[0], json=login[1])
        else:
            route.fulfill(body=html, content_type="text/html")

    page.route("**/*", answer)
    return posted


def sign_in(page: Page, *, email: str = " ada@example.com ", password: str = "long enough") -> None:
    page.get_by_label("E-mail").fill(email)
    page.locator("#password").fill(password)
    page.keyboard.press("Enter")


def test_empty_fields_are_named_without_asking_the_server(browser: Browser):  # noqa: F811
    with new_page(browser) as page:
        posted = serve(page, SIGN_IN)
        page.goto(f"{ORIGIN}/sign-in")
        sign_in(page, email="", password="")
        assert page.locator("[data-problem=email]").inner_text() == "Enter your e-mail address."
        assert page.locator("#email").get_attribute("aria-invalid") == "true"
        assert posted == []


def test_a_refusal_is_said_and_the_button_works_again(browser: Browser):  # noqa: F811
    with new_page(browser) as page:
        serve(page, SIGN_IN, login=(401, {"code": "wrong_credentials", "detail": "Not right."}))
        page.goto(f"{ORIGIN}/sign-in")
        sign_in(page)
        page.get_by_text("Not right.").wait_for()
        assert page.get_by_role("button", name="Sign in").is_enabled()


@pytest.mark.parametrize(
    ("next_path", "expected"),
    [
        ("%2Fchatbots%3Fa%3D1", "/chatbots?a=1"),
        ("", "/"),
        ("%2F%2Fevil.example", "/"),
        ("https%3A%2F%2Fevil.example", "/"),
        ("%2F%5Cevil.example", "/"),
        ("javascript%3Aalert(1)", "/"),
    ],
)
def test_after_signing_in_only_own_pages_follow(browser: Browser, next_path: str, expected: str):  # noqa: F811
    with new_page(browser) as page:
        posted = serve(page, SIGN_IN)
        page.goto(f"{ORIGIN}/sign-in?next={next_path}")
        sign_in(page)
        page.wait_for_url(f"{ORIGIN}{expected}")
        assert posted == [{"email": "ada@example.com", "password": "long enough"}]


def test_the_password_can_be_shown(browser: Browser):  # noqa: F811
    with new_page(browser) as page:
        serve(page, SIGN_IN)
        page.goto(f"{ORIGIN}/sign-in")
        page.get_by_role("button", name="Show the password").click()
        assert page.locator("#password").get_attribute("type") == "text"
        assert page.get_by_role("button", name="Hide the password").get_attribute("aria-pressed") == "true"


def test_typed_words_count_as_unsaved_until_the_server_answers(browser: Browser):  # noqa: F811
    with new_page(browser) as page:
        serve(page, AUTOSAVE)
        page.clock.install()
        page.goto(f"{ORIGIN}/")
        page.get_by_label("Name").fill("Help desk")
        assert page.locator("#saver").get_attribute("data-pending") == "yes"
        page.clock.run_for(1000)
        page.evaluate("document.getElementById('saver').dataset.stamp = '2'")
        page.clock.run_for(1000)
        assert page.locator("#saver").get_attribute("data-pending") is None


def test_words_without_an_answer_are_sent_again(browser: Browser):  # noqa: F811
    with new_page(browser) as page:
        serve(page, AUTOSAVE)
        page.clock.install()
        page.goto(f"{ORIGIN}/")
        page.get_by_label("Name").fill("Help desk")
        page.evaluate("window.heard = 0; document.addEventListener('input', () => window.heard++)")
        page.clock.run_for(7000)
        assert page.locator("#saver").get_attribute("data-pending") == "late"
        assert page.evaluate("window.heard") == 1

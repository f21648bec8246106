"""A real browser for tests: finds Chromium, starts it, and turns an uncaught error on a page into a failed test.

from tests.browser import browser, new_page   # the fixture is module-scoped: one process for a file of tests
"""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
POLL_SECONDS = 0.02
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def find_chromium(playwright: Playwright) -> str | None:
    """The browser named by PRIVEXBOT_CHROMIUM, else the system's, else Playwright's own; None without any."""
    named = os.environ.get("PRIVEXBOT_CHROMIUM")
    on_path = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    for candidate in (named, on_path, playwright.chromium.executable_path):
        if candidate and Path(candidate).exists():
            return candidate
    return None


@contextmanager
def launched_browser() -> Iterator[Browser]:
    """A headless Chromium; skips the test where there is none."""
    with sync_playwright() as playwright:
        executable = find_chromium(playwright)
        if executable is None:
            pytest.skip("No Chromium found; name one in PRIVEXBOT_CHROMIUM.")
        instance = playwright.chromium.launch(executable_path=executable, args=list(ARGUMENTS))
        try:
            yield instance
        finally:
            instance.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched_browser() as instance:
        yield instance


@contextmanager
def new_page(browser: Browser, *, timeout_ms: int = 10_000, **context_options: Any) -> Iterator[Page]:
    """A page in a context of its own (no shared cookies or storage). Raises AssertionError when a script failed.

    context_options: those of Browser.new_context, such as viewport, locale, color_scheme, reduced_motion.
    """
    context = browser.new_context(**context_options)
    context.set_default_timeout(timeout_ms)
    errors: list[str] = []
    context.on("weberror", lambda web_error: errors.append(str(web_error.error)))
    try:
        yield context.new_page()
    finally:
        context.close()
    assert not errors, f"uncaught errors on the page: {errors}"


def wait_until(page: Page, condition: Callable[[], bool], *, seconds: float = 10) -> None:
    """Let the page go on until condition holds, for what a server sees rather than the page. Raises AssertionError."""
    for _ in range(int(seconds / POLL_SECONDS)):
        if condition():
            return
        page.wait_for_timeout(POLL_SECONDS * 1000)
    raise AssertionError("the condition did not come true in time")

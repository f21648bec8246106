"""The wizard reads a website that is full of traps: it comes to an end, and says what it left out and why."""

import asyncio
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import browser, new_page
from tests.e2e.product import running_product
from tests.e2e.test_browser_story import SLOW_MS, Customer
from tests.integrations.source_connectors.site import (
    TrapSite,
    gzip_bomb,
    links,
    page,
    redirect,
    running,
    slow_loris,
)

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]

__all__ = ["browser"]

TRAPS = ("/away", "/bomb", "/huge", "/slow", "/calendar/2030/1", "/meta", "/secret")
MOST_PAGES = 12
REASONS = (
    "This address does not lead to the public internet.",
    "The file is larger than allowed.",
    "The address did not answer in time.",
    "The page only sends its visitors on to another one.",
    "The site's robots.txt does not allow this page to be read.",
    "The page is more clicks away from the start than chosen.",
)


def build_site() -> TrapSite:
    """Everything that makes a crawl go wrong, on one front page."""
    return TrapSite(
        {
            "/robots.txt": ("text/plain", b"User-agent: *\nDisallow: /secret\n"),
            "/": page(links("/fees", *TRAPS), title="Harbour"),
            "/fees": page("<h1>Fees</h1><p>A berth for one night costs 24 euros.</p>", title="Fees"),
            "/secret": page("Nobody should read this.", title="Secret"),
            "/away": redirect("http://10.0.0.7/admin"),
            "/meta": page("", title="Moved", head='<meta http-equiv="refresh" content="0; url=http://10.0.0.8/admin">'),
            "/huge": ("text/html", b"<p>" + b"0 " * 5_500_000),
            "/bomb": gzip_bomb,
            "/slow": slow_loris,
        }
    )


def test_the_wizard_survives_every_trap_and_says_what_it_left_out(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory
):
    site = build_site()
    with (
        _served(site),
        running_product(
            tmp_path_factory.mktemp("product"), PRIVEXBOT_ALLOWED_PRIVATE_NETWORKS="127.0.0.0/8"
        ) as product,
        new_page(browser, timeout_ms=SLOW_MS) as tab,
    ):
        Customer(tab, product.url).register()
        tab.goto(f"{product.url}/knowledge/new")
        tab.get_by_label("Name").fill("Harbour")
        _read(tab, site.base)
        _see_what_was_left_out(tab)
        tab.get_by_role("button", name="Create knowledge base").click()
        expect(tab.get_by_role("main")).to_contain_text(re.compile(r"Ready[1-9]\d*Failed0"), timeout=SLOW_MS * 3)
        _find(tab, "What does a berth for one night cost?", "24 euros")
    assert "/secret" not in site.asked
    assert sum(path.startswith("/calendar/") for path in site.asked) <= MOST_PAGES


def _read(tab: Page, address: str) -> None:
    tab.get_by_role("button", name="Website, feed, drive").click()
    tab.get_by_role("menuitem", name="Website").click()
    dialog = tab.get_by_role("dialog")
    dialog.get_by_label("Address", exact=True).fill(f"{address}/")
    dialog.get_by_label("Most pages").fill(f"{MOST_PAGES}")
    dialog.get_by_role("button", name="Begin to read").click()
    row = tab.get_by_role("list", name="Sources").get_by_role("listitem").first
    # The slow page alone takes as long as one may wait for an answer.
    expect(row.get_by_role("button", name="Review pages")).to_be_visible(timeout=SLOW_MS * 6)
    expect(row).to_contain_text("skipped", timeout=SLOW_MS * 6)


def _see_what_was_left_out(tab: Page) -> None:
    tab.get_by_role("button", name="Review pages").click()
    dialog = tab.get_by_role("dialog")
    expect(dialog).to_contain_text("Fees")
    dialog.get_by_text("skipped").first.click()
    for reason in REASONS:
        expect(dialog).to_contain_text(reason)
    dialog.get_by_role("button", name="Done").click()


def _find(tab: Page, question: str, expected: str) -> None:
    tab.get_by_role("tab", name="Test retrieval").click()
    tab.get_by_label("Question").fill(question)
    tab.keyboard.press("Enter")
    expect(tab.get_by_role("main")).to_contain_text(expected, timeout=SLOW_MS)


@contextmanager
def _served(site: TrapSite) -> Iterator[None]:
    """The site on a loop of its own, beside the browser's."""
    ready, over = threading.Event(), threading.Event()

    async def serve() -> None:
        async with running(site):
            ready.set()
            await asyncio.to_thread(over.wait)

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield
    finally:
        over.set()
        thread.join(10)

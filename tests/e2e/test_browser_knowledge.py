"""A website in a browser: read, reviewed, made into a knowledge base, loaded again, and put to the test."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import browser, new_page
from tests.e2e.product import running_product
from tests.e2e.test_browser_story import SLOW_MS, Customer

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]

__all__ = ["browser"]

PAGES = {
    "index.html": ("Harbour", "Welcome to the pages of the harbour.", ["fees.html", "hours.html", "secret.html"]),
    "fees.html": ("Fees", "A berth for one night costs 24 euros. Water is not included.", []),
    "hours.html": ("Hours", "The office is open from 8:30 to 17:00 on weekdays.", []),
    "secret.html": ("Secret", "Nobody should read this.", []),
}
QUESTION = "What does a berth for one night cost?"


def write_page(folder: Path, name: str, title: str, text: str, links: list[str]) -> None:
    anchors = "".join(f'<a href="/{link}">{link}</a>' for link in links)
    head = f"<!doctype html><html lang=en><head><title>{title}</title></head>"
    (folder / name).write_text(
        f"{head}<body><nav>{anchors}</nav><main><h1>{title}</h1><p>{text}</p></main></body></html>"
    )


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    folder.mkdir()
    for name, (title, text, links) in PAGES.items():
        write_page(folder, name, title, text, links)
    (folder / "robots.txt").write_text("User-agent: *\nDisallow: /secret.html\n")
    return folder


def test_a_website_is_read_reviewed_loaded_again_and_put_to_the_test(
    browser: Browser, site: Path, tmp_path_factory: pytest.TempPathFactory
):
    with (
        _serving(site) as address,
        running_product(
            tmp_path_factory.mktemp("product"), PRIVEXBOT_ALLOWED_PRIVATE_NETWORKS="127.0.0.0/8"
        ) as product,
        new_page(browser, timeout_ms=SLOW_MS) as page,
    ):
        Customer(page, product.url).register()
        page.goto(f"{product.url}/knowledge/new")
        page.get_by_label("Name").fill("Harbour")
        _read_website(page, address)
        _review(page)
        page.get_by_role("button", name="Create knowledge base").click()
        expect(page.get_by_role("main")).to_contain_text("Ready2Failed0", timeout=SLOW_MS * 3)
        write_page(site, "fees.html", "Fees", "A berth for one night costs 26 euros. Water is not included.", [])
        _load_again(page)
        _put_to_the_test(page)


def _read_website(page: Page, address: str) -> None:
    page.get_by_role("button", name="Website, feed, drive").click()
    page.get_by_role("menuitem", name="Website").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Address", exact=True).fill(f"{address}/")
    dialog.get_by_role("button", name="Begin to read").click()
    row = page.get_by_role("list", name="Sources").get_by_role("listitem").first
    expect(row).to_contain_text("3 pages", timeout=SLOW_MS)
    expect(row).to_contain_text("1 skipped")


def _review(page: Page) -> None:
    page.get_by_role("button", name="Review pages").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("1 skipped").click()
    expect(dialog).to_contain_text("robots.txt does not allow")
    dialog.get_by_role("switch", name="Take in Harbour").click()
    expect(dialog).to_contain_text("2 of 3 pages will be taken in")
    dialog.get_by_role("button", name="Hours").click()
    text = dialog.get_by_label("Text")
    text.fill(f"{text.input_value()}\n\nOn Sundays it is closed.")
    dialog.get_by_role("button", name="Save and take in").click()
    expect(dialog.get_by_text("Edited")).to_be_visible()
    dialog.get_by_role("button", name="Done").click()


def _load_again(page: Page) -> None:
    page.get_by_role("tab", name="Sources").click()
    page.get_by_role("button", name="Sync now").click()
    expect(page.get_by_role("main")).to_contain_text("1 changed, 1 kept as edited", timeout=SLOW_MS)
    expect(page.get_by_role("main")).to_contain_text("Ready2Failed0", timeout=SLOW_MS)


def _put_to_the_test(page: Page) -> None:
    page.get_by_role("tab", name="Quality").click()
    page.get_by_role("button", name="Add question").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Question").fill(QUESTION)
    dialog.get_by_label("Expected phrases").fill("26 euros")
    dialog.get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.get_by_role("list", name="Golden questions")).to_contain_text("Found at place 1", timeout=SLOW_MS)
    page.get_by_role("switch", name="Check before deploying").click()
    expect(page.get_by_text("Passed", exact=True)).to_be_visible(timeout=SLOW_MS)


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        return


@contextmanager
def _serving(folder: Path) -> Iterator[str]:
    """The website, on this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()

"""The built widget, a scripted host, a customer's site, and a visitor who opens pages."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser import browser, new_page
from tests.widget.fake_host import FakeHost, Site, serving_host, serving_site

__all__ = ["browser"]

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "widget"
BUILT = ROOT / "assets" / "widget"


@pytest.fixture(scope="session")
def built() -> Path:
    """The folder of the built files; built anew when a source is younger."""
    manifest = BUILT / "manifest.json"
    inputs = [path for path in SOURCES.rglob("*") if path.is_file() and "node_modules" not in path.parts]
    if manifest.exists() and manifest.stat().st_mtime > max(path.stat().st_mtime for path in inputs):
        return BUILT
    beside_python = Path(sys.executable).parent / "bun"
    bun = str(beside_python) if beside_python.exists() else shutil.which("bun")
    if bun is None:
        pytest.skip("The widget is built with bun, which is not here.")
    for command in ([bun, "install", "--frozen-lockfile"], [bun, "build.mjs"]):
        subprocess.run(command, cwd=SOURCES, check=True, capture_output=True)
    return BUILT


@pytest.fixture
def host(built: Path) -> Iterator[FakeHost]:
    with serving_host(built) as running:
        running.config = {"bot_id": "shop", "name": "Shop assistant", "greeting": "Ask me about orders."}
        yield running


@pytest.fixture
def site() -> Iterator[Site]:
    with serving_site() as running:
        yield running


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Page]]:
    """visit(url, **context options) opens a page; errors on any of them fail the test at its end."""
    with ExitStack() as stack:

        def open_page(url: str, **options: Any) -> Page:
            page = stack.enter_context(new_page(browser, **{"locale": "en-US", **options}))
            page.goto(url)
            return page

        yield open_page


@pytest.fixture
def embed(host: FakeHost) -> Callable[..., str]:
    """embed('shop', lang='de') is the snippet a customer pastes."""

    def snippet(bot: str = "shop", **options: str) -> str:
        data = "".join(f' data-{name}="{value}"' for name, value in options.items())
        return f'<script async src="{host.url}/widget.js" data-bot="{bot}"{data}></script>'

    return snippet


@pytest.fixture
def chat(visit: Callable[..., Page], site: Site, embed: Callable[..., str]) -> Callable[..., Page]:
    """chat(html='', options={}, **context options): a page with the widget on it, opened by a click on the launcher."""

    def open_chat(html: str = "", options: dict[str, str] | None = None, **context: Any) -> Page:
        page = visit(site.put(html + embed(**(options or {}))), **context)
        page.locator(".launcher").click()
        page.get_by_role("dialog").wait_for()
        return page

    return open_chat


@pytest.fixture
def ask() -> Callable[[Page, str], None]:
    def type_and_send(page: Page, text: str) -> None:
        page.locator(".panel textarea").fill(text)
        page.locator(".panel textarea").press("Enter")

    return type_and_send

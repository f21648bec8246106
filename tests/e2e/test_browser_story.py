"""The whole story in a browser: register, make a knowledge base, build and deploy a bot, ask it on a foreign page."""

import re
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import browser, new_page
from tests.e2e.model_server import running_model_server
from tests.e2e.product import PASSWORD, Product, running_product

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]

__all__ = ["browser"]

SLOW_MS = 60_000
QUESTION = "Will Putin stop at Ukraine?"
FILES = (
    "retrieval/chroma_chunking_eval/docs/state_of_the_union.md",
    "documents/files/normal/pypdf__pdflatex-4-pages.pdf",
)
ENCRYPTED = "documents/files/nasty/unst__password.pdf"


class Customer:
    """Somebody who uses the dashboard for the first time."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url

    def register(self) -> None:
        self.page.goto(f"{self.url}/register")
        self.page.get_by_label("Name").fill("Ann Example")
        self.page.get_by_label("E-mail").fill(f"ann-{secrets.token_hex(4)}@example.com")
        self.page.get_by_label("Password", exact=True).fill(PASSWORD)
        self.page.get_by_role("button", name="Create account").click()
        expect(self.page.get_by_role("heading", name="Overview")).to_be_visible(timeout=SLOW_MS)

    def make_knowledge_base(self, files: list[Path], *, broken: Path) -> None:
        page = self.page
        page.goto(f"{self.url}/knowledge/new")
        page.get_by_label("Name").fill("Speeches")
        expect(page.get_by_text("Draft saved")).to_be_visible(timeout=SLOW_MS)
        page.locator("input[type=file]").set_input_files([*files, broken])
        sources = page.get_by_role("list", name="Sources")
        expect(sources.get_by_role("listitem")).to_have_count(len(files) + 1, timeout=SLOW_MS)
        expect(sources.get_by_text("protected by a password")).to_be_visible()
        expect(page.get_by_label("Preview of chunks")).to_contain_text("chunks", timeout=SLOW_MS)
        page.get_by_role("button", name="Create knowledge base").click()
        expect(page.get_by_role("heading", name="Speeches")).to_be_visible(timeout=SLOW_MS)
        tiles = page.get_by_role("main")
        expect(tiles).to_contain_text(f"Ready{len(files)}Failed0", timeout=SLOW_MS * 3)

    def see_what_retrieval_finds(self, question: str, expected: str) -> None:
        self.page.get_by_role("tab", name="Test retrieval").click()
        self.page.get_by_label("Question").fill(question)
        self.page.keyboard.press("Enter")
        expect(self.page.get_by_role("main")).to_contain_text(expected, timeout=SLOW_MS)

    def build_bot(self) -> None:
        page = self.page
        page.goto(f"{self.url}/chatbots")
        page.get_by_role("button", name="New chatbot").first.click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("Name").fill("Speech helper")
        dialog.get_by_text("Speeches").click()
        dialog.get_by_role("button", name="Create").click()
        expect(page.get_by_role("heading", name="Speech helper")).to_be_visible(timeout=SLOW_MS)
        page.get_by_label("Greeting").fill("Ask me about the speech.")
        expect(page.get_by_text("Saved", exact=True)).to_be_visible(timeout=SLOW_MS)

    def try_draft(self, question: str, expected: str) -> None:
        self.page.get_by_placeholder("Ask something").fill(question)
        self.page.keyboard.press("Enter")
        expect(self.page.get_by_text(expected).first).to_be_visible(timeout=SLOW_MS)

    def deploy(self) -> str:
        self.page.get_by_role("button", name="Deploy").first.click()
        dialog = self.page.get_by_role("dialog")
        dialog.get_by_role("button", name="Deploy").click()
        code = dialog.get_by_text("data-bot=")
        expect(code).to_be_visible(timeout=SLOW_MS)
        return re.search(r"<script.*?</script>", code.inner_text(), re.DOTALL)[0]  # type: ignore[index]


def test_from_documents_to_a_quoted_answer_on_a_plain_page(
    product: Product, browser: Browser, data: Path, tmp_path: Path
):
    with new_page(browser, timeout_ms=SLOW_MS) as page:
        customer = Customer(page, product.url)
        customer.register()
        customer.make_knowledge_base([data / name for name in FILES], broken=data / ENCRYPTED)
        customer.see_what_retrieval_finds(QUESTION, "Ukraine can stop Putin")
        customer.build_bot()
        customer.try_draft(QUESTION, "No language model is connected")
        embed_code = customer.deploy()
    _ask_as_visitor(browser, embed_code, tmp_path, expected="Ukraine", passage="Ukraine")


def test_from_documents_to_a_written_answer_on_a_plain_page(
    browser: Browser, data: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
):
    with running_model_server() as model:
        model.script = ["No. ", "He ", "will not ", "stop ", "there ", "[1]."]
        model.seconds_per_token = 0.05
        settings = {
            "PRIVEXBOT_LLMS__OPENAI_LIKE__BASE_URL": f"{model.url}/v1",
            "PRIVEXBOT_LLMS__OPENAI_LIKE__MODEL": "test-model",
        }
        with (
            running_product(tmp_path_factory.mktemp("with-model"), **settings) as product,
            new_page(browser, timeout_ms=SLOW_MS) as page,
        ):
            customer = Customer(page, product.url)
            customer.register()
            customer.make_knowledge_base([data / FILES[0]], broken=data / ENCRYPTED)
            customer.build_bot()
            customer.try_draft(QUESTION, "He will not stop there")
            embed_code = customer.deploy()
            _ask_as_visitor(browser, embed_code, tmp_path, expected="He will not stop there", passage="Ukraine")


def _ask_as_visitor(browser: Browser, embed_code: str, folder: Path, *, expected: str, passage: str) -> None:
    html = f"<!doctype html><html lang=en><title>A shop</title><h1>A shop</h1>{embed_code}</html>"
    (folder / "index.html").write_text(html)
    with _serving(folder) as site, new_page(browser, timeout_ms=SLOW_MS) as page:
        page.goto(site)
        page.get_by_role("button", name=re.compile("chat", re.IGNORECASE)).click()
        expect(page.get_by_text("Ask me about the speech.")).to_be_visible()
        page.get_by_role("textbox").fill(QUESTION)
        page.keyboard.press("Enter")
        answer = page.get_by_role("log")
        expect(answer).to_contain_text(expected, timeout=SLOW_MS)
        source = page.get_by_role("button", name=re.compile(r"state_of_the_union"))
        expect(source.first).to_be_visible(timeout=SLOW_MS)
        source.first.click()
        expect(page.get_by_text(re.compile(passage)).last).to_be_visible()


@contextmanager
def _serving(folder: Path) -> Iterator[str]:
    """A website on an origin of its own."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *arguments: object) -> None:
            return None

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        thread.join(5)

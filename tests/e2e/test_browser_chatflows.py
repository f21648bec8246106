"""A chatflow from the first node to its public page, in a browser: build, connect, undo, run, publish, go back."""

import re
import secrets
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser import browser, new_page, wait_until
from tests.e2e.product import PASSWORD, Product

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

__all__ = ["browser"]

SLOW_MS = 30_000
DESKTOP = {"width": 1440, "height": 900}
COUNT_COMMITS = """
  (() => {
    window.commits = 0;
    const send = WebSocket.prototype.send;
    WebSocket.prototype.send = function (data) {
      if (typeof data === "string" && data.includes("editor_state.commit")) window.commits += 1;
      return send.call(this, data);
    };
  })()
"""


class Drawer:
    """Somebody who draws chatflows."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url

    def register(self) -> None:
        page = self.page
        page.goto(f"{self.url}/register")
        page.get_by_label("Name").fill("Ann Example")
        page.get_by_label("E-mail").fill(f"ann-{secrets.token_hex(4)}@example.com")
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Create account").click()
        expect(page.get_by_role("heading", name="Overview")).to_be_visible(timeout=SLOW_MS)

    def begin(self, name: str) -> None:
        """A new chatflow: a start and a reply."""
        page = self.page
        page.goto(f"{self.url}/chatflows")
        page.get_by_role("button", name="New chatflow").first.click()
        page.get_by_role("dialog").get_by_label("Name").fill(name)
        page.get_by_role("button", name="Create", exact=True).click()
        expect(self.node("reply")).to_be_visible(timeout=SLOW_MS)
        page.keyboard.press("Escape")

    def node(self, id: str) -> Locator:
        return self.page.locator(f'[data-node="{id}"]')

    def count_nodes(self) -> int:
        return int(self.page.evaluate("window.privexbotFlow.graph().nodes.length"))

    def graph(self) -> dict[str, list[dict[str, object]]]:
        return self.page.evaluate("window.privexbotFlow.graph()")  # type: ignore[no-any-return]

    def open(self, id: str) -> Locator:
        """A node's settings."""
        self.node(id).locator(".pf-head").click()
        drawer = self.page.get_by_role("complementary", name=re.compile("^Node:"))
        expect(drawer.get_by_text(id, exact=True)).to_be_visible()
        return drawer

    def drag_to(self, id: str, right: int, down: int) -> None:
        box = self.node(id).bounding_box()
        assert box is not None
        x, y = box["x"] + 60, box["y"] + 20
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        self.page.mouse.move(x + right, y + down, steps=15)
        self.page.mouse.up()

    def connect(self, source: str, target: str) -> None:
        start = self.node(source).locator(".react-flow__handle.source").first.bounding_box()
        end = self.node(target).locator(".react-flow__handle.target").first.bounding_box()
        assert start is not None
        assert end is not None
        self.page.mouse.move(start["x"] + 7, start["y"] + 7)
        self.page.mouse.down()
        self.page.mouse.move(end["x"] + 7, end["y"] + 7, steps=12)
        self.page.mouse.up()

    def expect_saved(self) -> None:
        expect(self.page.locator(".pf-editor[data-unsaved=false]")).to_be_visible(timeout=SLOW_MS)
        expect(self.page.locator("[data-saving=saved]")).to_be_visible()

    def ask(self, text: str) -> None:
        self.page.get_by_label("Your question").fill(text)
        self.page.keyboard.press("Enter")

    def publish(self, note: str) -> None:
        self.page.get_by_role("button", name="Publish", exact=True).click()
        dialog = self.page.get_by_role("dialog")
        dialog.get_by_label("What is new").fill(note)
        dialog.get_by_role("button", name="Publish").click()
        expect(dialog.get_by_text("It is live")).to_be_visible(timeout=SLOW_MS)


@pytest.fixture
def drawer(browser: Browser, product: Product) -> Iterator[Drawer]:
    with new_page(browser, timeout_ms=SLOW_MS, viewport=DESKTOP, reduced_motion="reduce") as page:
        page.add_init_script(COUNT_COMMITS)
        made = Drawer(page, product.url)
        made.register()
        yield made


def test_a_flow_is_built_connected_undone_run_and_published(drawer: Drawer):
    page = drawer.page
    drawer.begin("Order status")
    page.evaluate("window.commits = 0")

    drawer.drag_to("reply", 40, 120)
    drawer.expect_saved()
    assert page.evaluate("window.commits") == 1

    page.locator("[data-kind=condition]").drag_to(
        page.locator(".react-flow__pane"), target_position={"x": 320, "y": 560}
    )
    expect(drawer.node("condition")).to_be_visible()
    drawer.connect("start", "condition")
    wait_until(page, lambda: len(drawer.graph()["edges"]) == 2)
    page.keyboard.press("Control+z")
    wait_until(page, lambda: len(drawer.graph()["edges"]) == 1)
    page.keyboard.press("Control+z")
    expect(drawer.node("condition")).to_have_count(0)
    page.keyboard.press("Control+y")
    page.keyboard.press("Control+Shift+z")
    wait_until(page, lambda: len(drawer.graph()["edges"]) == 2)
    drawer.expect_saved()

    expect(drawer.node("condition").get_by_label("problem")).to_be_visible(timeout=SLOW_MS)
    page.get_by_role("button", name=re.compile("^Problems")).click()
    page.get_by_role("button", name=re.compile("Add a case to compare")).click()
    settings = page.get_by_role("complementary", name=re.compile("^Node:"))
    settings.get_by_role("button", name="Add: Cases").click()
    settings.get_by_label("Label").fill("About an order")
    left = settings.get_by_label("Left")
    left.click()
    left.press_sequentially("{{")
    page.get_by_label("Search values").fill("start.mess")
    page.keyboard.press("Enter")
    expect(left).to_have_value("{{ start.message }}")
    settings.get_by_label("Operator").select_option("contains")
    settings.get_by_label("Right").fill("order")
    settings.get_by_label("Right").blur()
    expect(drawer.node("condition").locator(".pf-way")).to_have_text(["About an order", "Else"], timeout=SLOW_MS)
    settings.get_by_label("Connect About an order to").select_option("reply")
    drawer.expect_saved()

    page.keyboard.press("Escape")
    page.get_by_role("button", name="Try it").click()
    drawer.ask("My order is late")
    expect(page.get_by_role("log")).to_contain_text("You wrote: My order is late", timeout=SLOW_MS)
    expect(drawer.node("condition").get_by_label("Finished")).to_be_visible()
    trace = drawer.open("condition")
    trace.get_by_role("tab", name="Run").click()
    expect(trace.get_by_label("Trace")).to_contain_text("way_1")

    trace.get_by_label("start.message").fill("nothing of that kind")
    trace.get_by_role("button", name="Run", exact=True).click()
    expect(trace.get_by_label("Trace").first).to_contain_text("else", timeout=SLOW_MS)

    drawer.publish("The first one")
    address = page.get_by_role("dialog").get_by_role("link").first.get_attribute("href")
    assert address
    page.get_by_role("dialog").get_by_role("button", name="Done").click()
    expect(page.get_by_role("button", name="Versions")).to_be_visible(timeout=SLOW_MS)

    with page.context.new_page() as visitor:
        visitor.goto(address)
        box = visitor.get_by_role("textbox")
        box.fill("my order please")
        box.press("Enter")
        expect(visitor.get_by_text("Hello! You wrote: my order please")).to_be_visible(timeout=SLOW_MS)


def test_versions_tell_what_changed_and_one_can_go_back(drawer: Drawer):
    page = drawer.page
    drawer.begin("Greeter")
    drawer.publish("Says hello")
    page.get_by_role("dialog").get_by_role("button", name="Done").click()
    expect(page.get_by_role("button", name="Versions")).to_be_visible(timeout=SLOW_MS)
    settings = drawer.open("reply")
    settings.get_by_label("Text").fill("Good day!")
    settings.get_by_label("Text").blur()
    drawer.expect_saved()
    drawer.publish("Says good day")
    page.get_by_role("dialog").get_by_role("button", name="Done").click()
    expect(page.get_by_role("dialog")).to_have_count(0)

    page.get_by_role("button", name="Versions").click()
    versions = page.get_by_role("region", name="Versions")
    expect(versions.get_by_role("listitem").first).to_contain_text("Says good day")
    versions.get_by_role("button", name="What changed in version 2").click()
    expect(versions).to_contain_text("Changed Reply (config.text)")
    versions.get_by_role("button", name="Go back to version 1").click()
    page.get_by_role("alertdialog").get_by_role("button", name="Go back").click()
    expect(page.get_by_text("Version 1 answers from now on.")).to_be_visible(timeout=SLOW_MS)


def test_a_second_tab_is_told_that_the_draft_changed_and_loses_nothing(drawer: Drawer):
    page = drawer.page
    drawer.begin("Shared")
    other_page = page.context.new_page()
    other_page.goto(page.url)
    other = Drawer(other_page, drawer.url)
    expect(other.node("reply")).to_be_visible(timeout=SLOW_MS)

    drawer.drag_to("reply", 0, 150)
    drawer.expect_saved()
    other.drag_to("reply", 30, -120)
    expect(other_page.get_by_text("This draft was changed in another window.")).to_be_visible(timeout=SLOW_MS)
    mine = other.graph()["nodes"]
    other_page.get_by_role("button", name="Keep mine").click()
    other.expect_saved()
    other_page.reload()
    expect(other.node("reply")).to_be_visible(timeout=SLOW_MS)
    assert other.graph()["nodes"] == mine

    drawer.drag_to("reply", 20, 20)
    page.get_by_role("button", name="Load the latest").click()
    wait_until(page, lambda: drawer.graph()["nodes"] == mine)
    other_page.close()


def test_parts_are_copied_into_another_flow_and_everything_works_by_keys(drawer: Drawer):
    page = drawer.page
    drawer.begin("First")
    drawer.open("reply")
    page.keyboard.press("Control+c")
    drawer.begin("Second")
    page.locator(".react-flow__pane").click(position={"x": 300, "y": 80})
    page.keyboard.press("Control+v")
    expect(drawer.node("reply_2")).to_be_visible()
    page.keyboard.press("Control+d")
    wait_until(page, lambda: drawer.count_nodes() == 4)
    page.keyboard.press("Delete")
    wait_until(page, lambda: drawer.count_nodes() == 3)

    page.keyboard.press("Control+k")
    page.get_by_role("dialog").get_by_role("combobox").fill("Add: End")
    page.get_by_role("dialog").get_by_role("combobox").fill("end")
    page.get_by_role("option", name=re.compile("^Add: End")).click()
    expect(drawer.node("end")).to_be_visible()
    page.keyboard.press("Control+f")
    page.get_by_role("dialog").get_by_role("combobox").fill("reply_2")
    page.keyboard.press("Enter")
    expect(page.get_by_role("complementary", name=re.compile("^Node:"))).to_contain_text("reply_2")

    page.locator('.react-flow__node[data-id="reply"]').focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("complementary", name=re.compile("^Node:"))).to_contain_text("reply")
    before = {node["id"]: node["position"] for node in drawer.graph()["nodes"]}
    page.keyboard.press("ArrowDown")
    wait_until(page, lambda: {n["id"]: n["position"] for n in drawer.graph()["nodes"]} != before)
    page.keyboard.press("Control+a")
    page.keyboard.press("Control+o")
    drawer.expect_saved()
    page.reload()
    expect(drawer.node("end")).to_be_visible(timeout=SLOW_MS)
    assert drawer.count_nodes() == 4

"""The keyboard, the screen reader, the phone, the other direction of writing, colours one can read."""

import pytest
from playwright.sync_api import expect

from tests.widget.fake_host import CITATION, Event, Gate, answer, finished, started

PHONE = {"width": 390, "height": 844}
FOCUSED = """() => {
  let node = document.activeElement;
  while (node?.shadowRoot?.activeElement) node = node.shadowRoot.activeElement;
  return node?.getAttribute('aria-label') || node?.className || node?.tagName;
}"""
CONTRAST = """node => {
  const channels = (text) => text.match(/[\\d.]+/g).slice(0, 3).map(Number);
  const linear = (v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  const luminance = (rgb) => rgb.map((v) => linear(v / 255)).reduce(
    (sum, v, at) => sum + v * [0.2126, 0.7152, 0.0722][at], 0);
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = getComputedStyle(at).backgroundColor;
      if (!/^rgba\\(.*, 0\\)$/.test(color)) return color;
    }
    return 'rgb(255, 255, 255)';
  };
  const pair = [getComputedStyle(node).color, ground(node)].map((color) => luminance(channels(color)) + 0.05);
  return Math.max(...pair) / Math.min(...pair);
}"""


def test_a_whole_chat_by_keyboard_alone(host, site, visit, embed):
    host.scripts = [answer("Within 30 days [1].", citations=[CITATION])]
    page = visit(site.put(embed()))
    page.locator(".launcher").wait_for()
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUSED) == "Chat: Shop assistant"
    page.keyboard.press("Enter")
    expect(page.locator(".panel textarea")).to_be_focused()
    page.keyboard.type("Returns?")
    page.keyboard.press("Enter")
    expect(page.locator(".marker")).to_be_visible()
    expect(page.locator(".panel textarea")).to_be_focused()
    for label in ("Copy", "Not helpful", "Helpful", "chip"):
        page.keyboard.press("Shift+Tab")
        assert page.evaluate(FOCUSED) == label
    page.keyboard.press("Shift+Tab")
    assert page.evaluate(FOCUSED) == "Source 1: Returns policy"
    page.keyboard.press("Enter")
    expect(page.locator(".card").get_by_role("button", name="Close")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(".card")).to_have_count(0)
    expect(page.locator(".marker")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert page.evaluate(FOCUSED) == "Chat: Shop assistant"


def test_whole_sentences_are_announced_not_tokens(host, chat, ask):
    gate = Gate()
    words = ["First sen", "tence [1]. ", "Second is not", " over"]
    tokens = [Event("token", {"delta": word}) for word in words]
    host.scripts = [[started(), *tokens, gate, finished("".join(words) + " yet.")]]
    page = chat()
    ask(page, "Go")
    log = page.get_by_role("log")
    expect(log).to_have_attribute("aria-live", "polite")
    expect(log.locator("p")).to_have_text(["First sentence ."])
    gate.open()
    expect(log.locator("p")).to_have_text(["First sentence .", "Second is not over yet."])


def test_on_a_phone_the_dialog_is_the_screen_and_keeps_the_focus(chat):
    page = chat(viewport=PHONE, has_touch=True, is_mobile=True)
    dialog = page.get_by_role("dialog")
    expect(dialog).to_have_attribute("aria-modal", "true")
    page.wait_for_function("node => node.getAnimations().length === 0", arg=dialog.element_handle())
    assert dialog.bounding_box() == {"x": 0, "y": 0, **PHONE}
    visited = set()
    for _ in range(8):
        page.keyboard.press("Tab")
        visited.add(page.evaluate(FOCUSED))
    assert "Message" in visited
    assert "Close" in visited
    assert not {"BODY", "Chat: Shop assistant"} & visited


def test_on_a_desk_the_page_stays_within_reach(chat):
    page = chat()
    expect(page.get_by_role("dialog")).to_have_attribute("aria-modal", "false")
    visited = set()
    for _ in range(8):
        page.keyboard.press("Tab")
        visited.add(page.evaluate(FOCUSED))
    assert "Chat: Shop assistant" in visited


@pytest.mark.parametrize("viewport", [{"width": 1280, "height": 800}, PHONE])
def test_every_target_is_at_least_24_pixels(host, chat, ask, viewport):
    host.scripts = [answer("Yes [1].", citations=[CITATION])]
    page = chat(viewport=viewport)
    ask(page, "Go")
    page.locator(".chip").wait_for()
    # The marker is drawn smaller; its ::before carries the clickable area.
    small = page.locator(".panel button:visible:not(.marker)").evaluate_all(
        "nodes => nodes.map(n => [n.className, n.getBoundingClientRect()])"
        ".filter(([, box]) => Math.min(box.width, box.height) < 24)"
    )
    assert small == []
    reach = page.locator(".marker").evaluate("node => parseFloat(getComputedStyle(node, '::before').height)")
    assert reach >= 24


def test_arabic_is_written_from_right_to_left(host, chat, ask):
    page = chat(options={"lang": "ar"})
    expect(page.locator(".panel")).to_have_attribute("dir", "rtl")
    expect(page.locator(".panel")).to_have_attribute("lang", "ar")
    expect(page.locator(".panel textarea")).to_have_attribute("placeholder", "اكتب رسالتك…")
    ask(page, "مرحبا")
    visitor = page.locator(".message.visitor .bubble").bounding_box()
    panel = page.locator(".panel").bounding_box()
    assert visitor["x"] - panel["x"] < panel["width"] / 2, "the visitor's bubble stands at the end of the line: left"


def test_the_language_of_the_browser_is_spoken(chat):
    page = chat(locale="fr-CA")
    expect(page.locator(".panel textarea")).to_have_attribute("placeholder", "Écrivez votre message…")


def test_a_language_we_do_not_speak_falls_back_to_english(chat):
    page = chat(options={"lang": "constructor"})
    expect(page.locator(".panel textarea")).to_have_attribute("placeholder", "Type your message…")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("color", ["#ffee00", "#000000", "#ffffff", "#ff0055", "#7f7f7f"])
def test_text_can_be_read_on_any_brand_colour(host, chat, ask, scheme, color):
    host.scripts = [answer("See [1] and [here](https://example.com).", citations=[CITATION])]
    page = chat(options={"color": color}, color_scheme=scheme, reduced_motion="reduce")
    ask(page, "Go")
    page.locator(".chip").wait_for()
    for selector in (
        ".visitor .bubble",
        ".bot .bubble a",
        ".marker",
        ".chip .page",
        ".avatar",
        ".compact .greeting",
        ".footer",
    ):
        assert page.locator(selector).first.evaluate(CONTRAST) >= 4.5, selector


def test_the_dashboard_may_fix_the_theme(host, chat):
    host.config["appearance"] = {"theme": "dark"}
    page = chat(color_scheme="light")
    expect(page.locator(".panel")).to_have_css("background-color", "rgb(24, 24, 28)")


def test_those_who_asked_for_less_motion_get_none(chat):
    page = chat(reduced_motion="reduce")
    expect(page.locator(".panel")).to_have_css("transition-property", "none")

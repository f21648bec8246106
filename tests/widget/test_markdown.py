# ruff: noqa: E501 (a row of the table is one line: source and drawing side by side)
"""Answers as Markdown, in the real bubble: what is drawn, and that hostile text draws nothing else."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.widget.fake_host import SESSION, FakeHost, answer

XSS = Path(__file__).parents[3] / "shared" / "data" / "xss"

ALLOWED_TAGS = {
    *("P", "BR", "STRONG", "EM", "CODE", "PRE", "UL", "OL", "LI", "A", "H3", "H4", "H5", "H6", "HR", "BLOCKQUOTE"),
    *("DIV", "TABLE", "THEAD", "TBODY", "TR", "TH", "TD", "BUTTON", "SPAN"),
}
ALLOWED_ATTRIBUTES = {
    "dir",
    "href",
    "target",
    "rel",
    "class",
    "part",
    "tabindex",
    "start",
    "type",
    "aria-label",
    "title",
}
INVENTORY = """nodes => {
  const all = nodes.flatMap((node) => [...node.querySelectorAll('*')]);
  return {
    tags: [...new Set(all.map((each) => each.tagName))],
    attributes: [...new Set(all.flatMap((each) => each.getAttributeNames()))],
    schemes: [...new Set(all.filter((each) => each.tagName === 'A').map((each) => each.protocol))],
    classes: [...new Set(all.map((each) => each.className).filter(Boolean))],
  };
}"""

Show = Callable[..., Page]


@pytest.fixture
def show(host: FakeHost, visit: Callable[..., Page], site, embed) -> Show:
    """show('**a**', …): a page whose conversation holds these answers, all at once, restored from history."""

    def open_with(*texts: str) -> Page:
        host.history = [
            {"message_id": str(at), "role": "bot", "content": text, "citations": [], "created_at": None}
            for at, text in enumerate(texts)
        ]
        page = visit(site.put(""))
        page.evaluate("([key, value]) => localStorage.setItem(key, value)", [f"privexbot:{host.url}/:shop", SESSION])
        page.goto(site.put(embed(open="")))
        expect(page.locator(".message.bot")).to_have_count(len(texts))
        return page

    return open_with


def _html(page: Page) -> str:
    strip = 'node => node.innerHTML.replace(/ (dir|tabindex|target|rel|part)="[^"]*"/g, \'\')'
    return page.locator(".message.bot .bubble").first.evaluate(strip)


@pytest.mark.parametrize(
    ("source", "html"),
    [
        ("One\ntwo\n\nthree", "<p>One<br>two</p><p>three</p>"),
        ("**bold** *it* __b__ _i_ ***both***", "<p><strong>bold</strong> <em>it</em> <strong>b</strong> <em>i</em> <strong><em>both</em></strong></p>"),
        ("snake_case_name 2*3*4 a * b", "<p>snake_case_name 2<em>3</em>4 a * b</p>"),
        ("`a **b** <i>` and ``x ` y``", "<p><code>a **b** &lt;i&gt;</code> and <code>x ` y</code></p>"),
        ("```py\nx = '<b>'\n\n# no heading\n```\nafter", "<pre><code>x = '&lt;b&gt;'\n\n# no heading</code></pre><p>after</p>"),
        ("```\nnot closed yet", "<pre><code>not closed yet</code></pre>"),
        ("# Big\n### Small ###", "<h3>Big</h3><h5>Small</h5>"),
        ("- a\n- b\n  - c\n- d", "<ul><li>a</li><li>b<ul><li>c</li></ul></li><li>d</li></ul>"),
        ("3. x\n4. y\n\ntext", '<ol start="3"><li>x</li><li>y</li></ol><p>text</p>'),
        ("Steps:\n1. a\n\n2. b", "<p>Steps:</p><ol><li>a</li><li>b</li></ol>"),
        ("> said\n> so", "<blockquote><p>said<br>so</p></blockquote>"),
        ("---", "<hr>"),
        ("[t](https://a.example/x_(y) \"T\")", '<p><a href="https://a.example/x_(y)">t</a></p>'),
        ("[m](mailto:a@b.example) <https://c.example>", '<p><a href="mailto:a@b.example">m</a> <a href="https://c.example/">https://c.example</a></p>'),
        ("See https://a.example/p?q=1. (https://b.example)", '<p>See <a href="https://a.example/p?q=1">https://a.example/p?q=1</a>. (<a href="https://b.example/">https://b.example</a>)</p>'),
        ("[[1](https://a.example)](https://b.example)", '<p><a href="https://b.example/">1</a></p>'),
        ("![chart](https://a.example/c.png)", '<p><a href="https://a.example/c.png">chart</a></p>'),
        (r"\*plain\* \[x\](y)", "<p>*plain* [x](y)</p>"),
        ("| a | b |\n|---|:-:|\n| 1 | **2** |", '<div class="scroll"><table><thead><tr><th>a</th><th>b</th></tr></thead><tbody><tr><td>1</td><td><strong>2</strong></td></tr></tbody></table></div>'),
        ("[relative](/path) [none](x)", "<p>[relative](/path) [none](x)</p>"),
        ("5 < 6 & 7 > 2", "<p>5 &lt; 6 &amp; 7 &gt; 2</p>"),
    ],
)  # fmt: skip
def test_the_subset_is_drawn(show: Show, source: str, html: str):
    assert _html(show(source)) == html


@pytest.mark.parametrize(
    "source",
    [
        "*a " * 20_000,
        "[" * 20_000,
        "[a](" * 8_000,
        "_a_b" * 8_000,
        "`" * 20_000,
        "> " * 10_000,
        "- " * 10_000,
        "![x](<" * 5_000,
        ("  " * 400 + "- x\n") * 50,
        "|" * 9_000 + "\n" + "|-" * 9_000,
        "https://" * 5_000,
    ],
    ids=lambda source: source[:6].strip(),
)
def test_hostile_repetition_is_drawn_in_time(show: Show, source: str):
    show(source)


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java&#10;script:alert(1)",
        "\x01javascript:alert(1)",
        "vbscript:x",
        "data:text/html,<script>alert(1)</script>",
        "file:///etc/passwd",
        "blob:https://a.example/1",
        "//evil.example",
    ],
)
def test_only_web_and_mail_addresses_become_links(show: Show, address: str):
    page = show(f"[x]({address}) <{address}> ![y]({address})")
    assert page.locator(".bubble a").count() == 0


def _assert_harmless(page: Page, dialogs: list[str]) -> None:
    found = page.locator(".message .bubble").evaluate_all(INVENTORY)
    assert set(found["tags"]) <= ALLOWED_TAGS
    assert set(found["attributes"]) <= ALLOWED_ATTRIBUTES
    assert set(found["schemes"]) <= {"http:", "https:", "mailto:"}
    assert set(found["classes"]) <= {"scroll", "marker", "keep"}
    assert dialogs == []


def _markdown_it_cases() -> list[str]:
    """Inputs of the fixture text: input and output stand between lines of a single dot."""
    cases = []
    for name in ("xss", "commonmark_extras", "fatal", "linkify", "normalize", "proto", "tables", "strikethrough"):
        parts = f"\n{(XSS / 'markdown_it' / f'{name}.txt').read_text(encoding='utf-8')}".split("\n.\n")
        cases += parts[1::3]
    return cases


def _dompurify_payloads() -> list[str]:
    return [case["payload"] for case in json.loads((XSS / "dompurify" / "expect.json").read_text(encoding="utf-8"))]


def _commonmark_examples() -> list[str]:
    return [case["markdown"] for case in json.loads((XSS / "commonmark" / "spec.json").read_text(encoding="utf-8"))]


@pytest.mark.skipif(not XSS.exists(), reason="the payload sets are not here")
@pytest.mark.parametrize("load", [_markdown_it_cases, _dompurify_payloads, _commonmark_examples])
def test_known_payloads_draw_only_what_is_allowed(show: Show, load: Callable[[], list[str]]):
    texts = load()
    assert len(texts) > 100
    # Bare, in a link, and as a link's address.
    page = show(*texts, *(f"[{text}]({text})" for text in texts), *(f"[x](<{text}>)" for text in texts))
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    _assert_harmless(page, dialogs)


def test_payloads_in_every_other_text_stay_text(host: FakeHost, chat, ask):
    payload = '"><img src=x onerror="window.hit=1"><script>window.hit=1</script>'
    citation = {"index": 1, "document_id": "d", "title": payload, "snippet": payload, "url": f"javascript:{payload}"}
    host.config |= {"name": payload, "greeting": payload, "suggested_questions": [payload]}
    host.config["lead_capture"] = {
        "is_enabled": True,
        "message": payload,
        "fields": [payload, {"name": payload, "label": payload}],
    }
    host.scripts = [answer("Yes [1].", citations=[citation])]
    page = chat()
    ask(page, payload)
    page.locator(".chip").click()
    expect(page.locator(".card blockquote")).to_have_text(payload)
    expect(page.locator("form.lead")).to_have_count(1)
    assert page.locator(".panel img, .panel script").count() == 0
    assert page.evaluate("window.hit") is None

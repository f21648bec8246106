"""What a page says about itself."""

import pytest

from privexbot_app.kit.web.pages import read_page

HERE = "https://example.com/docs/a"
PAGE = b"""<html lang="de-CH"><head><title> A &amp;
 B </title><link rel="canonical" href="/docs/a/"><base href="/docs/"></head>
<body><a href="b">b</a><a href="b#x">b</a><a rel="nofollow" href="c">c</a><a href="mailto:x@y.z">m</a>
<a>none</a><script>var x = "words";</script><p>Hello <b>you</b></p></body></html>"""


def test_a_page_tells_its_title_language_links_and_original():
    facts = read_page(PAGE, address=HERE)
    assert (facts.title, facts.language) == ("A & B", "de-CH")
    assert facts.canonical == "https://example.com/docs/a/"
    assert facts.links == ("https://example.com/docs/b",)
    assert not facts.is_noindex
    assert not facts.is_nofollow


def test_scripts_and_marks_do_not_change_what_a_page_says():
    again = PAGE.replace(b"words", b"others").replace(b"<b>you</b>", b"<i>you</i>")
    assert read_page(again, address=HERE).text_hash == read_page(PAGE, address=HERE).text_hash
    assert read_page(PAGE.replace(b"Hello", b"Bye"), address=HERE).text_hash != read_page(PAGE, address=HERE).text_hash


@pytest.mark.parametrize(
    ("content", "target"),
    [
        ("0; url=/b", "https://example.com/b"),
        ("5;URL='http://127.0.0.1/'", "http://127.0.0.1/"),
        ("30", None),
        ("0;url=javascript:x", None),
    ],
)
def test_a_page_that_sends_its_visitors_on_is_told(content, target):
    page = f'<meta http-equiv="Refresh" content="{content}"><p>x'.encode()
    assert read_page(page, address=HERE).refresh_to == target


@pytest.mark.parametrize(
    ("meta", "header", "flags"),
    [
        ("noindex", "", (True, False)),
        ("NOINDEX, nofollow", "", (True, True)),
        ("", "none", (True, True)),
        ("all", "nofollow", (False, True)),
    ],
)
def test_wishes_to_robots_are_read_from_page_and_header(meta, header, flags):
    facts = read_page(f'<meta name="robots" content="{meta}"><p>x'.encode(), address=HERE, robots_header=header)
    assert (facts.is_noindex, facts.is_nofollow) == flags


@pytest.mark.parametrize("markup", [b"", b"   ", b"<!-- -->"])
def test_nothing_says_nothing(markup):
    assert read_page(markup, address=HERE).text_hash == ""


def test_a_page_without_words_of_its_own_has_no_hash():
    assert read_page(b"<body><div id=app></div><script>run()</script></body>", address=HERE).text_hash == ""


def test_a_declared_encoding_is_used_and_an_unknown_one_is_not():
    markup = "<title>Straße</title>".encode("latin-1")
    assert read_page(markup, address=HERE, encoding="iso-8859-1").title == "Straße"
    assert read_page(b"<title>x</title>", address=HERE, encoding="klingon").title == "x"


def test_what_stands_after_the_end_of_a_page_is_read_too():
    markup = b"<html><body><p>x</p></body></html><a href='/y'>y</a>"
    assert read_page(markup, address=HERE).links == ("https://example.com/y",)


def test_a_page_nested_beyond_reason_is_read():
    assert read_page(b"<div>" * 50_000 + b"x", address=HERE) is not None

"""Addresses of pages: one form each, the bounds of a site, endless series."""

import pytest

from privexbot_app.kit.web.addresses import EndlessGuard, Site, Wishes, is_same_page, may_be_document, normalize


@pytest.mark.parametrize(
    ("address", "normal"),
    [
        ("http://example.com", "http://example.com/"),
        ("HTTP://EXAMPLE.com:80/a#x", "http://example.com/a"),
        ("https://example.com/a?b=2&a=1", "https://example.com/a?a=1&b=2"),
        ("https://example.com/?utm_source=x&fbclid=y", "https://example.com/"),
        ("https://example.com/a;jsessionid=AB12?x=", "https://example.com/a?x="),
        ("/a/../b", "https://base.example/b"),
        ("//other.example/x", "https://other.example/x"),
        ("javascript:alert(1)", None),
        ("https://user:secret@example.com/", None),
        ("https://[::1", None),
        ("tel:+41", None),
    ],
)
def test_an_address_has_one_form(address, normal):
    assert normalize(address, base="https://base.example/x/y") == normal


@pytest.mark.parametrize(
    ("start", "inside", "outside"),
    [
        ("https://example.com/", "http://www.example.com/any", "https://shop.example.com/"),
        ("https://example.com/docs", "https://example.com/docs/a", "https://example.com/docsy"),
        ("https://example.com/docs/a.html", "https://example.com/docs/b", "https://example.com/blog"),
        ("https://example.com/docs/", "https://example.com/docs", "https://example.com:8443/docs/"),
    ],
)
def test_a_site_is_a_host_and_a_folder(start, inside, outside):
    site = Site.around(start)
    assert site.holds(start)
    assert site.holds(inside)
    assert not site.holds(outside)


def test_a_whole_host_has_no_folder():
    assert Site.around("https://example.com/docs/a", is_whole_host=True).holds("https://example.com/blog")


@pytest.mark.parametrize(
    ("pattern", "address"),
    [
        ("/a*", "https://example.com/abc"),
        ("a/*", "https://example.com/a/b"),
        ("*/b", "https://example.com/a/b"),
        ("/ü*", "https://example.com/%C3%BCber"),
        ("/list?page=*", "https://example.com/list?page=2"),
        ("/x[1]", "https://example.com/x[1]"),
        ("https://example.com/*", "https://example.com/a"),
    ],
)
def test_a_pattern_chooses_pages(pattern, address):
    assert Wishes(include=(pattern,)).allow(address)
    assert not Wishes(exclude=(pattern,)).allow(address)
    assert not Wishes(include=("/nothing",)).allow(address)


def test_a_pattern_of_many_stars_takes_no_time():
    assert not Wishes(include=("*a" * 100 + "!",)).allow("https://example.com/" + "a" * 1900)


@pytest.mark.parametrize(
    "series",
    [
        [f"https://example.com/calendar/{2000 + n // 12}/{n % 12 + 1}" for n in range(300)],
        [f"https://example.com/shop?colour={n}x" for n in range(300)],
        [
            f"https://example.com/shop?{'&'.join(f'f{bit}=1' for bit in range(9) if n >> bit & 1)}"
            for n in range(1, 300)
        ],
    ],
)
def test_a_series_without_end_is_cut(series):
    guard = EndlessGuard(most_alike=20)
    assert sum(not guard.refuses(address) for address in series) <= 20


def test_paths_that_repeat_themselves_are_refused():
    assert EndlessGuard().refuses("https://example.com/a/b/a/b/a/b")
    assert EndlessGuard().refuses("https://example.com/" + "/".join(f"p{n}x" for n in range(20)))
    assert EndlessGuard().refuses("https://example.com/" + "x" * 2100)


def test_pages_that_are_spelled_out_are_no_series():
    guard = EndlessGuard(most_alike=2)
    assert not any(guard.refuses(f"https://example.com/{word}") for word in ("one", "two", "three", "four"))


def test_what_has_no_text_is_told_by_its_ending():
    assert not may_be_document("https://example.com/a.JPG?x=1")
    assert may_be_document("https://example.com/a.pdf")


def test_pages_of_one_place_are_told():
    assert not is_same_page("https://example.com/a", "https://example.com/b")

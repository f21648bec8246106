"""Which addresses may be reached, judged with the collected tricks of the trade."""

import json
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

from privexbot_app.kit.http import HostNotFoundError, OutboundPolicy, UrlNotAllowedError, is_public_address, parse_url
from privexbot_app.kit.http.addresses import AddressGuard

DATA = Path(__file__).resolve().parents[4] / "shared" / "data" / "url"


async def resolves_to_private(host: str) -> list[str]:
    return ["10.1.2.3"]


async def resolves_to_public(host: str) -> list[str]:
    return ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"]


def public_guard(resolver=resolves_to_public, **options) -> AddressGuard:
    return AddressGuard(OutboundPolicy.PUBLIC_ONLY, resolver, **options)


def load_cases(name: str) -> list:
    path = DATA / name
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []


MUST_BLOCK = load_cases("ssrf_must_block/ssrf_must_block.json")
WPT = [case for case in load_cases("wpt_urltestdata/urltestdata.json") if isinstance(case, dict)]


@pytest.mark.parametrize("case", [case for case in MUST_BLOCK if not case["needs_dns"]], ids=lambda case: case["url"])
def test_an_inward_address_is_refused_without_a_look_up(case):
    with pytest.raises(UrlNotAllowedError):
        public_guard().check_url(case["url"])


@pytest.mark.parametrize("case", [case for case in MUST_BLOCK if case["needs_dns"]], ids=lambda case: case["url"])
async def test_a_name_that_leads_inward_is_refused(case):
    guard = public_guard(resolves_to_private)
    with pytest.raises(UrlNotAllowedError):
        await guard.resolve(guard.check_url(case["url"]))


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/",
        "http://example.com:8080/a?b=c#d",
        "https://bücher.example/straße",
        "http://93.184.216.34/",
        "http://[2606:2800:220:1:248:1893:25c8:1946]/",
        "https://my_shop.example.com/",
        "HTTPS://EXAMPLE.COM./x",
        "  https://example.com/a b  ",
        "https://example.com/@name/2*2",
    ],
)
async def test_a_public_address_is_allowed(url):
    guard = public_guard()
    assert await guard.resolve(guard.check_url(url))


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "240.0.0.1", "255.255.255.255", "192.0.0.192", "198.18.0.1", "192.0.2.1", "::", "::1", "fe80::1", "fc00::1",
        "fec0::1", "ff02::1", "::ffff:127.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::",
        "2001::1", "2001:db8::1", "3fff::1", "5f00::1",
    ],
)  # fmt: skip
def test_a_special_address_is_not_public(address):
    assert not is_public_address(ip_address(address))


@pytest.mark.parametrize("address", ["1.1.1.1", "2606:4700::1111", "64:ff9b::101:101", "2002:101:101::1"])
def test_an_ordinary_address_is_public(address):
    assert is_public_address(ip_address(address))


@pytest.mark.parametrize(
    "url",
    [
        "", "   ", "example.com", "//example.com/", "/path", "ftp://example.com/", "javascript:alert(1)", "data:,x",
        "file:///etc/passwd", "http://", "http:///path", "http:example.com", "http://user@example.com/",
        "http://user:secret@example.com/", "http://example.com\\@127.0.0.1/", "http://exa mple.com/",
        "http://example.com\t/", "http://example.com/\r\nHost: x", "http://example%2ecom/", "http://example..com/",
        "http://-.com:99999/", "http://example.com:0/", "http://example.com:x/", "http://2130706433/", "http://0x7f.1/",
        "http://127.1/", "http://0177.0.0.1/", "http://[::1%25eth0]/", "http://[::1/", "http://a/" + "x" * 5000,
        "http://１２７.0.0.1/", "http://127。0。0。1/", "http://①②⑦.0.0.1/",
    ],
)  # fmt: skip
def test_an_address_in_an_odd_form_is_refused(url):
    with pytest.raises(UrlNotAllowedError) as caught:
        public_guard().check_url(url)
    assert caught.value.code == "url_not_allowed"


@pytest.mark.parametrize("port", [22, 25, 6379, 9200])
async def test_a_port_that_is_not_for_the_web_is_refused(port):
    guard = public_guard()
    with pytest.raises(UrlNotAllowedError):
        await guard.resolve(guard.check_url(f"http://example.com:{port}/"))


async def test_one_private_address_taints_the_whole_name():
    async def mixed(host: str) -> list[str]:
        return ["93.184.216.34", "127.0.0.1"]

    guard = public_guard(mixed)
    with pytest.raises(UrlNotAllowedError):
        await guard.resolve(guard.check_url("http://example.com/"))


async def test_a_network_that_the_operator_allows_is_reached_on_any_port():
    guard = public_guard(resolves_to_private, allowed_private_networks=(ip_network("10.1.0.0/16"),))
    assert await guard.resolve(guard.check_url("http://wiki.internal:3000/")) == ["10.1.2.3"]
    with pytest.raises(UrlNotAllowedError):
        guard.check_url("http://10.2.0.1/")


@pytest.mark.parametrize("answer", [[], ["rubbish"]])
async def test_a_name_without_an_address_is_told_apart(answer):
    async def resolver(host: str) -> list[str]:
        return answer

    guard = public_guard(resolver)
    with pytest.raises(HostNotFoundError):
        await guard.resolve(guard.check_url("http://nowhere.example/"))


async def test_a_failing_look_up_is_a_name_without_an_address():
    async def resolver(host: str) -> list[str]:
        raise OSError("no such host")

    guard = public_guard(resolver)
    with pytest.raises(HostNotFoundError):
        await guard.resolve(guard.check_url("http://nowhere.example/"))


async def test_an_operator_may_reach_this_machine():
    guard = AddressGuard(OutboundPolicy.OPERATOR, resolves_to_private)
    assert await guard.resolve(guard.check_url("http://127.0.0.1:11434/v1")) == ["127.0.0.1"]
    assert await guard.resolve(guard.check_url("http://ollama:11434/v1")) == ["10.1.2.3"]


@pytest.mark.skipif(not WPT, reason="the collection of URLs is not on this machine")
def test_any_url_is_either_read_or_refused():
    for case in WPT:
        try:
            checked = parse_url(case["input"])
        except UrlNotAllowedError:
            continue
        assert checked.scheme in ("http", "https")
        assert checked.host


@pytest.mark.skipif(not WPT, reason="the collection of URLs is not on this machine")
def test_a_url_that_is_read_has_the_host_that_a_browser_sees():
    for case in WPT:
        if case.get("failure") or case.get("base"):
            continue
        try:
            checked = parse_url(case["input"])
        except UrlNotAllowedError:
            continue
        assert checked.host == case["hostname"].strip("[]").rstrip("."), case["input"]

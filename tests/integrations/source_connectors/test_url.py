"""One page of the web, from a local server."""

from collections.abc import AsyncIterator
from ipaddress import ip_network
from urllib.parse import unquote

import pytest
from aiohttp import web

from privexbot_app.integrations.source_connectors.base import SourceUnavailableError, UnsupportedMediaTypeError
from privexbot_app.integrations.source_connectors.url import UrlConnector
from privexbot_app.kit.http import FetchTooLargeError, HttpClient, HttpConfig, UrlNotAllowedError
from tests.contract.source_connector_contract import SourceConnectorContract
from tests.servers import serving

PAGE = b"<html><head><title>Our &amp; your\n terms</title></head><body><p>Hello</p></body></html>"


@pytest.fixture
async def http() -> AsyncIterator[HttpClient]:
    client = HttpClient(HttpConfig(allowed_private_networks=(ip_network("127.0.0.0/8"),)))
    yield client
    await client.close()


def answering(body: bytes, content_type: str, **options):
    async def handler(request: web.Request) -> web.Response:
        return web.Response(body=body, headers={"Content-Type": content_type}, **options)

    return handler


async def load_one(http: HttpClient, path: str, body: bytes, content_type: str, **options):
    async with serving({unquote(path): answering(body, content_type, **options)}) as base:
        [item] = await UrlConnector(UrlConnector.Config(url=base + path), http).load()
    return item


class TestUrl(SourceConnectorContract):
    """A page passes the suite."""

    @pytest.fixture
    async def connector(self, http) -> AsyncIterator[UrlConnector]:
        async with serving({"/terms": answering(PAGE, "text/html")}) as base:
            yield UrlConnector(UrlConnector.Config(url=f"{base}/terms"), http)


async def test_a_page_is_named_by_its_title(http):
    item = await load_one(http, "/terms", PAGE, "text/html; charset=utf-8")
    assert (item.name, item.filename, item.media_type) == ("Our & your terms", "terms.html", "text/html")
    assert item.url.endswith("/terms")
    assert item.content == PAGE


@pytest.mark.parametrize(
    ("path", "content_type", "filename"),
    [
        ("/a/Pr%C3%BCfung.pdf", "application/pdf", "Prüfung.pdf"),
        ("/download", "application/pdf", "download.pdf"),
        ("/notes.md", "text/plain", "notes.md"),
        ("/list.csv", "application/octet-stream", "list.csv"),
        ("/", "text/plain", "page.txt"),
        ("/v1.2", "text/html", "v1.html"),
    ],
)
async def test_the_format_is_told_by_type_and_path(http, path, content_type, filename):
    assert (await load_one(http, path, b"x", content_type)).filename == filename


async def test_an_encoding_that_only_the_header_tells_is_not_lost(http):
    item = await load_one(http, "/a", "<title>Straße</title>".encode("latin-1"), "text/html; charset=iso-8859-1")
    assert item.name == "Straße"
    assert item.content.decode("utf-8-sig") == "<title>Straße</title>"


async def test_an_encoding_that_does_not_exist_is_taken_for_utf_8(http):
    assert (await load_one(http, "/a", b"<title>x</title>", "text/html; charset=klingon")).name == "x"


@pytest.mark.parametrize("status", [404, 403, 500, 204])
async def test_a_page_that_does_not_answer_well_is_named(http, status):
    with pytest.raises(SourceUnavailableError) as caught:
        await load_one(http, "/a", b"", "text/html", status=status)
    assert caught.value.context["status"] == status


@pytest.mark.parametrize("content_type", ["video/mp4", "image/png", "application/octet-stream"])
async def test_what_cannot_be_read_is_refused(http, content_type):
    with pytest.raises(UnsupportedMediaTypeError):
        await load_one(http, "/a", b"x", content_type)


async def test_a_page_of_more_than_ten_megabytes_is_refused(http):
    with pytest.raises(FetchTooLargeError):
        await load_one(http, "/a", bytes(10_000_001), "text/plain")


async def test_this_machine_is_refused():
    http = HttpClient()
    with pytest.raises(UrlNotAllowedError):
        await UrlConnector(UrlConnector.Config(url="http://127.0.0.1:8000/"), http).load()

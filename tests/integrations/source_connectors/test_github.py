"""A repository, from a local server that speaks GitHub's REST API."""

import io
import stat
import zipfile
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from pydantic import ValidationError

from privexbot_app.integrations.source_connectors import github, services
from privexbot_app.integrations.source_connectors.base import AccessDeniedError, SourceUnavailableError
from privexbot_app.integrations.source_connectors.github import GitHubConnector
from privexbot_app.kit.http import HttpClient, Patience, UpstreamGarbageError, UrlNotAllowedError
from tests.contract.source_connector_contract import SourceConnectorContract
from tests.integrations.source_connectors.machine import answering, load, local_client, once_busy
from tests.servers import serving

ABOUT = {"default_branch": "trunk", "html_url": "https://github.com/harbour/docs"}
FILES = {
    "README.md": b"# Harbour",
    "docs/fees.md": b"# Fees\n\nA berth costs 24 euros.",
    "docs/guide/start.mdx": b"# Start",
    "docs/notes.rst": b"Notes\n=====",
    "docs/empty.md": b"",
    "src/main.py": b"print()",
    "logo.png": b"\x89PNG",
}


@pytest.fixture
async def http() -> AsyncIterator[HttpClient]:
    async with local_client() as client:
        yield client


def archive(files: dict[str, bytes]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in files.items():
            made.writestr(f"harbour-docs-abc123/{name}", content)
        link = zipfile.ZipInfo("harbour-docs-abc123/docs/passwd.md")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        made.writestr(link, "/etc/passwd")
    return data.getvalue()


def routes(files: dict[str, bytes] | bytes = FILES, *, seen: list[web.Request] | None = None) -> dict:
    body = files if isinstance(files, bytes) else archive(files)

    async def moved(request: web.Request) -> web.Response:
        if seen is not None:
            seen.append(request)
        return web.Response(status=302, headers={"Location": "/codeload"})

    return {
        "/repos/harbour/docs": answering(ABOUT),
        "/repos/harbour/docs/zipball/{ref:.*}": moved,
        "/codeload": answering(body, content_type="application/zip"),
    }


def connector(http: HttpClient, base: str, **config: object) -> GitHubConnector:
    settings = {"repository": "harbour/docs", "api_url": base, **config}
    return GitHubConnector(GitHubConnector.Config.model_validate(settings), http)


class TestGitHub(SourceConnectorContract):
    """A repository passes the suite."""

    @pytest.fixture
    async def connector(self, http) -> AsyncIterator[GitHubConnector]:
        async with serving(routes()) as base:
            yield connector(http, base)


async def test_documents_of_a_folder_come_with_addresses_for_people(http):
    async with serving(routes()) as base:
        items, report = await load(connector(http, base, folder="/docs/"))
    assert [(item.key, item.filename) for item in items] == [
        ("docs/fees.md", "fees.md"),
        ("docs/guide/start.mdx", "start.md"),
        ("docs/notes.rst", "notes.txt"),
    ]
    assert items[0].url == "https://github.com/harbour/docs/blob/trunk/docs/fees.md"
    assert items[0].content == FILES["docs/fees.md"]
    assert (report.found, report.loaded) == (4, 3)


async def test_endings_and_number_are_chosen(http):
    async with serving(routes()) as base:
        items, report = await load(connector(http, base, extensions=["PY"]))
        few, cut = await load(connector(http, base, max_files=1))
    assert [item.key for item in items] == ["src/main.py"]
    assert report.skipped == {"not_wanted": 6}
    assert (len(few), cut.stopped_by) == (1, "items")


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://github.com/harbour/docs", ("harbour/docs", "", "")),
        ("https://github.com/harbour/docs.git", ("harbour/docs", "", "")),
        ("https://github.com/harbour/docs/tree/v1.0/docs/guide", ("harbour/docs", "v1.0", "docs/guide")),
        ("harbour/docs", ("harbour/docs", "", "")),
    ],
)
def test_an_address_says_repository_branch_and_folder(address, expected):
    config = GitHubConnector.Config(repository=address)
    assert (config.repository, config.ref, config.folder) == expected


@pytest.mark.parametrize("repository", ["", "harbour", "a/b/c", "../../x", "https://github.com/", "a b/c"])
def test_what_is_no_repository_is_refused(repository):
    with pytest.raises(ValidationError):
        GitHubConnector.Config(repository=repository)


async def test_the_token_goes_to_the_service_with_the_branch(http):
    seen: list[web.Request] = []
    async with serving(routes(seen=seen)) as base:
        await load(connector(http, base, token="t0ken", ref="feature/x"))
    assert seen[0].headers["Authorization"] == "Bearer t0ken"
    assert seen[0].path.endswith("/zipball/feature/x")
    assert "t0ken" not in repr(GitHubConnector.Config(repository="a/b", token="t0ken"))


@pytest.mark.parametrize(
    ("status", "error"), [(401, AccessDeniedError), (404, AccessDeniedError), (451, SourceUnavailableError)]
)
async def test_a_refusal_is_named(http, status, error):
    async with serving({"/repos/harbour/docs": answering({}, status=status)}) as base:
        with pytest.raises(error):
            await load(connector(http, base))


async def test_a_service_that_says_later_is_asked_again(http):
    async with serving({**routes(), "/repos/harbour/docs": once_busy(ABOUT)}) as base:
        items, _ = await load(connector(http, base))
    assert items


async def test_a_service_that_always_says_later_is_given_up(http, monkeypatch):
    monkeypatch.setattr(services, "PATIENCE", Patience(max_attempts=2, longest_pause_seconds=0))
    async with serving({"/repos/harbour/docs": answering({}, status=503)}) as base:
        with pytest.raises(SourceUnavailableError):
            await load(connector(http, base))


async def test_a_large_file_is_noted_and_a_folder_without_files_is_an_error(http, monkeypatch):
    monkeypatch.setattr(github, "MAX_FILE_BYTES", 20)
    async with serving(routes()) as base:
        _, report = await load(connector(http, base))
        assert report.skipped["too_large"] == 1
        with pytest.raises(SourceUnavailableError):
            await load(connector(http, base, folder="nowhere"))


async def test_an_answer_that_is_no_archive_is_named(http):
    async with serving(routes(b"<html>")) as base:
        with pytest.raises(UpstreamGarbageError):
            await load(connector(http, base))
    async with serving({"/repos/harbour/docs": answering("[]")}) as base:
        with pytest.raises(UpstreamGarbageError):
            await load(connector(http, base))


async def test_a_service_inside_is_refused(http):
    with pytest.raises(UrlNotAllowedError):
        await load(connector(http, "http://10.0.0.1"))

"""Google Drive, from a local server that speaks its API."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from pydantic import ValidationError

from privexbot_app.integrations.source_connectors.base import AccessDeniedError
from privexbot_app.integrations.source_connectors.google_drive import (
    FOLDER,
    SHORTCUT,
    GoogleDriveConnector,
)
from privexbot_app.kit.http import HttpClient
from tests.contract.source_connector_contract import SourceConnectorContract
from tests.integrations.source_connectors.machine import load, local_client
from tests.servers import serving

APPS = "application/vnd.google-apps"
FILES = {
    "folder-00001": {"name": "Folder", "mimeType": FOLDER},
    "document-001": {"name": "Fees", "mimeType": f"{APPS}.document", "parent": "folder-00001"},
    "sheet-000001": {"name": "Prices", "mimeType": f"{APPS}.spreadsheet", "parent": "folder-00001"},
    "pdf-00000001": {"name": "Terms.pdf", "mimeType": "application/pdf", "parent": "folder-00001"},
    "film-0000001": {"name": "Film", "mimeType": "video/mp4", "parent": "folder-00001"},
    "shortcut-001": {
        "name": "Short",
        "mimeType": SHORTCUT,
        "shortcutDetails": {"targetId": "document-001"},
        "parent": "folder-00001",
    },
    "trashed-0001": {"name": "Old", "mimeType": f"{APPS}.document", "trashed": True},
    "huge-0000001": {"name": "Huge", "mimeType": f"{APPS}.document"},
}


def about(id: str) -> dict:
    return {
        "id": id,
        "modifiedTime": "2026-01-01T00:00:00Z",
        "webViewLink": f"https://docs.google.com/{id}",
        **FILES[id],
    }


async def list_files(request: web.Request) -> web.Response:
    parent = request.query["q"].split("'")[1]
    found = [about(id) for id, file in FILES.items() if file.get("parent") == parent]
    if "pageToken" not in request.query:
        return web.json_response({"files": found[:2], "nextPageToken": "more"})
    return web.json_response({"files": found[2:]})


async def get_file(request: web.Request) -> web.Response:
    if request.headers.get("Authorization") != "Bearer fresh":
        return web.Response(status=401)
    id = request.match_info["id"]
    if id not in FILES:
        return web.Response(status=404)
    if request.query.get("alt") == "media":
        return web.Response(body=b"%PDF-1.4", content_type="application/pdf")
    return web.json_response(about(id))


async def export(request: web.Request) -> web.Response:
    if request.match_info["id"] == "huge-0000001":
        return web.Response(status=403)
    return web.Response(text=f"As {request.query['mimeType']}")


async def give_token(request: web.Request) -> web.Response:
    form = await request.post()
    if form["refresh_token"] != "refresh":
        return web.json_response({"error": "invalid_grant"}, status=400)
    return web.json_response({"access_token": "fresh", "expires_in": 3600})


ROUTES = {
    "/drive/v3/files": list_files,
    "/drive/v3/files/{id}": get_file,
    "/drive/v3/files/{id}/export": export,
    "/token": give_token,
}


@pytest.fixture
async def http() -> AsyncIterator[HttpClient]:
    async with local_client() as client:
        yield client


def connector(http: HttpClient, base: str, **config: object) -> GoogleDriveConnector:
    settings = {"items": ["folder-00001"], "access_token": "fresh", **config}
    made = GoogleDriveConnector(GoogleDriveConnector.Config.model_validate(settings), http)
    made.api_url, made.token_url = base, f"{base}/token"
    return made


class TestGoogleDrive(SourceConnectorContract):
    """A folder passes the suite."""

    @pytest.fixture
    async def connector(self, http) -> AsyncIterator[GoogleDriveConnector]:
        async with serving(ROUTES) as base:
            yield connector(http, base)


async def test_a_folder_comes_file_by_file(http):
    async with serving(ROUTES) as base:
        items, report = await load(connector(http, base))
    assert [(item.name, item.filename) for item in items] == [
        ("Fees", "file.md"),
        ("Prices", "file.xlsx"),
        ("Terms.pdf", "file.pdf"),
    ]
    assert items[0].content == b"As text/markdown"
    assert items[0].key == "document-001"
    assert report.skipped == {"unsupported": 1}


async def test_a_refresh_token_gives_a_fresh_one(http):
    grant = {"access_token": "", "refresh_token": "refresh", "client_id": "c", "client_secret": "s"}
    async with serving(ROUTES) as base:
        items, _ = await load(
            connector(http, base, **grant, items=["https://docs.google.com/document/d/document-001/edit"])
        )
        with pytest.raises(AccessDeniedError):
            await load(connector(http, base, **{**grant, "refresh_token": "revoked"}))
    assert [item.name for item in items] == ["Fees"]


async def test_what_cannot_be_had_is_noted(http):
    async with serving(ROUTES) as base:
        items, report = await load(connector(http, base, items=["trashed-0001", "huge-0000001", "document-001"]))
        few, cut = await load(connector(http, base, max_files=1))
    assert [item.name for item in items] == ["Fees"]
    assert report.skipped == {"archived": 1, "no_access": 1}
    assert (len(few), cut.stopped_by) == (1, "items")


async def test_a_token_that_is_refused_is_named(http):
    async with serving(ROUTES) as base:
        with pytest.raises(AccessDeniedError):
            await load(connector(http, base, access_token="stale"))


@pytest.mark.parametrize(
    "config",
    [
        {"items": []},
        {"items": ["folder-00001"]},
        {"items": ["folder-00001"], "refresh_token": "x"},
        {"items": ["../etc"], "access_token": "x"},
    ],
)
def test_settings_that_are_wrong_are_refused(config):
    with pytest.raises(ValidationError):
        GoogleDriveConnector.Config.model_validate(config)


def test_a_grant_is_not_shown():
    config = GoogleDriveConnector.Config(items=["folder-00001"], access_token="hidden-token")
    assert "hidden-token" not in repr(config)

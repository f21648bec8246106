"""Google Docs, Sheets, Slides and files of Google Drive, by an OAuth grant of the person who owns them."""

import re
from collections import deque
from collections.abc import AsyncIterator
from pathlib import PurePosixPath
from typing import Any, Self
from urllib.parse import quote, urlencode

from pydantic import BaseModel, Field, SecretStr, field_validator, model_validator

from privexbot_app.integrations.source_connectors.answers import EXTENSIONS
from privexbot_app.integrations.source_connectors.base import (
    SOURCE_CONNECTORS,
    AccessDeniedError,
    ConnectedBy,
    LoadedItem,
    LoadReport,
    ManyItemsConnector,
)
from privexbot_app.integrations.source_connectors.services import ServiceApi
from privexbot_app.kit.errors import PrivexError
from privexbot_app.kit.http import FetchTooLargeError, HttpClient, OutboundPolicy, UpstreamGarbageError

MAX_FILE_BYTES = 50_000_000
DEEPEST = 10
FOLDER = "application/vnd.google-apps.folder"
SHORTCUT = "application/vnd.google-apps.shortcut"
FIELDS = "id,name,mimeType,modifiedTime,webViewLink,trashed,shortcutDetails(targetId)"
_SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_SLIDES = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
EXPORTS = {
    "application/vnd.google-apps.document": ("text/markdown", ".md"),
    "application/vnd.google-apps.spreadsheet": (_SHEET, ".xlsx"),
    "application/vnd.google-apps.presentation": (_SLIDES, ".pptx"),
}
_IN_ADDRESS = re.compile(r"/(?:d|folders)/([\w-]{10,})|[?&]id=([\w-]{10,})")
_BARE = re.compile(r"[\w-]{10,}")


@SOURCE_CONNECTORS.register("google_docs")
class GoogleDriveConnector(ManyItemsConnector):
    """One document for each file. Folders are read with what is in them."""

    api_url = "https://www.googleapis.com"
    connected_by = ConnectedBy("google", "access_token")
    token_url = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address

    class Config(BaseModel):
        """What to read, and the right to: an access token, or a refresh token with the client that it was given to."""

        items: list[str] = Field(
            min_length=1, max_length=200, description="Ids or addresses of documents, sheets, files and folders."
        )
        max_files: int = Field(500, ge=1, le=5000, description="Most files to take in.")
        access_token: SecretStr = Field(SecretStr(""), description="OAuth access token; lives about an hour.")
        refresh_token: SecretStr = Field(SecretStr(""), description="OAuth refresh token; needed for later loads.")
        client_id: str = Field("", max_length=300, description="OAuth client that the refresh token belongs to.")
        client_secret: SecretStr = Field(SecretStr(""), description="Secret of that client.")

        @field_validator("items")
        @classmethod
        def _read_ids(cls, items: list[str]) -> list[str]:
            return [_read_id(item) for item in items]

        @model_validator(mode="after")
        def _require_grant(self) -> Self:
            if not self.access_token.get_secret_value() and not self.refresh_token.get_secret_value():
                raise ValueError("give an access token or a refresh token")
            if self.refresh_token.get_secret_value() and not self.client_id:
                raise ValueError("a refresh token needs its client_id")
            return self

    def __init__(self, config: Config, http: HttpClient) -> None:
        self.config = config
        self._http = http

    async def stream(self, report: LoadReport) -> AsyncIterator[LoadedItem]:
        """See `ManyItemsConnector.stream`. Raises AccessDeniedError."""
        headers = {"Authorization": f"Bearer {await self._token()}"}
        api = ServiceApi(self._http, self.api_url, service="Google Drive", headers=headers)
        waiting = deque([(await api.get_json(_about(id)), 0) for id in self.config.items])
        met: set[str] = set()
        while waiting:
            if report.loaded >= self.config.max_files:
                report.stopped_by = "items"
                return
            file, depth = waiting.popleft()
            if file["id"] in met:
                continue
            met.add(file["id"])
            try:
                if file["mimeType"] in (FOLDER, SHORTCUT):
                    waiting.extend([(inner, depth + 1) for inner in await _inside(api, file, depth)])
                elif item := await _load(api, file, report):
                    yield item
            except FetchTooLargeError:
                report.skip(file["id"], "too_large")
            except AccessDeniedError:
                report.skip(file["id"], "no_access")
            except PrivexError as error:
                report.fail(file["id"], error)

    async def _token(self) -> str:
        """A fresh access token where there is a refresh token, else the one that was given."""
        config = self.config
        if not config.refresh_token.get_secret_value():
            return config.access_token.get_secret_value()
        form = {
            "grant_type": "refresh_token",
            "refresh_token": config.refresh_token.get_secret_value(),
            "client_id": config.client_id,
            "client_secret": config.client_secret.get_secret_value(),
        }
        answer = await self._http.fetch(
            self.token_url,
            policy=OutboundPolicy.PUBLIC_ONLY,
            max_bytes=100_000,
            timeout_seconds=30.0,
            method="POST",
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            content=urlencode(form).encode(),
        )
        if answer.status != 200:
            raise AccessDeniedError("Google", status=answer.status)
        try:
            return str(answer.json()["access_token"])
        except (ValueError, LookupError, TypeError) as error:
            raise UpstreamGarbageError("Google answered with something unexpected.") from error


async def _inside(api: ServiceApi, file: dict[str, Any], depth: int) -> list[dict[str, Any]]:
    """What a folder holds, or what a shortcut leads to."""
    if depth >= DEEPEST:
        return []
    if file["mimeType"] == SHORTCUT:
        return [await api.get_json(_about(file["shortcutDetails"]["targetId"]))]
    found: list[dict[str, Any]] = []
    query = {
        "q": f"'{file['id']}' in parents and trashed = false",
        "fields": f"nextPageToken,files({FIELDS})",
        "pageSize": "1000",
        "orderBy": "name",
        "supportsAllDrives": "true",
        "includeItemsFromAllDrives": "true",
    }
    while True:
        answer = await api.get_json(f"/drive/v3/files?{urlencode(query)}")
        found += answer.get("files", [])
        if not answer.get("nextPageToken"):
            return found
        query["pageToken"] = answer["nextPageToken"]


async def _load(api: ServiceApi, file: dict[str, Any], report: LoadReport) -> LoadedItem | None:
    report.found += 1
    media_type, extension = EXPORTS.get(file["mimeType"], (file["mimeType"], _extension(file)))
    if file.get("trashed"):
        report.skip(file["id"], "archived")
        return None
    if not extension:
        report.skip(file["id"], "unsupported")
        return None
    id = quote(file["id"], safe="")
    query = {"mimeType": media_type} if file["mimeType"] in EXPORTS else {"alt": "media", "supportsAllDrives": "true"}
    path = f"/drive/v3/files/{id}{'/export' if file['mimeType'] in EXPORTS else ''}?{urlencode(query)}"
    answer = await api.call("GET", path, max_bytes=MAX_FILE_BYTES)
    if not answer.body.strip():
        report.skip(file["id"], "no_text")
        return None
    report.loaded += 1
    return LoadedItem(
        name=file["name"],
        filename=f"file{extension}",
        content=answer.body,
        media_type=media_type,
        url=file.get("webViewLink"),
        version=file.get("modifiedTime"),
        key=file["id"],
    )


def _extension(file: dict[str, Any]) -> str:
    by_name = PurePosixPath(file["name"]).suffix.lower()
    return by_name if by_name in EXTENSIONS.values() else EXTENSIONS.get(file["mimeType"], "")


def _about(id: str) -> str:
    return f"/drive/v3/files/{quote(id, safe='')}?{urlencode({'fields': FIELDS, 'supportsAllDrives': 'true'})}"


def _read_id(text: str) -> str:
    """The id in an address of Google Drive, or the id itself."""
    text = text.strip()
    if found := _IN_ADDRESS.search(text):
        return found[1] or found[2]
    if not _BARE.fullmatch(text):
        raise ValueError("give the id or the address of a document, file or folder")
    return text

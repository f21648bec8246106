"""The documents in a GitHub repository, or in a folder of it, at a branch, tag or commit.

Takes one archive through GitHub's REST API instead of running a git program, whose protocols reach further than ours.
"""

import asyncio
import io
import re
import stat
import zipfile
from collections.abc import AsyncIterator
from pathlib import PurePosixPath
from urllib.parse import quote, unquote, urlsplit

from pydantic import BaseModel, Field, SecretStr, field_validator, model_validator

from privexbot_app.integrations.source_connectors.base import (
    SOURCE_CONNECTORS,
    LoadedItem,
    LoadReport,
    ManyItemsConnector,
    SourceUnavailableError,
)
from privexbot_app.integrations.source_connectors.services import ServiceApi
from privexbot_app.kit.http import HttpClient, OutboundPolicy, UpstreamGarbageError

MAX_ARCHIVE_BYTES = 200_000_000
MAX_FILE_BYTES = 5_000_000
MAX_TOTAL_BYTES = 300_000_000
MOST_ENTRIES = 100_000
DEFAULT_EXTENSIONS = [".md", ".mdx", ".markdown", ".rst", ".adoc", ".txt", ".html", ".htm", ".pdf", ".docx"]
MEDIA_TYPES = {".md": "text/markdown", ".html": "text/html", ".pdf": "application/pdf", ".txt": "text/plain"}
# Formats that read well as the parsers' own plain ones.
READ_AS = {".mdx": ".md", ".markdown": ".md", ".rst": ".txt", ".adoc": ".txt", ".htm": ".html"}
_NAME = re.compile(r"[\w.-]{1,100}/[\w.-]{1,100}")


@SOURCE_CONNECTORS.register("github")
class GitHubConnector(ManyItemsConnector):
    """One document for each file. Public repositories need no token; private ones a token that may read contents."""

    class Config(BaseModel):
        """Which repository, and what of it."""

        repository: str = Field(description="owner/name, or the address of the repository or of a folder in it.")
        ref: str = Field("", max_length=200, description="Branch, tag or commit; by default the main branch.")
        folder: str = Field("", max_length=500, description="Only files in this folder.")
        extensions: list[str] = Field(DEFAULT_EXTENSIONS, min_length=1, max_length=50, description="Only such files.")
        max_files: int = Field(500, ge=1, le=5000, description="Most files to take in.")
        token: SecretStr = Field(SecretStr(""), description="Access token, for private repositories.")
        api_url: str = Field("https://api.github.com", max_length=500, description="Address of the REST API.")

        @model_validator(mode="before")
        @classmethod
        def _read_address(cls, values: object) -> object:
            if not isinstance(values, dict) or "://" not in str(values.get("repository", "")):
                return values
            parts = [part for part in urlsplit(str(values["repository"])).path.split("/") if part]
            found = {"repository": "/".join(parts[:2]).removesuffix(".git")}
            if len(parts) > 3 and parts[2] in ("tree", "blob"):
                found |= {"ref": unquote(parts[3]), "folder": unquote("/".join(parts[4:]))}
            return {**values, **{name: text for name, text in found.items() if text}}

        @field_validator("repository")
        @classmethod
        def _require_name(cls, repository: str) -> str:
            if not _NAME.fullmatch(repository):
                raise ValueError("write it as owner/name")
            return repository

        @field_validator("extensions")
        @classmethod
        def _with_dots(cls, extensions: list[str]) -> list[str]:
            return [f".{extension.strip().lstrip('.').lower()}" for extension in extensions]

    def __init__(self, config: Config, http: HttpClient) -> None:
        self.config = config
        self._http = http
        token = config.token.get_secret_value()
        headers = {"X-GitHub-Api-Version": "2022-11-28"} | ({"Authorization": f"Bearer {token}"} if token else {})
        self._api = ServiceApi(http, config.api_url, service="GitHub", headers=headers)

    async def stream(self, report: LoadReport) -> AsyncIterator[LoadedItem]:
        """See `ManyItemsConnector.stream`."""
        await self._http.check(self.config.api_url, policy=OutboundPolicy.PUBLIC_ONLY)
        about = await self._api.get_json(f"/repos/{self.config.repository}")
        ref = self.config.ref or str(about.get("default_branch") or "HEAD")
        path = f"/repos/{self.config.repository}/zipball/{quote(ref, safe='/')}"
        answer = await self._api.call("GET", path, max_bytes=MAX_ARCHIVE_BYTES)
        address = f"{about.get('html_url') or f'https://github.com/{self.config.repository}'}/blob/{quote(ref)}"
        archive = _open(answer.body)
        total = 0
        for entry in self._wanted(archive, report):
            if report.loaded >= self.config.max_files or total >= MAX_TOTAL_BYTES:
                report.stopped_by = "items" if report.loaded >= self.config.max_files else "bytes"
                return
            content = await asyncio.to_thread(_read, archive, entry)
            inner = entry.filename.partition("/")[2]
            if content is None:
                report.skip(inner, "too_large")
            elif content:
                total += len(content)
                report.loaded += 1
                yield _item(inner, content, f"{address}/{quote(inner)}")

    def _wanted(self, archive: zipfile.ZipFile, report: LoadReport) -> list[zipfile.ZipInfo]:
        """The files of the folder and the endings that were asked for, in the order of their paths."""
        folder = self.config.folder.strip("/")
        found = []
        for entry in archive.infolist()[:MOST_ENTRIES]:
            inner = PurePosixPath(entry.filename.partition("/")[2])
            is_link = stat.S_ISLNK(entry.external_attr >> 16)
            if entry.is_dir() or is_link or (folder and not inner.is_relative_to(folder)):
                continue
            report.found += 1
            if inner.suffix.lower() in self.config.extensions:
                found.append(entry)
            else:
                report.skipped["not_wanted"] += 1
        if not report.found:
            raise SourceUnavailableError("The folder does not exist in this repository, or is empty.", folder=folder)
        return sorted(found, key=lambda entry: entry.filename)


def _open(data: bytes) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(io.BytesIO(data))
    except zipfile.BadZipFile as error:
        raise UpstreamGarbageError("GitHub answered with something that is no archive.") from error


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes | None:
    """A file's bytes; None if it is larger than allowed, whatever the archive says of its size."""
    try:
        with archive.open(entry) as file:
            content = file.read(MAX_FILE_BYTES + 1)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError) as error:
        raise UpstreamGarbageError("GitHub answered with a damaged archive.") from error
    return content if len(content) <= MAX_FILE_BYTES else None


def _item(path: str, content: bytes, address: str) -> LoadedItem:
    place = PurePosixPath(path)
    extension = READ_AS.get(place.suffix.lower(), place.suffix.lower())
    return LoadedItem(
        name=path,
        filename=f"{place.stem}{extension}",
        content=content,
        media_type=MEDIA_TYPES.get(extension, "application/octet-stream"),
        url=address,
        key=path,
    )

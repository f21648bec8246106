"""The content of a source in the storage: the original's bytes, and the text that was extracted from it.

A folder holds `original` and, once parsed, `text.json`. Drafts and documents use the same layout, so finalizing a draft
moves nothing and parses nothing twice.
"""

import asyncio
import json
from dataclasses import asdict, replace
from typing import Any

from privexbot_app.integrations.parsers.sandbox import parse_file, parse_web_page
from privexbot_app.integrations.plugins import Plugins
from privexbot_app.integrations.storages.base import Storage
from privexbot_app.kit.text import Block, BlockKind, StructuredText, make_storable

PARSERS_AT_ONCE = 2
_gates: dict[asyncio.AbstractEventLoop, asyncio.Semaphore] = {}


async def write_original(storage: Storage, folder: str, data: bytes) -> None:
    """Keep the bytes of a source."""
    await storage.write(f"{folder}/original", data)


async def write_text(storage: Storage, folder: str, document: StructuredText) -> StructuredText:
    """Keep the extracted text. Returns it as it is kept: what no database can hold is replaced, offsets stay."""
    document = await asyncio.to_thread(_storable, document)
    await storage.write(f"{folder}/text.json", await asyncio.to_thread(_encode, document))
    return document


async def read_text(storage: Storage, folder: str) -> StructuredText | None:
    """The extracted text, or None before the source was parsed."""
    path = f"{folder}/text.json"
    if not await storage.exists(path):
        return None
    return await asyncio.to_thread(_decode, await storage.read(path))


async def ensure_text(plugins: Plugins, folder: str, *, filename: str, is_web_page: bool = False) -> StructuredText:
    """The extracted text; parses the original if that was not done yet. Raises a ParsingError.

    is_web_page: only the main text is wanted, without navigation and footers.
    """
    document = await read_text(plugins.storage, folder)
    if document is None:
        gate = _gates.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(PARSERS_AT_ONCE))
        async with gate, plugins.storage.as_file(f"{folder}/original") as path:
            document = await (
                parse_web_page(path, limits=plugins.parsing)
                if is_web_page
                else parse_file(path, filename=filename, limits=plugins.parsing)
            )
        document = await write_text(plugins.storage, folder, document)
    return document


def _storable(document: StructuredText) -> StructuredText:
    blocks = tuple(
        replace(
            block,
            headings=tuple(make_storable(heading) for heading in block.headings),
            header=make_storable(block.header) if block.header else block.header,
        )
        for block in document.blocks
    )
    return replace(document, text=make_storable(document.text), blocks=blocks)


def _encode(document: StructuredText) -> bytes:
    return json.dumps(asdict(document), ensure_ascii=False, separators=(",", ":")).encode()


def _decode(data: bytes) -> StructuredText:
    stored: dict[str, Any] = json.loads(data)
    blocks = tuple(
        Block(**{**block, "kind": BlockKind(block["kind"]), "headings": tuple(block["headings"])})
        for block in stored["blocks"]
    )
    return StructuredText(**{**stored, "blocks": blocks})

"""The widget's files and each bot's hosted page.

The loader keeps its name and a short cache; what it loads carries a hash of its content and is kept for ever.
"""

import json
from functools import cache
from html import escape
from pathlib import Path
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import FileResponse, HTMLResponse

from privexbot_app.api.deps import RuntimeDep
from privexbot_app.domains.bots.live import load_public_bot
from privexbot_app.kit.errors import NotFoundError, UnavailableError

router = APIRouter(include_in_schema=False)

FOLDER = Path(__file__).resolve().parents[3] / "assets" / "widget"
SCRIPT = "text/javascript"
LOADER_CACHE = {"Cache-Control": "public, max-age=300"}
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' https: data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'"
)
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
<meta name="robots" content="noindex">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<link rel="icon" href="/favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/chat.css">
<script async src="/widget.js"></script>
</head>
<body>
{body}
</body>
</html>
"""
CHAT = '<main><privexbot-chat bot="{bot_id}"></privexbot-chat></main>\n<noscript>This chat needs JavaScript.</noscript>'
ABSENT = """<main class="absent">
<h1>This chat is not here</h1>
<p>The address may be mistyped, or the chatbot may have been taken down.</p>
</main>"""


class WidgetNotBuiltError(UnavailableError):
    """The widget's files are missing from this installation."""

    code = "widget_not_built"

    def __init__(self) -> None:
        super().__init__("The widget has not been built on this installation.")


@router.get("/widget.js")
async def loader() -> FileResponse:
    """The loader that websites embed."""
    return FileResponse(FOLDER / _manifest()["loader"]["file"], media_type=SCRIPT, headers=LOADER_CACHE)


@router.get("/widget/{name}")
async def part(name: str) -> FileResponse:
    """What the loader loads, and source maps; only files that the build has made."""
    path = FOLDER / name
    if name not in _files() or not path.is_file():
        raise NotFoundError("There is no such file.")
    media_type = SCRIPT if name.endswith(".js") else "application/json"
    return FileResponse(path, media_type=media_type)


@router.get("/chat/{bot_id}")
async def hosted_page(bot_id: str, installation: RuntimeDep) -> HTMLResponse:
    """A bot's own page, which can be shared or framed."""
    headers = {"Content-Security-Policy": PAGE_POLICY}
    try:
        bot = (await load_public_bot(installation.works, UUID(bot_id), installation.keys)).bot
    except (ValueError, NotFoundError):
        page = PAGE.format(title="Not found", body=ABSENT)
        return HTMLResponse(page, status_code=404, headers=headers)
    title = escape(bot.config.appearance.title or bot.config.name)
    return HTMLResponse(PAGE.format(title=title, body=CHAT.format(bot_id=bot.id)), headers=headers)


@cache
def _manifest() -> dict[str, dict[str, str]]:
    try:
        return json.loads((FOLDER / "manifest.json").read_text())
    except FileNotFoundError as error:
        raise WidgetNotBuiltError from error


@cache
def _files() -> frozenset[str]:
    return frozenset(path.name for path in FOLDER.iterdir()) if FOLDER.is_dir() else frozenset()

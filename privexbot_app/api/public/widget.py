"""The widget's files.

The loader keeps its name and a short cache; what it loads carries a hash of its content and is kept for ever.
"""

import json
from functools import cache
from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse

from privexbot_app.kit.errors import NotFoundError, UnavailableError

router = APIRouter(include_in_schema=False)

FOLDER = Path(__file__).resolve().parents[3] / "assets" / "widget"
SCRIPT = "text/javascript"
LOADER_CACHE = {"Cache-Control": "public, max-age=300"}


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


@cache
def _manifest() -> dict[str, dict[str, str]]:
    try:
        return json.loads((FOLDER / "manifest.json").read_text())
    except FileNotFoundError as error:
        raise WidgetNotBuiltError from error


@cache
def _files() -> frozenset[str]:
    return frozenset(path.name for path in FOLDER.iterdir()) if FOLDER.is_dir() else frozenset()

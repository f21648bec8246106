"""Finished flows to begin with: one file of our own format each, with its tests inside. See `flow.flow_file`."""

from functools import cache
from pathlib import Path

from privexbot_app.flow.formats.base import ImportedFlow, read_flow
from privexbot_app.kit.errors import NotFoundError

FOLDER = Path(__file__).parent


class TemplateNotFoundError(NotFoundError):
    """There is no template of that name."""

    code = "template_not_found"

    def __init__(self) -> None:
        super().__init__("There is no such template.")


@cache
def list_templates() -> dict[str, ImportedFlow]:
    """Every template by its name, which is its file's."""
    return {path.stem: read_flow(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.yaml"))}


def get_template(name: str) -> ImportedFlow:
    """One template. Raises TemplateNotFoundError."""
    found = list_templates().get(name)
    if found is None:
        raise TemplateNotFoundError
    return found

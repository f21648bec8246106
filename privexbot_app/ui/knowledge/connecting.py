"""Forms for sources of many items: what their connectors' `Config` asks for, in words that people understand.

A connector without words of ours still gets its form: the fields and their help are those of its `Config`. Pure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from privexbot_app.integrations.source_connectors.base import SOURCE_CONNECTORS, ConnectedBy, ManyItemsConnector
from privexbot_app.kit.errors import FieldProblem

SCHEDULES = (("never", "Never"), ("60", "Every hour"), ("1440", "Every day"), ("10080", "Every week"))
WITH_TOKEN = "token"  # noqa: S105 - the choice of no connection
NAME_PREFIX = "setting-"
TITLES = {
    "url": "Address",
    "max_pages": "Most pages",
    "max_items": "Most entries",
    "max_files": "Most files",
    "max_depth": "Most clicks from the start",
    "include": "Only these paths",
    "exclude": "Not these paths",
    "is_whole_host": "Leave the folder of the first page",
    "uses_sitemap": "Read the sitemap",
    "delay_seconds": "Pause in seconds",
    "is_rendered": "Run the scripts of pages",
    "most_alike": "Most similar addresses",
    "fetches_pages": "Read whole articles",
    "full_text_characters": "Characters of a whole article",
    "ref": "Branch, tag or commit",
    "extensions": "File types",
    "token": "Access token",
    "api_url": "Address of the API",
    "roots": "Pages",
    "items": "Documents and folders",
    "client_id": "Client ID",
}
HELP = {
    ("website", "url"): "The crawl begins here and stays inside this folder of the site.",
    ("website", "max_pages"): "The crawl ends when it has taken in so many.",
    ("website", "max_depth"): "0 takes the first page only, 1 also the pages that it links to.",
    ("website", "include"): "One per line, such as /help/*. Empty takes every page of the folder.",
    ("website", "exclude"): "One per line, such as /help/archive/*.",
    ("website", "uses_sitemap"): "Also takes pages that the site lists but nothing links to.",
    ("website", "is_rendered"): "In a browser, for pages that are empty without it. Takes longer.",
    ("website", "delay_seconds"): "Between two pages, out of courtesy. The site’s robots.txt may ask for more.",
    ("website", "most_alike"): "Addresses that differ only in numbers, such as the pages of a calendar.",
    ("feed", "max_items"): "The newest ones first, as the feed lists them.",
    ("notion", "max_pages"): "Reading ends when so many are taken in.",
    ("github", "token"): (
        "Only for private repositories. On GitHub: Settings, Developer settings, Fine-grained tokens, with "
        "read access to Contents."
    ),
    ("github", "extensions"): "One per line.",
    ("notion", "token"): (
        "On notion.so/my-integrations make an internal integration and copy its secret. Then share pages with it: "
        "the page’s menu, Connections."
    ),
    ("notion", "roots"): "Their addresses, one per line. Empty takes everything that is shared with the integration.",
    ("google_docs", "items"): "Their addresses, one per line.",
    ("google_docs", "refresh_token"): (
        "In the Google Cloud console make an OAuth client, and let it ask for the scope drive.readonly. Needed to "
        "load the source again."
    ),
    ("google_docs", "access_token"): "Instead of a refresh token, for one load: it lives about an hour.",
}
PLACEHOLDERS = {
    ("website", "url"): "https://example.com/help",
    ("website", "max_pages"): "The crawl ends when it has taken in so many.",
    ("website", "max_depth"): "0 takes the first page only, 1 also the pages that it links to.",
    ("website", "include"): "/help/*",
    ("feed", "url"): "https://example.com/feed.xml",
    ("github", "repository"): "owner/name",
    ("google_docs", "items"): "https://docs.google.com/document/d/…",
    ("notion", "roots"): "https://www.notion.so/…",
}
BASIC = {
    "website": ("url", "max_pages", "max_depth", "include", "exclude"),
    "feed": ("url", "max_items"),
    "github": ("repository", "ref", "folder", "token"),
    "notion": ("token", "roots", "max_pages"),
    "google_docs": ("items", "refresh_token", "client_id", "client_secret", "access_token"),
}
"""The fields that are shown at once, in this order; the others wait under “More settings”."""
WORDS = {
    "website": ("Website", "Follows the links and sitemaps of a site, as its robots.txt allows."),
    "feed": ("Feed", "The articles of an RSS, Atom or JSON feed."),
    "github": ("GitHub", "The documents of a repository, or of a folder of it."),
    "notion": ("Notion", "Pages and databases that you share with an integration."),
    "google_docs": ("Google Drive", "Documents, sheets, slides and files of your Drive."),
}
TYPED = {"file": "File", "text": "Text", "qa": "Questions and answers", "url": "Web page"}


@dataclass
class ConnectorChoice:
    """A kind of source in the menu."""

    type: str
    title: str
    lead: str


@dataclass
class FormField:
    """A field of a connector's form. kind: text, secret, number, switch or lines."""

    name: str
    setting: str
    title: str
    help: str
    kind: str
    value: str = ""
    placeholder: str = ""
    minimum: int = 0
    maximum: int = 1_000_000
    is_on: bool = False


@dataclass
class ConnectorForm:
    """The fields of a connector: those that are shown at once, and the others."""

    basic: list[FormField] = field(default_factory=list)
    more: list[FormField] = field(default_factory=list)


def connector_choices() -> list[ConnectorChoice]:
    """Every kind of source that holds many items: those we have words for first."""
    kinds = {name for name, connector in SOURCE_CONNECTORS if _is_many(connector)}
    known = [name for name in WORDS if name in kinds]
    return [_choice(name) for name in [*known, *sorted(kinds - set(known))]]


def say_type(type_: str) -> str:
    """A kind of source in words.

    >>> say_type("google_docs"), say_type("file"), say_type("our_wiki")
    ('Google Drive', 'File', 'Our wiki')
    """
    if type_ in WORDS:
        return WORDS[type_][0]
    return TYPED.get(type_, type_.replace("_", " ").capitalize())


def say_source(type_: str, name: str) -> str:
    """A source's name; a source that has none is called after its kind.

    >>> say_source("website", "https://example.com"), say_source("notion", "notion")
    ('https://example.com', 'Notion')
    """
    return say_type(type_) if name in ("", type_) else name


def build_form(type_: str) -> ConnectorForm:
    """The form of a kind of source. Raises PluginUnknownError for one that is not there."""
    fields = _config_of(type_).model_fields
    basic = [name for name in BASIC.get(type_, tuple(fields)) if name in fields]
    more = [name for name in fields if name not in basic]
    return ConnectorForm(
        [_field(type_, name, fields[name]) for name in basic], [_field(type_, name, fields[name]) for name in more]
    )


def connected_by(type_: str) -> ConnectedBy | None:
    """The connection that may stand in for a token of this kind of source; None where there is none."""
    found: ConnectedBy | None = getattr(SOURCE_CONNECTORS.get(type_), "connected_by", None)
    return found


def read_form(type_: str, form: Mapping[str, Any]) -> dict[str, Any]:
    """What was entered, as the connector's settings; what was left empty is left out. Checks nothing."""
    settings: dict[str, Any] = {}
    for name, info in _config_of(type_).model_fields.items():
        kind, entered = _kind_of(info), form.get(f"{NAME_PREFIX}{name}")
        if kind == "switch":
            settings[name] = is_on(entered)
        elif kind == "lines":
            lines = [line.strip() for line in str(entered or "").splitlines() if line.strip()]
            settings |= {name: lines} if lines else {}
        elif text := str(entered or "").strip():
            settings[name] = text
    return settings


def is_on(entered: object) -> bool:
    """Whether a switch was on when its form was sent."""
    return entered in ("on", "true", True)


def find_problems(type_: str, settings: dict[str, Any]) -> dict[str, str]:
    """A sentence for each field whose value does not fit; under "" what is wrong with the whole. Empty if all fits."""
    try:
        _config_of(type_).model_validate(settings)
    except ValidationError as error:
        problems = [
            FieldProblem(str(issue["loc"][0]) if issue["loc"] else "", issue["type"], issue["msg"])
            for issue in error.errors(include_input=False, include_context=False)
        ]
        return {problem.field: _sentence(type_, problem) for problem in problems}
    return {}


def read_schedule(chosen: object) -> int | None:
    """Minutes between two loads; None for never, and for anything that is no choice of ours.

    >>> read_schedule("60"), read_schedule("never"), read_schedule("7")
    (60, None, None)
    """
    return int(str(chosen)) if chosen in dict(SCHEDULES) and chosen != "never" else None


def say_schedule(sync_minutes: int | None) -> str:
    """The choice for a source's schedule; one that was set elsewhere is a choice of its own.

    >>> say_schedule(None), say_schedule(60), say_schedule(90)
    ('never', '60', '90')
    """
    return "never" if sync_minutes is None else f"{sync_minutes}"


def _choice(type_: str) -> ConnectorChoice:
    words = WORDS.get(type_, ("", ""))
    lead = words[1] or (SOURCE_CONNECTORS.get(type_).__doc__ or "").partition("\n")[0]
    return ConnectorChoice(type_, say_type(type_), lead)


def _is_many(connector: object) -> bool:
    return isinstance(connector, type) and issubclass(connector, ManyItemsConnector)


def _config_of(type_: str) -> type[BaseModel]:
    return SOURCE_CONNECTORS.get(type_).Config


def _field(type_: str, name: str, info: FieldInfo) -> FormField:
    kind = _kind_of(info)
    default = None if info.default is PydanticUndefined else info.default
    bounds = {type(bound).__name__: bound for bound in info.metadata}
    lowest = getattr(bounds.get("Ge"), "ge", 0)
    highest = getattr(bounds.get("Le"), "le", 1_000_000)
    return FormField(
        name=f"{NAME_PREFIX}{name}",
        setting=name,
        title=TITLES.get(name, name.replace("_", " ").capitalize()),
        help=HELP.get((type_, name), info.description or ""),
        kind=kind,
        value=_value(kind, default),
        placeholder=PLACEHOLDERS.get((type_, name), ""),
        minimum=int(lowest),
        maximum=int(highest),
        is_on=default is True,
    )


def _kind_of(info: FieldInfo) -> str:
    if info.annotation is SecretStr:
        return "secret"
    if info.annotation is bool:
        return "switch"
    if info.annotation in (int, float):
        return "number"
    return "lines" if str(info.annotation).startswith("list[") else "text"


def _value(kind: str, default: Any) -> str:
    if kind in ("secret", "switch") or default is None:
        return ""
    if isinstance(default, Sequence) and not isinstance(default, str):
        return "\n".join(str(part) for part in default)
    return str(default)


def _sentence(type_: str, problem: FieldProblem) -> str:
    if not problem.field:
        return _plain(problem.message)
    form = build_form(type_)
    named = next(shown for shown in [*form.basic, *form.more] if shown.setting == problem.field)
    if problem.code in ("missing", "string_too_short", "too_short"):
        return "This is needed."
    if named.kind == "number":
        return f"A number from {named.minimum:,} to {named.maximum:,}."
    return _plain(problem.message)


def _plain(message: str) -> str:
    text = message.removeprefix("Value error, ").rstrip(".")
    return f"{text[:1].upper()}{text[1:]}."

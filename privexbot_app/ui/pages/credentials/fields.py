"""The form of a type of credential, drawn from its Config. Pure."""

import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from privexbot_app.domains.credentials.types import CREDENTIAL_TYPES, HttpCredential
from privexbot_app.kit.errors import PrivexError

NAME_PREFIX = "setting-"
TITLES = {
    "token": "Key or token",
    "value": "Value",
    "username": "User name",
    "test_url": "Address for the test",
    "hosts": "Allowed hosts",
    "url": "Address",
    "client_id": "Client ID",
    "token_url": "Token address",
    "security": "Encryption",
    "sender": "Sender",
}
TYPE_OPTIONS = [{"value": name, "text": kind.title} for name, kind in CREDENTIAL_TYPES.items()]


@dataclass
class CredentialField:
    """A field. kind: text, secret, number, lines or choice. setting: its name in the Config."""

    name: str
    setting: str
    title: str
    help: str
    kind: str
    value: str = ""
    options: list[str] = field(default_factory=list)


def build_fields(type_: str, settings: Mapping[str, Any]) -> list[CredentialField]:
    """The fields of a type, filled with what may be shown; secrets are always empty."""
    fields = CREDENTIAL_TYPES[type_].model_fields
    # What a type is about comes before what all that travel in headers share.
    ordered = sorted(fields, key=lambda name: name in HttpCredential.model_fields)
    return [_field(name, fields[name], settings.get(name)) for name in ordered]


def read_form(type_: str, form: Mapping[str, Any]) -> dict[str, Any]:
    """What was entered, as the type's settings; what was left empty is left out. Checks nothing."""
    settings: dict[str, Any] = {}
    for name, info in CREDENTIAL_TYPES[type_].model_fields.items():
        text = str(form.get(f"{NAME_PREFIX}{name}") or "").strip()
        if not text:
            continue
        settings[name] = [line.strip() for line in text.splitlines() if line.strip()] if _is_lines(info) else text
    return settings


def problems_of(error: PrivexError) -> dict[str, str]:
    """A sentence for each field; under "" what is wrong with the whole."""
    if not error.problems:
        return {"": error.message}
    return {("" if problem.field == "settings" else problem.field): _sentence(problem) for problem in error.problems}


def _field(name: str, info: FieldInfo, shown: Any) -> CredentialField:
    default = "" if info.default is PydanticUndefined or info.default is None else info.default
    value = default if shown is None else shown
    kind, options = "text", []
    if info.annotation is SecretStr:
        kind, value = "secret", ""
    elif _is_lines(info):
        kind, value = "lines", "\n".join(value or [])
    elif info.annotation is int:
        kind = "number"
    elif typing.get_origin(info.annotation) is Literal:
        kind, options = "choice", [str(option) for option in typing.get_args(info.annotation)]
    return CredentialField(
        f"{NAME_PREFIX}{name}",
        name,
        TITLES.get(name, name.replace("_", " ").capitalize()),
        info.description or "",
        kind,
        str(value),
        options,
    )


def _is_lines(info: FieldInfo) -> bool:
    return typing.get_origin(info.annotation) is list


def _sentence(problem: Any) -> str:
    if problem.code == "missing":
        return "This is needed."
    text = problem.message.removeprefix("Value error, ").rstrip(".")
    return f"{text[:1].upper()}{text[1:]}."

"""Which hosts the plug-ins that are set up would talk to, read off their settings. Opens no connection."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from pydantic import BaseModel

from privexbot_app.integrations.plugins import Plugins, PluginSet
from privexbot_app.kit.redaction import without_credentials

HOST_FIELDS = frozenset({"host", "server", "hostname"})


class Contact(NamedTuple):
    """A host and what for. kind: of plug-in. name: of the plug-in."""

    host: str
    kind: str
    name: str


def list_contacts(plugins: Plugins) -> list[Contact]:
    """Hosts of every plug-in that the operator has set up or that is a default; in alphabetical order."""
    defaults = plugins.defaults
    kinds: tuple[tuple[str, PluginSet[Any], str], ...] = (
        ("language model", plugins.llms, defaults.llm),
        ("embedding", plugins.embedders, defaults.embedding),
        ("vector store", plugins.vector_stores, defaults.vector_store),
        ("reranker", plugins.rerankers, ""),
        ("mail", plugins.mailers, defaults.mailer),
        ("sign-in", plugins.auth_strategies, ""),
        ("connection", plugins.connections, ""),
        ("code runner", plugins.code_runners, defaults.code_runner),
        ("database", plugins.databases, ""),
    )
    found = {
        Contact(host, kind, name)
        for kind, chosen, default in kinds
        for name in chosen.configured()
        if name == default or chosen.is_set_up(name)
        for host in hosts_in(chosen.config_of(name))
    }
    return sorted(found)


def hosts_in(settings: BaseModel | Mapping[str, Any]) -> Iterator[str]:
    """Every host that settings name: in addresses, and in fields that are hosts.

    >>> list(hosts_in({"base_url": "https://api.example.com/v1", "host": "mail.example.com", "model": "m"}))
    ['api.example.com', 'mail.example.com']
    """
    values = (
        {name: getattr(settings, name) for name in type(settings).model_fields}
        if isinstance(settings, BaseModel)
        else settings
    )
    for field, value in values.items():
        for one in value if isinstance(value, (list, tuple)) else (value,):
            text = str(one.get_secret_value()) if hasattr(one, "get_secret_value") else str(one or "")
            if host := host_of(text) or (text if field in HOST_FIELDS else ""):
                yield host


def host_of(address: str) -> str:
    """The host of an address, with its port if it says one; empty for what is no address.

    >>> host_of("postgresql://me:secret@db.example.com:5433/x"), host_of("notes")
    ('db.example.com:5433', '')
    """
    try:
        parts = urlsplit(without_credentials(address))
        return f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname or ""
    except ValueError:
        return ""

"""The opened plug-ins of this process, by kind and name. Each is opened at its first use and kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

from pydantic import BaseModel, ValidationError

from privexbot_app.integrations.auth_strategies.base import AUTH_STRATEGIES, AuthStrategy
from privexbot_app.integrations.code_runners.base import CODE_RUNNERS, CodeRunner
from privexbot_app.integrations.connections.base import CONNECTIONS, ConnectionProvider
from privexbot_app.integrations.databases.base import DATABASES, Database
from privexbot_app.integrations.embeddings.base import EMBEDDERS, Embedder
from privexbot_app.integrations.llms.base import LLMS, LanguageModel
from privexbot_app.integrations.mailers.base import MAILERS, Mailer
from privexbot_app.integrations.parsers.sniff import ParsingLimits
from privexbot_app.integrations.rerankers.base import RERANKERS, Reranker
from privexbot_app.integrations.source_connectors.base import SOURCE_CONNECTORS, SourceConnector
from privexbot_app.integrations.storages.base import Storage
from privexbot_app.integrations.vector_stores.base import VECTOR_STORES, VectorStore
from privexbot_app.kit.crypto import KeyRing
from privexbot_app.kit.errors import UnavailableError
from privexbot_app.kit.http import HttpClient
from privexbot_app.kit.registry import Registry
from privexbot_app.kit.unit_of_work import UnitOfWork, Works

Plugin = TypeVar("Plugin")
Configs = Mapping[str, Mapping[str, Any]]


class PluginNotConfiguredError(UnavailableError):
    """The plug-in exists and its settings are missing or wrong."""

    code = "plugin_not_configured"


class PluginSet(Generic[Plugin]):
    """Opens plug-ins of one kind from their settings.

    extras: further arguments that this kind's constructors take after the config.
    """

    def __init__(self, registry: Registry[Plugin], configs: Configs, **extras: Any) -> None:
        self._registry = registry
        self._configs = configs
        self._extras = extras
        self._opened: dict[str, Plugin] = {}

    def get(self, name: str) -> Plugin:
        """The opened plug-in. Raises InvalidError for an unknown name, PluginNotConfiguredError for bad settings."""
        if name not in self._opened:
            plugin: Any = self._registry.get(name)
            self._opened[name] = plugin(self._config(name, plugin.Config), **self._extras)
        return self._opened[name]

    def names(self) -> list[str]:
        """The registered names, whether configured or not."""
        return self._registry.names()

    def configured(self) -> list[str]:
        """The names whose settings are complete."""
        return [name for name in self._registry.names() if self._is_configured(name)]

    def is_set_up(self, name: str) -> bool:
        """Whether the operator has given it settings."""
        return bool(self._configs.get(name))

    def config_of(self, name: str) -> BaseModel:
        """A plug-in's settings with their defaults. Raises PluginNotConfiguredError."""
        plugin: Any = self._registry.get(name)
        return self._config(name, plugin.Config)

    async def close(self) -> None:
        """Close what was opened."""
        for plugin in self._opened.values():
            await plugin.close()  # type: ignore[attr-defined]
        self._opened.clear()

    def _is_configured(self, name: str) -> bool:
        plugin: Any = self._registry.get(name)
        try:
            self._config(name, plugin.Config)
        except PluginNotConfiguredError:
            return False
        return True

    def _config(self, name: str, model: type[BaseModel]) -> BaseModel:
        try:
            return model.model_validate(dict(self._configs.get(name, {})))
        except ValidationError as error:
            fields = ", ".join(".".join(str(part) for part in problem["loc"]) for problem in error.errors())
            raise PluginNotConfiguredError(
                f"The {self._registry.kind} “{name}” is not configured: check {fields}.", plugin=name
            ) from error


@dataclass(frozen=True)
class Defaults:
    """Names of the plug-ins that new bots and knowledge bases start with.

    mailer: the one that sends this installation's mail; empty if it sends none. code_runner: runs chatflows' code.
    """

    llm: str
    vector_store: str
    embedding: str
    mailer: str = ""
    code_runner: str = "monty"


class Plugins:
    """Everything that a service may ask the outside world through.

    keys: seal the credentials that people give for it. parsing: what reading one document may cost.
    """

    def __init__(
        self,
        *,
        llms: Configs,
        embeddings: Configs,
        vector_stores: Configs,
        rerankers: Configs | None = None,
        connections: Configs | None = None,
        code_runners: Configs | None = None,
        databases: Configs | None = None,
        auth_strategies: Configs | None = None,
        mailers: Configs | None = None,
        storage: Storage,
        http: HttpClient,
        keys: KeyRing,
        defaults: Defaults,
        parsing: ParsingLimits = ParsingLimits(),
    ) -> None:
        self.llms: PluginSet[LanguageModel] = PluginSet(LLMS, llms, http=http)
        self.embedders: PluginSet[Embedder] = PluginSet(EMBEDDERS, embeddings, http=http)
        self.vector_stores: PluginSet[VectorStore] = PluginSet(VECTOR_STORES, vector_stores, http=http)
        self.rerankers: PluginSet[Reranker] = PluginSet(RERANKERS, rerankers or {}, http=http)
        self.auth_strategies: PluginSet[AuthStrategy] = PluginSet(AUTH_STRATEGIES, auth_strategies or {}, http=http)
        self.mailers: PluginSet[Mailer] = PluginSet(MAILERS, mailers or {})
        self.connections: PluginSet[ConnectionProvider] = PluginSet(CONNECTIONS, connections or {}, http=http)
        self.code_runners: PluginSet[CodeRunner] = PluginSet(CODE_RUNNERS, code_runners or {})
        self.databases: PluginSet[Database] = PluginSet(DATABASES, databases or {}, http=http)
        self.source_connectors: Registry[SourceConnector] = SOURCE_CONNECTORS
        self.storage = storage
        self.http = http
        self.keys = keys
        self.defaults = defaults
        self.parsing = parsing

    @property
    def mailer(self) -> Mailer | None:
        """What sends this installation's mail; None if it sends none."""
        return self.mailers.get(self.defaults.mailer) if self.defaults.mailer else None

    async def close(self) -> None:
        """Close every plug-in that was opened."""
        for opened in (
            self.llms,
            self.embedders,
            self.vector_stores,
            self.rerankers,
            self.connections,
            self.code_runners,
            self.databases,
            self.auth_strategies,
            self.mailers,
        ):
            await opened.close()
        await self.http.close()


Work: TypeAlias = UnitOfWork[Plugins]
Workshop: TypeAlias = Works[Plugins]

"""The only place where real things are chosen: reads the settings, discovers plug-ins, builds the Runtime."""

import asyncio
import importlib
import pkgutil
import threading
from contextlib import suppress
from functools import cache

from sqlalchemy import MetaData
from sqlmodel import SQLModel

import privexbot_app
from privexbot_app import domains
from privexbot_app.domains.conversations.hub import Capacity
from privexbot_app.flow.formats.base import FLOW_FORMATS
from privexbot_app.flow.node import NODES
from privexbot_app.integrations.auth_strategies.base import AUTH_STRATEGIES
from privexbot_app.integrations.code_runners.base import CODE_RUNNERS
from privexbot_app.integrations.connections.base import CONNECTIONS
from privexbot_app.integrations.databases.base import DATABASES
from privexbot_app.integrations.embeddings.base import EMBEDDERS, Purpose
from privexbot_app.integrations.llms.base import LLMS
from privexbot_app.integrations.mailers.base import MAILERS
from privexbot_app.integrations.parsers.base import PARSERS
from privexbot_app.integrations.parsers.sniff import ParsingLimits
from privexbot_app.integrations.plugins import Defaults, Plugins
from privexbot_app.integrations.rerankers.base import RERANKERS
from privexbot_app.integrations.source_connectors.base import SOURCE_CONNECTORS
from privexbot_app.integrations.storages.base import STORAGES
from privexbot_app.integrations.vector_stores.base import VECTOR_STORES
from privexbot_app.kit.crypto import KeyRing
from privexbot_app.kit.database import create_engine, create_sessions
from privexbot_app.kit.errors import UnavailableError
from privexbot_app.kit.http import HttpClient, HttpConfig
from privexbot_app.kit.jobs import Dispatcher
from privexbot_app.kit.redis import create_redis
from privexbot_app.kit.unit_of_work import Works
from privexbot_app.rag.chunkers.base import CHUNKERS
from privexbot_app.runtime import Runtime
from privexbot_app.settings import Environment, Settings

REGISTRIES = (
    (LLMS, "privexbot_app.integrations.llms", "privexbot.llms"),
    (EMBEDDERS, "privexbot_app.integrations.embeddings", "privexbot.embeddings"),
    (RERANKERS, "privexbot_app.integrations.rerankers", "privexbot.rerankers"),
    (VECTOR_STORES, "privexbot_app.integrations.vector_stores", "privexbot.vector_stores"),
    (SOURCE_CONNECTORS, "privexbot_app.integrations.source_connectors", "privexbot.source_connectors"),
    (PARSERS, "privexbot_app.integrations.parsers", "privexbot.parsers"),
    (MAILERS, "privexbot_app.integrations.mailers", "privexbot.mailers"),
    (AUTH_STRATEGIES, "privexbot_app.integrations.auth_strategies", "privexbot.auth_strategies"),
    (CONNECTIONS, "privexbot_app.integrations.connections", "privexbot.connections"),
    (CODE_RUNNERS, "privexbot_app.integrations.code_runners", "privexbot.code_runners"),
    (DATABASES, "privexbot_app.integrations.databases", "privexbot.databases"),
    (STORAGES, "privexbot_app.integrations.storages", "privexbot.storages"),
    (CHUNKERS, "privexbot_app.rag.chunkers", "privexbot.chunkers"),
    (NODES, "privexbot_app.flow.nodes", "privexbot.nodes"),
    (FLOW_FORMATS, "privexbot_app.flow.formats", "privexbot.flow_formats"),
)


def build_runtime(settings: Settings | None = None) -> Runtime:
    """The real installation, from the environment unless settings are given. Opens no connection yet."""
    settings = settings or Settings()
    discover()
    sessions = create_sessions(create_engine(settings.async_database_url))
    previous = tuple(key.get_secret_value().encode() for key in settings.previous_secret_keys)
    keys = KeyRing(settings.read_secret_key(), previous)
    return Runtime(
        works=Works(
            sessions=sessions,
            dispatcher=Dispatcher(sessions, settings.redis_address),
            redis=create_redis(settings.redis_address),
            plugins=_build_plugins(settings, keys),
        ),
        keys=keys,
        browser_url=settings.browser_url,
        max_upload_bytes=settings.max_upload_megabytes * 1_000_000,
        version=privexbot_app.__version__,
        is_production=settings.environment is Environment.PRODUCTION,
        trusted_proxy_hops=settings.trusted_proxy_hops,
        staff_emails=frozenset(address.lower() for address in settings.staff_emails),
        capacity=Capacity(settings.max_open_answers, settings.max_open_answers_per_bot),
        prices=settings.model_prices,
    )


@cache
def discover() -> None:
    """Import every plug-in, table and job once, then close the registries."""
    for registry, package, entry_points in REGISTRIES:
        registry.discover(package, entry_points)
        registry.freeze()
    for room in pkgutil.iter_modules(domains.__path__, f"{domains.__name__}."):
        for topic in pkgutil.iter_modules(importlib.import_module(room.name).__path__):
            if topic.name in {"models", "jobs"}:
                importlib.import_module(f"{room.name}.{topic.name}")


def table_metadata() -> MetaData:
    """Every table, for migrations."""
    discover()
    return SQLModel.metadata


def _build_plugins(settings: Settings, keys: KeyRing) -> Plugins:
    minilm = {"model_dir": settings.models_dir / "minilm"} | settings.embeddings.get("minilm", {})
    storage_config = {"root": settings.data_dir / "files"} | settings.storages.get("local", {})
    outbox = {"folder": settings.data_dir / "outbox"} | settings.mailers.get("outbox", {})
    storage = STORAGES.get("local")
    return Plugins(
        llms=settings.llms,
        embeddings={**settings.embeddings, "minilm": minilm},
        vector_stores=settings.vector_stores,
        rerankers=settings.rerankers,
        connections=settings.connections,
        code_runners=settings.code_runners,
        databases={**settings.databases, "postgres": settings.databases.get("postgresql", {})},
        auth_strategies=settings.auth_strategies,
        mailers={**settings.mailers, "outbox": outbox},
        storage=storage(storage.Config.model_validate(storage_config)),  # type: ignore[call-arg]
        http=HttpClient(
            HttpConfig(allowed_private_networks=settings.allowed_private_networks, browsing=settings.browsing)
        ),
        keys=keys,
        parsing=ParsingLimits(ocr_pages=settings.ocr_pages),
        defaults=Defaults(
            llm=settings.default_llm or ("openai_like" if "openai_like" in settings.llms else "extractive"),
            vector_store=settings.default_vector_store,
            embedding=settings.default_embedding,
            mailer=settings.default_mailer or ("smtp" if "smtp" in settings.mailers else ""),
        ),
    )


def warm_up(installation: Runtime) -> None:
    """Load what the first question would otherwise wait for, in a thread, after the port is open."""

    def load() -> None:
        embedder = installation.works.plugins.embedders.get(installation.works.plugins.defaults.embedding)
        with suppress(UnavailableError):
            asyncio.run(embedder.embed(["warm"], purpose=Purpose.QUERY))

    threading.Thread(target=load, name="warm-up", daemon=True).start()

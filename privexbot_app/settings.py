"""All settings of an installation: environment variables with the prefix PRIVEXBOT_, nested by `__`.

Read once by `bootstrap` and passed down as values. A setting that cannot work refuses at start-up, in one sentence.
"""

import math
import secrets
from collections import Counter
from contextlib import suppress
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Annotated, Any, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from privexbot_app.domains.analytics.prices import ModelPrice
from privexbot_app.kit.http import Browsing

ROOT = Path(__file__).resolve().parent.parent
SHORTEST_SECRET = 32
LEAST_SECRET_BITS = 96
KNOWN_SECRETS = ("changeme", "change-me", "secret", "password", "privexbot", "default", "example")


class Environment(StrEnum):
    """How strict the installation is with itself."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


class Settings(BaseSettings):
    """The installation's settings. `docs/reference/settings.md` is generated from this class."""

    model_config = SettingsConfigDict(
        env_prefix="PRIVEXBOT_",
        env_nested_delimiter="__",
        frozen=True,
        extra="ignore",
        env_ignore_empty=True,
        nested_model_default_partial_update=True,
    )

    environment: Environment = Field(
        Environment.DEVELOPMENT, description="`development`, or `production`, which refuses weak secrets and SQLite."
    )
    data_dir: Path = Field(ROOT / ".data", description="Folder of everything that must survive a restart.")
    models_dir: Path = Field(ROOT / ".models", description="Folder of the packaged embedding model.")
    host: str = Field("127.0.0.1", description="Address that the web server listens on.")
    port: int = Field(8000, ge=1, le=65535, description="Port that the web server listens on.")
    public_url: str = Field("", description="Address under which browsers reach this installation; by default local.")
    database_url: str = Field("", description="`postgresql://…`; by default SQLite in the data folder.")
    redis_url: str = Field("", description="`redis://…`, `rediss://…` or `unix://…`; by default an own server.")
    secret_key: SecretStr = Field(
        SecretStr(""), description="At least 32 random characters; by default made once and kept in the data folder."
    )
    previous_secret_keys: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        (),
        description="Secret keys that were replaced, separated by commas, until `privexbot rotate-keys` has run.",
    )
    default_llm: str = Field("", description="Language model of new bots; by default the one that is configured.")
    default_vector_store: str = Field("chroma", description="Vector store of new knowledge bases.")
    default_embedding: str = Field("minilm", description="Embedding of new knowledge bases.")
    default_mailer: str = Field(
        "",
        description="What sends e-mail: `smtp`, which it is once that is set, or `outbox`, a folder for development.",
    )
    llms: dict[str, dict[str, Any]] = Field({}, description="Settings of each language model, by its name.")
    vector_stores: dict[str, dict[str, Any]] = Field({}, description="Settings of each vector store, by its name.")
    embeddings: dict[str, dict[str, Any]] = Field({}, description="Settings of each embedding, by its name.")
    rerankers: dict[str, dict[str, Any]] = Field({}, description="Settings of each reranker, by its name.")
    mailers: dict[str, dict[str, Any]] = Field({}, description="Settings of each mailer, by its name.")
    auth_strategies: dict[str, dict[str, Any]] = Field({}, description="Settings of each way to sign in, by its name.")
    connections: dict[str, dict[str, Any]] = Field(
        {}, description="OAuth client of each service that people may connect, by the service's name."
    )
    code_runners: dict[str, dict[str, Any]] = Field(
        {}, description="Settings of each interpreter of chatflows' code, by its name."
    )
    databases: dict[str, dict[str, Any]] = Field(
        {}, description="Settings of each kind of database that chatflows may ask, by its name."
    )
    storages: dict[str, dict[str, Any]] = Field({}, description="Settings of each file storage, by its name.")
    web_processes: int = Field(
        1, ge=1, le=64, description="Processes that serve pages, the API and chats, on each machine."
    )
    worker_processes: int = Field(1, ge=1, le=64, description="Processes that index documents, on each machine.")
    max_upload_megabytes: int = Field(50, ge=1, le=2048, description="Largest file that may be uploaded, in MB.")
    browsing: Browsing = Field(
        Browsing.OFF,
        description="`sandboxed` or `unsandboxed`: a browser may run the scripts of pages; see the guide on sources.",
    )
    ocr_pages: int = Field(
        0, ge=0, le=500, description="Scanned pages of one document whose text is recognised; 0 switches that off."
    )
    trusted_proxy_hops: int = Field(
        0,
        ge=0,
        le=10,
        description="Proxies in front of us that add to X-Forwarded-For; 0 when browsers reach us directly.",
    )
    allowed_private_networks: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode] = Field(
        (), description="Private networks, separated by commas, that URL sources may nevertheless be fetched from."
    )
    max_open_answers: int = Field(
        2000, ge=1, le=100_000, description="Answers that one web process gives at once; more are told to come back."
    )
    max_open_answers_per_bot: int = Field(
        1500, ge=1, le=100_000, description="Answers that one web process gives at once for one bot."
    )
    model_prices: dict[str, ModelPrice] = Field(
        {},
        description='Prices of a million tokens for the costs in analytics, as JSON by model, "provider/model" or '
        'provider: `{"openai_like/small": {"prompt": 0.15, "completion": 0.6}}`.',
    )
    staff_emails: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Addresses, separated by commas, of people who may find organizations and close or reopen them; "
        "every look is in the organization's log. Nobody by default.",
    )
    log_level: str = Field("INFO", description="DEBUG, INFO, WARNING or ERROR.")

    @model_validator(mode="before")
    @classmethod
    def _split_networks(cls, values: dict[str, Any]) -> dict[str, Any]:
        networks = values.get("allowed_private_networks")
        if isinstance(networks, str):
            values["allowed_private_networks"] = tuple(part.strip() for part in networks.split(",") if part.strip())
        return values

    @model_validator(mode="before")
    @classmethod
    def _split_staff(cls, values: dict[str, Any]) -> dict[str, Any]:
        staff = values.get("staff_emails")
        if isinstance(staff, str):
            values["staff_emails"] = tuple(part.strip() for part in staff.split(",") if part.strip())
        return values

    @model_validator(mode="before")
    @classmethod
    def _split_previous_keys(cls, values: dict[str, Any]) -> dict[str, Any]:
        previous = values.get("previous_secret_keys")
        if isinstance(previous, str):
            values["previous_secret_keys"] = tuple(part.strip() for part in previous.split(",") if part.strip())
        return values

    @model_validator(mode="after")
    def _refuse_weak_production(self) -> Self:
        secret = self.secret_key.get_secret_value()
        if secret and (weakness := weakness_of(secret)):
            raise ValueError(f"PRIVEXBOT_SECRET_KEY {weakness}. Make one with: openssl rand -base64 48")
        if self.environment is not Environment.PRODUCTION:
            return self
        missing = [
            name
            for name, value in (
                ("PRIVEXBOT_SECRET_KEY", secret),
                ("PRIVEXBOT_DATABASE_URL", self.database_url),
                ("PRIVEXBOT_REDIS_URL", self.redis_url),
                ("PRIVEXBOT_PUBLIC_URL", self.public_url),
            )
            if not value
        ]
        if missing:
            raise ValueError(f"In production, set {', '.join(missing)}.")
        if self.database_url.startswith("sqlite"):
            raise ValueError("In production, PRIVEXBOT_DATABASE_URL must be a PostgreSQL server, not SQLite.")
        if self.log_level.upper() == "DEBUG":
            raise ValueError("In production, PRIVEXBOT_LOG_LEVEL must not be DEBUG.")
        return self

    @property
    def async_database_url(self) -> str:
        """The database's address with the driver that the sessions use."""
        url = self.database_url or f"sqlite:///{self.data_dir / 'privexbot.sqlite'}"
        for plain, driver in (("postgresql://", "postgresql+asyncpg://"), ("postgres://", "postgresql+asyncpg://")):
            url = url.replace(plain, driver, 1) if url.startswith(plain) else url
        return url.replace("sqlite:///", "sqlite+aiosqlite:///", 1) if url.startswith("sqlite:///") else url

    @property
    def browser_url(self) -> str:
        """The address that people type, without a slash at the end."""
        return (self.public_url or f"http://localhost:{self.port}").rstrip("/")

    @property
    def redis_address(self) -> str:
        """The address of Redis; without a setting, the socket of the server that `up` starts."""
        return self.redis_url or f"unix://{self.data_dir / 'redis' / 'redis.sock'}"

    def read_secret_key(self) -> bytes:
        """The installation's secret; outside production it is made at first use and kept in the data folder."""
        if self.secret_key.get_secret_value():
            return self.secret_key.get_secret_value().encode()
        path = self.data_dir / "secret_key"
        path.parent.mkdir(parents=True, exist_ok=True)
        # Written aside and linked into place: of several processes that start together, none reads half a secret.
        with NamedTemporaryFile("w", dir=path.parent, prefix=".secret_key-") as file:
            file.write(secrets.token_urlsafe(48))
            file.flush()
            with suppress(FileExistsError):
                path.hardlink_to(file.name)
        return path.read_bytes()


def weakness_of(secret: str) -> str | None:
    """What is wrong with a secret, or None.

    >>> weakness_of("changeme-changeme-changeme-changeme")
    'contains the well-known word “changeme”'
    >>> weakness_of("short")
    'is shorter than 32 characters'
    """
    if len(secret) < SHORTEST_SECRET:
        return f"is shorter than {SHORTEST_SECRET} characters"
    for word in KNOWN_SECRETS:
        if word in secret.lower():
            return f"contains the well-known word “{word}”"
    shares = [count / len(secret) for count in Counter(secret).values()]
    bits = -sum(share * math.log2(share) for share in shares) * len(secret)
    return "repeats itself too much" if bits < LEAST_SECRET_BITS else None

"""The types of credential. Each is one Config: its form, its check, its secrets and how it is shown to a service. Pure.

A field of type SecretStr is sealed and never shown; every other field may be shown to whoever may list credentials.
"""

import base64
import re
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from privexbot_app.kit.errors import ForbiddenError
from privexbot_app.kit.fields import Trimmed

SHORTEST_HINTED = 16
HINT_CHARACTERS = 4
HEADER_NAME = r"^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$"
HOST = re.compile(r"(\*\.)?[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")
SENT_BY_US = frozenset({"host", "content-length", "transfer-encoding", "connection"})


class CredentialNotForHostError(ForbiddenError):
    """A credential would have been sent to a host that its owner has not named."""

    code = "credential_not_for_host"

    def __init__(self, host: str) -> None:
        super().__init__(f"This credential may not be sent to {host}.")


def _one_line(secret: SecretStr) -> SecretStr:
    text = secret.get_secret_value().strip()
    if not text:
        raise ValueError("is needed")
    if any(ord(character) < 32 or ord(character) == 127 for character in text):
        raise ValueError("must be one line")
    return SecretStr(text)


Secret = Annotated[SecretStr, Field(max_length=8192), AfterValidator(_one_line)]
"""A secret of one line that must be given."""
OptionalSecret = Annotated[SecretStr, Field(max_length=8192)]
Line = Annotated[str, Trimmed, Field(max_length=500)]


class CredentialConfig(BaseModel):
    """What a type of credential consists of.

    title, lead: its name and what it is for, as people read them.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    title: ClassVar[str]
    lead: ClassVar[str]

    def hints(self) -> dict[str, str]:
        """What may be shown of each secret."""
        values = {name: getattr(self, name) for name in type(self).model_fields}
        return {
            name: hint_of(value.get_secret_value())
            for name, value in values.items()
            if isinstance(value, SecretStr) and value.get_secret_value()
        }


class HttpCredential(CredentialConfig):
    """A credential that is sent in headers. hosts: the only ones that it may be sent to; empty for any."""

    hosts: list[Line] = Field(
        default_factory=list,
        max_length=50,
        description="Hosts that it may be sent to, such as api.example.com or *.example.com. Empty means any.",
    )
    test_url: Line = Field("", description="An address that answers 2xx when the credential is right, for the test.")

    @field_validator("hosts")
    @classmethod
    def _hosts_are_names(cls, hosts: list[str]) -> list[str]:
        hosts = [host.lower() for host in hosts if host]
        if wrong := next((host for host in hosts if not HOST.fullmatch(host)), None):
            raise ValueError(f"“{wrong}” is not the name of a host")
        return hosts

    @model_validator(mode="after")
    def _test_stays_at_home(self) -> "HttpCredential":
        if self.test_url:
            parts = urlsplit(self.test_url)
            if parts.scheme not in {"http", "https"} or not parts.hostname:
                raise ValueError("the address for the test must begin with https:// or http://")
            if not is_host_allowed(parts.hostname, self.hosts):
                raise ValueError("the address for the test is not one of the hosts")
        return self

    def headers(self) -> dict[str, str]:
        """The headers that prove who is calling."""
        raise NotImplementedError

    def headers_for(self, url: str) -> dict[str, str]:
        """The headers for one address. Raises CredentialNotForHostError for a host that is not named."""
        host = urlsplit(url).hostname or ""
        if not is_host_allowed(host, self.hosts):
            raise CredentialNotForHostError(host)
        return self.headers()


class BearerConfig(HttpCredential):
    """`Authorization: Bearer …`."""

    title = "API key (bearer token)"
    lead = "Sent as “Authorization: Bearer …”, as most services want it."

    token: Secret = Field(description="The key or token.")

    def headers(self) -> dict[str, str]:
        """One header."""
        return {"Authorization": f"Bearer {self.token.get_secret_value()}"}


class HeaderConfig(HttpCredential):
    """A header of the service's own."""

    title = "API key in a header"
    lead = "For services that want their key in a header of their own, such as X-Api-Key."

    header: Annotated[str, Trimmed, Field(pattern=HEADER_NAME)] = Field(description="Name of the header.")
    value: Secret = Field(description="Its value.")

    @field_validator("header")
    @classmethod
    def _header_is_free(cls, header: str) -> str:
        if header.lower() in SENT_BY_US:
            raise ValueError("is a header of the connection itself")
        return header

    def headers(self) -> dict[str, str]:
        """One header."""
        return {self.header: self.value.get_secret_value()}


class BasicConfig(HttpCredential):
    """HTTP Basic (RFC 7617)."""

    title = "User name and password"
    lead = "Sent as HTTP Basic authentication."

    username: Annotated[str, Trimmed, Field(min_length=1, max_length=500, pattern=r"^[^:]*$")] = Field(
        description="User name, without a colon."
    )
    password: Secret = Field(description="Password.")

    def headers(self) -> dict[str, str]:
        """One header."""
        pair = f"{self.username}:{self.password.get_secret_value()}".encode()
        return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}


class OAuthConfig(HttpCredential):
    """Tokens that a service has given by OAuth 2, and what it takes to renew them."""

    title = "OAuth 2 tokens"
    lead = "Tokens that a service has given, with what it takes to renew them."

    access_token: Secret = Field(description="Access token.")
    refresh_token: OptionalSecret = Field(SecretStr(""), description="Refresh token, if there is one.")
    client_id: Line = Field("", description="Client ID.")
    client_secret: OptionalSecret = Field(SecretStr(""), description="Client secret.")
    token_url: Line = Field("", description="Address that exchanges refresh tokens.")

    def headers(self) -> dict[str, str]:
        """One header."""
        return {"Authorization": f"Bearer {self.access_token.get_secret_value()}"}


class ConnectionConfig(CredentialConfig):
    """What a service has given by OAuth, in a flow of ours: see `connections`."""

    title = "Connection"
    lead = "Made by connecting a service."

    provider: Line = Field(description="The service.")
    account: Line = Field("", description="Whose it is.")
    expires_at: datetime | None = Field(None, description="When the access token ends.")
    access_token: Secret = Field(description="Access token.")
    refresh_token: OptionalSecret = Field(SecretStr(""), description="Refresh token, if there is one.")

    def hints(self) -> dict[str, str]:
        """Nothing: nobody has a use for the end of a token that they have never seen."""
        return {}


class SmtpConfig(CredentialConfig):
    """A mail server."""

    title = "Mail server (SMTP)"
    lead = "For sending e-mail from your own address."

    host: Annotated[str, Trimmed, Field(min_length=1, max_length=253)] = Field(description="Name of the server.")
    port: int = Field(587, ge=1, le=65535, description="587 with STARTTLS, 465 with TLS.")
    security: Literal["starttls", "tls"] = Field("starttls", description="How the connection is encrypted.")
    username: Line = Field("", description="User name, if the server wants one.")
    password: OptionalSecret = Field(SecretStr(""), description="Password.")
    sender: Annotated[str, Trimmed, Field(min_length=3, max_length=320, pattern="@")] = Field(
        description="Address that mail comes from."
    )


class WebhookSecretConfig(CredentialConfig):
    """A secret that signs calls between two servers."""

    title = "Webhook signing secret"
    lead = "Proves that a call comes from the other side; at least 16 characters."

    secret: Annotated[Secret, Field(min_length=16)] = Field(description="The shared secret.")


class DatabaseUrlConfig(CredentialConfig):
    """A database to ask."""

    title = "Database"
    lead = "The address of a database with its user and password. A user that can only read is best."

    url: Secret = Field(description="Such as postgresql://reader:password@db.example.com/shop")

    @field_validator("url")
    @classmethod
    def _url_has_a_host(cls, url: SecretStr) -> SecretStr:
        try:
            parts = urlsplit(url.get_secret_value())
            is_whole = bool(parts.scheme and parts.hostname and (parts.port is None or parts.port))
        except ValueError:
            is_whole = False
        if not is_whole:
            raise ValueError("must look like postgresql://user:password@host/database")
        return url

    def hints(self) -> dict[str, str]:
        """Kind, host and database, without user and password."""
        parts = urlsplit(self.url.get_secret_value())
        return {"url": f"{parts.scheme}://…@{parts.hostname}{parts.path}"}


class WebhookUrlConfig(CredentialConfig):
    """An address that is a secret by itself, as team channels give out."""

    title = "Channel address (incoming webhook)"
    lead = "The address that Slack, Discord or Teams gives out for posting to a channel."

    url: Secret = Field(description="Such as https://hooks.slack.com/services/…")

    @field_validator("url")
    @classmethod
    def _url_is_https(cls, url: SecretStr) -> SecretStr:
        parts = urlsplit(url.get_secret_value())
        if parts.scheme != "https" or not parts.hostname:
            raise ValueError("must begin with https://")
        return url

    def hints(self) -> dict[str, str]:
        """The host."""
        return {"url": f"https://{urlsplit(self.url.get_secret_value()).hostname}/…"}


CREDENTIAL_TYPES: dict[str, type[CredentialConfig]] = {
    "bearer": BearerConfig,
    "header": HeaderConfig,
    "basic": BasicConfig,
    "oauth2": OAuthConfig,
    "smtp": SmtpConfig,
    "webhook_secret": WebhookSecretConfig,
    "webhook_url": WebhookUrlConfig,
    "database_url": DatabaseUrlConfig,
}
Testable = HttpCredential | SmtpConfig | DatabaseUrlConfig
"""What can be tried: an address of the owner's choice, a mail server, a database."""
CONNECTION = "connection"
KEPT_TYPES: dict[str, type[CredentialConfig]] = {**CREDENTIAL_TYPES, CONNECTION: ConnectionConfig}
"""Also the one that nobody types in."""


def hint_of(secret: str) -> str:
    """The end of a long secret, and nothing of a short one.

    >>> hint_of("sk-0123456789abcdef"), hint_of("hunter2")
    ('…cdef', '…')
    """
    return f"…{secret[-HINT_CHARACTERS:]}" if len(secret) >= SHORTEST_HINTED else "…"


def is_host_allowed(host: str, allowed: list[str]) -> bool:
    """Whether a host is one of those named; an empty list names all.

    >>> is_host_allowed("api.example.com", ["*.example.com"]), is_host_allowed("example.org", ["example.com"])
    (True, False)
    """
    if not allowed:
        return True
    host = host.lower().rstrip(".")
    return any(host == name or (name.startswith("*.") and host.endswith(name[1:])) for name in allowed)


def split_secrets(config: CredentialConfig) -> tuple[dict[str, Any], dict[str, str]]:
    """The settings as JSON without secrets, and the secrets."""
    values = {name: getattr(config, name) for name in type(config).model_fields}
    secrets = {name: value.get_secret_value() for name, value in values.items() if isinstance(value, SecretStr)}
    return config.model_dump(mode="json", exclude=set(secrets)), secrets

"""PostgreSQL, and what speaks like it.

A connection for each statement, to an address that was judged as every other; a transaction that only reads, with time
limits, around a statement that was written anew (see `statements`). Rows are made JSON by the database, and cut there.
"""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from ssl import SSLError
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import UUID
from weakref import WeakKeyDictionary

from pydantic import BaseModel, ConfigDict, Field

from privexbot_app.integrations.databases.base import (
    DATABASES,
    DatabaseLoginError,
    DatabaseUnreachableError,
    DatabaseUrlInvalidError,
    SqlFailedError,
    SqlParameterError,
    SqlRefusedError,
    SqlTimeoutError,
    SqlTooLargeError,
)
from privexbot_app.integrations.databases.statements import Statement, read_statement
from privexbot_app.integrations.databases.tls import context_for
from privexbot_app.kit.http import HttpClient, OutboundPolicy, parse_url

if TYPE_CHECKING:
    from asyncpg import Connection

MOST_CHARACTERS = 300_000
MOST_BYTES_OF_A_ROW = 200_000
FETCHED_AT_ONCE = 20
UNVERIFIED, VERIFIED, PLAIN = {"", "prefer", "allow", "require"}, {"verify-ca", "verify-full"}, {"disable"}
_TRUE, _FALSE = {"true", "yes", "on", "1", "t"}, {"false", "no", "off", "0", "f"}


def _boolean(text: str) -> bool:
    word = text.strip().lower()
    if word not in _TRUE | _FALSE:
        raise ValueError(text)
    return word in _TRUE


def _moment(text: str) -> datetime:
    """UTC where nothing else is said."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


READERS: Mapping[str, Callable[[str], Any]] = {
    "int2": int,
    "int4": int,
    "int8": int,
    "float4": float,
    "float8": float,
    "numeric": Decimal,
    "bool": _boolean,
    "date": date.fromisoformat,
    "time": time.fromisoformat,
    "timestamp": lambda text: datetime.fromisoformat(text).replace(tzinfo=None),
    "timestamptz": _moment,
    "uuid": UUID,
}
"""How a text is read where the statement wants something else; a visitor's answer is always text."""


@DATABASES.register("postgresql")
@DATABASES.register("postgres")
class PostgreSql:
    """Asks servers at addresses like postgresql://user:password@host:port/database?sslmode=verify-full.

    Without an sslmode the connection is encrypted and the certificate not checked, as `require` has it.
    """

    class Config(BaseModel):
        """Limits for every statement."""

        model_config = ConfigDict(frozen=True, extra="forbid")

        timeout_seconds: float = Field(10, gt=0, le=120, description="Longest run of one statement, in seconds.")
        connect_seconds: float = Field(5, gt=0, le=60, description="Longest wait for a connection, in seconds.")
        connections: int = Field(10, ge=1, le=100, description="Most statements of one process at the same time.")
        ports: list[int] = Field(
            [5432, 5433, 5439, 6432, 6543, 25060, 25061, 26257],
            description="Ports that servers on the public internet may be asked at.",
        )

    def __init__(self, config: Config, http: HttpClient) -> None:
        self.config = config
        self._guard = http.guard(OutboundPolicy.PUBLIC_ONLY, public_ports=frozenset(config.ports))
        self._free: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()

    async def query(
        self, url: str, sql: str, parameters: Mapping[str, Any], *, is_read_only: bool, max_rows: int
    ) -> Sequence[Mapping[str, Any]]:
        """See `Database.query`."""
        statement = await asyncio.to_thread(read_statement, sql, is_read_only=is_read_only)
        values = statement.values(parameters)
        seconds = self.config.timeout_seconds
        free = self._free.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(self.config.connections))
        async with free:
            connection = await self._connect(url)
            try:
                async with asyncio.timeout(seconds + 2):
                    return await self._run(connection, statement, values, is_read_only, max_rows)
            except TimeoutError as error:
                raise SqlTimeoutError(seconds) from error
            finally:
                connection.terminate()

    async def close(self) -> None:
        """See `Database.close`; connections end with their statements."""

    async def _connect(self, url: str) -> "Connection":
        from asyncpg import PostgresError, connect  # noqa: PLC0415 - only flows that ask a database pay for it
        from asyncpg.exceptions import InvalidAuthorizationSpecificationError, InvalidCatalogNameError  # noqa: PLC0415

        target = _read_url(url)
        checked = parse_url(f"http://{f'[{target.host}]' if ':' in target.host else target.host}:{target.port}/")
        failure: Exception | None = None
        for address in await self._guard.resolve(checked):
            try:
                return await connect(
                    host=address,
                    port=checked.port,
                    user=target.user,
                    password=target.password,
                    database=target.database,
                    ssl=context_for(checked.host, verifies=target.verifies_tls) if target.uses_tls else False,
                    timeout=self.config.connect_seconds,
                    statement_cache_size=0,
                    server_settings={"application_name": "privexbot"},
                )
            except (InvalidAuthorizationSpecificationError, InvalidCatalogNameError) as error:
                raise DatabaseLoginError from error
            except (OSError, TimeoutError, PostgresError) as error:
                failure = error
        raise DatabaseUnreachableError(_why(failure)) from failure

    async def _run(
        self, connection: "Connection", statement: Statement, values: Sequence[Any], is_read_only: bool, max_rows: int
    ) -> list[Mapping[str, Any]]:
        import asyncpg  # noqa: PLC0415 - see `_connect`

        milliseconds = str(int(self.config.timeout_seconds * 1000))
        try:
            async with connection.transaction(readonly=is_read_only):
                await connection.execute(
                    "SELECT set_config('statement_timeout', $1, true), set_config('lock_timeout', $1, true)",
                    milliseconds,
                )
                prepared = await connection.prepare(_wrapped(statement))
                types = [type.name for type in prepared.get_parameters()]
                given = [_fit(*one) for one in zip(statement.names, values, types, strict=True)]
                return await _fetch(prepared, given, max_rows)
        except asyncpg.exceptions.QueryCanceledError as error:
            raise SqlTimeoutError(self.config.timeout_seconds) from error
        except asyncpg.exceptions.ReadOnlySQLTransactionError as error:
            raise SqlRefusedError("it may only read") from error
        except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise SqlFailedError(type(error).__name__.removesuffix("Error")) from error
        except OSError as error:
            raise DatabaseUnreachableError from error


def _wrapped(statement: Statement) -> str:
    """The statement with each row as JSON, and rows that are too long as nothing: they never leave the server."""
    if not statement.gives_rows:
        return statement.sql
    row = "SELECT row_to_json(q)::text AS j FROM "
    inner = f"{row}({statement.sql}) AS q" if statement.is_query else f"{row}q"
    outer = f"SELECT CASE WHEN octet_length(w.j) <= {MOST_BYTES_OF_A_ROW} THEN w.j END AS j FROM ({inner}) AS w"  # noqa: S608
    return outer if statement.is_query else f"WITH q AS ({statement.sql}) {outer}"


async def _fetch(prepared: Any, given: Sequence[Any], max_rows: int) -> list[Mapping[str, Any]]:
    rows: list[Mapping[str, Any]] = []
    characters = 0
    cursor = await prepared.cursor(*given)
    while len(rows) < max_rows and (records := await cursor.fetch(min(FETCHED_AT_ONCE, max_rows - len(rows)))):
        for record in records:
            text = record["j"]
            characters += len(text) if text is not None else MOST_CHARACTERS + 1
            if characters > MOST_CHARACTERS:
                raise SqlTooLargeError(MOST_CHARACTERS)
            rows.append(json.loads(text))
    return rows


def _fit(name: str, value: Any, wanted: str) -> Any:
    """A value as the statement wants it. Raises SqlParameterError."""
    if value is None or (value == "" and wanted in READERS):
        return None
    try:
        if wanted in READERS:
            is_whole = isinstance(value, float) and value.is_integer()
            return READERS[wanted](str(int(value) if is_whole else value))
        if wanted.endswith("[]"):
            items = value if isinstance(value, list | tuple) else [value]
            return [_fit(name, item, wanted.removesuffix("[]")) for item in items]
    except (ValueError, InvalidOperation, OverflowError) as error:
        raise SqlParameterError(name, wanted) from error
    if wanted in ("json", "jsonb"):
        return json.dumps(value, ensure_ascii=False, default=str)
    if isinstance(value, str):
        return value.replace("\x00", "")
    return json.dumps(value, ensure_ascii=False, default=str)


@dataclass(frozen=True)
class _Target:
    """Where a database is, and as whom to ask it."""

    host: str
    port: int
    user: str
    password: str
    database: str
    uses_tls: bool
    verifies_tls: bool


def _read_url(url: str) -> _Target:
    """The parts that count; what else such an address may hold is left out. Raises DatabaseUrlInvalidError."""
    try:
        parts = urlsplit(url)
        port = parts.port or 5432
        mode = parse_qs(parts.query).get("sslmode", [""])[-1]
    except ValueError as error:
        raise DatabaseUrlInvalidError from error
    database = unquote(parts.path.removeprefix("/"))
    known = UNVERIFIED | VERIFIED | PLAIN
    if not parts.hostname or "," in parts.hostname or not parts.username or not database or mode not in known:
        raise DatabaseUrlInvalidError
    return _Target(
        host=parts.hostname,
        port=port,
        user=unquote(parts.username),
        # Never None: the driver would look for one in the files and variables of this machine.
        password=unquote(parts.password or ""),
        database=database,
        uses_tls=mode not in PLAIN,
        verifies_tls=mode in VERIFIED,
    )


def _why(failure: Exception | None) -> str:
    if isinstance(failure, SSLError):
        return "its certificate is not right"
    if isinstance(failure, ConnectionError) and "SSL" in str(failure):
        return "it does not encrypt; add ?sslmode=disable to its address if that is meant"
    return ""

"""A real PostgreSQL server, asked over TCP."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from ipaddress import ip_network
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest

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
from privexbot_app.integrations.databases.postgresql import MOST_BYTES_OF_A_ROW, PostgreSql
from privexbot_app.integrations.databases.tls import context_for
from privexbot_app.kit.http import HostNotFoundError, HttpClient, HttpConfig, UrlNotAllowedError
from tests.installation import Postgres

LOOPBACK = HttpConfig(allowed_private_networks=(ip_network("127.0.0.0/8"),))
ORDERS = """
CREATE TABLE orders (id int PRIMARY KEY, name text, price numeric, placed timestamptz, is_open boolean, tags text[]);
INSERT INTO orders VALUES
    (1, 'Tea', 3.50, '2026-01-05T09:00:00Z', true, '{hot,green}'), (2, 'Cake', 4, NULL, false, NULL)
"""


@pytest.fixture(scope="module")
def socket_url(postgres: Postgres) -> Iterator[str]:
    with postgres.empty_database() as url:
        yield url


@pytest.fixture
async def url(socket_url: str) -> AsyncIterator[str]:
    """The database over TCP: the server itself has only a socket file."""
    parts = urlsplit(socket_url)
    path = f"{parse_qs(parts.query)['host'][0]}/.s.PGSQL.5432"

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_unix_connection(path)
        await asyncio.gather(_pump(reader, inner_writer), _pump(inner_reader, writer))

    connection = await asyncpg.connect(socket_url)
    await connection.execute("DROP TABLE IF EXISTS orders")
    await connection.execute(ORDERS)
    await connection.close()
    server = await asyncio.start_server(pass_on, "127.0.0.1", 0)
    yield f"postgresql://postgres@127.0.0.1:{server.sockets[0].getsockname()[1]}{parts.path}?sslmode=disable"
    server.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while piece := await reader.read(65536):
            writer.write(piece)
            await writer.drain()
    except (ConnectionError, asyncio.CancelledError):
        pass
    finally:
        writer.close()


@pytest.fixture
def database() -> PostgreSql:
    return PostgreSql(PostgreSql.Config(timeout_seconds=0.5), HttpClient(LOOPBACK))


async def ask(database: PostgreSql, url: str, sql: str, *, writes: bool = False, rows: int = 100, **parameters):
    return await database.query(url, sql, parameters, is_read_only=not writes, max_rows=rows)


async def test_rows_come_as_plain_objects(database, url):
    rows = await ask(database, url, "SELECT * FROM orders ORDER BY id")
    assert rows[0] == {
        "id": 1,
        "name": "Tea",
        "price": 3.5,
        "placed": rows[0]["placed"],
        "is_open": True,
        "tags": ["hot", "green"],
    }
    assert rows[0]["placed"].startswith("2026-01-05T")
    assert rows[1]["tags"] is None


async def test_there_are_no_more_rows_than_wanted(database, url):
    assert len(await ask(database, url, "SELECT generate_series(1, 1000000)", rows=45)) == 45


@pytest.mark.parametrize(
    ("condition", "value"),
    [
        ("id = :x", "1"),
        ("id = :x", 1.0),
        ("name = :x", "Tea"),
        ("price = :x", "3.50"),
        ("is_open = :x", "yes"),
        ("placed = :x", "2026-01-05T09:00:00"),
        ("placed::date = :x", "2026-01-05"),
        ("id = ANY(:x)", ["1", "7"]),
        ("name = :x", "Tea\x00"),
        ("coalesce(:x, id) = 1", None),
    ],
)
async def test_values_are_read_as_the_statement_wants_them(database, url, condition, value):
    rows = await ask(database, url, f"SELECT id FROM orders WHERE {condition} ORDER BY id", x=value)
    assert rows[0] == {"id": 1}


@pytest.mark.parametrize(
    ("condition", "value"), [("id = :x", "1 OR 1=1"), ("placed = :x", "soon"), ("is_open = :x", "?")]
)
async def test_a_value_of_the_wrong_kind_is_refused(database, url, condition, value):
    with pytest.raises(SqlParameterError):
        await ask(database, url, f"SELECT id FROM orders WHERE {condition}", x=value)


@pytest.mark.parametrize("words", ["' OR '1'='1", "'; DROP TABLE orders; --", "\\'; DROP TABLE orders; --", "$1", "%s"])
async def test_a_visitors_words_are_a_value_and_nothing_else(database, url, words):
    assert await ask(database, url, "SELECT * FROM orders WHERE name = :name", name=words) == []
    assert len(await ask(database, url, "SELECT * FROM orders")) == 2


async def test_reading_cannot_write_even_through_a_function(database, url, socket_url):
    connection = await asyncpg.connect(socket_url)
    await connection.execute(
        "CREATE OR REPLACE FUNCTION sneak() RETURNS int LANGUAGE sql AS 'DELETE FROM orders RETURNING 1'"
    )
    await connection.close()
    with pytest.raises(SqlRefusedError, match="only read"):
        await ask(database, url, "SELECT sneak()")
    assert len(await ask(database, url, "SELECT * FROM orders")) == 2


async def test_writing_works_where_it_is_allowed(database, url):
    insert = "INSERT INTO orders (id, name) VALUES (:id, :name) RETURNING id, name"
    assert await ask(database, url, insert, writes=True, id="3", name="Pie") == [{"id": 3, "name": "Pie"}]
    assert await ask(database, url, "DELETE FROM orders WHERE id = :id", writes=True, id=3) == []
    assert len(await ask(database, url, "SELECT * FROM orders")) == 2


async def test_a_statement_without_an_end_is_ended(database, url):
    with pytest.raises(SqlTimeoutError):
        await ask(database, url, "SELECT count(*) FROM generate_series(1, 1000000000) a, generate_series(1, 1000) b")


@pytest.mark.parametrize(
    "sql",
    [
        f"SELECT repeat('x', {MOST_BYTES_OF_A_ROW})",
        "SELECT repeat('x', 100000) FROM generate_series(1, 10)",
    ],
)
async def test_rows_have_a_size(database, url, sql):
    with pytest.raises(SqlTooLargeError):
        await ask(database, url, sql)


async def test_a_mistake_is_named_without_any_data(database, url):
    with pytest.raises(SqlFailedError, match="UndefinedTable"):
        await ask(database, url, "SELECT * FROM nothing_here")
    with pytest.raises(SqlFailedError) as failed:
        await ask(database, url, "SELECT name::int FROM orders")
    assert "Tea" not in str(failed.value)


async def test_who_may_not_come_in_is_told(database, url):
    with pytest.raises(DatabaseLoginError):
        await ask(database, url.replace("postgres@", "nobody@"), "SELECT 1")
    with pytest.raises(DatabaseLoginError):
        await ask(database, url.partition("?")[0].rpartition("/")[0] + "/missing?sslmode=disable", "SELECT 1")


async def test_a_server_that_does_not_encrypt_is_told_of(database, url):
    with pytest.raises(DatabaseUnreachableError, match="sslmode=disable"):
        await ask(database, url.partition("?")[0], "SELECT 1")


async def test_where_nothing_answers_it_says_so(database):
    with pytest.raises(DatabaseUnreachableError):
        await ask(database, "postgresql://a:b@127.0.0.1:1/x?sslmode=disable", "SELECT 1")


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://a:b@127.0.0.1/x",
        "postgresql://a:b@localhost/x",
        "postgresql://a:b@10.0.0.7/x",
        "postgresql://a:b@169.254.169.254/x",
        "postgresql://a:b@[::1]/x",
        "postgresql://a:b@0x7f.1/x",
        "postgresql://a:b@2130706433/x",
        "postgresql://a:b@8.8.8.8:22/x",
        "postgresql://a:b@inside.example/x",
    ],
)
async def test_a_private_address_is_not_asked(address):
    async def resolve(host: str) -> list[str]:
        return ["192.168.1.5"]

    database = PostgreSql(PostgreSql.Config(), HttpClient(resolver=resolve))
    with pytest.raises(UrlNotAllowedError):
        await ask(database, address, "SELECT 1")


@pytest.mark.parametrize(
    "address",
    [
        "postgresql:///x?host=/var/run/postgresql",
        "postgresql://a:b@/x?host=127.0.0.1",
        "postgresql://a:b@one.example,127.0.0.1/x",
        "postgresql://a:b@one.example",
        "postgresql://one.example/x",
        "postgresql://a:b@one.example/x?sslmode=maybe",
        "postgresql://a:b@one.example:port/x",
    ],
)
async def test_an_address_that_means_several_things_is_refused(database, address):
    with pytest.raises((DatabaseUrlInvalidError, UrlNotAllowedError, HostNotFoundError)):
        await ask(database, address, "SELECT 1")


def test_tls_is_for_the_name_and_not_for_the_address():
    context = context_for("db.example", verifies=True)
    import ssl

    connection = context.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_side=False, server_hostname="192.0.2.1")
    assert connection.server_hostname == "db.example"
    assert context.check_hostname
    assert context_for("db.example", verifies=False).verify_mode is ssl.CERT_NONE


def test_both_spellings_are_registered():
    assert DATABASES.get("postgres") is DATABASES.get("postgresql") is PostgreSql

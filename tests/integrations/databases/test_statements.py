"""What a statement may do, told before a database sees it."""

import pytest

from privexbot_app.integrations.databases.base import SqlParameterError, SqlRefusedError
from privexbot_app.integrations.databases.statements import MOST_CHARACTERS, read_statement

WRITES = [
    "INSERT INTO t VALUES (1)",
    "UPDATE t SET a = 1",
    "DELETE FROM t",
    "MERGE INTO t USING s ON t.id = s.id WHEN MATCHED THEN DELETE",
]
NEVER = [
    "",
    ";",
    "SELECT 1; DROP TABLE t",
    "SELECT 1;;SELECT 2",
    "DROP TABLE t",
    "CREATE TABLE x (a int)",
    "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "ALTER TABLE t ADD b int",
    "TRUNCATE t",
    "GRANT ALL ON t TO public",
    "SET ROLE postgres",
    "SET statement_timeout = 0",
    "RESET ALL",
    "BEGIN",
    "COMMIT",
    "VACUUM",
    "LISTEN x",
    "NOTIFY x",
    "DO $$ BEGIN PERFORM 1; END $$",
    "CALL p()",
    "EXPLAIN ANALYZE DELETE FROM t",
    "PREPARE x AS SELECT 1",
    "EXECUTE x",
    "COPY t TO '/tmp/x'",
    "COPY t FROM PROGRAM 'id'",
    "COPY (SELECT 1) TO PROGRAM 'id'",
    "LOAD 'plpgsql'",
    "WITH d AS (DELETE FROM t RETURNING *) SELECT * FROM d",
    "WITH d AS (INSERT INTO t VALUES (1) RETURNING *) SELECT * FROM d",
    "SELECT * INTO copied FROM t",
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT pg_catalog.pg_read_file('/etc/passwd')",
    "SELECT \"pg_read_file\"('/etc/passwd')",
    "SELECT PG_READ_BINARY_FILE('/etc/passwd')",
    "SELECT * FROM pg_ls_dir('/')",
    "SELECT * FROM ROWS FROM (pg_ls_dir('/'))",
    "SELECT 1 WHERE (SELECT pg_sleep(60)) IS NULL",
    "SELECT pg_terminate_backend(1)",
    "SELECT lo_import('/etc/passwd')",
    "SELECT lo_export(1, '/tmp/x')",
    "SELECT * FROM dblink('host=10.0.0.1', 'SELECT 1') AS x(a int)",
    "SELECT query_to_xml('DELETE FROM t', true, true, '')",
    "SELECT set_config('transaction_read_only', 'off', false)",
    "SELECT * FROM t WHERE a = $1",
    "SELECT * FROM t WHERE a = ?",
    "SELECT (" * 500 + "1" + ")" * 500,
    "SELECT " + "1," * MOST_CHARACTERS + "1",
    "SELECT 'a\x00b'",
    "this is no SQL",
]


@pytest.mark.parametrize("is_read_only", [True, False])
@pytest.mark.parametrize("sql", NEVER)
def test_what_no_flow_may_do_is_refused(sql, is_read_only):
    with pytest.raises(SqlRefusedError):
        read_statement(sql, is_read_only=is_read_only)


@pytest.mark.parametrize("sql", [*WRITES, "SELECT * FROM t FOR UPDATE"])
def test_changes_are_refused_unless_they_are_allowed(sql):
    with pytest.raises(SqlRefusedError):
        read_statement(sql, is_read_only=True)
    read_statement(sql, is_read_only=False)


@pytest.mark.parametrize(
    ("sql", "written"),
    [
        ("SELECT 1 -- ; DROP TABLE t", "SELECT 1"),
        ("SELECT /* /* */ ; DROP TABLE t */ 1", "SELECT 1"),
        ("SELECT E'a\\'; DROP TABLE t; --'", "SELECT e'a''; DROP TABLE t; --'"),
        ("SELECT $$a; DROP TABLE t$$", "SELECT 'a; DROP TABLE t'"),
        ("SELECT ':x', a[1:2], b::text FROM t;", "SELECT ':x', a[1:2], CAST(b AS TEXT) FROM t"),
    ],
)
def test_what_is_sent_is_what_was_understood(sql, written):
    assert read_statement(sql, is_read_only=True).sql == written


def test_escaped_names_cannot_hide_a_function():
    written = read_statement("SELECT U&\"p\\0067_read_file\"('x')", is_read_only=True).sql
    assert 'U&"' not in written


def test_parameters_are_numbered_by_name():
    statement = read_statement("SELECT * FROM t WHERE a = :a AND b = :b OR a > :a", is_read_only=True)
    assert statement.sql == "SELECT * FROM t WHERE a = $1 AND b = $2 OR a > $1"
    assert statement.values({"b": 2, "a": 1, "unused": 3}) == [1, 2]
    with pytest.raises(SqlParameterError, match="“b” has no value"):
        statement.values({"a": 1})

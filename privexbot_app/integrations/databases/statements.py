"""Read a statement before a database does: one only, of a kind that is allowed, with values beside it.

What is sent is not the text that was judged but the statement that was understood, written anew: whatever two readers
could read differently (comments, quotes, escapes) is gone by then.
"""

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from privexbot_app.integrations.databases.base import SqlParameterError, SqlRefusedError

if TYPE_CHECKING:
    from sqlglot.expressions import Expression

MOST_CHARACTERS = 20_000
# Functions that read the server's files, reach other servers, run text as a statement, or change the session.
FORBIDDEN_FUNCTION = re.compile(
    r"pg_(?!typeof$|size_pretty$).*|lo_.*|dblink.*|.*_to_xml.*|xpath_table|set_config|current_setting|ts_stat|"
    r"crosstab.*|connectby.*"
)


@dataclass(frozen=True)
class Statement:
    """A statement that may run. sql: with $1, $2, … for `names`. gives_rows: whether there is anything to fetch."""

    sql: str
    names: tuple[str, ...]
    gives_rows: bool
    is_query: bool

    def values(self, parameters: Mapping[str, Any]) -> list[Any]:
        """The values in the statement's order. Raises SqlParameterError for one that is not there."""
        for name in self.names:
            if name not in parameters:
                raise SqlParameterError(name)
        return [parameters[name] for name in self.names]


@lru_cache(maxsize=256)
def read_statement(sql: str, *, is_read_only: bool) -> Statement:
    """Understand and judge a PostgreSQL statement. Raises SqlRefusedError."""
    from sqlglot import exp  # noqa: PLC0415 - half a second that most processes never need

    tree = _parse(sql)
    is_query = isinstance(tree, exp.Query | exp.Values)
    if not is_query and (is_read_only or not isinstance(tree, exp.Insert | exp.Update | exp.Delete | exp.Merge)):
        raise SqlRefusedError("it may only read" if is_read_only else "it may only read or change rows")
    _judge(tree, is_read_only=is_read_only)
    names = _number_parameters(tree)
    text = tree.sql(dialect="postgres", comments=False, normalize_functions=False)
    return Statement(text, names, is_query or bool(tree.args.get("returning")), is_query)


def _parse(sql: str) -> "Expression":
    import sqlglot  # noqa: PLC0415 - see `read_statement`

    # It warns of what it does not know with the statement itself; what it does not know is refused anyway.
    logging.getLogger("sqlglot").setLevel(logging.ERROR)
    if len(sql) > MOST_CHARACTERS or "\x00" in sql:
        raise SqlRefusedError(f"it is longer than {MOST_CHARACTERS:,} characters or holds a NUL")
    try:
        trees = [tree for tree in sqlglot.parse(sql, dialect="postgres") if tree is not None]
    except (sqlglot.errors.SqlglotError, RecursionError, ValueError) as error:
        raise SqlRefusedError("it cannot be read") from error
    if len(trees) != 1:
        raise SqlRefusedError("it must be one statement")
    return trees[0]  # type: ignore[return-value]


def _judge(tree: "Expression", *, is_read_only: bool) -> None:
    from sqlglot import exp  # noqa: PLC0415 - see `read_statement`

    for node in tree.walk():
        if node is not tree and isinstance(node, exp.DML | exp.Merge | exp.Command | exp.Copy | exp.Create | exp.Drop):
            raise SqlRefusedError("a change of rows must be a statement of its own")
        if isinstance(node, exp.Into):
            raise SqlRefusedError("SELECT INTO makes a table")
        if isinstance(node, exp.Lock) and is_read_only:
            raise SqlRefusedError("it locks rows")
        if isinstance(node, exp.Func):
            name = (node.name if isinstance(node, exp.Anonymous) else node.sql_name()).lower()
            if FORBIDDEN_FUNCTION.fullmatch(name):
                raise SqlRefusedError(f"the function {name[:60]} is not allowed")


def _number_parameters(tree: "Expression") -> tuple[str, ...]:
    """Put $1, $2, … where the parameters stand, the same number for the same name."""
    from sqlglot import exp  # noqa: PLC0415 - see `read_statement`

    if any(True for _ in tree.find_all(exp.Parameter, exp.SessionParameter)):
        raise SqlRefusedError("write parameters as :name")
    names: list[str] = []
    for node in list(tree.find_all(exp.Placeholder)):
        name = node.name
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
            raise SqlRefusedError("write parameters as :name")
        if name not in names:
            names.append(name)
        node.replace(exp.Parameter(this=exp.Literal.number(names.index(name) + 1)))
    return tuple(names)

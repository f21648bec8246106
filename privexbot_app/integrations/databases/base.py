"""The contract of databases: one statement with its values in, rows out.

InvalidError
├── SqlRefusedError          the statement does more than it may, or cannot be read   sql_refused
├── SqlParameterError        a value is missing, or none of its type                  sql_parameter
├── SqlFailedError           the database refused the statement                       sql_failed
├── SqlTimeoutError          it took too long                                         sql_timeout
├── SqlTooLargeError         it gave more than can be kept                            sql_too_large
└── DatabaseUrlInvalidError  the address cannot be read                               database_url_invalid
UpstreamFailedError
├── DatabaseLoginError       the database does not know the user or password          database_login
└── DatabaseUnreachableError nothing answers there                                    database_unreachable

An address that may not be reached raises `UrlNotAllowedError`, as everywhere.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from pydantic import BaseModel

from privexbot_app.kit.errors import InvalidError, UpstreamFailedError
from privexbot_app.kit.registry import Registry


class SqlRefusedError(InvalidError):
    """The statement does more than it may, or cannot be read."""

    code = "sql_refused"

    def __init__(self, reason: str) -> None:
        super().__init__(f"This statement is not run: {reason}.")


class SqlParameterError(InvalidError):
    """A value is missing, or does not fit where it stands."""

    code = "sql_parameter"

    def __init__(self, name: str, wanted: str = "") -> None:
        reason = f"is no {wanted}" if wanted else "has no value"
        super().__init__(f"The parameter “{name}” {reason}.", parameter=name)


class SqlFailedError(InvalidError):
    """The database refused the statement. Tells the kind of the mistake, never the data."""

    code = "sql_failed"

    def __init__(self, kind: str) -> None:
        super().__init__(f"The database did not run this statement ({kind}).", sql_error=kind)


class SqlTimeoutError(InvalidError):
    """The statement took too long."""

    code = "sql_timeout"

    def __init__(self, seconds: float) -> None:
        super().__init__(f"The database did not answer this statement within {seconds:g} seconds.", seconds=seconds)


class SqlTooLargeError(InvalidError):
    """The rows are more than can be kept."""

    code = "sql_too_large"

    def __init__(self, most: int) -> None:
        super().__init__(f"The rows are longer than {most:,} characters. Ask for fewer columns or rows.")


class DatabaseUrlInvalidError(InvalidError):
    """The address of the database cannot be read."""

    code = "database_url_invalid"

    def __init__(self) -> None:
        super().__init__("The address of this database must look like postgresql://user:password@host/database.")


class DatabaseLoginError(UpstreamFailedError):
    """The database does not let this user in."""

    code = "database_login"

    def __init__(self) -> None:
        super().__init__("The database does not accept this user and password, or has no database of that name.")


class DatabaseUnreachableError(UpstreamFailedError):
    """Nothing answers at the address, or not in the way that was asked for."""

    code = "database_unreachable"

    def __init__(self, reason: str = "") -> None:
        super().__init__(f"The database cannot be reached{f': {reason}' if reason else ''}.")


class Database(Protocol):
    """One kind of database. Built as `Kind(config, http)`; the client's rules say what may be reached."""

    Config: type[BaseModel]

    async def query(
        self, url: str, sql: str, parameters: Mapping[str, Any], *, is_read_only: bool, max_rows: int
    ) -> Sequence[Mapping[str, Any]]:
        """The first rows that a statement gives, as plain JSON. sql: one statement with `:name` for each parameter.

        Raises the errors above.
        """
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


DATABASES: Registry[Database] = Registry("database", Database)  # type: ignore[type-abstract]

"""Asks a database."""

import re
from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import Field

from privexbot_app.flow.node import Context, NodeConfig, NodeType, Outcome, Output, node
from privexbot_app.flow.spec import VariableName
from privexbot_app.flow.values import CredentialId, Template, find_references

Statement = Annotated[str, Field(max_length=20_000, json_schema_extra={"format": "sql", "multiline": True})]
# Texts, quoted names and comments first, so that a colon in them is none of ours; a cast has two.
_PLACEHOLDER = re.compile(r"'(?:[^']|'')*+'|\"[^\"]*+\"|--[^\n]*+|/\*.*?\*/|::|:([A-Za-z_][A-Za-z0-9_]*)", re.DOTALL)


@node("sql", label="Database", description="Asks a database.", icon="database", category="connect")
class Sql(NodeType):
    """Values go in beside the statement, never into it. Reads only, unless the author says otherwise."""

    class Config(NodeConfig):
        """credential_id: a database of the vault. query: one statement, written by the author, with `:name` where a
        parameter goes. is_read_only: whether anything but reading is refused.
        """

        credential_id: CredentialId = ""
        query: Statement = ""
        parameters: dict[VariableName, Template] = Field({}, max_length=50)
        is_read_only: bool = True
        max_rows: int = Field(100, ge=1, le=1000)

    def outputs(self, config: Any) -> Sequence[Output]:
        return (
            Output("rows", "list", "The rows, an object each."),
            Output("count", "number", "How many rows there are."),
            Output("first", "object", "The first row; nothing if there is none."),
        )

    def problems(self, config: Config) -> Sequence[tuple[str, str, str]]:
        if not config.credential_id:
            return (("credential_id", "database_missing", "Choose the database."),)
        if not config.query.strip():
            return (("query", "query_empty", "Write the query."),)
        if find_references(config.query):
            message = "References are not replaced in SQL: write :name, and give the value among the parameters."
            return (("query", "query_reference", message),)
        named = placeholders(config.query)
        if missing := named - config.parameters.keys():
            return (("parameters", "parameter_missing", f"Say what :{min(missing)} is."),)
        if unused := config.parameters.keys() - named:
            return (("parameters", "parameter_unused", f"The query has no :{min(unused)}."),)
        return ()

    async def run(self, config: Config, context: Context) -> Outcome:
        parameters = {name: context.render(template) for name, template in config.parameters.items()}
        rows = await context.ports.database.query(
            config.credential_id,
            config.query,
            parameters,
            is_read_only=config.is_read_only,
            max_rows=config.max_rows,
        )
        listed = [dict(row) for row in rows]
        outputs = {"rows": listed, "count": len(listed), "first": listed[0] if listed else None}
        return Outcome(outputs, is_tainted=True)


def placeholders(query: str) -> set[str]:
    """The parameters that a statement names.

    >>> sorted(placeholders("SELECT a::text, ':no' FROM t -- :nor\\nWHERE b = :b AND c = :c"))
    ['b', 'c']
    """
    return {match[1] for match in _PLACEHOLDER.finditer(query) if match[1]}

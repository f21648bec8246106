"""Settings of sources: checked by their connector, and credentials taken out of them and sealed.

A credential goes in and never comes out again: views show settings without them, and only a load opens them.
"""

import base64
import json
from typing import Any
from uuid import UUID

from pydantic import BaseModel, SecretStr, ValidationError

from privexbot_app.domains.credentials.connections import fresh_token
from privexbot_app.domains.knowledge.schemas import ConnectedSource
from privexbot_app.integrations.plugins import Plugins, Workshop
from privexbot_app.integrations.source_connectors.base import ConnectedBy, SourceConnector
from privexbot_app.kit.errors import FieldProblem, InvalidError
from privexbot_app.kit.scope import Scope

CONNECTION_ID = "connection_id"
IN_PLACE_OF_TOKEN = "given by the connection"  # noqa: S105 - for the check of settings, and never kept


class SourceSettingsInvalidError(InvalidError):
    """The settings do not fit the type of source; `problems` names each field."""

    code = "validation_failed"


def read_settings(plugins: Plugins, source: ConnectedSource) -> BaseModel:
    """The settings as the connector's Config. Raises SourceSettingsInvalidError, also for an unknown type."""
    if source.type not in plugins.source_connectors:
        known = ", ".join(plugins.source_connectors.names())
        problem = FieldProblem("type", "unknown", f"Known types: {known}.")
        raise SourceSettingsInvalidError("There is no such type of source.", problems=[problem])
    connector, settings = plugins.source_connectors.get(source.type), source.settings
    if source.connection_id is not None:
        settings = {**settings, _connection_of(connector).setting: IN_PLACE_OF_TOKEN}
    try:
        return connector.Config.model_validate(settings)
    except ValidationError as error:
        # The input itself stays out of problems and logs: it may be a credential.
        problems = [
            FieldProblem(".".join(map(str, problem["loc"])) or "settings", problem["type"], problem["msg"])
            for problem in error.errors(include_input=False, include_context=False)
        ]
        raise SourceSettingsInvalidError("The settings of this source are not right.", problems=problems) from None


def refer_to_connection(plugins: Plugins, source: ConnectedSource, config: BaseModel) -> BaseModel:
    """The settings without the token that a connection stands in for."""
    if source.connection_id is None:
        return config
    connected_by = _connection_of(plugins.source_connectors.get(source.type))
    return config.model_copy(update={connected_by.setting: SecretStr("")})


def split_secrets(config: BaseModel) -> tuple[dict[str, Any], dict[str, str]]:
    """The settings as JSON without secrets, and the secrets that are given."""
    values = {name: getattr(config, name) for name in type(config).model_fields}
    secrets = {name: value.get_secret_value() for name, value in values.items() if isinstance(value, SecretStr)}
    return config.model_dump(mode="json", exclude=set(secrets)), {name: text for name, text in secrets.items() if text}


def seal(plugins: Plugins, scope: Scope, source_id: UUID, secrets: dict[str, str]) -> str:
    """Secrets sealed for this workspace and source; empty for none."""
    if not secrets:
        return ""
    binding = _binding(scope.workspace_id, source_id)
    return base64.b64encode(plugins.keys.seal(json.dumps(secrets), bound_to=binding)).decode()


def reseal(plugins: Plugins, workspace_id: UUID, source_id: UUID, sealed: str) -> str | None:
    """The same secrets sealed by the installation's present secret key; None if they are already."""
    fresh = plugins.keys.reseal(base64.b64decode(sealed), bound_to=_binding(workspace_id, source_id))
    return base64.b64encode(fresh).decode() if fresh else None


async def open_connector(
    works: Workshop, scope: Scope, source_id: UUID, *, type: str, config: dict[str, Any], sealed: str
) -> SourceConnector:
    """The connector of a stored source, with its secrets or a fresh token of its connection.

    Raises InternalError if they were sealed for another source, and the errors of `fresh_token`.
    """
    plugins, binding = works.plugins, _binding(scope.workspace_id, source_id)
    secrets = json.loads(plugins.keys.open(base64.b64decode(sealed), bound_to=binding)) if sealed else {}
    connector = plugins.source_connectors.get(type)
    settings = {**config, **secrets}
    if connection_id := settings.pop(CONNECTION_ID, None):
        connected_by = _connection_of(connector)
        settings[connected_by.setting] = await fresh_token(
            works, scope, UUID(connection_id), provider=connected_by.provider, used_by=f"source:{source_id}"
        )
    return connector(connector.Config.model_validate(settings), plugins.http)


def _connection_of(connector: type[SourceConnector]) -> ConnectedBy:
    found: ConnectedBy | None = getattr(connector, "connected_by", None)
    if found is None:
        problem = FieldProblem(CONNECTION_ID, "unknown", "This type of source has no connection.")
        raise SourceSettingsInvalidError("The settings of this source are not right.", problems=[problem])
    return found


def _binding(workspace_id: UUID, source_id: UUID) -> str:
    return f"{workspace_id}:source:{source_id}"

"""Tells another system what has happened, signed."""

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from privexbot_app.flow.addresses import address_problem, render_address, require_success
from privexbot_app.flow.node import Context, NodeConfig, NodeType, Outcome, Output, node
from privexbot_app.flow.ports import HttpCall
from privexbot_app.flow.values import CredentialId, Template

FieldName = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^{}]*$")]


@node("webhook", label="Webhook", description="Tells another system, signed.", icon="webhook", category="connect")
class Webhook(NodeType):
    """POSTs `{type, timestamp, data}` as Standard Webhooks has it; the port adds the three `webhook-` headers.

    A status of 400 or more fails the node; its policy decides what follows.
    """

    class Config(NodeConfig):
        """signing_credential_id: a signing secret of the vault. event: the message's type. data: its fields."""

        url: Template = ""
        signing_credential_id: CredentialId = ""
        event: str = Field("chatflow.event", min_length=1, max_length=100, pattern=r"^[A-Za-z0-9_.\-]+$")
        data: dict[FieldName, Template] = Field({}, max_length=100)
        timeout_seconds: float = Field(15, gt=0, le=60)

    def outputs(self, config: Any) -> Sequence[Output]:
        return (
            Output("status", "number", "The HTTP status."),
            Output("body", "any", "The answer: what its JSON holds, or its text."),
        )

    def problems(self, config: Config) -> Sequence[tuple[str, str, str]]:
        found = [("url", *wrong)] if (wrong := address_problem(config.url)) else []
        if not config.signing_credential_id:
            message = "Choose the secret that signs the call."
            found.append(("signing_credential_id", "signing_missing", message))
        return found

    async def run(self, config: Config, context: Context) -> Outcome:
        payload = {
            "type": config.event,
            "timestamp": context.now.isoformat().replace("+00:00", "Z"),
            "data": {name: context.render(template) for name, template in config.data.items()},
        }
        answer = await context.ports.web.call(
            HttpCall(
                method="POST",
                url=render_address(context, config.url),
                body=payload,
                timeout_seconds=config.timeout_seconds,
                signing_credential_id=config.signing_credential_id or None,
            )
        )
        require_success(answer)
        body = answer.text if answer.json is None else answer.json
        return Outcome({"status": answer.status, "body": body}, is_tainted=True)

"""Keeps a contact: what the flow has asked for, or what the visitor writes into a form."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from privexbot_app.flow.channels import FORMS
from privexbot_app.flow.events import LeadRequested
from privexbot_app.flow.node import Context, NodeConfig, NodeType, Outcome, Output, Pause, Port, node
from privexbot_app.flow.values import LongTemplate, Template, to_text

SKIPPED = "skipped"
LONGEST_FIELD = 2000
NO = {"", "false", "no", "0", "off", "none"}
FieldName = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[^{}]*$")]


@node("lead_capture", label="Capture lead", description="Keeps a contact.", icon="contact", category="people")
class LeadCapture(NodeType):
    """Leaves by `skipped` when there is nothing to keep: no field is filled in, or consent is asked for and missing."""

    class Config(NodeConfig):
        """how: from `values` of the flow, or from a `form` that the widget shows. fields: of the contact; for a form,
        what they are filled in with. consent: a value that is true or yes; empty for one that the form asks for.
        needs_consent: whether nothing is kept without.
        """

        how: Literal["values", "form"] = "values"
        message: LongTemplate = ""
        fields: dict[FieldName, Template] = Field({}, max_length=20)
        consent: Template = ""
        needs_consent: bool = True

    def ports(self, config: Config) -> Sequence[Port]:
        return (Port(), Port(SKIPPED, "Nothing to keep"))

    def outputs(self, config: Any) -> Sequence[Output]:
        return (
            Output("lead_id", "text", "The contact's id; nothing if none was kept."),
            Output("fields", "object", "What was kept."),
            Output("text", "text", "What the visitor wrote instead of filling in the form."),
        )

    def problems(self, config: Config) -> Sequence[tuple[str, str, str]]:
        if not config.fields:
            return (("fields", "fields_missing", "Say what to keep of a contact."),)
        if config.how == "values" and config.needs_consent and not config.consent.strip():
            message = "Say which value tells that the visitor agrees, or that no consent is needed."
            return (("consent", "consent_missing", message),)
        return ()

    def capabilities(self, config: Config) -> frozenset[str]:
        return frozenset({FORMS}) if config.how == "form" else frozenset()

    async def run(self, config: Config, context: Context) -> Outcome | Pause:
        if config.how == "values":
            return await _keep(config, context, _filled_in(config, context), _agrees(context.render(config.consent)))
        if context.resumed is None:
            context.say(context.render_text(config.message))
            context.tell(LeadRequested(context.node_id, list(config.fields)))
            return Pause()
        message = context.resumed.message
        sent = message.data if message is not None else context.resumed.data
        fields = {name: to_text(sent[name]) for name in config.fields if sent.get(name) is not None}
        agrees = _agrees(context.render(config.consent) if config.consent.strip() else sent.get("consent"))
        return await _keep(config, context, fields, agrees, text=message.text if message is not None else "")


def _filled_in(config: LeadCapture.Config, context: Context) -> dict[str, str]:
    return {name: context.render_text(template) for name, template in config.fields.items()}


def _agrees(value: Any) -> bool:
    return to_text(value).strip().casefold() not in NO


async def _keep(
    config: LeadCapture.Config, context: Context, fields: Mapping[str, str], agrees: bool, *, text: str = ""
) -> Outcome:
    kept = {name: value.strip()[:LONGEST_FIELD] for name, value in fields.items() if value.strip()}
    if not kept or (config.needs_consent and not agrees):
        return Outcome({"lead_id": None, "fields": {}, "text": text}, port=SKIPPED, is_tainted=True)
    lead_id = await context.ports.leads.capture(kept, consent=agrees)
    return Outcome({"lead_id": lead_id, "fields": kept, "text": text}, is_tainted=True)

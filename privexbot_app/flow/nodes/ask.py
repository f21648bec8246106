"""Asks the visitor, waits for the answer, and goes on with it as a typed value."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field

from privexbot_app.flow.channels import BUTTONS, FILES
from privexbot_app.flow.events import Asked
from privexbot_app.flow.node import Context, NodeConfig, NodeType, Outcome, Output, Pause, Port, node
from privexbot_app.flow.ports import Incoming
from privexbot_app.flow.replies import Kind, read_choice, read_date, read_email, read_number, read_phone
from privexbot_app.flow.spec import ValueType, VariableName
from privexbot_app.flow.values import LongTemplate, Template, to_text

INVALID = "invalid"
MOST_OPTIONS = 50
HINTS: Mapping[Kind, str] = {
    "text": "Please write an answer.",
    "email": "That does not look like an e-mail address. Please write it like name@example.com.",
    "phone": "That does not look like a phone number. Please write it with its country code, like +44 20 7946 0958.",
    "number": "Please write a number.",
    "choice": "Please choose one of these.",
    "date": "Please write a date, like 2026-03-31.",
    "file": "Please attach a file.",
}
TYPES: Mapping[Kind, ValueType] = {"number": "number", "file": "list"}


@node("ask", label="Ask", description="Asks and waits for the answer.", icon="message-circle-question", category="talk")
class Ask(NodeType):
    """An answer of the wrong kind is asked for again, then the node leaves by `invalid`."""

    class Config(NodeConfig):
        """hint: said before asking again; empty for the kind's own. attempts: answers that are taken in all.

        options: of a choice; one that is a reference to a list stands for all of it. region: two letters, for phone
        numbers without a country code. minimum, maximum: of a number. media_types: of files, such as image/.
        variable: set to the answer, if named.
        """

        text: LongTemplate = ""
        kind: Kind = "text"
        hint: LongTemplate = ""
        attempts: int = Field(3, ge=1, le=10)
        options: list[Template] = Field([], max_length=MOST_OPTIONS)
        region: str = Field("", pattern=r"^([A-Za-z]{2})?$")
        minimum: float | None = None
        maximum: float | None = None
        day_first: bool = True
        media_types: list[Annotated[str, Field(max_length=100)]] = Field([], max_length=20)
        variable: Literal[""] | VariableName = ""

    def ports(self, config: Config) -> Sequence[Port]:
        return (Port(), Port(INVALID, "No valid answer"))

    def outputs(self, config: Config) -> Sequence[Output]:
        return (
            Output("answer", TYPES.get(config.kind, "text"), "The answer as a value; nothing if it was never valid."),
            Output("text", "text", "The answer as it was written."),
        )

    def problems(self, config: Config) -> Sequence[tuple[str, str, str]]:
        if not config.text.strip():
            return (("text", "ask_empty", "Write what to ask."),)
        if config.kind == "choice" and not config.options:
            return (("options", "ask_options_missing", "Write what there is to choose from."),)
        if config.minimum is not None and config.maximum is not None and config.minimum > config.maximum:
            return (("maximum", "ask_range_empty", "No number is large and small enough."),)
        return ()

    def capabilities(self, config: Config) -> frozenset[str]:
        return {"file": frozenset({FILES}), "choice": frozenset({BUTTONS})}.get(config.kind, frozenset())

    async def run(self, config: Config, context: Context) -> Outcome | Pause:
        resumed = context.resumed
        if resumed is None:
            return _ask(config, context, config.text, {"asked": 1, "options": _options(config, context)})
        message = resumed.message or Incoming(to_text(resumed.data.get("answer")))
        answer = _read(config, message, resumed.state["options"], context.now.date())
        if answer is None and resumed.state["asked"] < config.attempts:
            hint = config.hint or HINTS[config.kind]
            return _ask(config, context, hint, {**resumed.state, "asked": resumed.state["asked"] + 1})
        if config.variable and answer is not None:
            context.has_read_tainted = True
            context.assign(config.variable, answer)
        outputs = {"answer": answer, "text": message.text}
        return Outcome(outputs, port=INVALID if answer is None else "out", is_tainted=True)


def _ask(config: Ask.Config, context: Context, text: str, state: Mapping[str, Any]) -> Pause:
    context.say(context.render_text(text))
    context.tell(Asked(context.node_id, config.kind, state["options"]))
    return Pause(state=state)


def _options(config: Ask.Config, context: Context) -> list[str]:
    if config.kind != "choice":
        return []
    options: list[str] = []
    for template in config.options:
        value = context.render(template)
        options += map(to_text, value) if isinstance(value, list | tuple) else [to_text(value)]
    return [option for option in dict.fromkeys(options) if option.strip()][:MOST_OPTIONS]


def _read(config: Ask.Config, message: Incoming, options: Sequence[str], today: date) -> Any:
    """The answer as a value; None where it is none."""
    match config.kind:
        case "email":
            return read_email(message.text)
        case "phone":
            return read_phone(message.text, region=config.region.upper())
        case "number":
            return _in_range(config, read_number(message.text))
        case "choice":
            return read_choice(message.text, options)
        case "date":
            return read_date(message.text, today=today, day_first=config.day_first)
        case "file":
            return _files(config, message)
    return message.text.strip() or None


def _in_range(config: Ask.Config, number: float | None) -> float | None:
    if number is None or (config.minimum is not None and number < config.minimum):
        return None
    return None if config.maximum is not None and number > config.maximum else number


def _files(config: Ask.Config, message: Incoming) -> list[dict[str, Any]] | None:
    """What was attached, all of it of the types asked for."""
    files = message.attachments
    wanted = tuple(config.media_types)
    if not files or (wanted and not all(file.media_type.startswith(wanted) for file in files)):
        return None
    return [vars(file) for file in files]

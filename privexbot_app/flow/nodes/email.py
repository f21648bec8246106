"""Sends an e-mail."""

from collections.abc import Sequence
from typing import Any

from pydantic import Field

from privexbot_app.flow.errors import RecipientInvalidError
from privexbot_app.flow.node import Context, NodeConfig, NodeType, Outcome, Output, node
from privexbot_app.flow.ports import Mail
from privexbot_app.flow.replies import read_email
from privexbot_app.flow.values import LongTemplate, Template, find_references

LONGEST_SUBJECT = 200


@node("email", label="E-mail", description="Sends an e-mail.", icon="mail", category="connect")
class Email(NodeType):
    """Plain text. Each recipient is one address; a subject is one line, whatever a visitor has written."""

    class Config(NodeConfig):
        """to: one address each. reply_to: where answers go, such as the visitor's address."""

        to: list[Template] = Field([], max_length=10)
        subject: Template = ""
        text: LongTemplate = ""
        reply_to: Template = ""

    def outputs(self, config: Any) -> Sequence[Output]:
        return (Output("to", "list", "The addresses that it went to."),)

    def problems(self, config: Config) -> Sequence[tuple[str, str, str]]:
        if not any(one.strip() for one in config.to):
            return (("to", "recipient_missing", "Say who gets the mail."),)
        wrong = next((one for one in config.to if not find_references(one) and read_email(one) is None), None)
        if wrong is not None:
            return (("to", "recipient_invalid", f"“{wrong}” is no e-mail address."),)
        if not config.subject.strip():
            return (("subject", "subject_missing", "Write a subject."),)
        return () if config.text.strip() else (("text", "mail_empty", "Write the mail."),)

    async def run(self, config: Config, context: Context) -> Outcome:
        to = tuple(dict.fromkeys(_address(context, template) for template in config.to))
        reply_to = _address(context, config.reply_to) if config.reply_to.strip() else None
        subject = " ".join(context.render_text(config.subject).split())[:LONGEST_SUBJECT]
        await context.ports.messenger.send_mail(Mail(to, subject, context.render_text(config.text), reply_to))
        return Outcome({"to": list(to)})


def _address(context: Context, template: str) -> str:
    address = read_email(context.render_text(template))
    if address is None:
        raise RecipientInvalidError
    return address

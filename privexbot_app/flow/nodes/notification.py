"""Tells a team in its own chat."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from privexbot_app.flow.node import Context, NodeConfig, NodeType, Outcome, Output, node
from privexbot_app.flow.ports import Notice
from privexbot_app.flow.values import CredentialId, LongTemplate

Service = Literal["slack", "discord", "teams"]
LONGEST: Mapping[Service, int] = {"slack": 10_000, "discord": 2000, "teams": 10_000}
_MARKUP = re.compile(r"([\\*_~`>\[\]()#|])")


def _for_slack(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _for_discord(text: str) -> str:
    # Between the @ and the name stands a character without width, so that nobody is called.
    return _MARKUP.sub(r"\\\1", text.replace("<", "‹")).replace("@", "@\u200b")


def _for_teams(text: str) -> str:
    return _MARKUP.sub(r"\\\1", text.replace("<", "‹"))


DEFUSE: Mapping[Service, Callable[[str], str]] = {"slack": _for_slack, "discord": _for_discord, "teams": _for_teams}


@node("notification", label="Notify", description="Tells a team's channel.", icon="bell", category="connect")
class Notification(NodeType):
    """Words of strangers call nobody there and link to nothing: their markup is shown as it was written."""

    class Config(NodeConfig):
        """service: whose channel. credential_id: the channel's address, kept in the vault."""

        service: Service = "slack"
        credential_id: CredentialId = ""
        text: LongTemplate = ""

    def outputs(self, config: Any) -> Sequence[Output]:
        return (Output("text", "text", "What was sent."),)

    def problems(self, config: Config) -> Sequence[tuple[str, str, str]]:
        if not config.credential_id:
            return (("credential_id", "channel_missing", "Choose the channel's credential."),)
        return () if config.text.strip() else (("text", "notice_empty", "Write what to tell."),)

    async def run(self, config: Config, context: Context) -> Outcome:
        defuse = DEFUSE[config.service]
        parts = context.render_parts(config.text)
        text = "".join(defuse(part.text) if part.is_tainted else part.text for part in parts)
        text = text[: LONGEST[config.service]]
        await context.ports.messenger.send_notice(Notice(config.service, config.credential_id, text))
        return Outcome({"text": text})

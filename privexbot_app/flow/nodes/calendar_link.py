"""Offers a link to book an appointment, filled in with what is known."""

from collections.abc import Sequence
from typing import Annotated, Any
from urllib.parse import quote, urlsplit

from pydantic import Field, StringConstraints

from privexbot_app.flow.addresses import address_problem, render_address
from privexbot_app.flow.node import Context, NodeConfig, NodeType, Outcome, Output, node
from privexbot_app.flow.values import LongTemplate, Template

ParameterName = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9_.\-\[\]]+$")]


@node("calendar_link", label="Calendar link", description="Offers to book.", icon="calendar", category="people")
class CalendarLink(NodeType):
    """For Calendly, Cal.com and others that take values in the address. Says a link with its label."""

    class Config(NodeConfig):
        """url: the booking page. values: parameters of its address, such as name and email; empty ones are left out."""

        url: Template = ""
        message: LongTemplate = ""
        label: str = Field("Book an appointment", min_length=1, max_length=120, pattern=r"^[^\[\]\r\n]*$")
        values: dict[ParameterName, Template] = Field({}, max_length=30)
        is_shown: bool = True

    def outputs(self, config: Any) -> Sequence[Output]:
        return (Output("url", "text", "The address."),)

    def problems(self, config: Config) -> Sequence[tuple[str, str, str]]:
        wrong = address_problem(config.url)
        return (("url", *wrong),) if wrong else ()

    async def run(self, config: Config, context: Context) -> Outcome:
        url = render_address(context, config.url)
        filled = {name: context.render_text(template).strip() for name, template in config.values.items()}
        query = "&".join(f"{quote(name)}={quote(value, safe='')}" for name, value in filled.items() if value)
        if query:
            url, hash, fragment = url.partition("#")
            url = f"{url}{'&' if urlsplit(url).query else '?'}{query}{hash}{fragment}"
        if config.is_shown:
            # A bracket would end the link early.
            target = url.replace("(", "%28").replace(")", "%29").replace(" ", "%20")
            parts = (context.render_text(config.message).strip(), f"[{config.label}]({target})")
            context.say("\n\n".join(part for part in parts if part))
        return Outcome({"url": url})

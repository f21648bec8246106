"""Asks a service over HTTP."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from privexbot_app.flow.addresses import (
    HEADER_NAME,
    address_problem,
    header_problem,
    render_address,
    render_headers,
    require_success,
)
from privexbot_app.flow.errors import JsonTemplateError
from privexbot_app.flow.json_templates import fill_json, parse_json_template
from privexbot_app.flow.node import Context, NodeConfig, NodeType, Outcome, Output, Port, node
from privexbot_app.flow.ports import HttpCall
from privexbot_app.flow.values import CredentialId, LongTemplate, Template

HeaderName = Annotated[str, StringConstraints(pattern=HEADER_NAME)]
ParameterName = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^{}\r\n]*$")]
REFUSED, FAILED = "refused", "failed"


@node("http_request", label="HTTP request", description="Asks a service.", icon="globe", category="connect")
class HttpRequest(NodeType):
    """Words of strangers may fill the path, the query, header values and the body; never the host or a header's name.

    Whether a private address may be reached, and what a redirect may lead to, is the safe client's to judge.
    """

    class Config(NodeConfig):
        """credential_id: a credential of the vault, added as its kind says. body: JSON or text, as `body_type` says;
        JSON may hold references, which keep their types. form: of a body of type `form`.

        on_status: what a status of 400 or more does: `fail` the node (its policy decides; asked again only where that
        may help), `accept` it as an answer, or `branch` to ways of their own.
        """

        method: Literal["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"] = "GET"
        url: Template = ""
        credential_id: CredentialId = ""
        headers: dict[HeaderName, Template] = Field({}, max_length=50)
        query: dict[ParameterName, Template] = Field({}, max_length=50)
        body_type: Literal["none", "json", "text", "form"] = "none"
        body: LongTemplate = ""
        form: dict[ParameterName, Template] = Field({}, max_length=100)
        timeout_seconds: float = Field(15, gt=0, le=120)
        on_status: Literal["fail", "accept", "branch"] = "fail"

    def ports(self, config: Config) -> Sequence[Port]:
        if config.on_status != "branch":
            return (Port(),)
        return (Port(), Port(REFUSED, "Refused (4xx)"), Port(FAILED, "Failed (5xx)"))

    def outputs(self, config: Any) -> Sequence[Output]:
        return (
            Output("status", "number", "The HTTP status."),
            Output("body", "any", "The answer: what its JSON holds, or its text."),
            Output("text", "text", "The answer as it came."),
            Output("headers", "object", "Headers of the answer, names in lower case."),
        )

    def problems(self, config: Config) -> Sequence[tuple[str, str, str]]:
        found: list[tuple[str, str, str]] = []
        if wrong := address_problem(config.url):
            found.append(("url", *wrong))
        if wrong := header_problem(list(config.headers)):
            found.append(("headers", *wrong))
        if config.body_type != "none" and config.method in ("GET", "HEAD"):
            found.append(("body_type", "body_unexpected", f"{config.method} sends no body."))
        if config.body_type == "json":
            try:
                parse_json_template(config.body)
            except JsonTemplateError as error:
                found.append(("body", error.code, error.message))
        return found

    async def run(self, config: Config, context: Context) -> Outcome:
        headers = render_headers(context, config.headers)
        if config.body_type == "text":
            headers.setdefault("Content-Type", "text/plain; charset=utf-8")
        answer = await context.ports.web.call(
            HttpCall(
                method=config.method,
                url=render_address(context, config.url),
                headers=headers,
                query={name: context.render_text(template) for name, template in config.query.items()},
                body=_body(config, context),
                form=_form(config, context),
                credential_id=config.credential_id or None,
                timeout_seconds=config.timeout_seconds,
            )
        )
        if config.on_status == "fail":
            require_success(answer)
        outputs = {
            "status": answer.status,
            "body": answer.text if answer.json is None else answer.json,
            "text": answer.text,
            "headers": dict(answer.headers),
        }
        port = "out"
        if config.on_status == "branch" and answer.status >= 400:
            port = FAILED if answer.status >= 500 else REFUSED
        return Outcome(outputs, port=port, is_tainted=True)


def _body(config: HttpRequest.Config, context: Context) -> Any:
    match config.body_type:
        case "json":
            return fill_json(parse_json_template(config.body), context.render)
        case "text":
            return context.render_text(config.body)
    return None


def _form(config: HttpRequest.Config, context: Context) -> dict[str, str] | None:
    if config.body_type != "form":
        return None
    return {name: context.render_text(template) for name, template in config.form.items()}

"""Services on the network for nodes: through the one safe client, with credentials that a node can only name."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from privexbot_app.domains.chatflows.ports.setting import Setting, read_id
from privexbot_app.domains.credentials.service import reveal_credential
from privexbot_app.domains.credentials.types import HttpCredential, WebhookSecretConfig
from privexbot_app.flow.ports import HttpAnswer, HttpCall
from privexbot_app.integrations.plugins import Workshop
from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.http import OutboundPolicy
from privexbot_app.kit.ids import new_id
from privexbot_app.kit.webhooks import sign_webhook


class WorkspaceWeb:
    """Calls services on the public internet, and on networks that the operator has allowed."""

    def __init__(self, works: Workshop, setting: Setting) -> None:
        self._works, self._setting = works, setting

    async def call(self, call: HttpCall) -> HttpAnswer:
        """Send; an error status is an answer. Raises UrlNotAllowedError, FetchFailedError, NotFoundError."""
        url = _with_query(call.url, call.query)
        content, media_type = _content(call)
        headers = {"accept": "application/json, */*;q=0.5", **call.headers}
        if media_type and "content-type" not in {name.lower() for name in headers}:
            headers["content-type"] = media_type
        headers |= await self._credential_headers(call, url)
        headers |= await self._signature(call, content or b"")
        answer = await self._works.plugins.http.fetch(
            url,
            policy=OutboundPolicy.PUBLIC_ONLY,
            method=call.method,
            headers=headers,
            content=content,
            max_bytes=call.max_bytes,
            timeout_seconds=call.timeout_seconds,
        )
        text = answer.body.decode(answer.encoding or "utf-8", errors="replace")
        return HttpAnswer(answer.status, answer.headers, text, _parse(text))

    async def _credential_headers(self, call: HttpCall, url: str) -> dict[str, str]:
        if not call.credential_id:
            return {}
        credential = await reveal_credential(
            self._works,
            self._setting.scope,
            read_id(call.credential_id),
            used_by=self._setting.user,
            of=HttpCredential,  # type: ignore[type-abstract]
        )
        return credential.headers_for(url)

    async def _signature(self, call: HttpCall, content: bytes) -> dict[str, str]:
        """Headers of the Standard Webhooks specification, by which the other side knows us."""
        if not call.signing_credential_id:
            return {}
        credential = await reveal_credential(
            self._works,
            self._setting.scope,
            read_id(call.signing_credential_id),
            used_by=self._setting.user,
            of=WebhookSecretConfig,
        )
        return sign_webhook(credential.secret.get_secret_value(), str(new_id()), int(utc_now().timestamp()), content)


def _with_query(url: str, query: Mapping[str, str]) -> str:
    if not query:
        return url
    parts = urlsplit(url)
    return urlunsplit(parts._replace(query="&".join(filter(None, (parts.query, urlencode(query))))))


def _content(call: HttpCall) -> tuple[bytes | None, str]:
    if call.form is not None:
        return urlencode(call.form).encode(), "application/x-www-form-urlencoded"
    if call.body is None:
        return None, ""
    if isinstance(call.body, str):
        return call.body.encode(), "text/plain; charset=utf-8"
    return json.dumps(call.body, ensure_ascii=False, default=str).encode(), "application/json"


def _parse(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None

"""One table: every route × who calls it. A route that is not in the table fails, so none is forgotten.

nobody signed in           → 401
somebody of another tenant → 404, byte for byte what a missing id gets
a member without the right → 403
a member with the right    → what the table says
"""

import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import pytest_asyncio
from fastapi.routing import APIRoute

from privexbot_app.api.app import create_api
from privexbot_app.domains.conversations.repository import ConversationRepository
from privexbot_app.domains.credentials.connections import ConnectionService
from privexbot_app.domains.leads.service import Capture, LeadService
from privexbot_app.domains.tenancy.permissions import ADMIN, PERMISSIONS, WorkspaceRole
from privexbot_app.domains.tenancy.service import scope_of_job
from privexbot_app.domains.webhooks.repository import WebhookRepository
from privexbot_app.integrations.connections.base import Grant
from privexbot_app.kit.pagination import PageParams
from tests.installation import PASSWORD, Installation, Person, installed
from tests.wallets import EvmWallet

pytestmark = pytest.mark.asyncio(loop_scope="module")

PUBLIC = "public"  # anybody
SIGNED_IN = "signed in"  # any user, wherever they belong
MEMBERS = "members"  # everybody in the organization or workspace
ORGANIZATION = "organization"  # owners and admins of the organization
TEXT = "The harbour office is open from 8:30 to 17:00."


@dataclass(frozen=True)
class Route:
    """One row of the table. body, params: of an allowed call. status: of its answer."""

    method: str
    path: str
    needs: str
    status: int = 200
    body: Any = None
    params: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


CHUNKS = "/api/v1/kb/{kb_id}/documents/{document_id}/chunks"
KB, BOT, AUTH, SPACE = "/api/v1/kb", "/api/v1/chatbots", "/api/v1/auth", "/api/v1/workspaces/{workspace_id}"
FLOW = "/api/v1/chatflows"
STATS = "/api/v1/analytics"
WRITTEN = {
    "knowledge_base_id": "{kb_id}",
    "question": "Are dogs welcome?",
    "answer": "On a leash.",
    "message_ids": ["{message_id}"],
}
GRAPH = {"nodes": [{"id": "start", "type": "trigger"}], "edges": []}
TALK = "/api/v1/bots/{public_bot_id}"
KEYS = "/api/v1/api-keys"
HOOKS = "/api/v1/webhooks"
LEADS, TALKS = "/api/v1/leads", "/api/v1/conversations"
WEBSITE = {"type": "website", "url": "http://site.invalid/"}
PASTED = {"type": "text", "title": "Pasted", "content": TEXT}
LINKS, PRIVACY = "/api/v1/connections", "/api/v1/privacy"
VAULT, ORG = "/api/v1/credentials", "/api/v1/organizations/{organization_id}"
MEMBER, INVITED = f"{ORG}/members/{{user_id}}", f"{ORG}/invitations/{{invitation_id}}"
BEARER = {"token": "sk-0123456789abcdef"}
GOLDEN_CSV = {"content": "question,phrases\nWhen?,8:30"}
GOLDEN = {"question": "When is it open?", "expected_phrases": ["8:30"]}

TABLE = (
    # anybody
    Route("GET", "/healthz", PUBLIC),
    Route("GET", "/readyz", PUBLIC),
    Route("GET", "/version", PUBLIC),
    Route("GET", "/metrics", PUBLIC),
    Route("GET", "/api/docs", PUBLIC),
    Route("GET", "/api/docs/start.js", PUBLIC),
    Route("GET", "/api/docs/{name}", PUBLIC),
    Route("GET", "/widget.js", PUBLIC),
    Route("GET", "/widget/{name}", PUBLIC, 404),
    Route("GET", "/chat/{bot_id}", PUBLIC),
    Route("POST", "/chat/{bot_id}", PUBLIC, 303),
    Route("GET", "/embed/{bot_id}", PUBLIC),
    Route("GET", f"{TALK}/config", PUBLIC),
    Route("POST", f"{TALK}/chat", PUBLIC, 200, {"message": "When is it open?"}),
    Route("GET", f"{TALK}/history", PUBLIC, 200, params={"session_id": "x"}),
    Route("GET", f"{TALK}/runs/{{run_id}}", PUBLIC, 404),
    Route("DELETE", f"{TALK}/runs/{{run_id}}", PUBLIC, 204),
    Route("GET", f"{TALK}/events", PUBLIC, 404, params={"session_id": "x"}),
    Route("POST", f"{TALK}/feedback", PUBLIC, 404, {"session_id": "x", "message_id": str(uuid4()), "rating": "up"}),
    Route("POST", f"{TALK}/leads", PUBLIC, 422, {"fields": {"name": "x"}}),
    Route("POST", f"{TALK}/mcp", PUBLIC, 401, {}),
    Route("POST", "/v1/chat/completions", PUBLIC, 401, {"model": "x", "messages": [{"role": "user", "content": "x"}]}),
    Route("GET", "/v1/models", PUBLIC, 401),
    Route("GET", "/v1/models/{model}", PUBLIC, 401),
    Route("POST", "/api/v1/invitations/preview", PUBLIC, 404, {"token": "x"}),
    Route("POST", f"{AUTH}/register", PUBLIC, 422, {}),
    Route("POST", f"{AUTH}/login", PUBLIC, 401, {"email": "nobody@example.com", "password": "x"}),
    Route("POST", f"{AUTH}/refresh", PUBLIC, 401, {"refresh_token": "x"}),
    Route("POST", f"{AUTH}/browser/register", PUBLIC, 422, {}),
    Route("POST", f"{AUTH}/browser/login", PUBLIC, 403, {"email": "nobody@example.com", "password": "x"}),
    Route("GET", f"{AUTH}/strategies", PUBLIC),
    Route("POST", f"{AUTH}/wallet/{{kind}}/challenge", PUBLIC, 422, {"address": "x"}),
    Route("POST", f"{AUTH}/wallet/{{kind}}/verify", PUBLIC, 401, {"address": "x", "message": "x", "signature": "x"}),
    Route(
        "POST",
        f"{AUTH}/browser/wallet/{{kind}}/verify",
        PUBLIC,
        403,
        {"address": "x", "message": "x", "signature": "x"},
    ),
    Route("POST", f"{AUTH}/second-factor", PUBLIC, 401, {"ticket": "x", "code": "000000"}),
    Route("POST", f"{AUTH}/browser/second-factor", PUBLIC, 403, {"ticket": "x", "code": "000000"}),
    Route("POST", f"{AUTH}/passkey/options", PUBLIC),
    Route("POST", f"{AUTH}/passkey/verify", PUBLIC, 422, {"credential": {}}),
    Route("POST", f"{AUTH}/browser/passkey/verify", PUBLIC, 403, {"credential": {}}),
    Route("GET", f"{AUTH}/oidc/{{provider}}/start", PUBLIC, 404),
    Route("GET", f"{AUTH}/oidc/{{provider}}/callback", PUBLIC, 303),
    Route("POST", f"{AUTH}/password/forgot", PUBLIC, 503, {"email": "nobody@example.com"}),
    Route("POST", f"{AUTH}/password/reset", PUBLIC, 401, {"token": "x", "new_password": "some other long one"}),
    Route("POST", f"{AUTH}/email/verify", PUBLIC, 401, {"token": "x"}),
    # anybody who is signed in
    Route("GET", f"{AUTH}/me", SIGNED_IN),
    Route("PATCH", f"{AUTH}/me", SIGNED_IN, 200, {"name": "New"}),
    Route("POST", f"{AUTH}/switch", SIGNED_IN, 200, {"workspace_id": "{workspace_id}"}),
    Route("POST", f"{AUTH}/logout", SIGNED_IN, 204),
    Route("GET", f"{AUTH}/ways-in", SIGNED_IN),
    Route("DELETE", f"{AUTH}/ways-in/{{identity_id}}", SIGNED_IN, 404),
    Route("POST", f"{AUTH}/link/wallet", SIGNED_IN, 422, {}),
    Route("POST", f"{AUTH}/email", SIGNED_IN, 503, {"email": "new@example.com"}),
    Route("POST", f"{AUTH}/oidc/{{provider}}/link", SIGNED_IN, 404),
    Route("POST", f"{AUTH}/passkeys/options", SIGNED_IN, 200, {}),
    Route("POST", f"{AUTH}/passkeys", SIGNED_IN, 422, {"credential": {}}),
    Route("POST", f"{AUTH}/proof", SIGNED_IN, 204, {"password": PASSWORD}),
    Route(
        "POST",
        f"{AUTH}/password",
        SIGNED_IN,
        200,
        {"current_password": PASSWORD, "new_password": "some other long one"},
    ),
    Route("POST", f"{AUTH}/browser/password", SIGNED_IN, 403, {"new_password": "some other long one"}),
    Route("POST", f"{AUTH}/authenticator", SIGNED_IN),
    Route("POST", f"{AUTH}/authenticator/confirm", SIGNED_IN, 409, {"code": "000000"}),
    Route("POST", f"{AUTH}/authenticator/recovery-codes", SIGNED_IN, 409),
    Route("DELETE", f"{AUTH}/authenticator", SIGNED_IN, 204),
    Route("GET", f"{AUTH}/sessions", SIGNED_IN),
    Route("DELETE", f"{AUTH}/sessions", SIGNED_IN, 204),
    Route("DELETE", f"{AUTH}/sessions/{{session_id}}", SIGNED_IN, 404),
    Route("GET", "/api/v1/organizations", SIGNED_IN),
    Route("POST", "/api/v1/organizations", SIGNED_IN, 201, {"name": "Another"}),
    Route("POST", "/api/v1/invitations/accept", SIGNED_IN, 404, {"token": "x"}),
    # staff of the installation; for everybody else nothing is there
    Route("GET", "/api/v1/staff/organizations", SIGNED_IN, 404, params={"text": "harbour"}),
    Route("POST", "/api/v1/staff/organizations/{organization_id}/close", SIGNED_IN, 404),
    Route("POST", "/api/v1/staff/organizations/{organization_id}/restore", SIGNED_IN, 404),
    # the organization
    Route("GET", ORG, MEMBERS),
    Route("PATCH", ORG, ORGANIZATION, 200, {"name": "New"}),
    Route("DELETE", ORG, ORGANIZATION, 422),
    Route("POST", f"{ORG}/restore", ORGANIZATION, 409),
    Route("POST", f"{ORG}/transfer", ORGANIZATION, 404, {"user_id": str(uuid4())}),
    Route("POST", f"{ORG}/leave", MEMBERS, 409),
    Route("GET", f"{ORG}/members", MEMBERS),
    Route("PATCH", MEMBER, ORGANIZATION, 204, {"role": "member"}),
    Route("DELETE", MEMBER, ORGANIZATION, 204),
    Route("GET", f"{ORG}/invitations", ORGANIZATION),
    Route("POST", f"{ORG}/invitations", ORGANIZATION, 201, {"email": "{unused_email}"}),
    Route("POST", f"{INVITED}/resend", ORGANIZATION),
    Route("DELETE", INVITED, ORGANIZATION, 204),
    Route("GET", f"{ORG}/roles", MEMBERS),
    Route("POST", f"{ORG}/roles", ORGANIZATION, 201, {"name": "{unused}", "permissions": []}),
    Route("PUT", f"{ORG}/roles/{{role_id}}", ORGANIZATION, 200, {"name": "{unused}", "permissions": []}),
    Route("DELETE", f"{ORG}/roles/{{role_id}}", ORGANIZATION, 204),
    Route("GET", f"{ORG}/audit-log", ORGANIZATION),
    Route("GET", f"{ORG}/audit-log/verify", ORGANIZATION),
    Route("GET", "/api/v1/workspaces", SIGNED_IN),
    Route("POST", "/api/v1/workspaces", ORGANIZATION, 201, {"name": "Second"}),
    # the workspace itself
    Route("PATCH", SPACE, "workspace.manage", 204, {"name": "New"}),
    Route("GET", f"{SPACE}/members", "members.read"),
    Route("POST", f"{SPACE}/members", "members.manage", 201, {"email": "{email}", "role": "viewer"}),
    Route("DELETE", SPACE, ORGANIZATION, 422),
    Route("POST", f"{SPACE}/restore", ORGANIZATION, 409),
    Route("GET", f"{SPACE}/export", "workspace.manage"),
    Route("POST", f"{SPACE}/leave", MEMBERS, 409),
    Route("PATCH", f"{SPACE}/members/{{user_id}}", "members.manage", 200, {"role": "editor"}),
    Route("DELETE", f"{SPACE}/members/{{user_id}}", "members.manage", 204),
    Route("GET", "/api/v1/audit-log", "audit.read"),
    Route("GET", "/api/v1/audit-log/export", "audit.read"),
    Route("GET", "/api/v1/audit-log/verify", "audit.read"),
    # people behind the bots
    Route("GET", LEADS, "conversations.read"),
    Route("GET", f"{LEADS}/count", "conversations.read"),
    Route("GET", f"{LEADS}/window", "conversations.read"),
    Route("GET", f"{LEADS}/export", "conversations.read"),
    Route("GET", f"{LEADS}/settings", "conversations.read"),
    Route("PUT", f"{LEADS}/settings", "conversations.write", 200, {}),
    Route("GET", f"{LEADS}/{{lead_id}}", "conversations.read"),
    Route("PATCH", f"{LEADS}/{{lead_id}}", "conversations.write", 200, {"status": "won"}),
    Route("POST", f"{LEADS}/{{lead_id}}/notes", "conversations.write", 201, {"text": "Called."}),
    Route("DELETE", f"{LEADS}/{{lead_id}}", "conversations.write", 204),
    Route("GET", TALKS, "conversations.read"),
    Route("GET", f"{TALKS}/export", "conversations.read"),
    Route("GET", f"{TALKS}/tags", "conversations.read"),
    Route("GET", f"{TALKS}/feedback", "conversations.read"),
    Route("GET", f"{TALKS}/{{conversation_id}}", "conversations.read"),
    Route("PATCH", f"{TALKS}/{{conversation_id}}", "conversations.write", 200, {"tags": ["urgent"]}),
    Route("POST", f"{TALKS}/{{conversation_id}}/messages", "conversations.write", 409, {"content": "Hello"}),
    Route("POST", f"{TALKS}/{{conversation_id}}/take-over", "conversations.write"),
    Route("POST", f"{TALKS}/{{conversation_id}}/release", "conversations.write"),
    Route("POST", f"{TALKS}/{{conversation_id}}/hand-back", "conversations.write", 200, {}),
    # privacy
    Route("GET", f"{PRIVACY}/retention", "workspace.read"),
    Route("PUT", f"{PRIVACY}/retention", "workspace.manage", 200, {"leads_days": 365}),
    Route("POST", f"{PRIVACY}/person/find", "workspace.manage", 200, {"email": "eve@example.com"}),
    Route("POST", f"{PRIVACY}/person/export", "workspace.manage", 200, {"email": "eve@example.com"}),
    Route("POST", f"{PRIVACY}/person/erase", "workspace.manage", 200, {"email": "eve@example.com"}),
    Route("GET", f"{PRIVACY}/hosts", "workspace.manage"),
    # analytics
    Route("GET", STATS, "conversations.read"),
    Route("GET", f"{STATS}/export", "conversations.read"),
    Route("GET", f"{STATS}/questions", "conversations.read"),
    Route("GET", f"{STATS}/unanswered", "conversations.read"),
    Route("POST", f"{STATS}/unanswered/dismiss", "kb.write", 204, {"message_ids": ["{message_id}"]}),
    Route("GET", f"{STATS}/answers", "conversations.read"),
    Route("POST", f"{STATS}/answers", "conversations.read", 201, WRITTEN),
    Route("POST", f"{STATS}/answers/{{answer_id}}/accept", "kb.write", 200, {}),
    Route("POST", f"{STATS}/answers/{{answer_id}}/reject", "kb.write"),
    Route("GET", f"{STATS}/funnel/{{chatflow_id}}", "conversations.read"),
    # the vault
    Route("GET", f"{VAULT}/types", "credentials.read"),
    Route("GET", VAULT, "credentials.read"),
    Route("POST", VAULT, "credentials.manage", 201, {"name": "{unused}", "type": "bearer", "settings": BEARER}),
    Route("GET", f"{VAULT}/{{credential_id}}", "credentials.read"),
    Route("PUT", f"{VAULT}/{{credential_id}}", "credentials.manage", 200, {"settings": BEARER}),
    Route("DELETE", f"{VAULT}/{{credential_id}}", "credentials.manage", 204),
    Route("POST", f"{VAULT}/{{credential_id}}/test", "credentials.manage", 422),
    # connections; no service is set up here, see test_connections
    Route("GET", f"{LINKS}/providers", "credentials.read"),
    Route("GET", LINKS, "credentials.read"),
    Route("GET", f"{LINKS}/{{provider}}/start", "credentials.manage", 404),
    Route("GET", f"{LINKS}/{{provider}}/callback", "credentials.manage", 404),
    Route("DELETE", f"{LINKS}/{{connection_id}}", "credentials.manage", 204),
    # API keys
    Route("GET", KEYS, "api_keys.manage"),
    Route("POST", KEYS, "api_keys.manage", 201, {"name": "Shop", "scopes": ["bots.chat"]}),
    Route("POST", f"{KEYS}/{{key_id}}/rotate", "api_keys.manage"),
    Route("DELETE", f"{KEYS}/{{key_id}}", "api_keys.manage", 204),
    # webhooks; what arrives is in tests/domains/test_webhooks.py
    Route("GET", HOOKS, "webhooks.manage"),
    Route("GET", f"{HOOKS}/events", "webhooks.manage"),
    Route("POST", HOOKS, "webhooks.manage", 201, {"url": "http://1.1.1.1/hook", "events": ["lead.captured"]}),
    Route("PATCH", f"{HOOKS}/{{webhook_id}}", "webhooks.manage", 200, {"description": "Shop"}),
    Route("DELETE", f"{HOOKS}/{{webhook_id}}", "webhooks.manage", 204),
    Route("POST", f"{HOOKS}/{{webhook_id}}/secret", "webhooks.manage"),
    Route("POST", f"{HOOKS}/{{webhook_id}}/test", "webhooks.manage", 202),
    Route("GET", f"{HOOKS}/{{webhook_id}}/deliveries", "webhooks.manage"),
    Route("POST", f"{HOOKS}/{{webhook_id}}/deliveries/{{delivery_id}}/replay", "webhooks.manage", 202),
    # knowledge bases
    Route("POST", f"{KB}/draft", "kb.write", 201, {"name": "New"}),
    Route("GET", f"{KB}/draft", "kb.read"),
    Route("GET", f"{KB}/draft/{{kb_draft_id}}", "kb.read"),
    Route("PUT", f"{KB}/draft/{{kb_draft_id}}", "kb.write", 200, {"name": "New"}),
    Route("DELETE", f"{KB}/draft/{{kb_draft_id}}", "kb.write", 204),
    Route("PUT", f"{KB}/draft/{{kb_draft_id}}/sources", "kb.write", 200, PASTED),
    Route("DELETE", f"{KB}/draft/{{kb_draft_id}}/sources/{{source_id}}", "kb.write", 204),
    Route("GET", f"{KB}/draft/{{kb_draft_id}}/sources/{{source_id}}", "kb.read"),
    Route("GET", f"{KB}/draft/{{kb_draft_id}}/sources/{{source_id}}/pages", "kb.read"),
    Route("GET", f"{KB}/draft/{{kb_draft_id}}/sources/{{source_id}}/pages/{{page}}", "kb.read", 404),
    Route("PATCH", f"{KB}/draft/{{kb_draft_id}}/sources/{{source_id}}/pages/{{page}}", "kb.write", 404, {}),
    Route("GET", f"{KB}/draft/{{kb_draft_id}}/preview-chunks", "kb.read"),
    Route("POST", f"{KB}/draft/{{kb_draft_id}}/finalize", "kb.write", 202),
    Route("GET", KB, "kb.read"),
    Route("GET", f"{KB}/{{kb_id}}", "kb.read"),
    Route("DELETE", f"{KB}/{{kb_id}}", "kb.write", 204),
    Route("PATCH", f"{KB}/{{kb_id}}", "kb.write", 200, {"name": "Handbook"}),
    Route("POST", f"{KB}/{{kb_id}}/reindex", "kb.write", 202, {}),
    Route("DELETE", f"{KB}/{{kb_id}}/reindex", "kb.write", 404),
    Route("GET", f"{KB}/{{kb_id}}/documents", "kb.read"),
    Route("POST", f"{KB}/{{kb_id}}/documents", "kb.write", 202, PASTED),
    Route("POST", f"{KB}/{{kb_id}}/documents/retry", "kb.write", 202),
    Route("POST", f"{KB}/{{kb_id}}/documents/cancel", "kb.write", 202),
    Route("POST", f"{KB}/{{kb_id}}/documents/{{document_id}}/cancel", "kb.write", 409),
    Route("GET", f"{KB}/{{kb_id}}/documents/{{document_id}}", "kb.read"),
    Route("PATCH", f"{KB}/{{kb_id}}/documents/{{document_id}}", "kb.write", 200, {"is_enabled": False}),
    Route("DELETE", f"{KB}/{{kb_id}}/documents/{{document_id}}", "kb.write", 204),
    Route("POST", f"{KB}/{{kb_id}}/documents/{{document_id}}/retry", "kb.write", 202),
    Route("GET", f"{KB}/{{kb_id}}/documents/{{document_id}}/text", "kb.read"),
    Route("GET", CHUNKS, "kb.read"),
    Route("POST", CHUNKS, "kb.write", 201, {"text": "Dogs are welcome."}),
    Route("GET", f"{CHUNKS}/{{chunk_id}}", "kb.read"),
    Route("PATCH", f"{CHUNKS}/{{chunk_id}}", "kb.write", 200, {"is_enabled": True}),
    Route("POST", f"{CHUNKS}/{{chunk_id}}/resolve", "kb.write", 409, {"keep": "mine"}),
    Route("DELETE", f"{CHUNKS}/{{chunk_id}}", "kb.write", 204),
    Route("GET", f"{KB}/{{kb_id}}/sources", "kb.read"),
    Route("GET", f"{KB}/{{kb_id}}/sources/{{kb_source_id}}", "kb.read"),
    Route("PATCH", f"{KB}/{{kb_id}}/sources/{{kb_source_id}}", "kb.write", 200, {"sync_minutes": 60}),
    Route("DELETE", f"{KB}/{{kb_id}}/sources/{{kb_source_id}}", "kb.write", 204),
    Route("POST", f"{KB}/{{kb_id}}/sources/{{kb_source_id}}/sync", "kb.write", 202),
    Route("POST", f"{KB}/{{kb_id}}/search", "kb.read", 200, {"query": "opening hours"}),
    # golden questions
    Route("GET", f"{KB}/{{kb_id}}/golden-questions", "kb.read"),
    Route("POST", f"{KB}/{{kb_id}}/golden-questions", "kb.write", 201, GOLDEN),
    Route(
        "POST", f"{KB}/{{kb_id}}/golden-questions/import", "kb.write", 201, {"content": "question,phrases\nWhen?,8:30"}
    ),
    Route("POST", f"{KB}/{{kb_id}}/golden-questions/promote", "kb.write", 201, {"message_id": "{message_id}"}),
    Route("DELETE", f"{KB}/{{kb_id}}/golden-questions/{{question_id}}", "kb.write", 204),
    Route("POST", f"{KB}/{{kb_id}}/golden-runs", "kb.write", 202),
    Route("GET", f"{KB}/{{kb_id}}/golden-runs", "kb.read"),
    Route("GET", f"{KB}/{{kb_id}}/quality-gate", "kb.read"),
    Route("PUT", f"{KB}/{{kb_id}}/quality-gate", "kb.write", 200, {"minimum_recall": None}),
    # bots
    Route("POST", f"{BOT}/draft", "bots.write", 201, {"name": "New"}),
    Route("GET", f"{BOT}/draft", "bots.read"),
    Route("GET", f"{BOT}/draft/{{bot_draft_id}}", "bots.read"),
    Route("PUT", f"{BOT}/draft/{{bot_draft_id}}", "bots.write", 200, {"name": "New"}),
    Route("DELETE", f"{BOT}/draft/{{bot_draft_id}}", "bots.write", 204),
    Route("POST", f"{BOT}/draft/{{bot_draft_id}}/test", "bots.read", 200, {"message": "When is it open?"}),
    Route("POST", f"{BOT}/draft/{{bot_draft_id}}/deploy", "bots.deploy", 201),
    Route("GET", BOT, "bots.read"),
    Route("GET", f"{BOT}/{{bot_id}}", "bots.read"),
    Route("DELETE", f"{BOT}/{{bot_id}}", "bots.deploy", 204),
    Route("POST", f"{BOT}/{{bot_id}}/draft", "bots.write", 201),
    Route("GET", f"{BOT}/{{bot_id}}/versions", "bots.read"),
    Route("GET", f"{BOT}/{{bot_id}}/identity", "bots.read"),
    Route("POST", f"{BOT}/{{bot_id}}/identity/rotate", "bots.deploy"),
    Route("POST", f"{BOT}/{{bot_id}}/rollback", "bots.deploy", 200, {"version": 1}),
    # chatflows
    Route("GET", f"{FLOW}/node-types", "bots.read"),
    Route("GET", f"{FLOW}/schema", "bots.read"),
    Route("POST", f"{FLOW}/check", "bots.read", 200, {"graph": GRAPH}),
    Route("POST", f"{FLOW}/draft", "bots.write", 201, {"name": "New"}),
    Route("GET", f"{FLOW}/draft", "bots.read"),
    Route("GET", f"{FLOW}/draft/{{flow_draft_id}}", "bots.read"),
    Route("PUT", f"{FLOW}/draft/{{flow_draft_id}}", "bots.write", 200, {"name": "New"}),
    Route("DELETE", f"{FLOW}/draft/{{flow_draft_id}}", "bots.write", 204),
    Route("GET", f"{FLOW}/draft/{{flow_draft_id}}/problems", "bots.read"),
    Route("POST", f"{FLOW}/draft/{{flow_draft_id}}/test", "bots.read", 200, {"message": "Hello"}),
    Route("POST", f"{FLOW}/draft/{{flow_draft_id}}/nodes/{{node_id}}/run", "bots.write", 200, {}),
    Route(
        "POST",
        f"{FLOW}/draft/{{flow_draft_id}}/replay",
        "conversations.read",
        200,
        {"conversation_id": "{conversation_id}"},
    ),
    Route("POST", f"{FLOW}/draft/{{flow_draft_id}}/deploy", "bots.deploy", 201),
    Route("GET", f"{FLOW}/draft/{{flow_draft_id}}/export", "bots.read"),
    Route(
        "POST",
        f"{FLOW}/import",
        "bots.write",
        201,
        {"content": "format: privexbot-flow\nversion: 1\nflow:\n  nodes: []\n"},
    ),
    Route("GET", f"{FLOW}/templates", "bots.read"),
    Route("POST", f"{FLOW}/templates/{{template_name}}/draft", "bots.write", 201),
    Route("GET", f"{FLOW}/{{chatflow_id}}/export", "bots.read"),
    Route("GET", FLOW, "bots.read"),
    Route("GET", f"{FLOW}/{{chatflow_id}}", "bots.read"),
    Route("DELETE", f"{FLOW}/{{chatflow_id}}", "bots.deploy", 204),
    Route("POST", f"{FLOW}/{{chatflow_id}}/draft", "bots.write", 201),
    Route("POST", f"{FLOW}/{{chatflow_id}}/duplicate", "bots.write", 201),
    Route("GET", f"{FLOW}/{{chatflow_id}}/versions", "bots.read"),
    Route("GET", f"{FLOW}/{{chatflow_id}}/diff", "bots.read", params={"before": "1", "after": "1"}),
    Route("POST", f"{FLOW}/{{chatflow_id}}/rollback", "bots.deploy", 200, {"version": 1}),
    Route("GET", f"{FLOW}/{{chatflow_id}}/conversations/{{conversation_id}}/turns", "conversations.read"),
)
NO_IDS = {
    "template_name": "faq",
    "email": "x@example.com",
    "page": "0",
    "unused": "Another",
    "unused_email": "new@example.com",
}
"""What stands in paths and bodies and names nothing of a tenant."""
GUARDED = [route for route in TABLE if route.needs != PUBLIC]
WITH_IDS = [route for route in GUARDED if set(re.findall(r"{(\w+)}", route.path)) - {"template_name"}]
WITH_RIGHTS = [route for route in GUARDED if route.needs != SIGNED_IN]


class World:
    """Two organizations that look alike: the same names, files and questions. Everybody but Bob is in Ann's."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self.people: dict[str, Person] = {}
        self.ids: dict[str, str] = {}

    async def send(self, route: Route, who: str | None, ids: dict[str, str]) -> httpx.Response:
        """Call the route with these ids in its path and body."""
        headers = self.people[who].headers if who else {}
        body = json.loads(_filled(json.dumps(route.body), ids)) if route.body is not None else None
        return await self.installation.http.request(
            route.method, _filled(route.path, ids), headers=headers, json=body, params=route.params
        )

    async def made(self, who: str, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """Call as an owner and expect success."""
        response = await self.installation.http.request(method, path, headers=self.people[who].headers, json=body)
        assert response.is_success, response.text
        return response.json() if response.content else {}

    async def make_objects(self, who: str) -> dict[str, str]:
        """One of everything, in the caller's workspace."""
        draft = await self.made(who, "POST", f"{KB}/draft", {"name": "Handbook"})
        await self.made(who, "PUT", f"{KB}/draft/{draft['draft_id']}/sources", PASTED)
        base = await self.made(who, "POST", f"{KB}/draft/{draft['draft_id']}/finalize")
        kept = await self.made(who, "POST", f"{KB}/draft", {"name": "Handbook"})
        sources = await self.made(who, "PUT", f"{KB}/draft/{kept['draft_id']}/sources", PASTED)
        connected = await self.made(who, "POST", f"{KB}/{base['kb_id']}/documents", WEBSITE)
        fields = {"name": "Harbour", "knowledge_bases": [{"kb_id": base["kb_id"]}]}
        bot_draft = await self.made(who, "POST", f"{BOT}/draft", fields)
        bot = await self.made(who, "POST", f"{BOT}/draft/{bot_draft['draft_id']}/deploy")
        kept_bot = await self.made(who, "POST", f"{BOT}/draft", fields)
        flow_draft = await self.made(who, "POST", f"{FLOW}/draft", {"name": "Flow"})
        flow = await self.made(who, "POST", f"{FLOW}/draft/{flow_draft['draft_id']}/deploy")
        kept_flow = await self.made(who, "POST", f"{FLOW}/draft", {"name": "Flow"})
        question = await self.made(who, "POST", f"{KB}/{base['kb_id']}/golden-questions", GOLDEN)
        chunks = f"{KB}/{base['kb_id']}/documents/{base['documents'][0]['document_id']}/chunks"
        chunk = await self.made(who, "POST", chunks, {"text": "Cats are welcome."})
        talk = f"/api/v1/bots/{bot['bot_id']}/chat"
        answer = await self.made(who, "POST", talk, {"message": "When is the harbour office open?"})
        named = {"name": f"Shop {uuid4()}", "type": "bearer", "settings": BEARER}
        credential = await self.made(who, "POST", VAULT, named)
        key = await self.made(who, "POST", KEYS, {"name": "Shop", "scopes": ["bots.chat"]})
        written = {**WRITTEN, "knowledge_base_id": base["kb_id"], "message_ids": [answer["message_id"]]}
        proposed = await self.made(who, "POST", f"{STATS}/answers", written)
        newcomer = await self.installation.register("new")
        member = await self.installation.register("member")
        workspace_id, organization_id = self.people[who].workspace_id, self.people[who].organization_id
        organization = f"/api/v1/organizations/{organization_id}"
        invitation = await self.made(who, "POST", f"{organization}/invitations", {"email": f"{uuid4()}@example.com"})
        role = await self.made(who, "POST", f"{organization}/roles", {"name": f"Role {uuid4()}", "permissions": []})
        await self.made(
            who, "POST", f"/api/v1/workspaces/{workspace_id}/members", {"email": member.email, "role": "viewer"}
        )
        return {
            "kb_id": base["kb_id"],
            "document_id": base["documents"][0]["document_id"],
            "kb_draft_id": kept["draft_id"],
            "kb_source_id": connected["source"]["source_id"],
            "page": "0",
            "chunk_id": chunk["id"],
            "source_id": sources["sources"][0]["source_id"],
            "bot_id": bot["bot_id"],
            "template_name": "faq",
            "public_bot_id": bot["bot_id"],
            "bot_draft_id": kept_bot["draft_id"],
            "chatflow_id": flow["bot_id"],
            "flow_draft_id": kept_flow["draft_id"],
            "node_id": "reply",
            "conversation_id": await self._conversation_of(who, flow["bot_id"]),
            "workspace_id": workspace_id,
            "user_id": member.user_id,
            "question_id": question["id"],
            "message_id": answer["message_id"],
            "answer_id": proposed["id"],
            "run_id": str(uuid4()),
            "key_id": key["id"],
            "credential_id": credential["id"],
            "connection_id": await self._connect(who),
            **await self._webhook_of(who),
            "lead_id": await self._lead_of(who, bot["bot_id"]),
            "unused": f"Shop {uuid4()}",
            "unused_email": f"{uuid4()}@example.com",
            "organization_id": organization_id,
            "invitation_id": invitation["id"],
            "role_id": role["id"],
            "email": newcomer.email,
            "name": "swagger-ui.css",
            "kind": "evm",
            "provider": "google",
            **await self._sign_in_objects(who),
        }

    async def _connect(self, who: str) -> str:
        """A connection as a service's consent makes it."""
        person = self.people[who]
        scope = scope_of_job(UUID(person.organization_id), UUID(person.workspace_id), job="test")
        async with self.installation.works.open(replace(scope, permissions=ADMIN)) as work:
            made = await ConnectionService(work).keep("notion", "Notion", Grant("token", account=str(uuid4())))
            return str(made.id)

    async def _lead_of(self, who: str, bot_id: str) -> str:
        """A contact that a visitor has left."""
        person = self.people[who]
        scope = scope_of_job(UUID(person.organization_id), UUID(person.workspace_id), job="test")
        async with self.installation.works.open(scope) as work:
            left = Capture(uuid4(), UUID(bot_id), None, {"name": "Kim"}, "I agree.")
            return str((await LeadService(work).keep(left)).id)

    async def _webhook_of(self, who: str) -> dict[str, str]:
        """A webhook with an entry in its log. Nothing is sent: its address is moved to where no request may go."""
        for old in (await self.made(who, "GET", HOOKS))["items"]:  # a workspace can have only so many
            if old["id"] != self.ids.get("webhook_id"):
                await self.made(who, "DELETE", f"{HOOKS}/{old['id']}")
        hook = await self.made(who, "POST", HOOKS, {"url": "http://1.1.1.1/hook", "events": ["lead.captured"]})
        person = self.people[who]
        scope = scope_of_job(UUID(person.organization_id), UUID(person.workspace_id), job="test")
        async with self.installation.works.open(scope) as work:
            (await work.repository(WebhookRepository).get(UUID(hook["id"]))).url = "http://127.0.0.1/hook"
        sent = await self.made(who, "POST", f"{HOOKS}/{hook['id']}/test")
        return {"webhook_id": hook["id"], "delivery_id": sent["id"]}

    async def _conversation_of(self, who: str, bot_id: str) -> str:
        """The id of a conversation that a visitor has held with a bot."""
        await self.made(who, "POST", f"/api/v1/bots/{bot_id}/chat", {"message": "Hello"})
        person = self.people[who]
        scope = scope_of_job(UUID(person.organization_id), UUID(person.workspace_id), job="test")
        async with self.installation.works.open(scope, read_only=True) as work:
            page = await work.repository(ConversationRepository).page(PageParams(limit=1))
        return str(page.items[0].id)

    async def _sign_in_objects(self, who: str) -> dict[str, str]:
        """A linked wallet and the caller's own session."""
        wallet = EvmWallet()
        opened = await self.made(who, "POST", f"{AUTH}/wallet/evm/challenge", {"address": wallet.address})
        answer = {**wallet.answer(opened["message"]), "kind": wallet.kind}
        linked = await self.made(who, "POST", f"{AUTH}/link/wallet", answer)
        sessions = await self.installation.http.get(f"{AUTH}/sessions", headers=self.people[who].headers)
        return {"identity_id": linked["id"], "session_id": sessions.json()[0]["id"]}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory, redis_url) -> AsyncIterator[World]:
    async with installed(tmp_path_factory.mktemp("world") / "data", redis_url) as installation:
        made = World(installation)
        made.people["admin"] = await installation.register("ann")
        made.people["stranger"] = await installation.register("bob")
        for role in ("viewer", "editor"):
            made.people[role] = await _join(made, role)
        await _lose_ways_in(made)
        made.ids = await made.make_objects("admin")
        await made.make_objects("stranger")
        yield made


async def _lose_ways_in(world: World) -> None:
    """An admin's session that was ended, and a key of the owner's that may do nothing but talk to bots."""
    ann = world.people["admin"]
    ended = await _join(world, "admin")
    response = await world.installation.http.post(f"{AUTH}/logout", headers=ended.headers)
    assert response.status_code == 204, response.text
    key = await world.made("admin", "POST", KEYS, {"name": "Talks", "scopes": ["bots.chat"]})
    world.people["revoked"] = ended
    world.people["key"] = replace(ann, headers={"Authorization": f"Bearer {key['key']}"})


async def _join(world: World, role: str) -> Person:
    """A new member of Ann's workspace, at work in it."""
    person, ann = await world.installation.register(role), world.people["admin"]
    await world.made(
        "admin", "POST", f"/api/v1/workspaces/{ann.workspace_id}/members", {"email": person.email, "role": role}
    )
    switch = {"workspace_id": ann.workspace_id}
    response = await world.installation.http.post(f"{AUTH}/switch", json=switch, headers=person.headers)
    assert response.status_code == 200, response.text
    return person


@pytest_asyncio.fixture(autouse=True, loop_scope="module")
async def without_limits(world: World) -> None:
    """Dozens of people register from one address here."""
    redis = world.installation.works.redis
    if keys := [key async for key in redis.scan_iter(match="limit:*")]:
        await redis.delete(*keys)


def _filled(template: str, ids: dict[str, str]) -> str:
    for name, id in ids.items():
        template = template.replace(f"{{{name}}}", id)
    return template


def _without_request_id(response: httpx.Response) -> dict[str, Any]:
    body = response.json()
    body.pop("request_id")
    return body


def _least_with(permission: str) -> str:
    if permission in (ORGANIZATION, MEMBERS):
        return "admin"
    return next(role.value for role in _from_below() if permission in PERMISSIONS[role])


def _highest_without(permission: str) -> str | None:
    if permission == MEMBERS:
        return None
    without = [role for role in _from_below() if permission == ORGANIZATION or permission not in PERMISSIONS[role]]
    without = [role for role in without if role is not WorkspaceRole.ADMIN]
    return without[-1].value if without else None


def _from_below() -> Iterable[WorkspaceRole]:
    return WorkspaceRole.VIEWER, WorkspaceRole.EDITOR, WorkspaceRole.ADMIN


def _all_routes() -> set[tuple[str, str]]:
    found = set()
    for included in create_api().routes:
        # FastAPI keeps an included router as one entry.
        for route in getattr(getattr(included, "original_router", None), "routes", [included]):
            if isinstance(route, APIRoute):
                found |= {(method, route.path) for method in route.methods}
    return found


def _anonymous(path: str) -> str:
    """A path without the names of its parts, which the table chooses freely."""
    return "/".join("{}" if part.startswith("{") else part for part in path.split("/"))


async def test_no_route_is_missing_from_the_table_and_none_is_there_in_vain():
    known = {(route.method, _anonymous(route.path)) for route in TABLE}
    assert {(method, _anonymous(path)) for method, path in _all_routes()} == known
    assert len(_all_routes()) == len(TABLE)


@pytest.mark.parametrize("route", [route for route in TABLE if route.needs == PUBLIC], ids=str)
async def test_public_routes_answer_anybody(world: World, route: Route):
    response = await world.send(route, None, world.ids)
    assert response.status_code == route.status, response.text


@pytest.mark.parametrize("route", GUARDED, ids=str)
async def test_nobody_gets_in_without_signing_in(world: World, route: Route):
    for headers in ({}, {"Authorization": "Bearer x"}, {"Authorization": "Basic eDp5"}):
        response = await world.installation.http.request(
            route.method, _filled(route.path, world.ids), json=route.body, headers=headers
        )
        assert response.status_code == 401, response.text
        assert response.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("route", GUARDED, ids=str)
async def test_a_session_that_was_ended_opens_nothing(world: World, route: Route):
    response = await world.send(route, "revoked", world.ids)
    assert response.status_code == 401, response.text


@pytest.mark.parametrize("route", GUARDED, ids=str)
async def test_a_key_without_the_scope_is_refused(world: World, route: Route):
    """403 by the table of permissions, or because the route is about a person, and a key is none."""
    response = await world.send(route, "key", world.ids)
    assert response.status_code == 403, response.text
    assert response.json()["code"] in {"forbidden", "api_key_not_accepted"}


@pytest.mark.parametrize("route", WITH_IDS, ids=str)
async def test_another_tenants_id_answers_exactly_like_a_missing_one(world: World, route: Route):
    foreign = await world.send(route, "stranger", world.ids)
    missing = await world.send(route, "stranger", {**dict.fromkeys(world.ids, str(uuid4())), **NO_IDS})
    assert foreign.status_code == 404, foreign.text
    assert _without_request_id(foreign) == _without_request_id(missing)
    assert {name: value for name, value in foreign.headers.items() if name != "x-request-id"} == {
        name: value for name, value in missing.headers.items() if name != "x-request-id"
    }


@pytest.mark.parametrize("route", WITH_IDS, ids=str)
async def test_an_id_that_cannot_be_one_is_a_missing_thing(world: World, route: Route):
    for garbage in ("garbage", "0", "..%2f..", "%00", "a" * 300):
        response = await world.send(route, "admin", {**dict.fromkeys(world.ids, garbage), "email": "x@example.com"})
        assert response.status_code == 404, (garbage, response.text)


@pytest.mark.parametrize("route", [route for route in WITH_RIGHTS if _highest_without(route.needs)], ids=str)
async def test_a_member_without_the_right_is_refused(world: World, route: Route):
    response = await world.send(route, _highest_without(route.needs), world.ids)
    assert response.status_code == 403, response.text
    assert response.json()["code"] == "forbidden"


@pytest.mark.parametrize("route", [route for route in WITH_RIGHTS if _highest_without(route.needs)], ids=str)
async def test_who_lacks_the_right_does_not_learn_which_ids_exist(world: World, route: Route):
    ids = {
        **dict.fromkeys(world.ids, str(uuid4())),
        **NO_IDS,
        **{name: world.ids[name] for name in ("workspace_id", "organization_id")},
    }
    response = await world.send(route, _highest_without(route.needs), ids)
    assert response.status_code == 403, response.text


@pytest.mark.parametrize("route", WITH_RIGHTS, ids=str)
async def test_a_member_with_the_right_may(world: World, route: Route):
    is_reading = route.method == "GET"
    ids = world.ids if is_reading or "{" not in f"{route.path}{route.body}" else await world.make_objects("admin")
    response = await world.send(route, _least_with(route.needs), ids)
    assert response.status_code == route.status, response.text


@pytest.mark.parametrize("route", [route for route in GUARDED if route.needs == SIGNED_IN], ids=str)
async def test_who_is_signed_in_may(world: World, route: Route):
    world.people["passer-by"] = await world.installation.register("pat")
    ids = {**world.ids, "workspace_id": world.people["passer-by"].workspace_id}
    response = await world.send(route, "passer-by", ids)
    assert response.status_code == route.status, response.text


Probe = Callable[[World, str, str], Awaitable[httpx.Response]]


async def _switch(world: World, name: str, id: str) -> httpx.Response:
    headers = world.people["stranger"].headers
    return await world.installation.http.post(f"{AUTH}/switch", json={"workspace_id": id}, headers=headers)


async def _found(world: World, name: str, id: str) -> httpx.Response:
    headers = world.people["stranger"].headers
    return await world.installation.http.post(
        "/api/v1/workspaces", json={"name": "x", "organization_id": id}, headers=headers
    )


@pytest.mark.parametrize("probe", [_switch, _found])
async def test_foreign_ids_in_a_body_are_missing_ones(world: World, probe: Probe):
    ann = world.people["admin"]
    foreign = await probe(world, "", ann.workspace_id if probe is _switch else ann.organization_id)
    missing = await probe(world, "", str(uuid4()))
    assert foreign.status_code == 404
    assert _without_request_id(foreign) == _without_request_id(missing)


async def test_a_bot_cannot_be_given_another_tenants_knowledge(world: World):
    problems = []
    for id in (world.ids["kb_id"], str(uuid4())):
        draft = await world.made("stranger", "POST", f"{BOT}/draft", {"name": "x", "knowledge_bases": [{"kb_id": id}]})
        headers = world.people["stranger"].headers
        response = await world.installation.http.post(f"{BOT}/draft/{draft['draft_id']}/deploy", headers=headers)
        assert response.status_code == 422
        problems.append(response.json()["errors"])
        test = await world.installation.http.post(
            f"{BOT}/draft/{draft['draft_id']}/test", json={"message": "When is it open?"}, headers=headers
        )
        assert test.json()["citations"] == []
        assert "8:30" not in test.json()["response"]
    assert problems[0] == problems[1]


async def test_one_tenants_document_cannot_be_reached_through_anothers_base(world: World):
    theirs = await world.make_objects("stranger")
    headers = world.people["stranger"].headers
    path = f"{KB}/{theirs['kb_id']}/documents/{world.ids['document_id']}"
    assert (await world.installation.http.get(path, headers=headers)).status_code == 404
    body = {"query": "opening hours", "document_ids": [world.ids["document_id"]]}
    found = await world.installation.http.post(f"{KB}/{theirs['kb_id']}/search", json=body, headers=headers)
    assert found.json()["results"] == []


async def test_the_same_words_in_two_organizations_find_only_ones_own(world: World):
    for mode in ("hybrid", "dense", "keyword"):
        body = {"query": "harbour office", "mode": mode, "limit": 50}
        headers = world.people["admin"].headers
        found = await world.installation.http.post(f"{KB}/{world.ids['kb_id']}/search", json=body, headers=headers)
        results = found.json()["results"]
        assert {result["knowledge_base_id"] for result in results} == {world.ids["kb_id"]}


async def test_who_is_removed_from_a_workspace_is_out_at_once(world: World):
    person = await _join(world, "editor")
    assert (await world.installation.http.get(KB, headers=person.headers)).status_code == 200
    await world.made("admin", "DELETE", f"/api/v1/workspaces/{world.ids['workspace_id']}/members/{person.user_id}")
    assert (await world.installation.http.get(KB, headers=person.headers)).status_code == 404
    back = {"workspace_id": person.workspace_id}
    assert (await world.installation.http.post(f"{AUTH}/switch", json=back, headers=person.headers)).is_success
    again = await world.installation.http.post(f"{AUTH}/login", json={"email": person.email, "password": PASSWORD})
    assert again.status_code == 200

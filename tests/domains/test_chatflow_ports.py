"""Nodes on a real installation: credentials of the vault, code, databases; and nothing of another tenant."""

import base64
import hashlib
import hmac
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiohttp import web

from privexbot_app.domains.chatflows.ports import Setting, build_ports
from privexbot_app.domains.tenancy.service import scope_of_job
from privexbot_app.flow.testing import FlowFailedError, FlowTest
from tests.flow.drawing import flow
from tests.installation import Installation, Person, installed
from tests.servers import serving

TOKEN = "sk-live-0123456789-Zanzibar"
SIGNING = "a-shared-secret-of-32-characters"


@pytest.fixture
async def installation(tmp_path: Path, redis_url: str) -> AsyncIterator[Installation]:
    """One whose operator lets flows reach this machine, where the test's servers are."""
    async with installed(tmp_path, redis_url, allowed_private_networks="127.0.0.1/32") as made:
        yield made


async def keep(installation: Installation, person: Person, type: str, **settings: Any) -> str:
    body = {"name": f"Key {uuid4()}", "type": type, "settings": settings}
    response = await installation.http.post("/api/v1/credentials", json=body, headers=person.headers)
    assert response.status_code == 201, response.text
    return response.json()["id"]


def talk(installation: Installation, person: Person, type: str, config: dict[str, Any]) -> FlowTest:
    """A flow of one node, on the installation's own ports for the person's workspace."""
    scope = scope_of_job(UUID(person.organization_id), UUID(person.workspace_id), job="test")
    ports = build_ports(installation.works, Setting(scope, uuid4(), uuid4()), None)
    return FlowTest(flow("start > node", node=(type, config)), **vars(ports))


async def echo(request: web.Request) -> web.Response:
    headers = {name.lower(): value for name, value in request.headers.items()}
    return web.json_response(
        {"headers": headers, "body": await request.text(), "query": request.rel_url.raw_query_string}
    )


async def test_a_request_carries_its_credential_and_the_trace_does_not(installation: Installation, ann: Person):
    credential_id = await keep(installation, ann, "bearer", token=TOKEN)
    async with serving({"/orders/{id}": echo}) as base:
        config = {
            "url": f"{base}/orders/{{{{start.message}}}}",
            "credential_id": credential_id,
            "query": {"q": "{{start.message}}"},
        }
        asked = talk(installation, ann, "http_request", config)
        await asked.say("a b&c")
    body = asked.runs[1].outputs["body"]
    assert body["headers"]["authorization"] == f"Bearer {TOKEN}"
    assert body["query"] == "q=a+b%26c"
    assert TOKEN not in str(asked.runs[1].inputs)


async def test_a_webhook_is_signed_as_the_standard_says(installation: Installation, ann: Person):
    credential_id = await keep(installation, ann, "webhook_secret", secret=SIGNING)
    async with serving({"/hook": echo}) as base:
        config = {"url": f"{base}/hook", "signing_credential_id": credential_id, "data": {"said": "{{start.message}}"}}
        told = talk(installation, ann, "webhook", config)
        await told.say("hello")
    got = told.runs[1].outputs["body"]
    headers = got["headers"]
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.{got['body']}".encode()
    expected = base64.b64encode(hmac.new(SIGNING.encode(), signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"


async def test_code_runs_in_its_own_interpreter(installation: Installation, ann: Person):
    config = {"source": "sum(len(word) for word in text.split())", "inputs": {"text": "{{start.message}}"}}
    ran = talk(installation, ann, "code", config)
    await ran.say("two words")
    assert ran.runs[1].outputs == {"result": 8}
    with pytest.raises(FlowFailedError, match="code_denied"):
        await talk(installation, ann, "code", {"source": "open('/etc/passwd').read()"}).say("x")


async def test_another_tenants_credential_is_a_missing_one(installation: Installation, ann: Person, bob: Person):
    bearer = await keep(installation, bob, "bearer", token=TOKEN)
    signing = await keep(installation, bob, "webhook_secret", secret=SIGNING)
    database = await keep(installation, bob, "database_url", url="postgresql://reader:pw@db.example.com/shop")
    channel = await keep(installation, bob, "webhook_url", url="https://hooks.example.com/x")
    nodes = [
        ("http_request", {"url": "http://127.0.0.1:1/", "credential_id": bearer}),
        ("webhook", {"url": "http://127.0.0.1:1/", "signing_credential_id": signing}),
        ("sql", {"credential_id": database, "query": "SELECT 1"}),
        ("notification", {"credential_id": channel, "text": "x"}),
    ]
    codes = []
    for type, config in nodes:
        for id in (None, str(uuid4())):
            given = {name: id if id and name.endswith("credential_id") else value for name, value in config.items()}
            with pytest.raises(FlowFailedError) as failed:
                await talk(installation, ann, type, given).say("x")
            codes.append(failed.value.code)
    assert len(set(codes)) == 1, codes
    assert "not_found" in codes[0]


async def test_a_credential_of_another_kind_is_no_way_in(installation: Installation, ann: Person):
    credential_id = await keep(installation, ann, "bearer", token=TOKEN)
    with pytest.raises(FlowFailedError, match="credential_type_unfit"):
        await talk(installation, ann, "sql", {"credential_id": credential_id, "query": "SELECT 1"}).say("x")


async def test_a_credential_stays_with_its_hosts(installation: Installation, ann: Person):
    credential_id = await keep(installation, ann, "bearer", token=TOKEN, hosts=["api.example.com"])
    async with serving({"/": echo}) as base:
        config = {"url": f"{base}/", "credential_id": credential_id}
        with pytest.raises(FlowFailedError, match="credential_not_for_host"):
            await talk(installation, ann, "http_request", config).say("x")


async def test_another_tenants_knowledge_base_and_chatflow_are_missing_ones(
    installation: Installation, ann: Person, bob: Person
):
    made = await installation.http.post("/api/v1/kb/draft", json={"name": "Secrets"}, headers=bob.headers)
    draft_id = made.json()["draft_id"]
    source = {"type": "text", "title": "Secret", "content": "The launch code is 0000."}
    await installation.http.put(f"/api/v1/kb/draft/{draft_id}/sources", json=source, headers=bob.headers)
    finished = await installation.http.post(f"/api/v1/kb/draft/{draft_id}/finalize", headers=bob.headers)
    base_id = finished.json()["kb_id"]
    for id in (base_id, str(uuid4())):
        with pytest.raises(FlowFailedError, match="knowledge_base_not_found"):
            await talk(installation, ann, "knowledge", {"knowledge_bases": [id]}).say("launch code")
    with pytest.raises(FlowFailedError, match="not_found"):
        await talk(installation, ann, "subflow", {"chatflow_id": str(uuid4())}).say("x")

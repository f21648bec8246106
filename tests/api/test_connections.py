"""Connecting Notion and Google: the flow, what is kept of it, and what reads with it. Local servers in their place."""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp import web
from sqlalchemy import select

from privexbot_app.domains.credentials.models import Credential
from privexbot_app.integrations.source_connectors.google_drive import GoogleDriveConnector
from privexbot_app.kit.database import SystemScope
from tests.installation import ON_BOTH_DATABASES, Installation, Person, installed
from tests.oauth_server import OAuthServer, serving_oauth, settings_for

CONNECTIONS = "/api/v1/connections"
KB = "/api/v1/kb"


class Services:
    """Notion and Google on this machine, and an installation whose operator has clients at both."""

    def __init__(self, installation: Installation, notion: OAuthServer, google: OAuthServer) -> None:
        self.installation, self.by_name = installation, {"notion": notion, "google": google}
        self.notion, self.google = notion, google

    async def get(self, path: str, person: Person, **options: Any) -> Any:
        return await self.installation.http.get(path, headers=person.headers, follow_redirects=False, **options)

    async def begin(self, provider: str, person: Person) -> str:
        response = await self.get(f"{CONNECTIONS}/{provider}/start", person)
        assert response.status_code == 303, response.text
        return response.headers["location"]

    async def come_back(self, provider: str, person: Person, **query: str) -> dict[str, str]:
        """What the dashboard is told."""
        response = await self.get(f"{CONNECTIONS}/{provider}/callback", person, params=query)
        assert response.status_code == 303, response.text
        address = urlsplit(response.headers["location"])
        assert address.path == "/connections"
        return {name: values[0] for name, values in parse_qs(address.query).items()}

    async def connect(self, provider: str, person: Person) -> dict[str, Any]:
        code, state = self.by_name[provider].consent(await self.begin(provider, person))
        assert await self.come_back(provider, person, code=code, state=state) == {"connected": provider}
        return (await self.get(CONNECTIONS, person)).json()["items"][0]

    async def stored(self) -> str:
        """Everything that the vault's table holds."""
        system = SystemScope(reason="test")
        async with self.installation.works.open(system, read_only=True) as work:
            rows = (await work.session.execute(select(Credential))).scalars().all()
            return json.dumps([row.model_dump(mode="json") for row in rows])


@pytest.fixture
async def services(tmp_path, redis_url, database_url, monkeypatch) -> AsyncIterator[Services]:
    notion, google = OAuthServer(lifetime_seconds=None), OAuthServer()

    async def file(request: web.Request) -> web.Response:
        if not google.is_valid(request):
            return web.Response(status=401)
        if request.path.endswith("/export"):
            return web.Response(text="# Fees\n\nA berth costs 24 euros.")
        kind = "application/vnd.google-apps.document"
        return web.json_response({"id": "document-001", "name": "Fees", "mimeType": kind, "modifiedTime": "1"})

    async with AsyncExitStack() as stack:
        await stack.enter_async_context(serving_oauth(notion))
        routes = {"drive/v3/files/{id}": file, "drive/v3/files/{id}/export": file}
        await stack.enter_async_context(serving_oauth(google, **routes))
        monkeypatch.setattr(GoogleDriveConnector, "api_url", google.base)
        clients = {"notion": settings_for(notion.base), "google": settings_for(google.base)}
        options = {"allowed_private_networks": "127.0.0.1/32", "connections": clients}
        installation = await stack.enter_async_context(installed(tmp_path, redis_url, database_url, **options))
        yield Services(installation, notion, google)


@pytest.fixture
def installation(services: Services) -> Installation:
    return services.installation


@ON_BOTH_DATABASES
@pytest.mark.parametrize(("provider", "account"), [("notion", "Ann's notes"), ("google", "ann@example.com")])
async def test_a_service_is_connected_and_its_tokens_show_nowhere(services: Services, ann: Person, provider, account):
    made = await services.connect(provider, ann)
    assert (made["provider"], made["account"]) == (provider, account)
    vault = (await services.get("/api/v1/credentials", ann)).json()
    log = (await services.get("/api/v1/audit-log", ann)).json()
    shown = json.dumps([made, vault, log]) + await services.stored()
    [token] = services.by_name[provider].valid
    assert token not in shown
    assert "refresh-" not in shown
    assert vault["items"] == []


async def test_google_is_asked_with_pkce_for_reading_only(services: Services, ann: Person):
    address = await services.begin("google", ann)
    query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    assert query["code_challenge_method"] == "S256"
    assert query["scope"].endswith("drive.readonly")
    assert (query["access_type"], query["response_type"]) == ("offline", "code")
    code, state = services.google.consent(address)
    await services.come_back("google", ann, code=code, state=state)
    assert len(services.google.asked[0]["code_verifier"]) >= 43
    assert services.google.asked[0]["code_verifier"] not in address


async def test_a_state_serves_once_and_only_whom_it_was_given_to(services: Services, ann: Person, bob: Person):
    code, state = services.notion.consent(await services.begin("notion", ann))
    unknown = {"problem": "connection_state_unknown"}
    assert await services.come_back("notion", bob, code=code, state=state) == unknown
    assert await services.come_back("notion", ann, code=code, state="made-up") == unknown
    assert services.notion.asked == []
    assert await services.come_back("notion", ann, code=code, state=state) == {"connected": "notion"}
    assert await services.come_back("notion", ann, code=code, state=state) == unknown
    assert (await services.get(CONNECTIONS, bob)).json()["items"] == []


async def test_a_state_of_one_service_does_not_serve_another(services: Services, ann: Person):
    code, state = services.notion.consent(await services.begin("notion", ann))
    assert await services.come_back("google", ann, code=code, state=state) == {"problem": "connection_state_unknown"}


async def test_a_person_who_says_no_or_brings_a_wrong_code_is_told(services: Services, ann: Person):
    _, state = services.notion.consent(await services.begin("notion", ann))
    assert await services.come_back("notion", ann, error="access_denied", state=state) == {
        "problem": "connection_denied"
    }
    assert await services.come_back("notion", ann, code="wrong", state=state) == {"problem": "connection_refused"}


async def test_connecting_the_same_account_again_replaces_the_old_tokens(services: Services, ann: Person):
    first, again = await services.connect("notion", ann), await services.connect("notion", ann)
    assert first["id"] == again["id"]
    assert len((await services.get(CONNECTIONS, ann)).json()["items"]) == 1


async def test_a_deleted_connection_is_given_back(services: Services, ann: Person, bob: Person):
    made = await services.connect("google", ann)
    path = f"{CONNECTIONS}/{made['id']}"
    assert (await services.installation.http.delete(path, headers=bob.headers)).status_code == 404
    assert (await services.installation.http.delete(path, headers=ann.headers)).status_code == 204
    assert [token[:8] for token in services.google.revoked] == ["refresh-"]
    assert (await services.get(CONNECTIONS, ann)).json()["items"] == []


async def test_a_credential_that_somebody_typed_is_no_connection(services: Services, ann: Person):
    body = {"name": "Shop", "type": "bearer", "settings": {"token": "sk-0123456789"}}
    typed = await services.installation.http.post("/api/v1/credentials", json=body, headers=ann.headers)
    path = f"{CONNECTIONS}/{typed.json()['id']}"
    assert (await services.installation.http.delete(path, headers=ann.headers)).status_code == 404


async def add_drive(services: Services, ann: Person, **settings: Any) -> Any:
    http, headers = services.installation.http, ann.headers
    draft = (await http.post(f"{KB}/draft", json={"name": "Notes"}, headers=headers)).json()["draft_id"]
    body = {"type": "google_docs", "items": ["document-001"], **settings}
    added = await http.put(f"{KB}/draft/{draft}/sources", json=body, headers=headers)
    if added.status_code != 200:
        return added.json()
    source_id = added.json()["sources"][0]["source_id"]
    return (await http.get(f"{KB}/draft/{draft}/sources/{source_id}", headers=headers)).json()


async def test_a_source_reads_with_a_connection_in_place_of_a_token(services: Services, ann: Person):
    made = await services.connect("google", ann)
    loaded = await add_drive(services, ann, connection_id=made["id"])
    assert (loaded["status"], loaded["pages"]) == ("ready", 1)
    assert "access-" not in json.dumps(loaded)
    [listed] = (await services.get(CONNECTIONS, ann)).json()["items"]
    assert [use["used_by"] for use in listed["uses"]] == [f"source:{loaded['source_id']}"]
    path = f"{CONNECTIONS}/{made['id']}"
    refused = await services.installation.http.delete(path, headers=ann.headers)
    assert (refused.status_code, refused.json()["code"]) == (409, "credential_in_use")
    forced = await services.installation.http.delete(path, headers=ann.headers, params={"force": "true"})
    assert forced.status_code == 204


async def test_an_ended_token_is_renewed_and_the_new_one_kept(services: Services, ann: Person):
    services.google.lifetime_seconds = 60
    made = await services.connect("google", ann)
    services.google.lifetime_seconds = 3600
    for _ in range(2):
        assert (await add_drive(services, ann, connection_id=made["id"]))["status"] == "ready"
    assert [asked["grant_type"] for asked in services.google.asked] == ["authorization_code", "refresh_token"]


async def test_a_right_that_was_taken_back_is_named(services: Services, ann: Person):
    services.google.lifetime_seconds = 60
    made = await services.connect("google", ann)
    services.google.forget()
    loaded = await add_drive(services, ann, connection_id=made["id"])
    assert (loaded["status"], loaded["error"]["code"]) == ("failed", "connection_refused")


async def test_a_foreign_a_missing_and_another_service_s_connection_are_alike(
    services: Services, ann: Person, bob: Person
):
    foreign, other = await services.connect("google", bob), await services.connect("notion", ann)
    for id in (foreign["id"], other["id"], "00000000-0000-7000-8000-000000000000"):
        loaded = await add_drive(services, ann, connection_id=id)
        assert (loaded["status"], loaded["error"]["code"]) == ("failed", "connection_gone")


async def test_only_sources_that_can_be_connected_take_a_connection(services: Services, ann: Person):
    made = await services.connect("google", ann)
    refused = await add_drive(services, ann, type="github", repository="a/b", connection_id=made["id"])
    assert refused["code"] == "validation_failed"


async def test_a_service_without_a_client_says_so(tmp_path, redis_url, database_url):
    async with installed(tmp_path, redis_url, database_url) as installation:
        ann = await installation.register("ann")
        listed = await installation.http.get(f"{CONNECTIONS}/providers", headers=ann.headers)
        assert {one["provider"]: one["is_ready"] for one in listed.json()["items"]} == {
            "google": False,
            "notion": False,
        }
        for name in ("notion", "elsewhere"):
            refused = await installation.http.get(f"{CONNECTIONS}/{name}/start", headers=ann.headers)
            assert (refused.status_code, refused.json()["code"]) == (404, "connection_provider_not_found")

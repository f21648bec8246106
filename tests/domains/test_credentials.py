"""The vault: secrets go in, open for whoever uses them, and show nowhere."""

import base64
import json
import ssl
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiohttp import web
from sqlalchemy import select

from privexbot_app.domains.bots.identity import binding_of
from privexbot_app.domains.bots.jobs import reseal_bot_secrets
from privexbot_app.domains.bots.models import Bot, BotIdentity
from privexbot_app.domains.credentials.jobs import renew_data_keys, rewrap_data_keys
from privexbot_app.domains.credentials.models import Credential, DataKey
from privexbot_app.domains.credentials.service import CredentialService, CredentialTypeUnfitError, reveal_credential
from privexbot_app.domains.credentials.types import (
    CREDENTIAL_TYPES,
    BearerConfig,
    CredentialNotForHostError,
    HttpCredential,
    SmtpConfig,
)
from privexbot_app.domains.tenancy.service import scope_of_job
from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.crypto import KeyRing
from privexbot_app.kit.database import SystemScope
from privexbot_app.kit.errors import InternalError, NotFoundError
from privexbot_app.kit.scope import Scope
from tests.installation import ON_BOTH_DATABASES, Installation, Person, installed
from tests.kit.http.test_tls import write_certificate
from tests.servers import serving
from tests.smtp_server import SmtpServer, running_smtp

SECRET = "sk-live-0123456789-Zanzibar"
VAULT = "/api/v1/credentials"
EXAMPLES: dict[str, dict[str, Any]] = {
    "bearer": {"token": SECRET},
    "header": {"header": "X-Api-Key", "value": SECRET},
    "basic": {"username": "ann", "password": SECRET},
    "oauth2": {"access_token": SECRET, "refresh_token": SECRET, "client_secret": SECRET},
    "smtp": {"host": "mail.example.com", "sender": "shop@example.com", "password": SECRET},
    "webhook_secret": {"secret": SECRET},
    "webhook_url": {"url": f"https://hooks.example.com/{SECRET}"},
    "database_url": {"url": f"postgresql://reader:{SECRET}@db.example.com/shop"},
}


async def keep(installation: Installation, person: Person, type: str = "bearer", **changes: Any) -> dict[str, Any]:
    body = {"name": f"Shop {uuid4()}", "type": type, "settings": {**EXAMPLES[type], **changes}}
    response = await installation.http.post(VAULT, json=body, headers=person.headers)
    assert response.status_code == 201, response.text
    return response.json()


def scope_of(person: Person) -> Scope:
    return scope_of_job(UUID(person.organization_id), UUID(person.workspace_id), job="test")


def test_there_is_an_example_of_every_type():
    assert set(EXAMPLES) == set(CREDENTIAL_TYPES)


@pytest.mark.parametrize("type", EXAMPLES)
async def test_no_answer_shows_a_secret_and_its_user_gets_it(installation: Installation, ann: Person, type: str):
    made = await keep(installation, ann, type)
    answers = [
        made,
        (await installation.http.get(VAULT, headers=ann.headers)).json(),
        (await installation.http.get(f"{VAULT}/{made['id']}", headers=ann.headers)).json(),
        (await installation.http.get("/api/v1/audit-log", headers=ann.headers)).json(),
    ]
    assert SECRET not in json.dumps(answers)
    config = await reveal_credential(installation.works, scope_of(ann), UUID(made["id"]), used_by="test:1")
    revealed = [
        value.get_secret_value() for value in config.model_dump().values() if hasattr(value, "get_secret_value")
    ]
    assert any(SECRET in value for value in revealed)
    assert SECRET not in repr(config)


async def test_the_end_of_a_long_secret_is_shown_and_nothing_of_a_short_one(installation: Installation, ann: Person):
    assert (await keep(installation, ann))["hints"] == {"token": "…ibar"}
    assert (await keep(installation, ann, token="hunter2"))["hints"] == {"token": "…"}
    database = await keep(installation, ann, "database_url")
    assert database["hints"] == {"url": "postgresql://…@db.example.com/shop"}


async def test_what_is_stored_is_sealed(installation: Installation, ann: Person):
    made = await keep(installation, ann)
    async with installation.works.open(scope_of(ann), read_only=True) as work:
        row = await work.session.get(Credential, UUID(made["id"]))
        key = (await work.session.execute(select(DataKey))).scalars().one()
    assert SECRET not in repr(row.model_dump())
    assert b"Zanzibar" not in base64.b64decode(row.sealed)
    assert len(base64.b64decode(key.wrapped)) > 32


@pytest.mark.parametrize(
    ("type", "settings", "field"),
    [
        ("bearer", {}, "token"),
        ("bearer", {"token": "  "}, "token"),
        ("bearer", {"token": "a\nb"}, "token"),
        ("bearer", {"token": SECRET, "more": 1}, "more"),
        ("bearer", {"token": SECRET, "hosts": ["https://x.example.com"]}, "hosts"),
        ("bearer", {"token": SECRET, "test_url": "ftp://example.com"}, "settings"),
        ("bearer", {"token": SECRET, "hosts": ["a.example"], "test_url": "https://b.example"}, "settings"),
        ("header", {"header": "Host", "value": SECRET}, "header"),
        ("header", {"header": "X Key", "value": SECRET}, "header"),
        ("basic", {"username": "a:b", "password": SECRET}, "username"),
        ("webhook_secret", {"secret": "short"}, "secret"),
        ("database_url", {"url": f"not an address {SECRET}"}, "url"),
        ("database_url", {"url": f"postgresql://{SECRET}@host:port/x"}, "url"),
        ("smtp", {"host": "mail.example.com", "sender": "nobody", "password": SECRET}, "sender"),
        ("unknown", {"token": SECRET}, "type"),
    ],
)
async def test_what_does_not_fit_is_refused_without_being_repeated(installation, ann, type, settings, field):
    body = {"name": "Shop", "type": type, "settings": settings}
    response = await installation.http.post(VAULT, json=body, headers=ann.headers)
    assert response.status_code == 422
    assert [problem["field"] for problem in response.json()["errors"]] == [field]
    assert SECRET not in response.text


async def test_a_name_is_taken_once(installation: Installation, ann: Person, bob: Person):
    body = {"name": "Shop", "type": "bearer", "settings": EXAMPLES["bearer"]}
    statuses = [
        (await installation.http.post(VAULT, json=body, headers=person.headers)).status_code
        for person in (ann, ann, bob)
    ]
    assert statuses == [201, 409, 201]


async def test_replacing_wants_the_secret_again(installation: Installation, ann: Person):
    made = await keep(installation, ann)
    elsewhere = {"settings": {"test_url": "https://attacker.example/"}}
    path = f"{VAULT}/{made['id']}"
    assert (await installation.http.put(path, json=elsewhere, headers=ann.headers)).status_code == 422
    replaced = await installation.http.put(
        path, json={"name": "New", "settings": {"token": "another-long-secret-1234"}}, headers=ann.headers
    )
    assert (replaced.json()["name"], replaced.json()["hints"]) == ("New", {"token": "…1234"})
    config = await reveal_credential(
        installation.works, scope_of(ann), UUID(made["id"]), used_by="x:1", of=BearerConfig
    )
    assert config.headers() == {"Authorization": "Bearer another-long-secret-1234"}


async def test_a_use_is_stamped_and_guards_against_deletion(installation: Installation, ann: Person):
    made = await keep(installation, ann)
    assert made["last_used_at"] is None
    async with installation.works.open(scope_of(ann)) as work:
        await CredentialService(work).declare_uses("chatflow:1", [UUID(made["id"])], label="Orders")
    await reveal_credential(installation.works, scope_of(ann), UUID(made["id"]), used_by="chatflow:1")
    path = f"{VAULT}/{made['id']}"
    shown = (await installation.http.get(path, headers=ann.headers)).json()
    assert shown["last_used_at"]
    assert [(use["used_by"], use["label"]) for use in shown["uses"]] == [("chatflow:1", "Orders")]
    refused = await installation.http.delete(path, headers=ann.headers)
    assert (refused.status_code, refused.json()["code"]) == (409, "credential_in_use")
    assert "Orders" in refused.json()["detail"]
    assert (await installation.http.delete(f"{path}?force=true", headers=ann.headers)).status_code == 204
    with pytest.raises(NotFoundError):
        await reveal_credential(installation.works, scope_of(ann), UUID(made["id"]), used_by="chatflow:1")


async def test_a_thing_that_refers_to_it_no_longer_stops_guarding(installation: Installation, ann: Person):
    made = await keep(installation, ann)
    for ids in ([UUID(made["id"])], []):
        async with installation.works.open(scope_of(ann)) as work:
            await CredentialService(work).declare_uses("chatflow:1", ids)
    assert (await installation.http.delete(f"{VAULT}/{made['id']}", headers=ann.headers)).status_code == 204


async def test_another_workspace_neither_reveals_nor_refers(installation: Installation, ann: Person, bob: Person):
    made = await keep(installation, ann)
    with pytest.raises(NotFoundError):
        await reveal_credential(installation.works, scope_of(bob), UUID(made["id"]), used_by="chatflow:1")
    with pytest.raises(NotFoundError):
        async with installation.works.open(scope_of(bob)) as work:
            await CredentialService(work).declare_uses("chatflow:1", [UUID(made["id"])])


async def test_a_sealed_value_moved_to_another_row_or_workspace_does_not_open(
    installation: Installation, ann: Person, bob: Person
):
    first, second = await keep(installation, ann), await keep(installation, ann)
    theirs = await keep(installation, bob)
    async with installation.works.open(SystemScope("test")) as work:
        rows = {id: await work.session.get(Credential, UUID(id)) for id in (first["id"], second["id"], theirs["id"])}
        rows[second["id"]].sealed = rows[theirs["id"]].sealed = rows[first["id"]].sealed
    for person, id in ((ann, second["id"]), (bob, theirs["id"])):
        with pytest.raises(InternalError):
            await reveal_credential(installation.works, scope_of(person), UUID(id), used_by="x:1")


async def test_a_type_that_does_not_fit_is_said(installation: Installation, ann: Person):
    made = await keep(installation, ann)
    with pytest.raises(CredentialTypeUnfitError):
        await reveal_credential(installation.works, scope_of(ann), UUID(made["id"]), used_by="x:1", of=SmtpConfig)
    config = await reveal_credential(
        installation.works, scope_of(ann), UUID(made["id"]), used_by="x:1", of=HttpCredential
    )
    assert config.headers_for("https://anywhere.example/")["Authorization"].startswith("Bearer ")


@pytest.mark.parametrize(
    ("url", "is_allowed"),
    [
        ("https://api.example.com/v1", True),
        ("https://API.EXAMPLE.COM./v1", True),
        ("https://a.b.example.org/", True),
        ("https://example.org/", False),
        ("https://api.example.com.evil.example/", False),
        ("https://evilexample.org/", False),
        ("https://api.example.com@evil.example/", False),
    ],
)
def test_a_secret_goes_to_the_hosts_that_it_is_for(url: str, is_allowed: bool):
    config = BearerConfig.model_validate({"token": SECRET, "hosts": ["api.example.com", "*.example.org"]})
    if is_allowed:
        assert config.headers_for(url)
    else:
        with pytest.raises(CredentialNotForHostError):
            config.headers_for(url)


async def test_a_test_asks_no_private_address(installation: Installation, ann: Person):
    made = await keep(installation, ann, test_url="http://127.0.0.1/")
    found = (await installation.http.post(f"{VAULT}/{made['id']}/test", headers=ann.headers)).json()
    assert (found["is_good"], found["problem"] != "") == (False, True)


@pytest.mark.parametrize(("token", "problem"), [(SECRET, ""), ("wrong", "does not accept")])
async def test_a_right_credential_passes_its_test_and_a_wrong_one_does_not(redis_url, tmp_path, token, problem):
    async def whoami(request: web.Request) -> web.Response:
        return web.Response(status=200 if request.headers.get("Authorization") == f"Bearer {SECRET}" else 401)

    async with (
        serving({"/me": whoami}) as url,
        installed(tmp_path, redis_url, allowed_private_networks="127.0.0.1/32") as machine,
    ):
        ann = await machine.register("ann")
        made = await keep(machine, ann, token=token, test_url=f"{url}/me")
        found = (await machine.http.post(f"{VAULT}/{made['id']}/test", headers=ann.headers)).json()
        assert (found["is_good"], problem in found["problem"]) == (not problem, True)
        shown = (await machine.http.get(f"{VAULT}/{made['id']}", headers=ann.headers)).json()
        assert (shown["tested_at"], shown["test_problem"]) == (found["tested_at"], found["problem"])


@pytest.mark.parametrize(("password", "problem"), [(SECRET, ""), ("wrong", "does not accept")])
async def test_a_mail_server_is_signed_in_to(redis_url, tmp_path, monkeypatch, password, problem):
    certificate, key = write_certificate(tmp_path, "localhost")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate, key)
    async with (
        running_smtp(SmtpServer(password=SECRET), tls=tls) as server,
        installed(tmp_path / "data", redis_url, allowed_private_networks="127.0.0.0/8, ::1/128") as machine,
    ):
        ann = await machine.register("ann")
        here = {"host": "localhost", "port": server.port, "security": "tls", "username": "shop", "password": password}
        made = await keep(machine, ann, "smtp", **here)
        assert made["can_be_tested"]
        found = (await machine.http.post(f"{VAULT}/{made['id']}/test", headers=ann.headers)).json()
        assert (found["is_good"], problem in found["problem"]) == (not problem, True)
        assert server.messages == []


@pytest.mark.parametrize(
    ("type", "settings"),
    [("smtp", {"host": "127.0.0.1"}), ("database_url", {"url": "postgresql://reader:secret@127.0.0.1/shop"})],
)
async def test_no_test_reaches_a_private_server(installation: Installation, ann: Person, type: str, settings: Any):
    made = await keep(installation, ann, type, **settings)
    found = (await installation.http.post(f"{VAULT}/{made['id']}/test", headers=ann.headers)).json()
    assert (found["is_good"], "public internet" in found["problem"]) == (False, True)


@ON_BOTH_DATABASES
async def test_a_workspace_gets_another_data_key_and_opens_what_it_had(
    installation: Installation, ann: Person, bob: Person
):
    made = {person.email: await keep(installation, person) for person in (ann, bob)}
    async with installation.works.open(SystemScope("test"), read_only=True) as work:
        before = set((await work.session.execute(select(DataKey.wrapped))).scalars())
        sealed = set((await work.session.execute(select(Credential.sealed))).scalars())
    assert await renew_data_keys(installation.works) == 2
    async with installation.works.open(SystemScope("test"), read_only=True) as work:
        assert before.isdisjoint((await work.session.execute(select(DataKey.wrapped))).scalars())
        assert sealed.isdisjoint((await work.session.execute(select(Credential.sealed))).scalars())
    for person in (ann, bob):
        config = await reveal_credential(
            installation.works, scope_of(person), UUID(made[person.email]["id"]), used_by="x:1", of=BearerConfig
        )
        assert config.token.get_secret_value() == SECRET


async def test_after_a_new_secret_key_data_keys_are_wrapped_anew_once(installation: Installation, ann: Person):
    made = await keep(installation, ann)
    plugins = installation.works.plugins
    old = plugins.keys
    plugins.keys = KeyRing(b"a new secret key of this installation", (old.secret,))
    assert [await rewrap_data_keys(installation.works) for _ in range(2)] == [1, 0]
    plugins.keys = KeyRing(plugins.keys.secret)
    config = await reveal_credential(
        installation.works, scope_of(ann), UUID(made["id"]), used_by="x:1", of=BearerConfig
    )
    assert config.token.get_secret_value() == SECRET
    plugins.keys = old
    with pytest.raises(InternalError):
        await reveal_credential(installation.works, scope_of(ann), UUID(made["id"]), used_by="x:1")


async def test_rotating_keys_reseals_the_secrets_of_bots_once(installation: Installation, ann: Person):
    plugins, old = installation.works.plugins, installation.works.plugins.keys
    bot_id = uuid4()
    async with installation.works.open(scope_of(ann)) as work:
        work.session.add(Bot(id=bot_id, workspace_id=UUID(ann.workspace_id), name="Tides"))
        await work.session.flush()
        sealed = old.seal(SECRET, bound_to=binding_of(bot_id))
        row = BotIdentity(
            workspace_id=UUID(ann.workspace_id), bot_id=bot_id, sealed_secret=sealed, rotated_at=utc_now()
        )
        work.session.add(row)
    plugins.keys = KeyRing(b"a new secret key of this installation", (old.secret,))
    assert [await reseal_bot_secrets(installation.works) for _ in range(2)] == [1, 0]

"""Webhooks: signed, tried again after growing pauses, written down, replayed, and switched off when nobody is there."""

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from aiohttp import web

from privexbot_app.domains.tenancy.service import scope_of_job
from privexbot_app.domains.webhooks.delivering import PATIENCE, PAUSES
from privexbot_app.domains.webhooks.jobs import deliver_due, forget_old, reseal_webhook_secrets
from privexbot_app.domains.webhooks.models import Webhook, WebhookDelivery
from privexbot_app.domains.webhooks.repository import DeliveryRepository, WebhookRepository
from privexbot_app.domains.webhooks.service import WebhookService
from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.scope import Scope
from tests.installation import Installation, Person, installed
from tests.servers import serving

HOOKS = "/api/v1/webhooks"


@dataclass
class Ear:
    """An address that hears events. statuses: of its next answers; afterwards it answers 200."""

    url: str = ""
    statuses: list[int] = field(default_factory=list)
    heard: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.heard]

    async def answer(self, request: web.Request) -> web.Response:
        self.heard.append(({name.lower(): value for name, value in request.headers.items()}, await request.read()))
        status = self.statuses.pop(0) if self.statuses else 200
        return web.Response(status=status, headers={"location": "/elsewhere"} if status == 302 else {})


@asynccontextmanager
async def listening() -> AsyncIterator[Ear]:
    """An ear on a server of its own."""
    ear = Ear()

    async def elsewhere(request: web.Request) -> web.Response:
        return web.Response(text="a sign-in page")

    async with serving({"/hook": ear.answer, "/elsewhere": elsewhere}) as url:
        ear.url = f"{url}/hook"
        yield ear


@pytest.fixture
async def installation(tmp_path: Path, redis_url: str) -> AsyncIterator[Installation]:
    """One that may reach this machine, where the ears are, on any port."""
    async with installed(tmp_path, redis_url, allowed_private_networks="127.0.0.1/32") as made:
        yield made


@pytest.fixture
async def ear() -> AsyncIterator[Ear]:
    async with listening() as made:
        yield made


def scope_of(person: Person) -> Scope:
    return scope_of_job(UUID(person.organization_id), UUID(person.workspace_id), job="test")


async def hook(installation: Installation, person: Person, url: str, *events: str) -> dict[str, Any]:
    body = {"url": url, "events": list(events) or ["lead.captured"]}
    response = await installation.http.post(HOOKS, json=body, headers=person.headers)
    assert response.status_code == 201, response.text
    return response.json()


async def ask(installation: Installation, person: Person, method: str, path: str, body: Any = None) -> Any:
    response = await installation.http.request(method, path, json=body, headers=person.headers)
    assert response.is_success, response.text
    return response.json() if response.content else None


async def emit(installation: Installation, person: Person, **data: Any) -> None:
    async with installation.works.open(scope_of(person)) as work:
        await WebhookService(work).emit("lead.captured", data)


async def log_of(installation: Installation, person: Person, webhook_id: str) -> list[dict[str, Any]]:
    return (await ask(installation, person, "GET", f"{HOOKS}/{webhook_id}/deliveries"))["items"]


async def make_due(installation: Installation, person: Person, **changes: Any) -> None:
    """Let the pause before the next attempt be over."""
    async with installation.works.open(scope_of(person)) as work:
        rows = work.repository(DeliveryRepository)
        for row in await rows.all(rows.query(WebhookDelivery.status == "pending")):
            row.next_at = utc_now() - timedelta(seconds=1)
        hooks = work.repository(WebhookRepository)
        for row in await hooks.list_all():
            for name, value in changes.items():
                setattr(row, name, value)


async def test_an_event_arrives_signed_as_the_specification_says(installation, ann, ear):
    made = await hook(installation, ann, ear.url)
    await emit(installation, ann, email="kim@example.com")
    [(headers, body)] = ear.heard
    assert json.loads(body)["type"] == "lead.captured"
    assert json.loads(body)["data"] == {"email": "kim@example.com"}
    key = base64.b64decode(made["secret"].removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    [entry] = await log_of(installation, ann, made["id"])
    assert (entry["status"], entry["status_code"], entry["attempts"]) == ("delivered", 200, 1)
    assert entry["event_id"] == headers["webhook-id"]


async def test_only_what_is_listened_to_is_sent_and_only_to_ones_own_addresses(installation, ann, bob, ear):
    await hook(installation, ann, ear.url, "feedback.given")
    await hook(installation, bob, ear.url)
    await emit(installation, ann, email="kim@example.com")
    assert ear.heard == []


async def test_a_failed_delivery_is_tried_again_after_growing_pauses_and_then_given_up(installation, ann, ear):
    made = await hook(installation, ann, ear.url)
    ear.statuses = [500] * 20
    await emit(installation, ann)
    pauses = []
    for _ in PAUSES:
        [entry] = await log_of(installation, ann, made["id"])
        assert entry["status"] == "pending"
        pauses.append(entry["next_at"])
        await make_due(installation, ann)
        await deliver_due(installation.works)
    [entry] = await log_of(installation, ann, made["id"])
    assert (entry["status"], entry["attempts"]) == ("failed", len(PAUSES) + 1)
    assert "500" in entry["error"]
    assert pauses == sorted(pauses)
    assert list(PAUSES) == sorted(PAUSES)
    assert len({headers["webhook-id"] for headers, _ in ear.heard}) == 1


async def test_a_delivery_that_the_queue_has_lost_is_made_by_the_clock(installation, ann, ear):
    await hook(installation, ann, ear.url)
    installation.works.dispatcher.is_paused = True
    await emit(installation, ann)
    installation.works.dispatcher.is_paused = False
    assert ear.heard == []
    await make_due(installation, ann)
    await deliver_due(installation.works)
    assert len(ear.heard) == 1


async def test_a_success_ends_the_retries_and_forgets_the_failures(installation, ann, ear):
    made = await hook(installation, ann, ear.url)
    ear.statuses = [503]
    await emit(installation, ann)
    assert (await ask(installation, ann, "GET", HOOKS))["items"][0]["failing_since"] is not None
    await make_due(installation, ann)
    await deliver_due(installation.works)
    await deliver_due(installation.works)
    assert len(ear.heard) == 2
    assert (await log_of(installation, ann, made["id"]))[0]["status"] == "delivered"
    assert (await ask(installation, ann, "GET", HOOKS))["items"][0]["failing_since"] is None


async def test_an_address_that_has_failed_for_days_is_switched_off_and_says_why(installation, ann, ear):
    made = await hook(installation, ann, ear.url)
    ear.statuses = [500, 500]
    await emit(installation, ann)
    await make_due(installation, ann, failing_since=utc_now() - PATIENCE)
    await deliver_due(installation.works)
    [view] = (await ask(installation, ann, "GET", HOOKS))["items"]
    assert not view["is_enabled"]
    assert "Nothing has arrived since" in view["disabled_reason"]
    await emit(installation, ann)
    assert len(ear.heard) == 2
    refused = await installation.http.post(f"{HOOKS}/{made['id']}/test", headers=ann.headers)
    assert (refused.status_code, refused.json()["code"]) == (409, "webhook_switched_off")
    again = await ask(installation, ann, "PATCH", f"{HOOKS}/{made['id']}", {"is_enabled": True})
    assert (again["is_enabled"], again["disabled_reason"], again["failing_since"]) == (True, "", None)


async def test_an_address_that_is_gone_is_switched_off_at_once(installation, ann, ear):
    made = await hook(installation, ann, ear.url)
    ear.statuses = [410]
    await emit(installation, ann)
    assert (await log_of(installation, ann, made["id"]))[0]["status"] == "failed"
    assert not (await ask(installation, ann, "GET", HOOKS))["items"][0]["is_enabled"]


async def test_a_redirect_is_no_delivery(installation, ann, ear):
    made = await hook(installation, ann, ear.url)
    ear.statuses = [302]
    await emit(installation, ann)
    [entry] = await log_of(installation, ann, made["id"])
    assert entry["status"] == "pending"
    assert "elsewhere" in entry["error"]


async def test_a_replay_is_the_same_event_once_more(installation, ann, ear):
    made = await hook(installation, ann, ear.url)
    await emit(installation, ann, email="kim@example.com")
    [entry] = await log_of(installation, ann, made["id"])
    await ask(installation, ann, "POST", f"{HOOKS}/{made['id']}/deliveries/{entry['id']}/replay")
    assert ear.events[0] == ear.events[1]
    assert ear.heard[0][0]["webhook-id"] == ear.heard[1][0]["webhook-id"]
    assert len(await log_of(installation, ann, made["id"])) == 2


async def test_a_delivery_of_another_webhook_cannot_be_replayed_here(installation, ann, ear):
    first, second = await hook(installation, ann, ear.url), await hook(installation, ann, ear.url, "feedback.given")
    await emit(installation, ann)
    [entry] = await log_of(installation, ann, first["id"])
    path = f"{HOOKS}/{second['id']}/deliveries/{entry['id']}/replay"
    refused = await installation.http.post(path, headers=ann.headers)
    assert (refused.status_code, refused.json()["code"]) == (404, "delivery_not_found")


async def test_the_test_button_sends_a_test_event(installation, ann, ear):
    made = await hook(installation, ann, ear.url)
    await ask(installation, ann, "POST", f"{HOOKS}/{made['id']}/test")
    assert ear.events[0]["type"] == "webhook.test"


async def test_a_private_address_is_refused_before_anything_is_kept(installation, ann):
    for url in ("http://169.254.169.254/latest", "http://10.0.0.1/x", "file:///etc/passwd"):
        body = {"url": url, "events": ["lead.captured"]}
        response = await installation.http.post(HOOKS, json=body, headers=ann.headers)
        assert response.status_code == 422, url
    assert (await ask(installation, ann, "GET", HOOKS))["items"] == []


async def test_a_workspace_has_room_for_so_many(installation, ann, ear, monkeypatch):
    monkeypatch.setattr("privexbot_app.domains.webhooks.service.MOST_WEBHOOKS", 1)
    await hook(installation, ann, ear.url)
    body = {"url": ear.url, "events": ["lead.captured"]}
    refused = await installation.http.post(HOOKS, json=body, headers=ann.headers)
    assert (refused.status_code, refused.json()["code"]) == (409, "too_many_webhooks")


async def test_after_a_rotation_events_are_signed_with_the_new_secret_alone(installation, ann, ear):
    made = await hook(installation, ann, ear.url)
    rotated = await ask(installation, ann, "POST", f"{HOOKS}/{made['id']}/secret")
    assert rotated["secret"] != made["secret"]
    await emit(installation, ann)
    [(headers, body)] = ear.heard
    key = base64.b64decode(rotated["secret"].removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    assert base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode() in headers["webhook-signature"]
    assert await reseal_webhook_secrets(installation.works) == 0


async def test_old_entries_leave_the_log_and_waiting_ones_stay(installation, ann, ear):
    made = await hook(installation, ann, ear.url)
    ear.statuses = [200, 500]
    await emit(installation, ann)
    await emit(installation, ann)
    async with installation.works.open(scope_of(ann)) as work:
        rows = work.repository(DeliveryRepository)
        for row in await rows.all(rows.query()):
            row.created_at -= timedelta(days=40)
    await forget_old(installation.works)
    assert [entry["status"] for entry in await log_of(installation, ann, made["id"])] == ["pending"]


def test_secrets_are_sealed():
    assert Webhook.model_fields["sealed_secret"].annotation is bytes

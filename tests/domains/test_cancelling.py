"""Documents on their way can be stopped and tried again, and it is said how long they will take."""

from datetime import timedelta

import pytest

from privexbot_app.domains.knowledge.pace import OpenDocument, Span, chunks_per_second, pace_of_running, seconds_left
from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.ids import new_id
from tests.domains.test_indexing import Desk, desk, interfere
from tests.installation import ON_BOTH_DATABASES

__all__ = ["desk"]

ON_BOTH = ON_BOTH_DATABASES


async def call(desk: Desk, method: str, path: str, *, status: int = 202):
    response = await desk.installation.http.request(method, path, headers=desk.ann.headers)
    assert response.status_code == status, response.text
    return response.json()


async def add(desk: Desk, number: int) -> str:
    body = {"type": "text", "title": f"Notice {number}", "content": f"Notice {number} is about the tides. " * 40}
    path = f"/api/v1/kb/{desk.base_id}/documents"
    response = await desk.installation.http.post(path, json=body, headers=desk.ann.headers)
    return response.json()["documents"][0]["document_id"]


@ON_BOTH
async def test_a_waiting_document_is_cancelled_and_its_job_does_nothing(desk: Desk):
    assert (await call(desk, "POST", f"{desk.path}/cancel"))["status"] == "cancelled"
    await desk.run()
    document = await desk.document()
    assert (document.status, document.lease_until) == ("cancelled", None)
    base = await call(desk, "GET", f"/api/v1/kb/{desk.base_id}", status=200)
    assert (base["status"], base["documents"]["cancelled"], base["progress"]) == ("failed", 1, 1.0)
    refused = await call(desk, "POST", f"{desk.path}/cancel", status=409)
    assert refused["code"] == "document_settled"


@ON_BOTH
async def test_a_document_cancelled_while_it_is_embedded_stops_and_is_not_found(desk: Desk):
    async def cancel() -> None:
        await call(desk, "POST", f"{desk.path}/cancel")

    interfere(desk, cancel)
    await desk.run()
    assert (await desk.document()).status == "cancelled"
    path = f"/api/v1/kb/{desk.base_id}/search"
    for mode in ("hybrid", "dense", "keyword"):
        body = {"query": "berth one night", "mode": mode}
        response = await desk.installation.http.post(path, json=body, headers=desk.ann.headers)
        assert response.json()["results"] == []


@ON_BOTH
async def test_a_whole_base_is_cancelled_and_tried_again(desk: Desk):
    await desk.run()
    ids = {await add(desk, number) for number in range(3)}
    cancelled = await call(desk, "POST", f"/api/v1/kb/{desk.base_id}/documents/cancel")
    assert {ticket["document_id"] for ticket in cancelled["documents"]} == ids
    base = await call(desk, "GET", f"/api/v1/kb/{desk.base_id}", status=200)
    assert (base["status"], base["documents"]["processing"]) == ("partial", 0)
    assert (await desk.document()).status == "indexed"
    desk.works.dispatcher.is_paused = False
    again = await call(desk, "POST", f"/api/v1/kb/{desk.base_id}/documents/retry")
    assert {ticket["document_id"] for ticket in again["documents"]} == ids
    base = await call(desk, "GET", f"/api/v1/kb/{desk.base_id}", status=200)
    assert (base["status"], base["documents"]["indexed"]) == ("ready", 4)


@ON_BOTH
async def test_documents_say_how_long_they_will_take_once_it_was_measured(desk: Desk):
    first = await call(desk, "GET", f"/api/v1/kb/{desk.base_id}", status=200)
    assert first["eta_seconds"] is None
    await desk.run()
    chunks = (await desk.document()).chunk_count
    now = utc_now()
    await desk.change(started_at=now - timedelta(seconds=10 * chunks), indexed_at=now)
    waiting = [await add(desk, number) for number in range(2)]
    page = await call(desk, "GET", f"/api/v1/kb/{desk.base_id}/documents", status=200)
    left = {document["document_id"]: document["eta_seconds"] for document in page["items"]}
    # Ten seconds for a chunk, and documents of the usual number of chunks, one after the other.
    assert [left[id] for id in waiting] == [10 * chunks, 20 * chunks]
    assert left[str(desk.document_id)] is None
    base = await call(desk, "GET", f"/api/v1/kb/{desk.base_id}", status=200)
    assert base["eta_seconds"] == 20 * chunks


def test_time_in_which_nothing_was_at_work_does_not_count():
    start, second = utc_now(), timedelta(seconds=1)
    spans = [Span(start, start + 2 * second, 10), Span(start + 500 * second, start + 503 * second, 15)]
    assert chunks_per_second(spans) == pytest.approx(5)
    assert chunks_per_second([]) is None
    assert chunks_per_second([Span(start, start, 4)]) is None


def test_before_anything_is_done_what_is_at_work_tells_the_pace():
    now = utc_now()
    running = OpenDocument(new_id(), 100, 0.5, now - timedelta(seconds=10))
    assert pace_of_running([running, OpenDocument(new_id(), 0, 0.0)], now) == pytest.approx(5)
    assert pace_of_running([], now) is None
    assert list(seconds_left([running], per_second=5, usual_chunks=1).values()) == [10]

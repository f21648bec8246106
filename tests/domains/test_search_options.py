"""What a search may be asked for: filters, budgets, neighbours, diversity, rerankers; what a bot reads."""

from itertools import pairwise
from pathlib import Path
from uuid import UUID

import pytest
from aiohttp import web

from privexbot_app.domains.knowledge.retrieval import Query, search
from privexbot_app.domains.tenancy.service import scope_of_job
from tests.domains.test_retrieval import PAGES, make_base
from tests.installation import ON_BOTH_DATABASES, Installation, Person, installed
from tests.servers import serving

MODES = ("keyword", "dense", "hybrid")
MANUAL = "\n\n".join(f"# Part {number}\n\n" + f"Rule {number} of the quay is kept. " * 40 for number in range(6))


async def results(installation: Installation, person: Person, base_id: str, query: str, **options) -> list[dict]:
    body = {"query": query, **options}
    response = await installation.http.post(f"/api/v1/kb/{base_id}/search", json=body, headers=person.headers)
    assert response.status_code == 200, response.text
    return response.json()["results"]


async def ids(installation: Installation, person: Person, base_id: str) -> dict[str, str]:
    listed = await installation.http.get(f"/api/v1/kb/{base_id}/documents", headers=person.headers)
    return {item["name"]: item["document_id"] for item in listed.json()["items"]}


@ON_BOTH_DATABASES
async def test_a_disabled_document_is_never_found_and_takes_no_place(installation: Installation, ann: Person):
    base_id = await make_base(installation, ann)
    berths = (await ids(installation, ann, base_id))["berths"]
    path = f"/api/v1/kb/{base_id}/documents/{berths}"
    answer = await installation.http.patch(path, json={"is_enabled": False}, headers=ann.headers)
    assert answer.status_code == 200, answer.text
    for mode in MODES:
        found = await results(installation, ann, base_id, "berth night", mode=mode, limit=1)
        assert [one["document_name"] for one in found] == ["fuel"], mode
        assert await results(installation, ann, base_id, "berth", mode=mode, document_ids=[berths]) == []


@ON_BOTH_DATABASES
async def test_filters_narrow_a_search(installation: Installation, ann: Person):
    base_id = await make_base(installation, ann)
    fuel = (await ids(installation, ann, base_id))["fuel"]
    for filters, expected in (
        ({"name_contains": "FUE"}, {"fuel"}),
        ({"name_contains": "%"}, set()),
        ({"document_ids": [fuel]}, {"fuel"}),
        ({"media_types": ["application/pdf"]}, set()),
        ({"source_ids": []}, set()),
        ({"url_prefix": "https://"}, set()),
        ({"added_before": "2020-01-01T00:00:00Z"}, set()),
        ({"added_after": "2020-01-01T00:00:00Z", "name_contains": "berth"}, {"berths"}),
    ):
        for mode in MODES:
            found = await results(installation, ann, base_id, "berth", mode=mode, filters=filters)
            assert {one["document_name"] for one in found} == expected, (filters, mode)


async def test_an_unknown_filter_is_refused(installation: Installation, ann: Person):
    base_id = await make_base(installation, ann)
    body = {"query": "berth", "filters": {"colour": "red"}}
    response = await installation.http.post(f"/api/v1/kb/{base_id}/search", json=body, headers=ann.headers)
    assert response.status_code == 422


async def test_results_together_fit_the_budget_best_first(installation: Installation, ann: Person):
    base_id = await make_base(installation, ann)
    everything = await results(installation, ann, base_id, "berth", limit=50)
    for budget in range(1, sum(len(one["text"]) for one in everything) + 2, 7):
        kept = await results(installation, ann, base_id, "berth", limit=50, max_characters=budget)
        assert sum(len(one["text"]) for one in kept) <= budget
        scores = [one["score"] for one in kept]
        assert scores == sorted(scores, reverse=True)
    few = await results(installation, ann, base_id, "berth", limit=50, max_tokens=1)
    assert [one["chunk_id"] for one in few] == [everything[0]["chunk_id"]]


async def test_neighbours_are_read_with_what_was_found(installation: Installation, ann: Person):
    base_id = await make_base(installation, ann, {"manual": MANUAL})
    alone = (await results(installation, ann, base_id, "rule 3", limit=1))[0]
    wider = (await results(installation, ann, base_id, "rule 3", limit=1, expand_neighbours=1))[0]
    assert wider["chunk_id"] == alone["chunk_id"]
    assert wider["start"] < alone["start"] < alone["end"] < wider["end"]
    assert wider["text"] == MANUAL[wider["start"] : wider["end"]]
    everything = await results(installation, ann, base_id, "rule", limit=50, expand_neighbours=5)
    spans = sorted((one["start"], one["end"]) for one in everything)
    assert all(before[1] < after[1] and before[0] < after[0] for before, after in pairwise(spans))


async def test_diversity_makes_room_for_what_is_different(installation: Installation, ann: Person):
    pages = {f"copy {number}": "A berth for one night costs 24 euros." for number in range(3)}
    base_id = await make_base(installation, ann, {**pages, "other": "A berth for a year is paid in spring."})
    plain = await results(installation, ann, base_id, "What does a berth for one night cost?", limit=2)
    mixed = await results(installation, ann, base_id, "What does a berth for one night cost?", limit=2, diversity=0.7)
    assert "other" not in [one["document_name"] for one in plain]
    assert [one["document_name"] for one in mixed][1] == "other"


async def test_an_unknown_reranker_is_named(installation: Installation, ann: Person):
    base_id = await make_base(installation, ann)
    body = {"query": "berth", "rerank": "oracle"}
    response = await installation.http.post(f"/api/v1/kb/{base_id}/search", json=body, headers=ann.headers)
    assert response.status_code == 422
    assert response.json()["code"] == "unknown_reranker"


async def test_a_reranker_without_settings_says_what_is_missing(installation: Installation, ann: Person):
    base_id = await make_base(installation, ann)
    body = {"query": "berth", "rerank": "http"}
    response = await installation.http.post(f"/api/v1/kb/{base_id}/search", json=body, headers=ann.headers)
    assert response.status_code == 503
    assert response.json()["code"] == "plugin_not_configured"


@pytest.fixture
def reversing():
    """A service that finds the last passage best."""

    async def rank(request: web.Request) -> web.Response:
        count = len((await request.json())["documents"])
        return web.json_response({"results": [{"index": at, "relevance_score": at} for at in range(count)]})

    return rank


async def test_a_reranker_over_http_has_the_last_word(tmp_path: Path, redis_url: str, reversing):
    async with serving({"/rerank": reversing}) as service:
        rerankers = {"http": {"url": f"{service}/rerank"}}
        async with installed(tmp_path, redis_url, rerankers=rerankers) as installation:
            ann = await installation.register("ann")
            base_id = await make_base(installation, ann)
            plain = await results(installation, ann, base_id, "berth", mode="keyword")
            turned = await results(installation, ann, base_id, "berth", mode="keyword", rerank="http")
            spared = await results(installation, ann, base_id, "berth", mode="keyword", rerank="none")
    order = [one["chunk_id"] for one in plain]
    assert len(order) == 2
    assert [one["chunk_id"] for one in turned] == order[::-1]
    assert [one["chunk_id"] for one in spared] == order


async def test_the_test_bench_shows_what_a_bot_reads(installation: Installation, ann: Person):
    base_id = await make_base(installation, ann)
    scope = scope_of_job(UUID(ann.organization_id), UUID(ann.workspace_id), job="test")
    for options in ({}, {"rerank": "lexical"}, {"expand_neighbours": 1}, {"diversity": 0.3}, {"fusion": "ranks"}):
        query = Query(text="berth night", base_ids=(UUID(base_id),), limit=4, **options)
        read = [result.chunk_id for result in await search(installation.works, scope, query)]
        if "fusion" not in options:
            shown = await results(installation, ann, base_id, "berth night", limit=4, **options)
            assert [UUID(one["chunk_id"]) for one in shown] == read
        assert len(read) == min(4, len(PAGES))

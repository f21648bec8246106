"""Finding passages: by words on two databases, by meaning, in several languages, whatever is typed."""

from uuid import UUID

import pytest

from privexbot_app.domains.knowledge.repository import ChunkRepository
from privexbot_app.domains.knowledge.repository.chunks import RANKED_FIRST
from privexbot_app.domains.tenancy.service import scope_of_job
from tests.installation import ON_BOTH_DATABASES, Installation, Person

pytestmark = ON_BOTH_DATABASES

PAGES = {
    "berths": "A berth for one night costs 24 euros. Berths are assigned by the harbour master.",
    "fuel": "Fuel is sold at the quay. The berth at the fuel pump is for ten minutes only.",
    "fees": "Electricity is included in every fee, water is not.",
    "rückgabe": "Die Rückgabe von Schlüsseln ist bis 18 Uhr möglich. Straßenschuhe sind verboten.",
    "devolución": "La devolución del depósito tarda cinco días hábiles.",
    "退款": "客户可以在三十天内申请退款。",
    "возврат": "Возврат ключей возможен до шести часов вечера.",
    "إرجاع": "يمكن إرجاع المفاتيح حتى الساعة السادسة مساء.",
}
HOSTILE = (
    "", " ", "\"", "'", "\" OR 1=1 --", "'; DROP TABLE chunk; --", "NEAR(a b)", "a AND", "AND", "NOT", "OR OR",
    "*", "a*",
    "col:berth", "keywords:berth", "-berth", "(berth", "berth)", "^berth", "{berth", "\\", "%", "_", "a & b | !c",
    "berth:*", "<->", "!!!", "😀", "\u200b", "berth " * 600, "\u0301", "1e999", "{}", "$1", ":x", "?",
)  # fmt: skip


async def make_base(installation: Installation, person: Person, pages: dict[str, str] = PAGES) -> str:
    http, headers = installation.http, person.headers
    draft = (await http.post("/api/v1/kb/draft", json={"name": "Handbook"}, headers=headers)).json()["draft_id"]
    for title, content in pages.items():
        body = {"type": "text", "title": title, "content": content}
        assert (await http.put(f"/api/v1/kb/draft/{draft}/sources", json=body, headers=headers)).status_code == 200
    return (await http.post(f"/api/v1/kb/draft/{draft}/finalize", headers=headers)).json()["kb_id"]


async def names(installation: Installation, person: Person, base_id: str, query: str, **options) -> list[str]:
    body = {"query": query, "mode": "keyword", **options}
    response = await installation.http.post(f"/api/v1/kb/{base_id}/search", json=body, headers=person.headers)
    assert response.status_code == 200, response.text
    return [result["document_name"] for result in response.json()["results"]]


async def test_words_are_found_best_first_in_every_language(installation: Installation, ann: Person):
    base_id = await make_base(installation, ann)
    for query, expected in {
        "berth night": ["berths", "fuel"],
        "electricity fee": ["fees"],
        "Schlüssel Rückgabe": ["rückgabe"],
        "devolución": ["devolución"],
        "退款": ["退款"],
        "возврат ключей": ["возврат"],
        "إرجاع المفاتيح": ["إرجاع"],
        "submarine": [],
    }.items():
        assert await names(installation, ann, base_id, query) == expected, query


@pytest.mark.parametrize("mode", ["keyword", "hybrid"])
async def test_whatever_is_typed_is_words_to_search_for_and_nothing_else(installation, ann, mode):
    base_id = await make_base(installation, ann, {"berths": PAGES["berths"]})
    for query in HOSTILE:
        body = {"query": query[:4000], "mode": mode}
        response = await installation.http.post(f"/api/v1/kb/{base_id}/search", json=body, headers=ann.headers)
        assert response.status_code == (422 if query == "" else 200), (query, response.text)
    assert await names(installation, ann, base_id, "'; DROP TABLE chunk; -- berth") == ["berths"]


async def test_raw_words_reach_no_operator_of_the_index(installation: Installation, ann: Person):
    base_id = UUID(await make_base(installation, ann, {"berths": PAGES["berths"]}))
    scope = scope_of_job(UUID(ann.organization_id), UUID(ann.workspace_id), job="test")
    async with installation.works.open(scope, read_only=True) as work:
        chunks = work.repository(ChunkRepository)
        for word in HOSTILE:
            await chunks.search_keywords([base_id], [word or '"'], limit=5, document_ids=None)
        assert await chunks.search_keywords([base_id], [], limit=5, document_ids=None) == []
        assert await chunks.search_keywords([], ["berth"], limit=5, document_ids=None) == []


async def test_another_workspace_with_the_same_words_is_not_searched(installation, ann, bob):
    ours, theirs = await make_base(installation, ann), await make_base(installation, bob)
    scope = scope_of_job(UUID(ann.organization_id), UUID(ann.workspace_id), job="test")
    async with installation.works.open(scope, read_only=True) as work:
        chunks = work.repository(ChunkRepository)
        assert await chunks.search_keywords([UUID(theirs)], ["berth"], limit=5, document_ids=None) == []
        both = await chunks.search_keywords([UUID(ours), UUID(theirs)], ["berth"], limit=50, document_ids=None)
        assert len(both) == 2
        assert len(await chunks.list_with_documents(both)) == 2


async def test_neighbours_with_better_passages_leave_ours_their_place(installation: Installation, ann: Person):
    long = "The berth is beside the quay, and whoever wants to stay asks for it in good time."
    ours = UUID(await make_base(installation, ann, {"ours": long}))
    await make_base(installation, ann, {f"theirs {number}": "Berth, berth." for number in range(RANKED_FIRST + 2)})
    scope = scope_of_job(UUID(ann.organization_id), UUID(ann.workspace_id), job="test")
    async with installation.works.open(scope, read_only=True) as work:
        found = await work.repository(ChunkRepository).search_keywords([ours], ["berth"], limit=1, document_ids=None)
    assert len(found) == 1


async def test_a_search_keeps_to_its_documents_its_limit_and_its_budget(installation: Installation, ann: Person):
    base_id = await make_base(installation, ann)
    listed = (await installation.http.get(f"/api/v1/kb/{base_id}/documents", headers=ann.headers)).json()["items"]
    fuel = next(item["document_id"] for item in listed if item["name"] == "fuel")
    for mode in ("keyword", "dense", "hybrid"):
        assert await names(installation, ann, base_id, "berth", mode=mode, document_ids=[fuel]) == ["fuel"]
        assert len(await names(installation, ann, base_id, "berth", mode=mode, limit=1)) == 1
        assert await names(installation, ann, base_id, "berth", mode=mode, document_ids=[]) == []
        assert await names(installation, ann, base_id, "berth", mode=mode, max_characters=1) == []


async def test_a_deleted_document_is_found_no_more(installation: Installation, ann: Person):
    base_id = await make_base(installation, ann)
    listed = (await installation.http.get(f"/api/v1/kb/{base_id}/documents", headers=ann.headers)).json()["items"]
    berths = next(item["document_id"] for item in listed if item["name"] == "berths")
    path = f"/api/v1/kb/{base_id}/documents/{berths}"
    assert (await installation.http.delete(path, headers=ann.headers)).status_code == 204
    for mode in ("keyword", "dense", "hybrid"):
        assert "berths" not in await names(installation, ann, base_id, "berth", mode=mode)

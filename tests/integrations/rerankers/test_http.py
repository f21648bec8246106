"""The reranker over HTTP against a local service."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from privexbot_app.integrations.rerankers.base import Reranker
from privexbot_app.integrations.rerankers.http import HttpReranker
from privexbot_app.kit.http import (
    HttpClient,
    UpstreamGarbageError,
    UpstreamStatusError,
    UpstreamUnreachableError,
)
from tests.contract.reranker_contract import PROPOSALS, QUESTION, RerankerContract
from tests.servers import serving


class Service:
    """Answers with the share of the question's words; `answer` replaces what it says."""

    def __init__(self, answer: object = None, *, status: int = 200) -> None:
        self.answer, self.status = answer, status
        self.heard: list[dict] = []
        self.keys: list[str | None] = []

    async def __call__(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.heard.append(body)
        self.keys.append(request.headers.get("Authorization"))
        return web.json_response(self.answer if self.answer is not None else self._rank(body), status=self.status)

    def _rank(self, body: dict) -> object:
        asked = set(body["query"].lower().split())
        texts = body.get("documents") or body["texts"]
        shares = [len(asked & set(text.lower().split())) for text in texts]
        order = sorted(range(len(texts)), key=lambda at: -shares[at])
        if "texts" in body:
            return [{"index": at, "score": shares[at]} for at in order]
        return {"results": [{"index": at, "relevance_score": shares[at]} for at in order]}


@pytest.fixture
async def http() -> AsyncIterator[HttpClient]:
    client = HttpClient()
    yield client
    await client.close()


class TestHttp(RerankerContract):
    @pytest.fixture(params=["documents", "texts"])
    async def reranker(self, http: HttpClient, request: pytest.FixtureRequest) -> AsyncIterator[Reranker]:
        async with serving({"/rerank": Service()}) as base:
            yield HttpReranker(HttpReranker.Config(url=f"{base}/rerank", format=request.param), http)


async def test_model_and_key_are_sent(http: HttpClient) -> None:
    service = Service()
    async with serving({"/v2/rerank": service}) as base:
        config = HttpReranker.Config(url=f"{base}/v2/rerank", api_key="k", model="m")
        await HttpReranker(config, http).rerank(QUESTION, PROPOSALS)
    assert service.heard[0]["model"] == "m"
    assert service.heard[0]["query"] == QUESTION
    assert service.keys == ["Bearer k"]


async def test_passages_that_the_service_leaves_out_come_last(http: HttpClient) -> None:
    service = Service({"data": [{"index": 2, "relevance_score": -3.5}]})
    async with serving({"/rerank": service}) as base:
        scores = await HttpReranker(HttpReranker.Config(url=f"{base}/rerank"), http).rerank(QUESTION, PROPOSALS)
    assert scores[2] > scores[0] == scores[1]


@pytest.mark.parametrize(
    "answer",
    [
        {"results": []},
        {"results": [{"index": 7, "relevance_score": 1}]},
        {"results": [{"index": 0}]},
        {"message": "hello"},
        "hello",
        [1],
    ],
)
async def test_an_answer_that_makes_no_sense_is_an_error(http: HttpClient, answer: object) -> None:
    async with serving({"/rerank": Service(answer)}) as base:
        with pytest.raises(UpstreamGarbageError):
            await HttpReranker(HttpReranker.Config(url=f"{base}/rerank"), http).rerank(QUESTION, PROPOSALS)


async def test_a_refusal_is_an_error_with_its_status(http: HttpClient) -> None:
    async with serving({"/rerank": Service({}, status=401)}) as base:
        with pytest.raises(UpstreamStatusError, match="401"):
            await HttpReranker(HttpReranker.Config(url=f"{base}/rerank"), http).rerank(QUESTION, PROPOSALS)


async def test_a_service_that_is_not_there_is_an_error(http: HttpClient) -> None:
    with pytest.raises(UpstreamUnreachableError):
        await HttpReranker(HttpReranker.Config(url="http://127.0.0.1:9/rerank"), http).rerank(QUESTION, PROPOSALS)

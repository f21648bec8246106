"""The OpenAI-compatible embedder against a local service."""

import json
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from privexbot_app.integrations.embeddings.base import Purpose
from privexbot_app.integrations.embeddings.openai_like import OpenAiLikeEmbedder
from privexbot_app.kit.http import (
    HttpClient,
    UpstreamGarbageError,
    UpstreamStatusError,
    UpstreamTimeoutError,
    UpstreamUnreachableError,
)
from tests.contract.embedder_contract import EmbedderContract
from tests.fakes import HashEmbedder
from tests.servers import serving, serving_raw


class Service:
    """Answers as OpenAI does, with hashed words; `refusals` are answers that it gives first."""

    def __init__(self, *refusals: web.Response) -> None:
        self.refusals = list(refusals)
        self.heard: list[dict] = []
        self.keys: list[str | None] = []

    async def __call__(self, request: web.Request) -> web.Response:
        self.keys.append(request.headers.get("Authorization"))
        body = await request.json()
        self.heard.append(body)
        if self.refusals:
            return self.refusals.pop(0)
        vectors = await HashEmbedder().embed(body["input"], purpose=Purpose.DOCUMENT)
        data = [{"index": n, "embedding": [3 * x for x in vector]} for n, vector in enumerate(vectors)]
        return web.json_response({"object": "list", "data": data[::-1]})


class Naps:
    """Remembers how long it should have slept."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


@pytest.fixture
async def http() -> AsyncIterator[HttpClient]:
    client = HttpClient()
    yield client
    await client.close()


def embedder_for(http: HttpClient, base: str, *, naps: Naps | None = None, **options) -> OpenAiLikeEmbedder:
    config = OpenAiLikeEmbedder.Config(base_url=f"{base}/v1", api_key="k", model="m", dimensions=64, **options)
    return OpenAiLikeEmbedder(config, http, sleep=naps or Naps())


class TestOpenAiLike(EmbedderContract):
    """The adapter passes the suite."""

    @pytest.fixture
    async def embedder(self, http) -> AsyncIterator[OpenAiLikeEmbedder]:
        async with serving({"/v1/embeddings": Service()}) as base:
            yield embedder_for(http, base)


async def test_texts_are_sent_in_batches_with_the_key_and_the_prefix(http):
    service = Service()
    async with serving({"/v1/embeddings": service}) as base:
        embedder = embedder_for(http, base, batch_size=2, query_prefix="query: ", is_length_requested=True)
        assert len(await embedder.embed(["a", "b", "c"], purpose=Purpose.QUERY)) == 3
    assert [body["input"] for body in service.heard] == [["query: a", "query: b"], ["query: c"]]
    assert service.heard[0]["dimensions"] == 64
    assert set(service.keys) == {"Bearer k"}


async def test_a_busy_service_is_asked_again_when_it_says(http):
    naps = Naps()
    busy = web.Response(status=429, headers={"Retry-After": "7"})
    service = Service(busy, web.Response(status=503), web.Response(status=429, headers={"Retry-After": "9999"}))
    async with serving({"/v1/embeddings": service}) as base:
        embedder = embedder_for(http, base, naps=naps)
        assert len(await embedder.embed(["a"], purpose=Purpose.QUERY)) == 1
    assert naps.seconds == [7.0, 2.0, 30.0]


@pytest.mark.parametrize(("status", "requests"), [(401, 1), (400, 1), (500, 4)])
async def test_a_refusal_is_named_with_its_status(http, status, requests):
    service = Service(*(web.Response(status=status, text="no") for _ in range(9)))
    async with serving({"/v1/embeddings": service}) as base:
        embedder = embedder_for(http, base)
        with pytest.raises(UpstreamStatusError) as caught:
            await embedder.embed(["a"], purpose=Purpose.QUERY)
    assert (caught.value.status, len(service.heard)) == (status, requests)


@pytest.mark.parametrize(
    "answer",
    [
        "no json",
        "[]",
        "{}",
        json.dumps({"data": []}),
        json.dumps({"data": [{"index": 0, "embedding": [1.0]}]}),
        json.dumps({"data": [{"index": 1, "embedding": [1.0] * 64}]}),
        json.dumps({"data": [{"index": 0, "embedding": [0.0] * 64}]}),
        json.dumps({"data": [{"index": 0, "embedding": [float("nan")] * 64}]}),
        json.dumps({"data": [{"index": 0, "embedding": "AAAA"}]}),
    ],
)
async def test_an_answer_that_does_not_fit_is_named(http, answer):
    service = Service(web.Response(text=answer, content_type="application/json"))
    async with serving({"/v1/embeddings": service}) as base:
        embedder = embedder_for(http, base)
        with pytest.raises(UpstreamGarbageError):
            await embedder.embed(["a"], purpose=Purpose.QUERY)


async def test_a_service_that_is_down_is_named(http):
    async with serving({}) as base:
        embedder = embedder_for(http, base)
    with pytest.raises(UpstreamUnreachableError):
        await embedder.embed(["a"], purpose=Purpose.QUERY)


async def test_a_service_that_is_silent_is_named(http):
    async def silent(reader, writer):
        await reader.read()
        writer.close()

    async with serving_raw(silent) as base:
        with pytest.raises(UpstreamTimeoutError):
            await embedder_for(http, base, timeout_seconds=0.2).embed(["a"], purpose=Purpose.QUERY)

"""Chat completions from a local server: what is read, what is asked, how failures are named, how a stop arrives."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from pydantic import ValidationError

from privexbot_app.integrations.llms.base import (
    NO_ANSWER_MESSAGE,
    ChatMessage,
    ChatRequest,
    ModelGarbageError,
    ModelStatusError,
    ModelTimeoutError,
    ModelUnreachableError,
    TokenDelta,
    TokenUsage,
)
from privexbot_app.integrations.llms.openai_like import OpenAiLikeModel
from privexbot_app.integrations.llms.openai_like.reading import ChatStreamReader
from privexbot_app.kit.errors import ErrorKind
from privexbot_app.kit.http import HttpClient
from tests.contract.language_model_contract import LanguageModelContract

STREAMS = Path(__file__).parents[4] / "shared" / "data" / "openai" / "streams"
REQUEST = ChatRequest((ChatMessage("system", "Be kind."), ChatMessage("user", "Hello?")), "Hello?", max_tokens=50)
Handler = Callable[[web.Request], Any]


def chunk(text: str | None, **extra: object) -> str:
    return "data: " + json.dumps({"choices": [{"index": 0, "delta": {"content": text}, **extra}]}) + "\n\n"


def sse(*events: str) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for event in events:
            await response.write(event.encode())
        return response

    return handle


def plain(body: object, status: int = 200, headers: dict[str, str] | None = None) -> Handler:
    async def handle(request: web.Request) -> web.Response:
        return web.json_response(body, status=status, headers=headers)

    return handle


class Server:
    """A chat completions server that plays the given answers in turn and remembers what it was asked."""

    def __init__(self, *handlers: Handler, models: Handler | None = None) -> None:
        self.handlers = list(handlers)
        self.models = models or plain({"data": [{"id": "tiny"}, {"id": "big:latest"}]})
        self.asked: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.pauses: list[float] = []

    async def chat(self, request: web.Request) -> Any:
        self.asked.append(await request.json())
        self.headers.append(dict(request.headers))
        return await self.handlers[min(len(self.asked), len(self.handlers)) - 1](request)

    async def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)

    @asynccontextmanager
    async def model(self, **config: object) -> AsyncIterator[OpenAiLikeModel]:
        app = web.Application()
        app.router.add_post("/v1/chat/completions", self.chat)
        app.router.add_get("/v1/models", self.models)
        runner = web.AppRunner(app, handler_cancellation=True)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        http = HttpClient()
        settings = {"base_url": f"http://127.0.0.1:{port}/v1/", "model": "tiny", **config}
        try:
            yield OpenAiLikeModel(OpenAiLikeModel.Config(**settings), http, sleep=self.pause)
        finally:
            await http.close()
            await runner.cleanup()


async def ask(server: Server, request: ChatRequest = REQUEST, **config: object) -> tuple[str, TokenUsage]:
    async with server.model(**config) as model:
        parts = [part async for part in model.stream(request)]
    assert isinstance(parts[-1], TokenUsage)
    return "".join(part.text for part in parts if isinstance(part, TokenDelta)), parts[-1]


class TestContract(LanguageModelContract):
    @asynccontextmanager
    async def model(self) -> AsyncIterator[OpenAiLikeModel]:
        async with Server(sse(chunk("Thirty "), chunk("days [1]."), "data: [DONE]\n\n")).model() as model:
            yield model


async def test_the_request_carries_everything() -> None:
    server = Server(sse(chunk("Hi"), "data: [DONE]\n\n"))
    await ask(server, api_key="secret-key")
    assert server.asked == [
        {
            "model": "tiny",
            "messages": [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hello?"}],
            "stream": True,
            "stream_options": {"include_usage": True},
            "temperature": 0.2,
            "max_tokens": 50,
        }
    ]
    assert server.headers[0]["Authorization"] == "Bearer secret-key"


async def test_a_bot_may_name_another_model_and_a_server_needs_no_key() -> None:
    server = Server(sse(chunk("Hi")))
    await ask(server, ChatRequest(REQUEST.messages, "Hello?", model="big"), api_key="")
    assert server.asked[0]["model"] == "big"
    assert "Authorization" not in server.headers[0]


@pytest.mark.skipif(not STREAMS.exists(), reason="needs the shared test data")
@pytest.mark.parametrize(
    ("file", "text", "usage"),
    [
        ("00.sse", '{"city":"San Francisco","units":"f"}', TokenUsage(17, 10)),
        ("01.sse", "I'm very sorry, but I can't assist with that request.", TokenUsage(17, 13)),
        ("02.sse", None, TokenUsage(17, 10)),
        ("03.sse", None, TokenUsage(17, 10)),
    ],
)
async def test_recorded_streams_are_read(file: str, text: str | None, usage: TokenUsage) -> None:
    recorded = (STREAMS / file).read_text("utf-8")
    said, counted = await ask(Server(sse(recorded)))
    assert counted == usage
    if text is not None:
        assert said == text
    else:
        assert set(json.loads(said)) == {"city", "units"}


@pytest.mark.parametrize("size", [1, 7, 64])
async def test_how_the_bytes_are_cut_does_not_matter(size: int) -> None:
    whole = ": ping\r\n\r\n" + (chunk("Grüß") + chunk(" dich 你好") + "data:[DONE]\n\n").replace("\n", "\r\n")
    raw = whole.encode()

    async def handle(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for at in range(0, len(raw), size):
            await response.write(raw[at : at + size])
        return response

    assert (await ask(Server(handle)))[0] == "Grüß dich 你好"


@pytest.mark.parametrize(
    "events",
    [
        [": comment\n\n", chunk("Hi"), "data: [DONE]\n\n"],
        ["data:" + chunk("Hi")[6:], "data: [DONE]\n\n"],
        [chunk("Hi").replace("\n\n", "\n"), "data: [DONE]\n"],
        [chunk("Hi").rstrip()],
        ["event: message\nid: 3\nretry: 10\n" + chunk("Hi")],
        ['data: {"choices": [{"delta": {"role": "assistant"}}]}\n\n', chunk("Hi")],
        ['data: {"choices": []}\n\n', chunk(None), chunk(""), chunk("Hi", finish_reason="stop")],
        ['data: {"choices": [{"delta": {"reasoning_content": "Hm", "content": null}}]}\n\n', chunk("Hi")],
        ['data: {"choices": [{"delta": {"tool_calls": [{"index": 0}]}}]}\n\n', chunk("Hi")],
        ['data: {"choices": [{"index": 0, "delta": {"content": "Hi"}}, {"index": 1, "delta": {"content": "Yo"}}]}\n\n'],
        ['data: {"choices":\ndata: [{"delta": {"content": "Hi"}}]}\n\n'],
        ['data: {"choices": [{"delta": {"content": [{"type": "text", "text": "Hi"}]}}], "usage": null}\n\n'],
        [chunk("<thi"), chunk("nk>Let me"), chunk(" see.</think>\n\n"), chunk("Hi")],
        ['data: {"object": "ping"}\n\n', chunk("Hi"), "data: [DONE]\n\n", "data: not read any more\n\n"],
    ],
)  # fmt: skip
async def test_servers_have_dialects(events: list[str]) -> None:
    said, usage = await ask(Server(sse(*events)))
    assert said == "Hi"
    assert usage.is_estimate
    assert usage.completion_tokens >= 1
    assert usage.prompt_tokens > usage.completion_tokens


async def test_text_that_only_looks_like_a_thought_is_kept() -> None:
    assert (await ask(Server(sse(chunk("<th"), chunk("ree>")))))[0] == "<three>"
    assert (await ask(Server(sse(chunk("<thin")))))[0] == "<thin"


async def test_a_plain_json_answer_is_accepted() -> None:
    body = {"choices": [{"message": {"content": "Hi"}}], "usage": {"prompt_tokens": 3, "completion_tokens": 1}}
    assert await ask(Server(plain(body))) == ("Hi", TokenUsage(3, 1))


@pytest.mark.parametrize(
    ("status", "code"),
    [(401, "model_unauthorized"), (403, "model_unauthorized"), (404, "model_not_found"), (400, "model_failed"),
     (429, "model_rate_limited"), (500, "model_failed"), (503, "model_failed")],
)  # fmt: skip
async def test_a_status_has_a_code_of_its_own(status: int, code: str) -> None:
    with pytest.raises(ModelStatusError) as caught:
        await ask(Server(plain({"error": {"message": "key sk-123 is wrong"}}, status)))
    assert caught.value.code == code
    assert caught.value.kind is ErrorKind.UPSTREAM_FAILED
    assert caught.value.message == NO_ANSWER_MESSAGE
    assert caught.value.context["status"] == status
    assert "sk-123" not in str(caught.value.context)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ({"error": {"message": "slow down", "code": "rate_limit_exceeded"}}, "model_rate_limited"),
        ({"error": {"message": "?", "type": "authentication_error"}}, "model_unauthorized"),
        ({"error": {"code": 404}}, "model_not_found"),
        ({"error": "out of memory"}, "model_failed"),
        ({"object": "error", "message": "x", "code": 50000}, "model_failed"),
    ],
)
async def test_an_error_in_the_middle_of_a_stream_is_raised(error: object, code: str) -> None:
    server = Server(sse(chunk("Hal"), f"data: {json.dumps(error)}\n\n"))
    with pytest.raises(ModelStatusError) as caught:
        await ask(server)
    assert caught.value.code == code
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    "answer",
    [
        sse("data: {broken\n\n"),
        sse("data: {broken"),
        sse("data: 42\n\n"),
        sse(""),
        sse("<html>Welcome</html>"),
        sse("data: [DONE]\n\n"),
        sse(chunk("")),
        sse("{not json"),
        plain([1, 2]),
        plain({"hello": "world"}),
    ],
)
async def test_garbage_is_named(answer: Handler) -> None:
    with pytest.raises(ModelGarbageError) as caught:
        await ask(Server(answer))
    assert caught.value.code == "model_garbage"


async def test_a_busy_server_is_asked_once_more() -> None:
    server = Server(plain({}, 503), sse(chunk("Hi")))
    assert (await ask(server))[0] == "Hi"
    assert len(server.pauses) == 1


async def test_a_server_that_names_its_pause_gets_it_within_reason() -> None:
    server = Server(plain({}, 429, {"Retry-After": "1"}), sse(chunk("Hi")))
    await ask(server)
    assert server.pauses == [1.0]
    server = Server(plain({}, 429, {"Retry-After": "3600"}))
    with pytest.raises(ModelStatusError):
        await ask(server)
    assert server.pauses == [2.0]
    assert len(server.asked) == 2


async def test_a_wrong_key_is_not_tried_twice() -> None:
    server = Server(plain({}, 401))
    with pytest.raises(ModelStatusError):
        await ask(server)
    assert len(server.asked) == 1


async def test_a_parameter_that_the_server_refuses_is_left_out_or_renamed() -> None:
    server = Server(
        plain({"error": {"message": "Unsupported parameter: 'max_tokens', use 'max_completion_tokens'."}}, 400),
        plain({"error": {"message": "temperature is not supported"}}, 400),
        sse(chunk("Hi")),
    )
    assert (await ask(server))[0] == "Hi"
    assert server.asked[-1]["max_completion_tokens"] == 50
    assert {"max_tokens", "temperature"}.isdisjoint(server.asked[-1])


async def test_nobody_at_the_address_is_unreachable_after_one_retry() -> None:
    pauses = Server()
    http = HttpClient()
    config = OpenAiLikeModel.Config(base_url="http://127.0.0.1:1/v1", model="tiny")
    with pytest.raises(ModelUnreachableError) as caught:
        async for _ in OpenAiLikeModel(config, http, sleep=pauses.pause).stream(REQUEST):
            pass
    await http.close()
    assert caught.value.code == "model_unreachable"
    assert len(pauses.pauses) == 1


async def test_a_server_that_breaks_off_is_unreachable() -> None:
    async def handle(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(chunk("Half an ans").encode())
        assert request.transport is not None
        request.transport.abort()
        return response

    server = Server(handle)
    with pytest.raises(ModelUnreachableError):
        await ask(server)


async def test_silence_is_a_timeout() -> None:
    async def handle(request: web.Request) -> web.StreamResponse:
        await asyncio.Event().wait()
        raise AssertionError

    with pytest.raises(ModelTimeoutError) as caught:
        await ask(Server(handle), idle_timeout_seconds=0.05)
    assert caught.value.code == "model_timeout"


async def _stop(model: OpenAiLikeModel, how: str) -> None:
    stream = model.stream(REQUEST)
    if how == "closing":
        await anext(stream)
        await stream.aclose()  # type: ignore[attr-defined]
        return
    seen = asyncio.Event()

    async def consume() -> None:
        async for _ in stream:
            seen.set()

    task = asyncio.create_task(consume())
    await seen.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize("how", ["cancelling", "closing"])
async def test_stopping_closes_the_connection_and_the_server_stops_writing(how: str) -> None:
    gone = asyncio.Event()
    written = 0

    async def handle(request: web.Request) -> web.StreamResponse:
        nonlocal written
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            for written in range(1, 100_000):
                await response.write(chunk(f"word{written} ").encode())
                await asyncio.sleep(0.002)
        except (ConnectionResetError, asyncio.CancelledError):
            gone.set()
            raise
        return response

    async with Server(handle).model() as model:
        await _stop(model, how)
        await asyncio.wait_for(gone.wait(), timeout=5)
    assert 0 < written < 5_000


async def test_models_are_listed_and_checked() -> None:
    async with Server().model() as model:
        assert await model.list_models() == ["big:latest", "tiny"]
        await model.check()
    async with Server().model(model="big") as model:
        await model.check()
    async with Server().model(model="gone") as model:
        with pytest.raises(ModelStatusError) as caught:
            await model.check()
    assert caught.value.code == "model_not_found"


async def test_a_server_without_a_list_is_checked_by_asking() -> None:
    server = Server(sse(chunk("Hi")), models=plain({}, 404))
    async with server.model() as model:
        await model.check()
    assert len(server.asked) == 1


@pytest.mark.parametrize("answer", [plain({"models": []}), plain({"data": [3]}), plain(None)])
async def test_a_list_that_is_none_is_garbage(answer: Handler) -> None:
    async with Server(models=answer).model() as model:
        with pytest.raises(ModelGarbageError):
            await model.list_models()


async def test_a_wrong_key_shows_in_the_check() -> None:
    async with Server(models=plain({}, 401)).model() as model:
        with pytest.raises(ModelStatusError) as caught:
            await model.check()
        await model.close()
    assert caught.value.code == "model_unauthorized"


def test_settings_are_described_and_checked() -> None:
    properties = OpenAiLikeModel.Config.model_json_schema()["properties"]
    assert all({"title", "description"} <= set(field) for field in properties.values())
    with pytest.raises(ValidationError):
        OpenAiLikeModel.Config(base_url="ftp://example.com", model="tiny")
    config = OpenAiLikeModel.Config(base_url="http://h/v1/chat/completions", model="tiny", api_key="secret-key")
    assert config.base_url == "http://h/v1"
    assert "secret-key" not in repr(config)


def test_an_endless_body_is_refused() -> None:
    reader = ChatStreamReader()
    for _ in range(4):
        assert reader.read(b"{" + b"x" * 1_000_000) == ""
    with pytest.raises(ModelGarbageError):
        reader.read(b"x" * 1_000_000)

"""Any server that speaks the chat completions protocol of OpenAI: hosted services, vLLM, Ollama, LocalAI and others.

Owns the request, one retry before the first token, and the naming of failures. The stream is read by `reading`; tokens
that arrive together leave together.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from privexbot_app.integrations.llms.base import (
    LLMS,
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
from privexbot_app.integrations.llms.openai_like.reading import STATUS_CODES, ChatStreamReader, garbage
from privexbot_app.kit.errors import UpstreamFailedError
from privexbot_app.kit.http import (
    FetchedResponse,
    FetchTimeoutError,
    FetchTooLargeError,
    HttpClient,
    LineStream,
    OutboundPolicy,
    UpstreamStatusError,
    UpstreamTimeoutError,
    UrlNotAllowedError,
)
from privexbot_app.kit.tokens import estimate_tokens

RETRY_AFTER_SECONDS = 0.3
MAX_RETRY_AFTER_SECONDS = 2.0
_END_OF_STREAM_SECONDS = 0.2
_MAX_MODEL_LIST_BYTES = 4 * 1024 * 1024
# What older or stricter servers refuse, and what to send instead; None means to leave it out.
_OPTIONAL_PARAMETERS = {"stream_options": None, "max_tokens": "max_completion_tokens", "temperature": None}


def _normal_base_url(value: str) -> str:
    url = value.strip().rstrip("/").removesuffix("/chat/completions")
    if not url.startswith(("http://", "https://")):
        raise ValueError("must begin with http:// or https://")
    return url


@LLMS.register("openai_like")
class OpenAiLikeModel:
    """A chat completions server. Leaving a stream early closes the connection, so that the server stops writing."""

    label = "OpenAI-compatible server"
    is_language_model = True

    class Config(BaseModel):
        """Where the server is, and how patient to be with it."""

        model_config = ConfigDict(frozen=True, extra="forbid")

        base_url: Annotated[str, AfterValidator(_normal_base_url)] = Field(
            title="Address", description="Address of the API, usually ending in /v1, e.g. http://localhost:11434/v1."
        )
        api_key: SecretStr | None = Field(
            None, title="API key", description="Sent as a bearer token; leave empty for servers without keys."
        )
        model: str = Field(
            min_length=1, title="Model", description="Name of the model to use unless a bot names another."
        )
        connect_timeout_seconds: float = Field(
            10.0, gt=0, title="Connect timeout", description="Longest wait for a connection, in seconds."
        )
        idle_timeout_seconds: float = Field(
            60.0,
            gt=0,
            title="Silence timeout",
            description="Longest silence before the first token and between two, in seconds.",
        )

    def __init__(
        self, config: Config, http: HttpClient, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self.config = config
        self._http = http
        self._sleep = sleep

    async def stream(self, request: ChatRequest) -> AsyncIterator[TokenDelta | TokenUsage]:
        body = self._body(request)
        retries = 1
        while True:
            reader = ChatStreamReader()
            try:
                async for text in self._read(body, reader):
                    yield TokenDelta(text)
                break
            except (ModelUnreachableError, ModelStatusError) as error:
                if reader.has_begun:
                    raise
                if _adapt(body, error):
                    continue
                if not retries or not _is_passing(error):
                    raise
                retries -= 1
                await self._sleep(_pause_seconds(error))
        yield reader.usage or _estimated_usage(request, reader.estimate_completion_tokens())

    async def list_models(self) -> list[str]:
        response = await self._get_models()
        if response.status >= 400:
            raise _status_error(response.status)
        try:
            return sorted(str(entry["id"]) for entry in response.json()["data"])
        except (ValueError, KeyError, TypeError) as error:
            raise ModelGarbageError(NO_ANSWER_MESSAGE, reason="no list of models") from error

    async def check(self) -> None:
        try:
            models = await self.list_models()
        except ModelStatusError as error:
            if error.context.get("status") not in (404, 405, 501):
                raise
            await self._ask_for_one_token()  # the list is optional, answers are not
            return
        known = {name for model in models for name in (model, model.removesuffix(":latest"))}
        if self.config.model not in known:
            raise ModelStatusError(NO_ANSWER_MESSAGE, code="model_not_found", model=self.config.model)

    async def close(self) -> None:
        return None  # the HTTP client belongs to bootstrap

    async def _ask_for_one_token(self) -> None:
        request = ChatRequest((ChatMessage("user", "Hi"),), "Hi", max_tokens=16)
        async for _ in self.stream(request):
            pass

    async def _get_models(self) -> FetchedResponse:
        with _named_failures():
            return await self._http.fetch(
                f"{self.config.base_url}/models",
                policy=OutboundPolicy.OPERATOR,
                headers=self._headers(),
                max_bytes=_MAX_MODEL_LIST_BYTES,
                timeout_seconds=self.config.connect_timeout_seconds + 5,
            )

    async def _read(self, body: dict[str, Any], reader: "ChatStreamReader") -> AsyncIterator[str]:
        with _named_failures():
            async with self._http.stream(
                f"{self.config.base_url}/chat/completions",
                policy=OutboundPolicy.OPERATOR,
                json=body,
                headers=self._headers(),
                connect_timeout_seconds=self.config.connect_timeout_seconds,
                idle_timeout_seconds=self.config.idle_timeout_seconds,
            ) as lines:
                async for batch in lines.batches():
                    if text := "".join(map(reader.read, batch)):
                        yield text
                    if reader.is_done:
                        await _read_to_the_end(lines)
                        break
        if text := reader.finish():
            yield text

    def _headers(self) -> dict[str, str]:
        key = self.config.api_key.get_secret_value() if self.config.api_key else ""
        return {"Authorization": f"Bearer {key}"} if key else {}

    def _body(self, request: ChatRequest) -> dict[str, Any]:
        return {
            "model": request.model or self.config.model,
            "messages": [{"role": message.role, "content": message.content} for message in request.messages],
            "stream": True,
            "stream_options": {"include_usage": True},
            "temperature": request.temperature,
            "max_tokens": request.max_tokens,
        }


async def _read_to_the_end(lines: LineStream) -> None:
    """Read what little may follow the last token, so that the connection can be used again."""
    with suppress(TimeoutError, UpstreamFailedError):
        async with asyncio.timeout(_END_OF_STREAM_SECONDS):
            async for _ in lines.batches():
                pass


def _estimated_usage(request: ChatRequest, completion_tokens: int) -> TokenUsage:
    prompt_tokens = sum(estimate_tokens(message.content) + 4 for message in request.messages)
    return TokenUsage(prompt_tokens, completion_tokens, is_estimate=True)


def _status_error(status: int, *, body: bytes = b"", retry_after_seconds: float | None = None) -> ModelStatusError:
    refused = next((name for name in _OPTIONAL_PARAMETERS if name.encode() in body), None)
    code = STATUS_CODES.get(status, "model_failed")
    return ModelStatusError(
        NO_ANSWER_MESSAGE, code=code, status=status, refused_parameter=refused, retry_after_seconds=retry_after_seconds
    )


@contextmanager
def _named_failures() -> Iterator[None]:
    """Translate the failures of the HTTP client into those of a language model."""
    try:
        yield
    except (ModelStatusError, ModelGarbageError):
        raise
    except UpstreamStatusError as error:
        raise _status_error(error.status, body=error.body, retry_after_seconds=error.retry_after_seconds) from error
    except (UpstreamTimeoutError, FetchTimeoutError) as error:
        raise ModelTimeoutError(NO_ANSWER_MESSAGE, host=error.context.get("host")) from error
    except FetchTooLargeError as error:
        raise garbage("an endless answer") from error
    except (UpstreamFailedError, UrlNotAllowedError) as error:
        raise ModelUnreachableError(NO_ANSWER_MESSAGE, reason=error.code, host=error.context.get("host")) from error


def _adapt(body: dict[str, Any], error: UpstreamFailedError) -> bool:
    """Leave out or rename the parameter that the server refuses. False where there is none, or it is gone already."""
    name = error.context.get("refused_parameter")
    if error.context.get("status") not in (400, 422) or not isinstance(name, str) or name not in body:
        return False
    value = body.pop(name)
    if renamed := _OPTIONAL_PARAMETERS[name]:
        body[renamed] = value
    return True


def _is_passing(error: UpstreamFailedError) -> bool:
    """Whether asking again at once may help."""
    return isinstance(error, ModelUnreachableError) or error.context.get("status") in (429, 503)


def _pause_seconds(error: UpstreamFailedError) -> float:
    asked = error.context.get("retry_after_seconds")
    return min(float(asked), MAX_RETRY_AFTER_SECONDS) if isinstance(asked, int | float) else RETRY_AFTER_SECONDS

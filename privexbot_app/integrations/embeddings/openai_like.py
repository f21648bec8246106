"""Any service that speaks OpenAI's `/embeddings`: OpenAI, vLLM, Ollama, LocalAI, text-embeddings-inference and others.

The address comes from the operator's settings and may be on this machine. Vectors are brought to unit length here,
since not every service does it.
"""

import asyncio
import math
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from pydantic import BaseModel, Field, HttpUrl, SecretStr

from privexbot_app.integrations.embeddings.base import EMBEDDERS, Purpose
from privexbot_app.kit.http import HttpClient, Patience, UpstreamGarbageError
from privexbot_app.kit.http.services import JsonService

_BUSY = frozenset({429, *range(500, 600)})


@EMBEDDERS.register("openai_like")
class OpenAiLikeEmbedder:
    """A service over HTTP, asked in batches, asked again when it is busy.

    sleep: replaced in tests.
    """

    class Config(BaseModel):
        """Which service, and how to ask it."""

        base_url: HttpUrl = Field(HttpUrl("https://api.openai.com/v1"), description="Address up to and with /v1.")
        api_key: SecretStr | None = Field(None, description="Sent as a bearer token.")
        model: str = Field("text-embedding-3-small", description="Name of the model at the service.")
        dimensions: int = Field(1536, ge=1, le=65_536, description="Length of the model's vectors.")
        is_length_requested: bool = Field(False, description="Ask the service for that length; not all know how.")
        max_tokens: int = Field(8191, ge=1, description="Longest text that the model reads, in tokens.")
        batch_size: int = Field(64, ge=1, le=2048, description="Texts per request.")
        timeout_seconds: float = Field(60.0, gt=0, description="Longest wait for one request, in seconds.")
        max_attempts: int = Field(4, ge=1, le=10, description="How often a request is sent before it counts as failed.")
        document_prefix: str = Field("", description="Put before documents, for models that want it.")
        query_prefix: str = Field("", description="Put before questions, for models that want it.")

    def __init__(
        self, config: Config, http: HttpClient, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self.config = config
        key = config.api_key
        self._service = JsonService(
            http,
            str(config.base_url),
            headers={"Authorization": f"Bearer {key.get_secret_value()}"} if key else {},
            timeout_seconds=config.timeout_seconds,
            name="The embedding service",
            patience=Patience(config.max_attempts, longest_pause_seconds=30.0, first_pause_seconds=1.0),
            busy=_BUSY,
            sleep=sleep,
        )

    languages = None

    @property
    def model_id(self) -> str:
        """The model, the length and the prefixes: what makes vectors comparable."""
        prefixes = self.config.document_prefix, self.config.query_prefix
        suffix = "/" + "|".join(prefix.strip() for prefix in prefixes) if any(prefixes) else ""
        return f"{self.config.model}/{self.config.dimensions}{suffix}"

    @property
    def dimensions(self) -> int:
        """See `Embedder`."""
        return self.config.dimensions

    @property
    def max_tokens(self) -> int:
        """See `Embedder`."""
        return self.config.max_tokens

    async def embed(self, texts: Sequence[str], *, purpose: Purpose) -> list[list[float]]:
        """See `Embedder.embed`."""
        is_query = purpose is Purpose.QUERY
        prefix = self.config.query_prefix if is_query else self.config.document_prefix
        # Several services refuse an empty text.
        prepared = [prefix + text or " " for text in texts]
        vectors: list[list[float]] = []
        for start in range(0, len(prepared), self.config.batch_size):
            batch = prepared[start : start + self.config.batch_size]
            answer = await self._service.obtain("POST", "/embeddings", self._body(batch))
            vectors.extend(self._read(answer, expected=len(batch)))
        return vectors

    def count_tokens(self, text: str) -> int:
        """An estimate, rather too high than too low: the service's tokeniser is not at hand."""
        return math.ceil(len(text.encode()) / 3)

    async def close(self) -> None:
        """See `Embedder.close`; the connections belong to whoever gave the client."""

    def _body(self, batch: list[str]) -> dict[str, object]:
        body: dict[str, object] = {"model": self.config.model, "input": batch, "encoding_format": "float"}
        if self.config.is_length_requested:
            body["dimensions"] = self.config.dimensions
        return body

    def _read(self, answer: Any, *, expected: int) -> list[list[float]]:
        try:
            rows: list[Any] = sorted(answer["data"], key=lambda row: row["index"])
            vectors = [[float(number) for number in row["embedding"]] for row in rows]
            indexes = [row["index"] for row in rows]
        except (ValueError, TypeError, KeyError) as error:
            raise UpstreamGarbageError("The embedding service sent an answer that cannot be read.") from error
        lengths = {len(vector) for vector in vectors}
        if indexes != list(range(expected)) or lengths != {self.config.dimensions}:
            raise UpstreamGarbageError(
                "The embedding service sent vectors that do not fit the settings.",
                lengths=sorted(lengths),
                expected_length=self.config.dimensions,
                count=len(vectors),
                expected_count=expected,
            )
        return [_unit(vector) for vector in vectors]


def _unit(vector: list[float]) -> list[float]:
    length = math.hypot(*vector)
    if not math.isfinite(length) or length == 0.0:
        raise UpstreamGarbageError("The embedding service sent a vector without a direction.")
    return [number / length for number in vector]

"""Any service with a `/rerank` in the manner of Cohere, Jina, Voyage, vLLM or text-embeddings-inference.

The address comes from the operator's settings and may be on this machine.
"""

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import BaseModel, Field, HttpUrl, SecretStr

from privexbot_app.integrations.rerankers.base import RERANKERS, Proposal
from privexbot_app.kit.http import (
    FetchedResponse,
    FetchFailedError,
    FetchTimeoutError,
    HttpClient,
    OutboundPolicy,
    UpstreamGarbageError,
    UpstreamStatusError,
    UpstreamTimeoutError,
    UpstreamUnreachableError,
)

_MAX_ANSWER_BYTES = 8 * 1024 * 1024


@RERANKERS.register("http")
class HttpReranker:
    """A cross-encoder behind HTTP, asked once per search."""

    class Config(BaseModel):
        """Which service, and how to ask it."""

        url: HttpUrl = Field(description="Whole address, e.g. https://api.cohere.com/v2/rerank.")
        api_key: SecretStr | None = Field(None, description="Sent as a bearer token.")
        model: str = Field("", description="Name of the model at the service; left out when empty.")
        format: Literal["documents", "texts"] = Field(
            "documents", description="`documents` for Cohere, Jina, Voyage and vLLM; `texts` for TEI."
        )
        timeout_seconds: float = Field(15.0, gt=0, description="Longest wait for one request, in seconds.")

    def __init__(self, config: Config, http: HttpClient) -> None:
        self.config = config
        self._http = http

    async def rerank(self, question: str, proposals: Sequence[Proposal]) -> list[float]:
        """See `Reranker.rerank`. A passage that the service leaves out comes last."""
        if not proposals:
            return []
        body: dict[str, object] = {"query": question, self.config.format: [proposal.text for proposal in proposals]}
        if self.config.model:
            body["model"] = self.config.model
        response = await self._send(body)
        if response.status != 200:
            raise UpstreamStatusError(
                f"The reranking service answered with status {response.status}.",
                status=response.status,
                body=response.body[:4096],
            )
        return _read(response, len(proposals))

    async def close(self) -> None:
        """See `Reranker.close`; the connections belong to whoever gave the client."""

    async def _send(self, body: dict[str, object]) -> FetchedResponse:
        key = self.config.api_key
        try:
            return await self._http.fetch(
                str(self.config.url),
                policy=OutboundPolicy.OPERATOR,
                method="POST",
                json=body,
                headers={"Authorization": f"Bearer {key.get_secret_value()}"} if key else None,
                max_bytes=_MAX_ANSWER_BYTES,
                timeout_seconds=self.config.timeout_seconds,
            )
        except FetchTimeoutError as error:
            raise UpstreamTimeoutError("The reranking service took too long to answer.") from error
        except FetchFailedError as error:
            raise UpstreamUnreachableError("The reranking service cannot be reached.") from error


def _read(response: FetchedResponse, count: int) -> list[float]:
    """Scores in the order of the passages. Services name them differently and send them best first."""
    try:
        answer: Any = response.json()
        rows = answer if isinstance(answer, list) else answer.get("results") or answer["data"]
        scored = {int(row["index"]): float(row.get("relevance_score", row.get("score"))) for row in rows}
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise UpstreamGarbageError("The reranking service sent an answer that cannot be read.") from error
    if not scored or not set(scored) <= set(range(count)):
        raise UpstreamGarbageError("The reranking service sent scores of passages that it was not sent.", count=count)
    lowest = min(scored.values())
    return [scored.get(at, lowest - 1) for at in range(count)]

"""Any service with a `/rerank` in the manner of Cohere, Jina, Voyage, vLLM or text-embeddings-inference.

The address comes from the operator's settings and may be on this machine.
"""

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import BaseModel, Field, HttpUrl, SecretStr

from privexbot_app.integrations.rerankers.base import RERANKERS, Proposal
from privexbot_app.kit.http import HttpClient, Patience, UpstreamGarbageError
from privexbot_app.kit.http.services import JsonService


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
        key = config.api_key
        self._service = JsonService(
            http,
            str(config.url),
            headers={"Authorization": f"Bearer {key.get_secret_value()}"} if key else {},
            timeout_seconds=config.timeout_seconds,
            name="The reranking service",
            # Somebody waits for the answer.
            patience=Patience(max_attempts=1),
        )

    async def rerank(self, question: str, proposals: Sequence[Proposal]) -> list[float]:
        """See `Reranker.rerank`. A passage that the service leaves out comes last."""
        if not proposals:
            return []
        body: dict[str, object] = {"query": question, self.config.format: [proposal.text for proposal in proposals]}
        if self.config.model:
            body["model"] = self.config.model
        return _read(await self._service.obtain("POST", "", body), len(proposals))

    async def close(self) -> None:
        """See `Reranker.close`; the connections belong to whoever gave the client."""


def _read(answer: Any, count: int) -> list[float]:
    """Scores in the order of the passages. Services name them differently and send them best first."""
    try:
        rows = answer if isinstance(answer, list) else answer.get("results") or answer["data"]
        scored = {int(row["index"]): float(row.get("relevance_score", row.get("score"))) for row in rows}
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise UpstreamGarbageError("The reranking service sent an answer that cannot be read.") from error
    if not scored or not set(scored) <= set(range(count)):
        raise UpstreamGarbageError("The reranking service sent scores of passages that it was not sent.", count=count)
    lowest = min(scored.values())
    return [scored.get(at, lowest - 1) for at in range(count)]

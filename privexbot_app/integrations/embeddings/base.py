"""What turns text into vectors. Owns the contract and the registry; each provider is one module beside this one.

Vectors of two embedders compare only when their `model_id` is the same, so a knowledge base keeps the `model_id` it was
built with. Storing vectors is the business of `integrations.vector_stores`.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol

from pydantic import BaseModel

from privexbot_app.kit.registry import Registry


class Purpose(StrEnum):
    """Which side of a search a text stands on; some models embed the two sides differently."""

    DOCUMENT = "document"
    QUERY = "query"


class Embedder(Protocol):
    """One embedding model. Built with `Embedder(config, http)`; cheap to build, the model is loaded on first use.

    http: the way out; shared, so an embedder does not close it. One that works on this machine leaves it alone.

    model_id: names the model and its precision, e.g. "minilm-l6-v2/fp32".
    dimensions: the length of every vector.
    max_tokens: a longer text is cut off at this many tokens.
    languages: ISO 639-1 codes of those that the model has learned well; None for all. A search trusts words more than
    vectors in the others.
    """

    Config: type[BaseModel]
    model_id: str
    dimensions: int
    max_tokens: int
    languages: frozenset[str] | None

    async def embed(self, texts: Sequence[str], *, purpose: Purpose) -> list[list[float]]:
        """One vector of unit length per text, in the order of the texts; no texts, no vectors.

        Raises UnavailableError when the model is not installed, UpstreamFailedError when its service fails.
        """
        ...

    def count_tokens(self, text: str) -> int:
        """How many of the model's tokens the whole text makes, without its special tokens and without a cut-off."""
        ...

    async def close(self) -> None:
        """Free the model or the connections."""
        ...


EMBEDDERS = Registry("embedding", Embedder)  # type: ignore[type-abstract]

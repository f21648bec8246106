"""What takes a second look at found passages. Owns the contract and the registry; each variant is one module beside it.

A reranker orders what a search proposes; it finds nothing itself and never sees more than those passages.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from pydantic import BaseModel

from privexbot_app.kit.registry import Registry


@dataclass(frozen=True)
class Proposal:
    """A passage that the search proposes. text: with its headings. score: the search's own, 0 to 1."""

    text: str
    score: float


class Reranker(Protocol):
    """One way to order passages. Built with `Reranker(config, http=…)`, which neither connects nor loads anything.

    http: the way out; shared, so a reranker does not close it. One that works on this machine leaves it alone.
    """

    Config: type[BaseModel]

    async def rerank(self, question: str, proposals: Sequence[Proposal]) -> list[float]:
        """One score per proposal, in their order; higher is better, comparable within this call only.

        Raises UpstreamFailedError when its service fails.
        """
        ...

    async def close(self) -> None:
        """Free what it holds."""
        ...


RERANKERS = Registry("reranker", Reranker)  # type: ignore[type-abstract]

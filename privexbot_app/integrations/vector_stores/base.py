"""Where vectors are kept and searched. Owns the contract and the registry; each engine is one module beside this one.

A store holds ids and vectors, never a chunk's text: the database is the truth, and a store can be rebuilt from it.
Every call names a `Namespace`, and nothing that one namespace holds can be seen or changed through another.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from pydantic import BaseModel

from privexbot_app.kit.errors import InternalError, UnavailableError
from privexbot_app.kit.registry import Registry
from privexbot_app.kit.scope import Namespace


class VectorStoreUnavailableError(UnavailableError):
    """The engine does not answer, or cannot be used as it is set up.

    message: replaces the usual sentence where the operator can do something about it. reason: for the log.
    """

    code = "vector_store_unavailable"

    def __init__(
        self, message: str = "The vector store does not answer. Please try again later.", *, reason: str = ""
    ) -> None:
        super().__init__(message, reason=reason)


class VectorRejectedError(InternalError):
    """The engine refused a vector, e.g. because its length differs from those that are there."""

    code = "vector_rejected"

    def __init__(self, reason: str = "") -> None:
        super().__init__("The vector store refused a vector.", reason=reason)


@dataclass(frozen=True)
class VectorRecord:
    """One chunk's vector, of unit length, and the document that the chunk belongs to."""

    chunk_id: UUID
    document_id: UUID
    vector: Sequence[float]


@dataclass(frozen=True)
class VectorHit:
    """One chunk that was found. cosine_similarity: −1 to 1, 1 for the same direction."""

    chunk_id: UUID
    document_id: UUID
    cosine_similarity: float


class VectorStore(Protocol):
    """One engine. Built with `VectorStore(config, http)`, which neither connects nor imports anything heavy.

    Every method may raise VectorStoreUnavailableError, or ExtraMissingError where the engine's library is an extra.
    """

    Config: type[BaseModel]

    async def upsert(self, space: Namespace, records: Sequence[VectorRecord]) -> None:
        """Add vectors, or replace those of the same `chunk_id`; makes the space if need be.

        All vectors of a space have one length; another length raises VectorRejectedError.
        """
        ...

    async def query(
        self, space: Namespace, vector: Sequence[float], *, limit: int, document_ids: Collection[UUID] | None = None
    ) -> list[VectorHit]:
        """The nearest chunks, best first, at most `limit`; a space that does not exist holds none.

        document_ids: search only in these documents; None searches in all, an empty collection in none.
        """
        ...

    async def fetch_vectors(self, space: Namespace, chunk_ids: Collection[UUID]) -> dict[UUID, Sequence[float]]:
        """The vectors of these chunks; a chunk that is not there is left out."""
        ...

    async def delete_documents(self, space: Namespace, document_ids: Collection[UUID]) -> None:
        """Remove all chunks of these documents; idempotent."""
        ...

    async def delete_chunks(self, space: Namespace, chunk_ids: Collection[UUID]) -> None:
        """Remove these chunks; idempotent."""
        ...

    async def delete_space(self, space: Namespace) -> None:
        """Remove the space with everything in it; idempotent."""
        ...

    async def count(self, space: Namespace) -> int:
        """How many chunks the space holds; 0 for one that does not exist."""
        ...

    async def list_chunk_ids(self, space: Namespace) -> set[UUID]:
        """The ids of all chunks in the space, to compare with the database."""
        ...

    async def check(self) -> None:
        """Raise VectorStoreUnavailableError with the reason unless the engine answers; loads what later calls need."""
        ...

    async def close(self) -> None:
        """Give back connections and threads."""
        ...


VECTOR_STORES = Registry("vector store", VectorStore)  # type: ignore[type-abstract]

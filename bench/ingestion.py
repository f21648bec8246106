"""How fast documents become searchable: embedding against its bare ceiling, throughput without it, and memory.

    python -m bench.ingestion [--data DIR] [--documents N]

Throughput and memory go through the real indexing code on SQLite with vectors in memory and an
embedder that costs nothing, in as many processes as there are cores; each process claims documents of its own from one
database. The queue and its fork per job are not in it.
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import random
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from bench.corpora import Judging, find_corpora
from bench.embedding import MODEL_DIR
from bench.product import Product, opened_product
from bench.retrieval import DEFAULT_DATA
from privexbot_app.domains.knowledge.indexing import index_document
from privexbot_app.domains.knowledge.schemas import KnowledgeSettings
from privexbot_app.integrations.embeddings.base import EMBEDDERS, Purpose
from privexbot_app.integrations.embeddings.minilm import MiniLmEmbedder
from privexbot_app.kit.http import HttpClient
from privexbot_app.kit.logging import set_up_logging
from privexbot_app.kit.text import StructuredText

TIMED, FREE = "bench-timed", "bench-free"
DOCUMENT_CHARACTERS = 2_000
CEILING_BATCH = 32


class TimedEmbedder(MiniLmEmbedder):
    """The packaged model; adds up how long it was at work, and keeps what it was given."""

    seconds = 0.0

    def __init__(self, config: MiniLmEmbedder.Config, http: HttpClient | None = None) -> None:
        super().__init__(MiniLmEmbedder.Config(model_dir=MODEL_DIR))
        self.texts: list[str] = []

    async def embed(self, texts: Sequence[str], *, purpose: Purpose) -> list[list[float]]:
        """See `Embedder.embed`."""
        started = time.perf_counter()
        vectors = await super().embed(texts, purpose=purpose)
        self.seconds += time.perf_counter() - started
        self.texts.extend(texts)
        return vectors


class FreeEmbedder:
    """Costs nothing, so that everything else shows."""

    class Config(BaseModel):
        """Nothing to choose."""

    model_id = "bench/free"
    dimensions = 384
    max_tokens = 256
    languages = None

    def __init__(self, config: Config, http: HttpClient | None = None) -> None:
        self._vector = [1.0] + [0.0] * (self.dimensions - 1)

    async def embed(self, texts: Sequence[str], *, purpose: Purpose) -> list[list[float]]:
        """See `Embedder.embed`."""
        return [self._vector for _ in texts]

    def count_tokens(self, text: str) -> int:
        """A token for every four characters."""
        return len(text) // 4

    async def close(self) -> None:
        """See `Embedder.close`."""


def register() -> None:
    """Make the two embedders known, before the registries are closed."""
    if TIMED not in EMBEDDERS:
        EMBEDDERS.register(TIMED)(TimedEmbedder)
        EMBEDDERS.register(FREE)(FreeEmbedder)


async def measure_embedding(texts: dict[str, StructuredText]) -> dict[str, float]:
    """Index documents with the real model, then embed the same chunks with nothing around."""
    register()
    async with opened_product() as product:
        embedder: Any = product.works.plugins.embedders.get(TIMED)
        await embedder.embed(["warm"], purpose=Purpose.DOCUMENT)
        embedder.seconds, embedder.texts = 0.0, []
        base_id = await product.make_base("embedding", KnowledgeSettings(embedding=TIMED))
        ids = await product.add_all(base_id, list(texts.items()))
        started, cpu_started = time.perf_counter(), time.process_time()
        for id in ids:
            await index_document(product.works, product.scope, id)
        wall, cpu = time.perf_counter() - started, time.process_time() - cpu_started
        within, chunks = embedder.seconds, list(embedder.texts)
        started, cpu_started = time.perf_counter(), time.process_time()
        for start in range(0, len(chunks), CEILING_BATCH):
            await embedder.embed(chunks[start : start + CEILING_BATCH], purpose=Purpose.DOCUMENT)
        bare, bare_cpu = time.perf_counter() - started, time.process_time() - cpu_started
    return {
        "chunks": len(chunks),
        "share of wall time that is embedding": within / wall,
        "throughput ÷ bare embedding": bare / wall,
        "CPU time of bare embedding ÷ CPU time": bare_cpu / cpu,
    }


async def measure_throughput(documents: int, processes: int) -> dict[str, float]:
    """Index many small texts without the cost of embedding, in several processes on one database."""
    register()
    with tempfile.TemporaryDirectory(prefix="privexbot-bench-") as name:
        folder = Path(name)
        async with opened_product(folder) as product:
            base_id = await product.make_base("throughput", KnowledgeSettings(embedding=FREE))
            ids = await product.add_all(base_id, [(f"{at}.txt", _text(at)) for at in range(documents)])
            scope = product.scope
        context = multiprocessing.get_context("spawn")
        with context.Pool(processes, initializer=register) as pool:
            pool.map(_ready, range(processes))
            shares = [(str(folder), scope, ids[at::processes]) for at in range(processes)]
            reports = pool.map(_index_share, shares, chunksize=1)
    seconds = max(report["ended"] for report in reports) - min(report["started"] for report in reports)
    first = reports[0]
    return {
        "documents": documents,
        "processes": processes,
        "documents per minute": documents / seconds * 60,
        "documents per minute of one core": documents / sum(report["cpu_seconds"] for report in reports) * 60,
        "memory at the end ÷ after 100 documents": first["last_bytes"] / first["early_bytes"],
    }


def _ready(_: int) -> None:
    """A process has started and imported everything."""


def _index_share(task: tuple[str, Any, list[UUID]]) -> dict[str, float]:
    set_up_logging("ERROR")
    return asyncio.run(_index_all(*task))


async def _index_all(folder: str, scope: Any, ids: list[UUID]) -> dict[str, float]:
    async with opened_product(Path(folder), is_new=False) as product:
        worker = Product(product.works, scope)
        started, cpu_started, early = time.time(), time.process_time(), 0
        for number, id in enumerate(ids, start=1):
            await index_document(worker.works, worker.scope, id)
            early = _resident_bytes() if number == min(100, len(ids)) else early
        return {
            "started": started,
            "ended": time.time(),
            "cpu_seconds": time.process_time() - cpu_started,
            "early_bytes": early,
            "last_bytes": _resident_bytes(),
        }


def _resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _text(seed: int) -> StructuredText:
    """Prose of made-up words, different for every document."""
    chance = random.Random(seed)
    words = ["".join(chance.choices("abcdefghilmnoprstu", k=chance.randint(2, 9))) for _ in range(400)]
    return StructuredText(_sentences(words)[:DOCUMENT_CHARACTERS])


def _sentences(words: Sequence[str]) -> str:
    return " ".join(" ".join(words[at : at + 12]).capitalize() + "." for at in range(0, len(words), 12))


async def _sample(data: Path) -> dict[str, StructuredText]:
    """Some real documents: those of the smallest set with files."""
    corpora = [corpus for corpus in find_corpora(data) if corpus.judging is Judging.SPANS]
    sources = corpora[0].sources if corpora else ()
    texts = {source.name: await source.load() for source in sources}
    return texts or {f"{at}.txt": _text(at) for at in range(40)}


async def run(data: Path, documents: int) -> dict[str, dict[str, float]]:
    """Both measurements."""
    texts = await _sample(data) if data.is_dir() else {f"{at}.txt": _text(at) for at in range(40)}
    return {
        "embedding": await measure_embedding(texts),
        "throughput": await measure_throughput(documents, os.cpu_count() or 1),
    }


def main(arguments: list[str] | None = None) -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.ingestion", description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA, help="folder of sets, for real documents")
    parser.add_argument("--documents", type=int, default=1000, help="how many small texts")
    parser.add_argument("--save", type=Path, help="file for the figures, as JSON")
    chosen = parser.parse_args(arguments)
    set_up_logging("ERROR")
    figures = asyncio.run(run(chosen.data, chosen.documents))
    print(json.dumps(figures, indent=2))
    if chosen.save:
        rounded = {part: {key: round(value, 3) for key, value in found.items()} for part, found in figures.items()}
        chosen.save.write_text(json.dumps(rounded, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

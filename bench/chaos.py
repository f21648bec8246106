"""Kill processes without warning while documents are indexed, and see that nothing is stuck, lost or there twice.

`python -m bench.chaos [--rounds 20] [--documents 300]`. Each round indexes a knowledge base of short documents in the
running product and kills web, workers, Redis or Chroma five times at random moments. Then every document must be
indexed, or failed with a reason, and the vector store must hold exactly the chunks that the database knows.
"""

import argparse
import json
import random
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import httpx

from tests.e2e.product import Client, Product, running_product
from tests.e2e.vectors import list_vector_ids

RESULTS = Path(__file__).parent / "results" / "chaos.json"
VICTIMS = {"web": "granian", "worker": r"privexbot_app\.worker", "redis": "redis-server", "chroma": "chroma run"}
SECONDS_BETWEEN_KILLS = (1.0, 8.0)
KILLS_PER_ROUND = 5
SETTLES_WITHIN_SECONDS = 600
TOPICS = ("berths", "fees", "tides", "fuel", "repairs", "customs", "weather", "pilots")


@dataclass(frozen=True)
class Round:
    """What one round came to."""

    seed: int
    kills: dict[str, int]
    indexed: int
    failed: int
    seconds: float
    orphan_vectors: int
    missing_vectors: int


def main() -> None:
    """Run the rounds and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--documents", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rounds: list[Round] = []
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
        settings = {"PRIVEXBOT_WORKER_PROCESSES": "2", "PRIVEXBOT_LOG_LEVEL": "WARNING"}
        with running_product(Path(folder), **settings) as product:
            for number in range(options.rounds):
                done = run_round(product, documents=options.documents, seed=options.seed + number)
                rounds.append(done)
                print(f"round {number + 1}: {asdict(done)}", flush=True)
    RESULTS.write_text(json.dumps([asdict(done) for done in rounds], indent=1) + "\n")
    assert all(done.orphan_vectors == done.missing_vectors == 0 for done in rounds)


def run_round(product: Product, *, documents: int, seed: int) -> Round:
    """One knowledge base, many deaths."""
    chance = random.Random(seed)
    client = product.client()
    started = time.monotonic()
    with _killing(product, chance) as kills:
        base_id = _make_base(client, documents, chance)
        base = _wait_until_settled(client, base_id)
    counts = base["documents"]
    assert counts["total"] == documents, counts
    vectors, chunks = set(list_vector_ids(product, base_id)), _chunk_ids(client, base_id)
    return Round(
        seed=seed,
        kills=kills,
        indexed=counts["indexed"],
        failed=counts["failed"],
        seconds=round(time.monotonic() - started, 1),
        orphan_vectors=len(vectors - chunks),
        missing_vectors=len(chunks - vectors),
    )


@contextmanager
def _killing(product: Product, chance: random.Random) -> Iterator[dict[str, int]]:
    kills = dict.fromkeys(VICTIMS, 0)
    is_over = threading.Event()

    def kill() -> None:
        for _ in range(KILLS_PER_ROUND):
            if is_over.wait(chance.uniform(*SECONDS_BETWEEN_KILLS)):
                return
            victim = chance.choice(list(VICTIMS))
            product.kill(VICTIMS[victim])
            kills[victim] += 1

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        yield kills
    finally:
        is_over.set()
        thread.join()


def _make_base(client: Client, documents: int, chance: random.Random) -> str:
    draft = _persist(client, "POST", "/api/v1/kb/draft", json={"name": "Chaos"})["draft_id"]
    seed = {"type": "text", "title": "Document 0", "content": _text(0, chance)}
    _persist(client, "PUT", f"/api/v1/kb/draft/{draft}/sources", json=seed)
    base_id = _finalize(client, draft)
    for number in range(1, documents):
        body = {"type": "text", "title": f"Document {number}", "content": _text(number, chance)}
        _add_once(client, base_id, body)
    return base_id


def _finalize(client: Client, draft: str) -> str:
    """Finalizing may have happened although its answer was lost; the knowledge base keeps the draft's id."""
    while True:
        try:
            if client.post(f"/api/v1/kb/draft/{draft}/finalize").status_code == 202:
                return draft
            if client.get(f"/api/v1/kb/{draft}").status_code == 200:
                return draft
        except httpx.HTTPError:
            pass
        time.sleep(0.2)


def _add_once(client: Client, base_id: str, body: dict[str, str]) -> None:
    """Add a document; when the answer is lost, look whether it was added before trying again."""
    path = f"/api/v1/kb/{base_id}/documents"
    while True:
        try:
            if client.post(path, json=body).status_code == 202:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.2)
        newest = _persist(client, "GET", path, params={"limit": 5})["items"]
        if any(document["name"] == body["title"] for document in newest):
            return


def _persist(client: Client, method: str, path: str, **options: object) -> dict:
    """Ask until there is an answer."""
    while True:
        try:
            response = client.request(method, path, **options)  # type: ignore[arg-type]
            if response.is_success:
                return response.json()
        except httpx.HTTPError:
            pass
        time.sleep(0.2)


def _wait_until_settled(client: Client, base_id: str) -> dict:
    deadline = time.monotonic() + SETTLES_WITHIN_SECONDS
    while True:
        base = _persist(client, "GET", f"/api/v1/kb/{base_id}")
        if base["documents"]["processing"] == 0:
            return base
        assert time.monotonic() < deadline, base
        time.sleep(0.5)


def _chunk_ids(client: Client, base_id: str) -> set[str]:
    ids: set[str] = set()
    cursor: str | None = ""
    while cursor is not None:
        params = {"limit": 200, **({"cursor": cursor} if cursor else {})}
        page = _persist(client, "GET", f"/api/v1/kb/{base_id}/documents", params=params)
        for document in page["items"]:
            if document["status"] == "indexed":
                path = f"/api/v1/kb/{base_id}/documents/{document['document_id']}/chunks"
                ids |= {chunk["id"].replace("-", "") for chunk in _persist(client, "GET", path)["items"]}
        cursor = page["next_cursor"]
    return ids


def _text(number: int, chance: random.Random) -> str:
    topic = chance.choice(TOPICS)
    return (
        f"Notice {number} of the harbour office is about {topic}. Ask for form {chance.randrange(10_000)} at the desk."
    )


if __name__ == "__main__":
    main()

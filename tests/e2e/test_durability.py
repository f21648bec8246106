"""What survives when processes are killed without warning."""

import time
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.product import Client, Product, running_product
from tests.e2e.vectors import list_vector_ids

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

MIXED = ("documents/files/normal", "documents/files/nasty", "retrieval/xquad/docs_en", "retrieval/xquad/docs_es")


@pytest.fixture(scope="module")
def own_product(tmp_path_factory: pytest.TempPathFactory):
    """A product that these tests may hurt."""
    with running_product(tmp_path_factory.mktemp("durable"), PRIVEXBOT_WORKER_PROCESSES="2") as running:
        yield running


def test_a_hundred_documents_survive_the_killing_of_workers(own_product: Product, data: Path, tmp_path: Path):
    client = own_product.client()
    files = _mixed_files(data, tmp_path, count=100)
    first = client.json("POST", "/api/v1/kb/draft", json={"name": "Hundred"})["draft_id"]
    client.json("PUT", f"/api/v1/kb/draft/{first}/sources", json={"type": "text", "title": "t", "content": "Seed."})
    base_id = client.json("POST", f"/api/v1/kb/draft/{first}/finalize")["kb_id"]
    for start in range(0, 100, 20):
        parts = [("files", (path.name, path.read_bytes())) for path in files[start : start + 20]]
        client.json("POST", f"/api/v1/kb/{base_id}/documents", files=parts)
    _wait_until_some_are_indexed(client, base_id, 15)

    own_product.kill(r"privexbot_app\.worker")

    base = client.wait_until_settled(base_id, seconds=400)
    documents = client.list_documents(base_id)
    assert len(documents) == base["documents"]["total"] == 101
    assert {document["status"] for document in documents} <= {"indexed", "failed"}
    assert all(document["error"]["message"] for document in documents if document["status"] == "failed")
    assert sum(document["status"] == "indexed" for document in documents) > 80
    _assert_vectors_match(own_product, client, base_id, documents)


def test_a_draft_survives_a_redis_that_dies(own_product: Product):
    client = own_product.client()
    draft = client.json("POST", "/api/v1/chatbots/draft", json={"name": "Survivor"})
    path = f"/api/v1/chatbots/draft/{draft['draft_id']}"
    draft = client.json("PUT", path, json={"greeting": "Still here", "version": draft["version"]})

    own_product.kill("redis-server")
    _wait_for_redis(client)

    assert client.json("GET", path)["config"]["greeting"] == "Still here"
    saved = client.json("PUT", path, json={"greeting": "And going on", "version": draft["version"]})
    assert saved["version"] == draft["version"] + 1


def test_a_draft_survives_a_redis_that_forgets_everything(own_product: Product):
    client = own_product.client()
    draft = client.json("POST", "/api/v1/chatbots/draft", json={"name": "Elephant"})
    path = f"/api/v1/chatbots/draft/{draft['draft_id']}"
    time.sleep(20)  # the watchdog copies drafts every few seconds

    _redis(own_product).flushall()

    assert client.json("GET", path)["config"]["name"] == "Elephant"


def test_the_web_process_comes_back_after_it_was_killed(own_product: Product):
    client = own_product.client()
    own_product.kill("granian")
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if client.get("/api/v1/auth/me").status_code == 200:
                return
        except Exception:
            time.sleep(0.3)
    raise AssertionError("the web process did not come back")


def _mixed_files(data: Path, folder: Path, *, count: int) -> list[Path]:
    found = [path for place in MIXED for path in sorted((data / place).iterdir()) if path.is_file()]
    copies = []
    for number in range(count):
        source = found[number % len(found)]
        copy = folder / f"{number:03}-{source.name}"
        copy.write_bytes(source.read_bytes())
        copies.append(copy)
    return copies


def _wait_until_some_are_indexed(client: Client, base_id: str, count: int) -> None:
    deadline = time.monotonic() + 120
    while client.json("GET", f"/api/v1/kb/{base_id}")["documents"]["indexed"] < count:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def _assert_vectors_match(product: Product, client: Client, base_id: str, documents: list[dict[str, Any]]) -> None:
    chunk_ids: set[str] = set()
    for document in documents:
        chunks: list[dict[str, Any]] = []
        path = f"/api/v1/kb/{base_id}/documents/{document['document_id']}/chunks"
        while page := client.json("GET", path, params={"offset": len(chunks), "limit": 500})["items"]:
            chunks += page
        assert len(chunks) == document["chunk_count"], document["name"]
        assert [chunk["index"] for chunk in chunks] == list(range(len(chunks)))
        if document["status"] == "indexed":
            chunk_ids |= {chunk["id"].replace("-", "") for chunk in chunks}
    assert set(list_vector_ids(product, base_id)) == chunk_ids


def _redis(product: Product):
    import redis

    return redis.Redis(unix_socket_path=str(product.folder / "redis" / "redis.sock"))


def _wait_for_redis(client: Client) -> None:
    deadline = time.monotonic() + 30
    while client.get("/readyz").status_code != 200:
        assert time.monotonic() < deadline
        time.sleep(0.2)

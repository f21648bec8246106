"""A stand-in for a Qdrant server: its REST paths in front of Qdrant's own in-memory engine.

What is under test is the client in server mode and our use of it: paths, shapes, key, statuses. Requests are read by
Qdrant's own models, so a wrong shape is an error here.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from tests.servers import serving

KEY = "qd-key"


class QdrantServer:
    """The engine and what was asked. indexes: the payload fields that were indexed, by collection."""

    def __init__(self) -> None:
        from qdrant_client import QdrantClient

        self.engine = QdrantClient(":memory:")
        self.indexes: dict[str, set[str]] = {}

    async def answer(self, request: web.Request) -> web.Response:
        if request.headers.get("api-key") != KEY:
            return web.json_response({"status": {"error": "Invalid API key"}}, status=401)
        body = await request.json() if request.can_read_body else {}
        parts = request.path.strip("/").split("/")
        name = parts[1] if len(parts) > 1 else ""
        action = f"{request.method} {'/'.join(parts[2:])}".strip() if name else "LIST"
        if action not in {"LIST", "PUT", "GET exists", "DELETE"} and not self.engine.collection_exists(name):
            return _failure(404, f"Not found: Collection `{name}` doesn't exist!")
        try:
            return _success(ACTIONS[action](self, name, body))
        except ValueError as error:
            return _failure(409 if "already exists" in str(error) else 400, str(error))

    def index(self, name: str, body: Any) -> dict[str, Any]:
        self.indexes.setdefault(name, set()).add(body["field_name"])
        return {"operation_id": 1, "status": "completed"}

    def create(self, name: str, body: Any) -> bool:
        from qdrant_client import models

        return self.engine.create_collection(name, vectors_config=models.VectorParams(**body["vectors"]))

    def upsert(self, name: str, body: Any) -> Any:
        from qdrant_client import models

        points = [models.PointStruct(**point) for point in body["points"]]
        return self.engine.upsert(name, points)

    def query(self, name: str, body: Any) -> Any:
        from qdrant_client import models

        asked = models.QueryRequest(**body)
        return self.engine.query_points(
            name,
            query=asked.query,
            limit=asked.limit or 10,
            query_filter=asked.filter,
            with_payload=asked.with_payload or False,
        )

    def retrieve(self, name: str, body: Any) -> Any:
        return self.engine.retrieve(name, ids=body["ids"], with_vectors=True, with_payload=False)

    def delete(self, name: str, body: Any) -> Any:
        from qdrant_client import models

        chosen = models.FilterSelector(**body) if "filter" in body else models.PointIdsList(**body)
        return self.engine.delete(name, points_selector=chosen)

    def scroll(self, name: str, body: Any) -> Any:
        points, after = self.engine.scroll(
            name, limit=body["limit"], offset=body.get("offset"), with_payload=False, with_vectors=False
        )
        return {"points": [_plain(point) for point in points], "next_page_offset": after}


ACTIONS: dict[str, Callable[[QdrantServer, str, Any], Any]] = {
    "LIST": lambda server, name, body: server.engine.get_collections(),
    "GET exists": lambda server, name, body: {"exists": server.engine.collection_exists(name)},
    "PUT": QdrantServer.create,
    "DELETE": lambda server, name, body: server.engine.delete_collection(name),
    "PUT index": QdrantServer.index,
    "PUT points": QdrantServer.upsert,
    "POST points": QdrantServer.retrieve,
    "POST points/query": QdrantServer.query,
    "POST points/delete": QdrantServer.delete,
    "POST points/count": lambda server, name, body: server.engine.count(name),
    "POST points/scroll": QdrantServer.scroll,
}


@asynccontextmanager
async def running_qdrant() -> AsyncIterator[tuple[QdrantServer, str]]:
    """Yields the server and its address."""
    server = QdrantServer()
    async with serving({"/{path:.*}": server.answer}) as url:
        yield server, url


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value.model_dump(mode="json", exclude_none=True) if hasattr(value, "model_dump") else value


def _success(result: Any) -> web.Response:
    return web.json_response({"result": _plain(result), "status": "ok", "time": 0.001})


def _failure(status: int, message: str) -> web.Response:
    return web.json_response({"status": {"error": message}, "time": 0.001}, status=status)

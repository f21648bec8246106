"""A stand-in for Pinecone's data plane: speaks its HTTP API of 2025-10 as far as the store uses it, with its limits.

Like the real thing it fixes the length of vectors, makes a namespace when it is first written to, answers 404 for one
that is not there where the service does, lists at most 100 ids a page, and tells errors as `{"code", "message"}`.
"""

import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from tests.servers import serving

KEY = "pc-key"
Records = dict[str, dict[str, Any]]


class PineconeServer:
    """The state, and what was asked. busy: how many of the next requests are answered with 429."""

    def __init__(self) -> None:
        self.namespaces: dict[str, Records] = {}
        self.dimensions = 8
        self.busy = 0
        self.requests: list[tuple[str, str]] = []

    async def answer(self, request: web.Request) -> web.Response:
        self.requests.append((request.method, request.path))
        if request.headers.get("Api-Key") != KEY:
            return web.Response(status=401, text="Unauthorized")
        if request.headers.get("X-Pinecone-Api-Version") != "2025-10":
            return _error(400, 3, "unknown version of the API")
        if self.busy:
            self.busy -= 1
            return web.json_response({"code": 8, "message": "slow down"}, status=429, headers={"Retry-After": "0"})
        name = {"/namespaces": "namespace"}.get(
            request.path.rsplit("/", 1)[0], request.path.strip("/").replace("/", "_")
        )
        body = await request.json() if request.can_read_body else {}
        return await getattr(self, f"_{name}")(request, body)

    def _mismatch(self, length: int) -> web.Response:
        return _error(400, 3, f"Vector dimension {length} does not match the dimension of the index {self.dimensions}")

    async def _vectors_upsert(self, request: web.Request, body: Any) -> web.Response:
        if len(body["vectors"]) > 1000 or (request.content_length or 0) > 2_000_000:
            return _error(400, 3, "request is too large")
        for vector in body["vectors"]:
            if len(vector["values"]) != self.dimensions:
                return self._mismatch(len(vector["values"]))
        held = self.namespaces.setdefault(body["namespace"], {})
        held.update({vector["id"]: vector for vector in body["vectors"]})
        return web.json_response({"upsertedCount": len(body["vectors"])})

    async def _query(self, request: web.Request, body: Any) -> web.Response:
        if len(body["vector"]) != self.dimensions:
            return self._mismatch(len(body["vector"]))
        if not 1 <= body["topK"] <= 10_000:
            return _error(400, 3, "topK is out of range")
        held = self.namespaces.get(body["namespace"], {})
        matches = [
            {"id": id, "score": _cosine(record["values"], body["vector"]), "metadata": record["metadata"]}
            for id, record in held.items()
            if _passes(record["metadata"], body["filter"])
        ]
        matches.sort(key=lambda match: -match["score"])
        return web.json_response({"matches": matches[: body["topK"]], "namespace": body["namespace"]})

    async def _vectors_fetch(self, request: web.Request, body: Any) -> web.Response:
        held = self.namespaces.get(request.query["namespace"], {})
        found = {id: held[id] for id in request.query.getall("ids") if id in held}
        return web.json_response({"vectors": found, "namespace": request.query["namespace"]})

    async def _vectors_list(self, request: web.Request, body: Any) -> web.Response:
        limit = int(request.query["limit"])
        if limit > 100:
            return _error(400, 3, "limit is out of range")
        ids = sorted(self.namespaces.get(request.query["namespace"], {}))
        start = int(request.query.get("paginationToken", "0"))
        answer: dict[str, Any] = {"vectors": [{"id": id} for id in ids[start : start + limit]]}
        if start + limit < len(ids):
            answer["pagination"] = {"next": str(start + limit)}
        return web.json_response(answer)

    async def _vectors_delete(self, request: web.Request, body: Any) -> web.Response:
        if body["namespace"] not in self.namespaces:
            return _error(404, 5, "Namespace not found")
        held = self.namespaces[body["namespace"]]
        if len(body.get("ids", [])) > 1000:
            return _error(400, 3, "too many ids")
        gone = body.get("ids") or [id for id, record in held.items() if _passes(record["metadata"], body["filter"])]
        for id in gone:
            held.pop(id, None)
        return web.json_response({})

    async def _namespace(self, request: web.Request, body: Any) -> web.Response:
        name = request.path.rsplit("/", 1)[1]
        if name not in self.namespaces:
            return _error(404, 5, "Namespace not found")
        if request.method == "DELETE":
            del self.namespaces[name]
            return web.json_response({})
        return web.json_response({"name": name, "record_count": len(self.namespaces[name])})

    async def _describe_index_stats(self, request: web.Request, body: Any) -> web.Response:
        counts = {name: {"vectorCount": len(held)} for name, held in self.namespaces.items()}
        return web.json_response({"namespaces": counts, "dimension": self.dimensions})


@asynccontextmanager
async def running_pinecone() -> AsyncIterator[tuple[PineconeServer, str]]:
    """Yields the server and its address."""
    server = PineconeServer()
    async with serving({"/{path:.*}": server.answer}) as url:
        yield server, url


def _passes(metadata: dict[str, str], condition: dict[str, Any]) -> bool:
    for field, test in condition.items():
        [(operator, value)] = test.items()
        if not (metadata[field] in value if operator == "$in" else metadata[field] == value):
            return False
    return True


def _error(status: int, code: int, message: str) -> web.Response:
    return web.json_response({"code": code, "message": message, "details": []}, status=status)


def _cosine(left: list[float], right: list[float]) -> float:
    return sum(a * b for a, b in zip(left, right, strict=True)) / (math.hypot(*left) * math.hypot(*right))

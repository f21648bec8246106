"""A stand-in for a Weaviate server: speaks its REST and GraphQL as far as the store uses them, with its manners.

Like the real thing it makes a class of its own when objects come for one that is missing, reports the failures of a
batch object by object under status 200, GraphQL's failures under status 200 as well, and removes no more objects at a
time than its limit. GraphQL is read by a small parser, so a wrong bracket or quotation mark is an error here.
"""

import json
import math
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from tests.servers import serving

KEY = "wv-key"
MOST_RESULTS = 1000
TOKEN = re.compile(r'\s*([{}()\[\],:]|"(?:[^"\\]|\\.)*"|-?[0-9][0-9.eE+-]*|[_A-Za-z][_A-Za-z0-9]*)')


class WeaviateServer:
    """Classes with their objects. made_by_itself: classes that no caller has described."""

    def __init__(self) -> None:
        self.classes: dict[str, dict[str, Any]] = {}
        self.made_by_itself: list[str] = []

    async def answer(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {KEY}":
            return web.json_response({"error": [{"message": "anonymous access not enabled"}]}, status=401)
        body = await request.json() if request.can_read_body else {}
        if request.path.startswith("/v1/schema"):
            return self._schema(request, body)
        if request.path == "/v1/batch/objects":
            return self._add(body) if request.method == "POST" else self._remove(body["match"])
        if request.path == "/v1/objects":
            return self._list(request)
        if request.path == "/v1/graphql":
            return self._ask(body["query"])
        return web.Response(status=404)

    def _schema(self, request: web.Request, body: Any) -> web.Response:
        name = request.path.removeprefix("/v1/schema").strip("/")
        if request.method == "POST":
            if not re.fullmatch(r"[A-Z][_0-9A-Za-z]*", body["class"]):
                return _error(422, f"'{body['class']}' is not a valid class name")
            if body["class"] in self.classes:
                return _error(422, f"class name {body['class']} already exists")
            assert body["vectorizer"] == "none"
            assert body["vectorIndexConfig"] == {"distance": "cosine"}
            self.classes[body["class"]] = {}
        elif request.method == "DELETE":
            self.classes.pop(name, None)
        elif name and name not in self.classes:
            return web.Response(status=404)
        return web.json_response({"class": name})

    def _add(self, body: Any) -> web.Response:
        rows = []
        for item in body["objects"]:
            if item["class"] not in self.classes:
                self.made_by_itself.append(item["class"])
            held = self.classes.setdefault(item["class"], {})
            lengths = {len(other["vector"]) for other in held.values()} or {len(item["vector"])}
            if lengths == {len(item["vector"])}:
                held[item["id"]] = item
                rows.append({**item, "result": {"status": "SUCCESS"}})
            else:
                message = f"new node has a vector with length {len(item['vector'])}. Existing nodes have others"
                rows.append({**item, "result": {"status": "FAILED", "errors": {"error": [{"message": message}]}}})
        return web.json_response(rows)

    def _remove(self, match: Any) -> web.Response:
        if match["class"] not in self.classes:
            return _error(422, f"class: {match['class']} doesn't exist")
        held = self.classes[match["class"]]
        found = [id for id, item in held.items() if _passes(item, match["where"])]
        for id in found[:MOST_RESULTS]:
            del held[id]
        results = {
            "matches": len(found),
            "limit": MOST_RESULTS,
            "successful": min(len(found), MOST_RESULTS),
            "failed": 0,
        }
        return web.json_response({"match": match, "results": results})

    def _list(self, request: web.Request) -> web.Response:
        if request.query["class"] not in self.classes:
            return _error(422, f"class {request.query['class']} not found")
        ids = sorted(id for id in self.classes[request.query["class"]] if id > request.query["after"])
        return web.json_response({"objects": [{"id": id} for id in ids[: int(request.query["limit"])]]})

    def _ask(self, query: str) -> web.Response:
        [(function, classes)] = _parse(query).items()
        [(name, (arguments, fields))] = [(key, value) for key, value in classes[1].items()]
        if name not in self.classes:
            message = f'Cannot query field "{name}" on type "{function}ObjectsObj".'
            return web.json_response({"errors": [{"message": message}]})
        held = self.classes[name]
        if function == "Aggregate":
            return web.json_response({"data": {function: {name: [{"meta": {"count": len(held)}}]}}})
        found = [item for item in held.values() if _passes(item, arguments["where"])]
        vector = arguments.get("nearVector", {}).get("vector")
        if vector is not None:
            if any(len(item["vector"]) != len(vector) for item in found):
                return web.json_response({"errors": [{"message": "vector lengths don't match"}]})
            found.sort(key=lambda item: _distance(item["vector"], vector))
        rows = [_row(item, vector, fields) for item in found[: int(arguments["limit"])]]
        return web.json_response({"data": {function: {name: rows}}})


@asynccontextmanager
async def running_weaviate() -> AsyncIterator[tuple[WeaviateServer, str]]:
    """Yields the server and its address."""
    server = WeaviateServer()
    async with serving({"/{path:.*}": server.answer}) as url:
        yield server, url


def _row(item: Any, vector: list[float] | None, fields: dict[str, Any]) -> dict[str, Any]:
    row = {name: item["properties"][name] for name in fields if name != "_additional"}
    extra = {"id": item["id"], "vector": item["vector"]}
    if vector is not None:
        extra["distance"] = _distance(item["vector"], vector)
    return {**row, "_additional": {name: extra[name] for name in fields["_additional"][1]}}


def _passes(item: Any, where: Any) -> bool:
    if where["operator"] == "And":
        return all(_passes(item, operand) for operand in where["operands"])
    [field] = where["path"]
    value = item["id"] if field == "id" else item["properties"][field]
    return value in where["valueText"] if where["operator"] == "ContainsAny" else value == where["valueText"]


def _parse(query: str) -> dict[str, Any]:
    """`{f(a: 1) {g}}` as {"f": ({"a": 1}, {"g": ({}, {})})}."""
    tokens = TOKEN.findall(query)
    assert "".join(tokens) == re.sub(r"\s", "", query), f"not GraphQL: {query[:200]}"
    fields = _fields(tokens)
    assert not tokens
    return fields


def _fields(tokens: list[str]) -> dict[str, Any]:
    assert tokens.pop(0) == "{"
    fields: dict[str, Any] = {}
    while tokens[0] != "}":
        name = tokens.pop(0)
        arguments = _pairs(tokens, "(", ")") if tokens[0] == "(" else {}
        fields[name] = (arguments, _fields(tokens) if tokens[0] == "{" else {})
    tokens.pop(0)
    return fields


def _pairs(tokens: list[str], opening: str, closing: str) -> dict[str, Any]:
    assert tokens.pop(0) == opening
    pairs = {}
    while tokens[0] != closing:
        key = tokens.pop(0)
        assert tokens.pop(0) == ":"
        pairs[key] = _value(tokens)
        if tokens[0] == ",":
            tokens.pop(0)
    tokens.pop(0)
    return pairs


def _value(tokens: list[str]) -> Any:
    if tokens[0] == "{":
        return _pairs(tokens, "{", "}")
    if tokens[0] != "[":
        token = tokens.pop(0)
        return token if token[0].isalpha() else json.loads(token)
    tokens.pop(0)
    values = []
    while tokens[0] != "]":
        values.append(_value(tokens))
        if tokens[0] == ",":
            tokens.pop(0)
    tokens.pop(0)
    return values


def _error(status: int, message: str) -> web.Response:
    return web.json_response({"error": [{"message": message}]}, status=status)


def _distance(left: list[float], right: list[float]) -> float:
    return 1 - sum(a * b for a, b in zip(left, right, strict=True)) / (math.hypot(*left) * math.hypot(*right))

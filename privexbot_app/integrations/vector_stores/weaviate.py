"""Weaviate over REST and GraphQL: one class per workspace and namespace, cosine, our own vectors.

Spoken to through `kit.http`, not Weaviate's library: that one insists on a second port for gRPC, which proxies and
hosted set-ups do not always let through, and on asking the server while being constructed. What it would add, speed of
mass imports, does not show beside the embedding of the same chunks.
"""

import json
from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field, HttpUrl, SecretStr

from privexbot_app.integrations.vector_stores.base import (
    VECTOR_STORES,
    VectorHit,
    VectorRecord,
    VectorRejectedError,
    VectorStoreUnavailableError,
)
from privexbot_app.kit.errors import UpstreamFailedError
from privexbot_app.kit.http import HttpClient
from privexbot_app.kit.http.services import JsonAnswer, JsonService
from privexbot_app.kit.scope import Namespace

_BATCH = 200
_PAGE = 1000
_FIRST_ID = "00000000-0000-0000-0000-000000000000"
_ABSENT = 404
_REFUSED = 422


@VECTOR_STORES.register("weaviate")
class WeaviateStore:
    """The workspace's id is in the class's name, in every object and in every filter."""

    class Config(BaseModel):
        """Where the server is."""

        url: HttpUrl = Field(HttpUrl("http://127.0.0.1:8080"), description="Address of the Weaviate server.")
        api_key: SecretStr | None = Field(None, description="Key, if the server asks for one.")
        timeout_seconds: float = Field(30.0, gt=0, description="Longest wait for one request, in seconds.")

    def __init__(self, config: Config, http: HttpClient) -> None:
        self.config = config
        key = config.api_key
        self._service = JsonService(
            http,
            str(config.url),
            headers={"Authorization": f"Bearer {key.get_secret_value()}"} if key else {},
            timeout_seconds=config.timeout_seconds,
        )

    async def upsert(self, space: Namespace, records: Sequence[VectorRecord]) -> None:
        """See `VectorStore.upsert`."""
        if not records:
            return
        # Asked each time: for a class that is missing, the server would make one to its own taste.
        await self._ensure_class(space)
        for start in range(0, len(records), _BATCH):
            await self._write(space, records[start : start + _BATCH])

    async def query(
        self, space: Namespace, vector: Sequence[float], *, limit: int, document_ids: Collection[UUID] | None = None
    ) -> list[VectorHit]:
        """See `VectorStore.query`."""
        if limit < 1 or (document_ids is not None and not document_ids):
            return []
        near = json.dumps([float(number) for number in vector])
        where = _graphql(_where(space, "document_id", document_ids))
        found = await self._get(
            space,
            f"nearVector: {{vector: {near}}}, limit: {limit}, where: {where}",
            "document_id _additional {id distance}",
        )
        return [
            VectorHit(UUID(row["_additional"]["id"]), UUID(row["document_id"]), 1.0 - row["_additional"]["distance"])
            for row in found
        ]

    async def fetch_vectors(self, space: Namespace, chunk_ids: Collection[UUID]) -> dict[UUID, Sequence[float]]:
        """See `VectorStore.fetch_vectors`."""
        ids = list(chunk_ids)
        vectors: dict[UUID, Sequence[float]] = {}
        for start in range(0, len(ids), _BATCH):
            where = _graphql(_where(space, "id", ids[start : start + _BATCH]))
            found = await self._get(space, f"limit: {_BATCH}, where: {where}", "_additional {id vector}")
            vectors |= {UUID(row["_additional"]["id"]): row["_additional"]["vector"] for row in found}
        return vectors

    async def delete_documents(self, space: Namespace, document_ids: Collection[UUID]) -> None:
        """See `VectorStore.delete_documents`."""
        await self._delete(space, "document_id", document_ids)

    async def delete_chunks(self, space: Namespace, chunk_ids: Collection[UUID]) -> None:
        """See `VectorStore.delete_chunks`."""
        await self._delete(space, "id", chunk_ids)

    async def delete_space(self, space: Namespace) -> None:
        """See `VectorStore.delete_space`."""
        if await self._exists(space):
            answer = await self._ask("DELETE", f"/v1/schema/{_class(space)}")
            if not answer.is_good and await self._exists(space):
                raise VectorStoreUnavailableError(reason=str(answer))

    async def count(self, space: Namespace) -> int:
        """See `VectorStore.count`."""
        found = await self._graphql(space, "Aggregate", f"{_class(space)} {{meta {{count}}}}")
        return sum(int(group["meta"]["count"]) for group in found)

    async def list_chunk_ids(self, space: Namespace) -> set[UUID]:
        """See `VectorStore.list_chunk_ids`."""
        ids: set[UUID] = set()
        after = _FIRST_ID
        while True:
            answer = await self._ask("GET", f"/v1/objects?class={_class(space)}&limit={_PAGE}&after={after}")
            if not answer.is_good:
                await self._raise_unless_absent(space, answer)
                return set()
            page = [row["id"] for row in answer.body["objects"]]
            if not page:
                return ids
            ids |= {UUID(name) for name in page}
            after = page[-1]

    async def check(self) -> None:
        """See `VectorStore.check`: the server answers, and takes our key."""
        answer = await self._ask("GET", "/v1/schema")
        if not answer.is_good:
            raise VectorStoreUnavailableError(reason=str(answer))

    async def close(self) -> None:
        """See `VectorStore.close`; the connections belong to whoever gave the client."""

    async def _write(self, space: Namespace, records: Sequence[VectorRecord]) -> None:
        objects = [
            {
                "class": _class(space),
                "id": str(record.chunk_id),
                "vector": [float(number) for number in record.vector],
                "properties": {"document_id": str(record.document_id), "workspace_id": space.tenant},
            }
            for record in records
        ]
        answer = await self._ask("POST", "/v1/batch/objects", {"objects": objects})
        if not answer.is_good:
            raise VectorStoreUnavailableError(reason=str(answer))
        failures = [row["result"]["errors"] for row in answer.body if row.get("result", {}).get("errors")]
        if not failures:
            return
        # The objects of a batch fail one by one, while the batch itself succeeds.
        reason = json.dumps(failures[0])[:500]
        raise VectorRejectedError(reason) if "length" in reason else VectorStoreUnavailableError(reason=reason)

    async def _delete(self, space: Namespace, field: str, ids: Collection[UUID]) -> None:
        names = list(ids)
        for start in range(0, len(names), _BATCH):
            where = _where(space, field, names[start : start + _BATCH])
            body = {"match": {"class": _class(space), "where": where}, "output": "minimal"}
            is_more = True
            while is_more:
                answer = await self._ask("DELETE", "/v1/batch/objects", body)
                if not answer.is_good:
                    return await self._raise_unless_absent(space, answer)
                results = answer.body["results"]
                if results["failed"]:
                    raise VectorStoreUnavailableError(reason=str(answer))
                # One request removes no more than the server's limit.
                is_more = results["matches"] > results["limit"]

    async def _ensure_class(self, space: Namespace) -> None:
        if await self._exists(space):
            return
        words = {"dataType": ["text"], "tokenization": "field", "indexFilterable": True, "indexSearchable": False}
        body = {
            "class": _class(space),
            "vectorizer": "none",
            "vectorIndexType": "hnsw",
            "vectorIndexConfig": {"distance": "cosine"},
            "properties": [{"name": name, **words} for name in ("document_id", "workspace_id")],
        }
        answer = await self._ask("POST", "/v1/schema", body)
        # Refused, too, if another caller has made it in the meantime.
        if not answer.is_good and not await self._exists(space):
            raise VectorStoreUnavailableError(reason=str(answer))

    async def _exists(self, space: Namespace) -> bool:
        answer = await self._ask("GET", f"/v1/schema/{_class(space)}")
        if not answer.is_good and answer.status != _ABSENT:
            raise VectorStoreUnavailableError(reason=str(answer))
        return answer.is_good

    async def _get(self, space: Namespace, arguments: str, fields: str) -> list[Any]:
        return await self._graphql(space, "Get", f"{_class(space)} ({arguments}) {{{fields}}}")

    async def _graphql(self, space: Namespace, function: str, question: str) -> list[Any]:
        """The rows that GraphQL finds; none for a class that does not exist."""
        answer = await self._ask("POST", "/v1/graphql", {"query": f"{{{function} {{{question}}}}}"})
        if answer.is_good and not answer.body.get("errors"):
            return list(answer.body["data"][function][_class(space)] or [])
        await self._raise_unless_absent(space, answer)
        return []

    async def _raise_unless_absent(self, space: Namespace, answer: JsonAnswer) -> None:
        """A class that does not exist is reported in many ways, so a failure asks for the class itself."""
        if await self._exists(space):
            is_refusal = answer.status == _REFUSED or "length" in str(answer)
            raise VectorRejectedError(str(answer)) if is_refusal else VectorStoreUnavailableError(reason=str(answer))

    async def _ask(self, method: str, path: str, body: object | None = None) -> JsonAnswer:
        try:
            return await self._service.ask(method, path, body)
        except UpstreamFailedError as error:
            raise VectorStoreUnavailableError(reason=error.message) from error


def _class(space: Namespace) -> str:
    """Weaviate takes letters, digits and underscores, and a capital in front."""
    return f"Privexbot_{space.full_name}".replace("-", "_")


def _where(space: Namespace, field: str, ids: Collection[UUID] | None) -> dict[str, Any]:
    of_workspace = {"path": ["workspace_id"], "operator": "Equal", "valueText": space.tenant}
    if ids is None:
        return of_workspace
    among = {"path": [field], "operator": "ContainsAny", "valueText": [str(id) for id in ids]}
    return {"operator": "And", "operands": [of_workspace, among]}


def _graphql(where: dict[str, Any]) -> str:
    """A filter as GraphQL writes it: keys and operators without quotation marks.

    >>> _graphql({"operator": "Equal", "path": ["id"], "valueText": "a"})
    '{operator: Equal, path: ["id"], valueText: "a"}'
    """
    parts = []
    for key, value in where.items():
        if key == "operator":
            parts.append(f"operator: {value}")
        elif key == "operands":
            parts.append(f"operands: [{', '.join(_graphql(operand) for operand in value)}]")
        else:
            parts.append(f"{key}: {json.dumps(value)}")
    return f"{{{', '.join(parts)}}}"

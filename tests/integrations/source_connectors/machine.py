"""A client that may reach this machine, and what the tests of connectors share."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_network

from aiohttp import web

from privexbot_app.integrations.source_connectors.base import LoadedItem, LoadReport, ManyItemsConnector
from privexbot_app.kit.http import HttpClient, HttpConfig
from tests.servers import Handler


@asynccontextmanager
async def local_client() -> AsyncIterator[HttpClient]:
    client = HttpClient(HttpConfig(allowed_private_networks=(ip_network("127.0.0.1/32"),)))
    try:
        yield client
    finally:
        await client.close()


async def load(connector: ManyItemsConnector) -> tuple[list[LoadedItem], LoadReport]:
    """Everything that a source brings, and the report."""
    report = LoadReport()
    return [item async for item in connector.stream(report)], report


def answering(body: object, *, content_type: str = "application/json", status: int = 200) -> Handler:
    """Always the same answer: JSON, text or bytes."""

    async def handler(request: web.Request) -> web.Response:
        if isinstance(body, bytes):
            return web.Response(body=body, content_type=content_type, status=status)
        if isinstance(body, str):
            return web.Response(text=body, content_type=content_type, status=status)
        return web.json_response(body, status=status)

    return handler


def once_busy(then: object, *, status: int = 429) -> Handler:
    """“Later” to the first call, the answer to the next."""
    calls = []

    async def handler(request: web.Request) -> web.Response:
        calls.append(request)
        if len(calls) == 1:
            return web.Response(status=status, headers={"Retry-After": "0"})
        return web.json_response(then)

    return handler

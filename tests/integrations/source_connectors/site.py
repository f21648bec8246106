"""A website on this machine, with everything that makes a crawl go wrong."""

import asyncio
import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

Answer = web.StreamResponse


def page(body: str, *, title: str = "Page", head: str = "") -> str:
    """HTML with some text of its own."""
    return f"<html lang=en><head><title>{title}</title>{head}</head><body>{body}<p>About {title}.</p></body></html>"


def links(*targets: str) -> str:
    """A list of links."""
    return "".join(f'<a href="{target}">{target}</a> ' for target in targets)


@dataclass
class TrapSite:
    """Paths and what they answer: HTML, bytes with a type, or a coroutine. asked: every path that was requested."""

    pages: dict[str, object] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    base: str = ""

    async def answer(self, request: web.Request) -> Answer:
        self.asked.append(request.path_qs)
        found = self.pages.get(request.path_qs, self.pages.get(request.path))
        if found is None and request.path.startswith("/calendar/"):
            found = _calendar(request.path)
        if found is None and request.path == "/filter":
            found = _filter(request.query_string)
        if callable(found):
            return await found(request)
        if isinstance(found, str):
            return web.Response(text=found, content_type="text/html")
        if isinstance(found, tuple):
            return web.Response(body=found[1], content_type=found[0])
        return web.Response(status=404)


@asynccontextmanager
async def running(site: TrapSite) -> AsyncIterator[TrapSite]:
    """Serve the site on a free port."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", site.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    site.base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield site
    finally:
        await runner.cleanup()


def redirect(target: str) -> object:
    """An answer that sends its caller on."""

    async def handler(request: web.Request) -> Answer:
        return web.Response(status=302, headers={"Location": target})

    return handler


async def slow_loris(request: web.Request) -> Answer:
    """A byte now and then, for ever."""
    response = web.StreamResponse(headers={"Content-Type": "text/html"})
    await response.prepare(request)
    while True:
        await response.write(b" ")
        await asyncio.sleep(0.02)


async def gzip_bomb(request: web.Request) -> Answer:
    """A small answer that unpacks to a large one."""
    body = gzip.compress(b"<p>" + b"0" * 50_000_000)
    return web.Response(body=body, headers={"Content-Type": "text/html", "Content-Encoding": "gzip"})


def _calendar(path: str) -> str:
    year, month = (int(part) for part in path.split("/")[2:4])
    following = f"/calendar/{year + month // 12}/{month % 12 + 1}"
    return page(links(following, f"/calendar/{year}/{month}/events"), title=f"{year}-{month}")


def _filter(query: str) -> str:
    return page(links(*(f"/filter?{query}&f{n}=1" for n in range(5))), title=f"Filter {query}")

"""Two small web servers: a host that speaks the public bot API from a script, and a customer's site on another port.

The host serves the built widget, so tests run against the minified files that visitors get.
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

GATE_SECONDS = 30
VIEWPORT = '<meta name=viewport content="width=device-width, initial-scale=1">'
SESSION = "signed.session-token"
RUN = "0123456789abcdef0123456789abcdef"

CITATION = {
    "index": 1,
    "document_id": "doc_1",
    "title": "Returns policy",
    "url": "https://docs.example.com/returns",
    "page": 3,
    "snippet": "Goods may be returned within <b>30 days</b> of delivery.",
    "start": 10,
    "end": 62,
}


@dataclass(frozen=True)
class Event:
    """One server-sent event."""

    name: str
    data: dict[str, Any]


@dataclass(frozen=True)
class Bytes:
    """Bytes as they are, for odd framing."""

    raw: bytes


@dataclass(frozen=True)
class Gate:
    """The answer goes on when the test opens the gate."""

    opened: threading.Event = field(default_factory=threading.Event)

    def open(self) -> None:
        self.opened.set()


@dataclass(frozen=True)
class Cut:
    """The connection breaks here, maybe within an event; whoever comes back with `Last-Event-ID` gets what follows."""

    raw: bytes = b""


@dataclass(frozen=True)
class Problem:
    """An error before the stream."""

    status: int
    code: str = "unavailable"


Step = Event | Bytes | Gate | Cut
Script = list[Step] | Problem | dict[str, Any]


def answer(text: str, *, citations: list[dict[str, Any]] | None = None, pieces: int = 4) -> list[Step]:
    """The events of a complete answer, its text cut into `pieces` tokens."""
    size = max(1, -(-len(text) // pieces))
    tokens = [Event("token", {"delta": text[at : at + size]}) for at in range(0, len(text), size)]
    sources = [Event("citation", citation) for citation in citations or []]
    return [started(), *tokens, *sources, finished(text, citations=citations)]


def started() -> Event:
    return Event("run.started", {"session_id": SESSION, "message_id": "msg_1", "run_id": RUN})


def finished(text: str, *, citations: list[dict[str, Any]] | None = None) -> Event:
    result = {"session_id": SESSION, "message_id": "msg_1", "response": text, "citations": citations or []}
    return Event("run.finished", {**result, "usage": {}, "latency_ms": 5})


@dataclass
class FakeHost:
    """scripts: what the next questions get, first come first served; the last one stays."""

    files: Path
    config: dict[str, Any] = field(default_factory=dict)
    scripts: list[Script] = field(default_factory=lambda: [answer("Hello!")])
    history: list[dict[str, Any]] = field(default_factory=list)
    lead_status: int = 201
    config_status: int = 200
    questions: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    resumed: list[str] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)
    running: Script = field(default_factory=list)
    feedback_gate: Gate | None = None
    agents: list[Step] = field(default_factory=list)
    leads: list[dict[str, Any]] = field(default_factory=list)
    feedback_status: int = 204
    ratings: list[dict[str, Any]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    cookies: list[str] = field(default_factory=list)
    hung_up: threading.Event = field(default_factory=threading.Event)
    url: str = ""

    def next_script(self) -> Script:
        return self.scripts.pop(0) if len(self.scripts) > 1 else self.scripts[0]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"
    host: FakeHost

    def log_message(self, format: str, *args: object) -> None:
        """Tests speak through assertions."""

    def do_OPTIONS(self) -> None:
        self._answer(204, b"", "text/plain")

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        self._note(parts.path)
        if parts.path.endswith("/config"):
            self._json(self.host.config_status, self.host.config)
        elif parts.path.endswith("/events"):
            self._stream(self.host.agents)
        elif parts.path.endswith("/history"):
            known = parse_qs(parts.query).get("session_id") == [SESSION]
            self._json(200 if known else 404, {"items": self.host.history if known else []})
        else:
            self._file(parts.path)

    def do_DELETE(self) -> None:
        self.host.stopped.append(self.path.rpartition("/runs/")[2])
        self._answer(204, b"", "application/json")

    def do_POST(self) -> None:
        self._note(self.path)
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path.endswith("/leads"):
            self.host.leads.append(body)
            self._json(self.host.lead_status, {})
            return
        if self.path.endswith("/feedback"):
            self.host.ratings.append(body)
            if self.host.feedback_gate is not None:
                assert self.host.feedback_gate.opened.wait(GATE_SECONDS)
            self._answer(self.host.feedback_status, b"", "application/json")
            return
        if last := self.headers.get("Last-Event-ID"):
            self.host.resumed.append(last)
            self._stream(self.host.running, after=int(last))  # type: ignore[arg-type]
            return
        self.host.questions.append(body)
        self.host.keys.append(self.headers.get("Idempotency-Key", ""))
        script = self.host.running = self.host.next_script()
        if isinstance(script, Problem):
            problem = {"code": script.code, "status": script.status, "title": "Problem", "detail": "Internal words."}
            self._json(script.status, problem, "application/problem+json")
        elif isinstance(script, dict):
            self._json(200, script)
        else:
            self._stream(script)

    def _note(self, path: str) -> None:
        self.host.paths.append(path)
        if cookie := self.headers.get("Cookie"):
            self.host.cookies.append(cookie)

    def _stream(self, script: list[Step], *, after: int = -1) -> None:
        self._head(200, "text/event-stream")
        first = after + 1
        if after >= 0 and isinstance(script[first], Cut):
            first += 1
        try:
            for number, step in enumerate(script[first:], first):
                if isinstance(step, Cut):
                    self.wfile.write(step.raw)
                    return
                self._play(number, step)
        except OSError:
            self.host.hung_up.set()

    def _play(self, number: int, step: Step) -> None:
        if isinstance(step, Gate):
            # Heartbeats while waiting: the only way for a server to notice that the visitor has gone.
            for _ in range(GATE_SECONDS * 20):
                if step.opened.wait(0.05):
                    return
                self.wfile.write(b": heartbeat\n\n")
                self.wfile.flush()
            raise AssertionError("the gate was never opened")
        raw = step.raw if isinstance(step, Bytes) else _frame(number, step)
        self.wfile.write(raw)
        self.wfile.flush()

    def _file(self, path: str) -> None:
        name = path.removeprefix("/widget/").lstrip("/")
        file = self.host.files / name
        if "/" in name or not file.is_file():
            self._json(404, {"code": "not_found"})
            return
        kind = "text/javascript" if file.suffix == ".js" else "application/json"
        self._answer(200, file.read_bytes(), kind)

    def _json(self, status: int, data: Any, kind: str = "application/json") -> None:
        self._answer(status, json.dumps(data).encode(), kind)

    def _answer(self, status: int, body: bytes, kind: str) -> None:
        self._head(status, kind)
        self.wfile.write(body)

    def _head(self, status: int, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Access-Control-Allow-Origin", "*")
        self.send_header("Access-Control-Allow-Headers", "Content-Type, Idempotency-Key, Last-Event-ID")
        self.send_header("Access-Control-Allow-Methods", "GET, POST, DELETE")
        self.end_headers()


def _frame(number: int, event: Event) -> bytes:
    return f"id: {number}\nevent: {event.name}\ndata: {json.dumps(event.data)}\n\n".encode()


@contextmanager
def serving_host(files: Path) -> Iterator[FakeHost]:
    host = FakeHost(files=files)
    with _serving(type("Handler", (_Handler,), {"host": host})) as url:
        host.url = url
        yield host


@dataclass
class Site:
    """A customer's site: path → (HTML, headers)."""

    url: str
    pages: dict[str, tuple[str, dict[str, str]]]

    def put(self, html: str, *, path: str = "/", headers: dict[str, str] | None = None) -> str:
        self.pages[path] = (
            f"<!doctype html><meta charset=utf-8><title>Shop</title>{VIEWPORT}<body>{html}",
            headers or {},
        )
        return self.url + path


@contextmanager
def serving_site() -> Iterator[Site]:
    pages: dict[str, tuple[str, dict[str, str]]] = {}

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            """Tests speak through assertions."""

        def do_GET(self) -> None:
            html, headers = pages.get(urlsplit(self.path).path, ("", {}))
            self.send_response(200 if html else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(html.encode())

    with _serving(Handler) as url:
        # Another name than the host's, so that the two are different sites and not only different ports.
        yield Site(url.replace("127.0.0.1", "localhost"), pages)


@contextmanager
def _serving(handler: Callable[..., BaseHTTPRequestHandler]) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()

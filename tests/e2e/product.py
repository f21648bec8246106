"""The whole product as an operator starts it: `privexbot up` on a free port, in a folder of its own."""

import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import psutil

ROOT = Path(__file__).resolve().parents[2]
STARTS_WITHIN_SECONDS = 120
PASSWORD = "a long enough password"


class Product:
    """A running product."""

    def __init__(self, process: "subprocess.Popen[bytes]", url: str, folder: Path) -> None:
        self.process = process
        self.url = url
        self.folder = folder

    def children(self, command: str) -> list[psutil.Process]:
        """The supervisor's own children whose command line matches a pattern."""
        found = psutil.Process(self.process.pid).children()
        return [child for child in found if re.search(command, " ".join(child.cmdline()))]

    def kill(self, command: str) -> None:
        """End matching children, and what they started, at once and without warning."""
        for child in self.children(command):
            with suppress(psutil.NoSuchProcess):
                for process in (*child.children(recursive=True), child):
                    with suppress(psutil.NoSuchProcess):
                        process.kill()

    def client(self) -> "Client":
        """A new user's client."""
        return Client(self.url)

    def log(self, name: str) -> str:
        """What a child has logged."""
        path = self.folder / "logs" / f"{name}.log"
        return path.read_text() if path.exists() else ""


class Client(httpx.Client):
    """A signed-in program."""

    def __init__(self, url: str) -> None:
        super().__init__(base_url=url, timeout=120)
        self.email = f"owner-{secrets.token_hex(4)}@example.com"
        body = {"email": self.email, "password": PASSWORD}
        response = self.post("/api/v1/auth/register", json=body)
        assert response.status_code == 201, response.text
        self.headers["Authorization"] = f"Bearer {response.json()['access_token']}"

    def json(self, method: str, path: str, **options: Any) -> Any:
        """The body of a call that must succeed."""
        response = self.request(method, path, **options)
        assert response.is_success, f"{method} {path}: {response.status_code} {response.text}"
        return response.json() if response.content else None

    def make_base(self, files: list[Path], *, name: str = "Documents") -> str:
        """A knowledge base of these files, by way of a draft. Returns its id."""
        draft = self.json("POST", "/api/v1/kb/draft", json={"name": name})["draft_id"]
        for start in range(0, len(files), 10):
            parts = [("files", (path.name, path.read_bytes())) for path in files[start : start + 10]]
            self.json("PUT", f"/api/v1/kb/draft/{draft}/sources", files=parts)
        return self.json("POST", f"/api/v1/kb/draft/{draft}/finalize")["kb_id"]

    def wait_until_settled(self, base_id: str, *, seconds: float = 300) -> dict[str, Any]:
        """Wait until every document is indexed or has failed. Returns the knowledge base."""
        deadline = time.monotonic() + seconds
        while True:
            base = self.json("GET", f"/api/v1/kb/{base_id}")
            if base["status"] not in {"processing", "empty"}:
                return base
            assert time.monotonic() < deadline, base
            time.sleep(0.3)

    def list_documents(self, base_id: str) -> list[dict[str, Any]]:
        """All documents of a knowledge base."""
        items: list[dict[str, Any]] = []
        cursor: str | None = ""
        while cursor is not None:
            query = {"limit": 200, **({"cursor": cursor} if cursor else {})}
            page = self.json("GET", f"/api/v1/kb/{base_id}/documents", params=query)
            items += page["items"]
            cursor = page["next_cursor"]
        return items

    def deploy_bot(self, base_id: str, **fields: Any) -> dict[str, Any]:
        """A deployed bot that reads a knowledge base."""
        body = {"name": "Helper", "knowledge_bases": [{"kb_id": base_id}], **fields}
        draft = self.json("POST", "/api/v1/chatbots/draft", json=body)["draft_id"]
        return self.json("POST", f"/api/v1/chatbots/draft/{draft}/deploy")

    def ask(self, bot_id: str, message: str, **fields: Any) -> dict[str, Any]:
        """A bot's whole answer."""
        return self.json("POST", f"/api/v1/bots/{bot_id}/chat", json={"message": message, **fields})


@contextmanager
def running_product(folder: Path, *, url: str = "", **environment: str) -> Iterator[Product]:
    """Start the product in `folder` and stop it afterwards. `environment` adds PRIVEXBOT_ settings.

    url: where it listens, when they say so.
    """
    port = _free_port()
    log = (folder / "up.log").open("ab")
    process = subprocess.Popen(
        [sys.executable, "-m", "privexbot_app.cli", "up"],
        cwd=ROOT,
        env={
            **os.environ,
            "PRIVEXBOT_DATA_DIR": str(folder),
            "PRIVEXBOT_PORT": str(port),
            "PRIVEXBOT_PUBLIC_URL": f"http://127.0.0.1:{port}",
            **environment,
        },
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    product = Product(process, url or f"http://127.0.0.1:{port}", folder)
    try:
        _wait_until_ready(product)
        yield product
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
        log.close()


def _wait_until_ready(product: Product) -> None:
    deadline = time.monotonic() + STARTS_WITHIN_SECONDS
    while time.monotonic() < deadline:
        if product.process.poll() is not None:
            break
        try:
            if httpx.get(f"{product.url}/readyz", timeout=5).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.2)
    raise AssertionError((product.folder / "up.log").read_text()[-3000:] + product.log("web")[-3000:])


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]

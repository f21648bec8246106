"""Chats under load: the running product beside two bare routes to the same mock model server, in the same run.

`python -m bench.chat_load [--seconds 10] [--visitors 32] [--open 1000] [--soak-minutes 0] [--web-processes 1]`

Measured: answers per second, CPU of the serving processes for each answer, time to the first token, memory of an open
stream. A chat of the product is whole: session, limits, history, saving; `with retrieval`
searches a knowledge base too. Visitors, model server and product share the machine; the product's CPU is counted apart.
"""

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import psutil

from bench.chat_clients import Measured, Plan
from bench.chat_routes import wrapped_name
from tests.e2e.product import Client, Product, running_product

RESULTS = Path(__file__).parent / "results" / "chat_load.json"
UNLIMITED = {"per_visitor": 1_000_000, "per_address": 1_000_000, "per_bot": 10_000_000}
TOPICS = ("berths", "fees", "tides", "fuel", "repairs", "customs", "weather", "pilots")
QUESTIONS = [f"What does the handbook say about {topic}?" for topic in TOPICS]


def main() -> None:
    """Run everything and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--visitors", type=int, default=32)
    parser.add_argument("--open", type=int, default=1000, help="streams that are open at once")
    parser.add_argument("--soak-minutes", type=float, default=0)
    parser.add_argument("--web-processes", type=int, default=1)
    parser.add_argument("--packages", default="", help="folder with llama-index-llms-openai-like, for its route alone")
    options = parser.parse_args()
    figures: dict[str, Any] = {"web_processes": options.web_processes, "wrapped": wrapped_name(options.packages)}
    with serving("mock", "--tokens", "40") as model, serving("mock", "--tokens", "40", "--gap-ms", "500") as slow:
        with serving("bare", "--model-port", str(model.port)) as bare:
            figures["bare"] = side(bare.processes(), Plan(bare.port, "/chat", options.visitors, done="[DONE]"), options)
        with serving("wrapped", "--model-port", str(model.port), "--packages", options.packages) as wrapped:
            figures["wrapped_route"] = side(wrapped.processes(), Plan(wrapped.port, "/chat", options.visitors), options)
        for name, port in (("product", model.port), ("open", slow.port)):
            with tempfile.TemporaryDirectory(prefix="load-") as folder, product_at(Path(folder), port, options) as made:
                figures |= measure_product(made, options) if name == "product" else measure_open(made, options)
    figures["ratios"] = ratios(figures)
    RESULTS.write_text(json.dumps(figures, indent=1) + "\n")
    print(json.dumps(figures, indent=1))


def measure_product(product: Product, options: argparse.Namespace) -> dict[str, Any]:
    """A plain chat, one with retrieval, and the soak."""
    client, figures = product.client(), {}
    plain = deploy(client, grounding="flexible")
    plan = Plan(_port(product), f"/api/v1/bots/{plain}/chat", options.visitors)
    figures["plain"] = side(web_of(product), plan, options)
    base = client.make_base(list(_handbook(product.folder / "handbook")))
    client.wait_until_settled(base)
    reading = deploy(client, grounding="flexible", knowledge_bases=[{"kb_id": base}])
    plan = Plan(_port(product), f"/api/v1/bots/{reading}/chat", options.visitors, questions=QUESTIONS)
    figures["with_retrieval"] = side(web_of(product), plan, options)
    if options.soak_minutes:
        figures["soak"] = soak(product, plain, options)
    return figures


def measure_open(product: Product, options: argparse.Namespace) -> dict[str, Any]:
    """Very many streams that are open at once; the model takes half a second for each token."""
    bot = deploy(product.client(), grounding="flexible")
    path, web = f"/api/v1/bots/{bot}/chat", web_of(product)
    visit(Plan(_port(product), path, 8))
    before = _memory(web)
    plan = Plan(_port(product), path, options.open, ramp_seconds=15)
    clients = _start(plan)
    highest = before
    while clients.poll() is None:
        highest = max(highest, _memory(web))
        time.sleep(0.5)
    measured = _result(clients)
    per_stream = (highest - before) / options.open / 1024
    return {"open_streams": summary(measured) | {"memory_kib_per_stream": round(per_stream, 1)}}


def soak(product: Product, bot: str, options: argparse.Namespace) -> dict[str, Any]:
    """The same load for long: memory must end where it began."""
    web, minutes = web_of(product), []
    deadline = time.monotonic() + 60 * options.soak_minutes
    while time.monotonic() < deadline:
        plan = Plan(_port(product), f"/api/v1/bots/{bot}/chat", options.visitors, seconds=30)
        measured = visit(plan)
        minutes.append({"answers": measured.answers, "errors": len(measured.errors), "mib": _memory(web) // 2**20})
    return {"half_minutes": minutes}


def side(processes: Sequence[psutil.Process], plan: Plan, options: argparse.Namespace) -> dict[str, Any]:
    """Warm up, then measure."""
    plan.seconds = 2
    visit(plan)
    plan.seconds = options.seconds
    before = _cpu(processes)
    measured = visit(plan)
    return summary(measured) | {"cpu_ms": round(1000 * (_cpu(processes) - before) / max(1, measured.answers), 3)}


def summary(measured: Measured) -> dict[str, Any]:
    """The figures of a run."""
    return {
        "answers": measured.answers,
        "errors": len(measured.errors),
        "first_errors": measured.errors[:3],
        "most_open": measured.most_open,
        "per_second": round(measured.answers / measured.seconds, 1),
        "first_token_ms": _percentiles(measured.first_ms),
        "whole_ms": _percentiles(measured.whole_ms),
    }


def ratios(figures: dict[str, Any]) -> dict[str, float]:
    """The product beside the bare routes."""
    plain = figures["plain"]["cpu_ms"]
    return {
        "plain_to_bare": round(plain / figures["bare"]["cpu_ms"], 2),
        "plain_to_wrapped": round(plain / figures["wrapped_route"]["cpu_ms"], 2),
    }


def deploy(client: Client, **fields: Any) -> str:
    """A bot without limits that would be noticed here."""
    body = {"name": "Load", "limits": UNLIMITED, **fields}
    draft = client.json("POST", "/api/v1/chatbots/draft", json=body)["draft_id"]
    return str(client.json("POST", f"/api/v1/chatbots/draft/{draft}/deploy")["bot_id"])


@contextmanager
def product_at(folder: Path, model_port: int, options: argparse.Namespace) -> Iterator[Product]:
    """The product with the mock as its model."""
    settings = {
        "PRIVEXBOT_LLMS__OPENAI_LIKE__BASE_URL": f"http://127.0.0.1:{model_port}/v1",
        "PRIVEXBOT_LLMS__OPENAI_LIKE__MODEL": "mock",
        "PRIVEXBOT_LLMS__OPENAI_LIKE__IDLE_TIMEOUT_SECONDS": "120",
        "PRIVEXBOT_WEB_PROCESSES": str(options.web_processes),
    }
    with running_product(folder, **settings) as product:
        yield product


class Served:
    """A process of `bench.chat_routes`."""

    def __init__(self, process: "subprocess.Popen[bytes]", port: int) -> None:
        self._process, self.port = process, port

    def processes(self) -> list[psutil.Process]:
        """The process whose CPU counts."""
        return [psutil.Process(self._process.pid)]


@contextmanager
def serving(kind: str, *arguments: str) -> Iterator[Served]:
    """A mock or a bare route on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "bench.chat_routes", kind, "--port", str(port), *arguments]
    process = subprocess.Popen(command)
    try:
        _wait_for(port)
        yield Served(process, port)
    finally:
        process.terminate()
        process.wait(10)


def visit(plan: Plan) -> Measured:
    """Let the plan's visitors ask, in a process of their own."""
    return _result(_start(plan))


def web_of(product: Product) -> list[psutil.Process]:
    """The product's web processes."""
    return [worker for granian in product.children("granian") for worker in (granian, *granian.children())]


def _start(plan: Plan) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "bench.chat_clients"]
    clients = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert clients.stdin is not None
    clients.stdin.write(json.dumps(asdict(plan)).encode())
    clients.stdin.close()
    return clients


def _result(clients: "subprocess.Popen[bytes]") -> Measured:
    assert clients.stdout is not None
    measured = Measured(**json.load(clients.stdout))
    clients.wait()
    return measured


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(f"nothing listens on {port}")


def _handbook(folder: Path) -> Iterator[Path]:
    folder.mkdir()
    for topic in TOPICS:
        for chapter in range(2):
            path = folder / f"{topic}-{chapter}.md"
            lines = [f"On {topic}, rule {chapter}.{number}: {topic} are settled by noon." for number in range(12)]
            path.write_text(f"# {topic.capitalize()} {chapter}\n\n" + "\n\n".join(lines))
            yield path


def _port(product: Product) -> int:
    return int(product.url.rsplit(":", 1)[1])


def _cpu(processes: Sequence[psutil.Process]) -> float:
    return sum(times.user + times.system for times in (process.cpu_times() for process in processes))


def _memory(processes: Sequence[psutil.Process]) -> int:
    return sum(process.memory_info().rss for process in processes)


def _percentiles(values: list[float]) -> dict[str, float]:
    if len(values) < 2:
        return {}
    cuts = statistics.quantiles(values, n=100)
    return {"p50": round(cuts[49], 1), "p95": round(cuts[94], 1)}


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    main()

"""Chatflows: what a node costs the engine, and how many echo flows the product runs beside a bare route.

`python -m bench.flows [--seconds 10] [--visitors 32]`

The engine's figures are CPU time of a chain of nodes that set a variable, in one process without a server. The flow at
the public endpoint has three nodes (start, set a variable, reply) and is whole: session, limits, history, state and
traces are saved. The bare route is Starlette with aiosqlite: it reads the question, keeps both messages in SQLite and
answers with the same events.
"""

import argparse
import asyncio
import json
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.chat_clients import Plan
from bench.chat_load import UNLIMITED, serving, side, web_of
from privexbot_app.bootstrap import discover
from privexbot_app.flow.graph import Graph, compile_graph
from privexbot_app.flow.ports import Incoming
from privexbot_app.flow.runner import Run
from privexbot_app.flow.spec import GraphSpec
from privexbot_app.flow.testing import fake_ports
from tests.e2e.product import Client, running_product

RESULTS = Path(__file__).parent / "results" / "flows.json"
LONG, RUNS = 201, 60


def main() -> None:
    """Run both and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--visitors", type=int, default=32)
    options = parser.parse_args()
    figures: dict[str, Any] = {"engine": asyncio.run(measure_engine())}
    with serving("echo") as bare:
        plan = Plan(bare.port, "/chat", options.visitors, done="run.finished")
        figures["bare_route"] = side(bare.processes(), plan, options)
    with tempfile.TemporaryDirectory(prefix="flows-") as folder, running_product(Path(folder)) as product:
        bot = deploy(product.client())
        port = int(product.url.rpartition(":")[2])
        plan = Plan(port, f"/api/v1/bots/{bot}/chat", options.visitors)
        figures["echo_flow"] = side(web_of(product), plan, options)
    figures["ratio_of_cpu"] = round(figures["echo_flow"]["cpu_ms"] / figures["bare_route"]["cpu_ms"], 2)
    RESULTS.write_text(json.dumps(figures, indent=1) + "\n")
    print(json.dumps(figures, indent=1))


async def measure_engine() -> dict[str, float]:
    """Microseconds of CPU for a run of one node, and for each further node."""
    discover()
    short, long = await _cpu_of(chain(1), RUNS * 10), await _cpu_of(chain(LONG), RUNS)
    return {
        "run_of_one_node_us": round(short * 1e6, 1),
        "each_further_node_us": round((long - short) / (LONG - 1) * 1e6, 1),
    }


def chain(length: int) -> Graph:
    """A start and nodes in a row, each of which sets a variable."""
    config = {"assignments": [{"name": "said", "value": "{{start.message}}"}]}
    ids = [f"n{number}" for number in range(length)]
    nodes = [{"id": "start", "type": "trigger"}, *({"id": id, "type": "set_variable", "config": config} for id in ids)]
    edges = [{"source": source, "target": target} for source, target in zip(["start", *ids], ids, strict=False)]
    graph = {"nodes": nodes, "edges": edges, "variables": [{"name": "said"}], "limits": {"steps": 10_000}}
    return compile_graph(GraphSpec.model_validate(graph))


async def _cpu_of(graph: Graph, runs: int) -> float:
    ports = fake_ports()
    for warm in (True, False):
        began = time.process_time()
        for _ in range(max(1, runs // 10) if warm else runs):
            async for _ in Run(graph, ports, Incoming("hello")).events():
                pass
    return (time.process_time() - began) / runs


def deploy(client: Client) -> str:
    """The echo flow, live."""
    reply = {"id": "reply", "type": "reply", "config": {"text": "You said {{vars.said}}"}}
    keep = {"assignments": [{"name": "said", "value": "{{start.message}}"}]}
    graph = {
        "nodes": [
            {"id": "start", "type": "trigger"},
            {"id": "keep", "type": "set_variable", "config": keep},
            reply,
        ],
        "edges": [{"source": "start", "target": "keep"}, {"source": "keep", "target": "reply"}],
        "variables": [{"name": "said"}],
    }
    body = {"name": "Echo", "graph": graph, "limits": UNLIMITED}
    draft = client.json("POST", "/api/v1/chatflows/draft", json=body)["draft_id"]
    return str(client.json("POST", f"/api/v1/chatflows/draft/{draft}/deploy")["bot_id"])


if __name__ == "__main__":
    main()

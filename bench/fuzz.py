"""Thousands of calls that schemathesis makes up from `/api/openapi.json`: none may be answered by a 500.

`python -m bench.fuzz [--calls 10000]`, or `make fuzz`. An owner who has one of everything calls an installation in this
process; half of the calls fit the schema and half do not. Ids in paths are mostly real ones, as made-up ones lead to
404 and no further. What ends the caller's rights or things comes last, and both are made anew when they are gone.
"""

import argparse
import asyncio
import json
import random
import re
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.parse import quote

import httpx
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.generation import GenerationMode
from schemathesis.generation.case import Case

from privexbot_app.kit.logging import set_up_logging
from tests.api.test_permissions import World
from tests.installation import Installation, installed, running_redis

RESULTS = Path(__file__).parent / "results" / "fuzz.json"
REAL_IDS = 0.8
RATES_FORGOTTEN_EVERY = 20
LAST = ("DELETE", "POST /api/v1/auth/logout", "POST /api/v1/auth/password", "POST /api/v1/auth/authenticator/confirm")
SENT = ("method", "url", "headers", "params", "cookies", "data", "json", "files")
OURS = frozenset({"authorization", "content-length", "x-schemathesis-testcaseid", "user-agent", "cookie"})
PLACES = re.compile(r"\{(\w+)")


@dataclass
class Report:
    """What came of it. crashes: answers with 500, each as operation, body sent and request id."""

    calls: int = 0
    operations: int = 0
    seconds: float = 0.0
    statuses: Counter[int] = field(default_factory=Counter)
    never_succeeded: list[str] = field(default_factory=list)
    crashes: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Call:
    """One request as schemathesis made it up; ids are filled in when it is sent."""

    operation: str
    method: str
    template: str
    path_values: dict[str, Any]
    request: dict[str, Any]


def make_up(schema: dict[str, Any], calls: int, *, chance: int) -> list[list[Call]]:
    """So many calls, spread evenly over the operations; those of one operation together."""
    loaded = schemathesis.openapi.from_dict(schema)
    operations = [found.ok() for found in loaded.get_all_operations()]
    operations.sort(key=lambda one: one.label.startswith(LAST))
    each = -(-calls // len(operations))
    halves = {GenerationMode.POSITIVE: each - each // 2, GenerationMode.NEGATIVE: each // 2}
    return [
        [call for mode, count in halves.items() if count for call in _of(one, mode, count, chance)]
        for one in operations
    ]


def _of(operation: Any, mode: GenerationMode, count: int, chance: int) -> list[Call]:
    made: list[Call] = []

    @seed(chance)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        verbosity=Verbosity.quiet,
        suppress_health_check=list(HealthCheck),
    )
    @given(operation.as_strategy(generation_mode=mode))
    def collect(case: Case) -> None:
        made.append(_as_call(case))

    with suppress(Unsatisfiable):  # nothing can be wrong about a call without parameters and body
        collect()
    made = made or [_plain(operation)]
    return [made[number % len(made)] for number in range(count)]  # where fewer differ, the state does


def _plain(operation: Any) -> Call:
    return _as_call(operation.Case(method=operation.method.upper()))


def _as_call(case: Case) -> Call:
    values = {**dict.fromkeys(PLACES.findall(case.operation.path), "x"), **(case.path_parameters or {})}
    return Call(case.operation.label, case.method.upper(), case.operation.path, values, _sendable(case))


def _sendable(case: Case) -> dict[str, Any]:
    case.path_parameters = dict.fromkeys(PLACES.findall(case.operation.path), "x")
    made = case.as_transport_kwargs(base_url="http://testserver")
    prepared = requests.Request(**{name: made.get(name) for name in SENT}).prepare()
    headers = {name: value for name, value in prepared.headers.items() if name.lower() not in OURS}
    body = prepared.body or b""
    content = body.encode() if isinstance(body, str) else body
    return {"headers": headers, "params": str(httpx.URL(prepared.url or "").query, "ascii"), "content": content}


class Caller:
    """Sends calls as an owner who has one of everything."""

    def __init__(self, installation: Installation, *, chance: int) -> None:
        self._world = World(installation)
        self._installation = installation
        self._random = random.Random(chance)
        self.report = Report()

    async def begin(self) -> None:
        """Become an owner with one of everything."""
        dispatcher: Any = self._installation.works.dispatcher
        dispatcher.is_paused = False
        self._world.people["admin"] = await self._installation.register("ann")
        self._world.ids = await self._world.make_objects("admin")
        dispatcher.is_paused = True  # what a job does later is no answer to a call

    async def call_all(self, calls: Sequence[Call]) -> None:
        """Send the calls of one operation, and see whether any got through."""
        before = Counter(self.report.statuses)
        for call in calls:
            await self._call(call)
        fresh = self.report.statuses - before
        if calls and not any(200 <= status < 400 for status in fresh):
            self.report.never_succeeded.append(calls[0].operation)

    async def _call(self, call: Call) -> None:
        if self.report.calls % RATES_FORGOTTEN_EVERY == 0:
            await self._forget_rates()
        headers = {**call.request["headers"], **self._world.people["admin"].headers}
        request = {**call.request, "headers": headers}
        try:
            response = await self._installation.http.request(call.method, self._path_of(call), **request)
        except (httpx.InvalidURL, UnicodeError, httpx.LocalProtocolError):
            return  # no client can send it
        self.report.calls += 1
        self.report.statuses[response.status_code] += 1
        if response.status_code == 500:
            sent = {name: repr(value)[:600] for name, value in request.items() if name != "headers"}
            self.report.crashes.append({"operation": call.operation, "url": str(response.url), **sent})
        if response.status_code == 401 and await self._is_signed_out():
            await self.begin()

    async def _is_signed_out(self) -> bool:
        headers = self._world.people["admin"].headers
        return (await self._installation.http.get("/api/v1/auth/me", headers=headers)).status_code == 401

    async def _forget_rates(self) -> None:
        redis = self._installation.works.redis
        for pattern in ("limit:*", "delay:*"):
            if keys := [key async for key in redis.scan_iter(match=pattern)]:
                await redis.delete(*keys)

    def _path_of(self, call: Call) -> str:
        path = call.template
        for name, made_up in call.path_values.items():
            known = self._known(call.template, name)
            value = known if known and self._random.random() < REAL_IDS else quote(str(made_up), safe="")
            path = path.replace(f"{{{name}}}", value)
        for name, value in self._world.ids.items():
            path = path.replace(f"{{{name}}}", value)
        return path

    def _known(self, template: str, name: str) -> str | None:
        """A real id for a place in a path; the names of places are the routes' own."""
        ids = self._world.ids
        if name == "draft_id":
            name = next(draft for room, draft in DRAFTS.items() if room in template)
        elif name == "bot_id" and "/chatflows/" in template:
            name = "chatflow_id"
        elif name == "source_id" and "/draft/" not in template:
            name = "kb_source_id"
        return ids.get(name)


DRAFTS = {"/kb/": "kb_draft_id", "/chatbots/": "bot_draft_id", "/chatflows/": "flow_draft_id"}


async def fuzz(calls: int, *, chance: int = 1, folder: Path, redis_url: str, seconds: float = 1e9) -> Report:
    """Make up so many calls, send them, tell what came of them. seconds: stop sending after so long."""
    async with installed(folder / "data", redis_url) as installation:
        schema = (await installation.http.get("/api/openapi.json")).json()
        groups = await asyncio.to_thread(make_up, schema, calls, chance=chance)
        caller, started = Caller(installation, chance=chance), monotonic()
        await caller.begin()
        for group in _within(groups, started + seconds):
            await caller.call_all(group)
        caller.report.operations = len(groups)
        caller.report.seconds = round(monotonic() - started, 1)
    return caller.report


def _within(groups: list[list[Call]], deadline: float) -> Iterator[list[Call]]:
    for group in groups:
        if monotonic() > deadline:
            return
        yield group


def main() -> None:
    """Call, say, and write down. Ends with an error when anything crashed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    set_up_logging("ERROR")
    with tempfile.TemporaryDirectory() as folder, running_redis(Path(folder)) as redis_url:
        report = asyncio.run(fuzz(chosen.calls, chance=chosen.seed, folder=Path(folder), redis_url=redis_url))
    written = {**vars(report), "seed": chosen.seed, "statuses": dict(sorted(report.statuses.items()))}
    RESULTS.write_text(json.dumps(written, indent=2, ensure_ascii=True) + "\n")
    print(f"{report.calls} calls of {report.operations} operations: {len(report.crashes)} answers with 500")
    for crash in report.crashes[:20]:
        print(json.dumps(crash))
    raise SystemExit(1 if report.crashes else 0)


if __name__ == "__main__":
    main()

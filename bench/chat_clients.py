"""Visitors for the load benchmark: bare sockets that send a question, read to the end of the answer and ask again.

`python -m bench.chat_clients` reads a plan as JSON from standard input and writes what it measured to standard output.
A process of its own, so that its work is not counted as the server's.
"""

import asyncio
import json
import re
import sys
import time
from dataclasses import asdict, dataclass, field

SESSION = re.compile(rb'"session_id":"([\w-]+)"')
END = b"\r\n0\r\n\r\n"


@dataclass
class Plan:
    """What to do. visitors: at once. seconds: for how long; 0 for one question each.

    questions_per_session: then a visitor begins anew. ramp_seconds: over which visitors arrive.
    first: what the first piece of an answer contains; done: what a whole answer contains.
    """

    port: int
    path: str
    visitors: int
    seconds: float = 0
    questions_per_session: int = 4
    ramp_seconds: float = 0
    questions: list[str] = field(default_factory=lambda: ["How long is a berth, and what does it cost for one night?"])
    first: str = "delta"
    done: str = "run.finished"


@dataclass
class Measured:
    """What came of it. first_ms: of each answer, to its first piece of text; whole_ms: to its end."""

    answers: int = 0
    errors: list[str] = field(default_factory=list)
    first_ms: list[float] = field(default_factory=list)
    whole_ms: list[float] = field(default_factory=list)
    seconds: float = 0
    most_open: int = 0


class Visitors:
    """All visitors of a plan."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._first, self._done = plan.first.encode(), plan.done.encode()
        self._open = 0
        self.measured = Measured()

    async def run(self) -> Measured:
        """Let them all ask until the time is over."""
        started = time.perf_counter()
        await asyncio.gather(*(self._visit(number, started) for number in range(self._plan.visitors)))
        self.measured.seconds = time.perf_counter() - started
        return self.measured

    async def _visit(self, number: int, started: float) -> None:
        plan = self._plan
        await asyncio.sleep(plan.ramp_seconds * number / plan.visitors)
        reader, writer = await asyncio.open_connection("127.0.0.1", plan.port, limit=2**20)
        session, asked = "", 0
        while True:
            if asked % plan.questions_per_session == 0:
                session = ""
            body: dict[str, object] = {
                "message": plan.questions[(number + asked) % len(plan.questions)],
                "stream": True,
            }
            if session:
                body["session_id"] = session
            try:
                session = await self._ask(reader, writer, json.dumps(body).encode()) or session
            except (OSError, EOFError, ValueError) as error:
                self.measured.errors.append(repr(error)[:200])
                return
            asked += 1
            if time.perf_counter() - started >= plan.seconds:
                writer.close()
                return

    async def _ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, body: bytes) -> str:
        begun = time.perf_counter()
        head = f"POST {self._plan.path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
        writer.write(head.encode() + f"content-length: {len(body)}\r\n\r\n".encode() + body)
        self._open += 1
        self.measured.most_open = max(self.measured.most_open, self._open)
        answer, first = b"", 0.0
        try:
            while not answer.endswith(END):
                piece = await reader.read(65536)
                if not piece:
                    raise EOFError(answer[:200])
                answer += piece
                if not first and self._first in answer:
                    first = time.perf_counter()
                if not answer.startswith(b"HTTP/1.1 200") and b"chunked" not in answer:
                    raise ValueError(answer[:300])
        finally:
            self._open -= 1
        if not answer.startswith(b"HTTP/1.1 200") or self._done not in answer:
            raise ValueError(answer[-300:])
        self.measured.answers += 1
        self.measured.first_ms.append(1000 * (first - begun))
        self.measured.whole_ms.append(1000 * (time.perf_counter() - begun))
        found = SESSION.search(answer)
        return found[1].decode() if found else ""


def main() -> None:
    """Run the plan from standard input."""
    import uvloop

    plan = Plan(**json.load(sys.stdin))
    json.dump(asdict(uvloop.run(Visitors(plan).run())), sys.stdout)


if __name__ == "__main__":
    main()

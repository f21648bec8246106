"""Test flows with pytest, without a server: a flow from a file, a visitor that talks, ports that answer as told.

    async def test_the_flow_asks_for_the_order_number():
        talk = FlowTest.load("order_status.yaml", web=FakeWeb({"https://shop.example/orders/7": {"state": "sent"}}))
        assert "order number" in await talk.say("Where is my parcel?")
        assert "sent" in await talk.say("7")

Everything here is public and stays as it is; fakes obey the same protocols as the real ports.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from privexbot_app.flow.events import FlowEvent, NodeFinished, NodeRun, RunFailed, RunFinished, RunPaused, Said
from privexbot_app.flow.formats.base import read_flow
from privexbot_app.flow.graph import Graph, compile_graph
from privexbot_app.flow.ports import (
    Answered,
    CodeLimits,
    Found,
    HttpAnswer,
    HttpCall,
    Incoming,
    Inquiry,
    Mail,
    Notice,
    Ports,
    Prompt,
    Search,
    Tokens,
    Turn,
)
from privexbot_app.flow.runner import Run
from privexbot_app.flow.spec import GraphSpec
from privexbot_app.kit.errors import NotFoundError, UpstreamFailedError
from privexbot_app.kit.text import Passage


class FlowFailedError(AssertionError):
    """A flow under test broke off; carries the code."""

    def __init__(self, failed: RunFailed) -> None:
        super().__init__(f"{failed.code} at {failed.node_id}: {failed.message}")
        self.code, self.node_id = failed.code, failed.node_id


@dataclass
class FakeModels:
    """Answers with `replies` in order, the last one for ever; a callable gets the prompt."""

    replies: Sequence[str | Callable[[Prompt], str] | Exception] = ("Hello.",)
    prompts: list[Prompt] = field(default_factory=list)

    async def stream(self, prompt: Prompt) -> AsyncIterator[str | Tokens]:
        reply = self.replies[min(len(self.prompts), len(self.replies) - 1)]
        self.prompts.append(prompt)
        if isinstance(reply, Exception):
            raise reply
        text = reply(prompt) if callable(reply) else reply
        for word in text.split(" "):
            yield f"{word} "
        yield Tokens(len(prompt.messages), len(text.split()))


@dataclass
class FakeKnowledge:
    """Finds the passages whose words the question shares."""

    passages: Sequence[str] = ()
    searches: list[Search] = field(default_factory=list)

    async def search(self, search: Search) -> Sequence[Found]:
        self.searches.append(search)
        words = set(search.text.casefold().split())
        hits = [text for text in self.passages if words & set(text.casefold().split())]
        return [
            Found(Passage(index=number, title="Handbook", text=text, start=0, end=len(text)), f"doc-{number}", "c", 1.0)
            for number, text in enumerate(hits[: search.limit], start=1)
        ]


@dataclass
class FakeAnswers:
    """Answers every question with the passage that shares its words, cited; refuses the others."""

    knowledge: FakeKnowledge = field(default_factory=FakeKnowledge)
    inquiries: list[Inquiry] = field(default_factory=list)

    async def answer(self, inquiry: Inquiry) -> AsyncIterator[str | Answered]:
        self.inquiries.append(inquiry)
        found = await self.knowledge.search(inquiry.search)
        if not found:
            yield Answered(refusal="The documents do not say.")
            return
        for word in found[0].passage.text.split(" "):
            yield f"{word} "
        yield "[1]"
        yield Answered(found[:1], tokens=Tokens(10, 5))


@dataclass
class FakeWeb:
    """Answers by address: a JSON body, an HttpAnswer or an exception; anything else is unreachable."""

    answers: Mapping[str, Any] = field(default_factory=dict)
    calls: list[HttpCall] = field(default_factory=list)

    async def call(self, call: HttpCall) -> HttpAnswer:
        self.calls.append(call)
        answer = self.answers.get(call.url, UpstreamFailedError("Nothing answers there.", code="unreachable"))
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, HttpAnswer) else HttpAnswer(200, {}, "", answer)


@dataclass
class FakeCode:
    """Gives what `result` says."""

    result: Any = None

    async def run(self, source: str, inputs: Mapping[str, Any], limits: CodeLimits) -> Any:
        return self.result(source, inputs) if callable(self.result) else self.result


@dataclass
class FakeDatabase:
    """Gives the same rows to every query and remembers what was asked."""

    rows: Sequence[Mapping[str, Any]] = ()
    queries: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)

    async def query(
        self, credential_id: str, sql: str, parameters: Mapping[str, Any], *, is_read_only: bool, max_rows: int
    ) -> Sequence[Mapping[str, Any]]:
        self.queries.append((sql, parameters))
        return self.rows[:max_rows]


@dataclass
class FakeMessenger:
    """Keeps what was sent."""

    mails: list[Mail] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)

    async def send_mail(self, mail: Mail) -> None:
        self.mails.append(mail)

    async def send_notice(self, notice: Notice) -> None:
        self.notices.append(notice)


@dataclass
class FakeLeads:
    """Keeps who was captured."""

    captured: list[dict[str, str]] = field(default_factory=list)

    async def capture(self, fields: Mapping[str, str], *, consent: bool) -> str:
        self.captured.append({**fields, "consent": str(consent).lower()})
        return f"lead-{len(self.captured)}"


@dataclass
class FakeFlows:
    """Other flows, by id."""

    graphs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    async def load(self, chatflow_id: str) -> Mapping[str, Any]:
        if chatflow_id not in self.graphs:
            raise NotFoundError("There is no such chatflow.", code="chatflow_not_found")
        return self.graphs[chatflow_id]


@dataclass
class FakeClock:
    """Stands still."""

    at: datetime = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at


def fake_ports(**ports: Any) -> Ports:
    """Ports that answer as told; name the ones that matter."""
    made: dict[str, Any] = {
        "models": FakeModels(),
        "knowledge": FakeKnowledge(),
        "answers": FakeAnswers(ports.get("knowledge") or FakeKnowledge()),
        "web": FakeWeb(),
        "code": FakeCode(),
        "database": FakeDatabase(),
        "messenger": FakeMessenger(),
        "leads": FakeLeads(),
        "flows": FakeFlows(),
        "clock": FakeClock(),
    }
    return Ports(**{**made, **ports})


class FlowTest:
    """A visitor's talk with a flow. Keeps pauses, variables and history between messages, as the product does.

    events, runs: of the last turn. outputs: of the last run that ended.
    """

    def __init__(self, spec: GraphSpec | Mapping[str, Any], **ports: Any) -> None:
        self.spec = spec if isinstance(spec, GraphSpec) else GraphSpec.model_validate(spec)
        self.graph: Graph = compile_graph(self.spec)
        self.ports = fake_ports(**ports)
        self.history: list[Turn] = []
        self.events: list[FlowEvent] = []
        self.outputs: Mapping[str, Any] = {}
        self.variables: Mapping[str, Any] = {}
        self.snapshot: Mapping[str, Any] | None = None

    @classmethod
    def load(cls, path: str | Path, **ports: Any) -> "FlowTest":
        """A talk with the flow of a file, of whatever format is known."""
        return cls(read_flow(Path(path).read_text(encoding="utf-8")).graph, **ports)

    async def say(self, text: str, **incoming: Any) -> str:
        """Send a message; returns what the flow says. Raises FlowFailedError."""
        return await self._turn(Incoming(text, **incoming), None)

    async def hand_back(self, **data: Any) -> str:
        """A person sends what a waiting flow needs; returns what the flow says then."""
        return await self._turn(Incoming(""), data)

    @property
    def is_waiting(self) -> bool:
        """Whether the flow waits for more."""
        return self.snapshot is not None

    @property
    def runs(self) -> list[NodeRun]:
        """Traces of the last turn, in order."""
        return [event.run for event in self.events if isinstance(event, NodeFinished)]

    async def _turn(self, message: Incoming, answer: Mapping[str, Any] | None) -> str:
        run = Run(
            self.graph,
            self.ports,
            message,
            history=self.history,
            variables=self.variables,
            snapshot=self.snapshot,
            answer=answer,
        )
        self.events = [event async for event in run.events()]
        said = "".join(event.text for event in self.events if isinstance(event, Said)).strip()
        self.history += [Turn("user", message.text), Turn("assistant", said)]
        last = self.events[-1]
        self.snapshot = last.snapshot if isinstance(last, RunPaused) else None
        if isinstance(last, RunFailed):
            raise FlowFailedError(last)
        if isinstance(last, RunFinished):
            self.outputs = last.outputs
        if isinstance(last, RunPaused | RunFinished):
            self.variables = last.variables
        return said

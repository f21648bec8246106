"""What a node may ask the world for. The engine knows only these shapes; `domains.chatflows` gives them bodies.

A port never hands out a secret: a node names a credential, and the port uses it. Every port that crosses the network
goes through the installation's safe client, and every port is bound to one workspace before a run begins.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

from privexbot_app.kit.text import Passage


@dataclass(frozen=True)
class Turn:
    """One earlier message of the conversation."""

    role: Literal["user", "assistant"]
    content: str


@dataclass(frozen=True)
class Attachment:
    """A file that the visitor sent: where the installation keeps it, never its bytes."""

    id: str
    name: str
    media_type: str
    size_bytes: int


@dataclass(frozen=True)
class Incoming:
    """What the visitor just said. data: what a form or a button sent beside the words."""

    text: str
    attachments: tuple[Attachment, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Prompt:
    """A question to a language model.

    question: the words that the answer is for; passages: what it may quote. `response_schema`, a JSON Schema, asks for
    an object instead of text.
    """

    messages: tuple[tuple[Literal["system", "user", "assistant"], str], ...]
    question: str = ""
    passages: tuple[Passage, ...] = ()
    provider: str = ""
    model: str | None = None
    temperature: float = 0.2
    max_tokens: int = 800
    response_schema: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Tokens:
    """What a model call cost."""

    prompt: int = 0
    completion: int = 0

    @property
    def total(self) -> int:
        """Both together."""
        return self.prompt + self.completion

    def __add__(self, other: "Tokens") -> "Tokens":
        return Tokens(self.prompt + other.prompt, self.completion + other.completion)


class Models(Protocol):
    """Language models of the installation."""

    def stream(self, prompt: Prompt) -> AsyncIterator[str | Tokens]:
        """Pieces of the answer, then what it cost. Raises UpstreamFailedError."""
        ...


@dataclass(frozen=True)
class Search:
    """A question to knowledge bases. mode: None for each base's own."""

    text: str
    base_ids: tuple[str, ...]
    limit: int = 6
    mode: Literal["hybrid", "dense", "keyword"] | None = None
    rerank: str | None = None


@dataclass(frozen=True)
class Found:
    """One passage with the document it stands in. passage.index counts from 1 in the order of the results."""

    passage: Passage
    document_id: str
    chunk_id: str
    score: float


class Knowledge(Protocol):
    """Knowledge bases of the flow's workspace."""

    async def search(self, search: Search) -> Sequence[Found]:
        """Best first. Raises NotFoundError for a base of another workspace exactly as for a missing one."""
        ...


@dataclass(frozen=True)
class Inquiry:
    """A question that is to be answered from knowledge bases. search.text: the visitor's words, as they were written.

    history: earlier turns, so that a follow-up can be understood. persona: the author's own instructions.
    """

    search: Search
    history: tuple[Turn, ...] = ()
    persona: str = ""
    grounding: Literal["strict", "guided", "flexible"] = "guided"
    provider: str = ""
    model: str | None = None
    temperature: float = 0.2
    max_tokens: int = 800


@dataclass(frozen=True)
class Answered:
    """What an answer rests on.

    cited: by the numbers that stand in the answer, each passage narrowed to what supports it. refusal: when the
    documents hold no answer and no model was asked, the sentence that says so, in the visitor's language.
    """

    cited: Sequence[Found] = ()
    refusal: str = ""
    tokens: Tokens = Tokens()


class Answers(Protocol):
    """Answers from knowledge bases, found, grounded and cited as the chatbots do it."""

    def answer(self, inquiry: Inquiry) -> AsyncIterator[str | Answered]:
        """Pieces of the answer, none where it is refused; then what it rests on.

        Raises NotFoundError for a base of another workspace exactly as for a missing one, UpstreamFailedError.
        """
        ...


@dataclass(frozen=True)
class HttpCall:
    """A request to a service. body: text, or JSON when it is not text; form: fields of a form.

    credential_id: added by the port, as its kind says (bearer, basic, header).
    """

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"]
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    form: Mapping[str, str] | None = None
    credential_id: str | None = None
    timeout_seconds: float = 15
    max_bytes: int = 1_000_000
    signing_credential_id: str | None = None


@dataclass(frozen=True)
class HttpAnswer:
    """What a service said. json: the parsed body, None when it is not JSON."""

    status: int
    headers: Mapping[str, str]
    text: str
    json: Any = None


class Web(Protocol):
    """Services on the network, through the safe client."""

    async def call(self, call: HttpCall) -> HttpAnswer:
        """Send. Raises UrlNotAllowedError for private addresses, UpstreamFailedError for silence."""
        ...


@dataclass(frozen=True)
class CodeLimits:
    """What a piece of code may use."""

    seconds: float = 2
    megabytes: int = 64
    output_characters: int = 100_000


class Code(Protocol):
    """An interpreter without a host: no files, no network, no clock."""

    async def run(self, source: str, inputs: Mapping[str, Any], limits: CodeLimits) -> Any:
        """The value of the source's last expression. Raises CodeFailedError (`code_failed`, `code_timeout`, …)."""
        ...


class Database(Protocol):
    """A database that a credential points to."""

    async def query(
        self, credential_id: str, sql: str, parameters: Mapping[str, Any], *, is_read_only: bool, max_rows: int
    ) -> Sequence[Mapping[str, Any]]:
        """Rows as objects. Raises SqlRefusedError, UpstreamFailedError."""
        ...


@dataclass(frozen=True)
class Mail:
    """An e-mail; plain text."""

    to: tuple[str, ...]
    subject: str
    text: str
    reply_to: str | None = None


@dataclass(frozen=True)
class Notice:
    """A message to a team's channel. service: which service's shape the address behind the credential takes."""

    service: Literal["slack", "discord", "teams"]
    credential_id: str
    text: str


class Messenger(Protocol):
    """Ways to reach people who are not the visitor."""

    async def send_mail(self, mail: Mail) -> None: ...

    async def send_notice(self, notice: Notice) -> None: ...


class Leads(Protocol):
    """The workspace's contacts."""

    async def capture(self, fields: Mapping[str, str], *, consent: bool) -> str:
        """Keep a contact of this conversation; returns its id. Raises InvalidError."""
        ...


class Flows(Protocol):
    """Other chatflows of the workspace."""

    async def load(self, chatflow_id: str) -> Mapping[str, Any]:
        """The published graph, as JSON. Raises NotFoundError."""
        ...


class Clock(Protocol):
    """The time."""

    def now(self) -> datetime: ...


@dataclass(frozen=True)
class Ports:
    """Everything outside a flow, bound to one workspace and one conversation.

    answers: None where there are no knowledge bases to ask.
    """

    models: Models
    knowledge: Knowledge
    web: Web
    code: Code
    database: Database
    messenger: Messenger
    leads: Leads
    flows: Flows
    clock: Clock
    answers: Answers | None = None

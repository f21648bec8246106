"""What a chatbot is made of, and what the doors see of it."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from privexbot_app.domains.bots.kinds import BotKind
from privexbot_app.domains.bots.look import (
    MOST_RULES,
    Appearance,
    Consent,
    HostedPage,
    LeadCapture,
    Part,
    ProactiveRule,
)
from privexbot_app.domains.knowledge.schemas import SearchMode
from privexbot_app.flow.spec import GraphSpec
from privexbot_app.kit.fields import Trimmed
from privexbot_app.rag.prompt import Grounding

DEFAULT_GREETING = "Hello! What would you like to know?"
DEFAULT_PROMPT = "You are a helpful assistant. Answer briefly and in a friendly tone."
DEFAULT_LIMIT_MESSAGE = "You are writing faster than I can answer. Please wait a moment and try again."
MOST_KNOWLEDGE_BASES = 10
MOST_SUGGESTIONS = 6
MOST_ORIGINS = 50


BotName = Annotated[str, Trimmed, Field(max_length=80)]
Suggestion = Annotated[str, Trimmed, Field(min_length=1, max_length=200)]


class ModelChoice(Part):
    """Which language model answers. provider: empty for the installation's default; model: for the provider's."""

    provider: str = ""
    model: str | None = Field(None, max_length=200)
    temperature: float = Field(0.2, ge=0, le=2)
    max_tokens: int = Field(800, ge=16, le=32_000)


class KnowledgeChoice(Part):
    """A knowledge base that the bot reads."""

    kb_id: UUID


class RetrievalChoice(Part):
    """How the bot searches; what is null is as its first knowledge base is set. rerank: "none" for none."""

    limit: int = Field(6, ge=1, le=20)
    mode: SearchMode | None = None
    rerank: str | None = Field(None, max_length=50)


class Memory(Part):
    """How many earlier messages of the conversation the bot reads."""

    max_messages: int = Field(10, ge=0, le=100)


class Limits(Part):
    """How many messages a minute the bot takes, and what it tells a visitor who is faster.

    Of one visitor, of one IP address (an office may share one), and of all visitors together.
    """

    per_visitor: int = Field(30, ge=1, le=1_000_000)
    per_address: int = Field(60, ge=1, le=1_000_000)
    per_bot: int = Field(6000, ge=1, le=10_000_000)
    message: Annotated[str, Trimmed, Field(min_length=1, max_length=300)] = DEFAULT_LIMIT_MESSAGE


class Mcp(Part):
    """How programs use the bot as a tool (MCP). is_open: without an API key."""

    is_open: bool = False


class Redaction(Part):
    """Whether a model sees placeholders where people write e-mail addresses, numbers and the like.

    region: two letters of the country whose telephone numbers are known without a country code.
    """

    is_enabled: bool = False
    region: str | None = Field(None, pattern=r"^[A-Z]{2}$")


class BotConfig(Part):
    """Everything that makes a bot; a version keeps one of these unchanged."""

    name: BotName = ""
    description: str = Field("", max_length=2000)
    system_prompt: str = Field(DEFAULT_PROMPT, max_length=20_000)
    greeting: str = Field(DEFAULT_GREETING, max_length=1000)
    llm: ModelChoice = ModelChoice()
    knowledge_bases: list[KnowledgeChoice] = Field([], max_length=MOST_KNOWLEDGE_BASES)
    retrieval: RetrievalChoice = RetrievalChoice()
    grounding: Grounding = Grounding.STRICT
    memory: Memory = Memory()
    suggested_questions: list[Suggestion] = Field([], max_length=MOST_SUGGESTIONS)
    appearance: Appearance = Appearance()
    lead_capture: LeadCapture = LeadCapture()
    consent: Consent = Consent()
    proactive: list[ProactiveRule] = Field([], max_length=MOST_RULES)
    page: HostedPage = HostedPage()
    allowed_origins: list[str] = Field([], max_length=MOST_ORIGINS)
    limits: Limits = Limits()
    mcp: Mcp = Mcp()
    redaction: Redaction = Redaction()
    graph: GraphSpec | None = None

    @property
    def kind(self) -> BotKind:
        """A bot with a graph is a chatflow."""
        return BotKind.CHATBOT if self.graph is None else BotKind.CHATFLOW


class BotDraftView(BaseModel):
    """A bot that is being made or edited. bot_id: of the live bot, if it has one."""

    draft_id: UUID
    version: int
    expires_at: datetime
    updated_at: datetime
    bot_id: UUID | None
    config: BotConfig


class Deployment(BaseModel):
    """What to do on deployment. note: what is new in this version, for the team."""

    channels: list[str] = ["web"]
    note: str = Field("", max_length=1000)


class ChannelView(BaseModel):
    """A channel that the bot answers on."""

    type: str
    status: str


class DeployedBot(BaseModel):
    """A bot that has just been deployed."""

    bot_id: UUID
    version: int
    public_url: str
    embed_code: str
    channels: list[ChannelView]


class BotView(BaseModel):
    """A live bot."""

    id: UUID
    kind: BotKind
    name: str
    description: str
    version: int
    created_at: datetime
    public_url: str
    embed_code: str
    config: BotConfig


class BotVersionView(BaseModel):
    """One version of a bot."""

    model_config = ConfigDict(from_attributes=True)

    version: int
    created_at: datetime
    author_id: str
    note: str
    config: dict[str, Any]


class Rollback(BaseModel):
    """The version to go back to."""

    version: int = Field(ge=1, le=1_000_000)


class PublicConfig(BaseModel):
    """What the widget may know of a bot."""

    bot_id: UUID
    name: str
    greeting: str
    suggested_questions: list[str]
    appearance: Appearance
    lead_capture: LeadCapture
    consent: Consent
    proactive: list[ProactiveRule]
    is_language_model_connected: bool


class IdentityStatus(BaseModel):
    """Whether the bot's website can vouch for its visitors, and since when with this secret."""

    has_secret: bool
    rotated_at: datetime | None


class IdentitySecret(BaseModel):
    """The secret with which the bot's website vouches for its visitors; told once."""

    secret: str
    rotated_at: datetime


class LiveBot(BaseModel):
    """A deployed bot as `conversations` needs it."""

    id: UUID
    version: int
    config: BotConfig

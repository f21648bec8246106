"""The contract of language models: messages in, tokens out; and the failures that callers can tell apart.

    UpstreamFailedError
    ├── ModelUnreachableError   nothing answers at the address           model_unreachable
    ├── ModelTimeoutError       too slow to connect, or silent too long  model_timeout
    ├── ModelStatusError        an error that the server reports, before or in the middle of an answer:
    │                           model_unauthorized, model_not_found, model_rate_limited, model_failed
    └── ModelGarbageError       an answer that is no chat completion     model_garbage

Owns no prompt: `rag.prompt` writes the messages. Variants are siblings: `openai_like`, `extractive`.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from pydantic import BaseModel

from privexbot_app.kit.errors import UpstreamFailedError
from privexbot_app.kit.registry import Registry
from privexbot_app.kit.text import Passage

Embed = Callable[[Sequence[str]], Awaitable[Sequence[Sequence[float]]]]
"""Texts to unit vectors, one each, in order."""

NO_ANSWER_MESSAGE = "The language model did not answer. Please try again."


@dataclass(frozen=True)
class ChatMessage:
    """One turn of a conversation as a model sees it."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True)
class ChatRequest:
    """Everything that a model may use for one answer.

    messages: the whole prompt, oldest first; models that read prompts need nothing else.
    question: the visitor's last words, as they were written.
    passages: what was retrieved, best first; models that quote need them apart from the prompt.
    model: overrides the configured model.
    embed: lets a model that quotes compare sentences by meaning.
    """

    messages: tuple[ChatMessage, ...]
    question: str
    passages: tuple[Passage, ...] = ()
    model: str | None = None
    temperature: float = 0.2
    max_tokens: int = 1024
    embed: Embed | None = field(default=None, compare=False)


@dataclass(frozen=True)
class TokenDelta:
    """The next piece of the answer; never empty."""

    text: str


@dataclass(frozen=True)
class TokenUsage:
    """What the answer cost, once, at the end. is_estimate: counted by us, as the server did not say."""

    prompt_tokens: int
    completion_tokens: int
    is_estimate: bool = False


class LanguageModel(Protocol):
    """One provider of answers. Built as `Model(config, http)` with the `kit.http.HttpClient`; cheap, safe to share.

    label: the provider's name for people.
    is_language_model: False for a stand-in without a model behind it; the dashboard says so.
    """

    Config: type[BaseModel]
    label: str
    is_language_model: bool

    def stream(self, request: ChatRequest) -> AsyncIterator[TokenDelta | TokenUsage]:
        """Yield the answer's pieces and then its usage. Raises the errors above, also between two pieces.

        Cancelling the consuming task, or closing the iterator, closes the connection to the provider at once.
        """
        ...

    async def list_models(self) -> list[str]:
        """The models that the provider offers, sorted. Raises the errors above."""
        ...

    async def check(self) -> None:
        """Return when the provider answers and knows the configured model. Raises the errors above."""
        ...

    async def close(self) -> None:
        """Let go of what the model holds."""
        ...


LLMS: Registry[LanguageModel] = Registry("language model", LanguageModel)  # type: ignore[type-abstract]


class ModelUnreachableError(UpstreamFailedError):
    """Nothing answers at the model's address."""

    code = "model_unreachable"


class ModelTimeoutError(UpstreamFailedError):
    """The model was too slow to connect, or silent for too long in the middle of an answer."""

    code = "model_timeout"


class ModelStatusError(UpstreamFailedError):
    """The model's server answered with an HTTP error; the code tells which kind."""

    code = "model_failed"


class ModelGarbageError(UpstreamFailedError):
    """The model's server answered with something that is no chat completion."""

    code = "model_garbage"

"""What every language model must do, fakes included. Subclass in the test module of a variant and give `model`."""

import contextlib
from collections.abc import AsyncIterator

from pydantic import BaseModel

from privexbot_app.integrations.llms.base import ChatMessage, ChatRequest, LanguageModel, TokenDelta, TokenUsage
from privexbot_app.kit.text import Passage

TEXT = "Customers may return unused items within 30 days."
REQUEST = ChatRequest(
    messages=(ChatMessage("system", "Be kind."), ChatMessage("user", "How many days do I have to return items?")),
    question="How many days do I have to return items?",
    passages=(Passage(1, "Terms", TEXT, 0, len(TEXT)),),
)


class LanguageModelContract:
    """model(): an async context manager that yields a model which can answer REQUEST twice."""

    def model(self) -> contextlib.AbstractAsyncContextManager[LanguageModel]:
        raise NotImplementedError

    async def test_an_answer_is_pieces_of_text_and_then_its_usage_once(self) -> None:
        async with self.model() as model:
            parts = [part async for part in model.stream(REQUEST)]
        *pieces, usage = parts
        assert pieces
        assert all(isinstance(piece, TokenDelta) and piece.text for piece in pieces)
        assert isinstance(usage, TokenUsage)
        assert usage.prompt_tokens >= 0
        assert usage.completion_tokens >= 0

    async def test_a_stream_may_be_left_and_the_model_used_again(self) -> None:
        async with self.model() as model:
            stream: AsyncIterator[TokenDelta | TokenUsage] = model.stream(REQUEST)
            await anext(stream)
            await stream.aclose()  # type: ignore[attr-defined]
            assert [part async for part in model.stream(REQUEST)]

    async def test_it_lists_its_models_and_can_be_checked_and_closed(self) -> None:
        async with self.model() as model:
            models = await model.list_models()
            assert models == sorted(models)
            await model.check()
            await model.close()

    async def test_it_describes_itself(self) -> None:
        async with self.model() as model:
            assert model.label
            assert isinstance(model.is_language_model, bool)
            assert issubclass(model.Config, BaseModel)
            assert all(field.description for field in model.Config.model_fields.values())

"""Language models for nodes: the installation's, as bots use them."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing

from privexbot_app.domains.bots.schemas import Redaction
from privexbot_app.flow.ports import Prompt, Tokens
from privexbot_app.integrations.embeddings.base import Purpose
from privexbot_app.integrations.llms.base import ChatMessage, ChatRequest, TokenDelta
from privexbot_app.integrations.llms.hiding import hide_in
from privexbot_app.integrations.plugins import Workshop
from privexbot_app.kit.redaction import Redactor, Restorer

SCHEMA_WORDS = "Answer with one JSON object and nothing else. It must match this JSON Schema:\n"


class InstallationModels:
    """Streams answers. A schema is asked for in words, which every server understands."""

    def __init__(self, works: Workshop, redaction: Redaction = Redaction()) -> None:
        self._plugins = works.plugins
        self._redaction = redaction

    async def stream(self, prompt: Prompt) -> AsyncIterator[str | Tokens]:
        """Pieces, then what they cost. Raises the model's errors; closing the iterator stops the model."""
        model = self._plugins.llms.get(prompt.provider or self._plugins.defaults.llm)
        request = self._request(prompt)
        redactor = Redactor(region=self._redaction.region)
        restorer = Restorer(redactor)
        parts = model.stream(hide_in(request, redactor) if self._redaction.is_enabled else request)
        async with aclosing(parts):  # type: ignore[type-var]
            async for part in parts:
                if not isinstance(part, TokenDelta):
                    yield Tokens(part.prompt_tokens, part.completion_tokens)
                elif text := restorer.feed(part.text):
                    yield text
        if rest := restorer.finish():
            yield rest

    def _request(self, prompt: Prompt) -> ChatRequest:
        messages = [ChatMessage(role, content) for role, content in prompt.messages]
        if prompt.response_schema is not None:
            schema = json.dumps(prompt.response_schema, ensure_ascii=False)
            messages.insert(0, ChatMessage("system", SCHEMA_WORDS + schema))
        return ChatRequest(
            messages=tuple(messages),
            question=prompt.question,
            passages=prompt.passages,
            model=prompt.model,
            temperature=prompt.temperature,
            max_tokens=prompt.max_tokens,
            embed=self._embed if prompt.passages else None,
        )

    async def _embed(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        embedder = self._plugins.embedders.get(self._plugins.defaults.embedding)
        return await embedder.embed(texts, purpose=Purpose.DOCUMENT)

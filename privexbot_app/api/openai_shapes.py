"""OpenAI's shapes: requests that are understood, and answers, streamed pieces and errors as its clients read them.

Pure. What the protocol knows and a bot does not (tools, penalties, logits) is accepted and has no effect, as the bot's
owner decides how it answers; what would change the shape of the answer (`n` > 1) is refused.
"""

import json
from typing import Any, Literal
from uuid import UUID

from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from privexbot_app.domains.conversations.schemas import LONGEST_MESSAGE, ChatEvent, Turn
from privexbot_app.kit.errors import InvalidError

TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
}
_dumps = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class ContentPart(BaseModel):
    """A part of a message; only text is read."""

    type: str
    text: str = ""


class CompletionMessage(BaseModel):
    """One message of the conversation so far."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[ContentPart] | None = None

    @property
    def text(self) -> str:
        """What the message says."""
        if isinstance(self.content, list):
            return "".join(part.text for part in self.content if part.type == "text")
        return self.content or ""


class StreamOptions(BaseModel):
    """What a stream tells besides the answer."""

    include_usage: bool = False


class CompletionRequest(BaseModel):
    """A chat completion. model: a bot's id."""

    model: str
    messages: list[CompletionMessage] = Field(min_length=1, max_length=2000)
    stream: bool = False
    stream_options: StreamOptions | None = None
    n: Literal[1] | None = None

    def split(self) -> tuple[str, list[Turn]]:
        """The question and what was said before it. Raises InvalidError (`invalid_messages`)."""
        *before, last = self.messages
        if last.role != "user" or not last.text.strip():
            raise InvalidError("The last message must be the user's, and have text.", code="invalid_messages")
        if len(last.text) > LONGEST_MESSAGE:
            raise InvalidError(f"The message is longer than {LONGEST_MESSAGE} characters.", code="message_too_long")
        turns: list[Turn] = []
        for message in before:
            if message.role == "user" or message.role == "assistant":
                turns.append(Turn(message.role, message.text))
        return last.text, [turn for turn in turns if turn.content]


class ChunkWriter:
    """Writes the events of one run as chunks. Of each token only its own text is encoded anew."""

    def __init__(self, completion_id: str, model: str, created: int, *, include_usage: bool) -> None:
        self._head = f'data: {{"id":{_dumps(completion_id)},"object":"chat.completion.chunk","created":{created},'
        self._head += f'"model":{_dumps(model)},'
        self._include_usage = include_usage
        self._usage = ',"usage":null' if include_usage else ""

    def __call__(self, event: ChatEvent, run_id: UUID, number: int) -> bytes:
        """The bytes that tell an event; none for those that the protocol has no words for."""
        if event.name == "token":
            return self._chunk(f'{{"content":{_dumps(event.data["delta"])}}}', "null")
        if event.name == "run.started":
            return self._chunk('{"role":"assistant","content":"","refusal":null}', "null")
        if event.name == "run.finished":
            return self._end(event.data)
        if event.name == "error":
            body = error_body(500, event.data["code"], event.data["message"])
            return f"data: {_dumps(body)}\n\n".encode()
        return b""

    def _end(self, whole: dict[str, Any]) -> bytes:
        extra = f',"citations":{_dumps(whole["citations"])}' if whole["citations"] else ""
        end = self._chunk("{}", '"stop"', extra)
        if self._include_usage:
            end += f'{self._head}"choices":[],"usage":{_dumps(usage_of(whole))}}}\n\n'.encode()
        return end + b"data: [DONE]\n\n"

    def _chunk(self, delta: str, reason: str, extra: str = "") -> bytes:
        choice = f'{{"index":0,"delta":{delta},"logprobs":null,"finish_reason":{reason}}}'
        return f'{self._head}"choices":[{choice}]{self._usage}{extra}}}\n\n'.encode()


def completion_of(whole: dict[str, Any], completion_id: str, model: str, created: int) -> dict[str, Any]:
    """A whole answer as a chat completion. whole: the data of `run.finished`."""
    message = {"role": "assistant", "content": whole["response"], "refusal": None}
    return {
        "id": completion_id,
        "object": "chat.completion",
        "created": created,
        "model": model,
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}],
        "usage": usage_of(whole),
        "citations": whole["citations"],
    }


def usage_of(whole: dict[str, Any]) -> dict[str, int]:
    """Tokens as the protocol counts them."""
    prompt, completion = whole["usage"]["prompt_tokens"], whole["usage"]["completion_tokens"]
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}


def error_body(status: int, code: str, message: str, param: str | None = None) -> dict[str, Any]:
    """An error as the protocol's clients read it."""
    kind = TYPES.get(status, "server_error" if status >= 500 else "invalid_request_error")
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def error_response(problem: JSONResponse) -> JSONResponse:
    """A problem response in the protocol's shape; its headers stay. What is wrong in a request is 400 there."""
    told = json.loads(bytes(problem.body))
    status = 400 if problem.status_code == 422 else problem.status_code
    fields = told.get("errors") or [{}]
    body = error_body(status, told["code"], told["detail"], fields[0].get("field"))
    response = JSONResponse(body, status_code=status)
    kept = {name: value for name, value in problem.headers.items() if not name.startswith("content-")}
    response.headers.update(kept)
    return response

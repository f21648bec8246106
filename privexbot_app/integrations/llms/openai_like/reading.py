"""From the lines of a chat completion to its text. Pure; knows nothing of connections.

Lean on purpose, as it runs for every token: line to JSON to text. Tool calls and hidden reasoning are passed over.
"""

import json
from typing import Any

from privexbot_app.integrations.llms.base import NO_ANSWER_MESSAGE, ModelGarbageError, ModelStatusError, TokenUsage
from privexbot_app.kit.tokens import estimate_tokens

_MAX_PLAIN_BYTES = 4 * 1024 * 1024
STATUS_CODES = {
    401: "model_unauthorized",
    403: "model_unauthorized",
    404: "model_not_found",
    429: "model_rate_limited",
}
_NAMED_CODES = {
    "invalid_api_key": "model_unauthorized",
    "authentication_error": "model_unauthorized",
    "model_not_found": "model_not_found",
    "rate_limit_exceeded": "model_rate_limited",
    "rate_limit_error": "model_rate_limited",
    "insufficient_quota": "model_rate_limited",
}


class ChatStreamReader:
    """Turns the lines of one answer into text. Reads server-sent events, and a plain JSON answer as well.

    usage: what the server said; None where it said nothing.
    has_begun: whether any text came out. is_done: whether the server said that there is no more.
    """

    def __init__(self) -> None:
        self.usage: TokenUsage | None = None
        self.is_done = False
        self.has_begun = False
        self._said: list[str] = []
        self._has_seen_chunk = False
        self._event = b""
        self._plain: bytearray | None = None
        self._thoughts = _ThoughtFilter()

    def read(self, line: bytes) -> str:
        """The text that this line adds, often none. Raises ModelStatusError and ModelGarbageError."""
        if self.is_done:
            return ""
        if self._plain is not None or (not self._has_seen_chunk and line.lstrip().startswith(b"{")):
            return self._keep_plain(line)
        if line.startswith(b"data:"):
            return self._read_data(line[5:].strip())
        if not line and self._event:
            raise garbage("an event that is no JSON")
        return ""  # comments, event names, ids

    def finish(self) -> str:
        """The last piece of text. Raises ModelGarbageError where the whole answer had none."""
        text = ""
        if self._plain is not None:
            text = self._take(_parsed(bytes(self._plain)))
        elif self._event:
            raise garbage("an event that is no JSON")
        text += self._count(self._thoughts.rest())
        if not self.has_begun:
            raise garbage("an answer without text" if self._has_seen_chunk else "no chat completion")
        return text

    def estimate_completion_tokens(self) -> int:
        """For servers that do not count."""
        return estimate_tokens("".join(self._said))

    def _keep_plain(self, line: bytes) -> str:
        self._plain = bytearray() if self._plain is None else self._plain
        self._plain += line + b"\n"
        if len(self._plain) > _MAX_PLAIN_BYTES:
            raise garbage("an endless answer")
        return ""

    def _read_data(self, data: bytes) -> str:
        if data == b"[DONE]":
            self.is_done = True
            return ""
        # An event may stretch over several data lines; most servers write one, some forget the empty line after it.
        self._event += data
        try:
            chunk = json.loads(self._event)
        except ValueError:
            return ""
        self._event = b""
        return self._take(chunk)

    def _take(self, chunk: object) -> str:
        if not isinstance(chunk, dict):
            raise garbage("an event that is no object")
        if chunk.get("error") or chunk.get("object") == "error":
            raise _reported_error(chunk.get("error") or chunk)
        if "choices" not in chunk and "usage" not in chunk:
            return ""
        self._has_seen_chunk = True
        self.usage = _usage(chunk.get("usage")) or self.usage
        choices = [choice for choice in chunk.get("choices") or () if isinstance(choice, dict)]
        texts = [_text(choice) for choice in choices if not choice.get("index")]
        return self._count(self._thoughts.feed("".join(texts)))

    def _count(self, text: str) -> str:
        if text:
            self.has_begun = True
            self._said.append(text)
        return text


class _ThoughtFilter:
    """Drops a leading <think>…</think>, which some servers leave in the answer's text."""

    _OPEN, _CLOSE = "<think>", "</think>"

    def __init__(self) -> None:
        self._held = ""
        self._is_passing = False

    def feed(self, text: str) -> str:
        if self._is_passing or not text:
            return text
        self._held += text
        begin = self._held.lstrip()
        if begin.startswith(self._OPEN):
            _, closing, after = begin.partition(self._CLOSE)
            if not closing:
                return ""
            self._is_passing, self._held = bool(after.strip()), ""
            return after.lstrip()
        if self._OPEN.startswith(begin):
            return ""
        self._is_passing, held, self._held = True, self._held, ""
        return held

    def rest(self) -> str:
        """What was held back and turned out to be no thought."""
        held, self._held = self._held, ""
        return "" if held.lstrip().startswith(self._OPEN) else held


def _text(choice: dict[str, Any]) -> str:
    """Content, or the model's own refusal; from a piece of a stream or from a whole message."""
    source = choice.get("delta") or choice.get("message")
    if not isinstance(source, dict):
        return ""
    content = source.get("content")
    if isinstance(content, list):
        content = "".join(str(part.get("text") or "") for part in content if isinstance(part, dict))
    refusal = source.get("refusal")
    return (content if isinstance(content, str) else "") + (refusal if isinstance(refusal, str) else "")


def _usage(usage: object) -> TokenUsage | None:
    if not isinstance(usage, dict):
        return None
    prompt, completion = usage.get("prompt_tokens"), usage.get("completion_tokens")
    if not isinstance(prompt, int) or not isinstance(completion, int):
        return None
    return TokenUsage(prompt, completion)


def _parsed(body: bytes) -> object:
    try:
        return json.loads(body)
    except ValueError as error:
        raise garbage("a body that is no JSON") from error


def garbage(reason: str) -> ModelGarbageError:
    return ModelGarbageError(NO_ANSWER_MESSAGE, reason=reason)


def _reported_error(report: object) -> ModelStatusError:
    """An error object in the middle of an answer, or instead of one."""
    facts = report if isinstance(report, dict) else {}
    names = [facts.get("code"), facts.get("type"), facts.get("status")]
    for name in names:
        code = _NAMED_CODES.get(str(name)) or (STATUS_CODES.get(int(str(name))) if str(name).isdecimal() else None)
        if code:
            return ModelStatusError(NO_ANSWER_MESSAGE, code=code, reported=str(name))
    return ModelStatusError(NO_ANSWER_MESSAGE, reported=str(names[0] or names[1] or "error")[:80])

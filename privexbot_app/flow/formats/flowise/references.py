"""Flowise's texts (HTML with mentions, braces of two kinds) as templates of ours."""

import html
import re
from collections.abc import Mapping, Sequence

from privexbot_app.flow.formats.drawing import Drawing
from privexbot_app.flow.formats.foreign import as_text

_BRACES = re.compile(r"\{\{\s*([^{}\n]{1,300}?)\s*\}\}")
_SINGLE = re.compile(r"(?<![{$])\{([A-Za-z_]\w{0,63})\}(?!\})")
_HTML = re.compile(r"(?i)<(?:p|ul|ol|h[1-6]|span|pre|div)\b")
_BREAK = re.compile(r"(?i)<br\s*/?>|</(?:p|li|h[1-6]|ul|ol|div|pre|blockquote)>")
_ITEM = re.compile(r"(?i)<li>")
_TAG = re.compile(r"</?[A-Za-z][^<>]{0,2000}>")
_PATH = re.compile(r"[A-Za-z0-9_\-]+(\.[A-Za-z0-9_\-]+)*")
SYSTEM = {
    "question": "sys.message",
    "input": "sys.message",
    "current_date_time": "sys.date",
    "sessionId": "sys.session_id",
    "chatId": "sys.session_id",
}
OUTPUTS: Mapping[str, str] = {"http_request": "text", "knowledge": "text", "loop": "results", "trigger": "message"}


def plain_text(written: str) -> str:
    """HTML of the editor as text; anything else as it is.

    >>> plain_text("<p>Hi <strong>you</strong></p><ul><li><p>a &lt; b</p></li></ul>")
    'Hi you\\n- a < b'
    """
    if not _HTML.search(written):
        return written
    text = _TAG.sub("", _ITEM.sub("- ", _BREAK.sub("\n", written)))
    return re.sub(r"\n{2,}", "\n", html.unescape(text)).strip()


class References:
    """Translates references of one file. losses: about those that name nothing here, for the current node.

    own: the current node's id in the file, for `output`; loop: ours of the loop that it stands in, for `$iteration`.
    names: what words in single braces stand for, in prompts of the older kind.
    """

    def __init__(self, drawing: Drawing, kinds: Mapping[str, str], start_id: str) -> None:
        self._drawing = drawing
        self._kinds = kinds
        self._start_id = start_id
        self.losses: list[str] = []
        self.own = ""
        self.loop: str | None = None

    def text(self, written: object) -> str:
        """A text with its references translated."""
        return _BRACES.sub(lambda match: f"{{{{{self.path(match[1])}}}}}", plain_text(as_text(written)))

    def prompt(self, written: object, names: Mapping[str, str]) -> str:
        """A prompt of the older kind: `{name}`, with `{{` for a brace that is text."""

        def fill(match: re.Match[str]) -> str:
            name = match[1]
            return names.get(name) or f"{{{{{self.path(name)}}}}}"

        return _SINGLE.sub(fill, as_text(written))

    def path(self, words: str) -> str:
        """The path for what stands in braces."""
        words = words.strip()
        if words in SYSTEM:
            return SYSTEM[words]
        if not _PATH.fullmatch(words.removeprefix("$")):
            return self._lost(words)
        root, *rest = words.split(".")
        match root:
            case "$flow":
                return self._flow(words, rest)
            case "$form":
                return ".".join((self._start_id, "data", *rest))
            case "$vars":
                return self._variable(words, rest)
            case "$iteration" if self.loop is not None:
                return ".".join((self.loop, "item", *rest))
            case "output" if self.own:
                return self._output(self.own, rest)
        return self._output(root, rest) if root in self._kinds else self._lost(words)

    def _flow(self, words: str, rest: Sequence[str]) -> str:
        if rest[:1] == ["state"]:
            return self._variable(words, rest[1:])
        return SYSTEM.get(rest[0] if rest else "") or self._lost(words)

    def _variable(self, words: str, rest: Sequence[str]) -> str:
        return ".".join(("vars", self._drawing.variable(rest[0]), *rest[1:])) if rest else self._lost(words)

    def _output(self, original_id: str, rest: Sequence[str]) -> str:
        rest = [word for word in rest if word not in ("output", "data", "instance", "content")]
        return ".".join((self._drawing.ids[original_id], *(rest or [OUTPUTS.get(self._kinds[original_id], "text")])))

    def _lost(self, what: str) -> str:
        name = self._drawing.variable(f"lost_{what.strip('$')}", description=f"“{what}” of the imported file.")
        sentence = f"The value “{what[:100]}” has no equivalent here; the variable “{name}” stands for it."
        if sentence not in self.losses:
            self.losses.append(sentence)
        return f"vars.{name}"

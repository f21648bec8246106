"""One voice for many branches: pieces of text from nodes that run side by side never mix.

The first node that speaks holds the floor until it is through; what others say meanwhile is kept and follows, node by
node, in the order in which they began to speak. What two nodes say is two paragraphs.
"""

from collections.abc import Callable

PARAGRAPH = "\n\n"


class Floor:
    """Gives the word to one node at a time. say: where text goes, with the speaker's id."""

    def __init__(self, say: Callable[[str, str], None]) -> None:
        self._say = say
        self._speaker: str | None = None
        self._kept: dict[str, list[str]] = {}
        self._done: set[str] = set()
        self._is_new_paragraph = False

    def speak(self, node_id: str, text: str) -> None:
        """Say it now, or keep it until the one who speaks is through."""
        if self._speaker not in (None, node_id):
            self._kept.setdefault(node_id, []).append(text)
            return
        self._speaker = node_id
        self._say(node_id, PARAGRAPH + text if self._is_new_paragraph else text)
        self._is_new_paragraph = False

    def finish(self, node_id: str) -> None:
        """The node says no more."""
        if node_id in self._kept:
            self._done.add(node_id)
        if node_id != self._speaker:
            return
        self._speaker, self._is_new_paragraph = None, True
        if self._kept:
            following = next(iter(self._kept))
            for text in self._kept.pop(following):
                self.speak(following, text)
            if following in self._done:
                self._done.discard(following)
                self.finish(following)

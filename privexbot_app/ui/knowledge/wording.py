"""How passages are found, in words. Pure."""

from privexbot_app.domains.knowledge.schemas import SearchMode

MODE_WORDS: dict[SearchMode, str] = {
    SearchMode.HYBRID: "Hybrid",
    SearchMode.DENSE: "Meaning",
    SearchMode.KEYWORD: "Words",
}
RERANKER_WORDS = {"lexical": "Nearness of the question’s words", "http": "A reranking service"}


def say_reranker(name: str | None) -> str:
    """A reranker in words.

    >>> say_reranker(None), say_reranker("our_own")
    ('None', 'Our own')
    """
    if name is None:
        return "None"
    return RERANKER_WORDS.get(name, name.replace("_", " ").capitalize())

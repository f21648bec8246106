"""Estimates of tokens: never zero for text, more for other scripts."""

from privexbot_app.kit.tokens import estimate_tokens


def test_estimates_grow_with_the_text_and_the_script() -> None:
    assert estimate_tokens("") == 0
    assert estimate_tokens("a") == 1
    assert 200 <= estimate_tokens("word " * 200) <= 300
    assert estimate_tokens("退" * 30) > estimate_tokens("a" * 30)

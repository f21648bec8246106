"""Guessing the language of a short question."""

import pytest

from privexbot_app.kit.languages import guess_language


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("How long do I have to return it?", "en"),
        ("¿Cuánto tiempo tengo?", "es"),
        ("Wie lange habe ich Zeit für die Rückgabe?", "de"),
        ("Quel est le délai de remboursement ?", "fr"),
        ("Qual è il termine per la restituzione?", "it"),
        ("Qual é o prazo para devolução?", "pt"),
        ("Hoe lang is de garantie?", "nl"),
        ("Сколько дней на возврат?", "ru"),
        ("كم يوما لدي للإرجاع؟", "ar"),
        ("退款需要多长时间？", "zh"),
        ("返品の期限はいつですか？", "ja"),
        ("iPhone 15 的退款政策", "zh"),
        ("What does the name 北京 mean in the old documents of the city?", "en"),
        ("xyz", "en"),
        ("", "en"),
    ],
)
def test_language_of_a_question(question: str, language: str) -> None:
    assert guess_language(question) == language

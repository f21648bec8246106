"""Sources that people type: texts and pairs."""

import pytest
from pydantic import ValidationError

from privexbot_app.integrations.source_connectors.qa import QaConnector
from privexbot_app.integrations.source_connectors.text import TextConnector
from privexbot_app.kit.http import HttpClient
from tests.contract.source_connector_contract import SourceConnectorContract

PAIRS = [
    {"question": "Open on Sunday?", "answer": "No.\n\nOn Monday."},
    {"question": "¿Por qué?", "answer": "Descanso."},
]


class TestText(SourceConnectorContract):
    """A text passes the suite."""

    @pytest.fixture
    def connector(self) -> TextConnector:
        return TextConnector(TextConnector.Config(title="Notes", content="Grüße"), HttpClient())


class TestQa(SourceConnectorContract):
    """Pairs pass the suite."""

    @pytest.fixture
    def connector(self) -> QaConnector:
        return QaConnector(QaConnector.Config.model_validate({"pairs": PAIRS}), HttpClient())


async def test_a_question_and_its_answer_are_one_block():
    connector = QaConnector(QaConnector.Config.model_validate({"title": "FAQ", "pairs": PAIRS}), HttpClient())
    [item] = await connector.load()
    document = item.document
    assert [document.text[block.start : block.end] for block in document.blocks] == [
        "Q: Open on Sunday?\nA: No.\n\nOn Monday.",
        "Q: ¿Por qué?\nA: Descanso.",
    ]
    assert (item.name, document.title) == ("FAQ", "FAQ")


@pytest.mark.parametrize("pairs", [[], [{"question": "", "answer": "a"}], [{"question": "q", "answer": ""}]])
def test_pairs_without_content_are_refused(pairs):
    with pytest.raises(ValidationError):
        QaConnector.Config.model_validate({"pairs": pairs})

"""The fake that other tests use in place of a language model."""

import contextlib

from tests.contract.language_model_contract import LanguageModelContract
from tests.fakes import ScriptedModel


class TestScripted(LanguageModelContract):
    """The fake passes the suite of the real ones."""

    @contextlib.asynccontextmanager
    async def model(self):
        yield ScriptedModel()

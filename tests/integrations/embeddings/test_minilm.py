"""The packaged model: the suite, and its numbers against a reference written out in plain arithmetic."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from privexbot_app.integrations.embeddings.base import Purpose
from privexbot_app.integrations.embeddings.minilm import EmbeddingModelMissingError, MiniLmEmbedder
from tests.contract.embedder_contract import EmbedderContract, cosine
from tests.integrations.embeddings.minilm_reference import embed_by_hand

ROOT = Path(__file__).resolve().parents[3]
MODEL_DIR = ROOT / ".models" / "minilm"
WEIGHTS = next((ROOT / ".build").rglob("model.safetensors"), None)

needs_model = pytest.mark.skipif(not (MODEL_DIR / "stamp.json").is_file(), reason="the model is not built")


@pytest.fixture(scope="module")
def shared() -> MiniLmEmbedder:
    return MiniLmEmbedder(MiniLmEmbedder.Config(model_dir=MODEL_DIR))


@needs_model
class TestMiniLm(EmbedderContract):
    """The model passes the suite."""

    @pytest.fixture
    def embedder(self, shared) -> MiniLmEmbedder:
        return shared


@needs_model
@pytest.mark.skipif(not (MODEL_DIR / "minilm-int8.onnx").is_file(), reason="the int8 model is not built")
class TestMiniLmInt8(EmbedderContract):
    """So does its smaller form."""

    @pytest.fixture
    async def embedder(self) -> AsyncIterator[MiniLmEmbedder]:
        embedder = MiniLmEmbedder(MiniLmEmbedder.Config(model_dir=MODEL_DIR, precision="int8"))
        yield embedder
        await embedder.close()


@needs_model
@pytest.mark.skipif(WEIGHTS is None, reason="the packaged weights are not unpacked")
async def test_the_graph_computes_what_the_weights_say(shared):
    texts = ["How do I get my money back?", "Ünïcode, punctuation; and CAPITALS!", "word " * 60, "a"]
    vectors = await shared.embed(texts, purpose=Purpose.DOCUMENT)
    for text, vector in zip(texts, vectors, strict=True):
        assert cosine(vector, embed_by_hand(text, WEIGHTS)) > 0.99999


@needs_model
async def test_meaning_counts_and_not_words(shared):
    question, answer, lookalike = await shared.embed(
        ["How can I get my money back?", "Refunds are paid within 30 days.", "The back door of the bank."],
        purpose=Purpose.QUERY,
    )
    assert cosine(question, answer) > 0.4 > cosine(question, lookalike)


@needs_model
async def test_the_two_precisions_have_different_names_and_near_vectors(shared):
    assert shared.model_id == "minilm-l6-v2/fp32"
    assert MiniLmEmbedder(MiniLmEmbedder.Config(precision="int8")).model_id == "minilm-l6-v2/int8"


@needs_model
async def test_text_up_to_256_tokens_counts_and_no_further(shared):
    within, cut, changed = await shared.embed(
        ["word " * 250 + "refund", "word " * 300, "word " * 300 + "refund"], purpose=Purpose.DOCUMENT
    )
    assert cosine(cut, changed) == pytest.approx(1.0, abs=1e-6)
    assert cosine(within, cut) < 0.9999


@needs_model
async def test_the_event_loop_stays_free_while_it_works(shared):
    ticks = 0
    work = asyncio.create_task(shared.embed(["word " * 100] * 12, purpose=Purpose.DOCUMENT))
    while not work.done():
        ticks += 1
        await asyncio.sleep(0)
    assert ticks > 100


@needs_model
async def test_a_closed_model_opens_again(shared):
    await shared.embed(["a"], purpose=Purpose.QUERY)
    await shared.close()
    assert len(await shared.embed(["a"], purpose=Purpose.QUERY)) == 1


@needs_model
def test_a_forked_child_answers_with_a_model_of_its_own(shared):
    async def embed() -> list[list[float]]:
        return await shared.embed(["after the fork"], purpose=Purpose.QUERY)

    expected = asyncio.run(embed())
    child = os.fork()
    if child == 0:
        code = 1
        try:
            code = 0 if cosine(asyncio.run(embed())[0], expected[0]) > 0.9999 else 1
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


async def test_a_missing_model_says_how_to_set_it_up(tmp_path):
    embedder = MiniLmEmbedder(MiniLmEmbedder.Config(model_dir=tmp_path))
    with pytest.raises(EmbeddingModelMissingError) as caught:
        await embedder.embed(["a"], purpose=Purpose.QUERY)
    assert caught.value.code == "embedding_model_missing"
    assert "minilm_build" in caught.value.message

"""The sentence-transformers embedder over a stand-in for the library, which would bring PyTorch along."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from types import ModuleType
from typing import ClassVar

import numpy as np
import pytest

from privexbot_app.integrations.embeddings.base import Purpose
from privexbot_app.integrations.embeddings.sentence_transformers import (
    EmbeddingModelUnusableError,
    SentenceTransformersEmbedder,
)
from privexbot_app.kit.extras import ExtraMissingError
from tests.contract.embedder_contract import EmbedderContract
from tests.fakes import HashEmbedder


class SentenceTransformer:
    """Takes what the library's class (6.2) takes, and nothing else; embeds by hashed words."""

    made: ClassVar[list["SentenceTransformer"]] = []
    failure: ClassVar[Exception | None] = None

    def __init__(
        self,
        model_name_or_path: str | None = None,
        *,
        modules=None,
        device: str | None = None,
        prompts: dict[str, str] | None = None,
        default_prompt_name: str | None = None,
        cache_folder: str | None = None,
        trust_remote_code: bool = False,
        revision: str | None = None,
        local_files_only: bool = False,
        token: bool | str | None = None,
        use_auth_token: bool | str | None = None,
        model_kwargs=None,
        processor_kwargs=None,
        config_kwargs=None,
        model_card_data=None,
        backend: str = "torch",
        similarity_fn_name=None,
        truncate_dim: int | None = None,
    ) -> None:
        if self.failure:
            raise self.failure
        self.path, self.device = model_name_or_path, device
        self.trusts_code, self.is_local = trust_remote_code, local_files_only
        self.max_seq_length = 256
        self.telemetry = os.environ.get("HF_HUB_DISABLE_TELEMETRY")
        self.batches: list[list[str]] = []
        self.made.append(self)

    def encode(
        self,
        inputs,
        prompt_name: str | None = None,
        prompt: str | None = None,
        batch_size: int = 32,
        show_progress_bar: bool | None = None,
        output_value: str | None = "sentence_embedding",
        precision: str = "float32",
        convert_to_numpy: bool = True,
        convert_to_tensor: bool = False,
        device=None,
        normalize_embeddings: bool = False,
        truncate_dim: int | None = None,
        pool=None,
        chunk_size: int | None = None,
        **kwargs,
    ) -> np.ndarray:
        assert not kwargs
        assert normalize_embeddings
        texts = [(prompt or "") + sentence for sentence in inputs]
        self.batches.append(texts)
        return np.array([HashEmbedder()._vector(text) for text in texts], dtype=np.float32)


@pytest.fixture(autouse=True)
def library(monkeypatch: pytest.MonkeyPatch) -> type[SentenceTransformer]:
    module = ModuleType("sentence_transformers")
    module.SentenceTransformer = SentenceTransformer  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "sentence_transformers", module)
    monkeypatch.setattr(SentenceTransformer, "made", [])
    for name in ("HF_HUB_DISABLE_TELEMETRY", "DISABLE_TELEMETRY", "DO_NOT_TRACK"):
        monkeypatch.setenv(name, "")
    return SentenceTransformer


def embedder_for(model: Path | str, **options: object) -> SentenceTransformersEmbedder:
    config = {"model": str(model), "dimensions": 64, **options}
    return SentenceTransformersEmbedder(SentenceTransformersEmbedder.Config.model_validate(config))


class TestSentenceTransformers(EmbedderContract):
    """The adapter passes the suite."""

    @pytest.fixture
    async def embedder(self, tmp_path) -> AsyncIterator[SentenceTransformersEmbedder]:
        made = embedder_for(tmp_path)
        yield made
        await made.close()


async def test_a_folder_is_loaded_once_without_network_telemetry_or_foreign_code(tmp_path, library):
    embedder = embedder_for(tmp_path, device="cuda", max_tokens=128)
    await asyncio.gather(*(embedder.embed(["a"], purpose=Purpose.QUERY) for _ in range(3)))
    [model] = library.made
    assert (model.path, model.device, model.is_local, model.trusts_code) == (str(tmp_path), "cuda", True, False)
    assert (model.telemetry, model.max_seq_length) == ("1", 128)


async def test_texts_go_in_batches_with_the_prefix_of_their_side(tmp_path, library):
    embedder = embedder_for(tmp_path, batch_size=2, query_prefix="query: ", document_prefix="passage: ")
    await embedder.embed(["a", "b", "c"], purpose=Purpose.DOCUMENT)
    await embedder.embed(["d"], purpose=Purpose.QUERY)
    assert library.made[0].batches[1:] == [["passage: a", "passage: b"], ["passage: c"], ["query: d"]]
    assert embedder.model_id == f"{tmp_path.name}/64/passage:|query:"


async def test_a_name_is_fetched_only_if_the_operator_allows_it(library):
    with pytest.raises(EmbeddingModelUnusableError, match="IS_DOWNLOAD_ALLOWED=true"):
        await embedder_for("acme/model").embed(["a"], purpose=Purpose.QUERY)
    assert library.made == []
    await embedder_for("acme/model", is_download_allowed=True).embed(["a"], purpose=Purpose.QUERY)
    assert (library.made[0].path, library.made[0].is_local) == ("acme/model", False)


async def test_a_missing_extra_is_one_sentence_with_the_remedy(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(ExtraMissingError, match=r"pip install privexbot\[sentence-transformers\]"):
        await embedder_for(tmp_path).embed(["a"], purpose=Purpose.QUERY)


@pytest.mark.parametrize("failure", [OSError("no config.json"), ValueError("shape"), RuntimeError("no CUDA")])
async def test_a_model_that_cannot_be_loaded_is_named(tmp_path, library, monkeypatch, failure):
    monkeypatch.setattr(library, "failure", failure)
    with pytest.raises(EmbeddingModelUnusableError, match="cannot be loaded") as caught:
        await embedder_for(tmp_path).embed(["a"], purpose=Purpose.QUERY)
    assert caught.value.context["reason"] == str(failure)


async def test_another_length_than_the_settings_say_is_named(tmp_path):
    with pytest.raises(EmbeddingModelUnusableError, match="length 64, the settings say 384"):
        await embedder_for(tmp_path, dimensions=384).embed(["a"], purpose=Purpose.QUERY)


async def test_a_model_that_takes_too_long_is_named(tmp_path, library, monkeypatch):
    released = asyncio.Event()
    loop = asyncio.get_running_loop()

    def wait(self: SentenceTransformer, *args: object, **kwargs: object) -> None:
        asyncio.run_coroutine_threadsafe(released.wait(), loop).result()

    monkeypatch.setattr(library, "encode", wait)
    with pytest.raises(EmbeddingModelUnusableError, match="too long"):
        await embedder_for(tmp_path, timeout_seconds=0.05).embed(["a"], purpose=Purpose.QUERY)
    released.set()


def test_tokens_are_counted_by_the_model_s_own_vocabulary_without_the_library(tmp_path, monkeypatch):
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace

    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    estimated = embedder_for(tmp_path).count_tokens("äbc def")
    tokenizer = Tokenizer(WordLevel({"[UNK]": 0}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.enable_truncation(2)
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    assert (embedder_for(tmp_path).count_tokens("one two three four"), estimated) == (4, 3)
    assert embedder_for(tmp_path, languages=["de", "en"]).languages == {"de", "en"}

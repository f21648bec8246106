"""Any model of the sentence-transformers library, on this machine. An extra, since the library brings PyTorch.

Reads folders only: a name at Hugging Face is fetched if, and only if, the operator allows it. Telemetry is off, and
code that a model brings along is never run. See docs/how-to/embeddings.md.
"""

import math
import os
from collections.abc import Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, Field

from privexbot_app.integrations.embeddings.base import EMBEDDERS, Purpose
from privexbot_app.kit.blocking import BlockingClient
from privexbot_app.kit.errors import UnavailableError
from privexbot_app.kit.extras import import_extra
from privexbot_app.kit.http import HttpClient

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_QUIET = {"HF_HUB_DISABLE_TELEMETRY": "1", "DISABLE_TELEMETRY": "1", "DO_NOT_TRACK": "1"}


class EmbeddingModelUnusableError(UnavailableError):
    """The model is not there, cannot be loaded, or is not the one that the settings describe."""

    code = "embedding_model_unusable"


@EMBEDDERS.register("sentence_transformers")
class SentenceTransformersEmbedder:
    """A model in a thread of its own, loaded with the first text."""

    class Config(BaseModel):
        """Which model, and how it is used."""

        model: str = Field(min_length=1, description="Folder of the model, or its name at Hugging Face.")
        dimensions: int = Field(ge=1, le=65_536, description="Length of the model's vectors.")
        max_tokens: int = Field(512, ge=1, description="Longest text that the model reads, in tokens.")
        is_download_allowed: bool = Field(
            False, description="Fetch a model that is given by its name; otherwise only folders are read."
        )
        device: str = Field("cpu", description="Where PyTorch computes, e.g. `cpu`, `cuda` or `mps`.")
        batch_size: int = Field(16, ge=1, le=1024, description="Texts per inference.")
        timeout_seconds: float = Field(
            600.0, gt=0, description="Longest wait for a batch, loading the model included, in seconds."
        )
        document_prefix: str = Field("", description="Put before documents, for models that want it.")
        query_prefix: str = Field("", description="Put before questions, for models that want it.")
        languages: list[str] = Field(
            [], description="ISO 639-1 codes of the languages that the model has learned well; empty for all."
        )

    def __init__(self, config: Config, http: HttpClient | None = None) -> None:
        self.config = config
        self._client: BlockingClient[Any] = BlockingClient(
            partial(_load, config), _forget, threads=1, timeout_seconds=config.timeout_seconds
        )

    @property
    def model_id(self) -> str:
        """The model, the length and the prefixes: what makes vectors comparable."""
        name = Path(self.config.model).name if self._is_folder else self.config.model
        prefixes = self.config.document_prefix, self.config.query_prefix
        suffix = "/" + "|".join(prefix.strip() for prefix in prefixes) if any(prefixes) else ""
        return f"{name}/{self.config.dimensions}{suffix}"

    @property
    def dimensions(self) -> int:
        """See `Embedder`."""
        return self.config.dimensions

    @property
    def max_tokens(self) -> int:
        """See `Embedder`."""
        return self.config.max_tokens

    @property
    def languages(self) -> frozenset[str] | None:
        """See `Embedder`."""
        return frozenset(self.config.languages) or None

    async def embed(self, texts: Sequence[str], *, purpose: Purpose) -> list[list[float]]:
        """See `Embedder.embed`. Raises ExtraMissingError and EmbeddingModelUnusableError.

        Other callers get a turn between two batches.
        """
        prefix = self.config.query_prefix if purpose is Purpose.QUERY else self.config.document_prefix
        vectors: list[list[float]] = []
        for start in range(0, len(texts), self.config.batch_size):
            batch = list(texts[start : start + self.config.batch_size])
            try:
                vectors += await self._client.run(partial(_encode, batch, prefix))
            except TimeoutError as error:
                raise EmbeddingModelUnusableError(
                    "The embedding model took too long.", after_seconds=self.config.timeout_seconds
                ) from error
        return vectors

    def count_tokens(self, text: str) -> int:
        """See `Embedder.count_tokens`. An estimate, rather too high, for a model without a tokenizer.json."""
        if self._tokenizer is None:
            return math.ceil(len(text.encode()) / 3)
        return len(self._tokenizer.encode(text, add_special_tokens=False).ids)

    async def close(self) -> None:
        """Free the model; the next use loads it again."""
        await self._client.close()

    @property
    def _is_folder(self) -> bool:
        return Path(self.config.model).is_dir()

    @cached_property
    def _tokenizer(self) -> "Tokenizer | None":
        """The model's own, read without PyTorch: texts are counted before anything is embedded."""
        from tokenizers import Tokenizer  # noqa: PLC0415

        vocabulary = Path(self.config.model) / "tokenizer.json"
        if not vocabulary.is_file():
            return None
        tokenizer = Tokenizer.from_file(str(vocabulary))
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return tokenizer


def _load(config: SentenceTransformersEmbedder.Config) -> Any:
    """The model. Raises ExtraMissingError, EmbeddingModelUnusableError."""
    is_folder = Path(config.model).is_dir()
    if not is_folder and not config.is_download_allowed:
        raise EmbeddingModelUnusableError(
            f"There is no folder “{config.model}” with an embedding model. To fetch a model by its name, set "
            "PRIVEXBOT_EMBEDDINGS__SENTENCE_TRANSFORMERS__IS_DOWNLOAD_ALLOWED=true."
        )
    os.environ.update(_QUIET)
    sdk = import_extra("sentence_transformers", extra="sentence-transformers")
    try:
        model = sdk.SentenceTransformer(
            str(Path(config.model).resolve()) if is_folder else config.model,
            device=config.device,
            trust_remote_code=False,
            local_files_only=is_folder,
        )
    except (OSError, ValueError, RuntimeError, ImportError) as error:
        raise EmbeddingModelUnusableError(
            "The embedding model cannot be loaded. Check that its files are complete.", reason=str(error)[:500]
        ) from error
    return _check(model, config)


def _check(model: Any, config: SentenceTransformersEmbedder.Config) -> Any:
    model.max_seq_length = min(model.max_seq_length or config.max_tokens, config.max_tokens)
    length = len(_encode(["a"], "", model)[0])
    if length != config.dimensions:
        raise EmbeddingModelUnusableError(
            f"The embedding model makes vectors of length {length}, the settings say {config.dimensions}.",
            length=length,
        )
    return model


def _forget(model: Any) -> None:
    """Nothing to give back: the memory goes with the last reference."""


def _encode(texts: list[str], prefix: str, model: Any) -> list[list[float]]:
    found = model.encode(
        texts,
        prompt=prefix or None,
        batch_size=len(texts),
        show_progress_bar=False,
        convert_to_numpy=True,
        normalize_embeddings=True,
    )
    vectors: list[list[float]] = found.tolist()
    return vectors

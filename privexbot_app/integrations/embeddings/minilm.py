"""all-MiniLM-L6-v2 on this machine, through ONNX Runtime. The default: no key, no network, English first.

Runs the files that `minilm_build` writes. One thread per process by default, because N worker processes with one thread
each beat one process with N threads, and because a neighbour on the core makes several spinning threads collapse.
"""

import asyncio
import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, Field

from privexbot_app.integrations.embeddings.base import EMBEDDERS, Purpose
from privexbot_app.kit.errors import UnavailableError
from privexbot_app.kit.http import HttpClient

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Encoding, Tokenizer


class EmbeddingModelMissingError(UnavailableError):
    """The files of the packaged model are not on this machine."""

    code = "embedding_model_missing"


@dataclass
class _Engine:
    """What one process holds: nothing of it may be used after a fork."""

    pid: int
    threads: ThreadPoolExecutor
    lock: threading.Lock = field(default_factory=threading.Lock)
    session: "InferenceSession | None" = None
    tokenizer: "Tokenizer | None" = None


@EMBEDDERS.register("minilm")
class MiniLmEmbedder:
    """The packaged model. Documents and questions are embedded alike. Vectors of the two precisions do not mix."""

    class Config(BaseModel):
        """Where the model is and how much of the machine it may use."""

        model_dir: Path = Field(Path(".models/minilm"), description="Folder that holds minilm.onnx and tokenizer.json.")
        precision: Literal["fp32", "int8"] = Field(
            "fp32",
            description="int8 is about twice as fast and less exact; a knowledge base keeps the one it began with.",
        )
        threads: int = Field(1, ge=1, le=64, description="Threads of one inference.")
        batch_size: int = Field(8, ge=1, le=128, description="Texts per inference; more costs memory, not time.")

    dimensions = 384
    max_tokens = 256
    languages = frozenset({"en"})

    def __init__(self, config: Config, http: HttpClient | None = None) -> None:
        self.config = config
        self._engine: _Engine | None = None

    @property
    def model_id(self) -> str:
        """The model and its precision."""
        return f"minilm-l6-v2/{self.config.precision}"

    async def embed(self, texts: Sequence[str], *, purpose: Purpose) -> list[list[float]]:
        """See `Embedder.embed`. Other callers get a turn between two batches."""
        if not texts:
            return []
        loop = asyncio.get_running_loop()
        threads = self._process_engine().threads
        encodings = await loop.run_in_executor(threads, self._encode, list(texts))
        vectors: list[list[float]] = [[] for _ in texts]
        for rows in _batches(encodings, self.config.batch_size):
            found = await loop.run_in_executor(threads, self._run, [encodings[row] for row in rows])
            for row, vector in zip(rows, found, strict=True):
                vectors[row] = vector
        return vectors

    def count_tokens(self, text: str) -> int:
        """See `Embedder.count_tokens`."""
        _, tokenizer = self._load()
        encoding = tokenizer.encode(text, add_special_tokens=False)
        # What is cut off to fit the model is kept in `overflowing`, piece by piece.
        return len(encoding.ids) + sum(len(rest.ids) for rest in encoding.overflowing)

    async def close(self) -> None:
        """Free the model; the next use loads it again."""
        engine, self._engine = self._engine, None
        if engine is not None and engine.pid == os.getpid():
            engine.threads.shutdown(wait=False)

    def _process_engine(self) -> _Engine:
        """This process's engine: a forked child makes its own, since threads and locks do not survive a fork."""
        if self._engine is None or self._engine.pid != os.getpid():
            self._engine = _Engine(os.getpid(), ThreadPoolExecutor(2, thread_name_prefix="minilm"))
        return self._engine

    def _load(self) -> "tuple[InferenceSession, Tokenizer]":
        engine = self._process_engine()
        with engine.lock:
            if engine.session is None or engine.tokenizer is None:
                suffix = "" if self.config.precision == "fp32" else "-int8"
                graph = self.config.model_dir / f"minilm{suffix}.onnx"
                vocabulary = self.config.model_dir / "tokenizer.json"
                if not (graph.is_file() and vocabulary.is_file()):
                    raise _missing(graph)
                engine.tokenizer = _open_tokenizer(vocabulary, max_tokens=self.max_tokens)
                engine.session = _open_session(graph, threads=self.config.threads)
            return engine.session, engine.tokenizer

    def _encode(self, texts: list[str]) -> "list[Encoding]":
        _, tokenizer = self._load()
        return tokenizer.encode_batch_fast(texts)

    def _run(self, encodings: "list[Encoding]") -> list[list[float]]:
        import numpy as np  # noqa: PLC0415

        session, _ = self._load()
        width = max(len(encoding.ids) for encoding in encodings)
        ids = np.zeros((len(encodings), width), dtype=np.int32)
        mask = np.zeros_like(ids)
        for row, encoding in enumerate(encodings):
            ids[row, : len(encoding.ids)] = encoding.ids
            mask[row, : len(encoding.ids)] = 1
        return session.run(["vectors"], {"ids": ids, "mask": mask})[0].tolist()


def _batches(encodings: "Sequence[Encoding]", size: int) -> Iterator[list[int]]:
    """Row numbers, `size` at a time, texts of like length together, so that little of a batch is padding."""
    order = sorted(range(len(encodings)), key=lambda row: len(encodings[row].ids))
    for start in range(0, len(order), size):
        yield order[start : start + size]


def _open_tokenizer(path: Path, *, max_tokens: int) -> "Tokenizer":
    from tokenizers import Tokenizer  # noqa: PLC0415

    tokenizer = Tokenizer.from_file(str(path))
    # The packaged file asks for 128 tokens, cut and padded; both would cost recall and time.
    tokenizer.enable_truncation(max_tokens)
    tokenizer.no_padding()
    return tokenizer


def _open_session(path: Path, *, threads: int) -> "InferenceSession":
    import onnxruntime  # noqa: PLC0415

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def _missing(graph: Path) -> EmbeddingModelMissingError:
    option = " --with-int8" if graph.stem.endswith("int8") else ""
    return EmbeddingModelMissingError(
        "The embedding model is not installed. Set it up on the server with: "
        "python -m privexbot_app.integrations.embeddings.minilm_build "
        f"--wheel-dir .build/minilm-wheel --out {graph.parent}{option}",
        path=str(graph),
    )

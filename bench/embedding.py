"""The packaged embedding model with a memory on disk, so that a benchmark of ranking does not measure embedding."""

import hashlib
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from pydantic import BaseModel

from privexbot_app.integrations.embeddings.base import Purpose
from privexbot_app.integrations.embeddings.minilm import MiniLmEmbedder
from privexbot_app.kit.http import HttpClient

ROOT = Path(__file__).resolve().parents[1]
CACHE = ROOT / ".build" / "bench-cache" / "embeddings.sqlite"
MODEL_DIR = ROOT / ".models" / "minilm"


class RememberingEmbedder:
    """MiniLM; a text that was embedded before is looked up. Vectors are those of the model, bit by bit."""

    class Config(BaseModel):
        """Where the memory is."""

        path: Path = CACHE

    dimensions = MiniLmEmbedder.dimensions
    max_tokens = MiniLmEmbedder.max_tokens
    languages = MiniLmEmbedder.languages

    def __init__(self, config: Config | None = None, http: HttpClient | None = None) -> None:
        self.config = config or self.Config()
        self._model = MiniLmEmbedder(MiniLmEmbedder.Config(model_dir=MODEL_DIR))
        self.config.path.parent.mkdir(parents=True, exist_ok=True)
        self._memory = sqlite3.connect(self.config.path, timeout=120, check_same_thread=False, isolation_level=None)
        self._memory.execute("PRAGMA journal_mode=WAL")
        self._memory.execute("CREATE TABLE IF NOT EXISTS vector (hash BLOB PRIMARY KEY, numbers BLOB) WITHOUT ROWID")

    @property
    def model_id(self) -> str:
        """As of the model itself."""
        return self._model.model_id

    async def embed(self, texts: Sequence[str], *, purpose: Purpose) -> list[list[float]]:
        """See `Embedder.embed`."""
        keys = [hashlib.sha256(f"{self.model_id}\0{text}".encode()).digest() for text in texts]
        known = {key: vector for key in keys if (vector := self._recall(key)) is not None}
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        if missing:
            vectors = await self._model.embed(list(missing.values()), purpose=purpose)
            rows = [(key, np.asarray(vector, np.float32)) for key, vector in zip(missing, vectors, strict=True)]
            self._memory.executemany(
                "INSERT OR REPLACE INTO vector VALUES (?, ?)", [(key, vector.tobytes()) for key, vector in rows]
            )
            known |= {key: vector.tolist() for key, vector in rows}
        return [known[key] for key in keys]

    def count_tokens(self, text: str) -> int:
        """See `Embedder.count_tokens`."""
        return self._model.count_tokens(text)

    async def close(self) -> None:
        """See `Embedder.close`."""
        self._memory.close()
        await self._model.close()

    def _recall(self, key: bytes) -> list[float] | None:
        row = self._memory.execute("SELECT numbers FROM vector WHERE hash = ?", (key,)).fetchone()
        return None if row is None else np.frombuffer(row[0], np.float32).tolist()

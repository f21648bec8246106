"""How a knowledge base cuts, embeds and finds: what people may set."""

from enum import StrEnum
from typing import Any

from pydantic import BaseModel, Field


class SearchMode(StrEnum):
    """How passages are found: by meaning, by words, or by both, fused."""

    HYBRID = "hybrid"
    DENSE = "dense"
    KEYWORD = "keyword"


class Fusion(StrEnum):
    """How a hybrid search orders what it found: by both scores of every candidate, or by reciprocal ranks."""

    SCORES = "scores"
    RANKS = "ranks"


class ChunkingSettings(BaseModel):
    """How documents are cut. `options` are the chunker's own settings."""

    strategy: str = "heading"
    options: dict[str, Any] = {}


class RetrievalSettings(BaseModel):
    """How passages are found.

    limit: how many a bot reads for one question.
    fusion: how hybrid search puts meaning and words together.
    candidates: how many each way of searching proposes before they are ranked.
    rerank: name of the reranker that takes a second look; null for none.
    expand_neighbours: how many chunks before and after a found one are read with it.
    diversity: 0 ranks by relevance alone, 1 by being unlike what is already chosen.
    max_tokens: roughly how much text is read at most; null for as much as `limit` allows.
    """

    mode: SearchMode = SearchMode.HYBRID
    fusion: Fusion = Fusion.SCORES
    limit: int = Field(6, ge=1, le=50)
    candidates: int = Field(60, ge=10, le=500)
    rerank: str | None = Field(None, max_length=50)
    expand_neighbours: int = Field(0, ge=0, le=5)
    diversity: float = Field(0.0, ge=0, le=1)
    max_tokens: int | None = Field(None, ge=50, le=200_000)


class KnowledgeSettings(BaseModel):
    """Everything about a knowledge base that people may set.

    is_redacted: embedding and reranking see placeholders where the documents hold e-mail addresses, numbers and the
    like. What is stored, searched by words and read stays as it is.
    """

    chunking: ChunkingSettings = ChunkingSettings()
    retrieval: RetrievalSettings = RetrievalSettings()
    embedding: str = ""
    vector_store: str = ""
    is_redacted: bool = False

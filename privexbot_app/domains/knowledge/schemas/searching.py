"""A question to a knowledge base, and what was found."""

from uuid import UUID

from pydantic import BaseModel, Field

from privexbot_app.domains.knowledge.filters import SearchFilters
from privexbot_app.domains.knowledge.schemas.settings import SearchMode
from privexbot_app.kit.text import Passage


class SearchRequest(BaseModel):
    """A question to a knowledge base; what is absent is as the knowledge base is set.

    rerank: name of a reranker; "none" for none.
    max_characters: what the results' text together does not exceed.
    """

    query: str = Field(min_length=1, max_length=4000)
    limit: int = Field(10, ge=1, le=100)
    mode: SearchMode | None = None
    rerank: str | None = Field(None, max_length=50)
    expand_neighbours: int | None = Field(None, ge=0, le=5)
    diversity: float | None = Field(None, ge=0, le=1)
    filters: SearchFilters | None = None
    document_ids: list[UUID] | None = Field(None, max_length=1000)
    max_characters: int | None = Field(None, ge=1)
    max_tokens: int | None = Field(None, ge=1)


class SearchResult(BaseModel):
    """A passage that was found.

    score: of the fused ranking, higher is better; comparable within one search only.
    is_verbatim: the text is the document's from start to end; else people have changed it, and start and end tell
    what it stands for.
    """

    chunk_id: UUID
    document_id: UUID
    knowledge_base_id: UUID
    document_name: str
    text: str
    context: str
    start: int
    end: int
    page: int | None
    heading: str
    url: str | None
    is_verbatim: bool = True
    score: float
    cosine_similarity: float | None

    def as_passage(self, index: int) -> Passage:
        """The result as models read and cite it; index counts from 1, best first."""
        return Passage(
            index=index,
            title=self.document_name,
            text=f"{self.context}\n{self.text}" if self.context else self.text,
            start=self.start,
            end=self.end,
            page=self.page,
            url=self.url,
            is_verbatim=self.is_verbatim,
            cosine_similarity=self.cosine_similarity,
        )


class SearchResults(BaseModel):
    """Passages, best first, and how long it took."""

    results: list[SearchResult]
    took_ms: int

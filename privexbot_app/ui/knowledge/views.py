"""From what the services return to the rows that the pages draw. Pure."""

from collections.abc import Sequence
from pathlib import PurePath
from typing import Any

from pydantic import BaseModel

from privexbot_app.domains.knowledge.schemas import (
    BaseStatus,
    ChunkPreview,
    ChunkView,
    DocumentView,
    KnowledgeBaseView,
    KnowledgeDraftView,
    RetrievalSettings,
    SearchResult,
)
from privexbot_app.domains.knowledge.states import SETTLED, ChunkOrigin, DocumentStatus
from privexbot_app.kit.clock import utc_now
from privexbot_app.rag.chunkers.base import CHUNKERS
from privexbot_app.ui import routes
from privexbot_app.ui.formats import say_ago, say_count, say_exactly
from privexbot_app.ui.knowledge.marking import label_of, mark_words
from privexbot_app.ui.knowledge.rows import (
    BaseRow,
    ChunkCard,
    ChunkLine,
    DocumentRow,
    DraftRow,
    Found,
    Option,
    StrategyChoice,
)
from privexbot_app.ui.knowledge.wording import MODE_WORDS, say_reranker
from privexbot_app.ui.statuses import base_status, document_status

KINDS: dict[str, tuple[str, ...]] = {
    "pdf": (".pdf",),
    "sheet": (".csv", ".tsv", ".xls", ".xlsx", ".ods"),
    "slides": (".ppt", ".pptx", ".odp"),
    "mail": (".eml", ".msg"),
    "web": (".html", ".htm", ".xhtml"),
    "data": (".json", ".jsonl", ".xml"),
    "text": (".txt", ".md", ".markdown", ".rst", ".log", ".doc", ".docx", ".odt", ".rtf", ".epub"),
}
LONGEST_PREVIEW = 3_000
"""Characters of one chunk that are shown; a chunk may be far longer than a screen."""


def base_row(view: KnowledgeBaseView) -> BaseRow:
    """A knowledge base for the list."""
    word, tone = base_status(view.status)
    return BaseRow(
        id=str(view.id),
        name=view.name,
        description=view.description,
        status=word,
        tone=tone,
        documents=say_count(view.documents.total, "document"),
        failed=f"{view.documents.failed:,} failed" if view.documents.failed else "",
        chunks=say_count(view.chunk_count, "chunk"),
        created=say_ago(view.created_at, now=utc_now()),
        created_exactly=say_exactly(view.created_at),
        percent=int(view.progress * 100),
        is_busy=view.status is BaseStatus.PROCESSING,
        href=routes.knowledge_base(str(view.id)),
    )


def draft_row(view: KnowledgeDraftView) -> DraftRow:
    """A draft for the list."""
    return DraftRow(
        id=str(view.draft_id),
        name=view.name,
        sources=say_count(len(view.sources), "source"),
        saved=say_ago(view.updated_at, now=utc_now()),
        saved_exactly=say_exactly(view.updated_at),
        href=routes.new_knowledge_base(str(view.draft_id)),
    )


def document_row(view: DocumentView, base_id: str) -> DocumentRow:
    """A document for the table."""
    word, tone = document_status(view.status)
    return DocumentRow(
        id=str(view.document_id),
        name=view.name,
        kind=kind_of(view.source_type, view.name),
        status=word,
        tone=tone,
        problem=view.error.message if view.error else "",
        percent=int(view.progress * 100),
        is_settled=view.status in SETTLED,
        left=say_left(view.eta_seconds),
        is_failed=view.status is DocumentStatus.FAILED,
        is_cancelled=view.status is DocumentStatus.CANCELLED,
        conflicts=f"{say_count(view.conflicts, 'chunk')} in conflict" if view.conflicts else "",
        chunks=f"{view.chunk_count:,}" if view.chunk_count else "–",
        chunk_words=say_count(view.chunk_count, "chunk") if view.chunk_count else "",
        size=say_size(view.size_bytes),
        added=say_ago(view.created_at, now=utc_now()),
        added_exactly=say_exactly(view.created_at),
        is_enabled=view.is_enabled,
        href=routes.document(base_id, str(view.document_id)),
    )


def fact_rows(view: KnowledgeBaseView) -> list[dict[str, str]]:
    """What a knowledge base is made of, and how it is searched."""
    settings, chunking = view.settings, view.settings.chunking
    sizes = [
        {"name": option.title, "value": say_count(option.value, "token")}
        for option in options_of(chunking.strategy, chunking.options)
    ]
    chunker: Any = CHUNKERS.get(chunking.strategy)
    return [
        {"name": "Chunking", "value": chunker.title},
        *sizes,
        {"name": "Passages are found by", "value": MODE_WORDS[settings.retrieval.mode]},
        {"name": "Passages for one answer", "value": f"{settings.retrieval.limit}"},
        *_finer_facts(settings.retrieval),
        {"name": "Embedding model", "value": view.embedding_model},
        {"name": "Vector store", "value": settings.vector_store.capitalize()},
        {"name": "Created", "value": say_exactly(view.created_at)},
    ]


def _finer_facts(retrieval: RetrievalSettings) -> list[dict[str, str]]:
    """The retrieval settings that differ from the usual ones."""
    usual = RetrievalSettings()
    facts = (
        ("Second look", say_reranker(retrieval.rerank), retrieval.rerank != usual.rerank),
        ("Neighbouring chunks", f"{retrieval.expand_neighbours}", retrieval.expand_neighbours > 0),
        ("Diversity", f"{retrieval.diversity:.0%}", retrieval.diversity > 0),
        ("Most tokens for one answer", f"{retrieval.max_tokens or 0:,}", retrieval.max_tokens is not None),
    )
    return [{"name": name, "value": value} for name, value, is_shown in facts if is_shown]


def strategy_choices() -> list[StrategyChoice]:
    """Every way of chunking, the default first."""
    choices = [StrategyChoice(name, chunker.title, chunker.description) for name, chunker in CHUNKERS]
    return sorted(choices, key=lambda choice: choice.name != "heading")


def embedding_choices(configured: Sequence[str], chosen: str) -> list[dict[str, str]]:
    """Every embedding that can be used here, and the one that is in use.

    >>> embedding_choices(["minilm"], "gone")
    [{'value': 'minilm', 'text': 'Minilm'}, {'value': 'gone', 'text': 'Gone'}]
    """
    names = [*configured, *([] if chosen in configured else [chosen])]
    return [{"value": name, "text": name.replace("_", " ").capitalize()} for name in names]


def options_of(strategy: str, values: dict[str, Any]) -> list[Option]:
    """The numbers that a chunker asks for, as its `Config` describes them, with the values that are set."""
    chunker: Any = CHUNKERS.get(strategy)
    schema: type[BaseModel] = chunker.Config
    fields = schema.model_json_schema()["properties"].items()
    return [_option(name, field, values) for name, field in fields if field.get("type") == "integer"]


def chunk_cards(chunks: Sequence[ChunkPreview]) -> list[ChunkCard]:
    """The chunks of a preview, in order from the first."""
    ends = [0, *(chunk.end for chunk in chunks)]
    return [_chunk_card(chunk, previous_end=end) for chunk, end in zip(chunks, ends, strict=False)]


def chunk_line(chunk: ChunkView) -> ChunkLine:
    """A stored chunk for the list beside a document's text."""
    opening = " ".join(chunk.text[:160].split())
    mark, tone = chunk_mark(chunk)
    return ChunkLine(
        id=str(chunk.id),
        number=f"{chunk.index}",
        label=label_of(chunk),
        opening=opening[:80],
        heading=chunk.heading,
        mark=mark,
        tone=tone,
        is_enabled=chunk.is_enabled,
        is_conflict=chunk.conflicting_text is not None,
    )


def chunk_mark(chunk: ChunkView) -> tuple[str, str]:
    """What people have done to a chunk: a word, empty for nothing, and the tone of its badge."""
    if chunk.conflicting_text is not None:
        return "Conflict", "warn"
    if not chunk.is_enabled:
        return "Off", "neutral"
    words = {ChunkOrigin.SOURCE: "", ChunkOrigin.EDITED: "Edited", ChunkOrigin.ADDED: "Added"}
    return words[chunk.origin], "neutral"


def say_left(seconds: int | None) -> str:
    """How long something still takes.

    >>> say_left(None), say_left(4), say_left(95), say_left(7300)
    ('', 'a few seconds left', 'about 2 minutes left', 'about 2 hours left')
    """
    if seconds is None:
        return ""
    if seconds < 45:
        return "a few seconds left"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"about {say_count(max(1, minutes), 'minute')} left"
    return f"about {say_count(round(seconds / 3600), 'hour')} left"


def found_passage(result: SearchResult, rank: int, question: str) -> Found:
    """A search result with the question's words marked."""
    left = len(result.text) - LONGEST_PREVIEW
    place = [f"Page {result.page}" if result.page is not None else "", result.heading]
    address = routes.document(str(result.knowledge_base_id), str(result.document_id))
    cosine = result.cosine_similarity
    return Found(
        id=str(result.chunk_id),
        rank=f"{rank}",
        document=result.document_name,
        place=" · ".join(part for part in place if part),
        score=f"{result.score:.2f}",
        cosine=f"{cosine:.2f}" if cosine is not None else "",
        parts=mark_words(result.text[:LONGEST_PREVIEW], question),
        clipped=f"… {left:,} more characters" if left > 0 else "",
        href=f"{address}?start={result.start}&end={result.end}",
    )


def kind_of(source_type: str, name: str) -> str:
    """What sort of thing a source is, for its icon.

    >>> kind_of("file", "Prices.XLSX"), kind_of("url", "example.com"), kind_of("qa", "Questions")
    ('sheet', 'web', 'qa')
    """
    if source_type != "file":
        return "web" if source_type in ("url", "website") else source_type
    ending = PurePath(name).suffix.lower()
    return next((kind for kind, endings in KINDS.items() if ending in endings), "file")


def say_size(size_bytes: int) -> str:
    """A size as people say it.

    >>> say_size(0), say_size(900), say_size(1_250_000)
    ('–', '1 kB', '1.2 MB')
    """
    if not size_bytes:
        return "–"
    if size_bytes < 1_000_000:
        return f"{max(1, round(size_bytes / 1_000)):,} kB"
    return f"{size_bytes / 1_000_000:.1f} MB"


def _option(name: str, field: dict[str, Any], values: dict[str, Any]) -> Option:
    default, maximum = int(field.get("default", 0)), int(field.get("maximum", 1_000_000))
    return Option(
        name=name,
        title=field.get("title", name),
        help=field.get("description", ""),
        minimum=int(field.get("minimum", 0)),
        maximum=maximum,
        slider_maximum=min(maximum, 4 * default or maximum),
        value=int(values.get(name, default)),
    )


def _chunk_card(chunk: ChunkPreview, *, previous_end: int) -> ChunkCard:
    overlap = max(0, min(previous_end, chunk.end) - chunk.start)
    left = len(chunk.text) - LONGEST_PREVIEW
    return ChunkCard(
        number=f"{chunk.index + 1}",
        tokens=say_count(chunk.token_count, "token"),
        page=f"Page {chunk.page}" if chunk.page is not None else "",
        heading=chunk.heading,
        context=chunk.context[:LONGEST_PREVIEW],
        repeated=chunk.text[: min(overlap, LONGEST_PREVIEW)],
        text=chunk.text[overlap:LONGEST_PREVIEW],
        clipped=f"… {left:,} more characters" if left > 0 else "",
    )

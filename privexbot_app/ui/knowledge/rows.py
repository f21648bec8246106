"""What the knowledge pages draw: plain values in the words that people read, so that states can hold them."""

from dataclasses import dataclass

from privexbot_app.ui.knowledge.marking import Stretch


@dataclass
class BaseRow:
    """A knowledge base in the list."""

    id: str
    name: str
    description: str
    status: str
    tone: str
    documents: str
    failed: str
    chunks: str
    created: str
    created_exactly: str
    percent: int
    is_busy: bool
    href: str


@dataclass
class DraftRow:
    """A draft in the list."""

    id: str
    name: str
    sources: str
    saved: str
    saved_exactly: str
    href: str


@dataclass
class DocumentRow:
    """A document in the table."""

    id: str
    name: str
    kind: str
    status: str
    tone: str
    problem: str
    percent: int
    left: str
    is_settled: bool
    is_failed: bool
    is_cancelled: bool
    conflicts: str
    chunks: str
    chunk_words: str
    size: str
    added: str
    added_exactly: str
    is_enabled: bool
    href: str


@dataclass
class StrategyChoice:
    """A way of chunking."""

    name: str
    title: str
    description: str


@dataclass
class Option:
    """A number that a chunker asks for. slider_maximum: the end of the usual range."""

    name: str
    title: str
    help: str
    minimum: int
    maximum: int
    slider_maximum: int
    value: int
    problem: str = ""


@dataclass
class ChunkCard:
    """A chunk of the preview. repeated: its beginning, as far as the chunk before holds it too."""

    number: str
    tokens: str
    page: str
    heading: str
    context: str
    repeated: str
    text: str
    clipped: str


@dataclass
class ChunkLine:
    """A chunk in the list beside a document's text. mark: what people have done to it, in a word."""

    id: str
    number: str
    label: str
    opening: str
    heading: str
    mark: str
    tone: str
    is_enabled: bool
    is_conflict: bool


@dataclass
class Found:
    """A passage that a search found."""

    id: str
    rank: str
    document: str
    place: str
    score: str
    cosine: str
    parts: list[Stretch]
    clipped: str
    href: str

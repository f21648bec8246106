"""The chunker for documents with headings: a chunk never mixes unrelated sections."""

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import Field

from privexbot_app.kit.text import BlockKind, StructuredText
from privexbot_app.rag.chunkers.base import CHUNKERS, Chunk, TokenCounter, WindowConfig
from privexbot_app.rag.packing import Atom, cut_into_atoms, pack


class HeadingConfig(WindowConfig):
    """Window sizes, and from what size on a section stands alone."""

    smallest_section_tokens: int = Field(
        60,
        ge=0,
        le=4096,
        title="Smallest section",
        description="Sections below this many tokens are joined with their neighbours under the same heading.",
    )


@dataclass(frozen=True)
class _Section:
    """Atoms between two headings. parents: the headings above the section's own."""

    atoms: list[Atom]
    parents: tuple[str, ...]

    @property
    def tokens(self) -> int:
        return sum(atom.tokens for atom in self.atoms)


@CHUNKERS.register("heading")
class HeadingChunker:
    """Starts a chunk at every heading, joins small neighbouring sections, and cuts long ones like `recursive`."""

    Config = HeadingConfig
    title = "Sections"
    description = "Follows the document's headings. Best for manuals, policies, web pages and other structured text."

    def __init__(self, config: HeadingConfig, *, count_tokens: TokenCounter) -> None:
        self.config = config
        self.count_tokens = count_tokens

    def chunk(self, document: StructuredText) -> list[Chunk]:
        """See `Chunker.chunk`. A document without headings is cut by paragraphs."""
        size, overlap = self.config.size_tokens, self.config.overlap_tokens
        atoms = cut_into_atoms(document, size=size, count=self.count_tokens)
        chunks: list[Chunk] = []
        for section in self._join_small(_sections(atoms)):
            chunks += pack(
                document,
                section.atoms,
                size=size,
                overlap=overlap,
                count=self.count_tokens,
                first_index=len(chunks),
            )
        return chunks

    def _join_small(self, sections: Iterator[_Section]) -> Iterator[_Section]:
        current: _Section | None = None
        for section in sections:
            if current is None:
                current = section
            elif self._belong_together(current, section):
                current = _Section(current.atoms + section.atoms, current.parents)
            else:
                yield current
                current = section
        if current is not None:
            yield current

    def _belong_together(self, first: _Section, second: _Section) -> bool:
        is_related = second.parents[: len(first.parents)] == first.parents
        is_small = min(first.tokens, second.tokens) < self.config.smallest_section_tokens
        return is_related and is_small and first.tokens + second.tokens <= self.config.size_tokens


def _sections(atoms: list[Atom]) -> Iterator[_Section]:
    """Cut before every heading; headings that follow each other directly open one section."""
    current: list[Atom] = []
    for atom in atoms:
        is_heading = atom.block.kind is BlockKind.HEADING
        if is_heading and current and current[-1].block.kind is not BlockKind.HEADING:
            yield _Section(current, current[0].block.headings)
            current = []
        current.append(atom)
    if current:
        yield _Section(current, current[0].block.headings)

"""Put an edited text in the place of an extracted one and keep the structure of what was not touched. Pure."""

from difflib import SequenceMatcher

from privexbot_app.kit.text import Block, BlockKind, StructuredText


def with_text(document: StructuredText, text: str) -> StructuredText:
    """The document with another text. A block whose lines all stand there still keeps its kind; the rest is paragraphs.

    >>> old = StructuredText("Fees\\n\\nOne.", (Block(0, 4, BlockKind.HEADING, 1), Block(6, 10, headings=("Fees",))))
    >>> new = with_text(old, "Fees\\n\\nTwo.")
    >>> [(new.text[block.start : block.end], block.kind.value, block.headings) for block in new.blocks]
    [('Fees', 'heading', ()), ('Two.', 'paragraph', ('Fees',))]
    """
    old_lines, new_lines = document.text.split("\n"), text.split("\n")
    moved = _moved_lines(old_lines, new_lines)
    old_starts, new_starts = _starts(old_lines), _starts(new_lines)
    line_at = {start: number for number, start in enumerate(old_starts)}
    blocks: list[Block] = []
    done = 0
    for block in document.blocks:
        first = line_at.get(block.start)
        if first is None:
            continue
        count = document.text.count("\n", block.start, block.end) + 1
        places = [moved.get(first + offset, -1) for offset in range(count)]
        if places[0] < done or places != list(range(places[0], places[0] + count)):
            continue
        blocks += _paragraphs(new_lines, new_starts, done, places[0], _path_after(blocks, text))
        start = new_starts[places[0]]
        blocks.append(_placed(block, start, start + block.end - block.start))
        done = places[0] + count
    blocks += _paragraphs(new_lines, new_starts, done, len(new_lines), _path_after(blocks, text))
    return StructuredText(text, tuple(blocks), document.title, document.metadata)


def _moved_lines(old: list[str], new: list[str]) -> dict[int, int]:
    matches = SequenceMatcher(None, old, new).get_matching_blocks()
    return {match.a + offset: match.b + offset for match in matches for offset in range(match.size)}


def _starts(lines: list[str]) -> list[int]:
    starts, position = [], 0
    for line in lines:
        starts.append(position)
        position += len(line) + 1
    return starts


def _paragraphs(lines: list[str], starts: list[int], first: int, end: int, path: tuple[str, ...]) -> list[Block]:
    """Runs of lines with text between two empty ones."""
    found: list[Block] = []
    begun: int | None = None
    for number in range(first, end + 1):
        has_text = number < end and bool(lines[number].strip())
        if has_text and begun is None:
            begun = number
        elif not has_text and begun is not None:
            found.append(Block(starts[begun], starts[number - 1] + len(lines[number - 1]), headings=path))
            begun = None
    return found


def _path_after(blocks: list[Block], text: str) -> tuple[str, ...]:
    """The headings that a new paragraph stands under: those of the block before it, and that block if it is one."""
    if not blocks:
        return ()
    last = blocks[-1]
    return (*last.headings, text[last.start : last.end]) if last.kind is BlockKind.HEADING else last.headings


def _placed(block: Block, start: int, end: int) -> Block:
    return Block(start, end, block.kind, block.level, block.page, block.headings, block.header)

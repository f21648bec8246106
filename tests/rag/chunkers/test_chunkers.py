"""One suite for every chunker, and what is particular to each."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from privexbot_app.kit.text import Block, BlockKind, StructuredText
from privexbot_app.rag.chunkers.base import CHUNKERS, Chunk, approximate_tokens
from privexbot_app.rag.chunkers.heading import HeadingChunker, HeadingConfig
from privexbot_app.rag.chunkers.recursive import RecursiveChunker
from privexbot_app.rag.chunkers.whole import DocumentTooLongError, WholeChunker, WholeConfig

CHUNKERS.discover("privexbot_app.rag.chunkers", "privexbot.chunkers")
WINDOWED = sorted(set(CHUNKERS.names()) - {"whole"})


def count_letters(text: str) -> int:
    """A counter that is not additive: white space counts, and every text costs two more."""
    return len(text) // 3 + 2


def build(*blocks: tuple[BlockKind, str]) -> StructuredText:
    text, spans, path = "", [], {}
    for kind, body in blocks:
        text += "\n\n" if text else ""
        header = body.split("\n")[0] if kind is BlockKind.TABLE else None
        level = 0
        headings = tuple(path[key] for key in sorted(path))
        if kind is BlockKind.HEADING:
            level = len(body) - len(body.lstrip("#")) or 1
            path = {key: name for key, name in path.items() if key < level}
            headings = tuple(path[key] for key in sorted(path))
            path[level] = body.strip("# ")
        spans.append(Block(len(text), len(text) + len(body), kind, level, None, headings, header))
        text += body
    return StructuredText(text, tuple(spans))


def chunk(
    name: str, document: StructuredText, *, size: int = 40, overlap: int = 8, count=approximate_tokens
) -> list[Chunk]:
    plugin = CHUNKERS.get(name)
    return plugin(plugin.Config(size_tokens=size, overlap_tokens=overlap), count_tokens=count).chunk(document)


WORDS = st.text(alphabet="abcdefgh .,!?\n|#-。三十天是的؟éß🙂\t\u00a0\u200b", min_size=1, max_size=400)
BODIES = st.tuples(st.sampled_from(BlockKind), WORDS.filter(str.strip))
DOCUMENTS = st.one_of(
    st.lists(BODIES, max_size=12).map(lambda blocks: build(*blocks)),
    WORDS.map(StructuredText),
)


@pytest.mark.parametrize("name", WINDOWED)
@given(
    document=DOCUMENTS,
    size=st.integers(16, 120),
    overlap_share=st.floats(0, 0.5),
    count=st.sampled_from([approximate_tokens, count_letters, len]),
)
@settings(max_examples=120, deadline=None)
def test_chunks_are_exact_ordered_complete_and_small(name, document, size, overlap_share, count):
    chunks = chunk(name, document, size=size, overlap=int(size * overlap_share), count=count)
    assert [piece.index for piece in chunks] == list(range(len(chunks)))
    assert all(document.text[piece.start : piece.end] == piece.text for piece in chunks)
    assert all(piece.text == piece.text.strip() for piece in chunks)
    assert all(a.start < b.start and a.end < b.end for a, b in itertools.pairwise(chunks))
    assert all(piece.token_count <= size for piece in chunks)
    covered = set()
    for piece in chunks:
        covered.update(range(piece.start, piece.end))
    assert all(place in covered for place, character in enumerate(document.text) if not character.isspace())


@pytest.mark.parametrize("name", WINDOWED)
def test_an_empty_document_has_no_chunks(name):
    assert chunk(name, StructuredText(" \n\t ")) == []


@pytest.mark.parametrize("name", CHUNKERS.names())
def test_every_setting_is_explained(name):
    for field in CHUNKERS.get(name).Config.model_json_schema()["properties"].values():
        assert field["title"]
        assert field["description"]
        assert "minimum" in field
        assert "maximum" in field


def test_an_overlap_over_half_the_size_is_refused():
    with pytest.raises(ValidationError, match="half"):
        RecursiveChunker.Config(size_tokens=100, overlap_tokens=60)


def test_paragraphs_stay_whole_where_they_fit():
    first, second = "One two three four five six. " * 4, "Seven eight nine ten eleven. " * 3
    document = build((BlockKind.PARAGRAPH, first.strip()), (BlockKind.PARAGRAPH, second.strip()))
    assert [piece.text for piece in chunk("recursive", document, overlap=0)] == [first.strip(), second.strip()]


def test_overlap_repeats_whole_sentences():
    text = " ".join(f"Sentence number {number} is here." for number in range(30))
    chunks = chunk("sentence", StructuredText(text), size=40, overlap=10)
    for before, after in itertools.pairwise(chunks):
        assert after.start < before.end
        assert after.text.startswith("Sentence")


def test_rows_stay_whole_and_later_chunks_carry_the_header():
    rows = ["Size | Price | Colour", *(f"{number} cm | {number}.50 EUR | deep blue" for number in range(30))]
    document = build((BlockKind.TABLE, "\n".join(rows)))
    chunks = chunk("recursive", document)
    assert len(chunks) > 2
    assert chunks[0].context == ""
    assert all(piece.context == rows[0] for piece in chunks[1:])
    assert [line for piece in chunks for line in piece.text.split("\n")] == rows


def test_a_header_that_would_fill_the_chunk_is_not_repeated():
    document = build((BlockKind.TABLE, "a very long header " * 10 + "\n" + "\n".join(["cell | cell | cell"] * 20)))
    assert all(piece.context == "" for piece in chunk("recursive", document))


def test_a_chunk_does_not_end_with_a_heading():
    sections = [(BlockKind.HEADING, "# Part"), (BlockKind.PARAGRAPH, "Some words that fill this part. " * 3)] * 6
    for name in ("recursive", "heading"):
        assert not any(piece.text.endswith("# Part") for piece in chunk(name, build(*sections)))


def test_small_sections_under_one_heading_share_a_chunk():
    document = build(
        (BlockKind.HEADING, "# Returns"),
        (BlockKind.HEADING, "## Time"),
        (BlockKind.PARAGRAPH, "Thirty days."),
        (BlockKind.HEADING, "## Cost"),
        (BlockKind.PARAGRAPH, "None at all."),
    )
    chunks = HeadingChunker(HeadingConfig(), count_tokens=approximate_tokens).chunk(document)
    assert [piece.text for piece in chunks] == [document.text]
    assert chunks[0].heading == "Returns"


def test_large_sections_stand_alone_and_name_their_path():
    body = "A sentence of several words stands here. " * 3
    document = build(
        (BlockKind.HEADING, "# Manual"),
        (BlockKind.HEADING, "## Safety"),
        (BlockKind.PARAGRAPH, body),
        (BlockKind.HEADING, "## Care"),
        (BlockKind.PARAGRAPH, body),
    )
    config = HeadingConfig(size_tokens=60, smallest_section_tokens=10, overlap_tokens=0)
    chunks = HeadingChunker(config, count_tokens=approximate_tokens).chunk(document)
    assert [piece.heading for piece in chunks] == ["Manual", "Manual › Care"]


def test_the_whole_document_is_one_chunk():
    chunks = WholeChunker(WholeConfig(), count_tokens=approximate_tokens).chunk(StructuredText("\n Short answer. \n"))
    assert [(piece.text, piece.start) for piece in chunks] == [("Short answer.", 2)]


def test_a_document_over_the_limit_is_not_kept_whole():
    with pytest.raises(DocumentTooLongError) as refused:
        WholeChunker(WholeConfig(size_tokens=16), count_tokens=approximate_tokens).chunk(StructuredText("word " * 50))
    assert refused.value.code == "document_too_long_for_one_chunk"


def test_text_without_spaces_or_stops_is_still_cut():
    chunks = chunk("recursive", StructuredText("三" * 1000), size=100, overlap=0)
    assert sum(len(piece.text) for piece in chunks) == 1000
    assert all(piece.token_count <= 100 for piece in chunks)


@pytest.mark.parametrize("name", WINDOWED)
def test_tokens_that_frame_every_text_do_not_shrink_the_chunks(name):
    document = StructuredText("Some words are here, and there are more of them. " * 60)
    chunks = chunk(name, document, size=100, count=lambda text: len(text.split()) + 2)
    filled = [piece for piece, after in itertools.pairwise(chunks) if piece.parent == after.parent]
    assert len(filled) > 2
    assert all(80 <= piece.token_count <= 100 for piece in filled)


def test_a_new_topic_begins_a_new_chunk():
    boats = "The harbour has forty berths for boats. A boat needs a berth and a mooring line. Boats pay for the berth. "
    bread = "Knead the dough for ten minutes with flour. The dough rests beside the oven. Bake bread from the dough. "
    document = StructuredText((boats * 2 + bread * 2).strip())
    chunks = chunk("topic", document, size=400, overlap=0)
    assert len(chunks) >= 2
    assert not any("berth" in piece.text and "dough" in piece.text for piece in chunks)


def test_a_pair_is_never_mixed_with_another():
    text = "Q: Open on Sunday?\nA: No.\n\nQ: Why?\nA: Rest.\n\nQ: When then?\nA: On Monday."
    chunks = chunk("pairs", StructuredText(text), size=60, overlap=0)
    assert [piece.text.count("Q:") for piece in chunks] == [1, 1, 1]
    assert all("A:" in piece.text for piece in chunks)


def test_questions_as_headings_take_their_answers_along():
    document = build(
        (BlockKind.HEADING, "# Is it open on Sunday?"),
        (BlockKind.PARAGRAPH, "No, it is closed."),
        (BlockKind.HEADING, "# Where is it?"),
        (BlockKind.PARAGRAPH, "Behind the church."),
    )
    chunks = chunk("pairs", document, size=60, overlap=0)
    assert [piece.text.split("\n")[-1] for piece in chunks] == ["No, it is closed.", "Behind the church."]


def test_a_long_answer_keeps_its_question_with_every_part():
    answer = " ".join(f"Step number {number} takes a while." for number in range(20))
    chunks = chunk("pairs", StructuredText(f"Q: How is it done?\nA: {answer}"), size=60, overlap=0)
    assert len(chunks) > 1
    assert {piece.context for piece in chunks[1:]} == {"Q: How is it done?"}


def test_small_chunks_share_passages_that_hold_the_whole_document():
    text = "\n\n".join(f"Paragraph {n} says something. " * 6 for n in range(20))
    config = CHUNKERS.get("parent_child").Config(size_tokens=40, parent_tokens=160)
    chunks = CHUNKERS.get("parent_child")(config, count_tokens=approximate_tokens).chunk(StructuredText(text))
    passages = list(dict.fromkeys(piece.parent for piece in chunks))
    assert len(chunks) > 2 * len(passages) > 4
    assert all(approximate_tokens(text[slice(*passage)]) <= 160 for passage in passages)
    assert all(piece.parent[0] <= piece.start < piece.end <= piece.parent[1] for piece in chunks)
    assert all(not text[before[1] : after[0]].strip() for before, after in itertools.pairwise(passages))
    for passage in passages:
        family = [piece for piece in chunks if piece.parent == passage]
        assert (family[0].start, family[-1].end) == passage


def test_a_passage_is_never_smaller_than_a_chunk():
    config = CHUNKERS.get("parent_child").Config(size_tokens=60, parent_tokens=20)
    chunks = CHUNKERS.get("parent_child")(config, count_tokens=approximate_tokens).chunk(StructuredText("Word. " * 100))
    assert all(piece.parent == (piece.start, piece.end) for piece in chunks)

"""An edited text keeps the structure of what was not touched."""

import pytest

from privexbot_app.domains.knowledge.editing import with_text
from privexbot_app.kit.text import Block, BlockKind, StructuredText

TEXT = "Fees\n\nOne night.\n\nSize | Price\n5 m | 24\n\n- a\n- b"
OLD = StructuredText(
    TEXT,
    (
        Block(0, 4, BlockKind.HEADING, 1),
        Block(6, 16, page=2, headings=("Fees",)),
        Block(18, 39, BlockKind.TABLE, headings=("Fees",), header="Size | Price"),
        Block(41, 44, BlockKind.LIST_ITEM, headings=("Fees",)),
        Block(45, 48, BlockKind.LIST_ITEM, headings=("Fees",)),
    ),
    "Title",
)


def shown(document: StructuredText) -> list[tuple[str, str]]:
    return [(document.text[block.start : block.end], block.kind.value) for block in document.blocks]


def test_nothing_changes_if_the_text_stays():
    assert with_text(OLD, TEXT) == OLD


def test_a_changed_line_becomes_a_paragraph_under_the_same_headings():
    new = with_text(OLD, TEXT.replace("5 m | 24", "5 m | 25"))
    assert shown(new) == [
        ("Fees", "heading"),
        ("One night.", "paragraph"),
        ("Size | Price\n5 m | 25", "paragraph"),
        ("- a", "list_item"),
        ("- b", "list_item"),
    ]
    assert {block.headings for block in new.blocks[1:]} == {("Fees",)}
    assert new.title == "Title"


def test_what_is_put_in_and_taken_out_leaves_the_rest_alone():
    new = with_text(OLD, "New first.\n\nFees\n\nSize | Price\n5 m | 24\n\nAdded.\nMore.\n\nLast.")
    assert shown(new) == [
        ("New first.", "paragraph"),
        ("Fees", "heading"),
        ("Size | Price\n5 m | 24", "table"),
        ("Added.\nMore.", "paragraph"),
        ("Last.", "paragraph"),
    ]


@pytest.mark.parametrize("text", ["", "\n\n", "x", "x\n" * 5000])
def test_blocks_stay_in_order_and_within_the_text(text):
    new = with_text(OLD, text)
    edges = [edge for block in new.blocks for edge in (block.start, block.end)]
    assert edges == sorted(edges)
    assert all(0 <= edge <= len(text) for edge in edges)

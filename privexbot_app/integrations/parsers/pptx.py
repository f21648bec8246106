"""PowerPoint through Unstructured: it knows titles, bullets, tables, nested groups and speaker notes of a slide.

Unstructured's sentence tagger would download a language model at first use. Here it is replaced by one that needs
none: slides say by their placeholders what is a title, so nothing depends on the tagger's guesses. The replacement
sits at a private name of the pinned release, and a test fails loudly when that name moves.
"""

import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from privexbot_app.integrations.parsers.base import PARSERS, CorruptDocumentError
from privexbot_app.integrations.parsers.building import TextBuilder
from privexbot_app.integrations.parsers.markup import parse_markup
from privexbot_app.kit.sentences import split_sentences
from privexbot_app.kit.text import StructuredText

if TYPE_CHECKING:
    from unstructured.documents.elements import Element

_TOKENIZER = "unstructured.nlp.tokenize"


@PARSERS.register("pptx")
class PptxParser:
    """PowerPoint 2007 and later; a slide is a page."""

    extensions = (".pptx",)
    media_types = ("application/vnd.openxmlformats-officedocument.presentationml.presentation",)
    is_safe_inline = False

    def parse(self, path: Path) -> StructuredText:
        """Return the slides' text in reading order, each slide's notes after it."""
        replace_tokenizer()
        from pptx.exc import PackageNotFoundError  # noqa: PLC0415 - a second to import
        from unstructured.partition.pptx import partition_pptx  # noqa: PLC0415

        try:
            elements = partition_pptx(filename=str(path), include_slide_notes=True, languages=[""])
        except (PackageNotFoundError, KeyError, ValueError) as error:
            raise CorruptDocumentError(reason=str(error)) from error
        builder = TextBuilder()
        for element in elements:
            _add(builder, element)
        return builder.build()


def _add(builder: TextBuilder, element: "Element") -> None:
    page, depth = element.metadata.page_number, element.metadata.category_depth or 0
    if element.category == "Title" and depth == 0:
        builder.heading(element.text, level=1, page=page)
    elif element.category == "Table" and element.metadata.text_as_html:
        table = parse_markup(element.metadata.text_as_html)
        rows = [line.split(" | ") for line in table.text.split("\n")]
        builder.table(rows, page=page)
    elif element.category == "ListItem":
        builder.list_item(element.text, depth=depth, page=page)
    elif element.category != "PageBreak":
        builder.paragraph(element.text, page=page)


def replace_tokenizer() -> None:
    """Give Unstructured a tokenizer without a language model. Does nothing when Unstructured has one already."""
    if _TOKENIZER in sys.modules:
        return
    module = ModuleType(_TOKENIZER)
    module.sent_tokenize = lambda text: [text[start:end] for start, end in split_sentences(text)]  # type: ignore[attr-defined]
    module.word_tokenize = str.split  # type: ignore[attr-defined]
    module.pos_tag = lambda text: [(word, "NN") for word in text.split()]  # type: ignore[attr-defined]
    sys.modules[_TOKENIZER] = module

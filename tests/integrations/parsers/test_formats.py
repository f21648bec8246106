"""What each parser keeps of a document's structure."""

import io
import subprocess
import sys
import zipfile
from email.message import EmailMessage
from pathlib import Path

import pytest

from privexbot_app.integrations.parsers.base import CorruptDocumentError, EncryptedDocumentError
from privexbot_app.integrations.parsers.markup import parse_markup
from privexbot_app.integrations.parsers.sandbox import parse_file
from privexbot_app.integrations.parsers.web import main_text
from privexbot_app.kit.text import Block, BlockKind, StructuredText


async def read(tmp_path: Path, name: str, content: bytes | str) -> StructuredText:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return await parse_file(path, filename=name)


def outline(document: StructuredText) -> list[tuple[str, str]]:
    return [(block.kind.value, document.text[block.start : block.end]) for block in document.blocks]


def only(document: StructuredText, kind: BlockKind) -> list[Block]:
    return [block for block in document.blocks if block.kind is kind]


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1251", "koi8-r"]
)
async def test_text_is_read_in_its_encoding(tmp_path, encoding):
    text = "Возврат товара возможен в течение тридцати дней со дня покупки. Доставка бесплатна. " * 3
    assert (await read(tmp_path, "note.txt", text.encode(encoding))).text == text


async def test_text_keeps_its_offsets_and_paragraphs(tmp_path):
    document = await read(tmp_path, "note.txt", "One\r\nline.\r\n \r\nTwo\0.\r\n")
    assert document.text == "One \nline. \n  \nTwo . \n"
    assert outline(document) == [("paragraph", "One \nline."), ("paragraph", "Two .")]


async def test_markdown_keeps_its_source_and_finds_blocks(tmp_path):
    source = (
        "---\ntag: x\n---\n# The *Shop*\nWords\nmore.\n\nSub [link](http://a.example)\n---\n"
        "- one\n- two\n  more\n\n| a | b |\n|---|:-:|\n| 1 | 2 |\n\n```py\n# no heading\n\n- no item\n```\nend\n"
    )
    document = await read(tmp_path, "shop.md", source)
    assert document.text == source
    assert document.title == "The Shop"
    assert outline(document) == [
        ("code", "---\ntag: x\n---"),
        ("heading", "# The *Shop*"),
        ("paragraph", "Words\nmore."),
        ("heading", "Sub [link](http://a.example)\n---"),
        ("list_item", "- one"),
        ("list_item", "- two\n  more"),
        ("table", "| a | b |\n|---|:-:|\n| 1 | 2 |"),
        ("code", "```py\n# no heading\n\n- no item\n```"),
        ("paragraph", "end"),
    ]
    assert document.blocks[-1].headings == ("The Shop", "Sub link")
    assert only(document, BlockKind.TABLE)[0].header == "| a | b |"


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("a.csv", 'Name,Price\r\n"Chair, red",49.50\r\n'),
        ("a.csv", "Name;Price\nChair, red;49.50\n"),
        ("a.tsv", "Name\tPrice\nChair, red\t49.50\n"),
        ("a.csv", "Name|Price\nChair, red|49.50\n"),
    ],
)
async def test_rows_are_read_with_any_delimiter(tmp_path, name, source):
    document = await read(tmp_path, name, source)
    assert document.text == "Name | Price\nChair, red | 49.50"
    assert document.blocks[0].header == "Name | Price"


async def test_json_is_read_as_paths_and_values(tmp_path):
    document = await read(
        tmp_path, "a.json", '[{"name": "Chair", "tags": ["red", 4], "in": {"stock": true, "no": null}}]'
    )
    assert document.text == "name: Chair\ntags: red, 4\nin.stock: yes"


async def test_json_lines_are_records(tmp_path):
    assert len((await read(tmp_path, "a.jsonl", '{"a": 1}\n\n{"a": 2}\n')).blocks) == 2


@pytest.mark.parametrize("source", ['{"a": ', "{'a': 1}", "[1, 2"])
async def test_broken_json_is_damaged(tmp_path, source):
    with pytest.raises(CorruptDocumentError):
        await read(tmp_path, "a.json", source)


def test_html_keeps_headings_lists_and_tables():
    document = parse_markup(
        "<html><head><title>Shop</title><style>p{}</style></head><body><nav>Home</nav><h1>Returns</h1>"
        "<p>Within <b>30</b>\n days.<script>x()</script></p><ul><li>One<ul><li>Two</li></ul></li></ul>"
        "<table><tr><th>Size</th><th>Price</th></tr><tr><td>S</td><td>1&nbsp;€</td></tr></table>"
        "<pre>a\n  b</pre><p hidden>no</p>after</body></html>"
    )
    assert document.title == "Shop"
    assert outline(document) == [
        ("heading", "Returns"),
        ("paragraph", "Within 30 days."),
        ("list_item", "- One"),
        ("list_item", "  - Two"),
        ("table", "Size | Price\nS | 1 €"),
        ("code", "a\n  b"),
        ("paragraph", "after"),
    ]
    assert document.blocks[-1].headings == ("Returns",)


def test_a_table_that_lays_out_a_page_is_read_as_text():
    document = parse_markup("<table><tr><td><h1>Shop</h1><p>Words</p></td><td>Side<br><br>bar</td></tr></table>")
    assert outline(document) == [
        ("heading", "Shop"),
        ("paragraph", "Words"),
        ("paragraph", "Side"),
        ("paragraph", "bar"),
    ]


def test_the_main_text_of_a_page_keeps_its_structure():
    sentence = "You can send goods back to us within thirty days, at no cost to you, from any country of the world. "
    page = (
        f"<html><head><title>Shop</title></head><body><nav>Home</nav><main><h1>Returns</h1><p>{sentence * 2}</p>"
        "<h2>Prices</h2><table><tr><th>Size</th><th>Price</th></tr><tr><td>Small</td><td>20 EUR</td></tr></table>"
        "<h2>Steps</h2><ul><li>Pack it well</li></ul><pre><code>a = 1\n  b</code></pre></main>"
        "<footer>Imprint</footer></body></html>"
    )
    document = main_text(page, "https://shop.example/returns")
    assert outline(document) == [
        ("heading", "Returns"),
        ("paragraph", (sentence * 2).strip()),
        ("heading", "Prices"),
        ("table", "Size | Price\nSmall | 20 EUR"),
        ("heading", "Steps"),
        ("list_item", "- Pack it well"),
        ("code", "a = 1\n  b"),
    ]
    assert document.blocks[-1].headings == ("Returns", "Steps")


def test_a_page_with_little_main_text_is_read_whole():
    page = "<html><head><title>Contact</title></head><body><div>Call us: 555 0100</div></body></html>"
    document = main_text(page, url="https://shop.example/contact")
    assert document.text == "Call us: 555 0100"
    assert (document.title, document.metadata) == ("Contact", {"url": "https://shop.example/contact"})


async def test_word_keeps_headings_lists_tables_and_links(tmp_path):
    docx = pytest.importorskip("docx")
    word = docx.Document()
    word.core_properties.title = "Handbook"
    word.add_heading("Returns", level=1)
    word.add_paragraph("Within 30 days.")
    word.add_heading("How", level=2)
    word.add_paragraph("Pack it.", style="List Bullet")
    table = word.add_table(rows=2, cols=2)
    for cell, text in zip(table._cells, ["Size", "Price", "S", "1"], strict=True):
        cell.text = text
    buffer = io.BytesIO()
    word.save(buffer)
    document = await read(tmp_path, "a.docx", buffer.getvalue())
    assert document.title == "Handbook"
    assert outline(document) == [
        ("heading", "Returns"),
        ("paragraph", "Within 30 days."),
        ("heading", "How"),
        ("list_item", "- Pack it."),
        ("table", "Size | Price\nS | 1"),
    ]
    assert document.blocks[-1].headings == ("Returns", "How")


async def test_slides_are_pages_with_notes(tmp_path):
    pptx = pytest.importorskip("pptx")
    slides = pptx.Presentation()
    for number in (1, 2):
        slide = slides.slides.add_slide(slides.slide_layouts[1])
        slide.shapes.title.text = f"Slide {number}"
        slide.placeholders[1].text = "A point"
    slide.notes_slide.notes_text_frame.text = "Say hello to everyone."
    buffer = io.BytesIO()
    slides.save(buffer)
    document = await read(tmp_path, "a.pptx", buffer.getvalue())
    headings = only(document, BlockKind.HEADING)
    assert [(document.text[block.start : block.end], block.page) for block in headings] == [
        ("Slide 1", 1),
        ("Slide 2", 2),
    ]
    assert document.page_at(document.text.index("Say hello")) == 2


def test_slides_are_read_without_a_language_model():
    code = (
        "import sys; from privexbot_app.integrations.parsers.pptx import replace_tokenizer; replace_tokenizer();"
        "import unstructured.partition.pptx, unstructured.partition.text_type as t;"
        "print(t.sent_tokenize('One. Two.'), 'spacy' in sys.modules)"
    )
    root = Path(__file__).resolve().parents[3]
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root, check=True)
    assert shown.stdout.strip() == "['One.', 'Two.'] False"


async def test_sheets_are_pages_and_tables(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.title = "Prices"
    for row in (["Price list"], [], [None, "Size", "Price", "Since"], [None, "S", 2.0, None], [None, "M", 2.5, True]):
        book.active.append(row)
    book.create_sheet("Secret").append(["hidden"])
    book["Secret"].sheet_state = "hidden"
    book.create_sheet("More").append(["Only"])
    buffer = io.BytesIO()
    book.save(buffer)
    document = await read(tmp_path, "a.xlsx", buffer.getvalue())
    assert outline(document) == [
        ("heading", "Prices"),
        ("paragraph", "Price list"),
        ("table", "Size | Price | Since\nS | 2\nM | 2.5 | yes"),
        ("heading", "More"),
        ("table", "Only"),
    ]
    assert [block.page for block in document.blocks] == [1, 1, 1, 3, 3]


async def test_a_mail_is_read_with_its_attachments(tmp_path):
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "Ann <ann@example.org>", "bob@example.org", "Größe"
    mail.set_content("See the list.\n\nBest, Ann")
    mail.add_alternative("<p>See the list.</p>", subtype="html")
    mail.add_attachment(b"Size,Price\nS,1\n", maintype="text", subtype="csv", filename="../../prices.csv")
    mail.add_attachment(b"MZ\0\0", maintype="application", subtype="x-msdownload", filename="run.exe")
    document = await read(tmp_path, "a.eml", mail.as_bytes())
    assert document.title == "Größe"
    assert outline(document) == [
        ("paragraph", "From: Ann <ann@example.org>\nTo: bob@example.org\nSubject: Größe"),
        ("paragraph", "See the list."),
        ("paragraph", "Best, Ann"),
        ("heading", "Attachment: prices.csv"),
        ("table", "Size | Price\nS | 1"),
        ("heading", "Attachment: run.exe"),
    ]


def book(*, encryption: str | None = None) -> bytes:
    buffer = io.BytesIO()
    container = "urn:oasis:names:tc:opendocument:xmlns:container"
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("mimetype", "application/epub+zip")
        archive.writestr(
            "META-INF/container.xml",
            f'<container xmlns="{container}"><rootfiles><rootfile full-path="o/b.opf"/></rootfiles></container>',
        )
        archive.writestr(
            "o/b.opf",
            '<package xmlns="http://www.idpf.org/2007/opf"><metadata><t:title '
            'xmlns:t="http://purl.org/dc/elements/1.1/">A Tale</t:title></metadata><manifest>'
            '<item id="1" href="one%20x.xhtml" media-type="application/xhtml+xml"/>'
            '<item id="2" href="two.xhtml" media-type="application/xhtml+xml"/></manifest>'
            '<spine><itemref idref="2"/><itemref idref="1"/></spine></package>',
        )
        for name in ("one x", "two"):
            archive.writestr(
                f"o/{name}.xhtml",
                f'<?xml version="1.0" encoding="utf-8"?><html xmlns="http://www.w3.org/1999/xhtml"><body>'
                f"<h1>Chapter {name}</h1><p>It was night.</p></body></html>",
            )
        if encryption:
            archive.writestr(
                "META-INF/encryption.xml",
                '<e:CipherReference xmlns:e="http://www.w3.org/2001/04/xmlenc#" URI="' + encryption + '"/>',
            )
    return buffer.getvalue()


async def test_a_book_is_read_in_the_order_of_its_spine(tmp_path):
    document = await read(tmp_path, "a.epub", book())
    assert document.title == "A Tale"
    assert [document.text[b.start : b.end] for b in only(document, BlockKind.HEADING)] == [
        "Chapter two",
        "Chapter one x",
    ]
    assert document.blocks[-1].headings == ("Chapter one x",)


async def test_a_protected_book_is_encrypted_and_one_with_protected_fonts_is_not(tmp_path):
    with pytest.raises(EncryptedDocumentError):
        await read(tmp_path, "a.epub", book(encryption="o/two.xhtml"))
    assert (await read(tmp_path, "b.epub", book(encryption="o/font.otf"))).blocks


def open_document(content: str, *, manifest: str = "<manifest/>") -> bytes:
    spaces = "".join(
        f' xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for short, name in (("o", "office"), ("t", "text"), ("b", "table"), ("d", "drawing"))
    )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        archive.writestr(
            "content.xml",
            f"<o:document-content{spaces}><o:body><o:text>{content}</o:text></o:body></o:document-content>",
        )
        archive.writestr("META-INF/manifest.xml", manifest)
    return buffer.getvalue()


async def test_open_document_keeps_headings_lists_and_tables(tmp_path):
    document = await read(
        tmp_path,
        "a.odt",
        open_document(
            '<t:h t:outline-level="1">Returns</t:h><t:p>Within<t:s/>30 <t:span>days</t:span>.</t:p>'
            "<t:list><t:list-item><t:p>Pack it.</t:p></t:list-item></t:list>"
            "<b:table><b:table-row><b:table-cell><t:p>Size</t:p></b:table-cell><b:table-cell><t:p>Price</t:p></b:table-cell>"
            '</b:table-row><b:table-row><b:table-cell b:number-columns-repeated="2"><t:p>1</t:p></b:table-cell>'
            "</b:table-row></b:table>"
        ),
    )
    assert outline(document) == [
        ("heading", "Returns"),
        ("paragraph", "Within 30 days."),
        ("list_item", "- Pack it."),
        ("table", "Size | Price\n1 | 1"),
    ]


async def test_an_open_document_with_a_password_is_encrypted(tmp_path):
    locked = '<m:manifest xmlns:m="urn:m"><m:encryption-data/></m:manifest>'
    with pytest.raises(EncryptedDocumentError):
        await read(tmp_path, "a.odt", open_document("<t:p>x</t:p>", manifest=locked))


async def test_rich_text_is_read_as_paragraphs_and_rows(tmp_path):
    source = r"{\rtf1\ansi First line.\par Gr\u252?\'dfe\par\trowd A\cell B\cell\row\trowd 1\cell 2\cell\row}"
    document = await read(tmp_path, "a.rtf", source)
    assert ("paragraph", "First line.") in outline(document)
    assert "Grüße" in document.text
    assert only(document, BlockKind.TABLE)


async def test_pdf_pages_headings_paragraphs_and_broken_words(tmp_path):
    canvas = pytest.importorskip("reportlab.pdfgen.canvas")
    path = tmp_path / "a.pdf"
    page = canvas.Canvas(str(path))
    page.setTitle("Manual")
    for number in (1, 2):
        page.setFont("Helvetica-Bold", 20)
        page.drawString(72, 760, f"Part {number}")
        page.setFont("Helvetica", 11)
        text = page.beginText(72, 730)
        text.textLines(
            "Goods that were bought here can be sent back to our ware-\nhouse within thirty days of the day."
        )
        page.drawText(text)
        page.showPage()
    page.save()
    document = await parse_file(path, filename="a.pdf")
    assert document.title == "Manual"
    sentence = "Goods that were bought here can be sent back to our warehouse within thirty days of the day."
    assert outline(document) == [
        ("heading", "Part 1"),
        ("paragraph", sentence),
        ("heading", "Part 2"),
        ("paragraph", sentence),
    ]
    assert [block.page for block in document.blocks] == [1, 1, 2, 2]
    assert document.blocks[-1].headings == ("Part 2",)


async def test_running_heads_and_page_numbers_are_read_once_at_most(tmp_path):
    canvas = pytest.importorskip("reportlab.pdfgen.canvas")
    path = tmp_path / "a.pdf"
    page = canvas.Canvas(str(path))
    for number in range(1, 5):
        page.drawString(72, 800, f"Annual Report {2020 + number}")
        for row, word in enumerate(("First", "Second", "Third")):
            page.drawString(72, 700 - 60 * row, f"{word} thought of page {number}")
        page.drawString(300, 30, str(number))
        page.showPage()
    page.save()
    document = await parse_file(path, filename="a.pdf")
    assert document.text.count("Annual Report") == 1
    assert document.text.count("thought") == 12
    assert outline(document)[-1] == ("paragraph", "Third thought of page 4")


async def test_a_forwarded_mail_is_read(tmp_path):
    inner, outer = EmailMessage(), EmailMessage()
    inner["Subject"] = "Opening hours"
    inner.set_content("We open at nine.")
    outer["Subject"] = "Fwd"
    outer.set_content("See below.")
    outer.add_attachment(inner)
    document = await read(tmp_path, "a.eml", outer.as_bytes())
    assert outline(document)[-2:] == [("heading", "Message: Opening hours"), ("paragraph", "We open at nine.")]


async def test_old_workbooks_are_read_like_new_ones():
    document = await parse_file(Path(__file__).parent / "data" / "prices.xls", filename="prices.xls")
    assert outline(document) == [
        ("heading", "Prices"),
        ("table", "Size | Price | Since | Sale\nS | 2 | 2024-05-01 | yes"),
    ]

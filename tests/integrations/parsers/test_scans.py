"""Documents without a text layer: what is said about them, and what text recognition makes of them."""

import importlib.util
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

from privexbot_app.integrations.parsers.base import (
    CorruptDocumentError,
    DocumentTooLargeError,
    EmptyDocumentError,
    OcrMissingError,
    ScannedDocumentError,
    TooManyScansError,
)
from privexbot_app.integrations.parsers.image import ImageParser
from privexbot_app.integrations.parsers.pdf import PdfParser
from privexbot_app.integrations.parsers.sandbox import parse_file
from privexbot_app.integrations.parsers.scans import ScannedLine, ScanReader
from privexbot_app.integrations.parsers.sniff import ParsingLimits

ENGINE = """
class RapidOCR:
    def __init__(self, config_path=None, **options):
        assert options == {"intra_op_num_threads": 1, "inter_op_num_threads": 1}

    def __call__(self, img_content, use_det=None, use_cls=None, use_rec=None, **kwargs):
        height, width, colours = img_content.shape
        assert colours == 3
        box = [[10.0, 10.0], [90.0, 11.0], [90.0, 31.0], [10.0, 30.0]]
        blur = [[10.0, 50.0], [90.0, 50.0], [90.0, 70.0], [10.0, 70.0]]
        return [[box, "Refunds take five days.", 0.97], [blur, "~~~", 0.2]], [0.1, 0.1, 0.1]
"""


class Recognizer:
    """Says the same of every picture, and remembers their sizes."""

    def __init__(self, *lines: tuple[str, float, float]) -> None:
        self.lines = [ScannedLine(text, left, top, left + 200, top + 20) for text, left, top in lines]
        self.sizes: list[tuple[int, int]] = []

    def read(self, image: Image.Image) -> list[ScannedLine]:
        assert image.mode == "RGB"
        self.sizes.append(image.size)
        return self.lines


def scans(recognizer: Recognizer, *, most_pages: int = 5) -> ScanReader:
    return ScanReader(most_pages, lambda: recognizer)


def draw(*lines: str, size: tuple[int, int] = (900, 300)) -> Image.Image:
    picture = Image.new("RGB", size, "white")
    for at, line in enumerate(lines):
        ImageDraw.Draw(picture).text((40, 40 + at * 60), line, fill="black", font=ImageFont.load_default(size=36))
    return picture


def scanned_pdf(path: Path, *, pages: int = 1) -> Path:
    pictures = [draw(f"Page {number}") for number in range(pages)]
    pictures[0].save(path, "PDF", save_all=True, append_images=pictures[1:], resolution=100)
    return path


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "letter.png"
    draw("Refunds take five days.").save(path)
    return path


@pytest.mark.parametrize("name", ["scan.pdf", "letter.png"])
async def test_a_document_without_text_says_that_recognition_is_switched_off(tmp_path, picture, name):
    scanned_pdf(tmp_path / "scan.pdf")
    with pytest.raises(ScannedDocumentError, match="switched off") as caught:
        await parse_file(tmp_path / name, filename=name)
    assert caught.value.code == "scanned_document"


@pytest.mark.skipif(importlib.util.find_spec("rapidocr_onnxruntime") is not None, reason="the extra is installed")
@pytest.mark.parametrize("name", ["scan.pdf", "letter.png"])
async def test_a_missing_extra_is_one_sentence_with_the_remedy(tmp_path, picture, name):
    scanned_pdf(tmp_path / "scan.pdf")
    with pytest.raises(OcrMissingError, match=r"pip install privexbot\[ocr\]"):
        await parse_file(tmp_path / name, filename=name, limits=ParsingLimits(ocr_pages=3))


@pytest.mark.parametrize("name", ["scan.pdf", "letter.png"])
async def test_the_library_is_asked_in_the_child_process(tmp_path, picture, monkeypatch, name):
    package = tmp_path / "library"
    package.mkdir()
    (package / "rapidocr_onnxruntime.py").write_text(ENGINE)
    monkeypatch.syspath_prepend(str(package))
    scanned_pdf(tmp_path / "scan.pdf")
    document = await parse_file(tmp_path / name, filename=name, limits=ParsingLimits(ocr_pages=3))
    assert document.text == "Refunds take five days."
    assert document.blocks[0].page == 1


def test_pages_of_a_scan_keep_their_numbers_and_paragraphs(tmp_path):
    engine = Recognizer(("Second", 300, 100), ("First,", 10, 98), ("goes on.", 10, 125), ("Another.", 10, 250))
    document = PdfParser(scans(engine)).parse(scanned_pdf(tmp_path / "scan.pdf", pages=2))
    found = [(block.page, document.text[block.start : block.end]) for block in document.blocks]
    assert found == [(page, text) for page in (1, 2) for text in ("First, Second goes on.", "Another.")]


def test_a_page_with_a_text_layer_is_not_recognised(tmp_path):
    canvas = pytest.importorskip("reportlab.pdfgen.canvas")
    path, engine = tmp_path / "mixed.pdf", Recognizer(("From the picture", 10, 10))
    drawing = canvas.Canvas(str(path))
    drawing.drawString(72, 700, "From the text layer")
    drawing.showPage()
    for _ in range(2):
        drawing.drawInlineImage(draw("scan"), 0, 0, 300, 100)
        drawing.showPage()
    drawing.showPage()
    drawing.save()
    assert PdfParser(scans(engine, most_pages=1)).parse(path).text == "From the text layer\n\nFrom the picture"
    assert len(engine.sizes) == 1
    assert PdfParser().parse(path).text == "From the text layer"


def test_a_blank_pdf_is_empty_and_no_scan(tmp_path):
    canvas = pytest.importorskip("reportlab.pdfgen.canvas")
    drawing = canvas.Canvas(str(tmp_path / "blank.pdf"))
    drawing.showPage()
    drawing.save()
    with pytest.raises(EmptyDocumentError):
        PdfParser(scans(Recognizer(("x", 0, 0)))).parse(tmp_path / "blank.pdf")


def test_a_scan_of_too_many_pages_is_refused_before_any_is_read(tmp_path):
    engine = Recognizer(("x", 0, 0))
    with pytest.raises(TooManyScansError, match="3 scanned pages; text recognition reads at most 2"):
        PdfParser(scans(engine, most_pages=2)).parse(scanned_pdf(tmp_path / "scan.pdf", pages=3))
    assert engine.sizes == []


def test_a_scan_in_which_nothing_is_recognised_is_empty(tmp_path, picture):
    for parser, path in ((PdfParser, scanned_pdf(tmp_path / "scan.pdf")), (ImageParser, picture)):
        with pytest.raises(EmptyDocumentError):
            parser(scans(Recognizer())).parse(path)


def test_a_tiff_has_a_page_for_each_picture(tmp_path):
    path = tmp_path / "fax.tiff"
    draw("a").save(path, save_all=True, append_images=[draw("b")])
    document = ImageParser(scans(Recognizer(("Words", 0, 0)))).parse(path)
    assert [block.page for block in document.blocks] == [1, 2]


def test_a_large_picture_is_made_smaller_and_a_huge_one_refused(tmp_path):
    engine = Recognizer(("Words", 0, 0))
    for name, size in (("large.png", (7000, 4000)), ("huge.png", (9000, 7000))):
        Image.new("L", size).save(tmp_path / name)
    ImageParser(scans(engine)).parse(tmp_path / "large.png")
    assert engine.sizes[0][0] * engine.sizes[0][1] <= 12_000_000
    with pytest.raises(DocumentTooLargeError):
        ImageParser(scans(engine)).parse(tmp_path / "huge.png")


def test_a_broken_picture_is_named(tmp_path, picture):
    (tmp_path / "broken.png").write_bytes(picture.read_bytes()[:200])
    with pytest.raises(CorruptDocumentError):
        ImageParser(scans(Recognizer())).parse(tmp_path / "broken.png")


async def test_the_real_engine_reads_a_scan(tmp_path):
    pytest.importorskip("rapidocr_onnxruntime")
    path = tmp_path / "real.pdf"
    draw("Refunds take five days.", "Opening hours: 9 to 17.").save(path, "PDF", resolution=100)
    document = await parse_file(path, filename="real.pdf", limits=ParsingLimits(ocr_pages=2))
    assert "Refunds take five days." in document.text
    assert "Opening hours" in document.text

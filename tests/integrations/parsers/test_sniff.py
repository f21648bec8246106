"""A file must be what its name says, and must not unpack to more than its worth."""

import io
import zipfile
from pathlib import Path

import pytest

from privexbot_app.integrations.parsers.base import (
    ArchiveTooLargeError,
    CorruptDocumentError,
    EncryptedDocumentError,
    FormatMismatchError,
    UnsupportedFormatError,
    supported_extensions,
)
from privexbot_app.integrations.parsers.sandbox import parse_file
from privexbot_app.integrations.parsers.sniff import ParsingLimits, check_archive
from privexbot_app.kit.errors import ErrorKind

PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504


def zipped(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


WORD = {"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<document/>"}


@pytest.mark.parametrize(
    ("filename", "content"),
    [
        ("report.docx", PDF),
        ("report.txt", PDF),
        ("report.pdf", b"just words"),
        ("report.pdf", zipped(WORD)),
        ("sheet.xlsx", zipped(WORD)),
        ("report.docx", zipped({"a.txt": b"words"})),
        ("report.odt", zipped(WORD)),
        ("report.txt", bytes(range(256)) * 20),
        ("report.md", zipped(WORD)),
        ("report.docx", OLE),
        ("mail.msg", b"From: a@example.org"),
        ("note.rtf", b"plain words"),
        ("note.csv", b"{\\rtf1 words}"),
    ],
)
async def test_content_that_does_not_match_the_name_is_refused(tmp_path, filename, content):
    path = tmp_path / "upload"
    path.write_bytes(content)
    with pytest.raises(FormatMismatchError):
        await parse_file(path, filename=filename)


async def test_a_mismatch_says_what_was_found(tmp_path):
    path = tmp_path / "upload"
    path.write_bytes(PDF)
    with pytest.raises(FormatMismatchError, match=r"“\.docx”, but its content is a PDF document"):
        await parse_file(path, filename="Report.DOCX")


@pytest.mark.parametrize("filename", ["virus.exe", "archive.zip", "README", "old.doc", "sheet.xsl"])
async def test_unknown_extensions_are_refused_by_name(tmp_path, filename):
    path = tmp_path / "upload"
    path.write_bytes(b"words")
    with pytest.raises(UnsupportedFormatError):
        await parse_file(path, filename=filename)


async def test_an_office_file_with_a_password_is_told_from_a_wrong_one(tmp_path):
    path = tmp_path / "secret.docx"
    path.write_bytes(OLE + "EncryptedPackage".encode("utf-16-le"))
    with pytest.raises(EncryptedDocumentError):
        await parse_file(path, filename="secret.docx")


async def test_a_zip_bomb_is_not_opened(tmp_path):
    path = tmp_path / "bomb.docx"
    path.write_bytes(zipped(WORD | {"word/media/zeros": b"\0" * 64 * 1024**2}))
    with pytest.raises(ArchiveTooLargeError) as refused:
        await parse_file(path, filename="bomb.docx")
    assert refused.value.kind is ErrorKind.TOO_LARGE


@pytest.mark.parametrize(
    "limits",
    [ParsingLimits(archive_entries=1), ParsingLimits(archive_bytes=10)],
    ids=["many entries", "many bytes"],
)
def test_archives_over_a_limit_are_refused(tmp_path, limits):
    path = tmp_path / "large.docx"
    path.write_bytes(zipped(WORD))
    with pytest.raises(ArchiveTooLargeError):
        check_archive(path, limits=limits)


@pytest.mark.parametrize("share", [0.3, 0.9])
async def test_half_a_word_document_is_damaged(tmp_path, share):
    whole = zipped(WORD | {"word/media/noise": bytes(range(256)) * 40})
    path = tmp_path / "half.docx"
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(CorruptDocumentError):
        await parse_file(path, filename="half.docx")


async def test_xml_entities_are_never_expanded(tmp_path):
    laughs = b"".join(b'<!ENTITY l%d "%s">' % (level, b"&l%d;" % (level - 1) * 10) for level in range(1, 10))
    document = b'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY l0 "ha">' + laughs + b"]><d>&l9;</d>"
    path = tmp_path / "laughs.docx"
    path.write_bytes(zipped(WORD | {"word/document.xml": document}))
    with pytest.raises(CorruptDocumentError):
        await parse_file(path, filename="laughs.docx")


async def test_a_file_outside_the_archive_is_never_read(tmp_path):
    (tmp_path / "secret.txt").write_text("s3cret")
    entity = f'<!DOCTYPE d [<!ENTITY x SYSTEM "file://{tmp_path}/secret.txt">]>'.encode()
    path = tmp_path / "outside.docx"
    path.write_bytes(zipped(WORD | {"word/document.xml": entity + b"<d>&x;</d>"}))
    with pytest.raises(CorruptDocumentError):
        await parse_file(path, filename="outside.docx")


async def test_an_encrypted_pdf_is_named_as_such(tmp_path):
    canvas = pytest.importorskip("reportlab.pdfgen.canvas")
    encryption = pytest.importorskip("reportlab.lib.pdfencrypt")
    path = tmp_path / "locked.pdf"
    page = canvas.Canvas(str(path), encrypt=encryption.StandardEncryption("open sesame", canPrint=0))
    page.drawString(72, 720, "Confidential")
    page.save()
    with pytest.raises(EncryptedDocumentError):
        await parse_file(path, filename="locked.pdf")


async def test_a_truncated_pdf_is_damaged(tmp_path):
    path = tmp_path / "half.pdf"
    path.write_bytes(PDF + b"1 0 obj\n<< /Type /Cat")
    with pytest.raises(CorruptDocumentError):
        await parse_file(path, filename="half.pdf")


def test_the_upload_form_knows_every_extension():
    assert {
        ".pdf",
        ".docx",
        ".pptx",
        ".xlsx",
        ".csv",
        ".html",
        ".md",
        ".txt",
        ".json",
        ".eml",
        ".epub",
        ".rtf",
        ".odt",
    } <= set(supported_extensions())


def test_listing_parsers_loads_no_parsing_library():
    import subprocess
    import sys

    code = (
        "import sys; from privexbot_app.integrations.parsers.base import discover_parsers; discover_parsers();"
        "print([name for name in ('lxml', 'unstructured', 'spacy', 'pandas', 'pypdfium2', 'openpyxl', 'trafilatura')"
        " if name in sys.modules])"
    )
    root = Path(__file__).resolve().parents[3]
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root, check=True)
    assert shown.stdout.strip() == "[]"

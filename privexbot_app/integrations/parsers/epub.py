"""EPUB books: the chapters' XHTML in reading order. Unstructured would need pandoc for them."""

import posixpath
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from privexbot_app.integrations.parsers.base import PARSERS, CorruptDocumentError, EncryptedDocumentError
from privexbot_app.integrations.parsers.building import TextBuilder
from privexbot_app.integrations.parsers.decoding import declared_encoding, decode
from privexbot_app.integrations.parsers.markup import parse_markup
from privexbot_app.integrations.parsers.office import member_tree, member_tree_or_none
from privexbot_app.kit.text import StructuredText

_PACKAGE = "{http://www.idpf.org/2007/opf}"
_DUBLIN_TITLE = "{http://purl.org/dc/elements/1.1/}title"
_ENCRYPTED_DATA = "{http://www.w3.org/2001/04/xmlenc#}CipherReference"


@PARSERS.register("epub")
class EpubParser:
    """EPUB 2 and 3 without copy protection."""

    extensions = (".epub",)
    media_types = ("application/epub+zip",)
    is_safe_inline = False

    def parse(self, path: Path) -> StructuredText:
        """Return the chapters of the spine. Raises EncryptedDocumentError for a protected book."""
        builder = TextBuilder()
        with zipfile.ZipFile(path) as archive:
            package_name = _package_name(archive)
            package = member_tree(archive, package_name)
            chapters = _chapters(package, posixpath.dirname(package_name))
            _refuse_encrypted(archive, chapters)
            names = set(archive.namelist())
            for chapter in chapters:
                if chapter in names:
                    data = archive.read(chapter)
                    builder.extend(parse_markup(decode(data, declared=declared_encoding(data))))
        return builder.build(title=next((found.text for found in package.iter(_DUBLIN_TITLE)), None))


def _package_name(archive: zipfile.ZipFile) -> str:
    container = member_tree(archive, "META-INF/container.xml")
    found = next(container.iter("{*}rootfile"), None)
    if found is None or not found.get("full-path"):
        raise CorruptDocumentError(missing="rootfile")
    return found.get("full-path")


def _chapters(package: Any, folder: str) -> list[str]:
    places = {
        item.get("id"): posixpath.normpath(posixpath.join(folder, unquote(item.get("href", ""))))
        for item in package.iter(_PACKAGE + "item")
        if "html" in item.get("media-type", "")
    }
    return [places[ref.get("idref")] for ref in package.iter(_PACKAGE + "itemref") if ref.get("idref") in places]


def _refuse_encrypted(archive: zipfile.ZipFile, chapters: list[str]) -> None:
    """Refuse locked chapters; locked fonts, which publishers are fond of, do no harm."""
    encryption = member_tree_or_none(archive, "META-INF/encryption.xml")
    if encryption is None:
        return
    locked = {unquote(reference.get("URI", "")) for reference in encryption.iter(_ENCRYPTED_DATA)}
    if locked & set(chapters):
        raise EncryptedDocumentError()

"""Read XML members of zipped documents without ever resolving an entity or leaving the archive."""

import zipfile
from typing import Any

from privexbot_app.integrations.parsers.base import CorruptDocumentError


def member_tree(archive: zipfile.ZipFile, name: str) -> Any:
    """Return the root element of a member. Raises CorruptDocumentError when it is missing, broken or declares a DTD."""
    from lxml import etree  # noqa: PLC0415 - listing parsers must not load libxml2

    try:
        data = archive.read(name)
    except (KeyError, zipfile.BadZipFile, EOFError, RuntimeError, NotImplementedError) as error:
        raise CorruptDocumentError(missing=name) from error
    if b"<!ENTITY" in data[:65536]:
        raise CorruptDocumentError("The document declares XML entities, which no genuine document does.", member=name)
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True, remove_pis=True)
    try:
        return etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise CorruptDocumentError(member=name, reason=str(error)) from error


def member_tree_or_none(archive: zipfile.ZipFile, name: str) -> Any:
    """Return the root element of an optional member, or None when there is no such member."""
    return member_tree(archive, name) if name in archive.namelist() else None

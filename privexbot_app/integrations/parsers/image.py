"""Pictures of documents: photographs and scans, by text recognition."""

from pathlib import Path
from typing import TYPE_CHECKING

from privexbot_app.integrations.parsers.base import (
    PARSERS,
    CorruptDocumentError,
    DocumentTooLargeError,
    EmptyDocumentError,
)
from privexbot_app.integrations.parsers.building import TextBuilder
from privexbot_app.integrations.parsers.scans import MOST_PIXELS, ScanningParser, paragraphs
from privexbot_app.kit.text import StructuredText

if TYPE_CHECKING:
    from PIL.Image import Image

_FORMATS = ("PNG", "JPEG", "TIFF", "WEBP")
_LARGEST_PIXELS = 60_000_000


@PARSERS.register("image")
class ImageParser(ScanningParser):
    """PNG, JPEG, WebP and TIFF; a TIFF may hold several pages."""

    extensions = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp")
    media_types = ("image/png", "image/jpeg", "image/tiff", "image/webp")
    is_safe_inline = False

    def parse(self, path: Path) -> StructuredText:
        """Return the recognised text, a paragraph for each block of lines."""
        self.scans.require(1)
        from PIL import Image, ImageSequence, UnidentifiedImageError  # noqa: PLC0415 - only pictures pay for it

        builder = TextBuilder()
        try:
            with Image.open(path, formats=_FORMATS) as picture:
                self.scans.require(getattr(picture, "n_frames", 1))
                for number, page in enumerate(ImageSequence.Iterator(picture), start=1):
                    for paragraph in paragraphs(self.scans.read(_prepared(page))):
                        builder.paragraph(paragraph, page=number)
        except (UnidentifiedImageError, OSError, SyntaxError, EOFError) as error:
            raise CorruptDocumentError(reason=str(error)) from error
        document = builder.build()
        if not document.text:
            raise EmptyDocumentError("No text could be recognised in this picture.")
        return document


def _prepared(page: "Image") -> "Image":
    """Upright, and no larger than recognition needs. Judges the size before a pixel is unpacked."""
    from PIL import ImageOps  # noqa: PLC0415 - as above

    if page.width * page.height > _LARGEST_PIXELS:
        raise DocumentTooLargeError(f"The picture has more than {_LARGEST_PIXELS // 1_000_000} million pixels.")
    upright = ImageOps.exif_transpose(page).convert("RGB")
    share = (MOST_PIXELS / (upright.width * upright.height)) ** 0.5
    if share < 1:
        upright.thumbnail((max(1, int(upright.width * share)), max(1, int(upright.height * share))))
    return upright

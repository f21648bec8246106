"""Read a body within a limit. Decompresses piece by piece, so that a small bomb never becomes a large string."""

import zlib
from collections.abc import AsyncIterable, Mapping

from privexbot_app.kit.http.errors import FetchFailedError, FetchTooLargeError

_PIECE_BYTES = 64 * 1024


async def read_capped(source: AsyncIterable[bytes], headers: Mapping[str, str], max_bytes: int) -> bytes:
    """The decompressed body. Raises FetchTooLargeError as soon as either form of it exceeds `max_bytes`."""
    declared = headers.get("content-length", "")
    if declared.isdigit() and int(declared) > max_bytes:
        raise _too_large(max_bytes)
    inflater = _inflater(headers.get("content-encoding", ""))
    body = bytearray()
    received = 0
    async for piece in source:
        received += len(piece)
        if inflater is None:
            body += piece
        else:
            inflater.feed(piece, into=body, max_bytes=max_bytes)
        if received > max_bytes or len(body) > max_bytes:
            raise _too_large(max_bytes)
    if inflater is not None and received and not inflater.is_finished:
        raise FetchFailedError("The answer breaks off in the middle.")
    return bytes(body)


class _Inflater:
    """gzip or deflate, at most one piece at a time."""

    def __init__(self, *, is_gzip: bool) -> None:
        self._is_gzip = is_gzip
        self._stream = None if not is_gzip else zlib.decompressobj(16 + zlib.MAX_WBITS)

    @property
    def is_finished(self) -> bool:
        """Whether the compressed data came to its own end."""
        return self._stream is not None and self._stream.eof

    def feed(self, piece: bytes, *, into: bytearray, max_bytes: int) -> None:
        """Decompress `piece`; stops early once `into` is over the limit."""
        if self._stream is None:
            # “deflate” means zlib by the standard and raw deflate by many servers; the first byte tells.
            is_zlib = bool(piece) and piece[0] & 0x0F == 8
            self._stream = zlib.decompressobj(zlib.MAX_WBITS if is_zlib else -zlib.MAX_WBITS)
        is_pending = True
        try:
            while is_pending and not self._stream.eof and len(into) <= max_bytes:
                inflated = self._stream.decompress(piece, _PIECE_BYTES)
                into += inflated
                piece = self._stream.unconsumed_tail
                # A full piece may have left output behind, even when all input is consumed.
                is_pending = bool(piece) or len(inflated) == _PIECE_BYTES
        except zlib.error as error:
            raise FetchFailedError("The answer is not compressed in the way that it says.") from error


def _inflater(content_encoding: str) -> _Inflater | None:
    encodings = [name.strip().lower() for name in content_encoding.split(",") if name.strip()]
    encodings = [name for name in encodings if name != "identity"]
    if not encodings:
        return None
    if encodings == ["deflate"] or encodings in (["gzip"], ["x-gzip"]):
        return _Inflater(is_gzip=encodings != ["deflate"])
    raise FetchFailedError("The answer is compressed in a way that was not asked for.")


def _too_large(max_bytes: int) -> FetchTooLargeError:
    return FetchTooLargeError(f"The answer is larger than {max_bytes:,} bytes.", max_bytes=max_bytes)

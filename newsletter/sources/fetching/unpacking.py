"""Undoes how an answer is packed (RFC 9110 §8.4), a piece at a time, and counts the bytes. Knows no connection.

A thousand bytes can unpack to a million; what is asked for next is decided after each piece.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

import httpx2

PACKINGS = ("gzip", "deflate")

_GZIP_START = b"\x1f\x8b"
_PIECE = 65_536  # bytes unpacked at a time
_GZIP = 16 + zlib.MAX_WBITS
_ZLIB = zlib.MAX_WBITS
_BARE = -zlib.MAX_WBITS  # RFC 9110 §8.4.1.2: some servers send "deflate" without zlib's frame


class BodyTooLarge(httpx2.LocalProtocolError):
    """The answer has more bytes than are read of one. Trying again does not help."""


def unpack(parts: Iterator[bytes], packing: str, *, max_bytes: int) -> Iterator[bytes]:
    """Gives the unpacked body in pieces.

    Raises BodyTooLarge as soon as it has more than `max_bytes`, packed or unpacked, and httpx2.DecodingError if it is
    damaged, ends early, or is packed in a way that was not asked for.
    """
    packing = packing.strip().lower()
    counted = _count(parts, max_bytes)
    if packing in ("", "identity"):
        return counted
    if packing in ("gzip", "x-gzip"):
        return _count(_inflate(counted, _GZIP), max_bytes)
    if packing == "deflate":
        return _count(_inflate(counted, _ZLIB), max_bytes)
    return _refuse(packing)


def _refuse(packing: str) -> Iterator[bytes]:
    raise httpx2.DecodingError(f"it is packed as {packing[:40]!r}, which was not asked for")
    yield b""


def _count(parts: Iterator[bytes], max_bytes: int) -> Iterator[bytes]:
    size = 0
    for part in parts:
        size += len(part)
        if size > max_bytes:
            raise BodyTooLarge(f"it has more than {max_bytes:,} bytes")
        yield part


def _inflate(parts: Iterator[bytes], frame: int) -> Iterator[bytes]:
    unpacker, is_begun = zlib.decompressobj(frame), False
    for part in parts:
        packed, is_more = part, True
        while is_more:
            if unpacker.eof:
                if frame != _GZIP or not packed.startswith(_GZIP_START):
                    break  # padding after the end
                unpacker = zlib.decompressobj(frame)  # a gzip file may be several, one after another (RFC 1952 §2.2)
            try:
                piece = unpacker.decompress(packed, _PIECE)
            except zlib.error as error:
                if is_begun or frame != _ZLIB:
                    raise httpx2.DecodingError(f"it cannot be unpacked: {error}") from error
                frame, unpacker = _BARE, zlib.decompressobj(_BARE)
                continue
            is_begun = True
            packed = unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail
            is_more = bool(packed) or len(piece) == _PIECE  # which may have been all that was let out
            if piece:
                yield piece
    if is_begun and not unpacker.eof:
        raise httpx2.DecodingError("it ends before its packing does")

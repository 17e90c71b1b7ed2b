"""Picture files as the parts that they are made of, so that parts can be changed, moved and left out one by one."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field


@dataclass
class Part:
    """A segment, chunk, box, entry or run of bytes of a file.

    Attributes:
        kind: what its file calls it.
        body: its bytes, without kind, length and checksum; the bytes before those of its own parts, if it has any.
        parts: that it is made of.
        join: makes bytes of `body` and `parts`; None where there are no parts.
        claimed: the length that it says it has, where that is not the real one.
    """

    kind: bytes
    body: bytes = b""
    parts: list[Part] = field(default_factory=list)
    join: Callable[[Part], bytes] | None = None
    claimed: int | None = None

    def content(self) -> bytes:
        return self.body if self.join is None else self.join(self)

    def length(self, content: bytes) -> int:
        return len(content) if self.claimed is None else self.claimed

    def copy(self) -> Part:
        return Part(self.kind, self.body, [each.copy() for each in self.parts], self.join, self.claimed)

    def walk(self) -> Iterator[Part]:
        """It and all parts below it."""
        yield self
        for each in self.parts:
            yield from each.walk()


def split(content: bytes) -> Part:
    """The parts of a picture file; a file of an unknown form is one part."""
    if content[:2] == b"\xff\xd8":
        return Part(b"JPEG", b"", _split_jpeg(content), _join_jpeg)
    if content[:8] == b"\x89PNG\r\n\x1a\n":
        return Part(b"PNG", content[:8], _split_png(content), _join_png)
    if content[:4] == b"RIFF":
        return Part(b"WEBP", content[:4], _split_riff(content, 12, len(content)), _join_webp)
    if content[:3] == b"GIF":
        return Part(b"GIF", b"", _split_gif(content), _join_plain)
    if content[:2] in (b"II", b"MM"):
        return _split_tiff(content)
    if content[4:8] == b"ftyp":
        return Part(b"AVIF", b"", _split_boxes(content), _join_boxes)
    if content[:2] == b"BM":
        return Part(b"BMP", b"", _split_bmp(content), _join_plain)
    return Part(b"", content)


def _number(content: bytes, start: int, length: int, order: str = "big") -> int:
    return int.from_bytes(content[start : start + length], order)  # type: ignore[arg-type]


def _cut(number: int, length: int) -> int:
    """As much of a number as there is room for."""
    return number & ((1 << 8 * length) - 1)


def _join_plain(whole: Part) -> bytes:
    return whole.body + b"".join(each.content() for each in whole.parts)


# JPEG


def _split_jpeg(content: bytes) -> list[Part]:
    parts, position = [], 2
    while position + 2 <= len(content) and content[position] == 0xFF:
        kind = content[position : position + 2]
        if kind == b"\xff\xd9":
            rest = content[position + 2 :]  # the further pictures of an MPO
            parts.append(Part(kind, b""))
            return [*parts, Part(b"rest", rest)] if rest else parts
        length = _number(content, position + 2, 2)
        body = content[position + 4 : position + 2 + length]
        parts.append(_jpeg_segment(kind, body))
        position += 2 + length
        if kind == b"\xff\xda":
            end = position
            while end + 1 < len(content) and (content[end] != 0xFF or content[end + 1] in (0, *range(0xD0, 0xD8))):
                end += 1
            parts.append(Part(b"scan", content[position:end]))
            position = end
    return parts


def _jpeg_segment(kind: bytes, body: bytes) -> Part:
    for prefix, read in ((b"Exif\0\0", _split_tiff), (b"MPF\0", _split_tiff), (b"ICC_PROFILE\0", None)):
        if body.startswith(prefix):
            if read is None:
                start = len(prefix) + 2
                return Part(kind, body[:start], [_split_profile(body[start:])], _join_plain)
            return Part(kind, prefix, [read(body[len(prefix) :])], _join_plain)
    return Part(kind, body)


def _join_jpeg(whole: Part) -> bytes:
    pieces = [b"\xff\xd8"]
    for part in whole.parts:
        content = part.content()
        if part.kind in (b"scan", b"rest"):
            pieces.append(content)
        elif part.kind == b"\xff\xd9":
            pieces.append(part.kind)
        else:
            pieces.append(part.kind + struct.pack(">H", _cut(part.length(content) + 2, 2)) + content)
    return b"".join(pieces)


# PNG


def _split_png(content: bytes) -> list[Part]:
    parts, position = [], 8
    while position + 8 <= len(content):
        length, kind = _number(content, position, 4), content[position + 4 : position + 8]
        body = content[position + 8 : position + 8 + length]
        if kind == b"eXIf":
            parts.append(Part(kind, b"", [_split_tiff(body)], _join_plain))
        elif kind == b"iCCP":
            name, _, packed = body.partition(b"\0")
            profile = _split_profile(zlib.decompress(packed[1:]))
            parts.append(Part(kind, name + b"\0\0", [profile], _join_packed))
        elif kind == b"IDAT":
            # As the pixels before they were packed: changes reach the filters, and not the checksum alone.
            parts.append(Part(kind, body))
        else:
            parts.append(Part(kind, body))
        position += 12 + length
    return parts


def _join_packed(whole: Part) -> bytes:
    return whole.body + zlib.compress(b"".join(each.content() for each in whole.parts))


def _join_png(whole: Part) -> bytes:
    pieces = [whole.body]
    for part in whole.parts:
        content = part.content()
        length = struct.pack(">I", _cut(part.length(content), 4))
        pieces.append(length + part.kind + content + struct.pack(">I", zlib.crc32(part.kind + content)))
    return b"".join(pieces)


# WebP


def _split_riff(content: bytes, position: int, end: int) -> list[Part]:
    parts = []
    while position + 8 <= end:
        kind, length = content[position : position + 4], _number(content, position + 4, 4, "little")
        body = content[position + 8 : position + 8 + length]
        if kind == b"ANMF":
            parts.append(Part(kind, body[:16], _split_riff(body, 16, len(body)), _join_riff))
        elif kind == b"EXIF" and body[:2] in (b"II", b"MM"):
            parts.append(Part(kind, b"", [_split_tiff(body)], _join_plain))
        elif kind == b"ICCP":
            parts.append(Part(kind, b"", [_split_profile(body)], _join_plain))
        else:
            parts.append(Part(kind, body))
        position += 8 + length + length % 2
    return parts


def _join_riff(whole: Part) -> bytes:
    pieces = [whole.body]
    for part in whole.parts:
        content = part.content()
        pieces.append(part.kind + struct.pack("<I", _cut(part.length(content), 4)) + content)
        pieces.append(b"\0" * (len(content) % 2))
    return b"".join(pieces)


def _join_webp(whole: Part) -> bytes:
    body = b"WEBP" + _join_riff(Part(b"", b"", whole.parts))
    return whole.body + struct.pack("<I", _cut(whole.length(body), 4)) + body


# GIF


def _split_gif(content: bytes) -> list[Part]:
    parts = [Part(b"header", content[:13])]
    position = 13
    if content[10] & 0x80:
        colours = 3 * (2 << (content[10] & 7))
        parts.append(Part(b"palette", content[position : position + colours]))
        position += colours
    while position < len(content):
        kind = content[position : position + 1]
        if kind == b"!":
            head = 2
        elif kind == b",":
            head = 10
            if content[position + 9] & 0x80:
                head += 3 * (2 << (content[position + 9] & 7))
            head += 1
        else:
            parts.append(Part(b"end", content[position:]))
            break
        end = position + head
        while content[end]:
            end += 1 + content[end]
        blocks = Part(b"blocks", content[position + head : end + 1])
        parts.append(Part(kind, content[position : position + head], [blocks], _join_plain))
        position = end + 1
    return parts


# BMP


def _split_bmp(content: bytes) -> list[Part]:
    pixels, header = _number(content, 10, 4, "little"), _number(content, 14, 4, "little")
    return [
        Part(b"file", content[:14]),
        Part(b"info", content[14 : 14 + header]),
        Part(b"palette", content[14 + header : pixels]),
        Part(b"pixels", content[pixels:]),
    ]


# TIFF, and what has its form: EXIF and MPF blocks. Its first directory is written anew behind all else.


def _split_tiff(content: bytes) -> Part:
    order = "little" if content[:2] == b"II" else "big"
    if _number(content, 2, 2, order) == 43:  # type: ignore[arg-type]
        return Part(b"BigTIFF", content)
    start = _number(content, 4, 4, order)
    count = _number(content, start, 2, order)
    entries = [content[start + 2 + 12 * each : start + 14 + 12 * each] for each in range(count)]
    parts = [Part(entry[:2], entry[2:]) for entry in entries]
    following = content[start + 2 + 12 * count : start + 6 + 12 * count]
    return Part(b"TIFF", content, [*parts, Part(b"next", following)], _join_tiff)


def _join_tiff(whole: Part) -> bytes:
    content = whole.body
    order = ">" if content[:2] == b"MM" else "<"
    entries = [each.kind + each.body for each in whole.parts if each.kind != b"next"]
    following = next((each.body for each in whole.parts if each.kind == b"next"), bytes(4))
    count = _cut(len(entries) if whole.claimed is None else whole.claimed, 2)
    directory = struct.pack(f"{order}H", count) + b"".join(entries) + following
    return content[:4] + struct.pack(f"{order}I", len(content)) + content[8:] + directory


# ICC profiles


def _split_profile(content: bytes) -> Part:
    count = _number(content, 128, 4)
    table = [content[132 + 12 * each : 144 + 12 * each] for each in range(count)]
    parts = [Part(entry[:4], entry[4:]) for entry in table]
    return Part(b"ICC", content, parts, _join_profile)


def _join_profile(whole: Part) -> bytes:
    """With its table where it was, and no longer than it was: the offsets of what follows stay right."""
    content = whole.body
    most = _number(content, 128, 4)
    entries = [each.kind + each.body for each in whole.parts][:most]
    count = _cut(len(entries) if whole.claimed is None else whole.claimed, 4)
    table = struct.pack(">I", count) + b"".join(entries)
    return content[:128] + table + content[128 + len(table) :]


# AVIF


_FULL, _PLAIN = (b"meta", b"iref", b"iinf"), (b"iprp", b"ipco", b"moov", b"trak", b"mdia", b"minf", b"stbl", b"dinf")


def _split_boxes(content: bytes) -> list[Part]:
    parts, position = [], 0
    while position + 8 <= len(content):
        length, kind = _number(content, position, 4), content[position + 4 : position + 8]
        length = length or len(content) - position
        body = content[position + 8 : position + length]
        head = {b"iinf": 6}.get(kind, 4) if kind in _FULL else 0
        if kind in _FULL + _PLAIN:
            parts.append(Part(kind, body[:head], _split_boxes(body[head:]), _join_boxes))
        else:
            parts.append(Part(kind, body))
        position += max(8, length)
    return parts


def _join_boxes(whole: Part) -> bytes:
    pieces = [whole.body]
    for part in whole.parts:
        content = part.content()
        pieces.append(struct.pack(">I", _cut(part.length(content) + 8, 4)) + part.kind + content)
    return b"".join(pieces)


# Where the numbers lie that decide most: offset and length in the body of a part, and the order of its bytes.

_SIZE_LITTLE = ((0, 4, "little"), (4, 4, "little"))
NUMBERS: dict[bytes, tuple[tuple[int, int, str], ...]] = {
    b"IHDR": ((0, 4, "big"), (4, 4, "big"), (8, 1, "big"), (9, 1, "big"), (12, 1, "big")),
    b"acTL": ((0, 4, "big"), (4, 4, "big")),
    b"fcTL": tuple((each, 4, "big") for each in (0, 4, 8, 12, 16)) + ((24, 1, "big"), (25, 1, "big")),
    **{
        bytes((0xFF, each)): ((0, 1, "big"), (1, 2, "big"), (3, 2, "big"), (5, 1, "big"), (7, 1, "big"))
        for each in (0xC0, 0xC1, 0xC2)
    },
    b"\xff\xda": ((0, 1, "big"), (1, 1, "big"), (3, 1, "big")),
    b"\xff\xdd": ((0, 2, "big"),),
    b"VP8X": ((0, 1, "big"), (4, 3, "little"), (7, 3, "little")),
    b"VP8L": ((1, 4, "little"),),
    b"VP8 ": ((6, 2, "little"), (8, 2, "little")),
    b"ANMF": tuple((each, 3, "little") for each in (0, 3, 6, 9, 12)),
    b"header": ((6, 2, "little"), (8, 2, "little"), (10, 1, "big")),
    b",": tuple((each, 2, "little") for each in (1, 3, 5, 7)) + ((9, 1, "big"), (10, 1, "big")),
    b"file": ((2, 4, "little"), (10, 4, "little")),
    b"info": tuple((each, 4, "little") for each in (0, 4, 8, 16, 20, 32, 40)) + ((12, 2, "little"), (14, 2, "little")),
    b"ispe": ((4, 4, "big"), (8, 4, "big")),
    b"iloc": tuple((each, 4, "big") for each in (4, 8, 12, 16, 20)),
    b"av1C": ((0, 1, "big"), (1, 1, "big"), (2, 1, "big")),
    b"pixi": ((4, 1, "big"), (5, 1, "big")),
    b"irot": ((0, 1, "big"),),
    b"clap": tuple((4 * each, 4, "big") for each in range(8)),
    b"stsz": ((4, 4, "big"), (8, 4, "big")),
    b"tkhd": tuple((each, 4, "big") for each in (76, 80)),
}
# An entry of a directory: type, count, and a value or where it lies; both orders of bytes.
ENTRY = tuple((start, length, order) for order in ("little", "big") for start, length in ((0, 2), (2, 4), (6, 4)))

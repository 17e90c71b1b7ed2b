"""Picture files of a few bytes that would cost their reader much: each function returns the bytes of one."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Mapping, Sequence

from PIL import Image, ImageCms

SHORT, LONG = 3, 4  # types of a TIFF's values
Tags = Mapping[int, tuple[int, Sequence[int]]]


def jpeg_of_scans(scans: int, size: tuple[int, int] = (64, 64), after: bytes = b"") -> bytes:
    """A progressive JPEG whose further scans hold nothing.

    Args:
        scans: how many.
        size: width and height.
        after: bytes that follow each of them.
    """
    file = io.BytesIO()
    Image.new("L", size, 128).save(file, "JPEG", progressive=True, quality=50)
    content = file.getvalue()
    first = content.index(b"\xff\xda")
    second = content.index(b"\xff\xda", first + 2)
    empty = b"\xff\xda" + struct.pack(">HBBBBBB", 8, 1, 1, 0, 1, 63, 0)
    return content[:second] + (empty + after) * (scans - 1) + b"\xff\xd9"


def jpeg_with_exif(block: bytes, times: int = 1) -> bytes:
    """A JPEG with an EXIF block, over as many segments."""
    file = io.BytesIO()
    Image.new("RGB", (16, 16)).save(file, "JPEG")
    content = file.getvalue()
    part = -(-len(block) // times)
    segments = b"".join(
        b"\xff\xe1" + struct.pack(">H", len(each) + 8) + b"Exif\0\0" + each
        for each in (block[start : start + part] for start in range(0, len(block), part))
    )
    return content[:2] + segments + content[2:]


def exif_bomb(entries: int = 5000, shared: int = 60_000) -> bytes:
    """An EXIF block in which each of the entries claims the same bytes."""
    tags = b"".join(struct.pack("<HHII", 0x9000 + each, 1, shared, 8) for each in range(entries))
    block = b"II*\0" + struct.pack("<IH", 8, entries) + tags + b"\0\0\0\0"
    return block.ljust(8 + shared, b"\0")


def profile_of_elements(count: int) -> bytes:
    """An ICC profile that is sRGB, computed in so many steps that change nothing and share their bytes."""
    original = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    entries = struct.iter_unpack(">4sII", original[132 : 132 + 12 * int.from_bytes(original[128:132], "big")])
    tags = {name: original[offset : offset + size] for name, offset, size in entries}
    step = b"matf\0\0\0\0" + struct.pack(">HH12f", 3, 3, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0)
    tags[b"D2B0"] = b"mpet\0\0\0\0" + struct.pack(">HHI", 3, 3, count)
    tags[b"D2B0"] += struct.pack(">II", 16 + 8 * count, len(step)) * count + step
    table, data, start = b"", b"", 132 + 12 * len(tags)
    for name, value in tags.items():
        table += struct.pack(">4sII", name, start + len(data), len(value))
        data += value.ljust(-(-len(value) // 4) * 4, b"\0")
    body = original[4:8] + b"\x04\x40\0\0" + original[12:128] + struct.pack(">I", len(tags)) + table + data
    return struct.pack(">I", len(body) + 4) + body


def webp_of_one_colour(width: int, height: int) -> bytes:
    """A lossless WebP of about thirty bytes, whatever its size: every code has one symbol."""
    bits = [(0x2F, 8), (width - 1, 14), (height - 1, 14), (0, 1), (0, 3), (0, 3), *[(1, 4)] * 5]
    number, position = 0, 0
    for value, count in bits:
        number |= value << position
        position += count
    data = number.to_bytes(-(-position // 8), "little")
    data += b"\0" * (len(data) % 2)
    chunk = b"VP8L" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(chunk) + 4) + b"WEBP" + chunk


def run_length_bmp(width: int, height: int) -> bytes:
    """A BMP each of whose rows ends after its first pixel: Pillow fills it up one byte at a time."""
    data = b"\x01\x00\x00\x00" * height
    offset = 14 + 40 + 1024
    info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 8, 1, len(data), 0, 0, 256, 0)
    return b"BM" + struct.pack("<IHHI", offset + len(data), 0, 0, offset) + info + bytes(1024) + data


def gif_of_comments(content: bytes, count: int) -> bytes:
    """A GIF with comments before its picture.

    Args:
        content: of a GIF with a palette for all its pictures.
        count: of the comments, of one letter each.
    """
    start = 13 + (3 << (content[10] & 7) + 1)
    return content[:start] + b"\x21\xfe\x01a\0" * count + content[start:]


def tiff_of_tile(width: int, height: int, side: int) -> bytes:
    """A TIFF whose only tile is far larger than its picture."""
    data = zlib.compress(bytes(4096))
    tags = {256: [width], 257: [height], 258: [8], 259: [8], 262: [1], 277: [1], 322: [side], 323: [side], 324: [8]}
    return tiff({**{tag: (LONG, values) for tag, values in tags.items()}, 325: (LONG, [len(data)])}, data)


def tiff(tags: Tags, body: bytes = b"") -> bytes:
    """A little-endian TIFF with these tags, whose pixels or other bytes lie at offset 8."""
    start = 8 + len(body)
    entries, extra = b"", b""
    for tag in sorted(tags):
        kind, values = tags[tag]
        data = struct.pack(f"<{len(values)}{'HI'[kind == LONG]}", *values)
        if len(data) > 4:
            place = start + 2 + 12 * len(tags) + 4 + len(extra)
            data, extra = struct.pack("<I", place), extra + data
        entries += struct.pack("<HHI", tag, kind, len(values)) + data.ljust(4, b"\0")
    return b"II*\0" + struct.pack("<I", start) + body + struct.pack("<H", len(tags)) + entries + b"\0\0\0\0" + extra


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(*chunks: bytes, size: tuple[int, int] = (8, 4), late: Sequence[bytes] = ()) -> bytes:
    """A grey PNG with further chunks before its pixels, and after them."""
    head = png_chunk(b"IHDR", struct.pack(">IIBBBBB", *size, 8, 0, 0, 0, 0))
    pixels = png_chunk(b"IDAT", zlib.compress(bytes((size[0] + 1) * size[1])))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(chunks) + pixels + b"".join(late) + png_chunk(b"IEND", b"")

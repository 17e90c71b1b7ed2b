"""Small pictures of every kind that is read, which the attacks begin with: name, extension and content."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from functools import lru_cache

import hostile_pictures
import numpy as np
from PIL import Image, ImageCms, features

SIZE = (48, 32)


@lru_cache(maxsize=1)
def base_pictures() -> tuple[tuple[str, bytes], ...]:
    """Extension and content of each."""
    return tuple(_make())


def _picture(mode: str = "RGB", size: tuple[int, int] = SIZE, seed: int = 0) -> Image.Image:
    chance = np.random.default_rng(seed)
    if mode == "F":
        return Image.fromarray(chance.random(size[::-1], np.float32) * 300 - 20)
    if mode.startswith("I"):
        levels = chance.integers(0, 65535, size[::-1])
        return Image.fromarray(levels.astype(np.int32 if mode == "I" else np.uint16))
    coarse = Image.fromarray(chance.integers(0, 255, (4, 6, 4), np.uint8), "RGBA")
    image = coarse.resize(size, Image.Resampling.BICUBIC)
    return image if mode == "RGBA" else image.convert("RGB").convert(mode)


def _exif(orientation: int = 6) -> bytes:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F], exif[0x0132] = orientation, "a maker", "2024:01:02 03:04:05"
    exif.get_ifd(0x8769)[0x9003] = "2024:01:02 03:04:05"
    exif.get_ifd(0x8825)[2] = (1.0, 2.0, 3.0)
    return exif.tobytes()


def _profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def _saved(image: Image.Image, format: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def _make() -> Iterator[tuple[str, bytes]]:
    yield from _jpegs()
    yield from _pngs()
    yield from _webps()
    yield from _tiffs()
    yield from _others()
    yield from _hostile()


def _jpegs() -> Iterator[tuple[str, bytes]]:
    rgb = _picture()
    others = [_picture(seed=1), _picture(seed=2)]
    for image, options in (
        (rgb, {}),
        (rgb, {"subsampling": 0, "quality": 95}),
        (rgb, {"progressive": True}),
        (rgb, {"exif": _exif(), "comment": "words"}),
        (rgb, {"icc_profile": _profile(), "restart_marker_blocks": 2}),
        (rgb, {"progressive": True, "exif": _exif(8), "icc_profile": _profile()}),
        (_picture("L"), {"optimize": True}),
        (_picture("CMYK"), {}),
        (_picture("CMYK"), {"progressive": True}),
    ):
        yield ".jpg", _saved(image, "JPEG", **options)
    yield ".jpg", _saved(rgb, "MPO", save_all=True, append_images=others, exif=_exif(3))


def _pngs() -> Iterator[tuple[str, bytes]]:
    from PIL.PngImagePlugin import PngInfo

    words = PngInfo()
    words.add_text("Title", "words", zip=True)
    words.add_itxt("Author", "üs", zip=True)
    for mode in ("1", "L", "P", "RGB", "RGBA", "LA", "I;16"):
        yield ".png", _saved(_picture(mode), "PNG", pnginfo=words)
    yield ".png", _saved(_picture("P"), "PNG", transparency=3, exif=_exif(), bits=4)
    yield ".png", _saved(_picture("RGB"), "PNG", transparency=(1, 2, 3), icc_profile=_profile(), dpi=(72, 72))
    frames = [_picture("RGBA", seed=each) for each in range(3)]
    yield ".png", _saved(frames[0], "PNG", save_all=True, append_images=frames[1:], duration=50, blend=1, disposal=2)
    yield ".apng", _saved(frames[0].convert("P"), "PNG", save_all=True, append_images=frames[1:2], default_image=True)
    yield ".png", _interlaced_png(2, 8)
    yield ".png", _interlaced_png(0, 16)


def _interlaced_png(colour: int, bits: int, size: tuple[int, int] = (19, 13)) -> bytes:
    """Adam7, which Pillow reads and does not write."""
    channels = {0: 1, 2: 3}[colour]
    rows = b""
    for left, top, across, down in ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2)):
        width, height = -(-(size[0] - left) // across), -(-(size[1] - top) // down)
        rows += (b"\1" + bytes((3,)) * (width * channels * bits // 8)) * height
    rows += (b"\0" + bytes((77,)) * (size[0] * channels * bits // 8)) * (size[1] // 2)
    head = struct.pack(">IIBBBBB", *size, bits, colour, 0, 0, 1)
    chunk = hostile_pictures.png_chunk
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def _webps() -> Iterator[tuple[str, bytes]]:
    for mode, options in (
        ("RGB", {}),
        ("RGBA", {}),
        ("RGB", {"lossless": True}),
        ("RGBA", {"lossless": True, "exact": True}),
        ("RGB", {"exif": _exif(), "icc_profile": _profile(), "xmp": b"<x/>"}),
        ("RGBA", {"exif": b"Exif\0\0" + _exif(5).removeprefix(b"Exif\0\0")}),
    ):
        yield ".webp", _saved(_picture(mode), "WEBP", **options)
    frames = [_picture("RGBA", seed=each) for each in range(3)]
    for lossless in (False, True):
        options = {"save_all": True, "append_images": frames[1:], "duration": 40, "lossless": lossless}
        yield ".webp", _saved(frames[0], "WEBP", **options)


def _tiffs() -> Iterator[tuple[str, bytes]]:
    kinds = [
        "raw",
        "tiff_lzw",
        "tiff_adobe_deflate",
        "packbits",
        "jpeg",
        "tiff_ccitt",
        "group3",
        "group4",
        "zstd",
        "lzma",
    ]
    for index, kind in enumerate(kinds):
        mode = "1" if kind in ("tiff_ccitt", "group3", "group4") else ("RGB", "L")[index % 2]
        try:
            yield ".tif", _saved(_picture(mode), "TIFF", compression=kind)
        except (OSError, RuntimeError, KeyError, ValueError):  # not in this libtiff
            continue
    for mode in ("F", "I", "I;16", "CMYK", "LAB", "P", "RGBA", "LA", "1"):
        yield ".tiff", _saved(_picture(mode), "TIFF", compression="tiff_lzw" if mode in ("F", "CMYK") else "raw")
    yield ".tiff", _saved(_picture("YCbCr"), "TIFF", compression="jpeg")
    yield ".tiff", _saved(_picture(), "TIFF", big_tiff=True)
    yield ".tiff", _saved(_picture(), "TIFF", exif=_exif(7), icc_profile=_profile(), strip_size=200)
    yield ".tiff", _saved(_picture(), "TIFF", save_all=True, append_images=[_picture("L"), _picture("1")])
    yield ".tif", _big_endian_tiff()
    yield ".tif", _tiles(16, 16)
    yield ".tif", _tiles(32, 16, kind=8)


def _big_endian_tiff() -> bytes:
    data = bytes(range(256)) * 2
    tags = {256: 16, 257: 16, 258: 16, 259: 1, 262: 1, 273: 8, 277: 1, 278: 16, 279: 512}
    entries = b"".join(struct.pack(">HHII", tag, 4, 1, value) for tag, value in tags.items())
    return b"MM\0*" + struct.pack(">I", 8 + len(data)) + data + struct.pack(">H", len(tags)) + entries + bytes(4)


def _tiles(width: int, height: int, kind: int = 1) -> bytes:
    tile = bytes(range(256)) * (width * height // 256)
    data = tile if kind == 1 else zlib.compress(tile)
    across, down = -(-SIZE[0] // width), -(-SIZE[1] // height)
    count = across * down
    numbers = {256: [SIZE[0]], 257: [SIZE[1]], 258: [8], 259: [kind], 262: [1], 277: [1], 322: [width], 323: [height]}
    numbers |= {324: [8 + len(data) * each for each in range(count)], 325: [len(data)] * count}
    return hostile_pictures.tiff({tag: (4, values) for tag, values in numbers.items()}, data * count)


def _others() -> Iterator[tuple[str, bytes]]:
    frames = [_picture("P", seed=each) for each in range(3)]
    yield ".gif", _saved(frames[0], "GIF")
    yield ".gif", _saved(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=40, loop=0, disposal=2)
    yield ".gif", _saved(_picture("L"), "GIF", interlace=0, transparency=5, comment=b"words")
    for mode in ("1", "L", "P", "RGB", "RGBA"):
        yield ".bmp", _saved(_picture(mode), "BMP")
    yield ".dib", _saved(_picture(), "DIB")
    yield ".bmp", hostile_pictures.run_length_bmp(48, 32)
    yield ".bmp", _bmp(4, 2, b"\x10\x12\0\0" * 32 + b"\0\1")
    yield ".bmp", _bmp(16, 3, bytes(range(256)) * 12, struct.pack("<III", 0xF800, 0x7E0, 0x1F))
    yield ".bmp", b"BM" + struct.pack("<IHHIIHHHH", 26 + 4608, 0, 0, 26, 12, *SIZE, 1, 24) + bytes(4608)
    if features.check("avif"):
        for mode, options in (
            ("RGB", {}),
            ("RGBA", {"quality": 30}),
            ("RGB", {"exif": _exif(), "icc_profile": _profile(), "subsampling": "4:4:4"}),
            ("RGB", {"save_all": True, "append_images": [_picture(seed=1)], "duration": 50}),
        ):
            yield ".avif", _saved(_picture(mode), "AVIF", speed=10, **options)
    yield ".heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(64)


def _bmp(bits: int, compression: int, data: bytes, masks: bytes = b"") -> bytes:
    colours = 4 << bits if bits <= 8 else 0
    offset = 54 + len(masks) + colours
    info = struct.pack("<IiiHHIIiiII", 40, *SIZE, 1, bits, compression, len(data), 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", offset + len(data), 0, 0, offset) + info + masks + bytes(colours) + data


def _hostile() -> Iterator[tuple[str, bytes]]:
    """Those that were found to cost much, at sizes that cost little: what is done to them may make them large again."""
    yield ".jpg", hostile_pictures.jpeg_of_scans(30)
    yield ".jpg", hostile_pictures.jpeg_with_exif(hostile_pictures.exif_bomb(50, 900))
    yield ".jpg", hostile_pictures.jpeg_with_exif(_exif(), 2)
    yield ".webp", hostile_pictures.webp_of_one_colour(300, 200)
    yield ".tif", hostile_pictures.tiff_of_tile(64, 64, 128)
    yield ".png", _saved(_picture(), "PNG", icc_profile=hostile_pictures.profile_of_elements(40))
    yield ".jpg", _saved(_picture(), "JPEG", icc_profile=hostile_pictures.profile_of_elements(40))
    # What is no picture of any kind that is read, whatever its name says.
    for format in ("PPM", "TGA", "ICO", "JPEG2000", "EPS", "PDF", "PCX"):
        yield ".jpg", _saved(_picture(), format)

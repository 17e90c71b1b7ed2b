"""What a file is made of, and what is refused before any decoder sees it."""

import io
import struct
from types import MappingProxyType

import pytest
from hostile_pictures import (
    LONG,
    SHORT,
    Tags,
    exif_bomb,
    gif_of_comments,
    jpeg_of_scans,
    jpeg_with_exif,
    png,
    png_chunk,
    run_length_bmp,
    tiff,
    webp_of_one_colour,
)
from PIL import Image, features

from salient_crop.images.errors import PictureError
from salient_crop.images.header import read_header, read_structure
from salient_crop.images.jpeg import MAX_SCANS

needs_avif = pytest.mark.skipif(not features.check("avif"), reason="this Pillow reads no AVIF")


def saved(kind: str, mode: str = "RGB", size: tuple[int, int] = (40, 30), **options) -> bytes:
    file = io.BytesIO()
    Image.new(mode, size).save(file, kind, **options)
    return file.getvalue()


def exif_with_blocks(block: bytes = b"") -> Image.Exif:
    """EXIF with a camera's settings and a place."""
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9286] = b"comment" + block
    exif.get_ifd(0x8825)[0x0001] = "N"
    return exif


def plain_tiff(tags: Tags = MappingProxyType({}), pixels: bytes = bytes(24)) -> bytes:
    """A grey TIFF of 6 × 4 pixels, or as the tags say."""
    usual = {256: [6], 257: [4], 258: [8], 259: [1], 262: [1], 273: [8], 277: [1], 278: [4], 279: [24]}
    return tiff({**{tag: (LONG, values) for tag, values in usual.items()}, **tags}, pixels)


def dib(content: bytes) -> bytes:
    """A BMP without the header of its file."""
    return content[14:]


@pytest.mark.parametrize(
    ("content", "kind", "size", "scans"),
    [
        (saved("JPEG"), "JPEG", (40, 30), 1),
        (saved("JPEG", "L"), "JPEG", (40, 30), 1),
        (saved("JPEG", "CMYK"), "JPEG", (40, 30), 1),
        (saved("JPEG", progressive=True), "JPEG", (40, 30), 10),
        (saved("MPO", save_all=True, append_images=[Image.new("RGB", (9, 9))]), "JPEG", (40, 30), 1),
        (saved("PNG"), "PNG", (40, 30), 1),
        (saved("WEBP"), "WEBP", (40, 30), 1),
        (saved("WEBP", "RGBA"), "WEBP", (40, 30), 1),
        (saved("WEBP", lossless=True), "WEBP", (40, 30), 1),
        (saved("WEBP", exif=b"Exif\0\0II*\0"), "WEBP", (40, 30), 1),
        (saved("BMP"), "BMP", (40, 30), 1),
        (dib(saved("BMP")), "BMP", (40, 30), 1),
        (saved("TIFF"), "TIFF", (40, 30), 1),
        (saved("TIFF", "L", size=(400, 300)), "TIFF", (400, 300), 1),
        (saved("TIFF", "RGBA"), "TIFF", (40, 30), 1),
        (saved("TIFF", exif=exif_with_blocks()), "TIFF", (40, 30), 1),
        (plain_tiff(), "TIFF", (6, 4), 1),
        (saved("GIF", "P"), "GIF", (40, 30), 1),
        (gif_of_comments(saved("GIF", "P"), 300), "GIF", (40, 30), 1),
        (b"<html>", "", None, 1),  # refused when it is opened
        (b"x", "", None, 1),
    ],
)
def test_ordinary_pictures(content, kind, size, scans):
    structure = read_structure("upload", content=content)
    assert (structure.kind, structure.size, structure.scans) == (kind, size, scans)
    assert structure.ordinary


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (saved("TIFF", compression="tiff_lzw"), "TIFF"),
        (saved("TIFF", "F"), "TIFF"),
        (saved("TIFF", "CMYK"), "TIFF"),
        (saved("TIFF", big_tiff=True), "TIFF"),
        (plain_tiff({256: (LONG, [70])}), "TIFF"),  # more pixels than there are bytes
        (plain_tiff({256: (LONG, [0])}), "TIFF"),
        (plain_tiff({258: (SHORT, [16])}), "TIFF"),
        (plain_tiff({278: (LONG, [0])}), "TIFF"),
        (plain_tiff({278: (LONG, [2])}), "TIFF"),  # two strips, of which one is named
        (plain_tiff({273: (LONG, [8, 8])}), "TIFF"),  # strips that are one place
        (plain_tiff({273: (LONG, [8] * 20_000), 257: (LONG, [20_000]), 278: (LONG, [1])}, bytes(120_000)), "TIFF"),
        (plain_tiff({322: (LONG, [6]), 323: (LONG, [4]), 324: (LONG, [8]), 325: (LONG, [24])}), "TIFF"),
        (plain_tiff({34665: (SHORT, [8, 9])}), "TIFF"),
        (gif_of_comments(saved("GIF", "P"), 1001), "GIF"),
        (saved("GIF", "P", size=(8001, 8000)), "GIF"),
        (saved("GIF", "P").replace(b",\0\0\0\0(\0", b",\0\0\0\0)\0"), "GIF"),  # its picture is wider than the screen
        (saved("GIF", "P")[:24], "GIF"),
        (saved("GIF", "P")[:19] + b"junk" + saved("GIF", "P")[19:], "GIF"),
        pytest.param(b"\0\0\0\x1cftypavif\0\0\0\0", "AVIF", marks=needs_avif),
        (b"\0\0\0\x1cftypmif1\0\0\0\0", "AVIF"),
        (run_length_bmp(40, 30), "BMP"),
        (dib(run_length_bmp(40, 30)), "BMP"),
        (png(size=(8001, 8000)), "PNG"),
        (webp_of_one_colour(8001, 8000), "WEBP"),
        (png(*[png_chunk(b"tEXt", b"a\0b")] * 1001), "PNG"),
        (jpeg_of_scans(21), "JPEG"),
        (jpeg_of_scans(MAX_SCANS), "JPEG"),
        (jpeg_with_exif(b"x" * 1100, times=1100), "JPEG"),
        (jpeg_with_exif(bytes(1_100_000), times=20), "JPEG"),
        (png(png_chunk(b"eXIf", bytes(1_100_000))), "PNG"),
        (saved("WEBP", exif=bytes(1_100_000)), "WEBP"),
        (png(size=(1, 100_001)), "PNG"),
        (saved("JPEG")[:200], "JPEG"),
        (saved("JPEG")[:2] + b"\xff\xd9", "JPEG"),
        (saved("JPEG")[:20] + b"junk" + saved("JPEG")[20:], "JPEG"),
    ],
)
def test_pictures_that_may_cost_more_than_they_show(content, kind):
    structure = read_structure("upload", content=content)
    assert structure.kind == kind
    assert not structure.ordinary


@pytest.mark.parametrize(
    "content",
    [
        jpeg_of_scans(MAX_SCANS + 1),
        jpeg_of_scans(3000),
        # A table or comment that holds the end of the picture does not hide what follows it.
        jpeg_of_scans(3000, after=b"\xff\xfe\0\x04\xff\xd9"),
    ],
)
def test_a_jpeg_of_very_many_scans_is_refused(content):
    with pytest.raises(PictureError, match="upload: a JPEG of more than 100 scans"):
        read_header("upload", content=content)


def test_files_that_have_no_end_are_not_read_to_it(tmp_path):
    """Three sparse files of a terabyte each."""
    segments = saved("JPEG", progressive=True)
    for name, content in (("a.jpg", segments[:-2]), ("b.jpg", segments[:20]), ("c.png", png()[:-12])):
        with (tmp_path / name).open("wb") as file:
            file.write(content)
            file.truncate(1 << 40)
        assert not read_structure(tmp_path / name).ordinary


def test_scans_of_the_pictures_behind_the_first_do_not_count():
    assert read_header("upload", content=saved("JPEG", progressive=True) + jpeg_of_scans(3000)).size == (40, 30)


BOMB = exif_bomb()


def tiff_with_block(bomb: bytes) -> bytes:
    """A plain TIFF whose EXIF block is a bomb that begins after its pixels."""
    start = 8 + 24
    return plain_tiff({34665: (LONG, [start])}, bytes(24) + bomb[8:])


@pytest.mark.parametrize(
    "content",
    [
        jpeg_with_exif(BOMB),
        jpeg_with_exif(exif_bomb(20_000, 200_000), times=10),
        png(png_chunk(b"eXIf", BOMB)),
        png(late=[png_chunk(b"eXIf", BOMB)]),
        saved("WEBP", exif=BOMB),
        BOMB,  # is a TIFF
        tiff_with_block(BOMB),
        struct.pack("<4sHHQQ", b"II+\0", 8, 0, 16, 5000)
        + b"".join(struct.pack("<HHQQ", 0x9000 + each, 1, 60_000, 8) for each in range(5000)),
    ],
    ids=["jpeg", "segments", "png", "late png", "webp", "tiff", "block", "bigtiff"],
)
def test_entries_that_share_their_bytes_are_refused(content):
    with pytest.raises(PictureError, match=r"upload: its metadata claim [\d,]+ MB out of 0.\d MB"):
        read_header("upload", content=content)


@pytest.mark.filterwarnings("ignore:Tag data larger than file")
def test_an_entry_that_claims_more_than_there_is_is_no_bomb():
    turned, damaged = (0x0112, SHORT, 1, 6), (0x9000, 12, 0xFFFFFFFF, 0xFFFFFFF0)
    block = struct.pack("<4sIH", b"II*\0", 8, 2) + b"".join(struct.pack("<HHII", *each) for each in (turned, damaged))
    assert read_header("upload", content=jpeg_with_exif(block + bytes(4))).orientation == 6


def test_large_metadata_of_a_large_tiff_are_none():
    tags = {256: [4], 257: [4], 258: [8], 262: [1], 273: [8], 277: [1], 278: [4], 279: [16]}
    content = tiff({**{tag: (LONG, each) for tag, each in tags.items()}, 37724: (SHORT, [0] * 50_000)}, bytes(16))
    assert read_header("upload", content=content).size == (4, 4)
    assert read_structure("upload", content=content).opening == 400_000


def test_a_webp_that_claims_too_much_is_refused_before_its_decoder_makes_room():
    with pytest.raises(PictureError, match="upload: 16383×16383 pixels, over the limit of 178,956,970"):
        read_header("upload", content=webp_of_one_colour(16383, 16383))


@pytest.mark.parametrize("late", [False, True])
def test_the_exif_block_of_a_png_is_read_without_its_pixels(monkeypatch, late):
    exif = Image.Exif()
    exif[0x0112] = 6
    chunk = png_chunk(b"eXIf", exif.tobytes().removeprefix(b"Exif\0\0"))
    content = png(late=[chunk]) if late else png(chunk)
    monkeypatch.setattr(Image.core, "zip_decoder", None)
    info = read_header("upload", content=content)
    assert (info.size, info.orientation) == ((4, 8), 6)

"""A picture that cannot be used says why, in the same words everywhere."""

import errno
import os
import shutil
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, UnidentifiedImageError

from salient_crop.images import header
from salient_crop.images.decode import Picture, decode
from salient_crop.images.errors import PictureError, reading
from salient_crop.images.header import read_header


@pytest.fixture
def photo(tmp_path):
    noise = np.random.default_rng(0).integers(0, 255, (80, 120, 3), np.uint8)
    path = tmp_path / "photo.jpg"
    Image.fromarray(noise).save(path)
    return path


def reason(path, read=decode) -> str:
    with pytest.raises(PictureError) as error:
        read(path)
    assert error.value.path == path
    assert str(path) in str(error.value)
    assert str(path.parent) not in error.value.reason
    return error.value.reason


@pytest.mark.parametrize("kind", ["jpg", "png", "webp", "tiff", "bmp", "gif"])
def test_a_truncated_file_says_so(tmp_path, photo, kind):
    path = tmp_path / f"cut.{kind}"
    Image.open(photo).save(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    for read in (decode, lambda path: Picture(path).small(16)):
        text = reason(path, read)
        assert "truncated" in text or "damaged" in text or "not a picture" in text


def test_empty_missing_text_and_folder(tmp_path):
    (tmp_path / "a.jpg").touch()
    assert reason(tmp_path / "a.jpg") == "empty file"
    assert "no such file" in reason(tmp_path / "gone.jpg", read_header)
    (tmp_path / "b.jpg").write_text("<html>404</html>")
    assert "not a picture" in reason(tmp_path / "b.jpg", read_header)
    (tmp_path / "c.jpg").mkdir()
    assert reason(tmp_path / "c.jpg").startswith("a folder, and no picture")


@pytest.mark.skipif(os.name == "nt", reason="links and pipes")
def test_a_broken_link_and_a_pipe(tmp_path):
    (tmp_path / "broken.jpg").symlink_to(tmp_path / "gone.jpg")
    assert "no such file" in reason(tmp_path / "broken.jpg")
    os.mkfifo(tmp_path / "pipe.jpg")
    assert reason(tmp_path / "pipe.jpg") == "not a regular file"  # and nobody waits for a writer


def test_no_permission(photo, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied", str(photo))

    monkeypatch.setattr(type(photo), "open", refuse)
    assert reason(photo, read_header) == "no permission to read it"


def test_a_wrong_extension_does_not_matter(tmp_path, photo):
    shutil.copy(photo, tmp_path / "really.png")
    assert read_header(tmp_path / "really.png").format == "JPEG"
    assert decode(tmp_path / "really.png").shape == (80, 120, 3)


def test_postscript_behind_a_pictures_name_is_never_run(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\nshowpage\n")
    assert "not a picture" in reason(tmp_path / "a.jpg")


@pytest.mark.parametrize(
    ("brand", "words"),
    [
        *((brand, "a HEIF picture; install pillow-heif") for brand in ("heic", "heix", "heim", "heis", "hevc", "hevx")),
        *((brand, "an AVIF picture, which this Pillow cannot read") for brand in ("avif", "avis")),
        ("mif1", "not a picture"),
    ],
)
def test_a_format_whose_decoder_is_missing_is_named(tmp_path, monkeypatch, brand, words):
    monkeypatch.setattr(header, "_list_formats", lambda: ["JPEG"])
    (tmp_path / "a.jpg").write_bytes(b"\x00\x00\x00\x18ftyp" + brand.encode() + b"\x00\x00\x00\x00mif1heic")
    assert words in reason(tmp_path / "a.jpg")


def bomb(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 999)) + chunk(b"IEND", b"")
    )


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_decompression_bombs(tmp_path, photo):
    (tmp_path / "huge.png").write_bytes(bomb(100_000, 100_000))
    assert "bomb" in reason(tmp_path / "huge.png")
    with pytest.raises(PictureError, match="120×80 pixels, over the limit of 9,599"):
        decode(photo, max_pixels=9599)
    assert decode(photo, max_pixels=9600).shape == (80, 120, 3)


def test_a_file_that_changes_between_two_looks_is_refused(photo):
    picture = Picture(photo)
    Image.new("RGB", (60, 80)).save(photo)
    with pytest.raises(PictureError, match="it changed while it was being read"):
        picture.small(10)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (FileNotFoundError(errno.ENOENT, "x"), "there is no such file (moved, deleted, or a broken link)"),
        (PermissionError(errno.EACCES, "x"), "no permission to read it"),
        (OSError(errno.EIO, "Input/output error"), "Input/output error"),
        (OSError(errno.EIO, ""), "error 5 while reading it"),
        (
            OSError("image file is truncated"),
            "truncated: the file ends before the picture does (image file is truncated)",
        ),
        (EOFError("no more"), "truncated: the file ends before the picture does (no more)"),
        (struct.error("unpack"), "truncated: the file ends before the picture does (unpack)"),
        (Image.DecompressionBombError("x"), "more pixels than are safe to decode; a decompression bomb, or shrink it"),
        (UnidentifiedImageError("x"), "not a picture in a format that can be read here"),
        (MemoryError(), "not enough memory to decode it"),
        (SyntaxError("broken PNG"), "damaged: broken PNG"),
        (IndexError(), "damaged: IndexError"),
    ],
)
def test_whatever_goes_wrong_has_words(error, words):
    with pytest.raises(PictureError) as caught, reading(Path("deep/a.jpg")):
        raise error
    assert caught.value.reason.startswith(words)
    assert str(caught.value) == f"deep/a.jpg: {caught.value.reason}"
    assert caught.value.__cause__ is error


def test_a_reason_stays_and_interrupts_pass():
    inner = PictureError("mask.png", "empty file")
    with pytest.raises(PictureError) as caught, reading(Path("a.jpg")):
        raise inner
    assert caught.value is inner
    with pytest.raises(KeyboardInterrupt), reading(Path("a.jpg")):
        raise KeyboardInterrupt


def test_the_reason_names_another_file_than_the_picture():
    error = PictureError("masks/a.png", "empty file")
    assert error.reason_for(Path("masks/a.png")) == "empty file"
    assert error.reason_for(Path("a.jpg")) == "a.png: empty file"

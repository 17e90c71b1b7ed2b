"""Folders, names, damaged files, whole writes, captions, the manifest."""

import json
import os
import shutil
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from salient_crop.datasets.atomic import open_atomic, remove_leftovers, write_picture
from salient_crop.datasets.captions import copy_captions, find_caption_files, read_caption
from salient_crop.datasets.find import find_pictures, leads_outside
from salient_crop.datasets.manifest import (
    CropRecord,
    PictureRecord,
    format_line,
    parse_line,
    read_manifest,
    write_manifest,
)
from salient_crop.datasets.names import name_crops
from salient_crop.datasets.sidecars import Sidecars
from salient_crop.images import header
from salient_crop.images.decode import Picture, decode
from salient_crop.images.errors import PictureError
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
    assert "not a regular file" in reason(tmp_path / "c.jpg")


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


def test_heif_is_named_for_what_it_is(tmp_path):
    if "HEIF" in header._formats():
        pytest.skip("this machine reads HEIF")
    (tmp_path / "a.heic").write_bytes(b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic")
    assert "pillow-heif" in reason(tmp_path / "a.heic")


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
    with pytest.raises(PictureError, match="120×80 pixels, over the limit of 5,000"):
        decode(photo, max_pixels=5000)


def test_finding_is_recursive_ordered_and_blind_to_the_output(tmp_path):
    names = [
        "b.JPG",
        "a/z.png",
        "a.webp",
        "a/日本語 ü.tif",
        "out/a.jpg",
        "a/out/x.jpg",
        "notes.txt",
        ".hidden.jpg",
        ".git/a.jpg",
    ]
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = [path.relative_to(tmp_path).as_posix() for path in find_pictures(tmp_path, exclude=[tmp_path / "out"])]
    assert found == ["a.webp", "a/out/x.jpg", "a/z.png", "a/日本語 ü.tif", "b.JPG"]
    with pytest.raises(FileNotFoundError):
        find_pictures(tmp_path / "gone")
    with pytest.raises(NotADirectoryError):
        find_pictures(tmp_path / "b.JPG")


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_links(tmp_path, photo):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "own.jpg").touch()
    (folder / "inner.jpg").symlink_to(folder / "own.jpg")
    (folder / "outer.jpg").symlink_to(photo)
    (folder / "broken.jpg").symlink_to(folder / "gone.jpg")
    (folder / "loop").symlink_to(folder, target_is_directory=True)
    found = find_pictures(folder)
    assert [path.name for path in found] == ["broken.jpg", "inner.jpg", "outer.jpg", "own.jpg"]
    assert [leads_outside(path, folder) for path in found] == [False, False, True, False]
    assert find_pictures(folder, follow_links=True) == found
    assert "no such file" in reason(folder / "broken.jpg")


def test_names_that_would_collide():
    sources = ["a.jpg", "a.png", "b.jpg", "d/a.jpg", "A.gif", "a_png.jpg", "\u00fc.jpg", "u\u0308.png"]
    names = name_crops(sources)
    assert names[2:4] == ["b", "d/a"]
    assert names[5] == "a_png"
    assert len({name.casefold() for name in names}) == len(names)
    assert names[0] == "a_jpg"
    assert names[4] == "A_gif"
    assert names == name_crops(sources)


def test_a_file_appears_whole_or_not_at_all(tmp_path):
    target = tmp_path / "new" / "a.bin"
    with open_atomic(target) as file:
        file.write(b"old")
    with pytest.raises(RuntimeError), open_atomic(target) as file:
        file.write(b"half of the ne")
        raise RuntimeError
    assert target.read_bytes() == b"old"
    assert [path.name for path in target.parent.iterdir()] == ["a.bin"]


def test_leftovers_of_a_killed_run_are_removed_and_nothing_else(tmp_path):
    (tmp_path / "sub").mkdir()
    keep = tmp_path / "sub" / ".salient-crop-notes"
    other = tmp_path / "download.part"
    leftover = tmp_path / "sub" / ".salient-crop-0123456789abcdef.part"
    for path in (keep, other, leftover):
        path.touch()
    remove_leftovers(tmp_path)
    assert (keep.exists(), other.exists(), leftover.exists()) == (True, True, False)


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp"])
def test_encoding_gives_the_same_bytes_and_nearly_the_same_pixels(tmp_path, photo, name):
    pixels = np.asarray(Image.open(photo).resize((8, 6)).resize((60, 40)))
    for folder in ("1", "2"):
        write_picture(tmp_path / folder / name, pixels)
    assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "2" / name).read_bytes()
    error = np.abs(decode(tmp_path / "1" / name).astype(float) - pixels)
    assert error.mean() < (0.001 if name.endswith("png") else 6)


def test_alpha_is_kept_or_refused(tmp_path):
    pixels = np.zeros((4, 4, 4), np.uint8)
    for name in ("a.png", "a.webp"):
        write_picture(tmp_path / name, pixels)
        assert (decode(tmp_path / name, background=None) == pixels).all()
    with pytest.raises(ValueError, match="cannot be transparent"):
        write_picture(tmp_path / "a.jpg", pixels)
    with pytest.raises(ValueError, match="jpg, png, webp"):
        write_picture(tmp_path / "a.exe", pixels)
    assert not (tmp_path / "a.jpg").exists()


def test_captions_follow_their_picture(tmp_path, photo):
    assert find_caption_files(photo) == {}
    assert read_caption(photo) == ""
    photo.with_suffix(".txt").write_bytes("\ufeffa café\r\n".encode())
    photo.with_suffix(".caption").write_bytes(b"other")
    assert read_caption(photo) == "a café"
    copy_captions(photo, [tmp_path / "out" / "1.png", tmp_path / "out" / "2.png"])
    assert (tmp_path / "out" / "2.txt").read_bytes() == photo.with_suffix(".txt").read_bytes()
    assert (tmp_path / "out" / "1.caption").read_bytes() == b"other"
    (tmp_path / "photo.jpg.txt").write_bytes("grün".encode("latin-1"))
    assert read_caption(photo) == "grün"
    (tmp_path / "photo.jpg.txt").write_bytes("grün".encode("utf-16"))
    assert read_caption(photo) == "grün"


def record(**changes) -> PictureRecord:
    crop = CropRecord(
        "sub/ü.jpg", "2:3", None, (1, 2, 20, 30), 0.5, {"aesthetic": 0.5}, 0.9, (2, 1), (80, 120), (30, 20)
    )
    return PictureRecord(**{"source": "sub/ü.jpg", "size": (120, 80), "status": "ok", "crops": (crop,), **changes})


def test_the_manifest_gives_back_what_it_was_given(tmp_path):
    records = [record(), record(source="x", size=None, status="failed", reason="empty file", crops=())]
    records.append(record(source="not \udcff unicode.jpg"))
    write_manifest(tmp_path / "m.jsonl", iter(records))
    assert list(read_manifest(tmp_path / "m.jsonl")) == records
    assert "ü" in (tmp_path / "m.jsonl").read_text("utf-8")
    with (tmp_path / "m.jsonl").open("a") as file:
        file.write('{"source": "y", "si')
    with pytest.raises(ValueError, match="line 4"):
        list(read_manifest(tmp_path / "m.jsonl"))


def test_the_manifests_fields_are_the_documented_ones():
    import json

    line = json.loads(format_line(record()))
    assert list(line) == ["source", "size", "status", "reason", "crops"]
    assert set(line["crops"][0]) == {
        "file", "ratio", "bucket", "box", "score", "terms", "kept", "crop_coords", "original_size", "target_size"
    }  # fmt: skip
    assert line["crops"][0]["box"] == [1, 2, 20, 30]
    for wrong in ("[]", "3", '{"source": 1}', "nonsense"):
        with pytest.raises(ValueError, match="not a manifest line"):
            parse_line(wrong)


# What belongs to pictures


def touched(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (40, 30)).save(path)
    return path


def test_captions_in_one_file_for_all(tmp_path):
    a, b, c = (touched(tmp_path / name) for name in ("a.jpg", "deep/b.png", "c.webp"))
    (tmp_path / "metadata.jsonl").write_text(
        '{"file_name": "a.jpg", "text": " ein Häuschen "}\n\n{"file_name": "deep/b.png", "caption": "b"}\n', "utf-8"
    )
    sidecars = Sidecars(tmp_path)
    assert [sidecars.read_caption(each) for each in (a, b, c)] == ["ein Häuschen", "b", ""]
    assert sidecars.list_files(a) == [tmp_path / "metadata.jsonl"]
    a.with_suffix(".txt").write_text("its own", "utf-8")
    assert sidecars.read_caption(a) == "its own"
    sidecars.copy_captions(b, [tmp_path / "out" / "b.png"])
    assert (tmp_path / "out" / "b.txt").read_text("utf-8") == "b\n"
    # Nothing above the folder is read.
    assert Sidecars(tmp_path / "deep").read_caption(b) == ""


def test_captions_in_sd_scripts_json(tmp_path):
    a, b, c = (touched(tmp_path / name) for name in ("a.jpg", "deep/b.png", "c.webp"))
    entries = {"a": {"caption": "a cat", "tags": "fur, eyes"}, "/elsewhere/deep/b.png": {"tags": "b"}, "c": {}}
    (tmp_path / "meta_cap.json").write_text(json.dumps(entries), "utf-8")
    assert [Sidecars(tmp_path).read_caption(each) for each in (a, b, c)] == ["a cat, fur, eyes", "b", ""]
    (tmp_path / "meta_lat.json").write_text("{", "utf-8")
    with pytest.raises(PictureError, match=r"meta_lat.json: damaged"):
        Sidecars(tmp_path).read_caption(a)


def test_masks_belong_to_their_pictures_and_are_none_themselves(tmp_path):
    a, b = touched(tmp_path / "in" / "a.jpg"), touched(tmp_path / "in" / "deep" / "b.jpg")
    beside = touched(tmp_path / "in" / "a-masklabel.png")
    elsewhere = touched(tmp_path / "masks" / "deep" / "b.png")
    assert find_pictures(tmp_path / "in") == [a, b]
    sidecars = Sidecars(tmp_path / "in", tmp_path / "masks")
    assert (sidecars.find_mask(a), sidecars.find_mask(b)) == (beside, elsewhere)
    assert sidecars.list_files(b) == [elsewhere]
    assert Sidecars(tmp_path / "in").find_mask(b) is None
    Image.new("L", (30, 40)).save(elsewhere)
    with pytest.raises(PictureError, match="a mask of 30×40, but its picture has 40×30"):
        sidecars.open_mask(Picture(b))

"""Caption files beside pictures: any encoding, any line end, and copied byte for byte."""

import pytest

from salient_crop.datasets.captions import copy_captions, find_caption_files, read_caption
from salient_crop.images.errors import PictureError


@pytest.mark.parametrize(
    ("content", "caption"),
    [
        (b"", ""),
        (b" \r\n\t", ""),
        (b"a cat", "a cat"),
        ("\ufeffa café\r\n".encode(), "a café"),  # a byte order mark is no part of it
        (b"first\r\nsecond\r\n", "first\r\nsecond"),
        ("grün".encode("utf-16"), "grün"),
        ("\ufeffgrün\n".encode("utf-16-le"), "grün"),
        ("\ufeffgrün\n".encode("utf-16-be"), "grün"),
        ("grün".encode("latin-1"), "grün"),
        (b"\xff\xfea", "\ufffd"),  # half a character
    ],
)
def test_any_encoding(tmp_path, content, caption):
    (tmp_path / "photo.txt").write_bytes(content)
    assert read_caption(tmp_path / "photo.jpg") == caption


def test_a_picture_without_captions(tmp_path):
    assert find_caption_files(tmp_path / "photo.jpg") == {}
    assert read_caption(str(tmp_path / "photo.jpg")) == ""
    copy_captions(tmp_path / "photo.jpg", [tmp_path / "out" / "a.png"])
    assert list(tmp_path.iterdir()) == []


def test_the_order_of_caption_files(tmp_path):
    photo = tmp_path / "photo.jpg"
    (tmp_path / "photo.caption").write_text("caption")
    assert read_caption(photo) == "caption"
    (tmp_path / "photo.txt").write_text("txt")
    assert read_caption(photo) == "txt"
    (tmp_path / "photo.jpg.txt").write_text("jpg.txt")
    assert read_caption(photo) == "jpg.txt"
    assert find_caption_files(photo) == {".txt": tmp_path / "photo.jpg.txt", ".caption": tmp_path / "photo.caption"}
    assert find_caption_files(str(tmp_path / "photo.png")) == {
        ".txt": tmp_path / "photo.txt",
        ".caption": tmp_path / "photo.caption",
    }


def test_captions_are_copied_byte_for_byte_under_the_crops_names(tmp_path):
    content = {".txt": "\ufeffa café\r\n".encode(), ".caption": b"\x00\xff"}
    (tmp_path / "photo.jpg.txt").write_bytes(content[".txt"])
    (tmp_path / "photo.caption").write_bytes(content[".caption"])
    copy_captions(tmp_path / "photo.jpg", [tmp_path / "out" / "1.png", str(tmp_path / "out" / "deep" / "2.webp")])
    for stem in ("1", "deep/2"):
        assert {each: (tmp_path / "out" / f"{stem}{each}").read_bytes() for each in content} == content


def test_a_folder_of_a_captions_name_is_no_caption(tmp_path):
    (tmp_path / "photo.txt").mkdir()
    assert read_caption(tmp_path / "photo.jpg") == ""


def test_a_caption_that_cannot_be_read_is_named(tmp_path, monkeypatch):
    (tmp_path / "photo.txt").write_text("a")

    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(type(tmp_path), "read_bytes", refuse)
    for read in (read_caption, lambda picture: copy_captions(picture, [])):
        with pytest.raises(PictureError, match=r"photo\.txt: no permission to read it"):
            read(tmp_path / "photo.jpg")

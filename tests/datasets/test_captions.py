"""Caption files beside pictures: any encoding, any line end, and copied byte for byte."""

import pytest

from salient_crop.datasets.captions import add_words, caption_paths, decode_caption, find_caption_files, write_captions
from salient_crop.datasets.output_folder import OutputFolder


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
def test_any_encoding(content, caption):
    assert decode_caption(content) == caption


@pytest.mark.parametrize(
    ("caption", "expected"),
    [
        ("", "half figure"),
        ("\n \n", "half figure"),
        ("ohwx woman, red coat", "ohwx woman, red coat, half figure"),
        ("ohwx woman, red coat, ", "ohwx woman, red coat, half figure"),
        ("A woman in red.", "A woman in red. Half figure."),
        ("Who is she?", "Who is she? Half figure."),
        ("她穿红衣。", "她穿红衣。 Half figure."),
        ("a Half Figure of a woman", "a Half Figure of a woman"),  # it says so already
        ("half figures on a shelf", "half figures on a shelf, half figure"),
        ("first\n\nsecond.", "first, half figure\n\nsecond. Half figure."),
    ],
)
def test_words_stand_at_the_end_of_each_line_of_a_caption(caption, expected):
    assert add_words(caption, "half figure") == expected
    assert add_words(expected, "half figure") == expected


def test_a_picture_without_captions(tmp_path):
    assert find_caption_files(tmp_path / "photo.jpg") == {}
    write_captions(OutputFolder(tmp_path / "out"), "a.png", {})
    assert list(tmp_path.iterdir()) == []


def test_the_order_of_caption_files(tmp_path):
    photo = tmp_path / "photo.jpg"
    for name, found in (
        ("photo.caption", {".caption": "photo.caption"}),
        ("photo.txt", {".txt": "photo.txt", ".caption": "photo.caption"}),
        ("photo.jpg.txt", {".txt": "photo.jpg.txt", ".caption": "photo.caption"}),
    ):
        (tmp_path / name).write_text("a")
        assert find_caption_files(photo) == {extension: tmp_path / each for extension, each in found.items()}
    assert list(find_caption_files(photo)) == [".txt", ".caption"]
    assert find_caption_files(str(tmp_path / "photo.png")) == {
        ".txt": tmp_path / "photo.txt",
        ".caption": tmp_path / "photo.caption",
    }


def test_a_folder_of_a_captions_name_is_no_caption(tmp_path):
    (tmp_path / "photo.txt").mkdir()
    assert find_caption_files(tmp_path / "photo.jpg") == {}


def test_captions_lie_beside_a_crop_and_those_of_an_earlier_run_go(tmp_path):
    content = {".txt": "\ufeffa café\r\n".encode(), ".caption": b"\x00\xff"}
    assert caption_paths("deep/a.b.png") == ["deep/a.b.txt", "deep/a.b.caption"]
    for contents in (content, {".caption": b"new"}, {}):
        with OutputFolder(tmp_path) as out:
            write_captions(out, "deep/a.b.png", contents)
        assert {path.suffix: path.read_bytes() for path in (tmp_path / "deep").iterdir()} == contents


def test_captions_of_somebody_else_stay(tmp_path):
    (tmp_path / "a.txt").write_text("mine")
    with OutputFolder(tmp_path) as out:
        write_captions(out, "a.png", {})
        with pytest.raises(OSError, match=r"a\.txt: there already, and no run wrote it, so it is kept"):
            write_captions(out, "a.png", {".txt": b"ours"})
    assert (tmp_path / "a.txt").read_text() == "mine"

"""Captions in one file for all: Hugging Face's metadata.jsonl and sd-scripts' JSON."""

import json

import pytest

from salient_crop.datasets.caption_index import read_caption_index
from salient_crop.images.errors import PictureError


def index_of(folder, name, content):
    file = folder / name
    if not isinstance(content, bytes):
        text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
        content = text.encode()
    file.write_bytes(content)
    return read_caption_index(file)


def lines(*entries):
    return "\n".join(json.dumps(entry, ensure_ascii=False) for entry in entries)


@pytest.mark.parametrize(
    ("content", "captions"),
    [
        ("", {"a.jpg": ""}),
        ("\n \n", {"a.jpg": ""}),
        (lines({"file_name": "a.jpg", "text": " ein Häuschen "}), {"a.jpg": "ein Häuschen", "b.jpg": ""}),
        ("\ufeff" + lines({"file_name": "a.jpg", "text": "a"}) + "\r\n\r\n", {"a.jpg": "a"}),
        (lines({"file_name": "d/b.png", "caption": "b"}), {"d/b.png": "b", "b.png": "", "e/b.png": ""}),
        (lines({"file_name": "b.png", "prompt": "b"}), {"b.png": "b", "d/b.png": ""}),  # of another folder
        (lines({"file_name": "d\\b.png", "text": "b"}), {"d/b.png": "b"}),
        (lines({"file_name": "./a.jpg", "text": "a"}), {"a.jpg": "a"}),
        (lines({"image_path": "/old/place/a.jpg", "text": "a"}), {"a.jpg": "a", "d/a.jpg": "a", "b.jpg": ""}),
        (lines({"image_path": "C:\\old\\a.jpg", "text": "a"}), {"a.jpg": "a", "d/a.jpg": "a"}),
        (lines({"file_name": "a.jpg", "text": "", "caption": "c"}), {"a.jpg": "c"}),
        (lines({"file_name": "a.jpg", "text": "t", "caption": "c"}), {"a.jpg": "t"}),
        (lines({"file_name": "", "image_path": "a.jpg", "text": "t"}), {"a.jpg": "t"}),
        (lines({"file_name": "a.jpg", "text": "one\u2028two"}), {"a.jpg": "one\u2028two"}),  # one line all the same
        (lines({"text": "of none"}, {"file_name": "a.jpg"}, {"file_name": 5, "text": "x"}), {"a.jpg": ""}),
        (lines({"file_name": "a.jpg", "text": "old"}, {"file_name": "a.jpg", "text": "new"}), {"a.jpg": "new"}),
    ],
)
def test_json_lines(tmp_path, content, captions):
    index = index_of(tmp_path, "metadata.jsonl", content)
    assert {path: index.caption(path) for path in captions} == captions


@pytest.mark.parametrize(
    ("content", "captions"),
    [
        ({}, {"a.jpg": ""}),
        (
            {"a": {"caption": "a cat", "tags": "fur, eyes"}},
            {"a.jpg": "a cat, fur, eyes", "d/a.jpg": "a cat, fur, eyes"},
        ),
        ({"a.jpg": {"tags": " fur "}}, {"a.jpg": "fur", "a.png": ""}),
        ({"a": {"caption": "c", "tags": ""}, "c": {}}, {"a.jpg": "c", "c.jpg": ""}),
        (
            {"a": {"caption": "root"}, "d/a": {"caption": "deep"}},
            {"a.jpg": "root", "d/a.jpg": "deep", "e/a.jpg": "root"},
        ),
        ({"d/a.jpg": {"caption": "deep"}}, {"d/a.jpg": "deep", "a.jpg": "", "e/a.jpg": ""}),
        ({"/elsewhere/d/b.png": {"tags": "b"}}, {"d/b.png": "b", "b.png": "b", "b.jpg": ""}),
        ({"": {"caption": "none"}, "a.b": {"caption": "dots"}}, {"a.b.jpg": "dots"}),
    ],
)
def test_sd_scripts(tmp_path, content, captions):
    index = index_of(tmp_path, "meta_cap.json", content)
    assert {path: index.caption(path) for path in captions} == captions


def test_absolute_paths_below_the_folder_are_exact(tmp_path):
    content = {str(tmp_path / "d" / "a.jpg"): {"caption": "deep"}}
    index = index_of(tmp_path, "meta_lat.json", content)
    assert [index.caption(path) for path in ("d/a.jpg", "a.jpg", "e/a.jpg")] == ["deep", "", ""]


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("metadata.jsonl", '{"file_name": "a.jpg"}\n\n{"file', "line 3 is not JSON"),
        ("metadata.jsonl", "{}\n[]\n[", "line 2 must be a JSON object"),
        ("metadata.jsonl", "[" * 100_000, "line 1 is not JSON"),
        ("metadata.jsonl", b'\xff\n{"file_name": "a.jpg", "text": "a"}', "line 1 is not JSON"),
        ("meta_cap.json", "{", "the file is not JSON"),
        ("meta_cap.json", '{"a": ' + "[" * 100_000, "the file is not JSON"),
        ("meta_cap.json", b"\xff{}", "the file is not JSON"),
        ("meta_cap.json", "[]", "the file must be a JSON object"),
    ],
)
def test_what_is_damaged_is_told_of_pictures_without_another_entry(tmp_path, name, content, reason):
    index = index_of(tmp_path, name, content)
    with pytest.raises(PictureError, match=f"{name}: damaged: {reason}.*, which may be the one of b.jpg$"):
        index.caption("d/b.jpg")


@pytest.mark.parametrize("broken", ["{", "[]", "[" * 100_000, '{"file_name": "\\"', "\x00", "5"])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_pictures_with_an_entry_keep_it_beside_a_damaged_one(tmp_path, broken, place):
    good = [json.dumps({"file_name": f"{name}.jpg", "text": name}) for name in "ab"]
    index = index_of(tmp_path, "metadata.jsonl", "\n".join([*good[:place], broken, *good[place:]]))
    assert [index.caption(f"{name}.jpg") for name in "ab"] == ["a", "b"]


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ("a cat", 'must be an object, got "a cat"'),
        (None, "must be an object, got null"),
        ({"caption": ["a", "cat"]}, r'caption: must be a text, got \["a", "cat"\]'),
        ({"text": {"en": "a cat"}}, "text: must be a text"),
        ({"text": 5}, "text: must be a text, got 5"),
        ({"caption": "a", "tags": ["fur"]}, "tags: must be a text"),
        ({"caption": "\ud800"}, r"holds half a character, \\ud800, which no text file can"),
        ({"caption": "a", "tags": "b \udfff"}, r"holds half a character, \\udfff, which no text file can"),
    ],
)
def test_a_malformed_entry_is_told_of_its_picture_alone(tmp_path, entry, reason):
    index = index_of(tmp_path, "meta_cap.json", json.dumps({"a": {"caption": "a"}, "b.jpg": entry}))
    assert [index.caption(f"{name}.jpg") for name in "ac"] == ["a", ""]
    with pytest.raises(PictureError, match=f'meta_cap.json: damaged: the entry "b.jpg": {reason}'):
        index.caption("b.jpg")


def test_two_halves_are_one_character(tmp_path):
    index = index_of(tmp_path, "metadata.jsonl", '{"file_name": "a.jpg", "text": "\\ud83d\\ude00"}')
    assert index.caption("a.jpg") == "😀"

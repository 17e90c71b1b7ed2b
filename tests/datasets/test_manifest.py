"""The manifest: what was written is read again, old manifests too, and what is malformed is named."""

import json
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import pytest

from salient_crop.cropping.box import Box
from salient_crop.cropping.correction import Correction
from salient_crop.cropping.crop import CropSubject, CropWarning
from salient_crop.datasets.manifest import (
    CropRecord,
    PictureRecord,
    format_line,
    parse_line,
    read_manifest,
    write_manifest,
)

# Written by the version before crops had warnings and a confidence.
GOLDEN = Path(__file__).parent.parent / "golden" / "manifest.jsonl"
CROP = CropRecord(
    file="sub/ü.jpg",
    ratio="2:3",
    bucket=(832, 1216),
    box=(1, -2, 20, 30),
    score=-0.5,
    terms={"aesthetic": 0.5, "cut": 0.0},
    kept=0.9,
    crop_coords=(-2, 1),
    original_size=(80, 120),
    target_size=(1216, 832),
)
RECORD = PictureRecord("sub/ü.jpg", (120, 80), "ok", None, (CROP,))
WARNED = CropRecord(
    None, "1:1", None, (0, 0, 1, 1), 1.0, {}, 1.0, (0, 0), (1, 1), (1, 1),
    (CropWarning("subject-cut", "a face is cut", (0.25, 0.0, 0.5, 1.0)), CropWarning("small", "it is small")), 0.25,
)  # fmt: skip
FRAMED = replace(CROP, framing="half figure", subject=CropSubject("person", Box(-1, 2, 3, 4), "Zoë", 0.5))
CORRECTED = replace(CROP, correction=Correction("approve", Box(1, -2, 20, 30)))


@pytest.mark.parametrize(
    "records",
    [
        [],
        [RECORD],
        [PictureRecord("x", None, "failed", "empty file")],
        [
            PictureRecord("a.jpg", (1, 1), "dropped", "a copy"),
            PictureRecord("b.jpg", (9, 9), "ok", None, (WARNED, CROP)),
        ],
        [PictureRecord("not \udcff unicode.jpg", (1, 1), "ok")],
        [PictureRecord("a.jpg", (90, 90), "ok", None, (CORRECTED,), "0123456789abcdef" * 2)],
        [PictureRecord("a.jpg", (90, 90), "ok", None, (FRAMED,))],
        [PictureRecord("a\nb.jpg", (1, 1), "failed", 'says "no"\u2028')],
    ],
)
def test_what_was_written_is_read_again(tmp_path, records):
    write_manifest(tmp_path / "m.jsonl", iter(records))
    assert list(read_manifest(tmp_path / "m.jsonl")) == records
    assert len((tmp_path / "m.jsonl").read_bytes().splitlines()) == len(records)


def test_a_manifest_is_readable_text(tmp_path):
    write_manifest(tmp_path / "m.jsonl", [RECORD])
    assert '"sub/ü.jpg"' in (tmp_path / "m.jsonl").read_text("utf-8")


def test_the_fields_are_the_documented_ones():
    line = json.loads(format_line(PictureRecord("a", (120, 80), "ok", None, (WARNED,))))
    assert list(line) == ["source", "size", "status", "reason", "digest", "crops"]
    assert list(line["crops"][0]) == [
        "file", "ratio", "bucket", "box", "score", "terms", "kept", "crop_coords", "original_size", "target_size",
        "warnings", "confidence", "correction", "ratio_error", "added", "framing", "subject",
    ]  # fmt: skip
    assert line["crops"][0]["confidence"] == 0.25
    assert line["size"] == [120, 80]
    assert line["crops"][0]["warnings"] == [
        {"code": "subject-cut", "words": "a face is cut", "region": [0.25, 0.0, 0.5, 1.0]},
        {"code": "small", "words": "it is small", "region": None},
    ]


def test_an_older_manifest_is_read_and_has_no_warnings_and_no_confidence(tmp_path):
    lines = GOLDEN.read_text("utf-8").splitlines()
    assert len(lines) == 5 and "warnings" not in GOLDEN.read_text("utf-8")
    records = list(read_manifest(GOLDEN))
    assert all((crop.warnings, crop.confidence) == ((), None) for record in records for crop in record.crops)
    for line, record in zip(lines, records, strict=True):
        again = json.loads(format_line(record))
        assert again.pop("digest") is None
        for crop in again["crops"]:
            assert (crop.pop("warnings"), crop.pop("confidence"), crop.pop("correction")) == ([], None, None)
            assert (crop.pop("ratio_error"), crop.pop("added")) == (0, 0)
            assert (crop.pop("framing"), crop.pop("subject")) == (None, None)
        assert again == json.loads(line)


def test_fields_that_are_not_known_are_passed_over():
    value = {**json.loads(format_line(RECORD)), "rating": "ab"}
    value["crops"][0]["rank"] = 0.5
    assert parse_line(json.dumps(value)) == RECORD


@pytest.mark.parametrize("content", [b"\xef\xbb\xbf{}\r\n", b"{}"])
def test_a_mark_and_line_ends_of_windows_are_no_content(tmp_path, content):
    line = format_line(RECORD).encode()
    (tmp_path / "m.jsonl").write_bytes(content.replace(b"{}", line))
    assert list(read_manifest(tmp_path / "m.jsonl")) == [RECORD]


def changed(place, value):
    """The JSON of a good record with one value replaced; `place` is a path of keys."""
    record = deepcopy(json.loads(format_line(PictureRecord("a", (9, 9), "ok", None, (CROP, WARNED)))))
    *keys, last = place
    target = record
    for key in keys:
        target = target[key]
    if value is ...:
        del target[last]
    else:
        target[last] = value
    return json.dumps(record)


NUMBERS = (True, "1", None, float("nan"), float("inf"), [], {}, 10**400)


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (["source"], ..., "source: is missing"),
        (["source"], 3, "source: must be a text, got 3"),
        (["source"], "", "source: must be a path inside its folder"),
        (["source"], ".", "source: must be a path inside its folder"),
        (["source"], "/etc/passwd", "source: must be a path inside its folder"),
        (["source"], "a/../../b.jpg", "source: must be a path inside its folder"),
        (["source"], "a\0.jpg", "source: must be a path inside its folder"),
        (["size"], [9], r"size: must be a list of 2, got \[9\]"),
        (["size"], [9, 9, 9], "size: must be a list of 2"),
        (["size"], "99", "size: must be a list of 2"),
        (["size"], [9, 0], r"size\[1\]: must be a whole number of at least 1, got 0"),
        (["size"], [9.0, 9], r"size\[0\]: must be a whole number of at least 1, got 9.0"),
        (["size"], [True, 9], r"size\[0\]: must be a whole number of at least 1, got true"),
        (["status"], "fine", 'status: must be one of ok, failed, dropped, got "fine"'),
        (["status"], ["ok"], "status: must be one of"),
        (["reason"], 5, "reason: must be a text, got 5"),
        (["reason"], ..., "reason: is missing"),
        (["crops"], ..., "crops: is missing"),
        (["crops"], {}, "crops: must be a list, got {}"),
        (["crops", 0], 7, r"crops\[0\]: must be an object, got 7"),
        (["crops", 1, "file"], "../x.jpg", r"crops\[1\].file: must be a path inside its folder"),
        (["crops", 1, "file"], ..., r"crops\[1\].file: is missing"),
        (["crops", 0, "ratio"], "wide", r"crops\[0\].ratio: 'wide' is not a ratio"),
        (["crops", 0, "ratio"], None, r"crops\[0\].ratio: must be a text, got null"),
        (["crops", 0, "bucket"], [832], r"crops\[0\].bucket: must be a list of 2"),
        (["crops", 0, "bucket"], [832, -1], r"crops\[0\].bucket\[1\]: must be"),
        (["crops", 0, "box"], [0, 0, 9], r"crops\[0\].box: must be a list of 4"),
        (["crops", 0, "box"], [0, 0, 0, 9], r"crops\[0\].box: width and height must be at least 1, got 0 and 9"),
        (["crops", 0, "box"], [0, 0, 9, 0], r"crops\[0\].box: width and height must be at least 1, got 9 and 0"),
        (["crops", 0, "box"], [0, 0.5, 9, 9], r"crops\[0\].box\[1\]: must be a whole number, got 0.5"),
        (["crops", 0, "box"], [0, 0, True, 9], r"crops\[0\].box\[2\]: must be a whole number, got true"),
        (["crops", 0, "terms"], [], r"crops\[0\].terms: must be an object, got \[\]"),
        (["crops", 0, "terms", "cut"], "0", r'crops\[0\].terms.cut: must be a finite number, got "0"'),
        (["crops", 0, "crop_coords"], [0, "0"], r"crops\[0\].crop_coords\[1\]: must be a whole number"),
        (["crops", 0, "original_size"], None, r"crops\[0\].original_size: must be a list of 2, got null"),
        (["crops", 0, "target_size"], [0, 9], r"crops\[0\].target_size\[0\]: must be"),
        (["crops", 1, "warnings"], None, r"crops\[1\].warnings: must be a list, got null"),
        (["crops", 1, "warnings", 1, "code"], 5, r"crops\[1\].warnings\[1\].code: must be a text"),
        (["crops", 1, "warnings", 1, "words"], ..., r"crops\[1\].warnings\[1\].words: is missing"),
        (["crops", 1, "warnings", 0, "region"], [0, 0, 1], r"crops\[1\].warnings\[0\].region: must be a list of 4"),
        (["crops", 1, "warnings", 0, "region", 3], "1", r"crops\[1\].warnings\[0\].region\[3\]: must be a finite numb"),
        *((["crops", 0, "score"], number, r"crops\[0\].score: must be a finite number") for number in NUMBERS),
        *((["crops", 0, "kept"], number, r"crops\[0\].kept: must be a finite number") for number in NUMBERS),
        (["crops", 0, "framing"], "half-figure", r'crops\[0\].framing: must be one of close-up, .*, got "half-figure"'),
        (["crops", 0, "subject"], "head", r"crops\[0\].subject: "),
        (
            ["crops", 0, "subject"],
            {"kind": "face", "box": [0, 0, 1, 1], "label": "", "confidence": 1},
            r"crops\[0\].subject.kind",
        ),
        (
            ["crops", 0, "subject"],
            {"kind": "head", "box": [0, 0, 0, 1], "label": "", "confidence": 1},
            r"crops\[0\].subject.box",
        ),
        (
            ["crops", 0, "subject"],
            {"kind": "head", "box": [0, 0, 1, 1], "label": "", "confidence": 2},
            r"crops\[0\].subject.conf",
        ),
        (["crops", 0, "confidence"], "1", r'crops\[0\].confidence: must be a finite number, got "1"'),
    ],
)
def test_a_malformed_field_is_named_with_file_and_line(tmp_path, place, value, message):
    (tmp_path / "m.jsonl").write_text(f"{format_line(RECORD)}\n{changed(place, value)}\n", "utf-8")
    with pytest.raises(ValueError, match=rf"m\.jsonl, line 2: {message}"):
        list(read_manifest(tmp_path / "m.jsonl"))


@pytest.mark.parametrize(
    "line", ["", "[]", "3", "null", "nonsense", '{"source": "y", "si', "[" * 100_000, '"' + "x" * 999 + '"', "9" * 9999]
)
def test_what_is_no_line_of_a_manifest_is_refused_in_few_words(line):
    with pytest.raises(ValueError, match="not a manifest line") as error:
        parse_line(line)
    assert len(str(error.value)) < 200


def test_bytes_that_are_no_text_name_their_line(tmp_path):
    (tmp_path / "m.jsonl").write_bytes(format_line(RECORD).encode() + b"\n\xff\xfe\n")
    with pytest.raises(ValueError, match="m.jsonl, line 2: "):
        list(read_manifest(tmp_path / "m.jsonl"))


def test_records_before_a_malformed_line_are_still_given(tmp_path):
    (tmp_path / "m.jsonl").write_text(f"{format_line(RECORD)}\n{{", "utf-8")
    assert next(read_manifest(tmp_path / "m.jsonl")) == RECORD


@pytest.mark.parametrize(("record", "name"), [(RECORD, "status"), (CROP, "file")])
def test_records_cannot_change_and_are_small(record, name):
    with pytest.raises(AttributeError):
        setattr(record, name, "x")
    assert not hasattr(record, "__dict__")  # there are thousands


def test_a_failed_record_keeps_what_is_known_and_has_no_crops():
    assert RECORD.as_failed("gone") == PictureRecord("sub/ü.jpg", (120, 80), "failed", "gone")

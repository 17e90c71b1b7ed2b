"""One bad picture, caption or mask fails alone, by name, and the run goes on to its end."""

import io
import json
import os
import struct

import numpy as np
import pytest
from PIL import Image

from salient_crop.bucketing.grids import parse_grid
from salient_crop.cropping.constraint import Constraint
from salient_crop.cropping.ratio import Ratio
from salient_crop.datasets.formats import FORMATS, get_format
from salient_crop.datasets.manifest import FAILED, OK, read_manifest
from salient_crop.images.decode import Picture
from salient_crop.jobs import stages
from salient_crop.jobs.settings import BucketSettings

LONGEST = 255  # bytes of a file's name on nearly every file system


def outcomes(out):
    """Status and reason of each picture."""
    return {record.source: (record.status, record.reason) for record in read_manifest(out / "manifest.jsonl")}


def failures(folder, settings=None):
    """The reasons of the pictures that failed in a run; all others have their crops, whole."""
    outcome = folder.crop(settings)
    records = list(read_manifest(folder.out / "manifest.jsonl"))
    for record in records:
        for crop in record.crops:
            with Image.open(folder.out / crop.file) as image:
                image.load()
                assert image.size == crop.target_size[::-1]
    failed = {record.source: record.reason for record in records if record.status == FAILED}
    assert outcome.failed == len(failed)
    assert not [name for name in folder.tree() if name.endswith(".part")]
    return failed


def buckets(dataset="plain", sizes="64x64,96x64"):
    return {"buckets": BucketSettings(parse_grid(sizes), smallest=1), "dataset": get_format(dataset)()}


@pytest.mark.skipif(os.name == "nt", reason="names of other lengths")
@pytest.mark.parametrize("length", [238, 241, 242, 246, 250, 251, 254, 255])
@pytest.mark.parametrize("sorted", [False, True])
def test_a_name_as_long_as_the_file_system_allows_has_a_crop(folder, length, sorted):
    name = "x" * (length - 4) + ".png"
    folder.add(name)
    settings = folder.settings(**(buckets() if sorted else {}))
    assert failures(folder, settings) == {}
    assert outcomes(folder.out)[name] == (OK, None)
    if not sorted:
        assert folder.crop(settings).resumed == 4


@pytest.mark.skipif(os.name == "nt", reason="names of other lengths")
@pytest.mark.parametrize("dataset", list(FORMATS))
def test_a_name_that_is_too_long_for_a_crop_fails_alone(folder, dataset):
    deep = "y" * 150 + "/" + "z" * 150 + ".png"  # one name in the formats that read no folders
    folder.add(deep)
    settings = folder.settings(**buckets(dataset))
    failed = failures(folder, settings)
    if settings.dataset.reads_subfolders:
        assert failed == {}
    else:
        assert failed == {deep: "its crop cannot be written: File name too long"}


def write_captions(folder, *lines):
    (folder.photos / "metadata.jsonl").write_bytes(b"\n".join(lines))


def line(name, text):
    return json.dumps({"file_name": name, "text": text}).encode()


@pytest.mark.parametrize("dataset", list(FORMATS))
@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (line("b.png", "half \ud800"), r'the entry "b.png": holds half a character, \ud800, which no text file can'),
        (line("b.png", ["a"]), 'the entry "b.png": text: must be a text, got ["a"]'),
        (b'{"file_name": "b.png", "text": "cut of', "line 2 is not JSON (Unterminated string starting at"),
        (b'{"file_name": "b.png", "text": ' + b"[" * 100_000, "line 2 is not JSON (lists or objects within too many"),
        (b'{"file_name": "b.png", "text": "\xff"}', "line 2 is not JSON ('utf-8' codec can't decode byte 0xff"),
    ],
)
def test_one_bad_caption_in_a_file_of_many_fails_its_picture_alone(folder, dataset, bad, reason):
    write_captions(folder, line("a.png", "a"), bad, line("trip/c.png", "c\u2028d\x85e"))
    failed = failures(folder, folder.settings(**buckets(dataset)))
    assert list(failed) == ["b.png"]
    assert failed["b.png"].startswith(f"metadata.jsonl: damaged: {reason}")


@pytest.mark.parametrize("mark", ["\u2028", "\u2029", "\x85", "\x0b", "\x1c", "\x7f", "\u202e", "\U000e0001"])
def test_a_data_set_of_our_own_can_be_read_again_whatever_ends_a_line_in_its_captions(folder, mark):
    write_captions(folder, *(line(name, f"one{mark}two") for name in ("a.png", "b.png", "trip/c.png")))
    failures(folder, folder.settings(**buckets("diffusers")))
    text = (folder.out / "metadata.jsonl").read_text("utf-8")
    assert len(text.splitlines()) == 3  # Python's own idea of a line
    assert {json.loads(each)["text"] for each in text.splitlines()} == {f"one{mark}two"}
    folder.photos, folder.out = folder.out, folder.out.with_name("again")
    assert failures(folder, folder.settings(**buckets("diffusers"))) == {}
    assert {json.loads(each)["text"] for each in (folder.out / "metadata.jsonl").open(encoding="utf-8")} == {
        f"one{mark}two"
    }


@pytest.mark.parametrize(("format", "longest", "able"), [("webp", 16_383, "jpg or png"), ("jpg", 65_500, "png")])
def test_a_crop_with_a_longer_side_than_its_format_has_fails_alone(folder, format, longest, able):
    Image.new("L", (longest + 1, 1), 200).save(folder.photos / "wide.png")
    Image.new("L", (longest, 1), 200).save(folder.photos / "wide enough.png")
    # Each picture keeps its own shape.
    constraint = Constraint((Ratio(1, 1), Ratio(longest, 1), Ratio(longest + 1, 1)))
    failed = failures(folder, folder.settings(constraint=constraint, format=format))
    limit = f"a {format} has at most {longest:,} a side; choose {able}"
    assert failed["wide.png"] == f"wide.{format}: {longest + 1}×1 pixels, but {limit}"
    assert "wide enough.png" not in failed


def test_a_canvas_that_no_memory_holds_fails_alone(folder):
    Image.new("L", (5000, 2500), 200).save(folder.photos / "large.png")
    constraint = Constraint((Ratio(32, 1),), keep=((0.0, 0.0, 1.0, 1.0),), policy="pad")
    failed = failures(folder, folder.settings(constraint=constraint))
    assert failed == {"large.png": "a crop of 79984×2500 pixels, over the limit of 178,956,970"}


@pytest.mark.parametrize(
    "error", [MemoryError(), OverflowError("x"), ValueError("x"), RuntimeError("x"), RecursionError()]
)
@pytest.mark.parametrize("place", ["cut", "encode"])
def test_whatever_else_goes_wrong_with_one_picture_fails_it_alone(folder, monkeypatch, error, place):
    def fail_for_b(is_b, work):
        def worked(*arguments, **more):
            if is_b(*arguments):
                raise error
            return work(*arguments, **more)

        return worked

    if place == "cut":
        monkeypatch.setattr(Picture, "crop", fail_for_b(lambda picture, *_: picture.path.name == "b.png", Picture.crop))
    else:
        written = fail_for_b(lambda _, file, *more: file.startswith("b"), stages.encode)
        monkeypatch.setattr(stages, "encode", written)
    for settings in (folder.settings(), folder.settings(**buckets())):
        failed = failures(folder, settings)
        assert list(failed) == ["b.png"]
        assert failed["b.png"].startswith("could not be cropped: ")


@pytest.mark.parametrize("dataset", list(FORMATS))
def test_pictures_of_a_pixel_or_two_stop_nothing(folder, dataset):
    for index, size in enumerate([(1, 1), (1, 2), (2, 1), (1, 40), (40, 1), (3, 5)]):
        folder.add(f"small {index}.png", size)
    assert failures(folder, folder.settings(**buckets(dataset, "16x16,32x16,16x32"))) == {}


def test_what_the_encoder_refuses_is_told_of_the_picture(folder, monkeypatch):
    def refuse(self, file, kind, **options):
        raise OSError("encoder error -2")

    monkeypatch.setattr(Image.Image, "save", refuse)
    folder.crop()
    assert set(outcomes(folder.out).values()) == {
        (FAILED, f"{name}.jpg: 32×32 pixels cannot be encoded as jpg: encoder error -2") for name in "ab"
    } | {(FAILED, "c.jpg: 40×40 pixels cannot be encoded as jpg: encoder error -2")}


def damaged_tiff(compression, seed=0):
    file = io.BytesIO()
    noise = np.random.default_rng(seed).integers(0, 255, (64, 64, 3), np.uint8)
    Image.fromarray(noise).save(file, "TIFF", compression=compression)
    content = bytearray(file.getvalue())
    (directory,) = struct.unpack("<I", content[4:8])
    start, end = (8, directory) if directory > 9000 else (directory + 400, len(content))
    for place in np.random.default_rng(seed).integers(start, end, 40):
        content[place] ^= 0x55
    return bytes(content)


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_adobe_deflate"])
def test_what_libtiff_says_is_in_the_reason_and_not_on_the_terminal(folder, capfd, compression):
    (folder.photos / "b.png").write_bytes(damaged_tiff(compression))
    capfd.readouterr()
    failed = failures(folder)
    assert list(failed) == ["b.png"]
    assert failed["b.png"].startswith("damaged: decoder error -2 (")
    assert capfd.readouterr() == ("", "")

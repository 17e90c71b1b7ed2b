"""`preview` of manifests that somebody else has written: each line is a picture or fails alone, and nothing leaks."""

import json
import os
import random
import re
from copy import deepcopy

import numpy as np
import pytest
from crafted_json import DEEP, NUMBERS, OTHERS, TEXTS, crafted
from made_pictures import save_picture, tree
from PIL import Image

from salient_crop.cli.main import main

NEVER_PRINTED = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
SECRET = (255, 0, 255)  # the colour of a picture outside the folder, which no sheet has


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Pictures and a manifest of them, and beside the folder a picture that is nobody's business."""
    home = tmp_path_factory.mktemp("crafted")
    photos = home / "photos"
    save_picture(photos / "a.png", (48, 32), 0)
    save_picture(photos / "sub" / "b.png", (32, 48), 1)
    (photos / "no picture.png").write_text("none")
    (home / "secret").mkdir()
    Image.new("RGB", (48, 32), SECRET).save(home / "secret" / "s.png")
    if os.name != "nt":
        (photos / "link.png").symlink_to(home / "secret" / "s.png")
        (photos / "linked").symlink_to(home / "secret")
    Image.new("RGB", (48, 32), SECRET).save(home / "s.png")
    words = ["crop", str(photos), "--out", str(home / "out"), "--cropper", "centre", "--ratios", "1:1,2:3", "--each"]
    assert main(words) == 1
    return home


@pytest.fixture
def preview(home, capfd):
    """Draws the sheet of a manifest of these lines; returns the status and what was printed."""

    def draw(lines, *words, record=None):
        manifest, sheet = home / "crafted" / "manifest.jsonl", home / "crafted" / "sheet.png"
        manifest.parent.mkdir(exist_ok=True)
        for old in manifest.parent.iterdir():
            old.unlink()
        manifest.write_bytes(b"\n".join(each if isinstance(each, bytes) else each.encode() for each in lines))
        record = (home / "out" / "manifest.run.json").read_bytes() if record is None else record
        manifest.with_name("manifest.run.json").write_bytes(record)
        before = tree(home)
        capfd.readouterr()
        status = main(["preview", str(manifest), "--out", str(sheet), "--workers", "2", *words])
        printed = capfd.readouterr()
        assert not NEVER_PRINTED.search(printed.out + printed.err)
        assert status in (0, 1, 2)
        assert sheet.exists() == (status != 2)
        after = tree(home)
        if status == 2:
            assert printed.err.splitlines()[-1].startswith("salient-crop: ")
        else:
            pixels = np.asarray(Image.open(sheet).convert("RGB")).astype(int)
            assert (np.abs(pixels - SECRET).sum(axis=2) < 12).sum() < 200  # a photograph may have a pixel or two
            del after["crafted/sheet.png"]
        assert after == before
        return status, printed

    return draw


@pytest.fixture(scope="module")
def records(home):
    return [json.loads(line) for line in (home / "out" / "manifest.jsonl").read_text("utf-8").splitlines()]


@pytest.mark.parametrize("seed", range(8))
def test_whatever_its_lines_say_a_manifest_is_drawn_or_refused(preview, records, seed):
    chance = random.Random(seed)
    lines = [crafted(records, chance) for _ in range(25)]
    status, _ = preview([*lines, json.dumps(records[0])])
    assert status in (0, 1)
    assert preview(lines, "--doubtful", "10")[0] in (0, 1, 2)


@pytest.mark.parametrize("seed", range(2))
def test_whatever_the_record_of_its_run_says(preview, home, records, seed):
    chance = random.Random(seed)
    good = json.loads((home / "out" / "manifest.run.json").read_text("utf-8"))
    for _ in range(10):
        record = crafted([good], chance)
        status, printed = preview([json.dumps(records[0])], record=record.encode("utf-8", "surrogatepass"))
        assert status in (0, 2), (record, printed)
    for value in chance.sample([*TEXTS, *NUMBERS, *OTHERS], 10):
        record = json.dumps({**good, chance.choice(("cropper", "folder")): value}).encode()
        assert preview([json.dumps(records[0])], record=record)[0] in (0, 1, 2)


@pytest.mark.parametrize("record", [b"", b"\xff", DEEP.encode(), b"[]", b"5", b'{"folder": "\\ud800", "cropper": []}'])
def test_a_record_that_says_nothing_needs_source(preview, home, records, record):
    status, printed = preview([json.dumps(records[0])], record=record)
    assert (status, "--source" in printed.err) == (2, True)
    assert preview([json.dumps(records[0])], "--source", str(home / "photos"), record=record)[0] == 0


BROKEN = [
    "",
    "{",
    "[]",
    "null",
    DEEP,
    '{"a":' * 5000,
    "\0",
    b"\xff\xfe",
    '{"source": "\\ud800"}',
    "9" * 5000,
    "x" * 200_000,
]


@pytest.mark.parametrize("broken", BROKEN)
def test_a_broken_line_among_good_ones_fails_alone_by_its_number(preview, records, broken):
    good = json.dumps(next(each for each in records if each["source"] == "a.png"))
    status, printed = preview([good, broken, good])
    assert (status, printed.out.partition(" in ")[0]) == (1, "3 of 3 pictures")


@pytest.mark.parametrize("broken", BROKEN[1:])
def test_lines_of_which_none_is_a_record_are_no_manifest(preview, broken):
    status, printed = preview([broken, broken])
    assert status == 2
    assert "manifest.jsonl, line 1: " in printed.err


@pytest.mark.skipif(os.name == "nt", reason="links")
@pytest.mark.parametrize("source", ["link.png", "linked/s.png", "../secret/s.png", "sub/../../s.png"])
def test_no_picture_from_outside_its_folder_is_drawn(preview, records, source):
    record = {**records[0], "source": source}
    assert preview([json.dumps(record), json.dumps(records[0])])[0] in (0, 1)


@pytest.mark.skipif(os.name == "nt", reason="links")
def test_what_links_lead_to_is_drawn_where_that_is_asked_for(home, records, tmp_path):
    record = {**next(each for each in records if each["source"] == "a.png"), "source": "link.png"}
    manifest, sheet = tmp_path / "manifest.jsonl", tmp_path / "sheet.png"
    manifest.write_text(json.dumps(record))
    words = ["preview", str(manifest), "--source", str(home / "photos"), "--cropper", "centre", "--out", str(sheet)]
    secret = []
    for more in ([], ["--follow-links"]):
        assert main([*words, *more]) == 0
        secret.append((np.asarray(Image.open(sheet).convert("RGB")) == SECRET).all(axis=2).any())
    assert secret == [False, True]


@pytest.mark.parametrize(
    "crop",
    [
        {"box": [2**53, 0, 1, 1]},
        {"box": [-(2**53), -(2**53), 2**53, 2**53]},
        {"box": [0, 0, 2**53, 1]},
        {"box": [0, 0, 2**53, 2**53]},
        {"box": [-1, -1, 1, 1]},
        {"box": [47, 31, 1, 1]},
        {"box": [-(10**6), 0, 2 * 10**6, 1]},
        {"kept": 1e308, "confidence": -1e308},
        {"target_size": [2**53, 2**53], "ratio": "9999:1"},
        {"warnings": [{"code": "x" * 1000, "words": "y\n" * 1000, "region": [-1e300, 1e300, 0, 5e-324]}] * 50},
    ],
)
@pytest.mark.parametrize("times", [1, 100])
def test_a_crop_of_any_numbers_is_drawn_or_fails_alone(preview, records, crop, times):
    record = deepcopy(next(each for each in records if each["source"] == "a.png"))
    record["crops"] = [{**record["crops"][0], **crop}] * times
    status, printed = preview([json.dumps(record), json.dumps(records[0])])
    assert status == 0
    assert printed.out.startswith("2 of 2 pictures")


def test_names_of_any_length_and_kind_are_drawn(preview, records):
    lines = [json.dumps({**records[0], "status": "failed", "source": f"a{text}", "reason": text}) for text in TEXTS]
    assert preview(lines)[0] == 1

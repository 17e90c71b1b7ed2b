"""Crop Folder: look first, correct and approve, then write; and whatever was decided stays decided."""

import json

import numpy as np
import pytest
from PIL import Image
from wires import SIZES, read_tree, save_folder

from salient_crop.datasets.deduplicate import hash_file
from salient_crop.jobs.executors.batches import Analyser

SMALL = {"folder": "set", "ratio": "1:1", "format": "png"}
DRAWN = [7, 3, 350, 350]


@pytest.fixture
def crop(nodes, run, host):
    """Calls the node; returns the records of its manifest by the picture's name, and what it shows."""
    save_folder(host)
    (host.base / "input" / "set" / "broken.png").unlink(missing_ok=True)
    (cropper,) = run("LoadCropper", cropper="smartcrop")

    def call(**given):
        node = nodes["SalientCrop_CropFolder"]
        defaults = {each.id: each.default for each in node.define_schema().inputs if hasattr(each, "default")}
        output = node.execute(**{**defaults, **SMALL, "cropper": cropper, **given})
        with open(output.result[0], encoding="utf-8") as lines:
            return {line["source"]: line for line in map(json.loads, lines)}, output.ui

    return call


@pytest.fixture
def out(host):
    return host.base / "output" / "crops"


@pytest.fixture
def digest(host):
    return lambda name: hash_file(host.base / "input" / "set" / name)


def decide(**decisions):
    return {"pictures": decisions}


def test_a_preview_writes_no_crop_and_offers_every_picture(crop, out, digest):
    records, shown = crop(mode="preview")
    assert not list(out.rglob("*.png")) and (out / "preview.jsonl").is_file()
    assert shown["salient_crop"][0]["words"].startswith("Preview: 8 of 8 pictures, 8 crops. Nothing is written yet")
    items = shown["salient_crop_editor"]
    assert [each["name"] for each in items] == [f"p{index}.png" for index in range(8)]
    assert [tuple(each["size"]) for each in items] == SIZES
    for each in items:
        assert each["digest"] == digest(each["name"])
        assert list(each["box"]) == records[each["name"]]["crops"][0]["box"] == each["best"]
        assert each["others"] and each["kept"] is None


def test_what_is_approved_is_written_to_the_pixel_and_honoured_by_every_later_run(crop, out, digest, host):
    decided = decide(**{digest("p0.png"): {"decision": "box", "box": DRAWN}})
    decided["pictures"][digest("p1.png")] = {"decision": "drop", "box": [0, 0, 400, 400]}
    previewed, _ = crop(mode="preview", corrections=decided)
    assert previewed["p0.png"]["crops"][0]["box"] == DRAWN
    written, _ = crop(corrections=decided)
    source = np.asarray(Image.open(host.base / "input" / "set" / "p0.png"))
    assert (np.asarray(Image.open(out / "p0.png")) == source[3:353, 7:357]).all()
    assert written["p1.png"]["status"] == "dropped" and not (out / "p1.png").exists()
    before = read_tree(out)
    (host.base / "input" / "set" / "p0.png").rename(host.base / "input" / "set" / "z.png")
    again, _ = crop()  # by content, and without the workflow that had them
    assert again["z.png"]["crops"][0]["box"] == DRAWN and again["p1.png"]["status"] == "dropped"
    assert {name: before[name] for name in before if name.startswith("p2")}.items() <= read_tree(out).items()


def test_a_correction_can_be_taken_back_for_good(crop, out, digest):
    as_found, _ = crop()
    crop(corrections=decide(**{digest("p0.png"): {"decision": "box", "box": DRAWN}}))
    _, shown = crop(mode="preview")
    (item,) = [each for each in shown["salient_crop_editor"] if each["name"] == "p0.png"]
    assert item["kept"] == {"decision": "box", "box": DRAWN} and list(item["box"]) == DRAWN
    assert item["best"] == as_found["p0.png"]["crops"][0]["box"]
    assert crop(corrections=decide(**{digest("p0.png"): None}))[0] == as_found
    assert crop()[0] == as_found  # nor does the folder's record remember it


def test_a_preview_leaves_what_was_written_alone(crop, out, digest):
    crop()
    before = read_tree(out)
    crop(mode="preview", corrections=decide(**{digest("p0.png"): {"decision": "box", "box": DRAWN}}))
    after = read_tree(out)
    assert {name: after[name] for name in before if not name.startswith(".salient-crop")} == {
        name: content for name, content in before.items() if not name.startswith(".salient-crop")
    }
    records, _ = crop()
    assert records["p0.png"]["crops"][0]["box"] != DRAWN


def test_another_preview_looks_only_at_what_has_changed(crop, digest, monkeypatch):
    monkeypatch.setattr("salient_crop.nodes.crop_folder.is_connected", lambda *_: False)  # no sheet, which shows heat
    crop(mode="preview")
    looked, analyse = [], Analyser.analyse
    monkeypatch.setattr(Analyser, "analyse", lambda self, thumbnail: (looked.append(1), analyse(self, thumbnail))[1])
    _, shown = crop(mode="preview", corrections=decide(**{digest("p0.png"): {"decision": "box", "box": DRAWN}}))
    assert len(looked) == 1  # its warnings are those of the box that was drawn
    assert len(shown["salient_crop_editor"]) == 8


def test_with_buckets_the_plan_is_shown_and_a_drawn_box_goes_to_the_bucket_of_its_ratio(crop, out, digest):
    given = {"buckets": "512x512,448x576", "resolution": 512, "smallest": 1}
    records, shown = crop(mode="preview", **given)
    assert shown["salient_crop"][0]["bars"]
    by_name = {each["name"]: each for each in shown["salient_crop_editor"]}
    assert {tuple(each["bucket"]) for each in by_name.values()} <= {(512, 512), (448, 576)}
    decided = decide(**{digest("p2.png"): {"decision": "box", "box": [10, 20, 280, 360]}})
    written, _ = crop(corrections=decided, **given)
    assert written["p2.png"]["crops"][0]["bucket"] == [448, 576]
    assert Image.open(out / written["p2.png"]["crops"][0]["file"]).size == (448, 576)


def test_with_buckets_too_another_preview_and_the_run_that_writes_look_only_at_what_has_changed(
    crop, out, digest, monkeypatch
):
    monkeypatch.setattr("salient_crop.nodes.crop_folder.is_connected", lambda *_: False)  # no sheet, which shows heat
    looked, analyse = [], Analyser.analyse
    monkeypatch.setattr(Analyser, "analyse", lambda self, thumbnail: (looked.append(1), analyse(self, thumbnail))[1])
    given = {"buckets": "512x512,448x576", "resolution": 512, "smallest": 1}
    apart, _ = crop(save_to="apart", **given)
    looked.clear()
    crop(mode="preview", **given)
    looked.clear()
    crop(mode="preview", **given)
    assert not looked
    decided = decide(**{digest("p2.png"): {"decision": "box", "box": [10, 20, 280, 360]}})
    crop(mode="preview", corrections=decided, **given)
    assert len(looked) == 2  # once for the plan, and once for the words of the editor
    looked.clear()
    written, _ = crop(corrections=decided, **given)
    assert not looked
    assert written["p2.png"]["crops"][0]["box"] == [10, 20, 280, 360]
    assert {name: each for name, each in written.items() if name != "p2.png"} == {
        name: each for name, each in apart.items() if name != "p2.png"
    }
    crop(**{**given, "buckets": "512x512"})
    assert len(looked) == 8  # measured for other buckets


@pytest.mark.parametrize("value", [{"pictures": {"x": None}}, {"pictures": []}, {"pictures": {"0" * 32: {}}}])
def test_corrections_that_somebody_made_up_are_refused(crop, value):
    with pytest.raises(ValueError, match="^corrections: "):
        crop(corrections=value)

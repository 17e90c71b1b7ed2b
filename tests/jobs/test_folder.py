"""A folder into a folder: what is done again, what is kept, and what a person is told of it."""

import json
import os
import shutil
from dataclasses import replace

import pytest
import torch
from PIL import Image

from salient_crop.cli import main as cli
from salient_crop.cropping.ratio import Ratio
from salient_crop.datasets.manifest import read_manifest
from salient_crop.jobs import settings as settings_module
from salient_crop.models import registry


def boxes(out):
    return [crop.box for record in read_manifest(out / "manifest.jsonl") for crop in record.crops]


def test_a_second_run_does_nothing_again_and_says_nothing(folder):
    first = folder.crop()
    assert (first.pictures, first.crops, first.resumed, first.notes) == (3, 3, 0, ())
    before = folder.tree()
    again = folder.crop()
    assert (again.pictures, again.crops, again.resumed, again.notes) == (3, 3, 3, ())
    assert not folder.steps
    assert folder.tree() == before


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"constraint_ratios": (Ratio(2, 3),)}, "ratios: 1:1 → 2:3"),
        ({"constraint_policy": "pad"}, "policy: shrink → pad"),
        ({"background": (0, 0, 0)}, "background: 255, 255, 255 → 0, 0, 0"),
        ({"resolution": 16}, "resolution: none → 16"),
        ({"format": "png"}, "format: jpg → png"),
        ({"follow_links": True}, "follow_links: false → true"),
    ],
)
def test_with_other_settings_everything_is_done_again_and_the_difference_is_named(
    folder, with_settings, changes, named
):
    folder.crop()
    other = with_settings(folder.settings(), **changes)
    outcome = folder.crop(other)
    assert outcome.resumed == 0
    assert outcome.notes == (f"settings differ from the last run ({named}); all pictures are done again",)
    fresh = folder.out.with_name("fresh")
    folder.crop(other, out=fresh)
    assert folder.tree(fresh).items() <= folder.tree().items()


def test_a_later_version_of_the_format_does_everything_again(folder, monkeypatch):
    folder.crop()
    monkeypatch.setattr(settings_module, "FORMAT_VERSION", settings_module.FORMAT_VERSION + 1)
    outcome = folder.crop()
    assert outcome.resumed == 0
    assert "format_version: 1 → 2" in outcome.notes[0]


def test_what_changes_no_byte_does_nothing_again(folder):
    folder.crop()
    assert folder.crop(replace(folder.settings(), checkpoint="copy.safetensors"), workers=3).resumed == 3


def test_a_record_of_an_older_form_does_everything_again(folder):
    folder.crop()
    record = folder.out / "manifest.run.json"
    record.write_text(json.dumps({"folder": "../photos", "cropper": "scripted", "ratios": ["1:1"]}), "utf-8")
    outcome = folder.crop()
    assert outcome.resumed == 0
    assert outcome.notes == ("the last run noted its settings in an older form; all pictures are done again",)


def test_many_differences_are_counted(folder, with_settings):
    folder.crop()
    other = with_settings(
        folder.settings(), constraint_ratios=(Ratio(2, 3),), constraint_policy="pad", constraint_min_share=0.5
    )
    other = replace(other, format="png", resolution=16, background=None, enlarge=False, follow_links=True)
    (note,) = folder.crop(other).notes
    assert "background: 255, 255, 255 → none, " in note
    assert note.endswith(" and 2 more); all pictures are done again")


def test_other_weights_of_the_same_cropper_crop_everything_again(folder, scripted):
    left, right = scripted(0.1, 0.1), scripted(0.9, 0.9)
    folder.crop(cropper=left)
    before = boxes(folder.out)
    outcome = folder.crop(cropper=right)
    assert outcome.resumed == 0
    assert f"weights: {left.digest[:8]}… → {right.digest[:8]}…" in outcome.notes[0]
    assert boxes(folder.out) != before


def test_settings_for_another_cropper_are_refused(folder, scripted):
    with pytest.raises(ValueError, match="made for other weights"):
        folder.crop(folder.settings(scripted(0.1)), scripted(0.2))
    assert not folder.out.exists()


def test_crop_folder_with_another_checkpoint_keeps_no_crop_of_the_first(nodes, host, scripted):
    """The node, as in the workflow of a user who compares two checkpoints of one architecture."""
    from salient_crop.nodes.hosted_cropper import HostedCropper

    (host.base / "input" / "set").mkdir()
    Image.new("RGB", (60, 40), "grey").save(host.base / "input" / "set" / "a.png")
    node = nodes["SalientCrop_CropFolder"]
    given = {each.id: each.default for each in node.define_schema().inputs if hasattr(each, "default")}
    given |= {"folder": "set", "ratio": "1:1"}
    first, second = scripted(0.1), scripted(0.9)
    node.execute(**given, cropper=HostedCropper(first))
    (left,) = boxes(host.base / "output" / "crops")
    report = node.execute(**given, cropper=HostedCropper(second)).result[1]
    (right,) = boxes(host.base / "output" / "crops")
    assert left[0] < right[0]
    assert "done before" not in report
    assert f"weights: {first.digest[:8]}… → {second.digest[:8]}…" in report
    assert "1 had been done before" in node.execute(**given, cropper=HostedCropper(second)).result[1]


def test_the_command_after_an_upgrade_of_the_bundled_weights_keeps_no_old_crop(folder, scripted, monkeypatch, capsys):
    left, right = scripted(0.1, 0.1), scripted(0.9, 0.9)
    words = ["crop", str(folder.photos), "--out", str(folder.out), "--cropper", "focus", "--ratios", "1:1"]
    monkeypatch.setattr(registry, "BUNDLED", {"focus": lambda: left})
    assert cli.main(words) == 0
    before = boxes(folder.out)
    monkeypatch.setattr(registry, "BUNDLED", {"focus": lambda: right})
    capsys.readouterr()
    assert cli.main(words) == 0
    shown = capsys.readouterr()
    assert "done before" not in shown.out
    assert f"settings differ from the last run (weights: {left.digest[:8]}… → {right.digest[:8]}…)" in shown.err
    assert boxes(folder.out) != before
    assert cli.main(words) == 0
    assert "3 had been done before" in capsys.readouterr().out


def test_a_stopped_run_of_other_settings_is_not_gone_on_with(folder, with_settings):
    class Stop(Exception):
        pass

    def stop(step):
        if step.done == 2:
            raise Stop

    with pytest.raises(Stop):
        folder.crop(progress=stop)
    assert not (folder.out / "manifest.jsonl").exists()
    other = with_settings(folder.settings(), constraint_ratios=(Ratio(2, 3),))
    outcome = folder.crop(other)
    assert outcome.resumed == 0
    assert "ratios: 1:1 → 2:3" in outcome.notes[0]
    assert [(step.stage, step.done, step.total) for step in folder.steps] == [("cropping", i, 3) for i in (1, 2, 3)]


def test_a_stopped_run_goes_on_where_it_was(folder):
    class Stop(Exception):
        pass

    def stop(step):
        if step.done == 2:
            raise Stop

    with pytest.raises(Stop):
        folder.crop(progress=stop)
    outcome = folder.crop()
    assert (outcome.resumed, outcome.notes) == (2, ())
    assert [(step.stage, step.done, step.total, step.record.source) for step in folder.steps] == [
        ("cropping", 3, 3, "trip/c.png")
    ]
    fresh = folder.out.with_name("fresh")
    folder.crop(out=fresh)
    assert folder.tree() == folder.tree(fresh)


@pytest.mark.parametrize("change", ["picture", "caption", "crop is gone", "crop is older"])
def test_only_what_changed_is_done_again(folder, change):
    folder.crop()
    if change == "picture":
        folder.add("b.png", (32, 50), seed=9)
    elif change == "caption":
        (folder.photos / "b.txt").write_text("a caption", "utf-8")
    elif change == "crop is gone":
        (folder.out / "b.jpg").unlink()
    else:
        os.utime(folder.out / "b.jpg", (1, 1))
    outcome = folder.crop()
    assert outcome.resumed == 2
    assert [step.record.source for step in folder.steps] == ["b.png"]
    fresh = folder.out.with_name("fresh")
    folder.crop(out=fresh)
    assert folder.tree() == folder.tree(fresh)


def test_a_moved_tree_is_not_done_again(folder, tmp_path):
    folder.crop()
    (tmp_path / "elsewhere").mkdir()
    for name in ("photos", "out"):
        shutil.move(tmp_path / name, tmp_path / "elsewhere" / name)
    folder.photos, folder.out = tmp_path / "elsewhere" / "photos", tmp_path / "elsewhere" / "out"
    assert folder.crop().resumed == 3


def test_a_picture_that_fails_is_counted_and_its_reason_recorded(folder, scripted, monkeypatch):
    (folder.photos / "bad.jpg").write_text("no picture")
    analyse = scripted.analyse
    monkeypatch.setattr(
        scripted, "analyse", lambda self, images: 1 / 0 if images.shape[-1] == 32 else analyse(self, images)
    )
    outcome = folder.crop()
    assert (outcome.pictures, outcome.failed, outcome.crops) == (4, 2, 2)
    reasons = {record.source: record.reason for record in read_manifest(folder.out / "manifest.jsonl")}
    assert reasons["b.png"] == "could not be analysed: division by zero"
    assert reasons["bad.jpg"] == "not a picture in a format that can be read here"


def test_the_number_of_threads_of_torch_is_given_back(folder):
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        folder.crop()
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)

"""A folder into a folder: what is done again, what is kept, and what a person is told of it."""

import errno
import json
import os
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

import salient_crop
from salient_crop.cli import main as cli
from salient_crop.cropping.box import Box
from salient_crop.cropping.constraint import Constraint
from salient_crop.cropping.ratio import Ratio
from salient_crop.cropping.subject import Subject
from salient_crop.cropping.text_region import TextRegion
from salient_crop.datasets.ledger import LEDGER
from salient_crop.datasets.manifest import read_manifest
from salient_crop.datasets.output_folder import OutputFolder
from salient_crop.datasets.sidecars import Sidecars
from salient_crop.jobs import settings as settings_module
from salient_crop.jobs.per_subject import PerSubject
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
        ({"on_cut": "pad"}, "on_cut: keep → pad"),
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
    assert outcome.notes[0] == f"settings differ from the last run ({named}); all pictures are done again"
    fresh = folder.out.with_name("fresh")
    folder.crop(other, out=fresh)
    there, alone = ({name: tree[name] for name in tree if name != LEDGER} for tree in map(folder.tree, (None, fresh)))
    assert there == alone


def test_a_later_version_of_the_format_does_everything_again(folder, monkeypatch):
    folder.crop()
    version = settings_module.FORMAT_VERSION
    monkeypatch.setattr(settings_module, "FORMAT_VERSION", version + 1)
    outcome = folder.crop()
    assert outcome.resumed == 0
    assert f"format_version: {version} → {version + 1}" in outcome.notes[0]


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
    note, removed = folder.crop(other).notes
    assert "background: 255, 255, 255 → none, " in note
    assert note.endswith(" and 2 more); all pictures are done again")
    assert removed == "removed: 3 crops of the last run, under names that this one does not use"


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


@pytest.mark.parametrize("change", ["picture", "caption", "crop is gone"])
def test_only_what_changed_is_done_again(folder, change):
    folder.crop()
    if change == "picture":
        folder.add("b.png", (32, 50), seed=9)
    elif change == "caption":
        (folder.photos / "b.txt").write_text("a caption", "utf-8")
    else:
        (folder.out / "b.jpg").unlink()
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


# What is written


def test_every_picture_is_cropped_in_its_place_and_no_source_is_changed(folder):
    folder.add("a.jpg", (60, 40), 7)  # a namesake of a.png
    (folder.photos / "trip" / "c.txt").write_text("a caption", "utf-8")
    before = folder.tree(folder.photos)
    folder.crop(folder.settings(constraint=Constraint((Ratio(1, 1), Ratio(2, 3), Ratio(3, 2)))))
    assert folder.tree(folder.photos) == before
    records = list(read_manifest(folder.out / "manifest.jsonl"))
    assert [record.source for record in records] == ["a.jpg", "a.png", "b.png", "trip/c.png"]
    assert [crop.file for record in records for crop in record.crops] == [
        *("a_jpg.jpg", "a_png.jpg", "b.jpg", "trip/c.jpg")
    ]
    for record in records:
        (crop,) = record.crops
        (x, y, width, height), ratio = crop.box, Ratio.parse(crop.ratio)
        assert ratio in (Ratio(1, 1), Ratio(2, 3), Ratio(3, 2))
        assert abs(width - height * ratio.value) <= max(1, ratio.value)
        assert 0 <= x <= x + width <= record.size[0]
        assert 0 <= y <= y + height <= record.size[1]
        assert Image.open(folder.out / crop.file).size == (width, height)
        assert (crop.target_size, crop.original_size) == ((height, width), record.size[::-1])
        assert crop.crop_coords == (y, x)
    assert (folder.out / "trip" / "c.txt").read_text("utf-8") == "a caption"


def test_with_each_there_is_a_folder_for_every_ratio(folder):
    (folder.photos / "trip" / "c.txt").write_text("a caption", "utf-8")
    constraint = Constraint((Ratio(1, 1), Ratio(2, 3)))
    outcome = folder.crop(folder.settings(constraint=constraint, each=True, resolution=64, format="png"))
    assert (outcome.pictures, outcome.crops) == (3, 6)
    for record in read_manifest(folder.out / "manifest.jsonl"):
        assert [crop.ratio for crop in record.crops] == ["1:1", "2:3"]
        assert [Image.open(folder.out / crop.file).size for crop in record.crops] == [(64, 64), (48, 72)]
    assert (folder.out / "1x1" / "trip" / "c.txt").exists() and (folder.out / "2x3" / "trip" / "c.txt").exists()


# Of 48×32, a square of 32×32 is narrower than this head.
CLOSE = Subject(0.1, 0.2, 0.9, 0.8, kind="face")


def test_a_picture_whose_head_is_cut_off_is_kept_and_named_before_all_others(folder, scripted):
    outcome = folder.crop(cropper=scripted(subjects=[CLOSE]))
    assert (outcome.crops, outcome.warned, outcome.heads_cut) == (3, 1, 1)
    assert outcome.first_warned == ("a.png: a head in the middle is cut off: 17 % of it is outside the crop",)


def test_a_picture_whose_head_is_cut_off_is_dropped_with_its_reason(folder, scripted):
    cropper = scripted(subjects=[CLOSE])
    dropping = folder.settings(cropper, on_cut="drop")
    outcome = folder.crop(dropping, cropper)
    assert (outcome.pictures, outcome.crops, outcome.dropped, outcome.failed, outcome.warned) == (3, 2, 1, 0, 0)
    first = next(read_manifest(folder.out / "manifest.jsonl"))
    assert (first.status, first.crops) == ("dropped", ())
    assert first.reason == "a head in the middle is cut off: 17 % of it is outside the crop"
    assert {path.name for path in folder.out.rglob("*.jpg")} == {"b.jpg", "c.jpg"}
    assert folder.crop(dropping, cropper).resumed == 3


def test_a_crop_that_was_kept_before_is_removed_when_it_is_dropped(folder, scripted):
    (folder.photos / "a.txt").write_text("a caption")
    Image.new("L", (48, 32)).save(folder.photos / "a-masklabel.png")
    cropper = scripted(subjects=[CLOSE])
    folder.crop(cropper=cropper)
    (folder.out / "a.png").touch()  # not ours
    written = {"a.jpg", "a.txt", "masks/a.png"}
    assert written <= set(folder.tree())
    folder.crop(folder.settings(cropper, on_cut="drop"), cropper)
    assert not written & set(folder.tree())
    assert {"a.png", "b.jpg", "trip/c.jpg"} <= set(folder.tree())
    folder.crop(folder.settings(cropper, on_cut="keep"), cropper)
    assert written <= set(folder.tree())


def test_with_each_only_the_crops_that_cut_off_a_head_are_dropped(folder, scripted):
    cropper = scripted(subjects=[CLOSE])
    constraint = Constraint((Ratio(1, 1), Ratio(3, 2)))
    dropping = folder.settings(cropper, constraint=constraint, each=True, on_cut="drop")
    outcome = folder.crop(dropping, cropper)
    # In 32×48, a crop of 3:2 has 21 rows, and the head 29.
    kept = {each.source: [crop.file for crop in each.crops] for each in read_manifest(folder.out / "manifest.jsonl")}
    assert kept == {
        "a.png": ["3x2/a.jpg"],
        "b.png": ["1x1/b.jpg"],
        "trip/c.png": ["1x1/trip/c.jpg", "3x2/trip/c.jpg"],
    }
    assert (outcome.crops, outcome.dropped) == (4, 0)
    assert folder.crop(dropping, cropper).resumed == 3


def test_a_canvas_is_extended_where_the_head_does_not_fit(folder, scripted):
    cropper = scripted(subjects=[CLOSE])
    outcome = folder.crop(folder.settings(cropper, on_cut="pad", background=(0, 0, 255), format="png"), cropper)
    assert (outcome.crops, outcome.dropped, outcome.warned) == (3, 0, 1)
    assert boxes(folder.out)[0] == (1, -7, 46, 46)
    pixels = np.asarray(Image.open(folder.out / "a.png"))
    assert (pixels[[0, 6, 39, 45]] == (0, 0, 255)).all()
    assert not (pixels[7:39] == (0, 0, 255)).all(axis=2).any()
    assert boxes(folder.out)[1][2:] == (32, 32)


def test_every_crop_is_as_sure_as_it_is_alone(folder, scripted):
    folder.crop(cropper=scripted(0.9, 0.1))
    for record in read_manifest(folder.out / "manifest.jsonl"):
        alone = salient_crop.crop(folder.photos / record.source, "1:1", cropper=scripted(0.9, 0.1))
        assert record.crops[0].confidence == pytest.approx(alone.confidence, abs=1e-6)
        assert 0 < alone.confidence < 1


@pytest.mark.parametrize(("enlarge", "enlarged", "sizes"), [(True, 3, {(64, 64)}), (False, 0, {(32, 32), (40, 40)})])
def test_crops_are_enlarged_only_where_that_is_wanted(folder, enlarge, enlarged, sizes):
    outcome = folder.crop(folder.settings(resolution=64, enlarge=enlarge))
    assert outcome.enlarged == enlarged
    assert {Image.open(path).size for path in folder.out.rglob("*.jpg")} == sizes


@pytest.mark.parametrize(
    ("background", "format", "pixel"),
    [((0, 0, 255), "png", (0, 0, 255)), ((255, 255, 255), "webp", (255, 255, 255)), (None, "png", (255, 0, 0, 0))],
)
def test_what_lies_under_transparent_pixels(folder, background, format, pixel):
    Image.new("RGBA", (20, 20), (255, 0, 0, 0)).save(folder.photos / "clear.png")
    folder.crop(folder.settings(background=background, format=format))
    found = Image.open(folder.out / f"clear.{format}").getpixel((5, 5))
    assert found[3:] == pixel[3:]
    assert found == pytest.approx(pixel, abs=3)


def test_masks_are_cropped_along(folder, scripted):
    across = np.tile(np.linspace(0, 255, 48), (32, 1)).astype(np.uint8)
    Image.fromarray(across).save(folder.photos / "a-masklabel.png")
    folder.crop(cropper=scripted(0.9))
    assert folder.crop(cropper=scripted(0.9)).resumed == 3
    box = boxes(folder.out)[0]
    mask = np.asarray(Image.open(folder.out / "masks" / "a.png").convert("L"))
    assert mask.shape == (box[3], box[2])
    assert mask[0, 0] == across[0, box[0]]
    assert {path.name for path in folder.out.rglob("*.png")} == {"a.png"}


def test_bad_pictures_fail_alone_by_name_and_reason(folder):
    good = folder.out.with_name("good")
    folder.crop(out=good)
    (folder.photos / "empty.jpg").touch()
    (folder.photos / "cut.png").write_bytes((folder.photos / "a.png").read_bytes()[:200])
    (folder.photos / "b-masklabel.png").write_bytes((folder.photos / "a.png").read_bytes())  # of another size
    outcome = folder.crop()
    assert (outcome.pictures, outcome.failed, outcome.crops) == (5, 3, 2)
    failed = {each.source: each.reason for each in read_manifest(folder.out / "manifest.jsonl") if not each.crops}
    assert failed["empty.jpg"] == "empty file"
    assert failed["cut.png"].startswith("truncated")
    assert failed["b.png"] == "b-masklabel.png: a mask of 48×32, but its picture has 32×48"
    kept = {name: content for name, content in folder.tree().items() if "manifest" not in name and name != LEDGER}
    assert kept.items() <= folder.tree(good).items()
    assert set(kept) == {"a.jpg", "trip/c.jpg"}
    again = folder.crop()
    assert (again.failed, again.resumed) == (3, 2)


def test_a_caption_that_cannot_be_read_fails_its_picture(folder, monkeypatch):
    (folder.photos / "trip" / "c.txt").write_text("a caption", "utf-8")
    read = Sidecars._open

    def refuse(self, path):
        if path.suffix == ".txt":
            raise PermissionError(13, "Permission denied", str(path))
        return read(self, path)

    monkeypatch.setattr(Sidecars, "_open", refuse)
    outcome = folder.crop()
    assert outcome.failed == 1
    reasons = {record.source: record.reason for record in read_manifest(folder.out / "manifest.jsonl")}
    assert reasons["trip/c.png"] == "c.txt: no permission to read it"


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_links_out_of_the_folder_are_read_only_where_that_is_asked_for(folder, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    shutil.copy(folder.photos / "a.png", tmp_path / "elsewhere" / "x.png")
    (folder.photos / "x.png").symlink_to(tmp_path / "elsewhere" / "x.png")
    (folder.photos / "gone.png").symlink_to(tmp_path / "gone.png")
    assert folder.crop().failed == 2
    reasons = {record.source: record.reason for record in read_manifest(folder.out / "manifest.jsonl")}
    assert reasons["x.png"] == "a link that leads out of the folder"
    assert folder.crop(folder.settings(follow_links=True)).failed == 1
    assert (folder.out / "x.jpg").exists()


def test_every_hard_text_region_is_held_and_an_impossible_one_follows_the_policy(folder):
    folder.add("wide.png", (300, 100))
    regions = tuple(TextRegion(each, hard=True) for each in ((0.0, 0.2, 0.1, 0.8), (0.7, 0.3, 0.85, 0.6)))
    constraint = Constraint((Ratio(4, 3),), text_regions=regions)
    outcome = folder.crop(folder.settings(constraint=constraint))
    x, y, width, height = boxes(folder.out)[0]
    for x1, y1, x2, y2 in (each.region for each in regions):
        assert x <= x1 * 48 + 1 and y <= y1 * 32 + 1 and x + width >= x2 * 48 - 1 and y + height >= y2 * 32 - 1
    assert outcome.warned == 2  # 32×48 cannot hold the rows in 4:3, nor 300×100 the columns
    assert folder.crop(folder.settings(constraint=replace(constraint, policy="error"))).failed == 2


def test_a_dry_run_writes_no_pixels_and_plans_the_same_boxes(folder):
    before = folder.tree(folder.photos)
    outcome = folder.crop(folder.settings(dry_run=True))
    assert (outcome.pictures, outcome.crops) == (3, 3)
    planned = list(read_manifest(folder.out / "manifest.jsonl"))
    assert {crop.file for record in planned for crop in record.crops} == {None}
    assert set(folder.tree()) == {"manifest.jsonl", "manifest.run.json"}
    assert folder.tree(folder.photos) == before
    wet = folder.crop()
    assert (wet.resumed, len(wet.notes)) == (0, 1)
    assert boxes(folder.out) == [crop.box for record in planned for crop in record.crops]


def test_the_number_of_workers_changes_no_byte(folder, scripted):
    for index in range(9):
        folder.add(f"more/{index}.png", (40 + index, 30), index)
    folder.crop(cropper=scripted(0.3, 0.7), workers=1)
    several = folder.out.with_name("several")
    folder.crop(cropper=scripted(0.3, 0.7), out=several, workers=4)
    assert folder.tree() == folder.tree(several)


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EROFS, errno.EDQUOT])
def test_an_error_that_every_picture_would_meet_stops_the_run(folder, monkeypatch, error):
    def full(*_):
        raise OSError(error, "no more")

    monkeypatch.setattr(OutputFolder, "write", full)
    with pytest.raises(OSError, match="no more"):
        folder.crop()
    assert not (folder.out / "manifest.jsonl").exists()
    monkeypatch.undo()
    assert folder.crop().crops == 3


def test_any_other_error_of_a_file_fails_its_picture(folder, monkeypatch):
    def refuse(out, file, content):
        if file == "b.jpg":
            raise OSError(errno.ENAMETOOLONG, "File name too long")
        return write(out, file, content)

    write = OutputFolder.write
    monkeypatch.setattr(OutputFolder, "write", refuse)
    assert folder.crop().failed == 1
    reasons = [record.reason for record in read_manifest(folder.out / "manifest.jsonl")]
    assert reasons == [None, "its crop cannot be written: File name too long", None]


def test_what_a_killed_run_left_half_written_is_removed(folder):
    (folder.out / "trip").mkdir(parents=True)
    (folder.out / "trip" / ".salient-crop-0123456789abcdef.part").touch()
    folder.crop()
    assert not list(folder.out.rglob("*.part"))


@pytest.mark.parametrize("asked", [False, True])
def test_the_framing_is_noted_and_put_into_the_caption_where_that_is_asked_for(folder, asked, scripted):
    (folder.photos / "b.txt").write_bytes(b"ohwx woman \r\n")
    cropper = scripted(subjects=(Subject(0.1, 0.1, 0.9, 0.9, kind="face"),))
    settings = folder.settings(cropper, caption_framing=asked)
    outcome = folder.crop(settings, cropper)
    assert outcome.failed == 0
    records = {each.source: each for each in read_manifest(folder.out / "manifest.jsonl")}
    assert {crop.framing for record in records.values() for crop in record.crops} == {"close-up"}
    caption = folder.out / "b.txt"
    assert caption.read_bytes() == (b"ohwx woman, close-up\n" if asked else b"ohwx woman \r\n")
    without = folder.out / "a.txt"  # its picture has no caption
    assert without.exists() == asked and (not asked or without.read_bytes() == b"close-up\n")


def test_a_picture_without_a_person_keeps_its_caption(folder):
    (folder.photos / "b.txt").write_bytes(b"a chair\r\n")
    folder.crop(folder.settings(caption_framing=True))
    assert (folder.out / "b.txt").read_bytes() == b"a chair\r\n"
    assert not (folder.out / "a.txt").exists()
    assert all(crop.framing is None for each in read_manifest(folder.out / "manifest.jsonl") for crop in each.crops)


def two_heads(scripted):
    """A cropper that finds a large head at the left and a smaller one at the right of every picture."""
    heads = Subject(0.1, 0.2, 0.4, 0.6, kind="face"), Subject(0.6, 0.3, 0.8, 0.6, kind="face", label="Ada")
    return scripted(subjects=heads)


def per_subject(folder, cropper, **more):
    fields = {"most": 3, "smallest": 1, "margin": 0.0, **more.pop("ask", {})}
    return folder.settings(cropper, per_subject=PerSubject("head", **fields), format="png", **more)


def test_each_subject_has_a_crop_of_its_own_with_caption_and_mask(folder, scripted):
    cropper = two_heads(scripted)
    (folder.photos / "a.txt").write_text("two people", "utf-8")
    Image.new("L", (48, 32), 255).save(folder.photos / "a-masklabel.png")
    outcome = folder.crop(per_subject(folder, cropper), cropper)
    assert (outcome.crops, outcome.failed, outcome.dropped) == (6, 0, 0)
    record = next(read_manifest(folder.out / "manifest.jsonl"))
    assert [crop.file for crop in record.crops] == ["a_1.png", "a_2.png"]
    assert [crop.subject.label for crop in record.crops] == ["head", "Ada"]
    assert record.crops[0].subject.box == Box.from_relative((0.1, 0.2, 0.4, 0.6), (48, 32))
    assert [crop.framing for crop in record.crops] == ["close-up", "close-up"]
    for number in (1, 2):
        assert (folder.out / f"a_{number}.txt").read_text("utf-8") == "two people"
        size = Image.open(folder.out / f"a_{number}.png").size
        assert Image.open(folder.out / "masks" / f"a_{number}.png").size == size
    assert (folder.out / "trip" / "c_2.png").is_file()


def test_a_run_of_subjects_goes_on_where_it_was_and_leaves_nothing_of_those_that_are_gone(folder, scripted):
    cropper = two_heads(scripted)
    settings = per_subject(folder, cropper)
    folder.crop(settings, cropper)
    before = folder.tree()
    assert folder.crop(settings, cropper).resumed == 3 and folder.tree() == before
    (folder.out / "b_2.png").unlink()
    again = folder.crop(settings, cropper)
    assert (again.resumed, again.crops) == (2, 6) and folder.tree() == before
    fewer = folder.crop(per_subject(folder, cropper, ask={"most": 1}), cropper)
    assert (fewer.crops, fewer.resumed) == (3, 0)
    alone = scripted(subjects=cropper.subjects[:1])
    folder.crop(per_subject(folder, cropper), cropper)
    folder.crop(per_subject(folder, alone, resolution=16), alone)
    assert sorted(path.name for path in folder.out.rglob("*.png")) == ["a_1.png", "b_1.png", "c_1.png"]


def test_pictures_without_such_a_subject_are_left_out_by_name(folder, scripted):
    cropper = two_heads(scripted)
    outcome = folder.crop(folder.settings(cropper, per_subject=PerSubject("animal"), format="png"), cropper)
    assert (outcome.crops, outcome.failed, outcome.dropped) == (0, 0, 3)
    reasons = {each.reason for each in read_manifest(folder.out / "manifest.jsonl")}
    assert reasons == {"no animal was found in it"}


def test_the_number_of_a_subject_is_the_same_in_each_ratio(folder, scripted):
    cropper = two_heads(scripted)
    constraint = Constraint((Ratio(1, 1), Ratio(2, 3)))
    folder.crop(per_subject(folder, cropper, constraint=constraint, each=True, resolution=32), cropper)
    record = next(read_manifest(folder.out / "manifest.jsonl"))
    assert [crop.file for crop in record.crops] == ["1x1/a_1.png", "1x1/a_2.png", "2x3/a_1.png", "2x3/a_2.png"]
    labels = [crop.subject.label for crop in record.crops]
    assert labels == ["head", "Ada"] * 2
    named = per_subject(folder, cropper, name="{subject:03}_{name}")
    folder.crop(named, cropper)
    assert (folder.out / "002_a.png").is_file()


def test_no_name_of_a_subjects_crop_is_that_of_another_picture(folder, scripted):
    cropper = two_heads(scripted)
    folder.add("a_1.png", seed=7)
    outcome = folder.crop(per_subject(folder, cropper), cropper)
    files = [crop.file for record in read_manifest(folder.out / "manifest.jsonl") for crop in record.crops]
    assert outcome.crops == len(set(files)) == 8
    assert all((folder.out / file).is_file() for file in files)


def test_corrections_of_subjects_are_kept(folder, scripted):
    cropper = two_heads(scripted)
    settings = per_subject(folder, cropper)
    folder.crop(settings, cropper)
    (folder.photos / "b.png").unlink()
    (folder.photos / "trip" / "c.png").unlink()
    manifest = folder.out / "manifest.jsonl"
    lines = [json.loads(line) for line in manifest.read_text("utf-8").splitlines()]
    first, second = (crop["box"] for crop in lines[0]["crops"])
    moved = [second[0] - 2, *second[1:]]
    lines[0]["crops"][1]["correction"] = {"decision": "box", "box": moved}
    manifest.write_text("".join(f"{json.dumps(line)}\n" for line in lines), "utf-8")
    folder.crop(settings, cropper)
    record = next(read_manifest(manifest))
    assert [list(crop.box) for crop in record.crops] == [first, moved]
    assert folder.crop(settings, cropper).resumed == 1

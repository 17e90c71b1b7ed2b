"""Nothing is written over, removed or read that is not a run's to touch, whatever lies in its folders."""

import json
import os
from dataclasses import replace

import pytest
from made_pictures import bury
from PIL import Image

from salient_crop.bucketing.grids import parse_grid
from salient_crop.datasets import sidecars
from salient_crop.datasets.find import leads_outside
from salient_crop.datasets.formats import get_format
from salient_crop.datasets.manifest import read_manifest
from salient_crop.jobs import stages
from salient_crop.jobs.executors.batches import Analyser
from salient_crop.jobs.folder import crop_folder
from salient_crop.jobs.run import RunError
from salient_crop.jobs.settings import BucketSettings

links = pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")


def with_buckets(folder, dataset="plain", **more):
    layout = get_format(dataset)("cat", 1, 1)
    sorting = BucketSettings(parse_grid(layout.grid_name("auto:2"), 256), 256)
    whole = folder.settings(buckets=sorting, dataset=layout, **more)
    return replace(whole, constraint=replace(whole.constraint, ratios=(), min_share=1.0))


def records(folder):
    return {each.source: each for each in read_manifest(folder.out / "manifest.jsonl")}


def reasons(folder):
    return {name: each.reason for name, each in records(folder).items() if each.reason}


def changed(before, after):
    """What is missing or different, of what was there before."""
    return {name for name, content in before.items() if after.get(name) != content}


# What a manifest says of others' files


@pytest.mark.parametrize("dataset", ["plain", "kohya"])
@pytest.mark.parametrize("victim", ["mine.jpg", "1_cat/mine.jpg", "notes.txt"])
def test_a_planted_manifest_removes_nothing(folder, dataset, victim):
    folder.crop(with_buckets(folder), out=folder.out.with_name("other"))
    lines = (folder.out.with_name("other") / "manifest.jsonl").read_text().splitlines()
    planted = json.loads(lines[0])
    planted["crops"][0]["file"] = victim
    place = folder.out / victim
    place.parent.mkdir(parents=True)
    Image.new("RGB", (64, 64)).save(place, "JPEG")
    place.with_suffix(".txt").write_text("my caption") if place.suffix == ".jpg" else None
    (folder.out / "manifest.jsonl").write_text(json.dumps(planted) + "\n")
    before = folder.tree()
    try:
        folder.crop(with_buckets(folder, dataset))
    except RunError as error:
        assert "none of this data set" in str(error)
    assert changed(before, folder.tree()) <= {"manifest.jsonl"}


def test_a_stale_crop_that_somebody_has_changed_since_is_not_removed(folder):
    folder.crop(with_buckets(folder))
    mine = folder.out / "b.jpg"
    Image.new("RGB", (64, 64), "red").save(mine)
    before = mine.read_bytes()
    (folder.photos / "b.png").unlink()
    folder.crop(with_buckets(folder))
    assert mine.read_bytes() == before
    assert not {"a.jpg", "trip/c.jpg"} - set(folder.tree())


def test_a_stale_crop_is_removed_with_its_caption_and_mask(folder):
    (folder.photos / "b.txt").write_text("a caption")
    Image.new("L", (32, 48)).save(folder.photos / "b-masklabel.png")
    folder.crop(with_buckets(folder))
    written = {"b.jpg", "b.txt", "masks/b.png"}
    assert written <= set(folder.tree())
    for name in ("b.png", "b.txt", "b-masklabel.png"):
        (folder.photos / name).unlink()
    folder.crop(with_buckets(folder))
    assert not written & set(folder.tree())


def test_a_caption_that_somebody_wrote_beside_a_crop_stays_when_the_crop_goes(folder):
    folder.crop(with_buckets(folder))
    (folder.out / "b.txt").write_text("a tagger's")
    (folder.photos / "b.png").unlink()
    folder.crop(with_buckets(folder))
    assert "b.jpg" not in folder.tree()
    assert (folder.out / "b.txt").read_text() == "a tagger's"


# What lies where something is to be written


@pytest.mark.parametrize("settings", [lambda f: f.settings(), with_buckets])
def test_a_photograph_in_the_place_of_a_crop_is_named_and_kept(folder, settings):
    (folder.out).mkdir()
    Image.new("RGB", (9, 9)).save(folder.out / "b.jpg")
    before = folder.tree()
    with pytest.raises(RunError, match=r"b\.jpg: there already, and no run wrote it"):
        folder.crop(settings(folder))
    assert folder.tree() == before


def test_a_picture_of_the_source_folder_in_the_output_is_kept(folder):
    out = folder.photos / "trip"
    Image.new("RGB", (9, 9)).save(out / "b.jpg")
    before = folder.tree(folder.photos)
    with pytest.raises(RunError, match=r"b\.jpg: there already"):
        folder.crop(out=out)
    assert folder.tree(folder.photos) == before


@pytest.mark.parametrize("victim", ["b.txt", "masks/b.png"])
def test_a_caption_or_mask_of_somebody_else_is_kept_and_its_picture_fails(folder, victim):
    (folder.photos / "b.txt").write_text("a caption")
    Image.new("L", (32, 48)).save(folder.photos / "b-masklabel.png")
    place = folder.out / victim
    place.parent.mkdir(parents=True)
    place.write_text("mine")
    assert folder.crop().failed == 1
    assert place.read_text() == "mine"
    assert f"{victim}: there already, and no run wrote it" in reasons(folder)["b.png"]
    assert "b.jpg" not in folder.tree()


def test_a_crop_that_somebody_has_changed_is_kept(folder, with_settings):
    folder.crop()
    (folder.out / "b.jpg").write_bytes(b"retouched")
    assert folder.crop().resumed == 3
    outcome = folder.crop(with_settings(folder.settings(), resolution=16))
    assert outcome.failed == 1
    assert (folder.out / "b.jpg").read_bytes() == b"retouched"
    assert "b.jpg: changed since a run wrote it" in reasons(folder)["b.png"]


@pytest.mark.parametrize("buckets", [False, True])
def test_a_lost_ledger_does_not_stop_the_same_run_and_makes_nothing_ours(folder, with_settings, buckets):
    settings = with_buckets(folder) if buckets else folder.settings()
    folder.crop(settings)
    (folder.out / ".salient-crop.jsonl").unlink()
    for report in folder.out.glob("manifest.buckets.*"):
        report.unlink()
    before = {name: each for name, each in folder.tree().items() if "manifest" not in name}
    assert folder.crop(settings).failed == 0
    folder.add("b.png", (32, 48), 77)
    assert folder.crop(settings).failed == 1
    assert "b.jpg: there already, and no run wrote it" in reasons(folder)["b.png"]
    assert not changed(before, folder.tree())
    with pytest.raises(RunError, match="there already, and no run wrote it"):
        folder.crop(with_settings(settings, background=(1, 2, 3)))


@pytest.mark.parametrize("name", ["b.txt", "b.caption", "b.png.txt", "metadata.jsonl", "meta_cap.json"])
def test_a_manifest_is_not_written_where_it_would_be_a_caption(folder, name, scripted):
    run = replace(folder.run(), manifest=folder.photos / name)
    with Analyser(scripted()) as analyser, pytest.raises(RunError, match="would be read as a caption"):
        crop_folder(run, analyser, lambda step: None)
    assert not (folder.photos / name).exists()


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("manifest.jsonl", '{"file_name": "a.jpg"}\n', "no manifest"),
        ("manifest.jsonl", "[]", "no manifest"),
        ("manifest.run.json", '{"mine": 1}', "manifest.run.json: there already"),
        ("manifest.jsonl.part", "half a download", "manifest.jsonl.part: there already"),
        ("manifest.jsonl.measured", "notes", "manifest.jsonl.measured: there already"),
        ("manifest.buckets.txt", "notes", "manifest.buckets.txt: there already"),
        ("manifest.buckets.html", "notes", "manifest.buckets.html: there already"),
        ("dataset.toml", "[general]", "dataset.toml: there already"),
        (".salient-crop.jsonl", "notes", r"\.salient-crop\.jsonl"),
    ],
)
@pytest.mark.parametrize("dry", [False, True])
def test_files_beside_the_manifest_are_kept(folder, name, content, words, dry):
    folder.out.mkdir()
    (folder.out / name).write_text(content)
    if dry and name == "dataset.toml":
        return  # none is written
    with pytest.raises(RunError, match=words):
        folder.crop(with_buckets(folder, "kohya", dry_run=dry))
    assert folder.tree() == {name: content.encode()}


def test_a_file_whose_first_line_only_is_of_a_manifest_is_none(folder):
    folder.crop()
    manifest = folder.out / "manifest.jsonl"
    manifest.write_text(manifest.read_text() + "and my notes\n")
    before = folder.tree()
    with pytest.raises(RunError, match="no manifest"):
        folder.crop()
    assert folder.tree() == before


def test_a_report_or_an_index_that_was_changed_is_kept(folder):
    folder.crop(with_buckets(folder, "kohya"))
    (folder.out / "dataset.toml").write_text("my settings")
    with pytest.raises(RunError, match=r"dataset\.toml: changed since a run wrote it"):
        folder.crop(with_buckets(folder, "kohya"))


@pytest.mark.parametrize("dataset", ["plain", "kohya", "ai-toolkit", "onetrainer", "diffusers", "comfyui"])
def test_every_layout_is_written_again_over_itself(folder, dataset):
    (folder.photos / "b.txt").write_text("a caption")
    Image.new("L", (32, 48)).save(folder.photos / "b-masklabel.png")
    settings = with_buckets(folder, dataset)
    folder.crop(settings)
    before = folder.tree()
    folder.crop(settings)
    assert folder.tree() == before
    other = with_buckets(folder, dataset, background=(0, 0, 0))
    assert folder.crop(other).failed == 0


# Links


@links
@pytest.mark.parametrize("name", ["manifest.jsonl", "manifest.run.json", "manifest.jsonl.part", ".salient-crop.jsonl"])
@pytest.mark.parametrize("there", [True, False])
def test_a_link_in_the_place_of_a_file_of_ours_is_not_followed(folder, tmp_path, name, there):
    outside = tmp_path / "outside"
    folder.crop(out=tmp_path / "model")
    if there:
        source = tmp_path / "model" / name
        outside.write_bytes(source.read_bytes() if source.exists() else b"precious")
    before = outside.read_bytes() if there else None
    folder.out.mkdir()
    (folder.out / name).symlink_to(outside)
    with pytest.raises(RunError):
        folder.crop()
    assert (outside.read_bytes() if outside.exists() else None) == before
    assert os.listdir(folder.out) == [name]


@links
def test_a_crop_is_not_written_through_a_link(folder, tmp_path):
    (tmp_path / "outside.jpg").write_bytes(b"precious")
    folder.out.mkdir()
    (folder.out / "b.jpg").symlink_to(tmp_path / "outside.jpg")
    with pytest.raises(RunError, match=r"b\.jpg: there already"):
        folder.crop()
    assert (tmp_path / "outside.jpg").read_bytes() == b"precious"


@links
def test_a_folder_of_the_output_that_becomes_a_link_meanwhile_is_not_followed(folder, tmp_path, scripted):
    (tmp_path / "outside").mkdir()
    folder.out.mkdir()

    def swap(step):
        if step.done == 1:
            (folder.out / "trip").symlink_to(tmp_path / "outside")

    assert folder.crop(progress=swap).failed == 1
    assert list((tmp_path / "outside").iterdir()) == []
    assert "a link, or a file, where a folder belongs" in reasons(folder)["trip/c.png"]


@links
@pytest.mark.parametrize("kind", ["caption", "index", "mask", "mask in a folder"])
@pytest.mark.parametrize("follow", [False, True])
def test_sidecars_behind_a_link_out_of_the_folder_are_read_only_when_asked(folder, tmp_path, kind, follow):
    outside, masks = tmp_path / "outside", tmp_path / "masks"
    masks.mkdir()
    place = {
        "caption": folder.photos / "b.txt",
        "index": folder.photos / "metadata.jsonl",
        "mask": folder.photos / "b-masklabel.png",
        "mask in a folder": masks / "b.png",
    }[kind]
    if "mask" in kind:
        Image.new("L", (32, 48)).save(outside, "PNG")
    elif kind == "index":
        outside.write_text('{"file_name": "b.png", "text": "secret"}')
    else:
        outside.write_text("secret")
    place.symlink_to(outside)
    outcome = folder.crop(folder.settings(follow_links=follow, masks=masks))
    if follow:
        assert outcome.failed == 0
        assert {"b.txt", "masks/b.png"} & set(folder.tree())
    else:
        assert outcome.failed == (3 if kind == "index" else 1)
        assert reasons(folder)["b.png"] == f"{place.name}: a link that leads out of the folder"
        assert not any(b"secret" in each for each in folder.tree().values())


@links
@pytest.mark.parametrize("name", ["b.png", "b-masklabel.png", "b.txt", "metadata.jsonl"])
@pytest.mark.parametrize("large", [False, True])
def test_a_link_that_takes_the_place_of_a_file_once_that_was_looked_at_is_not_read(
    folder, tmp_path, monkeypatch, name, large
):
    place, outside = folder.photos / name, tmp_path / "outside"
    Image.new("L", (32, 48)).save(folder.photos / "b-masklabel.png")
    (folder.photos / "metadata.jsonl").write_text('{"file_name": "b.png", "text": "mine"}')
    if name == "b.txt":
        place.write_text("mine")
    if name.endswith(".png"):
        # The one is decoded here, the other in a process of its own.
        Image.new("L", (32, 48), 200).save(outside, "TIFF" if large else "PNG")
    else:
        outside.write_text('{"file_name": "b.png", "text": "secret"}')

    def swap(path, root):
        found = leads_outside(path, root)
        if path == place and not place.is_symlink():
            place.unlink()
            place.symlink_to(outside)
        return found

    for module in (stages, sidecars):
        monkeypatch.setattr(module, "leads_outside", swap)
    assert folder.crop().failed >= 1
    assert place.is_symlink()
    assert "b.png" in reasons(folder)
    assert "b.jpg" not in folder.tree()
    assert not any(b"secret" in each for each in folder.tree().values())


@links
def test_a_caption_behind_a_link_within_the_folder_is_read(folder):
    (folder.photos / "shared.txt").write_text("a caption")
    (folder.photos / "b.txt").symlink_to("shared.txt")
    assert folder.crop().failed == 0
    assert (folder.out / "b.txt").read_text() == "a caption"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes")
@pytest.mark.parametrize("name", ["manifest.jsonl", "manifest.run.json", "manifest.jsonl.part", ".salient-crop.jsonl"])
def test_a_pipe_in_the_place_of_a_file_of_ours_keeps_nobody_waiting(folder, name):
    folder.out.mkdir()
    os.mkfifo(folder.out / name)
    with pytest.raises(RunError, match=name):
        folder.crop()


# What has changed since


@pytest.mark.parametrize("buckets", [False, True])
@pytest.mark.parametrize("change", ["source", "caption", "mask"])
def test_what_is_replaced_by_an_older_file_is_done_again(folder, buckets, change):
    settings = with_buckets(folder) if buckets else folder.settings()
    place = {"source": "b.png", "caption": "b.txt", "mask": "b-masklabel.png"}[change]
    if change == "caption":
        (folder.photos / place).write_text("old caption")
    if change == "mask":
        Image.new("L", (32, 48)).save(folder.photos / place)
    folder.crop(settings)
    if change == "source":
        folder.add(place, (32, 48), 99)
    elif change == "caption":
        (folder.photos / place).write_text("new caption")
    else:
        Image.new("L", (32, 48), 255).save(folder.photos / place)
    os.utime(folder.photos / place, (1_000_000_000, 1_000_000_000))
    folder.crop(settings)
    fresh = folder.out.with_name("fresh")
    folder.crop(settings, out=fresh)
    assert folder.tree() == folder.tree(fresh)


def test_a_source_replaced_by_one_of_the_same_size_and_date_is_done_again(folder):
    folder.add("a.bmp", (48, 32), 1)
    os.utime(folder.photos / "a.bmp", (1_000_000_000, 1_000_000_000))
    folder.crop()
    other = folder.add("other.bmp", (48, 32), 2)
    os.utime(other, (1_000_000_000, 1_000_000_000))
    os.replace(other, folder.photos / "a.bmp")
    assert folder.crop().resumed == 3


@pytest.mark.parametrize("dataset", [None, "plain", "kohya", "diffusers"])
@pytest.mark.parametrize("name", ["b.txt", "b.caption", "b-masklabel.png", "metadata.jsonl"])
def test_a_caption_or_mask_that_was_deleted_goes(folder, dataset, name):
    settings = with_buckets(folder, dataset) if dataset else folder.settings()
    if name.endswith(".png"):
        Image.new("L", (32, 48)).save(folder.photos / name)
    elif name.endswith(".jsonl"):
        (folder.photos / name).write_text('{"file_name": "b.png", "text": "a caption"}')
    else:
        (folder.photos / name).write_text("a caption")
    folder.crop(settings)
    (folder.photos / name).unlink()
    folder.crop(settings)
    fresh = folder.out.with_name("fresh")
    folder.crop(settings, out=fresh)
    assert folder.tree() == folder.tree(fresh)


def test_a_caption_under_another_name_takes_the_place_of_the_old_one(folder):
    (folder.photos / "b.txt").write_text("a caption")
    folder.crop()
    (folder.photos / "b.txt").rename(folder.photos / "b.caption")
    folder.crop()
    assert {"b.caption"} == {name for name in folder.tree() if name.startswith("b.") and name != "b.jpg"}


@pytest.mark.parametrize("buckets", [False, True])
@pytest.mark.parametrize("name", ["b.txt", "masks/b.png"])
def test_a_caption_or_mask_that_is_gone_from_the_output_is_written_again(folder, buckets, name):
    (folder.photos / "b.txt").write_text("a caption")
    Image.new("L", (32, 48)).save(folder.photos / "b-masklabel.png")
    settings = with_buckets(folder) if buckets else folder.settings()
    folder.crop(settings)
    before = folder.tree()
    (folder.out / name).unlink()
    folder.crop(settings)
    assert folder.tree() == before


def test_a_picture_that_is_replaced_between_its_measuring_and_its_cropping_fails(folder):
    def replace_b(step):
        if step.stage == "measuring" and step.done == 3:
            folder.add("b.png", (32, 48), 99)

    outcome = folder.crop(with_buckets(folder), progress=replace_b)
    assert outcome.failed == 1
    assert "changed while the run was under way" in reasons(folder)["b.png"]
    assert folder.crop(with_buckets(folder)).failed == 0


# Names


@pytest.mark.parametrize(
    ("sources", "dataset", "format"),
    [
        (["photo.jpg", "masks/photo.jpg"], "plain", "png"),
        (["photo.jpg", "photo-masklabel.jpg"], "onetrainer", "png"),
        (["photo.jpg", "photo-masklabel.jpg", "Photo-Masklabel.bmp"], "onetrainer", "png"),
        (["manifest.buckets.jpg"], "kohya", "png"),
        (["manifest.buckets.jpg"], "plain", "jpg"),
        (["b.jpg/x.png", "b.png"], "plain", "jpg"),
        (["b/x.png", "b.txt/y.png", "b.png"], "plain", "jpg"),
        (["masks.png", "x.png"], "plain", "jpg"),
    ],
)
def test_no_file_of_a_run_lies_where_another_belongs(folder, sources, dataset, format):
    for path in list(folder.photos.rglob("*.png")):
        path.unlink()
    for index, name in enumerate(sources):
        path = folder.add(name, (64 + index, 64), index)
        if not path.with_suffix(".txt").exists():
            path.with_suffix(".txt").write_text(f"caption of {name}")
        if "mask" not in name:
            Image.new("L", (64 + index, 64)).save(path.with_name(path.stem + "-masklabel.png"))
    outcome = folder.crop(with_buckets(folder, dataset, format=format))
    assert (outcome.failed, outcome.crops) == (0, len(sources))
    layout, seen = get_format(dataset)("cat", 1, 1), []
    for source, record in records(folder).items():
        (crop,) = record.crops
        written = folder.out / crop.file
        assert Image.open(written).mode == "RGB"
        seen.append(crop.file)
        if (folder.photos / source).with_suffix(".txt").is_file():
            assert written.with_suffix(".txt").read_text().strip() == f"caption of {source}"
            seen.append(crop.file.rpartition(".")[0] + ".txt")
        if "mask" not in source:
            assert (folder.out / layout.mask_path(crop.file)).is_file()
            seen.append(layout.mask_path(crop.file))
    assert len({each.casefold() for each in seen}) == len(seen)
    assert "pictures in" in (folder.out / "manifest.buckets.txt").read_text()


@pytest.mark.parametrize("name", ["metadata.jsonl", "b.jpg", "trip"])
def test_a_manifest_may_not_have_the_name_of_another_file_of_the_run(folder, name, scripted):
    run = replace(folder.run(with_buckets(folder, "diffusers")), manifest=folder.out / name)
    with Analyser(scripted()) as analyser, pytest.raises(RunError):
        crop_folder(run, analyser, lambda step: None)
    assert not folder.out.exists()


@pytest.mark.skipif(os.name == "nt", reason="folders are not opened on Windows")
@pytest.mark.parametrize("settings", [lambda f: f.settings(), with_buckets])
def test_pictures_that_cannot_be_listed_are_not_passed_over_in_silence(folder, settings):
    bury(folder.photos / "b.png", folder.photos)
    outcome = folder.crop(settings(folder))
    assert (outcome.pictures, outcome.failed, outcome.crops) == (4, 1, 3)
    assert list(reasons(folder).values()) == ["File name too long"]


@pytest.mark.parametrize(
    "name", ["con.jpg", "aux", "space /a.jpg", "what?.jpg", "trip/lpt1.x.jpg", "dots./a.jpg", "a:b.jpg"]
)
def test_a_name_that_windows_cannot_hold_fails_alone_there(folder, monkeypatch, name):
    """Such as one of a folder that another system shares."""
    monkeypatch.setattr("salient_crop.datasets.output_folder._ON_WINDOWS", True)
    source = folder.add(f"{name.removesuffix('.jpg')}.png", (48, 32), 9)
    outcome = folder.crop()
    assert (outcome.failed, outcome.crops) == (1, 3)
    (words,) = reasons(folder).values()
    assert "its crop cannot be written: on Windows, " in words
    assert not (folder.out / name).exists()
    assert source.exists()

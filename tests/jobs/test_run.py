"""One run over a folder: its pictures, what it refuses, and its sum."""

import os
from dataclasses import replace

import pytest
from PIL import Image

from salient_crop.cropping.crop import CropWarning
from salient_crop.datasets.find import find_misnamed
from salient_crop.datasets.manifest import DROPPED, FAILED, OK, CropRecord, PictureRecord
from salient_crop.jobs.output_names import refuse_obstacles
from salient_crop.jobs.run import (
    FolderRun,
    Outcome,
    RunError,
    describe_misnamed,
    list_sources,
    read_sizes,
    summarise,
)


def test_a_run_needs_an_output_unless_it_is_dry(folder):
    settings = folder.settings()
    with pytest.raises(ValueError, match="out: name a folder for the crops"):
        FolderRun(folder.photos, None, folder.out / "manifest.jsonl", settings)
    dry = FolderRun(folder.photos, None, folder.out / "manifest.jsonl", replace(settings, dry_run=True))
    assert dry.output is None
    assert replace(dry, out=folder.out).output is None
    assert folder.run().output == folder.out
    assert folder.run().workers == 1


def test_the_state_of_a_source_follows_its_caption_and_its_mask(folder):
    masks = folder.photos.with_name("masks")
    run = folder.run(folder.settings(masks=masks))
    states = [run.state_of("b.png")]
    (folder.photos / "b.txt").write_text("a caption")
    states.append(run.state_of("b.png"))
    masks.mkdir()
    Image.new("L", (32, 48)).save(masks / "b.png")
    states.append(run.state_of("b.png"))
    assert len(set(states)) == 3


def test_sources_are_relative_sorted_and_none_of_the_outputs(folder):
    folder.out = folder.photos / "out"
    folder.add("out/crop.png")
    folder.add("masks/a.png")
    assert list_sources(folder.run()) == ["a.png", "b.png", "masks/a.png", "trip/c.png"]
    masked = folder.settings(masks=folder.photos / "masks")
    assert list_sources(folder.run(masked)) == ["a.png", "b.png", "trip/c.png"]
    # An output that is the folder itself is refused elsewhere, not passed over in silence.
    assert len(list_sources(folder.run(out=folder.photos))) == 5


def test_links_are_followed_where_that_is_asked_for(folder, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    Image.new("RGB", (8, 8)).save(tmp_path / "elsewhere" / "z.png")
    (folder.photos / "link").symlink_to(tmp_path / "elsewhere")
    assert "link/z.png" not in list_sources(folder.run())
    assert "link/z.png" in list_sources(folder.run(folder.settings(follow_links=True)))


def test_a_folder_without_pictures_and_a_missing_one_are_named(folder, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(RunError, match=r"empty: no pictures in it or below it .*jpg.*\)$"):
        list_sources(replace(folder.run(), folder=tmp_path / "empty"))
    (tmp_path / "empty" / "00000.tar").touch()
    with pytest.raises(RunError, match=r"; for the shards in it, name '.*empty/\*\.tar' or \*\.parquet"):
        list_sources(replace(folder.run(), folder=tmp_path / "empty"))
    with pytest.raises(RunError, match="gone: No such file"):
        list_sources(replace(folder.run(), folder=tmp_path / "gone"))


def test_sizes_of_pictures_that_can_be_read(folder):
    (folder.photos / "bad.png").write_text("no picture")
    assert read_sizes(folder.photos) == [(48, 32), (32, 48), (40, 40)]
    assert read_sizes(folder.photos, [folder.photos / "trip"]) == [(48, 32), (32, 48)]
    with pytest.raises(OSError, match="No such file"):
        read_sizes(folder.photos / "gone")


def place(folder, out=None, manifest=None):
    run = folder.run(out=out)
    return run if manifest is None else replace(run, manifest=manifest)


def test_what_lies_in_the_way_is_named(folder, tmp_path):
    photos, out = folder.photos, folder.out
    (tmp_path / "file").touch()
    (tmp_path / "other.jsonl").write_text("not a manifest\n")
    (photos / "photos").mkdir()
    for run, files, words in [
        (place(folder, manifest=photos / "a.png"), [], "not a name for a manifest"),
        (place(folder, manifest=photos), [], "not a name for a manifest"),
        (place(folder, manifest=tmp_path / "file" / "m.jsonl"), [], "file: not a folder"),
        (place(folder, out=tmp_path / "file", manifest=tmp_path / "m.jsonl"), [], "file: not a folder"),
        (place(folder, manifest=tmp_path / "other.jsonl"), [], "there already, and no manifest"),
        (place(folder, out=photos, manifest=tmp_path / "m.jsonl"), [], "the crops would overwrite their sources"),
        (place(folder, out=tmp_path, manifest=tmp_path / "m.jsonl"), ["photos/a.jpg"], "crops would lie among"),
    ]:
        with pytest.raises(RunError, match=words):
            refuse_obstacles(run, files)
    assert not out.exists()


def test_an_output_below_the_sources_is_allowed(folder):
    refuse_obstacles(place(folder, out=folder.photos / "out"), ["a.jpg", "trip/c.jpg"])
    refuse_obstacles(place(folder), ["a.jpg", "trip/c.jpg"])


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_links_out_of_the_output_are_refused(folder, tmp_path):
    folder.out.mkdir()
    (tmp_path / "elsewhere").mkdir()
    (folder.out / "trip").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(RunError, match="trip: a link, which is not followed"):
        refuse_obstacles(folder.run(), ["trip/c.jpg"])
    (folder.out / "broken").symlink_to(tmp_path / "gone")
    with pytest.raises(RunError, match="broken: not a folder"):
        refuse_obstacles(replace(folder.run(), out=folder.out / "broken"), [])


def test_a_dry_run_may_name_any_output(folder):
    dry = replace(folder.run(folder.settings(dry_run=True)), out=folder.photos)
    refuse_obstacles(dry, ["a.png"])


def picture(name, status=OK, box=(0, 0, 4, 4), target=(4, 4), warnings=(), crops=1):
    crop = CropRecord(None, "1:1", None, box, 0.5, {}, 0.5, (0, 0), (9, 9), target, warnings)
    return PictureRecord(name, (9, 9), status, None, (crop,) * crops if status == OK else ())


def test_an_outcome_sums_the_records_up():
    empty = summarise([], 0)
    assert empty == Outcome(pictures=0, failed=0, crops=0, enlarged=0, resumed=0)
    warning = CropWarning("a", "it is dark")
    records = [
        picture("a"),
        picture("b", target=(4, 5)),  # wider than its box
        picture("c", target=(5, 4), crops=2),
        picture("d", target=(3, 3)),
        picture("e", FAILED),
        picture("f", DROPPED),
        picture("g", warnings=(warning,), crops=2),
    ]
    outcome = summarise(iter(records), 3, ["a note"])
    assert (outcome.pictures, outcome.failed, outcome.dropped) == (7, 1, 1)
    assert (outcome.crops, outcome.enlarged, outcome.resumed) == (7, 3, 3)
    assert (outcome.warned, outcome.first_warned) == (1, ("g: it is dark (and 1 more)",))
    assert outcome.notes == ("a note",)
    assert (outcome.report, outcome.heads_cut) == (None, 0)


def test_pictures_whose_heads_are_cut_off_are_counted_and_named_before_all_others():
    dark, cut = CropWarning("a", "it is dark"), CropWarning("head-cut", "a head is cut off")
    warned = {"a": (dark,), "b": (dark,), "c": (), "d": (dark, dark), "e": (dark, cut), "f": (dark,), "g": (cut,)}
    outcome = summarise([picture(name, warnings=each) for name, each in warned.items()], 0)
    assert (outcome.warned, outcome.heads_cut) == (6, 2)
    assert outcome.first_warned == ("e: a head is cut off (and 1 more)", "g: a head is cut off", "a: it is dark")
    every = summarise([picture(name, warnings=(cut, cut)) for name in "hijk"], 0)
    assert (every.heads_cut, every.first_warned[-1]) == (4, "j: a head is cut off (and 1 more)")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such pipes")
def test_files_that_look_like_pictures_and_are_passed_over_are_named(folder):
    named = ("a.jp2", "b.JXL", "c.jpg_large", "d.jpg.1", "photo.png~")
    for name in (*named, "e.jpg.txt", "a.caption", "notes.md", "clip.mp4", ".f.jpg.1", "README"):
        (folder.photos / name).write_bytes(b"whatever")
    (folder.photos / "bare").write_bytes((folder.photos / "a.png").read_bytes())
    os.mkfifo(folder.photos / "pipe")
    (note,) = describe_misnamed(folder.run())
    assert note.startswith("passed over, as their names end like no picture that is read here: a.jp2, b.JXL, bare and ")
    found = find_misnamed(folder.photos)
    assert {each.name for each in found} == {*named, "bare"}
    assert folder.crop().notes == (note,)
    assert not describe_misnamed(folder.run(sources=("a.png",)))

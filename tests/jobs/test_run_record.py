"""The record beside a manifest: where the pictures are, with which settings, and what differs."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from salient_crop.jobs.journal import Journal
from salient_crop.jobs.run_record import (
    describe_change,
    is_unchanged,
    journal_file,
    noted_cropper,
    read_run_record,
    record_file,
    run_identity,
    source_folder,
    write_run_record,
)


def test_the_files_lie_beside_the_manifest():
    manifest = Path("out/list.v2.jsonl")
    assert record_file(manifest) == Path("out/list.v2.run.json")
    assert journal_file(manifest) == Path("out/list.v2.jsonl.part")
    assert journal_file(manifest, ".measured") == Path("out/list.v2.jsonl.measured")


def test_a_record_tells_the_folder_and_the_cropper_to_whoever_previews(folder):
    run = folder.run()
    write_run_record(run)
    record = read_run_record(run.manifest)
    assert record["folder"] == "../photos"
    assert record["cropper"] == "scripted"
    assert record["settings"] == json.loads(json.dumps(run.settings.identity()))
    assert source_folder(run.manifest) == folder.out.resolve() / "../photos"
    write_run_record(replace(run, settings=replace(run.settings, checkpoint="weights/a.safetensors")))
    assert read_run_record(run.manifest)["cropper"] == "weights/a.safetensors"


@pytest.mark.parametrize("content", [None, "", "no json", "[1]", '{"folder": 3}'])
def test_what_is_no_record_tells_nothing(tmp_path, content):
    manifest = tmp_path / "manifest.jsonl"
    if content is not None:
        record_file(manifest).write_text(content)
    assert source_folder(manifest) is None
    assert read_run_record(manifest) in ({}, {"folder": 3})


def test_only_the_same_folder_and_settings_are_unchanged(folder):
    run = folder.run()
    assert not is_unchanged(run)
    write_run_record(run)
    assert is_unchanged(run)
    assert is_unchanged(replace(run, workers=7))
    assert is_unchanged(replace(run, settings=replace(run.settings, checkpoint="copy.pt")))
    assert not is_unchanged(replace(run, folder=folder.out))
    assert not is_unchanged(replace(run, settings=replace(run.settings, format="png")))


def test_the_first_run_differs_from_nothing(folder):
    assert describe_change(folder.run()) == []


def test_another_folder_is_named(folder, tmp_path):
    write_run_record(folder.run())
    folder.photos.rename(tmp_path / "moved")
    assert describe_change(replace(folder.run(), folder=tmp_path / "moved")) == [
        "settings differ from the last run (folder: ../photos → ../moved); all pictures are done again"
    ]


@pytest.mark.parametrize("suffix", [".part", ".measured"])
def test_a_stopped_run_is_compared_by_its_journal(folder, suffix):
    run = folder.run()
    Journal(journal_file(run.manifest, suffix), run_identity(run)).close()
    assert describe_change(run) == []
    other = replace(run, settings=replace(run.settings, format="png"))
    assert describe_change(other) == [
        "settings differ from the last run (format: jpg → png); all pictures are done again"
    ]


def test_a_finished_run_is_compared_before_a_stopped_one(folder):
    finished = folder.run()
    stopped = replace(finished, settings=replace(finished.settings, format="webp"))
    write_run_record(finished)
    Journal(journal_file(finished.manifest), run_identity(stopped)).close()
    assert "format: jpg → webp" in describe_change(stopped)[0]


@pytest.mark.parametrize(("count", "words"), [(6, "); all"), (7, " and 1 more); all"), (8, " and 2 more); all")])
def test_six_differences_are_named(folder, count, words):
    run = folder.run()
    write_run_record(run)
    record = read_run_record(run.manifest)
    record["settings"] |= {f"a{index}": index for index in range(count)}
    record_file(run.manifest).write_text(json.dumps(record))
    (note,) = describe_change(run)
    assert words in note
    assert note.count(" → none") == 6


DEEP: list = []
for _ in range(900):
    DEEP = [DEEP]
WIDE = {"a": 1}
for _ in range(400):
    WIDE = {"a": WIDE}


@pytest.mark.parametrize(
    "value",
    [None, 7, "x" * 100_000, [], DEEP, WIDE, float("nan"), 10**4000, "\ud800", [1] * 100_000, {"x" * 10_000: 1}],
)
def test_a_record_that_somebody_made_up_is_told_in_short_lines(folder, value):
    run = folder.run()
    write_run_record(run)
    record = read_run_record(run.manifest)
    for made in (
        {**record, "settings": value},
        {**record, "settings": {**record["settings"], "format": value}},
        {**record, "settings": {**record["settings"], "constraint": {"x" * 10_000: value}}},
        {**record, "cropper": value, "sources": value},
    ):
        record_file(run.manifest).write_text(json.dumps(made))
        assert not is_unchanged(run) or made["settings"] == record["settings"]
        assert all(len(line) < 1000 for line in describe_change(run))
        assert len(noted_cropper(run.manifest) or "") < 5000

"""The contract of a dataset format, and what a format does unless it says otherwise."""

import math

import pytest

from salient_crop.bucketing.grids import parse_grid
from salient_crop.datasets.formats.base import DatasetFormat, Entry, concept_folder
from salient_crop.datasets.output_folder import OutputFolder
from salient_crop.datasets.sidecars import Sidecars

CONTRACT = {"name": "new-trainer", "summary": "a folder", "reads_subfolders": False, "reads_all_pictures": True}


def new_format(**changes):
    def recropped_size(self, size, resolution):
        return None

    body = {**CONTRACT, "recropped_size": recropped_size, **changes}
    return type("NewTrainer", (DatasetFormat,), {name: value for name, value in body.items() if value is not None})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": None}, "NewTrainer.name must be a class attribute of type str, got None: commands and workflows"),
        ({"name": ""}, "NewTrainer.name must be a class attribute"),
        ({"name": property(lambda self: "x")}, "NewTrainer.name must be a class attribute of type str, got <property"),
        ({"name": "New Trainer"}, "NewTrainer.name must be lower-case letters and digits joined by hyphens, got 'New"),
        ({"name": "new-"}, "NewTrainer.name must be lower-case"),
        ({"summary": None}, "NewTrainer.summary must be a class attribute of type str"),
        ({"reads_subfolders": None}, "NewTrainer.reads_subfolders must be a class attribute of type bool"),
        ({"reads_all_pictures": "yes"}, "NewTrainer.reads_all_pictures must be a class attribute of type bool"),
        ({"recropped_size": None}, r"NewTrainer must define recropped_size\(size, resolution\): whether a trainer"),
    ],
)
def test_a_class_that_breaks_the_contract_is_refused_by_name_with_the_reason(changes, message):
    with pytest.raises(TypeError, match=message):
        new_format(**changes)


def test_the_contract_may_come_from_a_format_that_is_extended():
    assert type("Other", (new_format(),), {"name": "other"})().crop_path("a", "png") == "a.png"


@pytest.mark.parametrize(
    ("subfolders", "crop", "mask"),
    [(False, "a_b.c.png", "masks/a_b.c.png"), (True, "a/b.c.webp", "masks/a/b.c.png")],
)
def test_paths_unless_a_format_says_otherwise(subfolders, crop, mask):
    dataset = new_format(reads_subfolders=subfolders)()
    assert dataset.crop_path("a/b.c", crop.rpartition(".")[2]) == crop
    assert dataset.mask_path(crop) == mask
    assert dataset.flatten_path("a/b.jpg") == ("a/b.jpg" if subfolders else "a_b.jpg")
    assert dataset.grid_name(" auto:2 ") == " auto:2 "


@pytest.mark.parametrize(
    ("settings", "error", "words"),
    [
        ({"concept": 3}, TypeError, "concept must be of the type str, got 3"),
        ({"concept": None}, TypeError, "concept must be of the type str"),
        ({"repeats": 0}, ValueError, "repeats must be at least 1, got 0"),
        ({"repeats": 1.5}, TypeError, "repeats must be a whole number, got 1.5"),
        ({"repeats": True}, TypeError, "repeats must be a whole number"),
        ({"repeats": 10**9}, ValueError, "repeats must be at most 1000000"),
        ({"batch_size": -1}, ValueError, "batch_size must be at least 1"),
        ({"batch_size": "4"}, TypeError, "batch_size must be a whole number"),
        ({"step": 0}, ValueError, "step must be at least 1"),
        ({"step": float("nan")}, TypeError, "step must be a whole number"),
        ({"step": 10**6}, ValueError, "step must be at most 16384"),
    ],
)
def test_settings_that_cannot_be_are_refused_by_name(settings, error, words):
    with pytest.raises(error, match=words):
        new_format(usual_step=64)(**settings)


def test_a_step_is_for_formats_whose_rule_has_one():
    assert new_format(usual_step=64)(step=8).rule_step == 8
    assert new_format(usual_step=64)().rule_step == 64
    assert new_format()().rule_step == 1
    with pytest.raises(ValueError, match="step: does nothing for the dataset format new-trainer, which takes any size"):
        new_format()(step=8)
    dataset = new_format()()
    assert dataset.for_grid(parse_grid("onetrainer:512,8")) is dataset


def test_sizes_are_listed_once_and_checked():
    kind = new_format(recropped_size=lambda self, size, resolution: (8, 8) if size != (8, 8) else None)
    assert kind().recropped_sizes([(9, 9), (8, 8), (9, 9)], 64) == {(9, 9): (8, 8)}
    assert kind().recropped_sizes([], 64) == {}
    for sizes in ([(0, 0)], [(math.nan, 5)], [(5,)], [("a", 1)]):
        with pytest.raises((TypeError, ValueError), match="^sizes (must|needs) "):
            kind().recropped_sizes(sizes, 64)
    for resolution in (0, 1.5, math.inf, None):
        with pytest.raises((TypeError, ValueError), match="^resolution must "):
            kind().recropped_sizes([(8, 8)], resolution)


@pytest.mark.parametrize(
    ("sizes", "resolution"),
    [
        ([], 64),
        ([(1, 1)], 64),
        ([(64, 64)], 64),
        ([(65, 64)], 128),
        ([(832, 1216), (64, 64)], 1024),
        ([(1025, 1024)], 1088),
    ],
)
def test_the_square_that_holds_the_largest_size(sizes, resolution):
    dataset = new_format()()
    assert dataset.resolution_for(sizes) == resolution
    assert dataset.fitted_to(sizes) is dataset
    assert dataset.trainer_settings(sizes, resolution) == []


def test_settings_are_the_constructor_and_the_identity():
    kind = new_format()
    assert (kind().concept, kind().repeats, kind().batch_size) == ("picture", 1, 1)
    assert kind("cat", 3, 2) == kind(concept="cat", repeats=3, batch_size=2) != kind("cat", 3)
    with pytest.raises(AttributeError):
        kind().repeats = 2


def test_an_entry_cannot_change_and_is_small():
    with pytest.raises(AttributeError):
        Entry("a.png", (8, 8)).caption = "x"
    assert not hasattr(Entry("a.png", (8, 8)), "__dict__")


@pytest.mark.parametrize(("caption", "content"), [("", None), (" \n", None), (" ü\n b ", "ü\n b\n")])
def test_a_caption_file_is_written_or_an_old_one_removed(tmp_path, caption, content):
    file = tmp_path / "deep" / "a.txt"
    with OutputFolder(tmp_path) as out:
        out.write("deep/a.txt", b"of an earlier run")
        new_format()().write_caption(out, "deep/a.png", caption)
    assert (file.read_bytes().decode() if file.exists() else None) == content


def test_every_crop_of_a_picture_gets_its_caption(tmp_path):
    picture = tmp_path / "in" / "a.jpg"
    picture.parent.mkdir()
    picture.with_suffix(".txt").write_bytes(b"\xef\xbb\xbfa cat\r\n")
    new_format()().write_captions(OutputFolder(tmp_path / "out"), ["1.png", "2.png"], picture, Sidecars(picture.parent))
    assert [(tmp_path / "out" / name).read_bytes() for name in ("1.txt", "2.txt")] == [b"a cat\n"] * 2


def test_a_format_without_an_index_writes_none(tmp_path):
    assert new_format()().write_index(OutputFolder(tmp_path), [Entry("a.png", (8, 8))]) == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("concept", "repeats", "folder"), [("cat", 10, "10_cat"), (" my_cat ", 1, "1_my_cat"), ("it's", 2, "2_it's")]
)
def test_a_concepts_folder(concept, repeats, folder):
    assert concept_folder(concept, repeats) == folder


@pytest.mark.parametrize("concept", ["a" * 201, "ü" * 101, "", " ", ".", "..", "a/b", "a\\b", "/", ".x"])
def test_a_concept_that_is_no_folder_is_refused(concept):
    with pytest.raises(ValueError, match=r"concept: .* cannot be part of a folder's name"):
        concept_folder(concept, 1)


def test_repeats_begin_at_one():
    with pytest.raises(ValueError, match="repeats must be at least 1, got 0"):
        concept_folder("cat", 0)


@pytest.mark.parametrize(("concept", "repeats"), [(3, 1), (None, 1), ("cat", 1.5), ("cat", "2"), ("cat", True)])
def test_a_concept_or_repeats_of_another_type_is_refused(concept, repeats):
    with pytest.raises(TypeError, match="^(concept|repeats) must be "):
        concept_folder(concept, repeats)


def test_a_format_may_have_a_folder_for_its_crops():
    dataset = new_format(crop_folder=property(lambda self: concept_folder(self.concept, self.repeats)))
    assert dataset("cat", 2).crop_path("a/b", "png") == "2_cat/a_b.png"
    with pytest.raises(ValueError, match="concept"):
        dataset("..")

"""One picture: its crops, its record, and what goes wrong with it."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from salient_crop.cropping.box import Box
from salient_crop.cropping.constraint import Constraint, UnsatisfiableError
from salient_crop.cropping.crop import Crop, CropWarning
from salient_crop.cropping.ratio import Ratio
from salient_crop.datasets.manifest import DROPPED, FAILED, OK, PictureRecord
from salient_crop.images.decode import Picture
from salient_crop.images.errors import PictureError
from salient_crop.jobs.analyse import analyse_thumbnails
from salient_crop.jobs.executors.batches import Analyser
from salient_crop.jobs.stages import (
    analysing,
    choose_crops,
    crop_picture,
    crop_record,
    open_source,
    plan_record,
    with_picture,
    write_planned,
)


@pytest.mark.parametrize(
    ("box", "ratio", "picture", "target", "coords"),
    [
        # A 2000 × 1000 picture cropped square to the right, at 512: the picture becomes 1024 × 512.
        ((586, 0, 1000, 1000), (1, 1), (2000, 1000), (512, 512), (0, 300)),
        # sd-scripts#1443: where kohya says (0, 256), the middle of that picture starts at 512 of its 2048 columns.
        ((500, 0, 1000, 1000), (1, 1), (2000, 1000), (1024, 1024), (0, 512)),
        ((30, 40, 60, 90), (2, 3), (200, 200), (60, 90), (40, 30)),  # not resized
        # A target that is wider than its box takes the middle of it: 100 × 75 of 100 × 100.
        ((0, 100, 100, 100), (1, 1), (100, 300), (200, 150), (225, 0)),
    ],
)
def test_sdxls_conditioning_is_measured_in_the_resized_picture(box, ratio, picture, target, coords):
    record = crop_record(Crop(Box(*box), Ratio(*ratio), 1.0), picture, target, "a.jpg", None)
    assert record.crop_coords == coords
    assert record.original_size == picture[::-1]
    assert record.target_size == target[::-1]


def test_a_record_rounds_its_numbers_and_keeps_the_rest():
    warning = CropWarning("a", "words", (1 / 3, 0.0, 2 / 3, 1.0))
    other = CropWarning("b", "more words")
    crop = Crop(Box(1, 2, 30, 40), Ratio(3, 4), 1 / 3, {"size": 2 / 3}, 0.123456789, (warning, other), 2 / 3)
    record = crop_record(crop, (100, 90), (60, 80), None, (60, 80))
    assert (record.file, record.ratio, record.bucket, record.box) == (None, "3:4", (60, 80), (1, 2, 30, 40))
    assert (record.score, record.terms, record.kept) == (0.333333, {"size": 0.666667}, 0.123457)
    assert record.warnings == (replace(warning, region=(0.333333, 0.0, 0.666667, 1.0)), other)
    assert record.confidence == 0.666667
    assert crop_record(replace(crop, confidence=None), (100, 90), (60, 80), None).confidence is None


def test_the_record_of_a_picture_gets_a_file_and_a_size_for_each_crop(folder):
    crops = [Crop(Box(0, 0, 30, 30), Ratio(1, 1), 0.5), Crop(Box(0, 0, 20, 30), Ratio(2, 3), 0.4)]
    record = PictureRecord("a.png", (48, 32), FAILED, "not yet")
    settings = folder.settings(constraint=Constraint((Ratio(1, 1), Ratio(2, 3))), resolution=64, each=True)
    planned = plan_record(record, crops, "a", settings)
    assert (planned.status, planned.source, planned.size) == (OK, "a.png", (48, 32))
    assert [(crop.file, crop.target_size) for crop in planned.crops] == [
        ("1x1/a.jpg", (64, 64)),
        ("2x3/a.jpg", (72, 48)),
    ]
    assert [crop.file for crop in plan_record(record, crops, None, settings).crops] == [None, None]


BEHEADING = CropWarning("head-cut", "a head is cut off")
DARK = CropWarning("dark", "it is dark")


@pytest.mark.parametrize(
    ("on_cut", "warned", "status", "kept", "reason"),
    [
        ("keep", [(BEHEADING, DARK), ()], OK, ["1x1/a.jpg", "2x3/a.jpg"], None),
        ("pad", [(BEHEADING, DARK), ()], OK, ["1x1/a.jpg", "2x3/a.jpg"], None),
        ("drop", [(BEHEADING, DARK), ()], OK, ["2x3/a.jpg"], None),
        ("drop", [(DARK,), (DARK, BEHEADING)], OK, ["1x1/a.jpg"], None),
        ("drop", [(BEHEADING, DARK), (BEHEADING,)], DROPPED, [], "a head is cut off (and 1 more)"),
    ],
)
def test_only_crops_that_cut_off_a_head_are_dropped_and_a_picture_without_any_other(
    folder, on_cut, warned, status, kept, reason
):
    boxes = (Box(0, 0, 30, 30), Ratio(1, 1)), (Box(0, 0, 20, 30), Ratio(2, 3))
    crops = [Crop(*box, 0.5, warnings=each) for box, each in zip(boxes, warned, strict=True)]
    record = PictureRecord("a.png", (48, 32), FAILED)
    constraint = Constraint((Ratio(1, 1), Ratio(2, 3)))
    planned = plan_record(record, crops, "a", folder.settings(constraint=constraint, on_cut=on_cut, each=True))
    assert (planned.status, [crop.file for crop in planned.crops], planned.reason) == (status, kept, reason)


def test_there_is_one_crop_for_each_constraint(scripted, small_crops):
    (analysis,) = analyse_thumbnails(scripted(0.9, 0.5), [np.zeros((32, 48, 3), np.uint8)])
    constraints = [Constraint((Ratio(1, 1),)), Constraint((Ratio(2, 3), Ratio(3, 2)), 1.0)]
    square, best = choose_crops(analysis, (480, 320), constraints)
    assert (square.ratio, best.ratio) == (Ratio(1, 1), Ratio(3, 2))
    assert square.box.right > 420
    (small,) = choose_crops(analysis, (480, 320), [Constraint((Ratio(1, 1),), 0.1)], small_crops)
    assert small.box.width < square.box.width
    with pytest.raises(UnsatisfiableError):
        choose_crops(analysis, (480, 320), [Constraint((Ratio(1, 1),), min_size=(999, 9), policy="error")])


def crop_one(folder, scripted, source="a.png", cropper=None, **settings):
    cropper = cropper or scripted()
    run = folder.run(folder.settings(cropper, **settings))
    return crop_picture(run, source, "a", Analyser(cropper))


def test_a_picture_is_cropped_from_end_to_end(folder, scripted):
    record = crop_one(folder, scripted)
    assert (record.status, record.size, record.crops[0].file) == (OK, (48, 32), "a.jpg")
    assert Image.open(folder.out / "a.jpg").size == (32, 32)


def test_a_dry_run_writes_nothing(folder, scripted):
    record = crop_one(folder, scripted, dry_run=True)
    assert (record.status, record.crops[0].file) == (OK, None)
    assert not folder.out.exists()


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ZeroDivisionError("x"), "x"),
        (MemoryError("x"), "not enough memory"),
        (RuntimeError("x\nat line 3 of some file"), "x"),
        (ValueError("x"), "x"),
        (ValueError(), "ValueError"),
    ],
)
def test_an_error_of_the_cropper_fails_the_picture(folder, scripted, monkeypatch, error, words):
    def fail(self, images):
        raise error

    monkeypatch.setattr(scripted, "analyse", fail)
    record = crop_one(folder, scripted)
    assert (record.status, record.size, record.reason) == (FAILED, (48, 32), f"could not be analysed: {words}")


def test_a_constraint_that_nothing_obeys_fails_the_picture_in_its_own_words(folder, scripted):
    constraint = Constraint((Ratio(1, 1),), min_size=(99, 99), policy="error")
    reason = crop_one(folder, scripted, constraint=constraint).reason
    assert reason.startswith("no 1:1 crop of a 48×32 picture obeys")


def test_a_mistake_in_our_own_code_is_not_hidden(folder, scripted, monkeypatch):
    def fail(self, images):
        raise TypeError("a mistake")

    monkeypatch.setattr(scripted, "analyse", fail)
    with pytest.raises(TypeError, match="a mistake"):
        crop_one(folder, scripted)


def test_errors_of_a_picture_name_other_files_than_the_picture_itself(folder):
    run, record = folder.run(), PictureRecord("a.png", None, OK)

    def fail(path, reason):
        def work(picture, record):
            raise PictureError(path, reason)

        return work

    own = with_picture(run, record, fail(folder.photos / "a.png", "torn"))
    beside = with_picture(run, record, fail(folder.photos / "a.txt", "torn"))
    assert (own.status, own.reason, own.size) == (FAILED, "torn", (48, 32))
    assert beside.reason == "a.txt: torn"
    assert with_picture(run, record, lambda picture, record: record) == replace(record, size=(48, 32))


def test_the_words_of_an_error_while_analysing(folder):
    picture = Picture(folder.photos / "a.png")
    with pytest.raises(PictureError) as caught, analysing(picture):
        raise UnsatisfiableError("picture 0: nothing obeys")
    assert (caught.value.path, caught.value.reason) == (picture.path, "nothing obeys")
    with analysing(picture):
        pass


def test_links_out_of_the_folder_are_opened_only_where_that_is_asked_for(folder, tmp_path):
    (tmp_path / "x.png").write_bytes((folder.photos / "a.png").read_bytes())
    (folder.photos / "x.png").symlink_to(tmp_path / "x.png")
    refused = pytest.raises(PictureError, match="a link that leads out of the folder")
    with refused, open_source(folder.run(), "x.png"):
        pass
    with open_source(folder.run(folder.settings(follow_links=True)), "x.png") as picture:
        assert picture.info.size == (48, 32)


@pytest.mark.parametrize(("status", "dry"), [(FAILED, False), (DROPPED, False), (OK, True)])
def test_what_has_nothing_to_write_is_not_even_opened(folder, status, dry):
    record = PictureRecord("gone.png", (4, 4), status)
    assert write_planned(folder.run(folder.settings(dry_run=dry)), record) is record


def test_a_planned_picture_that_is_gone_fails(folder, scripted):
    planned = crop_one(folder, scripted)
    (folder.photos / "a.png").unlink()
    record = write_planned(folder.run(), planned)
    assert (record.status, record.crops) == (FAILED, ())
    assert record.reason.startswith("there is no such file")

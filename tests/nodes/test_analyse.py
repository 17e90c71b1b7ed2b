"""Pictures on sockets to analyses."""

from importlib import import_module

import numpy as np
import pytest
import torch
from comfy_stub import Interrupted
from wires import as_box, scene, spot

from salient_crop.cropping.constraint import UnsatisfiableError
from salient_crop.cropping.subject import Subject
from salient_crop.jobs.analyse import thumbnail_of_tensor
from salient_crop.models.analysis import Analysis
from salient_crop.models.base import Cropper


class Brightness(Cropper):
    """The heat of a picture is its brightness, its subject the left half."""

    name = "brightness"

    def __init__(self):
        self.batches = []

    def analyse(self, images):
        self.batches.append(tuple(images.shape))
        subject = Subject(0.0, 0.0, 0.5, 1.0, 1.0, "object")
        return [Analysis(image.mean(0) + 0.01, [subject], torch.ones(2, 2)) for image in images]


@pytest.fixture
def analyse(host):
    return import_module("salient_crop.nodes.analyse")


@pytest.fixture
def hosted(host):
    return import_module("salient_crop.nodes.hosted_cropper").HostedCropper(Brightness())


BATCHES = [torch.cat([scene(60, 40, 10, 10), scene(60, 40, 50, 30)]), scene(1400, 700, 500, 100)]


def test_every_picture_comes_in_order_with_the_thumbnail_that_was_analysed(analyse, hosted):
    pictures = [picture for batch in BATCHES for picture in batch]
    found = list(analyse.analyse_batches(BATCHES, [hosted], None))
    assert len(found) == 3
    for picture, analysed in zip(pictures, found, strict=True):
        assert torch.equal(analysed.picture, picture)
        assert np.array_equal(analysed.thumbnail, thumbnail_of_tensor(picture))
        heat = torch.from_numpy(analysed.thumbnail).double().mean(-1) / 255 + 0.01
        assert torch.allclose(analysed.analysis.heatmap, heat / heat.sum(), rtol=1e-4)
    assert hosted.cropper.batches == [(1, 3, 40, 60), (1, 3, 40, 60), (1, 3, 512, 1024)]


def test_a_heatmap_replaces_the_heat_and_leaves_the_subjects(analyse, hosted):
    masks = [torch.cat([spot(60, 40, 10, 10), spot(60, 40, 50, 30)]), spot(8, 8, 4, 4, 2)]
    found = list(analyse.analyse_batches(BATCHES, [hosted], masks))
    for mask, analysed in zip([*masks[0], masks[1][0]], found, strict=True):
        assert torch.allclose(analysed.analysis.heatmap, mask.double() / mask.sum())
        assert len(analysed.analysis.subjects) == 1
        assert analysed.analysis.detail.tolist() == [[1, 1], [1, 1]]


def test_a_heatmap_alone_is_all_that_is_known_but_for_the_detail(analyse):
    (analysed,) = analyse.analyse_batches(BATCHES[1:], None, [spot(8, 8, 4, 4, 2)])
    assert analysed.analysis.subjects == ()
    detail = analysed.analysis.detail
    row, column = divmod(int(detail.argmax()), detail.shape[1])
    assert (row / detail.shape[0], column / detail.shape[1]) == pytest.approx((100 / 700, 500 / 1400), abs=0.05)


def test_subjects_replace_those_of_the_cropper_and_leave_the_heat(analyse, hosted):
    boxes = [[[as_box(0, 0, 30, 20, label="head")], []], as_box(700, 0, 70, 70)]
    found = [each.analysis for each in analyse.analyse_batches(BATCHES, [hosted], None, boxes)]
    own = [each.analysis for each in analyse.analyse_batches(BATCHES, [hosted], None)]
    assert [each.subjects for each in found] == [
        (Subject(0.0, 0.0, 0.5, 0.5, kind="face", label="head"),),
        own[1].subjects,  # nothing was found: as without
        (Subject(0.5, 0.0, 0.55, 0.1),),
    ]
    assert all(torch.allclose(one.heatmap, other.heatmap) for one, other in zip(found, own, strict=True))
    assert all(torch.equal(one.detail, other.detail) for one, other in zip(found, own, strict=True))


def test_subjects_beside_a_heatmap_are_all_that_is_known(analyse):
    heat = spot(8, 8, 4, 4, 2)
    (found,) = analyse.analyse_batches(BATCHES[1:], None, [heat], [as_box(700, 0, 70, 70, label="dog")])
    assert found.analysis.subjects == (Subject(0.5, 0.0, 0.55, 0.1, kind="animal", label="dog"),)
    assert torch.allclose(found.analysis.heatmap, heat[0].double() / heat.sum())


def heat_in(analysed, x1, y1, x2, y2):
    return float(analysed.analysis.score(torch.tensor([[x1, y1, x2, y2]], dtype=torch.float64)))


def test_a_focus_moves_half_of_the_heat_and_is_a_subject_beside_the_others(analyse, hosted):
    masks = [torch.cat([spot(60, 40, 10, 10), spot(60, 40, 50, 30)]), spot(14, 7, 12, 5, 4)]
    found = list(analyse.analyse_batches(BATCHES, [hosted], None, None, masks))
    places = [(0, 0, 20 / 60, 0.5), (40 / 60, 0.5, 1, 1), (10 / 14, 3 / 7, 1, 1)]
    for analysed, place in zip(found, places, strict=True):
        assert heat_in(analysed, *place) > 0.5
        own, focused = analysed.analysis.subjects
        assert own.region == (0.0, 0.0, 0.5, 1.0)
        assert place[0] - 0.15 < focused.x1 < focused.x2 <= place[2] + 0.15


def test_individual_masks_of_one_picture_are_united(analyse, hosted):
    """As SAM3 Detect gives them: `[N, H, W]` for a picture."""
    masks = torch.cat([spot(14, 7, 2, 2, 2), spot(14, 7, 12, 5, 2), spot(14, 7, 7, 2, 2)])
    (found,) = analyse.analyse_batches(BATCHES[1:], [hosted], None, None, [masks])
    (same,) = analyse.analyse_batches(BATCHES[1:], [hosted], None, None, [masks.amax(0, keepdim=True)])
    assert torch.equal(found.analysis.heatmap, same.analysis.heatmap)


EMPTY = torch.zeros(0, 8, 8)  # as SAM3 Detect gives individual masks where there are none


@pytest.mark.parametrize(
    ("focus", "subjects"),
    [(None, [[]]), (None, [[[]]]), ([torch.zeros(1, 8, 8)], None), ([EMPTY], None), ([EMPTY], [[]])],
)
def test_where_nothing_was_found_the_choice_decides(analyse, hosted, focus, subjects):
    (plain,) = analyse.analyse_batches(BATCHES[1:], [hosted], None)

    def ask(nothing):
        (found,) = analyse.analyse_batches(BATCHES[1:], [hosted], None, subjects, focus, nothing)
        return found

    assert torch.equal(ask("as without").analysis.heatmap, plain.analysis.heatmap)
    assert ask("as without").analysis.subjects == plain.analysis.subjects
    assert not ask("as without").left_out
    assert "neither subjects nor focus" in ask("skip").left_out
    with pytest.raises(ValueError, match="^picture 0: neither subjects nor focus hold anything"):
        ask("error")
    with pytest.raises(ValueError, match="^nothing must be one of as without, skip, error, got 'panic'"):
        ask("panic")


def test_either_of_masks_and_boxes_is_something(analyse, hosted):
    box, mask = [as_box(0, 0, 70, 70)], [spot(14, 7, 2, 2, 2)]
    for subjects, focus in ((box, [torch.zeros(1, 8, 8)]), ([[]], mask), (box, mask)):
        (found,) = analyse.analyse_batches(BATCHES[1:], [hosted], None, subjects, focus, "error")
        assert not found.left_out


def test_where_nothing_is_connected_there_is_nothing_to_choose(analyse, hosted):
    (found,) = analyse.analyse_batches(BATCHES[1:], [hosted], None, None, None, "error")
    assert not found.left_out


def test_with_nothing_connected_the_default_cropper_is_used(analyse, monkeypatch, hosted):
    monkeypatch.setattr(analyse, "or_default", lambda cropper: cropper or hosted)
    assert len(list(analyse.analyse_batches(BATCHES, None, None))) == 3
    assert len(hosted.cropper.batches) == 3


def test_what_does_not_fit_is_refused_before_anything_is_analysed(analyse, hosted):
    with pytest.raises(ValueError, match="^cropper: 2 values are connected"):
        next(analyse.analyse_batches(BATCHES, [hosted, hosted], None))
    with pytest.raises(ValueError, match="^heatmap: 4 values for 3 pictures"):
        next(analyse.analyse_batches(BATCHES, [hosted], [torch.zeros(4, 8, 8)]))
    with pytest.raises(ValueError, match="^subjects: 3 values for 2 pictures"):
        next(analyse.analyse_batches(BATCHES, [hosted], None, [as_box(0, 0, 9, 9)] * 3))
    assert not hosted.cropper.batches


def test_where_a_device_works_in_batches_pictures_are_reduced_ahead_to_fill_them(analyse, hosted, monkeypatch):
    monkeypatch.setattr(analyse, "batch_size_on", lambda device: 2)
    counts = []

    def analyse_some(thumbnails):
        counts.append(len(thumbnails))
        return [Analysis(torch.from_numpy(each).double().mean(-1)) for each in thumbnails]

    monkeypatch.setattr(hosted, "analyse", analyse_some)
    pictures = (torch.arange(19) / 255)[:, None, None, None].expand(19, 4, 4, 3)
    found = list(analyse.analyse_batches([pictures], [hosted], None))
    assert counts == [16, 3]
    assert [each.thumbnail[0, 0, 0] for each in found] == list(range(19))


def test_an_interrupt_stops_before_the_next_picture_is_reduced(analyse, hosted, host):
    pictures = analyse.analyse_batches(BATCHES, [hosted], None)
    next(pictures)
    host.interrupt_after = 0
    with pytest.raises(Interrupted):
        next(pictures)
    assert len(hosted.cropper.batches) == 1


def test_an_error_names_the_picture_by_its_place_among_all(analyse):
    with (
        pytest.raises(UnsatisfiableError, match=r"^picture 7 \(30×20\): nothing fits$"),
        analyse.naming_picture(7, (30, 20)),
    ):
        raise UnsatisfiableError("picture 0: nothing fits")

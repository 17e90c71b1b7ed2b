"""The report's figures and words, beside kohya's default."""

import numpy as np
import pytest

from salient_crop.bucketing.report import (
    BEHEADED,
    BucketReport,
    GridStatistics,
    Placement,
    build_report,
    describe_left_out,
)
from salient_crop.bucketing.solver.plan import REMAINDER, TOO_FEW, TOO_SMALL
from salient_crop.bucketing.solver.planner import plan_assignment
from salient_crop.bucketing.solver.policy import BucketPolicy

PORTRAIT, SQUARE, LANDSCAPE = (832, 1216), (1024, 1024), (1216, 832)
EMPTY = GridStatistics({}, 0.0, 0.0, 0, 0)


def placed(bucket, scale=1.0, heat=0.0, area=0.0, head_cut=False):
    return Placement(bucket, heat, area, scale, head_cut)


@pytest.mark.parametrize(
    ("places", "batch_size", "times", "statistics"),
    [
        ([], 4, None, EMPTY),
        ([], 4, [], EMPTY),
        ([placed(SQUARE)], 4, None, GridStatistics({SQUARE: 1}, 0.0, 0.0, 0, 3)),
        ([placed(SQUARE)], 4, [4], GridStatistics({SQUARE: 4}, 0.0, 0.0, 0, 0)),
        ([placed(SQUARE)] * 9, 4, None, GridStatistics({SQUARE: 9}, 0.0, 0.0, 0, 3)),
        ([placed(SQUARE), placed(PORTRAIT)], 4, [2, 3], GridStatistics({PORTRAIT: 3, SQUARE: 2}, 0.0, 0.0, 0, 3)),
        (
            [placed(SQUARE, 0.9), placed(SQUARE, 1.0), placed(SQUARE, 1.01)],
            1,
            None,
            GridStatistics({SQUARE: 3}, 0, 0, 1, 0),
        ),
        (
            [placed(LANDSCAPE, 1.0, 0.2, 0.4), placed(PORTRAIT, 1.0, 0.1, 0.0)],
            1,
            [1, 9],  # means are over pictures, however often they are used
            GridStatistics({PORTRAIT: 9, LANDSCAPE: 1}, pytest.approx(0.15), pytest.approx(0.2), 0, 0),
        ),
        (
            [placed(SQUARE, head_cut=True), placed(SQUARE), placed(PORTRAIT, head_cut=True)],
            1,
            [1, 1, 4],  # so are heads
            GridStatistics({PORTRAIT: 4, SQUARE: 2}, 0.0, 0.0, 0, 0, heads_cut=2),
        ),
    ],
)
def test_statistics(places, batch_size, times, statistics):
    found = GridStatistics.of(places, batch_size, times)
    assert found == statistics
    assert list(found.counts) == list(statistics.counts)  # from narrow to wide


@pytest.mark.parametrize(
    ("counts", "singletons"), [({}, 0), ({SQUARE: 1}, 1), ({SQUARE: 2, PORTRAIT: 1, LANDSCAPE: 1}, 2)]
)
def test_buckets_of_one_picture_are_counted(counts, singletons):
    assert GridStatistics(counts, 0, 0, 0, 0).singletons == singletons


def test_statistics_of_malformed_input_are_refused():
    with pytest.raises(ValueError, match="batch_size must be at least 1, got 0"):
        GridStatistics.of([], 0)
    with pytest.raises(ValueError, match="times must have one number a picture, got 2 for 1 pictures"):
        GridStatistics.of([placed(SQUARE)], 1, [1, 1])
    with pytest.raises(ValueError, match="times must have one number a picture, got 1 for 2 pictures"):
        GridStatistics.of([placed(SQUARE), placed(SQUARE)], 1, [1])
    for size in (1.5, float("nan"), True, None):
        with pytest.raises(TypeError, match="batch_size must be a whole number"):
            GridStatistics.of([], size)
    with pytest.raises(TypeError, match="placed must hold Placement only, got 3"):
        GridStatistics.of([3], 1)
    with pytest.raises(ValueError, match="times must be at least 0, got -1"):
        GridStatistics.of([placed(SQUARE)], 1, [-1])
    with pytest.raises(TypeError, match="times must be a whole number, got 1.5"):
        GridStatistics.of([placed(SQUARE)], 1, [1.5])


def test_an_empty_report():
    assert BucketReport(EMPTY, EMPTY, 1, 0.0).format_text().splitlines() == [
        "0 pictures in 0 buckets; no plan loses less",
        "                                   planned   kohya default",
        "buckets                                  0               0",
        "with one picture                         0               0",
        "heat lost, mean                       0.0%            0.0%",
        "area lost, mean                       0.0%            0.0%",
        "enlarged                                 0               0",
        "with a head cut off                      0               0",
        "moved                                    0",
        "repeated                                 0",
        "left out                                 0",
        "",
        "bucket                             planned   kohya default",
    ]


def test_a_full_report():
    planned = GridStatistics({PORTRAIT: 8, SQUARE: 1}, 0.0123, 0.2, 3, 3, 1)
    baseline = GridStatistics({PORTRAIT: 7, LANDSCAPE: 1}, 0.1, 0.05, 4, 4, 5)
    report = BucketReport(
        baseline,
        planned,
        4,
        0.0321,
        moved=["a"],
        repeated=["b", "c"],
        left_out=["d"],
        heads_cut=["h"],
        caption_checks=["e"],
        duplicates=["f"],
        recropped=["g"],
    )
    assert report.sizes == [PORTRAIT, SQUARE, LANDSCAPE]
    assert report.format_text().splitlines() == [
        "9 pictures in 2 buckets; no plan loses more than 3.21% less",
        "                                   planned   kohya default",
        "buckets                                  2               2",
        "with one picture                         1               1",
        "places empty in batches of 4             3               4",
        "heat lost, mean                       1.2%           10.0%",
        "area lost, mean                      20.0%            5.0%",
        "enlarged                                 3               4",
        "with a head cut off                      1               5",
        "moved                                    1",
        "repeated                                 2",
        "left out                                 1",
        "",
        "bucket                             planned   kohya default",
        "832x1216                                 8               7",
        "1024x1024                                1",
        "1216x832                                                 1",
        "moved: a",
        "repeated: b",
        "repeated: c",
        "left out: d",
        "head cut off: h",
        "duplicate: f",
        "check the caption: e",
        "the trainer would crop: g",
    ]


@pytest.mark.parametrize(
    ("gap", "words"),
    [
        (0.0, "no plan loses less"),
        (1e-6, "no plan loses less"),
        (1.1e-6, "no plan loses more than 0.00% less"),
        (0.5, "no plan loses more than 50.00% less"),
    ],
)
def test_a_plan_is_only_called_the_best_where_that_is_proven(gap, words):
    assert BucketReport(EMPTY, EMPTY, 1, gap).format_text().startswith(f"0 pictures in 0 buckets; {words}\n")
    assert str(BucketReport(EMPTY, EMPTY, 1, gap)) == BucketReport(EMPTY, EMPTY, 1, gap).format_text()


@pytest.mark.parametrize("batch_size", [1, 2])
def test_empty_places_are_only_told_where_there_are_batches(batch_size):
    text = BucketReport(EMPTY, EMPTY, batch_size, 0.0).format_text()
    assert ("places empty in batches of" in text) == (batch_size > 1)


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (TOO_SMALL, "would have to be enlarged beyond the limit in every bucket"),
        (REMAINDER, "the number of pictures is no multiple of the batch size"),
        (TOO_FEW, "no bucket that it may go to gets enough pictures"),
        (BEHEADED, "a head would be cut off in every crop that was asked for"),
    ],
)
def test_why_a_picture_is_left_out(reason, words):
    assert describe_left_out(reason) == words


def report_of(loss, policy, names=None):
    loss = np.array(loss)
    plan = plan_assignment(loss, policy)
    buckets = [PORTRAIT, LANDSCAPE]
    placements = [placed(buckets[each], 2.0, 0.1, 0.3) if each >= 0 else None for each in plan.assignment]
    baseline = [placed(SQUARE, 0.5, 0.2)] * len(loss)
    names = [f"{index}.jpg" for index in range(len(loss))] if names is None else names
    return build_report(plan, buckets, names, placements, baseline)


def test_the_report_of_a_plan_names_who_was_moved():
    report = report_of(
        [[0.0, 1.0]] * 2 + [[0.2, 0.3]] + [[0.0, 1.0]] * 2 + [[1.0, 0.0]] * 3, BucketPolicy(batch_size=4)
    )
    assert report.moved == ["2.jpg: to 1216x832, now 4 pictures, rather than 832x1216, now 4"]
    assert report.planned == GridStatistics({PORTRAIT: 4, LANDSCAPE: 4}, pytest.approx(0.1), pytest.approx(0.3), 8, 0)
    assert report.baseline == GridStatistics({SQUARE: 8}, pytest.approx(0.2), 0.0, 0, 0)
    assert (report.batch_size, report.repeated, report.left_out) == (4, [], [])
    assert report.gap == pytest.approx(0, abs=1e-6)


def test_the_report_of_a_plan_names_who_is_repeated():
    report = report_of([[0.2, 1.0], [0.1, 1.0], [1.0, 0.0], [1.0, 0.0]], BucketPolicy(batch_size=3, remainder="repeat"))
    assert report.planned.counts == {PORTRAIT: 3, LANDSCAPE: 3}
    assert report.repeated == [
        "1.jpg: used 2 times, so that 832x1216 fills batches of 3",
        "2.jpg: used 2 times, so that 1216x832 fills batches of 3",
    ]


def test_the_report_of_a_plan_names_who_is_left_out():
    loss = [[0.0, 1.0]] * 4 + [[0.5, 1.0], [np.inf, np.inf]]
    report = report_of(loss, BucketPolicy(batch_size=4, remainder="drop"))
    assert report.left_out == [
        "4.jpg: the number of pictures is no multiple of the batch size",
        "5.jpg: would have to be enlarged beyond the limit in every bucket",
    ]
    assert report.planned.counts == {PORTRAIT: 4}
    assert report.baseline.counts == {SQUARE: 6}


@pytest.mark.parametrize("name", ["names", "placements", "baseline"])
def test_a_report_of_another_number_of_pictures_is_refused_by_name(name):
    plan = plan_assignment(np.zeros((2, 1)), BucketPolicy())
    lists = {"names": ["a", "b"], "placements": [placed(SQUARE)] * 2, "baseline": [placed(SQUARE)] * 2}
    with pytest.raises(ValueError, match=f"{name} must have one entry a picture, got 1 for 2 pictures"):
        build_report(plan, [SQUARE], **{**lists, name: lists[name][:1]})

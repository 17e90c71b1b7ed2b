"""Grids, the planner's counts and its proofs, and the report."""

from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from salient_crop.bucketing.grids import list_kohya_sizes, parse_grid
from salient_crop.bucketing.loss import compute_loss
from salient_crop.bucketing.report import Placement, build_report
from salient_crop.bucketing.sizes import measure_area_loss
from salient_crop.bucketing.solver.planner import REMAINDER, TOO_FEW, TOO_SMALL, plan_assignment
from salient_crop.bucketing.solver.policy import BucketPolicy
from salient_crop.datasets.formats.kohya import kohya_bucket

# Grids. Recorded from kohya-ss/sd-scripts 48d368f make_bucket_resolutions, NovelAI 6e977c5 gen_buckets and
# Nerogar/mgds AspectBucketing.

KOHYA = {
    (512, 64, 256, 1024): "256x832 256x896 256x960 256x1024 320x704 320x768 384x640 448x576 512x512",
    (768, 64, 256, 1024): "256x1024 320x1024 384x1024 448x1024 512x1024 576x960 576x1024 640x896 704x832 768x768",
    (1024, 64, 512, 2048): "512x1856 512x1920 512x1984 512x2048 576x1664 576x1728 576x1792 640x1536 640x1600 704x1408"
    " 704x1472 768x1280 768x1344 832x1216 896x1152 960x1088 1024x1024",
    (1024, 64, 256, 1024): "256x1024 320x1024 384x1024 448x1024 512x1024 576x1024 640x1024 704x1024 768x1024 832x1024"
    " 896x1024 960x1024 1024x1024",
}
NOVELAI = "256x1024 320x1024 384x1024 384x960 384x896 448x832 512x768 512x704 512x512 576x640"
ONETRAINER = "512x2048 576x1920 576x1792 640x1600 704x1472 768x1344 832x1280 896x1152 1024x1024"


def both_ways(text):
    sizes = {tuple(map(int, each.split("x"))) for each in text.split()}
    return sizes | {(height, width) for width, height in sizes}


@pytest.mark.parametrize("setting", KOHYA)
def test_kohyas_grid_is_the_real_one(setting):
    assert set(list_kohya_sizes(*setting)) == both_ways(KOHYA[setting])
    resolution, *rest = setting
    assert set(parse_grid(f"kohya:{resolution}:{','.join(map(str, rest))}").sizes) == both_ways(KOHYA[setting])


def test_the_other_grids_are_the_real_ones():
    assert set(parse_grid("novelai").sizes) == both_ways(NOVELAI)
    assert set(parse_grid("onetrainer").sizes) == both_ways(ONETRAINER)
    sdxl = set(parse_grid("sdxl").sizes)
    assert len(sdxl) == 40
    assert both_ways(KOHYA[1024, 64, 512, 2048]) < sdxl
    assert sdxl - both_ways(KOHYA[1024, 64, 512, 2048]) == both_ways("832x1152 896x1088 960x1024") | {(1344, 704)}
    assert all(0.9 <= width * height / 1024**2 <= 1 for width, height in sdxl)


def test_grids_by_name():
    assert parse_grid("square:768").sizes == ((768, 768),)
    assert parse_grid("832x1216, 1216x832").sizes == ((832, 1216), (1216, 832))
    auto = parse_grid("auto:3")
    assert (auto.max_buckets, len(auto.sizes)) == (3, 31)
    assert set(parse_grid("auto:2:sdxl").sizes) == set(parse_grid("sdxl").sizes)
    shapes = [(400, 600)] * 10 + [(600, 600)] * 10 + [(900, 600)] * 10
    assert parse_grid("quantile:3", 1024, shapes).sizes == ((832, 1216), (1024, 1024), (1216, 832))
    assert parse_grid("auto:3", 512).sizes != auto.sizes


@pytest.mark.parametrize(
    "text", ["", "auto", "auto:", "auto:0", "auto:x", "kohya:0", "kohya:32:64,512,1024", "832x", "sdxl:2", "8x8", "foo"]
)
def test_a_grid_that_is_none_is_refused_with_its_name(text):
    with pytest.raises(ValueError, match="grid|size|numbers|holds|at least"):
        parse_grid(text)


# Planner


def best_by_trying(loss, rule):
    """The least total over every assignment of few pictures, remainder kept."""
    pictures, buckets = loss.shape
    spare = pictures % rule.batch_size
    least = np.inf
    for choice in combinations(range(buckets), rule.max_buckets):
        for given_ in product(choice, repeat=pictures):
            counts = [count for bucket in choice if (count := given_.count(bucket))]
            odd = sorted(count % rule.batch_size for count in counts if count % rule.batch_size)
            if odd == ([spare] if spare else []) and min(counts) >= rule.smallest:
                least = min(least, loss[range(pictures), given_].sum())
    return least


@settings(max_examples=25, deadline=None)
@given(
    st.integers(3, 7),
    st.integers(2, 4),
    st.integers(1, 2),
    st.integers(1, 3),
    st.integers(1, 2),
    st.randoms(use_true_random=False),
)
def test_no_assignment_of_few_pictures_is_better(pictures, buckets, most, batch, smallest, random):
    # Few distinct values, so that ties and equal rows come up.
    loss = np.array([[random.randrange(12) / 10 for _ in range(buckets)] for _ in range(pictures)])
    rule = BucketPolicy(min(most, buckets), batch_size=batch, smallest=smallest)
    least = best_by_trying(loss, rule)
    plan = plan_assignment(loss, rule)
    if np.isinf(least):
        assert plan.left_out
        return
    assert not plan.left_out
    assert plan.exact
    assert plan.loss == pytest.approx(least, abs=1e-6)


def validate_images(plan, loss, batch):
    """What holds of every plan; its counts."""
    placed = plan.assignment >= 0
    assert set(np.nonzero(~placed)[0]) == set(plan.left_out)
    assert plan.loss == pytest.approx(loss[placed, plan.assignment[placed]].sum())
    assert np.isfinite(plan.loss)
    assert plan.bound <= plan.loss + 1e-9
    assert ((plan.repeats > 0) <= placed).all()
    return plan.counts()


def losses(pictures, buckets=12, seed=0):
    random = np.random.default_rng(seed)
    place = random.uniform(0, 1, (pictures, 1))
    return np.abs(place - np.linspace(0, 1, buckets)) * random.uniform(0.2, 1, (pictures, 1))


@pytest.mark.parametrize("remainder", ["keep", "repeat", "drop"])
@pytest.mark.parametrize(("pictures", "batch"), [(20, 8), (41, 4), (203, 8), (24, 8)])
def test_counts_come_out_and_what_does_not_is_told(pictures, batch, remainder):
    loss = losses(pictures)
    plan = plan_assignment(loss, BucketPolicy(3, batch_size=batch, smallest=2, remainder=remainder))
    counts = validate_images(plan, loss, batch)
    spare = pictures % batch
    assert len(counts) <= 3
    assert min(counts.values()) >= 2
    odd = [count % batch for count in counts.values() if count % batch]
    if remainder == "keep":
        assert odd == ([spare] if spare else [])
        assert not plan.left_out and not plan.repeats.any()
    elif remainder == "repeat":
        assert not odd and not plan.left_out
        assert plan.repeats.sum() == -pictures % batch
    else:
        assert not odd and not plan.repeats.any()
        assert list(plan.left_out.values()) == [REMAINDER] * spare
    assert plan.exact


def test_what_is_dropped_is_what_loses_most():
    loss = np.full((9, 1), 0.1)
    loss[4] = 0.9
    plan = plan_assignment(loss, BucketPolicy(batch_size=4, remainder="drop"))
    assert plan.left_out == {4: REMAINDER}


def test_pictures_that_fit_nowhere_or_stand_alone_are_left_out_by_name_and_cost_the_others_nothing():
    loss = losses(19)
    loss[5] = np.inf
    loss[7] = np.inf
    loss[7, 0] = 0.0
    loss[:7, 0], loss[8:, 0] = np.inf, np.inf
    plan = plan_assignment(loss, BucketPolicy(3, batch_size=4, smallest=2))
    counts = validate_images(plan, loss, 4)
    assert plan.left_out == {5: TOO_SMALL, 7: TOO_FEW}
    assert sorted(count % 4 for count in counts.values())[-1] == 1
    assert sum(counts.values()) == 17


def test_an_exact_number_of_buckets_is_met_or_refused():
    loss = losses(24)
    loss[:, 0] = 0  # one bucket would be best for all
    assert len(plan_assignment(loss, BucketPolicy(4, exact_count=True, batch_size=4)).buckets) == 4
    assert len(plan_assignment(loss, BucketPolicy(4, batch_size=4)).buckets) == 1
    with pytest.raises(ValueError, match="7 buckets were asked for"):
        plan_assignment(loss, BucketPolicy(7, exact_count=True, batch_size=4))


def test_moved_pictures_are_those_that_wished_for_another_bucket():
    loss = np.array([[0.0, 1.0]] * 5 + [[1.0, 0.0]] * 3)
    loss[2] = 0.2, 0.3
    plan = plan_assignment(loss, BucketPolicy(batch_size=4))
    assert plan.moved == [2]
    assert plan.preferred[2] == 0 and plan.assignment[2] == 1


def test_nothing_to_plan_and_a_single_picture():
    assert plan_assignment(np.zeros((0, 3)), BucketPolicy(2)).counts() == {}
    assert plan_assignment(np.array([[0.3, 0.1]]), BucketPolicy(2, batch_size=4, smallest=2)).counts() == {1: 1}
    assert plan_assignment(np.array([[0.3, 0.1]]), BucketPolicy(2, batch_size=4, remainder="repeat")).counts() == {1: 4}


def test_thousands_of_pictures_of_their_own_are_planned_to_the_optimum_and_equal_ones_at_once():
    loss = losses(3000, buckets=20, seed=3)
    plan = plan_assignment(loss, BucketPolicy(3, batch_size=8, smallest=2))
    counts = validate_images(plan, loss, 8)
    assert all(count % 8 == 0 for count in counts.values())
    assert plan.exact
    many = np.repeat(losses(5, buckets=20), 4000, axis=0)
    plan = plan_assignment(many, BucketPolicy(3, batch_size=7, smallest=2))
    assert sum(count % 7 for count in validate_images(plan, many, 7).values()) == 20_000 % 7
    assert plan.exact


def test_more_choices_than_can_be_listed_still_get_a_proven_bound():
    loss = losses(200, buckets=40, seed=5)
    plan = plan_assignment(loss, BucketPolicy(8, batch_size=4, smallest=2))
    assert all(count % 4 == 0 for count in validate_images(plan, loss, 4).values())
    assert 0 < plan.bound <= plan.loss
    assert plan.gap < 0.1


@pytest.mark.parametrize(
    "loss", [np.zeros(3), np.zeros((3, 0)), np.array([[np.nan]]), np.array([[-1.0]])], ids=["1d", "none", "nan", "neg"]
)
def test_losses_that_are_none_are_refused(loss):
    with pytest.raises(ValueError, match="losses must be"):
        plan_assignment(loss, BucketPolicy())


def test_enlarging_beyond_the_limit_keeps_a_picture_out():
    zero = np.zeros((2, 1))
    loss = compute_loss(zero, zero, zero, np.array([[1.9], [2.1]]), max_scale=2.0)
    assert np.isfinite(loss[0, 0]) and np.isinf(loss[1, 0])
    assert compute_loss(zero, zero, zero, np.array([[0.5], [2.0]]))[0, 0] == 0


# Report


def test_the_report_tells_what_happened_beside_kohyas_default():
    sizes = [(600, 400)] * 5 + [(400, 600)] * 3 + [(590, 410)]
    buckets = [(832, 1216), (1216, 832)]
    loss = measure_area_loss(sizes, buckets)
    plan = plan_assignment(loss, BucketPolicy(batch_size=4, remainder="drop"))
    names = [f"{index}.jpg" for index in range(9)]
    ours = [
        Placement(buckets[each], 0.1, loss[row, each], 2.0) if each >= 0 else None
        for row, each in enumerate(plan.assignment)
    ]
    before = [Placement(kohya_bucket(size, list_kohya_sizes(1024)), 0.2, 0.05, 1.5) for size in sizes]
    report = build_report(plan, buckets, names, ours, before)
    text = report.format_text()
    assert report.planned.counts == {(832, 1216): 4, (1216, 832): 4}
    assert report.planned.empty_slots == 0 and report.baseline.empty_slots > 0
    assert len(report.left_out) == 1 and len(report.moved) == 1
    moved = plan.moved[0]
    assert f"moved: {moved}.jpg: to 832x1216, now 4 pictures, rather than 1216x832, now 4" in text
    assert "left out: " in text and "no multiple of the batch size" in text
    assert "10.0%" in text and "20.0%" in text

"""What a picture loses in a bucket, and what keeps it out."""

import numpy as np
import pytest

from salient_crop.bucketing.loss import LossWeights, compute_loss

NONE = np.zeros((1, 1))
ONE = np.ones((1, 1))


@pytest.mark.parametrize(
    ("heat", "cut", "area", "scale", "loss"),
    [
        ([], [], [], [], []),
        ([0.0], [0.0], [0.0], [1.0], [0.0]),
        ([0.2], [0.0], [0.0], [1.0], [0.2]),
        ([0.0], [0.2], [0.0], [1.0], [0.1]),
        ([0.0], [0.0], [0.2], [1.0], [0.01]),
        ([0.0], [0.0], [0.0], [2.0], [0.15]),  # half of the lines are interpolated
        ([0.0], [0.0], [0.0], [4.0], [0.225]),  # three quarters of them
        ([0.0], [0.0], [0.0], [0.5], [0.0]),  # made smaller: nothing is
        ([0.1], [0.2], [0.4], [2.0], [0.37]),
        ([-1e-9], [0.0], [0.0], [1.0], [0.0]),  # never below 0
    ],
)
def test_the_parts_are_weighed_and_added(heat, cut, area, scale, loss):
    found = compute_loss(*(np.array(each) for each in (heat, cut, area, scale)))
    assert found == pytest.approx(np.array(loss))
    assert (found >= 0).all()


def test_each_weight_is_of_its_own_part():
    weights = LossWeights(heat=2.0, cut=3.0, area=5.0, upscaling=7.0)
    found = [
        compute_loss(heat, cut, area, scale, weights).item()
        for heat, cut, area, scale in (
            (ONE, NONE, NONE, ONE),
            (NONE, ONE, NONE, ONE),
            (NONE, NONE, ONE, ONE),
            (NONE, NONE, NONE, 2 * ONE),
        )
    ]
    assert found == [2.0, 3.0, 5.0, 3.5]
    assert compute_loss(ONE, ONE, ONE, 2 * ONE, LossWeights(0, 0, 0, 0)).item() == 0


@pytest.mark.parametrize(
    ("heads", "weights", "loss"),
    [
        ([0.0, 0.0], None, [1.85, 0.0]),  # all else: heat, subjects, area, and a crop a thousand times too small
        ([0.0, 1.0], None, [1.85, 3.0]),  # a cut head outweighs all of it
        ([0.5, 0.0], None, [3.35, 0.0]),
        ([1.0, 1.0], LossWeights(heads=0.25), [2.1, 0.25]),
        ([1.0, 1.0], LossWeights(heads=0), [1.85, 0.0]),
    ],
)
def test_heads_that_are_cut_off_are_weighed_by_their_share(heads, weights, loss):
    worst, scale = np.array([1.0, 0.0]), np.array([1e9, 1.0])
    found = compute_loss(worst, worst, worst, scale, weights, heads_cut=np.array(heads))
    assert found == pytest.approx(np.array(loss))


@pytest.mark.parametrize(
    ("scale", "max_scale", "allowed"),
    [
        (1.9, 2.0, True),
        (2.0, 2.0, True),
        (2.000001, 2.0, True),  # whole pixels round to it
        (2.00001, 2.0, False),
        (2.1, 2.0, False),
        (1.5, 1.0, False),
        (0.5, 0.4, False),
        (100.0, None, True),
    ],
)
def test_a_picture_stays_out_where_it_would_be_enlarged_too_much(scale, max_scale, allowed):
    found = compute_loss(NONE, NONE, NONE, np.array([[scale]]), max_scale=max_scale)
    assert np.isfinite(found).item() == allowed


@pytest.mark.parametrize("name", ["heat_lost", "cut", "area_lost", "scale", "heads_cut"])
def test_a_part_of_another_shape_or_without_a_number_is_refused_by_name(name):
    parts = dict.fromkeys(("heat_lost", "cut", "area_lost", "scale", "heads_cut"), ONE)
    with pytest.raises(ValueError, match=f"{name} holds NaN"):
        compute_loss(**{**parts, name: np.array([[np.nan]])})
    for wrong in (np.array([["a"]]), np.array([[None]]), np.array([[1j]]), np.array([[True]]), "a"):
        with pytest.raises(TypeError, match=f"{name} must hold real numbers, got "):
            compute_loss(**{**parts, name: wrong})
    if name != "scale":
        for wrong in (-0.1, 1.1, np.inf):
            with pytest.raises(ValueError, match=rf"{name} must hold shares in 0\.\.1, got "):
                compute_loss(**{**parts, name: np.array([[wrong]])})
    if name != "heat_lost":
        with pytest.raises(ValueError, match=rf"{name} has shape \(1,\), but heat_lost \(1, 1\)"):
            compute_loss(**{**parts, name: np.ones(1)})


@pytest.mark.parametrize("scale", [0.0, -1.0])
def test_a_scale_of_nothing_is_refused(scale):
    with pytest.raises(ValueError, match="^scale must be above 0"):
        compute_loss(ONE, ONE, ONE, np.array([[scale]]))
    with pytest.raises(ValueError, match="^max_scale must be (above 0|a finite number)"):
        compute_loss(ONE, ONE, ONE, ONE, max_scale=scale)
    with pytest.raises(ValueError, match="^max_scale must be (above 0|a finite number)"):
        compute_loss(ONE, ONE, ONE, ONE, max_scale=float("nan"))


@pytest.mark.parametrize("name", ["heat", "cut", "area", "upscaling", "heads"])
@pytest.mark.parametrize("value", [None, "1", True, 1j, [1.0]])
def test_a_weight_that_is_no_number_is_refused_by_name(name, value):
    with pytest.raises(TypeError, match=f"^{name} must be a number, got "):
        LossWeights(**{name: value})


def test_what_else_cannot_be_is_refused_by_name():
    with pytest.raises(ValueError, match=r"^heat must be at most 1000, got 1e\+300"):
        LossWeights(heat=1e300)
    with pytest.raises(TypeError, match="^weights must be of the type LossWeights, got 3"):
        compute_loss(ONE, ONE, ONE, ONE, weights=3)
    for limit in ("2", True, [2.0]):
        with pytest.raises(TypeError, match="^max_scale must be a number"):
            compute_loss(ONE, ONE, ONE, ONE, max_scale=limit)


@pytest.mark.parametrize("name", ["heat", "cut", "area", "upscaling", "heads"])
@pytest.mark.parametrize("value", [-0.1, float("nan"), float("inf")])
def test_a_weight_that_is_none_is_refused_by_name(name, value):
    with pytest.raises(ValueError, match=f"^{name} must be (0 or more|a finite number)"):
        LossWeights(**{name: value})
    with pytest.raises(AttributeError):
        LossWeights().heat = 2.0

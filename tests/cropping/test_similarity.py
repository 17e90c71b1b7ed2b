"""Similarities, and the fit of Umeyama against the singular value decomposition that its paper gives."""

import numpy as np
import pytest

from salient_crop.cropping.similarity import Similarity, fit_similarity


def umeyama(points: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """The 2×3 matrix as the paper has it: equations 38 to 43."""
    mean, target_mean = points.mean(0), targets.mean(0)
    centred, target_centred = points - mean, targets - target_mean
    covariance = target_centred.T @ centred / len(points)
    left, values, right = np.linalg.svd(covariance)
    signs = np.array([1.0, np.sign(np.linalg.det(left) * np.linalg.det(right))])
    rotation = left @ np.diag(signs) @ right
    scale = (values * signs).sum() / centred.var(0).sum()
    return np.column_stack([scale * rotation, target_mean - scale * rotation @ mean])


def test_the_fit_is_umeyamas():
    random = np.random.default_rng(4)
    for _ in range(50):
        points, targets = random.normal(size=(5, 2)) * 30, random.normal(size=(5, 2)) + 7
        found = fit_similarity([tuple(each) for each in points], [tuple(each) for each in targets])
        assert np.allclose(found.rows(), umeyama(points, targets), atol=1e-9)


def test_points_that_were_turned_and_enlarged_come_back():
    moved = Similarity.about((10, 20), (3, 4), 2.5, 30)
    points = [(0.0, 0.0), (7.0, 1.0), (3.0, 9.0)]
    found = fit_similarity(points, [moved.apply(each) for each in points])
    assert found.scale == pytest.approx(2.5) and found.angle == pytest.approx(30)
    assert moved.apply((10, 20)) == pytest.approx((3, 4))


def test_the_inverse_leads_back_and_then_chains():
    first, second = Similarity.about((5, 6), (1, 1), 0.3, -70), Similarity(0.0, 2.0, 3.0, -1.0)
    assert first.then(first.inverse()).apply((8, 9)) == pytest.approx((8, 9))
    assert first.then(second).apply((8, 9)) == pytest.approx(second.apply(first.apply((8, 9))))


def test_positive_angles_turn_clockwise_on_a_picture():
    assert Similarity.about((0, 0), (0, 0), 1, 90).apply((1, 0)) == pytest.approx((0, 1))  # y points down


@pytest.mark.parametrize("points", [[(1.0, 1.0)] * 3, [(1.0, 1.0)]])
def test_points_in_one_place_have_no_similarity(points: list):
    with pytest.raises(ValueError, match="in one place"):
        fit_similarity(points, [(0.0, 0.0), (1.0, 0.0), (2.0, 5.0)][: len(points)])

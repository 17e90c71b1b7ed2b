"""Faces that cover the most poses."""

import numpy as np

from salient_crop.cropping.pose_spread import spread_poses


def test_the_ends_come_before_more_of_the_same():
    poses = [(0.0, 0.0)] * 50 + [(60.0, 0.0), (-60.0, 0.0), (0.0, 30.0)]
    chosen = spread_poses(poses, [1.0] * 53, 4)
    assert {50, 51, 52} < set(chosen)


def test_among_faces_alike_the_worthiest_is_taken():
    poses, worth = [(0.0, 0.0), (1.0, 1.0), (2.0, 0.0), (50.0, 0.0), (52.0, 1.0)], [0.2, 0.9, 0.5, 0.3, 0.8]
    assert spread_poses(poses, worth, 2) == [1, 4]


def test_a_spread_is_wider_than_a_choice_at_random():
    random = np.random.default_rng(3)
    poses = random.normal(0, [25, 10], (400, 2))
    chosen = spread_poses([tuple(each) for each in poses.tolist()], [1.0] * 400, 20)

    def farthest(index):
        return np.hypot(*(poses[:, None] - poses[index]).transpose(2, 0, 1)).min(1).max()

    assert len(set(chosen)) == 20
    assert farthest(chosen) < min(farthest(random.choice(400, 20, replace=False)) for _ in range(20))


def test_more_than_there_are_gives_all_and_none_gives_none():
    assert sorted(spread_poses([(0.0, 0.0), (1.0, 0.0)], [1.0, 2.0], 9)) == [0, 1]
    assert spread_poses([], [], 3) == []

"""The numbers by which a box is judged."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from salient_crop.cropping.subject import Subject
from salient_crop.models.crop_choice.features import BAND, box_features, list_features, mirror
from salient_crop.models.crop_choice.picture import PictureTables, find_ends
from salient_crop.models.impression import Impression

SIZE = (600, 400)
COMPONENTS = torch.eye(6)[:, :2]
SUBJECTS = [Subject(0.1, 0.2, 0.5, 0.9, kind="person", head=(0.2, 0.2, 0.3, 0.4)), Subject(0.7, 0.6, 0.9, 0.8)]


def impression(seed: int = 0) -> Impression:
    generator = torch.Generator().manual_seed(seed)
    attention, extent, detail = (torch.rand(8, 12, generator=generator) for _ in range(3))
    gist = torch.rand(6, 3, 4, generator=generator)
    return Impression(attention / attention.sum(), extent, detail, gist, "network")


def tables(seen: Impression, subjects: list[Subject]) -> PictureTables:
    return PictureTables.of(seen, subjects, SIZE, COMPONENTS, torch.zeros(6))


def random_boxes(count: int = 50) -> torch.Tensor:
    inset = torch.rand(count, 4, generator=torch.Generator().manual_seed(1), dtype=torch.float64) * 0.45
    return torch.stack([inset[:, 0], inset[:, 1], 1 - inset[:, 2], 1 - inset[:, 3]], 1)


def flip(region: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    return 1 - region[2], region[1], 1 - region[0], region[3]


def test_the_mirror_image_has_the_features_that_change_places_with_their_twins() -> None:
    seen, boxes = impression(), random_boxes()
    given = box_features(tables(seen, SUBJECTS), boxes)
    flipped = Impression(*(each.flip(-1) for each in (seen.attention, seen.extent, seen.detail, seen.gist)), "network")
    subjects = []
    for each in SUBJECTS:
        x1, _, x2, _ = flip(each.region)
        subjects.append(replace(each, x1=x1, x2=x2, head=None if each.head is None else flip(each.head)))
    mirrored = torch.stack([1 - boxes[:, 2], boxes[:, 1], 1 - boxes[:, 0], boxes[:, 3]], 1)
    found = box_features(tables(flipped, subjects), mirrored)
    twin, sign = mirror(list(given))
    torch.testing.assert_close(
        torch.stack(list(found.values()), 1), torch.stack(list(given.values()), 1)[:, twin] * sign
    )
    assert not torch.equal(twin, torch.arange(len(twin)))


def test_features_have_the_names_and_the_order_of_the_weights_with_and_without_subjects() -> None:
    names = list_features(2)
    assert len(set(names)) == len(names)
    for subjects in ([], SUBJECTS):
        found = box_features(tables(impression(), subjects), random_boxes(3))
        assert list(found) == names
        assert all(each.shape == (3,) and each.isfinite().all() for each in found.values())


def test_what_is_inside_beyond_and_at_the_edges_is_that_of_the_maps() -> None:
    attention = torch.zeros(10, 10)
    attention[:, 0] = 0.1
    seen = replace(impression(), attention=attention, extent=torch.ones(10, 10))
    found = box_features(tables(seen, []), torch.tensor([[0.1, 0.0, 1.0, 1.0], [0.0, 0.0, 0.5, 1.0]]))
    assert found["attention inside"].tolist() == pytest.approx([0, 1])
    assert found["attention beyond left"].tolist() == pytest.approx([1, 0])
    assert found["attention around left"].tolist() == pytest.approx([10, 0])
    assert found["attention within left"].tolist() == pytest.approx([0, 10])
    assert BAND < 0.1, "the band lies in the column"


def test_ends_are_where_a_share_of_the_heat_lies_beyond() -> None:
    heat = torch.full((4, 8), 1 / 32, dtype=torch.float64)
    for share, region in zip((0.02, 0.1, 0.25), find_ends(heat), strict=True):
        assert region == pytest.approx((share, share, 1 - share, 1 - share))

"""The batches of an epoch."""

from __future__ import annotations

from pathlib import Path

import pytest

from salient_crop.training.focus.batches import PARTS, plan_epoch
from salient_crop.training.focus.pictures import LabelledPicture


def pictures(count: int, group: str, fixations: tuple = ()) -> list[LabelledPicture]:
    return [LabelledPicture(Path(f"{group}_{number}"), group, fixations, Path("none"), 1.0) for number in range(count)]


ALL = [
    *pictures(5, "crowd", ((0.5, 0.5),)),
    *pictures(10, "people"),
    *pictures(3, "scene"),
    *pictures(8, "pets"),
    *pictures(10, "flms"),
    *pictures(4, "photo"),
]
SIZES = {str(each.path): (64, 48) if index % 3 else (48, 64) for index, each in enumerate(ALL)}


def test_nothing_makes_no_batches() -> None:
    assert plan_epoch([], {}, 0, 8) == []


def test_every_picture_but_other_photographs_is_used_as_a_whole_once() -> None:
    batches = plan_epoch(ALL, SIZES, 4, 2)
    whole = sorted(each.path.name for batch in batches if batch.whole for each in batch.pictures)
    assert whole == sorted(each.path.name for each in ALL[:-4])
    assert all(len(batch.pictures) <= 2 for batch in batches)
    for batch in batches:
        if batch.whole:
            portrait = {SIZES[str(each.path)][0] < SIZES[str(each.path)][1] for each in batch.pictures}
            assert portrait == {batch.size[0] < batch.size[1]}, "only pictures of one shape are stacked"


def test_parts_are_drawn_from_the_groups_as_often_as_said() -> None:
    parts = [each.group for batch in plan_epoch(ALL, SIZES, 0, 3) if not batch.whole for each in batch.pictures]
    found = {group: parts.count(group) for group in set(parts)}
    assert found == {"crowd": 5, "people": 12, "pets": 4, "flms": 3, "photo": 2}
    assert "scene" not in PARTS


def test_the_number_of_the_epoch_decides_everything() -> None:
    batches = plan_epoch(ALL, SIZES, 4, 2)
    assert batches == plan_epoch(ALL, SIZES, 4, 2)
    assert batches != plan_epoch(ALL, SIZES, 5, 2)
    assert len({batch.seed for batch in batches}) == len(batches)


@pytest.mark.parametrize("area", [64 * 64, 320 * 320])
def test_whole_pictures_have_the_area_that_was_asked_for(area: int) -> None:
    sizes = {batch.size for batch in plan_epoch(ALL, SIZES, 0, 8, area) if batch.whole}
    assert all(width * height == pytest.approx(area, rel=0.3) for width, height in sizes)

"""No head and no subject lies under text where some box leaves it free: beside every box of small pictures."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from head_scenes import HeadScene, head_settings, scenes
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from plain_score import PlainScore

from salient_crop.cropping.box import Box
from salient_crop.cropping.constraint import Constraint
from salient_crop.cropping.crop import Crop
from salient_crop.cropping.heads import stack_protected
from salient_crop.cropping.inputs import SearchInputs
from salient_crop.cropping.ratio import Ratio
from salient_crop.cropping.regions import share_inside
from salient_crop.cropping.search import search
from salient_crop.cropping.subject import Subject, stack_subjects
from salient_crop.cropping.text_names import named_region
from salient_crop.cropping.text_region import TextRegion
from salient_crop.cropping.text_rule import stack_claims

NAMES = ["left third", "right half", "top quarter", "bottom 40%", "top left half", "bottom right 40%"]
# Between boxes whose heads are equally free, all subjects and all other terms decide: in thousandths of a cut head.
EQUAL = (5 * 3 + 1) / 1000

text_settings = settings(head_settings, max_examples=20)

text_scenes = st.builds(
    lambda scene, names: replace(
        scene,
        constraint=replace(
            scene.constraint, text_regions=tuple(TextRegion(named_region(name), "crop") for name in names), keep=()
        ),
    ),
    scenes(largest=28),
    st.lists(st.sampled_from(NAMES), min_size=1, max_size=2, unique=True),
)


def search_scene(scene: HeadScene, **changes) -> Crop:
    inputs = SearchInputs.from_maps(
        scene.heat[None],
        stack_subjects([scene.subjects]),
        protected=stack_protected([scene.subjects]),
        claims=stack_claims([scene.subjects]),
    )
    (crop,) = search(inputs, scene.size, replace(scene.constraint, **changes))
    return crop


def plain_of(scene: HeadScene) -> PlainScore:
    """The rules alone."""

    def pixels(row: list[float]) -> tuple[float, ...]:
        return tuple(round(edge * side, 6) for edge, side in zip(row, scene.size * 2, strict=True))

    rows = stack_protected([scene.subjects])[0].tolist()
    return PlainScore(
        torch.ones(scene.size[1], scene.size[0]),
        scene.ratio.largest_in(scene.size),
        protected=[(pixels(row[:4]), pixels(row[4:8]), row[8]) for row in rows],
        calm=[(each.region, False) for each in scene.constraint.crop_text_regions],
        avoid=[(0, 0, 1, 1)] * len(scene.constraint.avoid),
    )


@text_settings
@given(text_scenes)
def test_heads_are_whole_and_free_of_text_where_any_box_leaves_them_so(scene: HeadScene) -> None:
    boxes = [Box(x1, y1, x2 - x1, y2 - y1) for x1, y1, x2, y2 in scene.all_boxes().tolist()]
    assume(boxes)
    boxes = boxes[:: max(1, len(boxes) // 150)]
    plain = plain_of(scene)

    def broken(box: Box) -> float:
        return plain.broken(box) + plain.hidden_heads(box)

    crop = search_scene(scene, policy="shrink")
    assert broken(crop.box) <= min(map(broken, boxes)) + EQUAL


@text_settings
@given(text_scenes)
def test_with_the_policy_pad_no_head_lies_under_text(scene: HeadScene) -> None:
    """Unless the ratio is so wide, and the text region so large, that not even canvas helps: then none is worse."""
    crop, inside = (search_scene(scene, policy=each) for each in ("pad", "shrink"))
    plain = plain_of(scene)
    assert plain.broken(crop.box) + plain.hidden_heads(crop.box) <= (
        plain.broken(inside.box) + plain.hidden_heads(inside.box) + EQUAL
    )
    # Canvas lies where text is: what text leaves free is on the picture, or holds it along that axis.
    assert abs(crop.box.width - crop.box.height * scene.ratio.value) <= 1 + scene.ratio.value


@pytest.mark.parametrize("name", ["left third", "right 40%", "top quarter", "bottom third"])
@pytest.mark.parametrize("ratio", [Ratio(16, 9), Ratio(4, 5)])
def test_canvas_on_the_side_of_the_text_frees_it_of_somebody_who_fills_the_picture(name: str, ratio: Ratio) -> None:
    person = Subject(0.1, 0.1, 0.9, 0.9, 0.5, "person", (0.35, 0.12, 0.65, 0.4))
    heat = torch.zeros(20, 20)
    heat[2:18, 2:18] = 1
    text = TextRegion(named_region(name), "crop")
    scene = HeadScene((200, 200), heat, [person], Constraint((ratio,), text_regions=(text,), policy="pad"))
    crop = search_scene(scene)
    x1, y1, x2, y2 = crop.box.relative(scene.size)
    under = (
        x1 + text.region[0] * (x2 - x1),
        y1 + text.region[1] * (y2 - y1),
        x1 + text.region[2] * (x2 - x1),
        y1 + text.region[3] * (y2 - y1),
    )
    assert share_inside(person.region, under) <= 0.1
    assert share_inside(person.head, under) == 0
    assert share_inside(person.head, (x1, y1, x2, y2)) > 0.98
    assert crop.terms["canvas"] > 0
    assert crop.terms["layout"] == 1


@pytest.mark.parametrize("name", ["left third", "right half"])
def test_canvas_lets_a_head_be_whole_that_no_crop_inside_the_picture_can_hold(name: str) -> None:
    """A portrait at 16:9: the largest crop inside is lower than the head; with canvas beside it, it is not."""
    person = Subject(0.0, 0.03, 1.0, 1.0, 0.6, "person", (0.1, 0.03, 0.8, 0.63))
    heat = torch.zeros(30, 25)
    heat[20:28, 2:23] = 1
    text = TextRegion(named_region(name), "crop")
    scene = HeadScene((500, 600), heat, [person], Constraint((Ratio(16, 9),), text_regions=(text,), policy="pad"))
    crop = search_scene(scene)
    assert share_inside(person.head, crop.box.relative(scene.size)) > 0.98
    assert crop.terms["layout"] == 1


def test_canvas_above_and_below_is_spread_evenly() -> None:
    """Somebody who fills a landscape picture, in an upright crop with text at the left."""
    person = Subject(0.02, 0.02, 0.98, 0.98, 0.9, "person", (0.1, 0.05, 0.9, 0.95))
    text = TextRegion(named_region("left third"), "crop")
    constraint = Constraint((Ratio(4, 5),), text_regions=(text,), policy="pad")
    crop = search_scene(HeadScene((450, 300), torch.ones(20, 30), [person], constraint))
    above, below = -crop.box.y, crop.box.bottom - 300
    assert above > 0
    assert abs(above - below) <= 1


def test_what_is_small_beside_the_subject_claims_no_canvas() -> None:
    person = Subject(0.1, 0.05, 0.5, 0.95, 0.5, "person", (0.2, 0.05, 0.4, 0.3), 0.9)
    pebble = Subject(0.9, 0.8, 0.98, 0.9, 0.002, "object")
    (alone, beside) = stack_claims([[person], [person, pebble]])
    assert beside[: len(alone)].equal(alone)
    assert not beside[1:].any()

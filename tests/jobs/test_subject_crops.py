"""A crop of each subject: many people, neighbours, near duplicates, an order, a number, and corrections."""

import pytest
import torch

from salient_crop.cropping.box import Box
from salient_crop.cropping.constraint import Constraint, UnsatisfiableError
from salient_crop.cropping.correction import Correction
from salient_crop.cropping.heads import WHOLE, share_of_head
from salient_crop.cropping.ratio import Ratio
from salient_crop.cropping.regions import share_inside
from salient_crop.cropping.subject import Subject
from salient_crop.jobs.per_subject import PerSubject
from salient_crop.jobs.subject_crops import choose_subject_crops, pick_subject_corrections
from salient_crop.models.analysis import Analysis

SIZE = (1600, 1000)
SQUARE, TALL, WIDE = Ratio(1, 1), Ratio(2, 3), Ratio(16, 9)


def person(x, y, head=0.1, sure=1.0, label=""):
    """Somebody whose head, of that share of the picture's height, has its middle at x and its top at y."""
    half = head * SIZE[1] / SIZE[0] / 2
    return Subject(
        x - 2 * half, y, x + 2 * half, min(1.0, y + 5 * head), kind="person", head=(x - half, y, x + half, y + head),
        confidence=sure, label=label,
    )  # fmt: skip


def crops_of(subjects, ratios=(SQUARE,), size=SIZE, asked=None, **more):
    analysis = Analysis(torch.ones(20, 32), subjects)
    constraints = more.pop("constraints", [Constraint(ratios)])
    asked = asked or PerSubject(**{"kind": "head", **more.pop("ask", {})})
    return choose_subject_crops(analysis, size, constraints, asked, **more)


def regions(found, size=SIZE):
    return [each.crops[0].box.relative(size) for each in found.found]


ROW = [person(x, 0.3) for x in (0.2, 0.5, 0.8)]


@pytest.mark.parametrize("ratio", [SQUARE, TALL, WIDE])
@pytest.mark.parametrize("framing", ["head", "portrait", "half figure", "full figure", "whole"])
def test_each_of_several_people_has_a_crop_that_holds_the_head_and_no_neighbour(ratio, framing):
    found = crops_of(ROW, (ratio,), ask={"framing": framing, "order": "left to right"})
    assert [each.subject for each in found.found] == ROW and not found.left_out
    for each, region in zip(found.found, regions(found), strict=True):
        (crop,) = each.crops
        assert crop.box.inside(SIZE) and crop.ratio == ratio
        assert share_of_head(each.subject, region) >= WHOLE
        others = [share_of_head(other, region) for other in ROW if other is not each.subject]
        if framing in ("head", "portrait") or ratio == TALL:
            assert others == [0, 0]
        assert all(share == 0 or share >= WHOLE for share in others)
        assert crop.subject.kind == "head" and crop.subject.box == Box.from_relative(each.subject.head, SIZE)
        if ratio == SQUARE and framing != "full figure":
            assert crop.framing == {"head": "close-up", "whole": "full figure"}.get(framing, framing)


def test_the_head_lies_in_the_middle_where_nothing_speaks_against_it():
    (region,) = regions(crops_of([person(0.5, 0.4)], (TALL,)))
    head = person(0.5, 0.4).head
    assert (region[0] + region[2]) / 2 == pytest.approx(0.5, abs=0.01)
    assert head[1] - region[1] < region[3] - head[3]  # less room above than below


def test_no_subject_and_no_such_subject_say_so():
    assert crops_of([]).describe_left_out() == "no head was found in it"
    assert crops_of(ROW, ask={"kind": "animal"}).describe_left_out() == "no animal was found in it"
    assert crops_of([person(0.5, 0.3, sure=0.3)]).describe_left_out() == "no head was found in it"


@pytest.mark.parametrize(
    ("order", "expected"),
    [("importance", [1, 2, 0]), ("left to right", [0, 1, 2]), ("size", [2, 1, 0])],
)
def test_crops_come_in_the_order_that_was_asked_for(order, expected):
    people = [person(0.1, 0.5, 0.08), person(0.5, 0.45, 0.12), person(0.9, 0.02, 0.124)]
    found = crops_of(people, ask={"order": order})
    assert [people.index(each.subject) for each in found.found] == expected


@pytest.mark.parametrize("order", ["importance", "left to right"])
def test_of_many_the_most_important_are_taken(order):
    people = [person(0.05 + 0.1 * index, 0.4, 0.07 + 0.0005 * index) for index in range(10)]
    found = crops_of(people, ask={"most": 3, "order": order})
    assert {people.index(each.subject) for each in found.found} == {4, 5, 6}  # those beside are hardly larger
    assert found.describe_left_out() == "7 heads left out: more than are wanted"
    largest = crops_of(people, ask={"most": 3, "order": "size"})
    assert [people.index(each.subject) for each in largest.found] == [9, 8, 7]


def test_of_two_crops_that_are_nearly_the_same_the_less_important_goes():
    couple = [person(0.48, 0.3, 0.1), person(0.52, 0.3, 0.11)]
    found = crops_of(couple, ask={"framing": "full figure"})
    assert [each.subject for each in found.found] == couple[1:]
    assert found.describe_left_out() == "1 head left out: nearly the same as another"
    both = crops_of(couple, ask={"framing": "full figure", "most_overlap": 1.0})
    assert len(both.found) == 2


def test_small_crops_and_those_that_would_be_enlarged_too_much_are_left_out():
    people = [person(0.3, 0.4, 0.2), person(0.7, 0.4, 0.04)]
    assert len(crops_of(people, ask={"smallest": 20}).found) == 2
    found = crops_of(people, ask={"smallest": 100})
    assert [each.subject for each in found.found] == people[:1]
    assert found.describe_left_out() == "1 head left out: too small"
    enlarged = crops_of(
        people, ask={"smallest": 1, "most_enlarged": 4.0}, enlargement=lambda crop, place: 512 / crop.box.width
    )
    assert [each.subject for each in enlarged.found] == people[:1]


def test_a_neighbour_is_kept_out_or_kept_whole():
    """Close to each other: a crop about one reaches the other's head where nothing holds it back."""
    one, other = person(0.45, 0.3, 0.2), person(0.565, 0.3, 0.16)
    for neighbours in ("out", "whole"):
        found = crops_of([one, other], ask={"neighbours": neighbours, "order": "left to right"})
        shares = [share_of_head(each, region) for each, region in zip([other, one], regions(found), strict=True)]
        assert all(share < 0.05 or share >= WHOLE for share in shares)
    (left, _) = regions(crops_of([one, other], ask={"neighbours": "out", "order": "left to right"}))
    assert share_of_head(other, left) < 0.05


def test_a_neighbour_that_cannot_be_helped_is_told_of():
    mother, child = person(0.5, 0.2, 0.3), person(0.53, 0.42, 0.28)
    found = crops_of([mother, child], ask={"most_overlap": 1.0, "framing": "portrait", "margin": 0.0})
    warnings = [each.code for crop in found.found for each in crop.crops[0].warnings]
    assert set(warnings) <= {"head-sliced", "keep-given-up"}
    for each, region in zip(found.found, regions(found), strict=True):
        sliced = [share_of_head(other, region) for other in (mother, child) if other is not each.subject]
        told = any(warning.code == "head-sliced" for warning in each.crops[0].warnings)
        assert told == any(0.05 < share < 0.95 for share in sliced)


def test_the_ratio_is_the_one_that_holds_the_subject():
    lying = Subject(0.1, 0.4, 0.9, 0.7, kind="animal", head=(0.1, 0.4, 0.3, 0.6))
    (found,) = crops_of([lying], (SQUARE, TALL, WIDE), ask={"kind": "animal"}).found
    assert found.crops[0].ratio == WIDE
    assert share_inside(lying.region, found.crops[0].box.relative(SIZE)) == pytest.approx(1)
    standing = person(0.5, 0.2, 0.12)
    (found,) = crops_of([standing], (WIDE, SQUARE, TALL), ask={"kind": "person"}).found
    assert found.crops[0].ratio == TALL


@pytest.mark.parametrize("place", [0.02, 0.98])
def test_a_head_at_the_edge_of_a_wide_picture_is_never_cut(place):
    for ratio in (TALL, WIDE, Ratio(1, 3)):
        for framing in ("head", "half figure", "whole"):
            found = crops_of([person(place, 0.01, 0.2)], (ratio,), ask={"framing": framing})
            (region,) = regions(found)
            assert share_of_head(found.found[0].subject, region) >= WHOLE
            assert all(each.code != "head-cut" for each in found.found[0].crops[0].warnings)


def test_where_no_crop_can_hold_the_head_on_cut_decides():
    close = Subject(0.05, 0.1, 0.95, 0.9, kind="face")  # in a crop of 1:3
    kept = crops_of([close], (Ratio(1, 3),))
    assert kept.found[0].crops[0].warnings[0].code == "head-cut"
    dropped = crops_of([close], (Ratio(1, 3),), on_cut="drop")
    assert dropped.describe_left_out() == "1 head left out: with the head cut off"
    (padded,) = crops_of([close], (Ratio(1, 3),), on_cut="pad").found
    assert share_of_head(close, padded.crops[0].box.relative(SIZE)) >= WHOLE


def test_under_the_policy_error_a_subject_without_room_is_left_out_and_the_conflict_kept():
    wide = Subject(0.0, 0.4, 1.0, 0.6, label="train")
    shoe = Subject(0.4, 0.1, 0.5, 0.2, label="shoe")
    found = crops_of([wide, shoe], ask={"kind": "object"}, constraints=[Constraint((SQUARE,), policy="error")])
    assert [each.subject.label for each in found.found] == ["shoe"]
    assert isinstance(found.unsatisfiable, UnsatisfiableError)
    assert found.describe_left_out() == "1 object left out: without room in the picture"


def test_labels_and_sides_that_are_multiples_go_along():
    shoes = [Subject(0.2, 0.2, 0.35, 0.4, label="left shoe"), Subject(0.6, 0.2, 0.75, 0.4)]
    constraints = [Constraint((TALL,), multiple_of=8), Constraint((SQUARE,), multiple_of=8)]
    found = crops_of(shoes, ask={"kind": "object", "order": "left to right"}, constraints=constraints)
    assert [each.crops[0].subject.label for each in found.found] == ["left shoe", "object"]
    for each in found.found:
        assert [crop.ratio for crop in each.crops] == [TALL, SQUARE]
        assert all(side % 8 == 0 for crop in each.crops for side in crop.box.size)
        assert all(share_inside(each.subject.region, crop.box.relative(SIZE)) > 0.999 for crop in each.crops)


def test_the_same_picture_gives_the_same_crops_whatever_the_order_of_detection():
    first, again = crops_of(ROW), crops_of(ROW[::-1])
    assert {each.crops[0].box for each in first.found} == {each.crops[0].box for each in again.found}


def test_a_correction_belongs_to_the_crop_that_it_overlaps_most():
    before = crops_of(ROW, ask={"order": "left to right"})
    boxes = [each.crops[0].box for each in before.found]
    drawn = Correction("box", boxes[1].shifted(15, 10))
    decided = [drawn, Correction("drop", boxes[2]), Correction("approve", Box(0, 0, 900, 600))]
    after = crops_of(ROW, ask={"order": "left to right"}, corrections=decided)
    found = [each.crops[0] for each in after.found]
    assert [each.correction for each in found] == [None, drawn, decided[1]]
    assert [each.box for each in found[:2]] == [boxes[0], drawn.box]
    assert found[2].correction.is_drop


@pytest.mark.parametrize(
    ("corrections", "expected"),
    [
        ([], [None, None]),
        ([Correction("box", Box(55, 0, 10, 10))], [None, 0]),
        ([Correction("box", Box(55, 0, 10, 10)), Correction("drop", Box(50, 0, 10, 10))], [None, 1]),  # one each
        ([Correction("box", Box(0, 0, 20, 10))], [None, None]),  # in another ratio
        ([Correction("box", Box(200, 0, 10, 10))], [None, None]),  # elsewhere
    ],
)
def test_corrections_are_paired_with_crops(corrections, expected):
    picked = pick_subject_corrections(corrections, [Box(0, 0, 10, 10), Box(50, 0, 10, 10)], [SQUARE])
    assert picked == [None if each is None else corrections[each] for each in expected]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"kind": "face"}, "kind must be one of head, person, animal, object, prompt, got 'face'"),
        ({"framing": "close-up"}, "framing must be one of head, portrait"),
        ({"neighbours": "in"}, "neighbours must be one of out, whole"),
        ({"order": "right to left"}, "order must be one of"),
        ({"most": 0}, "most must be at least 1"),
        ({"most": 101}, "most must be at most 100"),
        ({"margin": 3.0}, "margin must be a share in 0..2"),
        ({"most_overlap": 1.5}, "most_overlap"),
        ({"smallest": 0}, "smallest must be at least 1"),
        ({"most_enlarged": 0.0}, "most_enlarged must be above 0"),
    ],
)
def test_what_cannot_be_asked_for_is_named(fields, message):
    with pytest.raises(ValueError, match=message):
        PerSubject(**fields)

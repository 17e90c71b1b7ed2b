"""Regions that were painted on the canvas: what they do to a crop, how they are shown, and what is refused."""

from importlib import import_module

import pytest
import torch
from wires import as_box, scene


def painted(*regions):
    """The widget's value."""
    return {"regions": [{"kind": kind, "box": box, **more} for kind, box, more in regions]}


def left_of(run, smartcrop, constraint, picture):
    (box,) = run("ConstrainedCrop", image=[picture], cropper=[smartcrop], constraint=[constraint])[2]
    return box["x"]


def test_nothing_painted_asks_for_nothing(run):
    (plain,) = run("Constraint", ratio="1:1")
    for nothing in (None, {}, {"regions": []}):
        assert run("Constraint", ratio="1:1", regions=nothing) == (plain,)


def test_what_is_kept_and_avoided_moves_the_crop(run, smartcrop):
    picture = scene(300, 100, 150, 50)

    def left(*regions):
        (constraint,) = run("Constraint", ratio="1:1", min_share=1, regions=painted(*regions))
        return left_of(run, smartcrop, constraint, picture)

    assert left(("keep", [0.0, 0.3, 0.05, 0.6], {})) == 0
    assert left(("keep", [0.9, 0.0, 1.0, 1.0], {})) == 200
    assert left(("avoid", [0.5, 0.0, 1.0, 1.0], {})) < left(("avoid", [0.0, 0.0, 0.5, 1.0], {}))


def test_text_lies_in_the_frame_that_was_painted_whatever_the_layout_widgets_say(run):
    value = painted(
        ("text", [0, 0, 0.5, 1], {"frame": "crop"}),
        ("text", [0.5, 0, 1, 1], {"frame": "source"}),
        ("text", [0, 0, 1, 0.5], {}),
    )
    (constraint,) = run("Constraint", layout="top third", layout_frame="crop", layout_hard=True, regions=value)
    found = constraint.for_picture(0, 1, (300, 200)).text_regions
    assert [(each.region, each.frame) for each in found[1:]] == [
        ((0, 0, 0.5, 1), "crop"),
        ((0.5, 0, 1, 1), "source"),
        ((0, 0, 1, 0.5), "source"),
    ]
    assert all(each.hard for each in found)


def test_hard_text_painted_in_the_picture_is_held(run, smartcrop):
    value = painted(("text", [0, 0, 0.1, 1], {}))
    (constraint,) = run("Constraint", ratio="1:1", layout_hard=True, regions=value)
    assert left_of(run, smartcrop, constraint, scene(300, 100, 150, 50)) == 0


def test_the_margin_is_around_what_is_painted_to_keep(run):
    value = painted(("keep", [0.4, 0.4, 0.6, 0.6], {"name": "logo"}), ("avoid", [0, 0, 0.1, 0.1], {}))
    (constraint,) = run("Constraint", margin="50%", regions=value)
    on = constraint.for_picture(0, 1, (100, 100))
    assert on.keep == (pytest.approx((0.3, 0.3, 0.7, 0.7)),)
    assert on.avoid == ((0, 0, 0.1, 0.1),)


def test_regions_of_earlier_versions_are_pixels_of_the_connected_picture(run):
    value = {"regions": [{"kind": "text", "frame": "source", "name": "", "pixels": [30, 0, 60, 100]}]}
    (on_picture,) = run("Constraint", image=torch.zeros(1, 100, 300, 3), regions=value)
    (alone,) = run("Constraint", regions=value)
    for constraint, region in ((on_picture, (0.1, 0, 0.3, 1)), (alone, (0.05, 0, 0.15, 0.5))):
        (found,) = constraint.for_picture(0, 1, (600, 200)).text_regions
        assert found.region == pytest.approx(region)


def test_a_whole_folder_takes_what_is_painted(run, nodes):
    resolve = import_module("salient_crop.nodes.crop_folder").resolve_constraint
    (constraint,) = run("Constraint", regions=painted(("keep", [0, 0, 0.5, 0.5], {})))
    assert resolve(constraint, "1:1", False).keep == ((0, 0, 0.5, 0.5),)


def test_painted_regions_add_up_along_a_chain(run):
    (first,) = run("Constraint", regions=painted(("keep", [0, 0, 0.1, 0.1], {})))
    (both,) = run(
        "Constraint", constraint=first, keep_boxes=as_box(0, 0, 5, 5), regions=painted(("keep", [0.9, 0.9, 1, 1], {}))
    )
    found = both.for_picture(0, 1, (100, 100)).keep
    assert set(found) == {(0, 0, 0.1, 0.1), (0, 0, 0.05, 0.05), (0.9, 0.9, 1, 1)}


def test_the_panel_shows_them_by_their_names(panel):
    value = painted(
        ("keep", [0.4, 0.4, 0.6, 0.6], {"name": "the sheep"}),
        ("avoid", [0, 0, 0.1, 0.1], {"name": "a\u202ebin"}),
        ("text", [0, 0, 0.3, 1], {"frame": "crop", "name": "headline"}),
    )
    for more in (
        {},
        {"margin": "10%"},
        {"image": torch.zeros(1, 40, 80, 3)},
        {"margin": "4px", "image": torch.zeros(1, 40, 80, 3)},
    ):
        content = panel("Constraint", ratio="3:1", regions=value, **more)
        names = [[each["name"] for each in tile["regions"]] for tile in content["tiles"]]
        assert names == [["the sheep", "a\\u202ebin"], ["headline"]]


def test_what_is_painted_is_drawn_although_boxes_cannot_be_placed(panel):
    value = painted(("avoid", [0, 0, 0.1, 0.1], {"name": "bin"}))
    content = panel("Constraint", keep_boxes=as_box(10, 0, 10, 20), regions=value)
    assert [each["name"] for each in content["tiles"][0]["regions"]] == ["bin"]
    assert "connect it as image" in content["warnings"][0]


GOOD = {"kind": "text", "box": [0, 0, 0.5, 1]}


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ([], None),
        ([GOOD], "must be an object"),
        ("x", "must be an object"),
        ({"pictures": {}}, "regions: is missing"),
        ({"regions": {}}, "must be a list"),
        ({"regions": [GOOD] * 101}, "101 are over the limit of 100"),
        ({"regions": [7]}, r"regions\[0\]: must be an object"),
        ({"regions": [GOOD, {**GOOD, "kind": "blur"}]}, r"regions\[1\].kind: must be one of keep, avoid, text"),
        ({"regions": [{**GOOD, "kind": ["text"]}]}, "kind: must be one of"),
        ({"regions": [{**GOOD, "frame": "page"}]}, "frame: must be one of source, crop"),
        ({"regions": [{**GOOD, "kind": "keep", "frame": "crop"}]}, "frame: what to keep lies in the picture"),
        ({"regions": [{"kind": "text"}]}, "box: is missing"),
        ({"regions": [{**GOOD, "box": [0, 0, 1]}]}, "a list of 4"),
        ({"regions": [{**GOOD, "box": [0, 0, float("nan"), 1]}]}, "finite number"),
        ({"regions": [{**GOOD, "box": ["0", 0, 1, 1]}]}, "finite number"),
        ({"regions": [{**GOOD, "box": [0, 0, 1.5, 1]}]}, "0 ≤ x1 < x2 ≤ 1"),
        ({"regions": [{**GOOD, "box": [0.5, 0, 0.5, 1]}]}, "0 ≤ x1 < x2 ≤ 1"),
        ({"regions": [{"kind": "text", "pixels": [0, 0, 0, 5]}]}, "at least 1"),
        ({"regions": [{"kind": "text", "pixels": [0, 0, 1e400, 5]}]}, "whole number"),
        ({"regions": [{**GOOD, "name": 7}]}, "name: must be a text"),
        ({"regions": [{**GOOD, "name": "x" * 101}]}, "at most 100 characters"),
    ],
)
def test_what_a_stranger_put_there_is_refused_by_its_place(run, value, words):
    if words is None:
        assert run("Constraint", regions=value)
        return
    with pytest.raises(ValueError, match=words) as error:
        run("Constraint", regions=value)
    assert str(error.value).startswith("regions: ") and str(error.value).endswith("press Clear on the node")

"""Crop Rules in a stand-in host."""

import pytest
import torch
from wires import as_box, scene, spot


def test_boxes_of_a_batch_belong_to_their_pictures(run, smartcrop):
    batch = torch.cat([scene(300, 100, 150, 50)] * 2)
    frames = [[as_box(0, 40, 10, 10)], [as_box(290, 40, 10, 10)]]
    (constraint,) = run("Constraint", ratio="1:1", keep_boxes=frames)
    boxes = run("ConstrainedCrop", image=[batch], cropper=[smartcrop], constraint=[constraint])[2]
    assert boxes[0]["x"] == 0
    assert boxes[1]["x"] + boxes[1]["width"] == 300
    with pytest.raises(ValueError, match="2 values for 3 pictures"):
        run("ConstrainedCrop", image=[batch, batch[:1]], cropper=[smartcrop], constraint=[constraint])


def test_a_constraint_each_belongs_to_its_picture(run, smartcrop):
    keeps = [run("Constraint", keep=spot(300, 100, x, 50, 10))[0] for x in (20, 280)]
    boxes = run("ConstrainedCrop", image=[scene(300, 100, 150, 50)] * 2, cropper=[smartcrop], constraint=keeps)[2]
    assert boxes[0]["x"] <= 15
    assert boxes[1]["x"] + boxes[1]["width"] >= 285


def test_constraints_add_up(run, smartcrop):
    picture = scene(300, 200, 150, 100)
    (left,) = run("Constraint", ratio="2:1", min_share=0.2, min_width=150, keep_boxes=as_box(0, 90, 20, 20))
    (both,) = run("Constraint", min_share=0.1, constraint=left, keep_boxes=[as_box(230, 90, 20, 20)])
    (box,) = run("ConstrainedCrop", image=[picture], cropper=[smartcrop], constraint=[both], ratio=["1:1"])[2]
    assert box["label"] == "2:1"
    assert box["x"] == 0
    assert box["width"] >= 250
    assert abs(box["width"] - 2 * box["height"]) <= 2


def test_framed_as_people_crop_it_comes_closer(run):
    picture, heat = scene(300, 210, 150, 100), spot(300, 210, 150, 100, 60)

    def area(**options):
        (constraint,) = run("Constraint", ratio="4:3", **options)
        (box,) = run("ConstrainedCrop", image=[picture], heatmap=[heat], constraint=[constraint])[2]
        return box["width"] * box["height"]

    (people,) = run("Constraint", framing="as people crop")
    closer = area(framing="as people crop")
    assert closer < 0.97 * area(framing="keep the most")
    assert area(constraint=people) == closer  # a chain keeps it


def test_a_drawn_region_follows_the_picture_to_another_size(run, smartcrop):
    drawn_on, cropped = scene(300, 100, 150, 50), scene(600, 200, 300, 100)
    region = as_box(0, 0, 30, 100)
    (constraint,) = run(
        "Constraint", ratio="1:1", image=drawn_on, layout="drawn region", region=region, layout_hard=True
    )
    (box,) = run("ConstrainedCrop", image=[cropped], cropper=[smartcrop], constraint=[constraint])[2]
    assert box["x"] == 0
    ignored = run("Constraint", ratio="1:1", image=drawn_on, region=region, layout_hard=True)
    assert run("ConstrainedCrop", image=[cropped], cropper=[smartcrop], constraint=list(ignored))[2][0]["x"] > 0


def test_a_margin_keeps_room_around_what_is_kept(run, smartcrop):
    keep = spot(300, 100, 280, 50, 10)

    def right(margin):
        (constraint,) = run("Constraint", ratio="1:1", keep=keep, margin=margin)
        (box,) = run("ConstrainedCrop", image=[scene(300, 100, 20, 50)], cropper=[smartcrop], constraint=[constraint])[
            2
        ]
        return box["x"] + box["width"]

    assert (right(""), right("5px"), right("100%")) == (285, 290, 295)
    with pytest.raises(ValueError, match="margin '5'"):
        right("5")


def test_layouts_by_name_add_up_with_the_chosen_one(run):
    (constraint,) = run("Constraint", layout="left third", layouts="top 40%; 0.7,0.3,0.9,0.6", layout_frame="crop")
    assert [each.region for each in constraint.base.text_regions] == [
        (0, 0, pytest.approx(1 / 3), 1),
        (0, 0, 1, 0.4),
        (0.7, 0.3, 0.9, 0.6),
    ]
    assert {each.frame for each in constraint.base.text_regions} == {"crop"}
    with pytest.raises(ValueError, match="layout"):
        run("Constraint", layouts="middle third")


def test_the_panel_draws_the_regions_of_the_crop_on_a_frame_and_others_on_the_picture(panel):
    content = panel("Constraint", ratio="3:1, 1:1", layout="left third", layout_frame="crop")
    (frame,) = content["tiles"]
    assert (frame["width"], frame["height"], frame["picture"]) == (3, 1, None)
    assert frame["regions"] == [{"kind": "text", "box": pytest.approx([0, 0, 1 / 3, 1]), "name": ""}]
    assert content["words"] == "3:1 or 1:1, at least 60% of the largest crop; 1 region for text."
    keep = as_box(10, 0, 10, 20)
    content = panel("Constraint", ratio="1:1", keep_boxes=keep, image=torch.zeros(1, 40, 80, 3))
    picture, frame = content["tiles"]
    assert (picture["width"], picture["height"]) == (80, 40) and picture["picture"]
    assert picture["regions"] == [{"kind": "keep", "box": [0.125, 0.0, 0.25, 0.5], "name": ""}]
    assert not frame["regions"]
    content = panel("Constraint", keep_boxes=keep)
    assert "connect it as image" in content["warnings"][0]
    masks = torch.zeros(3, 8, 8)
    masks[1, :4] = 1  # one for each picture of a batch that is not here yet
    assert panel("Constraint", keep=masks)["tiles"]


def test_the_panel_says_which_regions_do_nothing(panel):
    box, picture = as_box(10, 0, 10, 20), torch.zeros(1, 40, 80, 3)

    def warnings(**given):
        return panel("Constraint", image=picture, **given)["warnings"]

    assert warnings(layout="drawn region", region=box) == warnings(keep_boxes=box) == []
    assert warnings(layout="drawn region") == ["layout: drawn region, but no box has arrived at region"]
    assert warnings(region=box) == ["region: does nothing unless layout is drawn region"]
    outside = [box, as_box(1000, 0, 10, 20), as_box(0, 900, 5, 5)]
    assert warnings(keep_boxes=outside) == ["2 boxes for keep outside the picture do nothing"]

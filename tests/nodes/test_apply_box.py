"""Apply Box in a stand-in host."""

import pytest
import torch
from wires import as_box, scene


def test_a_box_that_no_detector_found_is_named(run):
    with pytest.raises(ValueError, match="picture 0: box: no box arrived"):
        run("ApplyBox", image=[scene(60, 40, 20, 20)], box=[[]])
    with pytest.raises(ValueError, match="box: expected a bounding box"):
        run("ApplyBox", image=[scene(60, 40, 20, 20)], box=["0,0,10,10"])


def test_the_same_crop_of_a_larger_version(run, smartcrop):
    picture = scene(200, 100, 150, 50)
    boxes = run("ConstrainedCrop", image=[picture], cropper=[smartcrop], ratio=["1:1"])[2]
    larger = picture.repeat_interleave(2, 1).repeat_interleave(2, 2)
    (image,), (mask,), _ = run("ApplyBox", image=[larger], box=boxes)
    (small,), _, _ = run("ApplyBox", image=[picture], box=boxes)
    assert torch.equal(image, small.repeat_interleave(2, 1).repeat_interleave(2, 2))
    assert mask.shape == image.shape[:3]


def test_a_box_applies_to_masks_alone_and_to_whole_batches(run):
    mask = torch.rand(3, 40, 60)
    images, masks, places = run("ApplyBox", mask=[mask], box=[as_box(10, 5, 20, 30)])
    assert len(images) == len(masks) == 3 and places == [0, 1, 2]
    assert torch.equal(torch.cat(masks), mask[:, 5:35, 10:30])
    with pytest.raises(ValueError, match=r"picture 0: .*outside"):
        run("ApplyBox", mask=[mask], box=[as_box(100, 100, 20, 30)])
    with pytest.raises(ValueError, match="image, mask: connect at least one"):
        run("ApplyBox", box=[as_box(0, 0, 5, 5)])


def test_one_box_serves_all_pictures_and_otherwise_there_is_one_each(run):
    pictures = torch.rand(2, 30, 30, 3, generator=torch.Generator().manual_seed(0))
    first, second = as_box(0, 0, 10, 10), as_box(5, 6, 7, 8)
    images, masks, _ = run("ApplyBox", image=pictures, box=[first])
    assert torch.equal(torch.cat(images), pictures[:, :10, :10])
    assert not torch.cat(masks).any()
    for boxes in ([first, second], [[[first], [second]]], [[first, second]]):
        images, _, _ = run("ApplyBox", image=pictures, box=boxes)
        assert torch.equal(images[1][0], pictures[1, 6:14, 5:12])
    with pytest.raises(ValueError, match="^box: boxes for 3 pictures, but there are 2; connect one or a list"):
        run("ApplyBox", image=pictures, box=[first, second, first])


FIRST, SECOND, THIRD = as_box(0, 0, 10, 12), as_box(5, 6, 7, 8), as_box(20, 1, 9, 4)


@pytest.mark.parametrize(
    ("boxes", "count", "expected"),
    [
        ([FIRST, SECOND], 1, [(0, FIRST), (0, SECOND)]),  # as an output list
        ([[FIRST, SECOND]], 1, [(0, FIRST), (0, SECOND)]),  # as a detector emits them
        ([[[FIRST, SECOND, THIRD]]], 1, [(0, FIRST), (0, SECOND), (0, THIRD)]),
        ([[[FIRST, SECOND], [THIRD]]], 2, [(0, FIRST), (0, SECOND), (1, THIRD)]),
        ([[FIRST, SECOND], THIRD], 2, [(0, FIRST), (0, SECOND), (1, THIRD)]),
        ([[FIRST], []], 2, [(0, FIRST)]),
        ([[FIRST, SECOND]], 3, [(place, box) for place in range(3) for box in (FIRST, SECOND)]),
    ],
)
def test_several_boxes_of_a_picture_give_a_crop_each(run, boxes, count, expected):
    pictures = torch.rand(count, 30, 40, 3, generator=torch.Generator().manual_seed(0))
    three_masks = torch.zeros(3, 30, 40)  # on one picture: they unite
    three_masks[0, :6], three_masks[1, 6:8], three_masks[2, :, 20:] = 1, 1, 1
    images, masks, places = run("ApplyBox", image=pictures, box=boxes, mask=three_masks if count == 1 else [])
    assert places == [place for place, _ in expected]
    for image, mask, (place, box) in zip(images, masks, expected, strict=True):
        rows, columns = slice(box["y"], box["y"] + box["height"]), slice(box["x"], box["x"] + box["width"])
        assert torch.equal(image[0], pictures[place, rows, columns])
        assert torch.equal(mask[0], three_masks.amax(0)[rows, columns] if count == 1 else torch.zeros(mask[0].shape))


def test_boxes_that_tell_their_picture_go_to_it(run):
    pictures = torch.rand(2, 30, 40, 3, generator=torch.Generator().manual_seed(0))
    told = [{**each, "metadata": {"picture_index": 1, "picture_count": 2}} for each in (FIRST, SECOND)]
    images, _, places = run("ApplyBox", image=pictures, box=told)
    assert places == [1, 1] and torch.equal(images[1][0], pictures[1, 6:14, 5:12])
    # Found among another number of pictures, or told by nonsense: one for each.
    for metadata in ({"picture_index": 1, "picture_count": 3}, {"picture_index": "1", "picture_count": 2}, None, [1]):
        boxes = [{**each, "metadata": metadata} for each in (FIRST, SECOND)]
        assert run("ApplyBox", image=pictures, box=boxes)[2] == [0, 1]


def test_a_picture_without_a_box_is_told_on_the_panel(panel):
    shown = panel("ApplyBox", image=torch.rand(2, 20, 40, 3), box=[[as_box(0, 0, 9, 9)], []])
    assert (len(shown["tiles"]), shown["warnings"]) == (1, ["picture 1: no box"])


def test_what_lies_outside_is_white_and_its_mask_black(run):
    picture = torch.zeros(1, 20, 20, 3)
    (image,), (mask,), _ = run("ApplyBox", image=picture, mask=torch.ones(1, 20, 20), box=as_box(-10, 0, 20, 20))
    assert (image[:, :, :10] == 1).all() and (image[:, :, 10:] == 0).all()
    assert (mask[:, :, :10] == 0).all() and (mask[:, :, 10:] == 1).all()


def test_masks_alone_give_grey_pictures(run):
    (image,), (mask,), _ = run("ApplyBox", mask=torch.ones(1, 20, 20), box=as_box(5, 5, 10, 10))
    assert image.shape == (1, 10, 10, 3) and (image == 0.5).all()
    assert mask.all()


def test_the_panel_shows_where_the_box_lies(panel):
    (tile,) = panel("ApplyBox", image=torch.rand(1, 20, 40, 3), box=as_box(10, 0, 20, 20))["tiles"]
    assert (tile["box"], tile["words"]) == ([0.25, 0.0, 0.75, 1.0], "Cuts 20×20 pixels.")
    (tile,) = panel("ApplyBox", mask=torch.ones(1, 20, 40), box=as_box(10, 0, 20, 20))["tiles"]
    assert tile["picture"]

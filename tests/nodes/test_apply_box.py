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
    (image,), (mask,) = run("ApplyBox", image=[larger], box=boxes)
    (small,), _ = run("ApplyBox", image=[picture], box=boxes)
    assert torch.equal(image, small.repeat_interleave(2, 1).repeat_interleave(2, 2))
    assert mask.shape == image.shape[:3]


def test_a_box_applies_to_masks_alone_and_to_whole_batches(run):
    mask = torch.rand(3, 40, 60)
    images, masks = run("ApplyBox", mask=[mask], box=[as_box(10, 5, 20, 30)])
    assert len(images) == len(masks) == 3
    assert torch.equal(torch.cat(masks), mask[:, 5:35, 10:30])
    with pytest.raises(ValueError, match=r"picture 0: .*outside"):
        run("ApplyBox", mask=[mask], box=[as_box(100, 100, 20, 30)])
    with pytest.raises(ValueError, match="image, mask: connect at least one"):
        run("ApplyBox", box=[as_box(0, 0, 5, 5)])


def test_one_box_serves_all_pictures_and_otherwise_there_is_one_each(run):
    pictures = torch.rand(2, 30, 30, 3, generator=torch.Generator().manual_seed(0))
    first, second = as_box(0, 0, 10, 10), as_box(5, 6, 7, 8)
    images, masks = run("ApplyBox", image=pictures, box=[first])
    assert torch.equal(torch.cat(images), pictures[:, :10, :10])
    assert not torch.cat(masks).any()
    for boxes in ([first, second], [[[first], [second]]], [[first, second]]):
        images, _ = run("ApplyBox", image=pictures, box=boxes)
        assert torch.equal(images[1][0], pictures[1, 6:14, 5:12])
    with pytest.raises(ValueError, match="^box: 3 values for 2 pictures"):
        run("ApplyBox", image=pictures, box=[first, second, first])


def test_what_lies_outside_is_white_and_its_mask_black(run):
    picture = torch.zeros(1, 20, 20, 3)
    (image,), (mask,) = run("ApplyBox", image=picture, mask=torch.ones(1, 20, 20), box=as_box(-10, 0, 20, 20))
    assert (image[:, :, :10] == 1).all() and (image[:, :, 10:] == 0).all()
    assert (mask[:, :, :10] == 0).all() and (mask[:, :, 10:] == 1).all()


def test_masks_alone_give_grey_pictures(run):
    (image,), (mask,) = run("ApplyBox", mask=torch.ones(1, 20, 20), box=as_box(5, 5, 10, 10))
    assert image.shape == (1, 10, 10, 3) and (image == 0.5).all()
    assert mask.all()


def test_the_panel_shows_where_the_box_lies(panel):
    (tile,) = panel("ApplyBox", image=torch.rand(1, 20, 40, 3), box=as_box(10, 0, 20, 20))["tiles"]
    assert (tile["box"], tile["words"]) == ([0.25, 0.0, 0.75, 1.0], "Cuts 20×20 pixels.")
    (tile,) = panel("ApplyBox", mask=torch.ones(1, 20, 40), box=as_box(10, 0, 20, 20))["tiles"]
    assert tile["picture"]

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

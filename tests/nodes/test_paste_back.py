"""Paste Back in a stand-in host."""

import pytest
import torch
from wires import as_box, scene


@pytest.fixture(scope="module")
def pictures():
    return torch.rand(3, 40, 60, 3, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("more", [{}, {"width": [24]}, {"width": [96], "height": [64]}])
def test_crops_that_nobody_changed_restore_their_pictures(run, smartcrop, more):
    pictures = [scene(120, 80, 30, 40), torch.cat([scene(80, 120, 50, 40), scene(80, 120, 20, 80)])]
    images, _, boxes, *_ = run("ConstrainedCrop", image=pictures, cropper=[smartcrop], ratio=["1:1"], **more)
    (restored,) = run("PasteBack", image=pictures, crop=images, box=boxes)
    assert [each.shape for each in restored] == [each.shape for each in pictures]  # batches stay batches
    assert all(map(torch.equal, restored, pictures))
    assert all(each.data_ptr() != other.data_ptr() for each, other in zip(restored, pictures, strict=True))


def test_a_padded_crop_gives_back_what_was_on_the_picture(run):
    picture, box = torch.zeros(1, 20, 20, 3), as_box(-10, 0, 20, 20)
    (image,), _, _ = run("ApplyBox", image=picture, box=box)
    (restored,) = run("PasteBack", image=picture, crop=image, box=box)
    assert not restored[0].any()


def test_one_picture_with_several_boxes_gets_all_of_them(run, pictures):
    boxes = [as_box(0, 0, 10, 10), as_box(20, 20, 10, 10)]
    crops = [torch.ones(1, 10, 10, 3), torch.zeros(1, 20, 20, 3)]
    for box in (boxes, [boxes], [[boxes]]):
        (results,) = run("PasteBack", image=pictures[:1], crop=crops, box=box, feather=0)
        (result,) = results
        assert (result[0, :10, :10] == 1).all()
        assert not result[0, 20:30, 20:30].any()
        assert torch.equal(result[0, 30:], pictures[0, 30:])


def test_several_crops_with_one_box_are_variants(run, pictures):
    crops = torch.stack([torch.zeros(8, 8, 3), torch.ones(8, 8, 3)])
    (results,) = run("PasteBack", image=pictures[:1], crop=[crops, crops[:1]], box=as_box(4, 4, 8, 8), feather=0)
    assert [len(each) for each in results] == [2, 1]
    assert results[0][0, 4:12, 4:12].sum() == 0 and (results[0][1, 4:12, 4:12] == 1).all()
    assert torch.equal(results[0][1, 12:], pictures[0, 12:])


def test_a_batch_takes_one_box_or_one_each_and_pictures_without_a_box_stay(run, pictures):
    crops = torch.zeros(3, 8, 8, 3)
    first, second, third = as_box(0, 0, 8, 8), as_box(8, 8, 8, 8), as_box(16, 16, 8, 8)
    (shared,) = run("PasteBack", image=pictures, crop=crops, box=first, feather=0)
    assert shared[0].shape == pictures.shape and not shared[0][:, :8, :8].any()
    for box in ([first, second, third], [[first, second, third]], [[[first], [second], [third]]]):
        (each,) = run("PasteBack", image=pictures, crop=crops, box=box, feather=0)
        assert not each[0][2, 16:24, 16:24].any() and torch.equal(each[0][2, :16], pictures[2, :16])
    (some,) = run("PasteBack", image=pictures, crop=crops[:2], box=[[[first, second], [], []]], feather=0)
    assert not some[0][0, 8:16, 8:16].any() and torch.equal(some[0][1:], pictures[1:])


def test_crops_in_the_order_of_their_buckets_go_back_into_their_own_pictures(run, smartcrop):
    pictures = [scene(96, 64, 30, 40), scene(64, 96, 50, 40), scene(90, 60, 20, 8), scene(60, 90, 40, 70)]
    given = {"buckets": ["64x96,96x64"], "order": ["bucket"], "smallest": [1], "cropper": [smartcrop]}
    crops, _, _, _, index, boxes, *_ = run("BucketSort", image=pictures, **given)
    assert index != sorted(index)
    (restored,) = run("PasteBack", image=pictures, crop=crops, box=boxes)
    assert all(map(torch.equal, restored, pictures))
    (applied, _, places) = run("ApplyBox", image=pictures, box=boxes)
    assert places == [0, 1, 2, 3] and [each.shape[2] > each.shape[1] for each in applied] == [True, False, True, False]


def test_crops_of_some_pictures_leave_the_others_as_they_are(run, smartcrop):
    pictures = [scene(120, 80, 30, 40), scene(80, 120, 50, 40), scene(80, 120, 20, 80)]
    images, _, boxes, *_ = run("ConstrainedCrop", image=pictures, cropper=[smartcrop], ratio=["1:1"])
    del images[1], boxes[1]  # as where one was dropped
    (restored,) = run("PasteBack", image=pictures, crop=[1 - each for each in images], box=boxes, feather=0)
    assert torch.equal(restored[1], pictures[1])
    for index, box in zip((0, 2), boxes, strict=True):
        x, y = box["x"] + box["width"] // 2, box["y"] + box["height"] // 2
        assert torch.allclose(restored[index][0, y, x], 1 - pictures[index][0, y, x], atol=1e-6)


def test_only_what_is_white_in_the_mask_is_pasted(run, pictures):
    mask = torch.zeros(1, 10, 10)
    mask[:, :5] = 1
    crops, box = torch.zeros(3, 10, 10, 3), as_box(10, 10, 10, 10)
    (results,) = run("PasteBack", image=pictures, crop=crops, box=box, mask=mask, feather=0)
    assert not results[0][:, 10:15, 10:20].any()
    assert torch.equal(results[0][:, 15:], pictures[:, 15:])


def test_counts_that_do_not_match_are_named(run, pictures):
    box, crop = as_box(0, 0, 8, 8), torch.zeros(1, 8, 8, 3)
    with pytest.raises(ValueError, match="box: boxes for 2 pictures, but there are 3"):
        run("PasteBack", image=pictures, crop=crop, box=[box, box])
    with pytest.raises(ValueError, match="crop: 2 crops for 3 boxes on 3 pictures"):
        run("PasteBack", image=pictures, crop=[crop, crop], box=[box])
    with pytest.raises(ValueError, match="box: no box arrived"):
        run("PasteBack", image=pictures, crop=crop, box=[[]])
    with pytest.raises(ValueError, match="picture 0, crop 0: .*outside"):
        run("PasteBack", image=pictures[:1], crop=crop, box=as_box(100, 0, 8, 8))
    with pytest.raises(ValueError, match="crop 0: expected"):
        run("PasteBack", image=pictures, crop=crop[0], box=box)


def test_the_hosts_precision_goes_out(run, pictures, host):
    host.dtype = torch.float16
    (results,) = run("PasteBack", image=pictures.half(), crop=pictures[:, :8, :8].half(), box=as_box(0, 0, 8, 8))
    assert results[0].dtype == torch.float16
    assert torch.equal(results[0], pictures.half())


def test_the_panel_shows_where_crops_were_pasted(panel):
    content = panel(
        "PasteBack", image=torch.zeros(1, 20, 40, 3), crop=torch.ones(1, 10, 10, 3), box=as_box(0, 0, 10, 10)
    )
    assert content["words"] == "1 crop pasted into 1 picture."
    assert content["tiles"][0]["regions"] == [{"kind": "keep", "box": [0.0, 0.0, 0.25, 0.5], "name": ""}]

"""The frames of clips on Constrained Crop, in a stand-in host."""

from importlib import import_module

import pytest
import torch
from wires import as_box, scene


def clip(places, width=96, height=54):
    """A batch of frames that tell places by their colours, and where each frame is hot."""
    pictures = torch.rand(1, height, width, 3, generator=torch.Generator().manual_seed(len(places)))
    pictures = pictures.repeat(len(places), 1, 1, 1)
    hot = torch.zeros(len(places), height, width)
    for index, (x, y) in enumerate(places):
        hot[index, max(0, y - 6) : y + 6, max(0, x - 6) : x + 6] = 1
    return pictures, hot


WALK = [(20 + 5 * index // 3, 27) for index in range(30)]


def crop(run, places=WALK, **more):
    pictures, hot = clip(places)
    outputs = run("ConstrainedCrop", image=pictures, heatmap=hot, **{"ratio": "1:1", "frames": "follow", **more})
    assert [len(each) for each in outputs] == [1] * 9
    return pictures, *(each[0] for each in outputs)


@pytest.mark.parametrize("frames", ["still", "follow"])
@pytest.mark.parametrize("ratio", ["1:1", "9:16", "5:7"])
def test_a_batch_gives_a_batch_of_one_even_size(run, frames, ratio):
    pictures, images, masks, boxes, score, preview, added, warnings, index, _ = crop(run, ratio=ratio, frames=frames)
    count, height, width, _ = images.shape
    assert count == 30 and width % 2 == height % 2 == 0
    assert masks.shape == added.shape == (30, height, width) and not masks.any() and not added.any()
    assert preview.shape[:1] == (30,) and preview.shape[1] <= 192
    assert isinstance(score, float) and (warnings, index) == ("", 0)
    for picture, image, (box,) in zip(pictures, images, boxes, strict=True):
        assert (box["width"], box["height"]) == (width, height)
        x, y = box["x"], box["y"]
        assert torch.equal(image, picture[y : y + height, x : x + width])
    moved = boxes[-1][0]["x"] - boxes[0][0]["x"]
    assert moved == 0 if frames == "still" else moved > 4  # the subject leaves any box that stays


def test_masks_and_heights_go_along(run):
    mask = torch.zeros(30, 54, 96)
    mask[:, :, 40:] = 1
    _, images, masks, boxes, *_ = crop(run, mask=mask, height=[32])
    assert images.shape == (30, 32, 32, 3) and masks.shape == (30, 32, 32)
    first = boxes[0][0]
    assert abs(float(masks[0].mean()) - (first["x"] + first["width"] - 40) / first["width"]) < 0.05


def test_the_followed_crops_are_pasted_back_where_they_were(run):
    pictures, images, _, boxes, *_ = crop(run, height=[32])
    (back,) = run("PasteBack", image=pictures, crop=images, box=[boxes])
    assert len(back) == 1 and torch.equal(back[0], pictures)
    (back,) = run("PasteBack", image=pictures, crop=1 - images, box=[boxes], feather=0)
    for picture, frame, (box,) in zip(pictures, back[0], boxes, strict=True):
        inside = slice(box["y"], box["y"] + box["height"]), slice(box["x"], box["x"] + box["width"])
        assert (frame[inside] - picture[inside]).abs().mean() > 0.1
        frame[inside] = picture[inside]
        assert torch.equal(frame, picture)


def test_single_pictures_are_one_clip_and_several_batches_are_several(run):
    pictures, hot = clip(WALK)
    whole = run("ConstrainedCrop", image=pictures, heatmap=hot, ratio="1:1", frames="follow")
    each = run("ConstrainedCrop", image=list(pictures[:, None]), heatmap=hot, ratio="1:1", frames="follow")
    assert torch.equal(whole[0][0], each[0][0]) and whole[2] == each[2]
    short = pictures[:10, :40]
    given = {"image": [pictures, short], "heatmap": [hot, hot[:10, :40]], "ratio": "1:1", "frames": "still"}
    images, *_, indices, _ = run("ConstrainedCrop", **given)
    assert [len(each) for each in images] == [30, 10] and indices == [0, 1]


def test_a_cut_is_found_and_the_box_is_there_at_once(run):
    pictures, hot = clip([(20, 27)] * 10 + [(80, 27)] * 10)
    pictures[10:] = 1 - pictures[10:] * 0.2
    *_, boxes, _, _, _, _, _, _ = run("ConstrainedCrop", image=pictures, heatmap=hot, ratio="1:1", frames="follow")
    places = [box["x"] for (box,) in boxes[0]]
    assert len(set(places[:10])) == len(set(places[10:])) == 1
    assert places[10] - places[9] > 25


def test_what_each_frame_must_keep_is_kept(run):
    boxes = [[as_box(index, 10, 12, 30)] for index in range(40)]
    (constraint,) = run("Constraint", keep_boxes=boxes)
    places = [(90, 27)] * 40
    *_, found, _, _, _, _, _, _ = crop(run, places, constraint=[constraint])[1:]
    for index, (box,) in enumerate(found):
        assert box["x"] <= index and box["x"] + box["width"] >= index + 12


def test_padding_holds_for_the_whole_clip(run):
    (constraint,) = run("Constraint", policy="pad", keep_boxes=[as_box(0, 20, 96, 10)])
    _, images, _, boxes, _, _, added, *_ = crop(run, ratio="9:16", frames="still", constraint=[constraint])
    assert images.shape[2] >= 96 and images.shape[1] > 54
    assert added[:, 0].all() and not added[:, added.shape[1] // 2].any()
    assert (images[:, 0] == 1).all()


def test_warnings_name_their_frames(run):
    (constraint,) = run("Constraint", keep_boxes=[[as_box(0, 20, 96, 10)]] * 30)
    *_, warnings, _, _ = crop(run, constraint=[constraint])
    assert warnings.startswith("frames 0-29: ")


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"on_cut": "drop"}, "on_cut: drop is for pictures on their own; with frames follow, choose keep"),
        ({"width": 33}, "width: 33 is no multiple of 2"),
        ({"ratio": "1:1000"}, "1:1000"),
    ],
)
def test_what_cannot_be_is_named(run, more, message):
    with pytest.raises(ValueError, match=message):
        crop(run, **more)


def test_frames_of_several_sizes_are_no_clip(run):
    with pytest.raises(
        ValueError, match="image 1: a frame of 40×60 after frames of 60×40; the frames of a clip have one"
    ):
        run("ConstrainedCrop", image=[scene(60, 40, 9, 9), scene(40, 60, 9, 9)], ratio="1:1", frames="still")


def test_frames_in_words(nodes):
    name_frames = import_module("salient_crop.nodes.frames").name_frames
    assert name_frames([4]) == "frame 4"
    assert name_frames([0, 1, 2, 5, 7, 8]) == "frames 0-2, 5, 7-8"

"""Subject Crops in a stand-in host: lists in step, boxes and masks as subjects, and pictures without any."""

import pytest
import torch
from wires import as_box, spot

HEADS = [as_box(100, 60, 60, 80, label="head"), as_box(400, 60, 50, 70, label="face", score=0.9)]
SHOE = as_box(250, 200, 80, 40, label="shoe")
PICTURE = torch.rand(1, 300, 600, 3, generator=torch.Generator().manual_seed(0))
OUTPUTS = ("image", "mask", "box", "index", "label", "caption", "framing", "warnings")


@pytest.fixture
def crops(run):
    (centre,) = run("LoadCropper", cropper="centre")

    def call(**given):
        return dict(zip(OUTPUTS, run("SubjectCrops", **{"image": [PICTURE], "cropper": centre, **given}), strict=True))

    return call


def test_each_head_of_each_picture_has_a_crop_with_all_that_belongs_to_it(crops):
    pictures = [PICTURE, 1 - PICTURE]
    mask = torch.linspace(0, 1, 600).expand(1, 300, 600)
    found = crops(
        image=pictures, subjects=[HEADS, [HEADS[1]]], mask=[mask, mask], caption=["two, outside", "one"],
        order="left to right",
    )  # fmt: skip
    assert all(len(each) == 3 for each in found.values())
    assert found["index"] == [0, 0, 1] and found["label"] == ["head", "face", "face"]
    assert found["caption"] == ["two, outside", "two, outside", "one"]
    assert found["framing"] == ["close-up"] * 3 and found["warnings"] == [""] * 3
    for number, (image, cut, box) in enumerate(zip(found["image"], found["mask"], found["box"], strict=True)):
        rows, columns = slice(box["y"], box["y"] + box["height"]), slice(box["x"], box["x"] + box["width"])
        assert torch.equal(image[0], pictures[found["index"][number]][0, rows, columns])
        assert torch.allclose(cut[0], mask[0, rows, columns])
        head = HEADS[min(number, 1)]
        assert box["x"] <= head["x"] and box["x"] + box["width"] >= head["x"] + head["width"]
        assert box["metadata"]["subject"]["box"] == [head[key] for key in ("x", "y", "width", "height")]
        assert (box["metadata"]["picture_index"], box["metadata"]["picture_count"]) == (found["index"][number], 2)


def test_its_boxes_go_into_apply_box_and_paste_back(crops, run):
    pictures = [PICTURE, 1 - PICTURE]
    found = crops(image=pictures, subjects=[HEADS, []])
    images, _, places = run("ApplyBox", image=pictures, box=found["box"])
    assert places == [0, 0]
    assert all(torch.equal(one, other) for one, other in zip(images, found["image"], strict=True))
    (back,) = run("PasteBack", image=pictures, crop=found["image"], box=found["box"])
    assert all(torch.equal(one, other) for one, other in zip(back, pictures, strict=True))


def test_two_boxes_and_three_masks_on_one_picture_are_five_subjects(crops):
    masks = torch.cat([spot(600, 300, x, 240, 40) for x in (60, 300, 540)])
    found = crops(subjects=[HEADS], subject_masks=[masks], kind="prompt", order="left to right", smallest=20)
    assert found["label"] == ["mask", "head", "mask", "face", "mask"]
    objects = crops(subjects=[[*HEADS, SHOE]], kind="object", smallest=20)
    assert objects["label"] == ["shoe"] and objects["framing"] == [""]


def test_masks_alone_are_objects_each(crops):
    masks = [spot(600, 300, x, 150, 60) for x in (100, 500)]
    found = crops(image=[PICTURE, PICTURE], subject_masks=masks, kind="object", smallest=20)
    assert found["index"] == [0, 1]
    for box, x in zip(found["box"], (100, 500), strict=True):
        assert abs(box["x"] + box["width"] / 2 - x) <= 2
    with pytest.raises(ValueError, match="^subject_masks: 2 values for 3 pictures"):
        crops(image=[PICTURE] * 3, subject_masks=masks, kind="object")


def test_a_picture_without_such_a_subject_is_skipped_cropped_whole_or_an_error(crops):
    given = {"image": [PICTURE, PICTURE], "subjects": [HEADS, [SHOE]]}
    assert crops(**given)["index"] == [0, 0]
    whole = crops(none_found="as without", **given)
    assert whole["index"] == [0, 0, 1] and whole["label"] == ["head", "face", ""]
    assert whole["box"][2]["height"] > 200
    with pytest.raises(ValueError, match=r"^picture 1 \(600×300\): none_found: no head was found in it"):
        crops(none_found="error", **given)
    with pytest.raises(ValueError, match=r"(?s)^image: no picture has a crop:\npicture 0: no animal was found in it"):
        crops(kind="animal", **given)


def test_a_detector_that_found_nothing_does_not_fall_back_on_the_cropper(crops, run):
    (focus,) = run("LoadCropper", cropper="focus")
    with pytest.raises(ValueError, match="no picture has a crop:\npicture 0: no head was found in it"):
        crops(subjects=[[]], cropper=focus)
    with pytest.raises(ValueError, match="picture 0: no object was found in it"):
        crops(subject_masks=[torch.zeros(0, 300, 600)], kind="object")


def test_sizes_ratios_and_what_is_left_out(crops, panel, run):
    found = crops(subjects=[HEADS], width=128, height=192, kind="person", framing="half figure", margin=0.1)
    assert [image.shape for image in found["image"]] == [(1, 192, 128, 3)] * 2
    assert len(crops(subjects=[HEADS], most=1)["image"]) == 1
    assert len(crops(subjects=[HEADS], width=200, height=200, most_enlarged=2.0)["image"]) == 1
    (centre,) = run("LoadCropper", cropper="centre")
    shown = panel("SubjectCrops", image=PICTURE, cropper=centre, subjects=[HEADS], most=1)
    assert shown["words"] == "1 crop of 1 picture."
    assert shown["warnings"] == ["picture 0: 1 head left out: more than are wanted"]
    (tile,) = shown["tiles"]
    assert tile["words"].startswith("head, close-up, ")


def test_the_framing_goes_into_the_caption_where_that_is_asked_for(crops):
    found = crops(subjects=[HEADS], caption="ohwx", caption_framing=True, kind="person", framing="portrait")
    assert found["caption"] == ["ohwx, portrait"] * 2
    assert crops(subjects=[[SHOE]], kind="object", caption="a shoe", caption_framing=True)["caption"] == ["a shoe"]


def test_what_cannot_be_is_named(crops):
    with pytest.raises(ValueError, match="^most must be at least 1"):
        crops(subjects=[HEADS], most=0)
    with pytest.raises(ValueError, match="^none_found: must be one of skip, as without, error"):
        crops(subjects=[HEADS], none_found="stop")
    with pytest.raises(ValueError, match="^kind must be one of head"):
        crops(subjects=[HEADS], kind="face")

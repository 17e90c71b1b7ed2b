"""Folders of masks and boxes, as runs read them."""

import json

import numpy as np
import pytest
from PIL import Image

from salient_crop.cropping.margin import Margin
from salient_crop.images.decode import Picture
from salient_crop.images.errors import PictureError
from salient_crop.jobs.guides import GuideReader, Guides, LabelRule, parse_labels


def mask(path, size=(48, 32), box=(12, 8, 24, 16), value=255, mode="L"):
    pixels = np.zeros((size[1], size[0]), np.uint8)
    pixels[box[1] : box[3], box[0] : box[2]] = value
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).convert(mode).save(path)
    return path


def lines(path, **boxes):
    path.parent.mkdir(parents=True, exist_ok=True)
    text = [json.dumps({"source": f"{name}.jpg", "boxes": each}) for name, each in boxes.items()]
    path.write_text("\n".join(text))
    return path


def read(folder, source="a.jpg", **guides):
    return GuideReader(Guides(**guides), folder.photos).read(Picture(folder.photos / source), source)


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("", ()),
        ("  ", ()),
        ("shoe", (LabelRule("shoe"),)),
        ("Big Dog , cat=0.5", (LabelRule("Big Dog"), LabelRule("cat", 0.5))),
        ("avoid:logo, Focus: face=2", (LabelRule("logo", 1, "avoid"), LabelRule("face", 2, "focus"))),
        ("rating:safe", (LabelRule("rating:safe"),)),
        ("a=b=2", (LabelRule("a=b", 2),)),
    ],
)
def test_labels_are_read_with_weights_and_what_they_are_for(text, rules):
    assert parse_labels(text) == rules


@pytest.mark.parametrize(
    "text", [",", "shoe,", "=2", "shoe=", "shoe=much", "shoe=-1", "shoe=nan", "shoe=1e9", "avoid:"]
)
def test_malformed_labels_are_refused_by_name(text):
    with pytest.raises(ValueError, match="labels: "):
        parse_labels(text)


def test_labels_are_text():
    with pytest.raises(TypeError, match="labels must be text"):
        parse_labels(3)


@pytest.mark.parametrize(
    ("guides", "named", "words"),
    [
        (Guides(labels=parse_labels("shoe")), [], "labels: does nothing without focus, avoid or keep"),
        (Guides(labels=parse_labels("keep:shoe")), ["focus"], "labels: keep:shoe does nothing without keep"),
        (Guides(margin=Margin(0.1)), ["focus"], "margin: does nothing without keep"),
        (Guides(strength=0.4), ["keep"], "focus_strength: does nothing without focus or subject"),
    ],
)
def test_what_does_nothing_is_refused(guides, named, words):
    with pytest.raises(ValueError, match=words):
        guides.refuse_idle(named)


def test_a_mask_is_turned_into_regions_and_values(folder):
    folder.add("a.jpg")
    mask(folder.photos.parent / "m" / "a.png")
    place = folder.photos.parent / "m"
    found = read(folder, focus=place, keep=place, margin=Margin(share=0.5))
    assert found.keep == ((0.125, 0.125, 0.625, 0.625),)
    assert found.focus.shape == (32, 48) and found.focus.sum() == 12 * 8


@pytest.mark.parametrize("orientation", [6, 8])
def test_a_mask_of_the_stored_picture_is_turned_with_it(folder, orientation):
    path = folder.photos / "a.jpg"
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.new("RGB", (48, 32)).save(path, exif=exif)
    place = mask(folder.photos.parent / "m" / "a.png", box=(0, 0, 12, 8)).parent
    (found,) = read(folder, keep=place).keep
    # The stored upper left corner is displayed at the upper right, or at the lower left.
    assert found == ((0.75, 0.0, 1.0, 0.25) if orientation == 6 else (0.0, 0.75, 0.25, 1.0))


def test_a_mask_of_another_shape_fails_its_picture(folder):
    folder.add("a.jpg")
    place = mask(folder.photos.parent / "m" / "a.png", size=(32, 32)).parent
    with pytest.raises(PictureError, match="a mask of 32×32, but its picture has 48×32"):
        read(folder, focus=place)


def test_a_smaller_or_larger_mask_is_stretched(folder):
    folder.add("a.jpg")
    place = mask(folder.photos.parent / "m" / "a.png", size=(96, 64), box=(0, 0, 48, 64)).parent
    assert read(folder, keep=place).keep == ((0.0, 0.0, 0.5, 1.0),)


@pytest.mark.parametrize("value", [1, 15])
def test_a_map_of_classes_is_told_from_a_mask(folder, value):
    folder.add("a.jpg")
    place = mask(folder.photos.parent / "m" / "a.png", value=value).parent
    for role in ("focus", "keep"):
        with pytest.raises(PictureError, match=f"brightest pixel is {value} of 255"):
            read(folder, **{role: place})


def test_a_single_white_pixel_of_a_large_mask_is_no_map_of_classes(folder):
    folder.add("a.jpg", size=(4800, 3200))
    place = mask(folder.photos.parent / "m" / "a.png", size=(4800, 3200), box=(0, 0, 1, 1)).parent
    assert read(folder, focus=place).focus is not None
    assert read(folder, keep=place).keep == ((0.0, 0.0, 1 / 4800, 1 / 3200),)


def test_a_black_mask_points_nothing_out(folder):
    folder.add("a.jpg")
    place = mask(folder.photos.parent / "m" / "a.png", value=0).parent
    assert read(folder, keep=place).keep == ()


def test_a_mask_that_is_no_picture_is_named(folder):
    folder.add("a.jpg")
    place = folder.photos.parent / "m"
    place.mkdir()
    (place / "a.png").write_bytes(b"not a picture")
    with pytest.raises(PictureError) as error:
        read(folder, focus=place)
    assert error.value.path == place / "a.png"


def test_only_boxes_with_the_labels_count_and_with_their_weights(folder):
    folder.add("a.jpg")
    boxes = [{"region": [0, 0, 0.5, 0.5], "label": label, "weight": 2} for label in ("Shoe", "hat", "logo")]
    file = lines(folder.photos.parent / "m" / "all.jsonl", a=boxes)
    found = read(folder, focus=file, avoid=file, keep=file, labels=parse_labels("shoe=0.5, avoid:logo, keep:hat=0"))
    assert [(each.label, each.weight) for each in found.focus_boxes] == [("Shoe", 1.0)]
    assert [each.label for each in found.avoid_boxes] == ["Shoe", "logo"]
    assert found.keep == ((0.0, 0.0, 0.5, 0.5),)


def test_what_is_there_for_no_picture_is_told_and_nothing_at_all_refused(folder):
    file = lines(folder.photos.parent / "m" / "all.jsonl", a=[])
    reader = GuideReader(Guides(focus=file), folder.photos)
    assert reader.describe(["a.jpg"]) == []
    assert reader.describe(["a.jpg", "b.jpg", "c.jpg"]) == [
        "focus: no mask and no boxes for 2 of 3 pictures: b.jpg, c.jpg"
    ]
    with pytest.raises(ValueError, match="no mask and no boxes for any of the 2 pictures"):
        reader.describe(["x.jpg", "y.jpg"])
    assert len(reader.describe(["x.jpg"])) == 1  # a single picture may have none


def test_guidance_of_a_picture_without_anything_is_none(folder):
    folder.add("a.jpg")
    found = read(folder, focus=lines(folder.photos.parent / "m" / "all.jsonl"))
    assert (found.focus, found.focus_boxes, found.keep) == (None, (), ())

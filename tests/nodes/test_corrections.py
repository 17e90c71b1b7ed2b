"""Crops corrected by hand on the canvas: applied to the pixel, by content, and offered to the editor."""

from importlib import import_module

import pytest
import torch

PORTRAIT, LANDSCAPE, SQUARE = (60, 90), (90, 60), (80, 80)


def picture(size, seed):
    levels = torch.randint(0, 256, (1, size[1], size[0], 3), generator=torch.Generator().manual_seed(seed))
    return levels.float() / 255


@pytest.fixture
def digest(host):
    module = import_module("salient_crop.nodes.sockets.corrections")
    return lambda image: module.digest_of_tensor(image[0])


@pytest.fixture
def corrections(digest):
    """The widget's value of pairs of a picture and a correction."""
    return lambda *pairs: {"pictures": {digest(image): correction for image, correction in pairs}}


@pytest.fixture
def edited(nodes):
    """Calls a node; returns its outputs by name, and the editor's items."""

    def call(node_name, /, **given):
        node = nodes[f"SalientCrop_{node_name}"]
        schema = node.define_schema()
        values = {each.id: each.default for each in schema.inputs if hasattr(each, "default")} | given
        output = node.execute(**{key: each if isinstance(each, list) else [each] for key, each in values.items()})
        return dict(zip((each.id for each in schema.outputs), output.result, strict=True)), output.ui[
            "salient_crop_editor"
        ]

    return call


@pytest.fixture
def centre(run):
    (cropper,) = run("LoadCropper", cropper="centre")
    return cropper


DRAWN = {"decision": "box", "box": [7, 3, 40, 60]}
PICTURES = [picture(LANDSCAPE, 1), picture(PORTRAIT, 2), picture(SQUARE, 3)]


def test_the_crop_is_the_one_that_was_drawn_to_the_pixel_in_any_order(edited, centre, corrections):
    value = corrections((PICTURES[2], DRAWN))
    for order in ([0, 1, 2], [2, 0, 1], [2]):
        images = [PICTURES[index] for index in order]
        outputs, items = edited("ConstrainedCrop", image=images, cropper=centre, ratio="2:3", corrections=value)
        place = order.index(2)
        assert (outputs["image"][place] == PICTURES[2][:, 3:63, 7:47]).all()
        assert items[place]["box"] == [7, 3, 40, 60] and items[place]["best"] != [7, 3, 40, 60]


def test_the_others_are_as_without_corrections(edited, centre, corrections):
    plain, _ = edited("ConstrainedCrop", image=PICTURES, cropper=centre, ratio="2:3")
    with_one, _ = edited(
        "ConstrainedCrop", image=PICTURES, cropper=centre, ratio="2:3", corrections=corrections((PICTURES[2], DRAWN))
    )
    for index in (0, 1):
        assert (plain["image"][index] == with_one["image"][index]).all()


def test_a_picture_that_was_left_out_is_missing_and_can_be_taken_in_again(edited, centre, corrections):
    drop = corrections((PICTURES[1], {"decision": "drop", "box": [0, 0, 60, 90]}))
    outputs, items = edited("ConstrainedCrop", image=PICTURES, cropper=centre, ratio="2:3", corrections=drop)
    assert outputs["index"] == [0, 2]
    assert len(items) == 3 and items[1]["box"] == [0, 0, 60, 90]


def test_where_all_were_left_out_it_says_so(edited, centre, corrections):
    drop = corrections((PICTURES[1], {"decision": "drop", "box": [0, 0, 60, 90]}))
    with pytest.raises(ValueError, match="^corrections: every picture was dropped:\npicture 0: left out by hand"):
        edited("ConstrainedCrop", image=PICTURES[1], cropper=centre, ratio="2:3", corrections=drop)


def test_a_box_of_another_picture_is_named(edited, centre, corrections):
    value = corrections((PICTURES[1], {"decision": "box", "box": [500, 0, 60, 90]}))
    with pytest.raises(ValueError, match=r"picture 0 \(60×90\): the corrected box"):
        edited("ConstrainedCrop", image=PICTURES[1], cropper=centre, ratio="2:3", corrections=value)


def test_the_editor_gets_what_it_needs_of_every_picture(edited, centre, host, digest):
    _, items = edited("ConstrainedCrop", image=PICTURES, cropper=centre, ratio="2:3")
    assert [each["digest"] for each in items] == [digest(each) for each in PICTURES]
    for item, size in zip(items, (LANDSCAPE, PORTRAIT, SQUARE), strict=True):
        assert (tuple(item["size"]), item["ratio"], item["status"]) == (size, "2:3", "ok")
        for kind in ("picture", "heat"):
            assert (host.base / "temp" / item[kind]["subfolder"] / item[kind]["filename"]).is_file()
        assert all(len(each) == 4 for each in [item["best"], *item["others"]])


def test_resized_crops_are_of_the_box_that_was_drawn(edited, centre, corrections):
    value = corrections((PICTURES[2], DRAWN))
    outputs, _ = edited("ConstrainedCrop", image=PICTURES[2], cropper=centre, width=20, height=30, corrections=value)
    assert outputs["image"][0].shape == (1, 30, 20, 3)
    assert outputs["box"][0]["x"] == 7 and outputs["box"][0]["height"] == 60


SETTINGS = {"buckets": "64x96,96x64", "resolution": 64, "smallest": 1}


def test_in_buckets_a_drawn_box_decides_the_bucket(edited, centre, corrections):
    value = corrections((PICTURES[2], {"decision": "approve", "box": [5, 10, 60, 40]}))
    outputs, items = edited("BucketSort", image=PICTURES, cropper=centre, order="source", corrections=value, **SETTINGS)
    assert outputs["bucket"][2] == "96x64" and outputs["box"][2]["x"] == 5
    assert items[2]["bucket"] == (96, 64) and items[2]["box"] == [5, 10, 60, 40]
    assert outputs["image"][2].shape == (1, 64, 96, 3)


def test_in_buckets_what_was_left_out_is_not_planned_for(edited, centre, corrections):
    value = corrections((PICTURES[0], {"decision": "drop", "box": [0, 0, 40, 60]}))
    outputs, items = edited(
        "BucketSort",
        image=PICTURES,
        cropper=centre,
        order="source",
        corrections=value,
        name=["a", "b", "c"],
        **SETTINGS,
    )
    assert outputs["index"] == [1, 2] and outputs["name"] == ["b", "c"]
    assert "left out: a: left out by hand" in outputs["report"]
    assert [each["name"] for each in items] == ["a", "b", "c"]
    assert items[0]["box"]
    everything = corrections(*((each, {"decision": "drop", "box": [0, 0, 40, 60]}) for each in PICTURES))
    with pytest.raises(ValueError, match="corrections: every picture was left out by hand"):
        edited("BucketSort", image=PICTURES, cropper=centre, corrections=everything, **SETTINGS)

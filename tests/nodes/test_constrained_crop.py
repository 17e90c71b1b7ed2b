"""Crop/Resize in a stand-in host."""

import pytest
import torch
from comfy_stub import Interrupted
from wires import as_box, scene, spot


def test_pictures_of_any_size_come_out_in_step(run, smartcrop):
    pictures = [scene(300, 100, 250, 50), scene(100, 300, 50, 40), scene(120, 120, 60, 60)]
    outputs = run("ConstrainedCrop", image=pictures, cropper=[smartcrop], ratio=["1:1"])
    assert [len(each) for each in outputs] == [3] * 9
    images, masks, boxes, *_, indices, _ = outputs
    assert indices == [0, 1, 2]
    for picture, image, mask, box in zip(pictures, images, masks, boxes, strict=True):
        x, y, width, height = box["x"], box["y"], box["width"], box["height"]
        assert width == height
        assert torch.equal(image, picture[:, y : y + height, x : x + width])
        assert mask.shape == image.shape[:3]
        assert not mask.any()
    assert boxes[0]["x"] + boxes[0]["width"] > 260  # the busy corner is in
    assert boxes[1]["y"] < 30


def test_mask_is_cropped_along_whatever_its_own_size(run, smartcrop):
    picture = scene(240, 120, 200, 60)
    picture[0, :, :, 0] = torch.linspace(0, 1, 240)  # a place can be read from its colour
    mask = picture[:, ::2, ::2, 0].clone()  # half as large as the picture
    images, masks, *_ = run("ConstrainedCrop", image=[picture], cropper=[smartcrop], mask=[mask], ratio=["1:1"])
    assert masks[0].shape == images[0].shape[:3]
    assert (masks[0] - images[0][..., 0]).abs().max() < 0.05


@pytest.mark.parametrize(("width", "height", "expected"), [(64, 96, (64, 96)), (64, 0, (64, 64)), (0, 50, (50, 50))])
def test_target_size_is_exact(run, smartcrop, width, height, expected):
    pictures = [scene(301, 100, 250, 50), torch.cat([scene(97, 211, 50, 40)] * 2)]
    images, masks, boxes, *_ = run(
        "ConstrainedCrop", image=pictures, cropper=[smartcrop], ratio=["1:1"], width=[width], height=[height]
    )
    assert [(image.shape[2], image.shape[1]) for image in images] == [expected] * 3
    assert [(mask.shape[2], mask.shape[1]) for mask in masks] == [expected] * 3
    for box in boxes:  # nothing is stretched by more than a pixel of the source
        assert abs(box["width"] * expected[1] - box["height"] * expected[0]) <= max(expected)


def test_half_precision_and_alpha_come_in_and_the_hosts_precision_goes_out(run, smartcrop, host):
    host.dtype = torch.float16
    picture = torch.cat([scene(90, 60, 20, 30), torch.ones(1, 60, 90, 1)], dim=-1).half()
    images, masks, _, scores, previews, added, *_ = run("ConstrainedCrop", image=[picture], cropper=[smartcrop])
    assert images[0].shape[-1] == previews[0].shape[-1] == 3
    assert {each[0].dtype for each in (images, masks, previews, added)} == {torch.float16}
    assert isinstance(scores[0], float)
    heatmaps, overlays = run("Heatmap", cropper=[smartcrop], image=[picture])
    assert heatmaps[0].shape == (1, 60, 90)
    assert overlays[0].shape == (1, 60, 90, 3)
    assert {heatmaps[0].dtype, overlays[0].dtype} == {torch.float16}


def test_any_mask_will_do_as_heatmap(run):
    picture = scene(300, 100, 250, 50)
    (box,) = run("ConstrainedCrop", image=[picture], heatmap=[spot(300, 100, 40, 50)], ratio=["1:1"])[2]
    assert box["x"] <= 30  # it holds all that is white, from 30 to 50, and not the busy place
    assert box["x"] + box["width"] >= 50
    (anywhere,) = run("ConstrainedCrop", image=[picture], heatmap=[torch.zeros(1, 8, 8)], ratio=["1:1"])[2]
    assert anywhere["width"] == anywhere["height"] == 100


def test_nothing_but_a_picture_is_cropped_by_the_default(run):
    picture = scene(300, 100, 250, 50)
    (focus,) = run("LoadCropper", cropper="focus")
    (alone,) = run("ConstrainedCrop", image=[picture], ratio=["1:1"])[2]
    (connected,) = run("ConstrainedCrop", image=[picture], ratio=["1:1"], cropper=[focus])[2]
    assert alone == connected
    assert torch.equal(run("Heatmap", image=[picture])[0][0], run("Heatmap", image=[picture], cropper=[focus])[0][0])


def test_lists_out_of_step_are_refused_by_name(run, smartcrop):
    pictures = [scene(60, 40, 20, 20)] * 3
    with pytest.raises(ValueError, match="mask: 2 values for 3 pictures"):
        run("ConstrainedCrop", image=pictures, cropper=[smartcrop], mask=[spot(60, 40, 20, 20)] * 2)
    with pytest.raises(ValueError, match="box: boxes for 2 pictures, but there are 3"):
        run("ApplyBox", image=pictures, box=[as_box(0, 0, 10, 10)] * 2)
    with pytest.raises(ValueError, match="focus_boxes"):
        run("Heatmap", cropper=[smartcrop], image=pictures, focus_boxes=[[]] * 2)


def test_policy_pad_gives_the_mask_to_outpaint(run, smartcrop):
    picture = scene(300, 100, 150, 50)
    (constraint,) = run("Constraint", ratio="1:1", policy="pad", keep_boxes=as_box(0, 0, 300, 100))
    images, masks, boxes, _, previews, added, *_ = run(
        "ConstrainedCrop", image=[picture], cropper=[smartcrop], constraint=[constraint], mask=[torch.ones(1, 100, 300)]
    )
    assert images[0].shape == (1, 300, 300, 3)
    top = -boxes[0]["y"]
    assert torch.equal(images[0][:, top : top + 100], picture)
    assert added[0][:, top : top + 100].sum() == 0
    assert added[0].sum() == 300 * 200
    assert torch.equal(masks[0], 1 - added[0])
    (again,), (again_mask,), _ = run("ApplyBox", image=[picture], mask=[torch.ones(1, 100, 300)], box=boxes)
    assert torch.equal(again, images[0])
    assert torch.equal(again_mask, masks[0])


def test_policy_error_names_the_picture_and_the_conflict(run, smartcrop):
    (constraint,) = run("Constraint", ratio="1:1", policy="error", keep_boxes=as_box(0, 0, 200, 50))
    pictures = [scene(200, 200, 50, 50), scene(300, 100, 150, 50)]
    with pytest.raises(ValueError, match=r"picture 1 \(300×100\): .*keep"):
        run("ConstrainedCrop", image=pictures, cropper=[smartcrop], constraint=[constraint])


def test_a_ratio_that_is_none_names_its_socket(run, smartcrop):
    with pytest.raises(ValueError, match="ratio: 'wide'"):
        run("ConstrainedCrop", image=[scene(50, 50, 20, 20)], cropper=[smartcrop], ratio=["wide"])
    assert (
        run("ConstrainedCrop", image=[scene(90, 60, 20, 20)], cropper=[smartcrop], ratio=[""])[2][0]["label"] == "3:2"
    )
    with pytest.raises(ValueError, match="ratio: '2' in '2;3' is half a ratio"):
        run("ConstrainedCrop", image=[scene(90, 60, 20, 20)], cropper=[smartcrop], ratio=["2;3"])
    spaced = run("ConstrainedCrop", image=[scene(90, 60, 20, 20)], cropper=[smartcrop], ratio=["2 : 3"])[2][0]
    assert spaced["label"] == "2:3"
    several = run("ConstrainedCrop", image=[scene(90, 60, 20, 20)], cropper=[smartcrop], ratio=["1:1, 3:2"])[2][0]
    assert several["label"] in ("1:1", "3:2")


def test_interrupting_stops_between_pictures(run, smartcrop, host):
    pictures = [scene(60, 40, 20, 20)] * 20
    host.interrupt_after = 3
    with pytest.raises(Interrupted):
        run("ConstrainedCrop", image=pictures, cropper=[smartcrop])
    assert len(host.steps) == 3


@pytest.fixture
def centre(run):
    (cropper,) = run("LoadCropper", cropper="centre")
    return cropper


def test_all_outputs_are_made_for_every_picture_whatever_is_connected(run, centre):
    """ComfyUI serves a node from its cache when a link to another of its outputs is added later."""
    picture = scene(2000, 1000, 300, 500)
    image, mask, box, score, preview, added, warnings, index, framing = (
        values[0] for values in run("ConstrainedCrop", image=[picture], cropper=[centre], ratio=["1:1"])
    )
    assert image.shape == (1, 1000, 1000, 3)
    assert mask.shape == added.shape == (1, 1000, 1000)
    assert not mask.any() and not added.any()
    assert isinstance(score, float) and box["width"] == 1000
    assert (warnings, index, framing) == ("", 0, "")
    assert preview.shape == (1, 512, 1024, 3)  # the whole picture, reduced
    assert (preview[0, 100, :250] < 0.2).all()  # outside the crop it is dimmed
    assert (preview[0, 100, 270:750] > 0.45).all()


def test_the_framing_is_told_beside_the_crop_and_in_the_box(run):
    head = as_box(130, 10, 40, 45, label="head")
    chair = as_box(130, 10, 40, 45, label="chair")
    outputs = run("ConstrainedCrop", image=[GREY] * 2, heatmap=[EVEN], ratio=["1:1"], subjects=[head, chair])
    assert outputs[8] == ["portrait", ""]  # the crop is 100 pixels high
    assert [each["metadata"]["framing"] for each in outputs[2]] == ["portrait", None]


def test_what_leaves_a_node_shares_no_memory_with_what_came_in(run, centre):
    picture, mask = scene(100, 60, 30, 30), torch.ones(1, 60, 100)
    before = picture.clone(), mask.clone()
    for value in run("ConstrainedCrop", image=[picture], mask=[mask], cropper=[centre], ratio=["1:1"]):
        if isinstance(value[0], torch.Tensor):
            value[0].fill_(0.3)
    assert torch.equal(picture, before[0]) and torch.equal(mask, before[1])


def test_warnings_are_in_the_boxs_metadata(run, centre):
    (keep,) = run("Constraint", ratio="1:1", keep_boxes=as_box(0, 0, 300, 100))
    (box,) = run("ConstrainedCrop", image=[scene(300, 100, 150, 50)], cropper=[centre], constraint=[keep])[2]
    (warning,) = box["metadata"]["warnings"]
    assert warning["code"] == "keep-given-up"
    assert "the region to keep" in warning["words"]
    assert warning["region"] == (0.0, 0.0, 1.0, 1.0)
    (whole,) = run("ConstrainedCrop", image=[scene(300, 100, 150, 50)], cropper=[centre], ratio=["3:1"])[2]
    assert whole["metadata"]["warnings"] == []


EVEN = torch.ones(1, 4, 4)
GREY = torch.full((1, 100, 300, 3), 0.5)
CLOSE = as_box(85, 10, 130, 80, label="head")  # 130 columns, where a square has 100
SMALL = as_box(200, 20, 60, 60, label="face")


def test_a_head_that_a_detector_found_is_kept_whole(run):
    crops = [
        run("ConstrainedCrop", image=[GREY], heatmap=[EVEN], ratio=["1:1"], subjects=subjects)[2][0]["x"]
        for subjects in ([], [SMALL], [[SMALL, as_box(0, 0, 20, 20, label="car")]])
    ]
    assert crops == [100, 160, 160]  # the middle; the most central place that holds columns 200 to 260


def test_a_crop_that_cuts_off_a_head_says_so_in_words(run):
    *_, box, _, _, added, warnings, index, _ = (
        values[0] for values in run("ConstrainedCrop", image=[GREY], heatmap=[EVEN], ratio=["1:1"], subjects=[CLOSE])
    )
    assert warnings == "a head in the middle is cut off: 23 % of it is outside the crop"
    assert [each["code"] for each in box["metadata"]["warnings"]] == ["head-cut"]
    assert (box["x"], index) == (100, 0)
    assert not added.any()


def test_several_warnings_are_several_lines(run):
    (keep,) = run("Constraint", ratio="1:1", keep_boxes=as_box(0, 0, 300, 100))
    given = {"heatmap": [EVEN], "constraint": [keep], "subjects": [CLOSE]}
    warnings = run("ConstrainedCrop", image=[GREY], **given)[6][0].split("\n")
    assert [each.split(" is ")[0] for each in warnings] == [
        "a head in the middle",
        "67 % of the region to keep in the middle",
    ]


def test_pictures_whose_heads_are_cut_off_are_dropped_and_the_others_keep_their_number(run):
    given = {"image": [GREY] * 3, "heatmap": [EVEN], "ratio": ["1:1"], "on_cut": ["drop"]}
    outputs = run("ConstrainedCrop", subjects=[CLOSE, SMALL, []], **given)
    assert [len(each) for each in outputs] == [2] * 9
    assert outputs[7] == [1, 2]
    assert [box["x"] for box in outputs[2]] == [160, 100]
    message = "(?s)^on_cut: every picture was dropped:\npicture 0: a head in .*\npicture 1: .*\npicture 2: a head"
    with pytest.raises(ValueError, match=message):
        run("ConstrainedCrop", subjects=[CLOSE], **given)


def test_a_canvas_is_extended_for_a_head_and_the_mask_to_outpaint_says_where(run):
    outputs = run(
        "ConstrainedCrop", image=[GREY], heatmap=[EVEN], ratio=["1:1"], subjects=[CLOSE], on_cut=["pad"], width=[152]
    )
    image, _, box, _, _, added, warnings, *_ = (values[0] for values in outputs)
    # With air the head goes from 74.6 to 225.4 across, and from 3.6 to 96.4 down.
    assert [box[name] for name in ("x", "y", "width", "height")] == [74, -26, 152, 152]
    assert warnings == "34 % of the crop is canvas added at the top and bottom"
    assert [each["code"] for each in box["metadata"]["warnings"]] == ["canvas-added"]
    assert box["metadata"]["confidence"] == 1.0
    white = torch.zeros(152, 152)
    white[:26] = white[126:] = 1
    assert torch.equal(added[0], white)
    assert (image[0][white > 0] == 1).all() and (image[0][white == 0] - 0.5).abs().max() < 0.01


def test_a_box_says_how_sure_it_is(run):
    def confidence(*columns):
        heat = torch.tensor([[columns]])
        return run("ConstrainedCrop", image=[GREY], heatmap=[heat], ratio=["1:1"])[2][0]["metadata"]["confidence"]

    sure, unsure = confidence(1.0, 0.0, 0.5), confidence(1.0, 0.0, 1.0)
    assert unsure == pytest.approx(0, abs=1e-5)
    assert 0.9 < sure <= 1


@pytest.mark.parametrize("value", [255.0, float("nan")])
@pytest.mark.parametrize("name", ["ConstrainedCrop", "Heatmap", "BucketSort", "SaveDataset", "ApplyBox"])
def test_pictures_of_another_range_are_refused_by_every_node(run, name, value):
    box = {"box": [as_box(0, 0, 5, 5)]} if name == "ApplyBox" else {}
    with pytest.raises(ValueError, match="^image 0: (values from 255|some values are NaN)"):
        run(name, image=[torch.full((1, 20, 20, 3), value)], **box)


@pytest.mark.parametrize("name", ["ConstrainedCrop", "Heatmap", "BucketSort", "SaveDataset"])
def test_an_empty_list_is_named_by_every_node(run, name):
    with pytest.raises(ValueError, match="^image: an empty list"):
        run(name, image=[])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"width": [10, 20]}, "^width: 2 values are connected"),
        ({"ratio": ["1:1", "2:3"]}, "^ratio: 2 values are connected"),
        ({"on_cut": ["keep", "drop"]}, "^on_cut: 2 values are connected"),
        ({"subjects": ["head"]}, "^subjects: expected a bounding box"),
        ({"mask": [torch.full((1, 9, 9), 255.0)]}, "^mask 0: values from 255"),
        ({"heatmap": [torch.full((1, 9, 9), float("nan"))]}, "^heatmap 0: some values are NaN"),
    ],
)
def test_bad_values_are_refused_by_the_name_of_their_socket(run, centre, given, message):
    with pytest.raises(ValueError, match=message):
        run("ConstrainedCrop", image=[scene(60, 40, 20, 20)], cropper=[centre], **given)


def test_the_panel_shows_every_picture_with_its_crop_and_what_it_costs(panel, smartcrop):
    content = panel(
        "ConstrainedCrop",
        image=[scene(300, 100, 250, 50), scene(100, 300, 50, 40)],
        cropper=[smartcrop],
        ratio=["1:1"],
        subjects=[as_box(0, 0, 90, 90, label="dog"), as_box(0, 0, 90, 90, label="dog")],
    )
    left, whole = content["tiles"]
    assert content["words"] == "2 crops: 1 to look at" if left["warnings"] else "2 crops: all is well"
    assert left["box"][3] - left["box"][1] == 1
    assert whole["box"][2] - whole["box"][0] == 1
    assert whole["words"].startswith("Keeps ")


def test_a_preview_that_nobody_looks_at_is_not_made_until_somebody_does(run, nodes, host):
    node = nodes["SalientCrop_ConstrainedCrop"]
    (cropper,) = run("LoadCropper", cropper="centre")
    flow = {"7": {"inputs": {}}, "8": {"inputs": {"image": ["7", 0]}}}
    host.running.append((0, "id", flow, {}, []))
    before = node.fingerprint_inputs(ratio="2:3")
    *_, preview, _, _, _, _ = run("ConstrainedCrop", image=[scene(90, 60, 20, 30)], cropper=[cropper])
    assert preview == [None]
    flow["9"] = {"inputs": {"image": ["7", 4]}}
    assert node.fingerprint_inputs(ratio="2:3") != before  # the host runs the node again
    *_, preview, _, _, _, _ = run("ConstrainedCrop", image=[scene(90, 60, 20, 30)], cropper=[cropper])
    assert preview[0].shape == (1, 60, 90, 3)
    assert node.define_schema().outputs[4].id == "preview"


@pytest.mark.parametrize(
    ("given", "size", "label"),
    [
        ({"ratio": ["2:3"], "multiple_of": ["8"]}, (64, 96), "2:3"),  # of 100 rows
        ({"ratio": ["16:9"], "multiple_of": ["64"]}, (128, 64), "16:9"),
        ({"ratio": ["16:9"], "multiple_of": ["64"], "width": [512]}, (512, 256), "16:9"),
        ({"ratio": ["16:9"], "multiple_of": ["16"], "width": [64], "height": [48]}, (64, 48), "4:3"),
        ({"ratio": ["wan-480p"]}, (832, 480), "26:15"),
        ({"ratio": ["wan-480p"], "height": [48]}, (84, 48), "26:15"),
    ],
)
def test_sides_are_multiples_and_models_get_their_size(run, centre, given, size, label):
    images, masks, boxes, *_, added, _, _, _ = run(
        "ConstrainedCrop", image=[scene(300, 100, 250, 50)], cropper=[centre], **given
    )
    for each in (images[0][..., 0], masks[0], added[0]):
        assert each.shape == (1, size[1], size[0])
    (box,) = boxes
    assert box["label"] == label
    width, height = map(int, label.split(":"))
    assert box["metadata"]["ratio_error"] == pytest.approx(size[0] * height / (size[1] * width) - 1)
    assert box["metadata"]["crop_size"] == list(size)
    # The box has the ratio of the result: nothing is stretched, and nothing is left out.
    assert abs(box["width"] * size[1] - box["height"] * size[0]) <= max(size)


def test_sizes_that_exclude_each_other_are_named(run, centre):
    given = {"image": [scene(300, 100, 250, 50)], "cropper": [centre]}
    with pytest.raises(ValueError, match="^width: 100 is no multiple of 64"):
        run("ConstrainedCrop", width=[100], multiple_of=["64"], **given)
    with pytest.raises(ValueError, match="multiple_of: does nothing with sdxl"):
        run("ConstrainedCrop", ratio=["sdxl"], multiple_of=["64"], **given)
    with pytest.raises(ValueError, match="no 1:1000 crop of a 300×100 picture"):
        run("ConstrainedCrop", ratio=["1:1000"], **given)


@pytest.mark.parametrize("fill", ["white", "#00f", "edge", "mirror", "blur"])
def test_the_whole_picture_is_extended_and_marked_for_outpainting(run, centre, fill):
    picture = scene(60, 40, 30, 20)
    given = {"fit": ["whole"], "fit_side": ["right"], "fill": [fill], "feather": [8], "overlap": [4]}
    images, masks, boxes, *_, added, warnings, _, _ = run(
        "ConstrainedCrop", image=[picture], cropper=[centre], ratio=["3:1"], mask=[torch.ones(1, 40, 60)], **given
    )
    assert images[0].shape == (1, 40, 119, 3) and torch.equal(images[0][:, :, :60], picture)
    expected = {"white": (1, 1, 1), "#00f": (0, 0, 1), "edge": picture[0, 20, 59]}
    if fill in expected:
        assert torch.allclose(images[0][0, 20, 100], torch.as_tensor(expected[fill]).float())
    assert masks[0].sum() == 40 * 60
    row = added[0][0, 20]
    assert (row[56:] == 1).all() and (row[:48] == 0).all() and (row[49:56] > 0).all() and (row[49:56] < 1).all()
    assert warnings == [""] and not boxes[0]["metadata"]["warnings"]


@pytest.mark.parametrize(
    ("policy", "fit", "refused"), [("pad", "crop", True), ("shrink", "whole", True), ("shrink", "crop", False)]
)
def test_no_mirror_is_drawn_where_text_goes(run, centre, policy, fit, refused):
    (constraint,) = run("Constraint", layout="right half", layout_frame="crop", policy=policy)
    given = {"constraint": [constraint], "cropper": [centre], "ratio": ["3:1"], "fit": [fit], "fill": ["mirror"]}
    if refused:
        with pytest.raises(ValueError, match="^fill: mirror would draw the picture once more where the text goes"):
            run("ConstrainedCrop", image=[scene(60, 40, 30, 20)], **given)
    else:
        run("ConstrainedCrop", image=[scene(60, 40, 30, 20)], **given)


def test_a_fill_that_is_none_is_named(run, centre):
    with pytest.raises(ValueError, match="^fill: 'stars' is neither a colour nor one of edge, blur, mirror"):
        run("ConstrainedCrop", image=[scene(60, 40, 30, 20)], cropper=[centre], fill=["stars"])
    with pytest.raises(ValueError, match="^fill: pictures here have no transparency"):
        run("ConstrainedCrop", image=[scene(60, 40, 30, 20)], cropper=[centre], fill=["keep"])


def test_masks_and_boxes_of_a_detector_say_what_matters_and_pictures_without_are_left_out(run, smartcrop):
    pictures = [scene(300, 100, 250, 50), scene(300, 100, 250, 50), scene(300, 100, 250, 50)]
    masks = [
        torch.cat([spot(300, 100, 20, 50), spot(300, 100, 60, 50)]),
        torch.zeros(0, 100, 300),
        spot(30, 10, 2, 5, 2),
    ]
    given = {"image": pictures, "cropper": [smartcrop], "ratio": ["1:1"], "focus": masks}
    indices = {each: run("ConstrainedCrop", **given, nothing=[each])[-2] for each in ("as without", "skip")}
    assert indices == {"as without": [0, 1, 2], "skip": [0, 2]}
    boxes = run("ConstrainedCrop", **given)[2]
    assert [each["x"] < 100 for each in boxes] == [True, False, True]
    with pytest.raises(ValueError, match="picture 1: neither subjects nor focus"):
        run("ConstrainedCrop", **given, nothing=["error"])


def test_where_all_pictures_are_left_out_the_node_says_so(run, smartcrop):
    picture = scene(60, 40, 20, 20)
    with pytest.raises(ValueError, match="^nothing: every picture was dropped:\npicture 0: neither"):
        run("ConstrainedCrop", image=[picture], cropper=[smartcrop], ratio=["1:1"], subjects=[[]], nothing=["skip"])
    with pytest.raises(ValueError, match="^nothing: skip is for pictures on their own"):
        batch = torch.cat([picture, picture])
        run("ConstrainedCrop", image=[batch], cropper=[smartcrop], ratio=["1:1"], frames=["still"], nothing=["skip"])

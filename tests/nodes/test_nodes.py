"""The nodes, called as ComfyUI calls them, in a stand-in host (see comfy_stub; tests/host has the real one)."""

import shutil

import numpy as np
import pytest
import torch
from comfy_stub import Interrupted
from PIL import Image
from torch import nn


@pytest.fixture
def run(nodes):
    """Call a node with its widgets at their defaults, each value in a list where the node takes lists."""

    def call(name, **given):
        node = nodes[f"SalientCrop_{name}"]
        schema = node.define_schema()
        defaults = {each.id: each.default for each in schema.inputs if hasattr(each, "default")}
        if getattr(schema, "is_input_list", False):
            defaults = {key: [value] for key, value in defaults.items()}
        return node.execute(**{**defaults, **given}).result

    return call


@pytest.fixture
def smartcrop(run):
    (cropper,) = run("LoadCropper", cropper="smartcrop")
    return cropper


def scene(width, height, x, y, size=20):
    """A calm picture [1, H, W, 3] with something busy of `size` pixels around (x, y)."""
    picture = torch.full((1, height, width, 3), 0.5)
    generator = torch.Generator().manual_seed(0)
    top, left = max(0, y - size // 2), max(0, x - size // 2)
    patch = picture[:, top : top + size, left : left + size]
    patch.copy_(torch.rand(patch.shape, generator=generator))
    return picture


def spot(width, height, x, y, size=20):
    """A mask [1, H, W], white around (x, y)."""
    mask = torch.zeros(1, height, width)
    mask[:, max(0, y - size // 2) : y + size // 2, max(0, x - size // 2) : x + size // 2] = 1
    return mask


def as_box(x, y, width, height, **more):
    return {"x": x, "y": y, "width": width, "height": height, **more}


def test_every_node_is_documented_and_named_for_good(nodes, root):
    for node_id, node in nodes.items():
        schema = node.define_schema()
        assert node_id.startswith("SalientCrop_")
        assert schema.description
        assert schema.search_aliases
        missing = [each.id for each in [*schema.inputs, *schema.outputs] if not each.tooltip]
        assert not missing, f"{node_id}: no tooltip on {missing}"
        help_page = root / "web" / "docs" / f"{node_id}.md"
        text = help_page.read_text(encoding="utf-8")
        unexplained = [each.id for each in [*schema.inputs, *schema.outputs] if f"`{each.id}`" not in text]
        assert not unexplained, f"{help_page.name} does not explain {unexplained}"


def test_pictures_of_any_size_come_out_in_step(run, smartcrop):
    pictures = [scene(300, 100, 250, 50), scene(100, 300, 50, 40), scene(120, 120, 60, 60)]
    images, masks, boxes, scores, previews, added = run(
        "ConstrainedCrop", image=pictures, cropper=[smartcrop], ratio=["1:1"]
    )
    assert [len(each) for each in (images, masks, boxes, scores, previews, added)] == [3] * 6
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
    images, masks, _, scores, previews, added = run("ConstrainedCrop", image=[picture], cropper=[smartcrop])
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


@pytest.mark.parametrize("name", ["ConstrainedCrop", "Heatmap", "BucketSort", "SaveDataset"])
def test_an_empty_list_is_named(run, name):
    with pytest.raises(ValueError, match="image: an empty list"):
        run(name, image=[])


def test_a_box_that_no_detector_found_is_named(run):
    with pytest.raises(ValueError, match="picture 0: box: no box arrived"):
        run("ApplyBox", image=[scene(60, 40, 20, 20)], box=[[]])
    with pytest.raises(ValueError, match="box: expected a bounding box"):
        run("ApplyBox", image=[scene(60, 40, 20, 20)], box=["0,0,10,10"])


def test_lists_out_of_step_are_refused_by_name(run, smartcrop):
    pictures = [scene(60, 40, 20, 20)] * 3
    with pytest.raises(ValueError, match="mask: 2 values for 3 pictures"):
        run("ConstrainedCrop", image=pictures, cropper=[smartcrop], mask=[spot(60, 40, 20, 20)] * 2)
    with pytest.raises(ValueError, match="box: 2 values for 3 pictures"):
        run("ApplyBox", image=pictures, box=[as_box(0, 0, 10, 10)] * 2)
    with pytest.raises(ValueError, match="focus_boxes"):
        run("Heatmap", cropper=[smartcrop], image=pictures, focus_boxes=[[]] * 2)


def test_focus_draws_the_crop_and_avoid_repels_it(run, smartcrop):
    picture = scene(300, 100, 150, 50)

    def crop_of(**steering):
        heatmaps, _ = run("Heatmap", cropper=[smartcrop], image=[picture], strength=[0.8], **steering)
        return run("ConstrainedCrop", image=[picture], heatmap=heatmaps, ratio=["1:1"])[2][0]

    plain = crop_of()
    assert 60 < plain["x"] < 140
    assert crop_of(focus=[spot(300, 100, 30, 50)])["x"] < 30
    assert crop_of(focus_boxes=[[as_box(250.5, 20.0, 40.0, 40.0, score=0.9, label="face")]])["x"] > 180
    assert not 70 < crop_of(avoid=[spot(300, 100, 150, 50, 90)])["x"] < 130


def test_detectors_that_found_nothing_change_nothing(run, smartcrop):
    batch = torch.cat([scene(120, 60, 30, 30), scene(120, 60, 90, 30)])
    plain, _ = run("Heatmap", cropper=[smartcrop], image=[batch])
    for nothing in ([], [[], []], [as_box(5, 5, 0, 0)]):
        same, _ = run("Heatmap", cropper=[smartcrop], image=[batch], focus_boxes=[nothing])
        assert torch.equal(plain[0], same[0])


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
    assert run("ConstrainedCrop", image=[cropped], cropper=[smartcrop], constraint=ignored)[2][0]["x"] > 0


def test_policy_pad_gives_the_mask_to_outpaint(run, smartcrop):
    picture = scene(300, 100, 150, 50)
    (constraint,) = run("Constraint", ratio="1:1", policy="pad", keep_boxes=as_box(0, 0, 300, 100))
    images, masks, boxes, _, previews, added = run(
        "ConstrainedCrop", image=[picture], cropper=[smartcrop], constraint=[constraint], mask=[torch.ones(1, 100, 300)]
    )
    assert images[0].shape == (1, 300, 300, 3)
    top = -boxes[0]["y"]
    assert torch.equal(images[0][:, top : top + 100], picture)
    assert added[0][:, top : top + 100].sum() == 0
    assert added[0].sum() == 300 * 200
    assert torch.equal(masks[0], 1 - added[0])
    (again,), (again_mask,) = run("ApplyBox", image=[picture], mask=[torch.ones(1, 100, 300)], box=boxes)
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


def test_interrupting_stops_between_pictures(run, smartcrop, host):
    pictures = [scene(60, 40, 20, 20)] * 20
    host.interrupt_after = 3
    with pytest.raises(Interrupted):
        run("ConstrainedCrop", image=pictures, cropper=[smartcrop])
    assert len(host.steps) == 3


def test_weights_are_loaded_by_the_host_each_time(nodes, host):
    from salient_crop.models.analysis import Analysis
    from salient_crop.models.base import Cropper
    from salient_crop.nodes.hosted_cropper import HostedCropper

    class Mean(Cropper):
        name = "mean"
        sizes: list[int] = []

        def __init__(self):
            self.module = nn.Conv2d(3, 1, 1)

        def analyse(self, images):
            self.sizes.append(len(images))
            return [Analysis(image.mean(0)) for image in images]

    hosted = HostedCropper(Mean())
    assert not host.loaded
    found = hosted.analyse(torch.rand(11, 10, 12, 3))
    assert len(found) == 11
    assert Mean.sizes == [1] * 11  # on a CPU one by one
    hosted.analyse(torch.rand(1, 10, 12, 3))
    assert [each.model for each in host.loaded] == [hosted.cropper.module] * 2


def test_a_folder_loads_in_order_with_captions_and_one_bad_file_fails_alone(run, host, samples):
    folder = host.base / "input" / "set"
    (folder / "b").mkdir(parents=True)
    shutil.copy(samples / "cat.jpg", folder / "b" / "cat.jpg")
    shutil.copy(samples / "coffee.jpg", folder / "a.jpg")
    (folder / "a.txt").write_text("a cup", encoding="utf-8")
    (folder / "aa.png").write_bytes(b"\x89PNG torn")
    Image.fromarray(np.tri(300, 451, dtype=np.uint8) * 255).save(folder / "b" / "cat-masklabel.png")
    images, captions, names, problems, masks = run("LoadFolder", folder="set")
    assert names == ["a.jpg", "b/cat.jpg"]
    assert captions == ["a cup", ""]
    assert [tuple(image.shape) for image in images] == [(1, 400, 600, 3), (1, 300, 451, 3)]
    assert masks[0].shape == (1, 400, 600) and masks[0].min() == 1
    assert torch.equal(masks[1][0], torch.ones(300, 451).tril())
    assert problems.startswith("aa.png: ")
    assert "\n" not in problems
    assert run("LoadFolder", folder="set", subfolders=False)[2] == ["a.jpg"]
    assert run("LoadFolder", folder="set", start=2)[2] == ["b/cat.jpg"]
    assert run("LoadFolder", folder="set", limit=1)[2] == ["a.jpg"]
    with pytest.raises(ValueError, match="passes over all 3"):
        run("LoadFolder", folder="set", start=3)


def test_a_folder_of_nothing_usable_says_so(run, host):
    empty = host.base / "input" / "empty"
    empty.mkdir()
    with pytest.raises(ValueError, match="no picture in 'empty'"):
        run("LoadFolder", folder="empty")
    (empty / "bad.jpg").write_bytes(b"no")
    with pytest.raises(ValueError, match=r"(?s)no picture could be loaded.*bad\.jpg"):
        run("LoadFolder", folder="empty")


def test_no_folder_outside_input_is_read(run, host, samples, tmp_path):
    shutil.copy(samples / "cat.jpg", tmp_path / "secret.jpg")
    for name in ("..", str(tmp_path), "../output"):
        with pytest.raises(ValueError, match="outside"):
            run("LoadFolder", folder=name)
    folder = host.base / "input" / "links"
    folder.mkdir()
    shutil.copy(samples / "cat.jpg", folder / "own.jpg")
    try:
        (folder / "stolen.jpg").symlink_to(tmp_path / "secret.jpg")
    except OSError:
        pytest.skip("this system makes no links")
    _, _, names, problems, _ = run("LoadFolder", folder="links")
    assert names == ["own.jpg"]
    assert "stolen.jpg" in problems


def test_a_folder_is_loaded_again_only_when_it_changed(nodes, host, samples):
    folder = host.base / "input" / "set"
    folder.mkdir()
    shutil.copy(samples / "cat.jpg", folder / "cat.jpg")

    def fingerprint():
        return nodes["SalientCrop_LoadFolder"].fingerprint_inputs(folder="set", subfolders=True, start=0, limit=0)

    first = fingerprint()
    assert fingerprint() == first
    (folder / "cat.txt").write_text("a cat", encoding="utf-8")
    second = fingerprint()
    shutil.copy(samples / "coffee.jpg", folder / "b.jpg")
    assert len({first, second, fingerprint()}) == 3

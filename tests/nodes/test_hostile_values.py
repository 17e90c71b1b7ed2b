"""What a workflow of a stranger may put on sockets: refused in a line that names the socket, at once, and nothing is
written outside ComfyUI's folders.

A wire carries any value, whatever the widget allows; only the kind of socket is checked by the host.
"""

import math
import os
import re

import pytest
import torch
from PIL import Image
from wires import as_box, read_tree, save_folder

PICTURE = torch.rand(1, 48, 64, 3)
MANY = [as_box(index % 60, index % 40, 3, 3) for index in range(1001)]
DEEP: list = []
for _ in range(3000):
    DEEP = [DEEP]
LONG = "9" * 200_000


def refused(run, node, given, words):
    with pytest.raises((TypeError, ValueError), match=words) as error:
        run(node, **given)
    assert len(str(error.value)) < 1000


@pytest.mark.parametrize(
    ("node", "socket"),
    [
        ("CropFolder", "folder"),
        ("CropFolder", "save_to"),
        ("CropFolder", "masks"),
        ("LoadFolder", "folder"),
        ("SaveDataset", "folder"),
    ],
)
@pytest.mark.parametrize("name", ["..", "../../x", "/etc", "a\0b", LONG, "x" * 300, None])
def test_folders_that_are_none_below_the_hosts(run, host, smartcrop, node, socket, name):
    given = {
        "CropFolder": {"cropper": smartcrop, "folder": "set"},
        "LoadFolder": {"subfolders": True},
        "SaveDataset": {"image": [PICTURE]},
    }[node]
    save_folder(host)
    before = read_tree(host.base)
    if name is None and socket == "masks":
        return  # a string that is empty
    refused(run, node, {**given, socket: name}, socket)
    assert read_tree(host.base) == before


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
@pytest.mark.parametrize("destination", ["input", "output"])
def test_a_link_out_of_the_hosts_folder_is_no_folder_to_save_into(run, host, tmp_path, destination):
    (host.base / destination / "link").symlink_to(tmp_path)
    refused(run, "SaveDataset", {"image": [PICTURE], "folder": "link/new", "destination": destination}, "lies outside")
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"name": ["a\0b"]}, "name: 'a.*b' is no name"),
        ({"name": ["../x"]}, "name: '../x' is no name"),
        ({"name": ["x/" + LONG]}, "folder: .*File name too long"),
        ({"name": ["a:b"]}, "name: 'a:b' is no name"),
        ({"caption": ["half \ud800"]}, "caption 0: .* is no text"),
        ({"caption": [7]}, "caption 0: 7 is no text"),
        ({"format": "exe"}, "format: must be one of jpg, png, webp, got 'exe'"),
        ({"destination": "/etc"}, "destination: must be one of output, input, got '/etc'"),
        ({"layout": "../x"}, "'../x' is no dataset format"),
        ({"concept": "../x"}, "concept: '../x'"),
        ({"repeats": 10**9}, "repeats must be at most"),
        ({"batch_size": math.nan}, "batch_size must be a whole number"),
        ({"mask": [torch.zeros(1, 8, 8, device="meta")]}, "mask 0: expected a mask"),
        ({"image": [torch.full((1, 8, 8, 3), math.nan)]}, "image 0: some values are NaN"),
    ],
)
def test_what_save_dataset_cannot_save(run, host, given, words):
    if os.name == "nt" and "too long" in words:
        words = "folder: "
    refused(run, "SaveDataset", {"image": [PICTURE], "layout": "kohya", **given}, words)
    assert not list((host.base / "output").rglob("*.png"))


TENSORS = [
    (None, "expected"),
    ("text", "expected"),
    ({"samples": 1}, "expected"),
    (torch.zeros(1, 8, 8, 3).to_sparse(), "expected"),
    (torch.zeros(1, 8, 8, 3, device="meta"), "expected"),
    (torch.zeros(1, 8, 8, 3, dtype=torch.complex64), "expected"),
    (torch.zeros(0, 8, 8, 3), "at least one pixel"),
    (torch.full((1, 8, 8, 3), math.inf), "NaN or infinite"),
    (torch.full((1, 8, 8, 3), 255.0), "values from 255 to 255"),
    (torch.zeros(1, 1, 1, 3).expand(1, 60_000, 60_000, 3), "60000×60000 pixels, over the limit"),
]


@pytest.mark.parametrize(("value", "words"), TENSORS)
@pytest.mark.parametrize("node", ["ConstrainedCrop", "BucketSort", "Heatmap", "ApplyBox", "PasteBack", "Constraint"])
def test_what_is_no_picture(run, smartcrop, node, value, words):
    box = {"box": [as_box(0, 0, 4, 4)]}
    more = {"ApplyBox": box, "PasteBack": {**box, "crop": [PICTURE]}, "Constraint": {}}.get(
        node, {"cropper": smartcrop}
    )
    if value is None and node == "Constraint":
        return  # not connected
    refused(run, node, {"image": value if node == "Constraint" else [value], **more}, f"image 0: .*{words}")


@pytest.mark.parametrize(("value", "words"), TENSORS[1:])
@pytest.mark.parametrize(
    ("node", "socket"),
    [("ConstrainedCrop", "mask"), ("BucketSort", "heatmap"), ("Heatmap", "focus"), ("Constraint", "keep")],
)
def test_what_is_no_mask(run, smartcrop, node, socket, value, words):
    mask = value[..., 0] if isinstance(value, torch.Tensor) and not value.is_sparse else value
    if node == "Constraint":
        refused(run, node, {socket: mask}, f"{socket}.*{words}")
    else:
        refused(run, node, {"image": [PICTURE], "cropper": smartcrop, socket: [mask]}, f"{socket} 0.*{words}")


@pytest.mark.parametrize(
    ("box", "words"),
    [
        (as_box(math.nan, 0, 4, 4), "needs the numbers"),
        (as_box(0, 0, math.inf, 4), "needs the numbers"),
        (as_box(10**400, 0, 4, 4), "needs the numbers"),
        ({"x": 1}, "needs the numbers"),
        ("box", "expected a bounding box"),
        (DEEP, "bounding box"),
        (MANY, "1001 boxes on one picture, over the limit of 1000"),
    ],
)
@pytest.mark.parametrize(
    ("node", "socket"),
    [("Constraint", "keep_boxes"), ("ConstrainedCrop", "subjects"), ("PasteBack", "box"), ("Heatmap", "focus_boxes")],
)
def test_what_is_no_box(run, smartcrop, node, socket, box, words):
    more = {"PasteBack": {"crop": [PICTURE]}, "Constraint": {}}.get(node, {"cropper": smartcrop})
    given = {"image": [PICTURE], socket: [box], **more} if node != "Constraint" else {socket: box}
    refused(run, node, given, f"{socket}: .*{words}")


@pytest.mark.parametrize(
    "box",
    [
        as_box(0, 0, 10**9, 10**9),
        as_box(1e300, 0, 1e300, 4),
        as_box(-(10**12), 0, 10, 10),
        as_box(0, 0, 4, 4, metadata={"picture_size": [1, 10**400]}),
        as_box(0, 0, 4, 4, metadata={"picture_size": [1, 1]}),
    ],
)
@pytest.mark.parametrize("node", ["ApplyBox", "PasteBack"])
def test_a_box_of_any_size_takes_no_memory_of_its_size(run, node, box):
    more = {"crop": [PICTURE]} if node == "PasteBack" else {}
    try:
        (image, *_) = run(node, image=[PICTURE], box=[box], **more)
    except (ArithmeticError, TypeError, ValueError) as error:
        assert re.match("picture 0", str(error))
    else:
        assert max(image[0].shape) <= 256


@pytest.mark.parametrize(
    ("node", "given", "words"),
    [
        ("Constraint", {"ratio": "1:1," * 100_000}, "ratio: .* more than 4000 characters"),
        (
            "ConstrainedCrop",
            {"ratio": ",".join(f"{each}:{each + 1}" for each in range(1, 300))},
            "ratios.* at most 100",
        ),
        ("ConstrainedCrop", {"ratio": f"1:{LONG}"}, "ratio: "),
        ("ConstrainedCrop", {"ratio": LONG}, "ratio: "),
        ("ConstrainedCrop", {"width": 10**9, "height": 10**9}, "1000000000"),
        ("ConstrainedCrop", {"width": -1}, "width must be at least 0"),
        ("ConstrainedCrop", {"height": "7"}, "height must be a whole number"),
        ("ConstrainedCrop", {"width": 16_384, "height": 16_384}, "over the limit"),
        ("Constraint", {"layouts": "left 40%;" * 10_000}, "layout: .* more than 40000 characters"),
        ("Constraint", {"layouts": "top;" * 1001}, "text_regions must hold at most 1000"),
        ("Constraint", {"policy": LONG}, "is no policy"),
        ("Constraint", {"min_width": -1}, "min_width must be at least 0"),
        ("Constraint", {"min_height": 1.5}, "min_height must be a whole number"),
        ("Constraint", {"min_share": math.nan}, "min_share"),
        ("BucketSort", {"buckets": "64x64," * 100_000}, "buckets: .* more than"),
        ("BucketSort", {"buckets": "auto:1000000"}, "buckets: "),
        ("BucketSort", {"resolution": 10**9}, "resolution"),
        ("BucketSort", {"most_enlarged": math.nan}, "most_enlarged"),
        ("LoadFolder", {"folder": "set", "subfolders": True, "start": -1}, "start must be at least 0"),
        ("LoadFolder", {"folder": "set", "subfolders": True, "limit": 1.5}, "limit must be a whole number"),
        ("Heatmap", {"strength": math.nan}, "strength"),
    ],
)
def test_numbers_and_texts_that_would_cost_much(run, host, smartcrop, node, given, words):
    save_folder(host)
    more = {} if node in ("Constraint", "LoadFolder") else {"image": [PICTURE], "cropper": smartcrop}
    refused(run, node, {**more, **given}, words)


def test_a_checkpoint_is_looked_for_in_its_folder_only(run, host, tmp_path):
    (tmp_path / "secret.safetensors").write_bytes(b"")
    for name in ("nonesuch", "a\0b", LONG, ""):
        with pytest.raises((OSError, ValueError)) as error:
            run("LoadCropper", cropper=name)
        assert len(str(error.value)) < 1000 or name == LONG


def test_somebody_elses_files_in_the_output_are_kept(run, host, smartcrop):
    save_folder(host)
    out = host.base / "output" / "crops"
    out.mkdir()
    Image.new("RGB", (9, 9)).save(out / "p0.jpg")
    (out / "notes.txt").write_text("mine")
    before = read_tree(host.base)
    refused(run, "CropFolder", {"folder": "set", "cropper": smartcrop, "save_to": "crops"}, r"p0\.jpg: there already")
    assert read_tree(host.base) == before

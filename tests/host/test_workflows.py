"""Workflows as people build them, run in a real ComfyUI."""

import json
import shutil
import time
from pathlib import Path

import pytest
from comfy_server import WorkflowError
from PIL import Image

pytestmark = pytest.mark.host

NODES = ("LoadCropper", "Heatmap", "Constraint", "ConstrainedCrop", "LoadFolder", "ApplyBox")


def node(kind, **inputs):
    return {"class_type": kind, "inputs": inputs}


def pack(kind, **inputs):
    return node(f"SalientCrop_{kind}", **inputs)


@pytest.fixture
def folder(comfy, samples, request):
    """A folder of five sample photographs, each of another size, below ComfyUI's input; three have captions."""
    name = request.node.name
    target = comfy.input / name
    (target / "more").mkdir(parents=True)
    places = ["astronaut", "cat", "more/coffee", "more/rocket", "two-dogs"]
    for place in places:
        shutil.copy(samples / f"{Path(place).name}.jpg", target / f"{place}.jpg")
    for place in places[:3]:
        (target / f"{place}.txt").write_text(f"a caption of {place}", encoding="utf-8")
    yield target
    shutil.rmtree(target)


def saved(comfy, outputs, node_id):
    """The pictures that an output node saved, in order."""
    return [Image.open(comfy.output / each["subfolder"] / each["filename"]) for each in outputs[node_id]["images"]]


def test_every_node_appears_with_its_schema(comfy):
    known = comfy.get("/object_info")
    for name in NODES:
        entry = known[f"SalientCrop_{name}"]
        assert entry["category"] == "Salient Crop"
        assert entry["description"]
        assert entry["search_aliases"]
        inputs = {**entry["input"].get("required", {}), **entry["input"].get("optional", {})}
        for key, spec in inputs.items():
            assert spec[1].get("tooltip"), f"{name}.{key} has no tooltip"
        assert all(entry["output_tooltips"]), f"an output of {name} has no tooltip"
    assert known["SalientCrop_LoadCropper"]["input"]["required"]["cropper"][1]["options"][:1]
    assert known["SalientCrop_ConstrainedCrop"]["output"][:5] == ["IMAGE", "MASK", "BOUNDING_BOX", "FLOAT", "IMAGE"]


def test_one_picture_through_heatmap_and_crop(comfy, samples):
    shutil.copy(samples / "two-dogs.jpg", comfy.input / "dogs.jpg")
    outputs = comfy.run(
        {
            "image": node("LoadImage", image="dogs.jpg"),
            "cropper": pack("LoadCropper", cropper="smartcrop"),
            "heat": pack("Heatmap", cropper=["cropper", 0], image=["image", 0], strength=0.5),
            "crop": pack("ConstrainedCrop", image=["image", 0], heatmap=["heat", 0], ratio="1:1", width=0, height=0),
            "save": node("SaveImage", images=["crop", 0], filename_prefix="one"),
            "overlay": node("PreviewImage", images=["heat", 1]),
            "preview": node("PreviewImage", images=["crop", 4]),
        }
    )
    (crop,) = saved(comfy, outputs, "save")
    assert crop.width == crop.height > 600
    assert len(outputs["overlay"]["images"]) == len(outputs["preview"]["images"]) == 1


def test_a_folder_of_mixed_sizes_feeds_cores_own_nodes(comfy, folder):
    workflow = {
        "folder": pack("LoadFolder", folder=folder.name, subfolders=True, start=0, limit=0),
        "cropper": pack("LoadCropper", cropper="smartcrop"),
        "crop": pack(
            "ConstrainedCrop", image=["folder", 0], cropper=["cropper", 0], ratio="2:3", width=256, height=384
        ),
        "core": node("ImageCropV2", image=["folder", 0], crop_region=["crop", 2]),
        "same": pack("ApplyBox", image=["folder", 0], box=["crop", 2]),
        "save_core": node("SaveImage", images=["core", 0], filename_prefix="core"),
        "save_same": node("SaveImage", images=["same", 0], filename_prefix="same"),
        "dataset": node(
            "SaveImageTextDataSetToFolder",
            images=["crop", 0],
            texts=["folder", 1],
            folder_name="dataset",
            filename_prefix="image",
            mode="overwrite",
        ),
    }
    outputs = comfy.run(workflow)
    by_core, by_us = saved(comfy, outputs, "save_core"), saved(comfy, outputs, "save_same")
    assert len(by_core) == 5
    assert [each.tobytes() for each in by_core] == [each.tobytes() for each in by_us]
    assert all(abs(each.width * 3 - each.height * 2) <= 3 for each in by_core)
    dataset = comfy.output / "dataset"
    assert [Image.open(path).size for path in sorted(dataset.glob("*.png"))] == [(256, 384)] * 5
    captions = [path.read_text(encoding="utf-8") for path in sorted(dataset.glob("*.txt"))]
    # In the order of the names: astronaut, cat, more/coffee, more/rocket, two-dogs.
    assert captions == ["a caption of astronaut", "a caption of cat", "a caption of more/coffee", "", ""]


def test_the_lists_fit_cores_training_node(comfy):
    """A VAE and a CLIP are gigabytes, so the wires are compared instead of run."""
    known = comfy.get("/object_info")
    training = known["MakeTrainingDataset"]
    crop, folder = known["SalientCrop_ConstrainedCrop"], known["SalientCrop_LoadFolder"]
    inputs = {**training["input"]["required"], **training["input"]["optional"]}
    assert inputs["images"][0] == crop["output"][0] == folder["output"][0]
    assert inputs["texts"][0] == folder["output"][1]
    assert crop["output_is_list"][0]
    assert folder["output_is_list"][:3] == [True, True, True]


def test_constraints_chain_and_pad_for_outpainting(comfy, samples):
    shutil.copy(samples / "rocket.jpg", comfy.input / "rocket.jpg")  # 640×427
    whole = {"x": 0, "y": 0, "width": 640, "height": 427}
    constraint = {"min_share": 0.5, "layout_frame": "source", "layout_hard": False, "layout_weight": 1.0}
    constraint["framing"] = "keep the most"
    constraint |= {"min_width": 0, "min_height": 0, "region": whole}
    outputs = comfy.run(
        {
            "image": node("LoadImage", image="rocket.jpg"),
            "cropper": pack("LoadCropper", cropper="centre"),
            "all": node("PrimitiveBoundingBox", **whole),
            "keep": pack(
                "Constraint", ratio="1:1", policy="shrink", layout="none", keep_boxes=["all", 0], **constraint
            ),
            "pad": pack("Constraint", ratio="", policy="pad", layout="top", constraint=["keep", 0], **constraint),
            "crop": pack(
                "ConstrainedCrop",
                image=["image", 0],
                cropper=["cropper", 0],
                constraint=["pad", 0],
                ratio="2:3",
                width=0,
                height=0,
            ),
            "added": node("MaskToImage", mask=["crop", 5]),
            "save": node("SaveImage", images=["crop", 0], filename_prefix="pad"),
            "save_added": node("SaveImage", images=["added", 0], filename_prefix="added"),
        }
    )
    (crop,), (added,) = saved(comfy, outputs, "save"), saved(comfy, outputs, "save_added")
    assert crop.size == added.size == (640, 640)
    columns = [added.getpixel((320, y))[0] for y in range(640)]
    assert columns.count(255) == 640 - 427
    assert columns[320] == 0


def test_what_is_wrong_is_said_where_the_user_looks(comfy, folder):
    (folder / "broken.jpg").write_bytes(b"this is no picture")
    workflow = {
        "folder": pack("LoadFolder", folder=folder.name, subfolders=False, start=0, limit=0),
        "text": node("PreviewAny", source=["folder", 3]),
    }
    (text,) = comfy.run(workflow)["text"]["text"]
    assert "broken.jpg" in text
    misspelt = {
        "folder": pack("LoadFolder", folder=folder.name, subfolders=False, start=0, limit=1),
        "crop": pack("ConstrainedCrop", image=["folder", 0], ratio="2;3", width=0, height=0),
        "save": node("PreviewImage", images=["crop", 0]),
    }
    with pytest.raises(WorkflowError, match="ratio: '2' in '2;3'"):
        comfy.run(misspelt)
    with pytest.raises(WorkflowError):
        comfy.run({**workflow, "folder": pack("LoadFolder", folder="../..", subfolders=False, start=0, limit=0)})


def test_changed_captions_are_read_again(comfy, folder):
    workflow = {
        "folder": pack("LoadFolder", folder=folder.name, subfolders=False, start=0, limit=1),
        "text": node("PreviewAny", source=["folder", 1]),
    }
    assert comfy.run(workflow)["text"]["text"] == ["a caption of astronaut"]
    (folder / "astronaut.txt").write_text("another, longer caption", encoding="utf-8")
    assert comfy.run(workflow)["text"]["text"] == ["another, longer caption"]


def test_interrupting_a_folder_run_stops_at_once_and_leaves_no_half_file(comfy, folder):
    for index in range(150):
        shutil.copy(folder / "two-dogs.jpg", folder / f"copy-{index:03}.jpg")
    prompt = comfy.queue(
        {
            "folder": pack("LoadFolder", folder=folder.name, subfolders=True, start=0, limit=0),
            "cropper": pack("LoadCropper", cropper="smartcrop"),
            "crop": pack(
                "ConstrainedCrop", image=["folder", 0], cropper=["cropper", 0], ratio="2:3", width=0, height=0
            ),
            "save": node("SaveImage", images=["crop", 0], filename_prefix="stopped"),
        }
    )
    time.sleep(3)
    comfy.interrupt()
    asked = time.monotonic()
    entry = comfy.wait_for(prompt, 30)
    assert time.monotonic() - asked < 2
    assert "execution_interrupted" in [kind for kind, _ in entry["status"]["messages"]], json.dumps(entry["status"])
    for path in comfy.output.rglob("*"):
        if path.is_file():
            Image.open(path).load() if path.suffix == ".png" else path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["crop-a-picture", "crop-a-folder-with-captions", "sort-into-buckets"])
def test_example_workflows_run(comfy, root, samples, name):
    for sample in ("astronaut", "two-dogs"):
        shutil.copy(samples / f"{sample}.jpg", comfy.input / f"{sample}.jpg")
    Image.open(samples / "cat.jpg").save(comfy.input / "example.png")  # what core's Load Image starts with
    canvas = json.loads((root / "example_workflows" / f"{name}.json").read_text(encoding="utf-8"))
    outputs = comfy.run(as_prompt(canvas))
    assert any(shown.get("images") for shown in outputs.values())


def as_prompt(canvas):
    """A workflow as the canvas saves it, in the form that the server takes: what the canvas does on Run."""
    sources = {link[0]: [str(link[1]), link[2]] for link in canvas["links"]}
    prompt = {}
    for each in canvas["nodes"]:
        if each["type"] in ("MarkdownNote", "Note"):  # notes are the canvas's own, and never sent
            continue
        widgets = iter(each.get("widgets_values") or [])
        inputs = {}
        for slot in each["inputs"]:
            value = next(widgets, None) if "widget" in slot else None
            if slot.get("link") is not None:
                inputs[slot["name"]] = sources[slot["link"]]
            elif "widget" in slot:
                inputs[slot["name"]] = value
        prompt[str(each["id"])] = node(each["type"], **inputs)
    return prompt

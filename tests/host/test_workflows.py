"""Workflows as people build them, run in a real ComfyUI."""

import ast
import json
import shutil
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
from comfy_server import WorkflowError, comfy_python
from hostile_pictures import jpeg_of_scans, tiff_of_tile
from PIL import Image
from safetensors.torch import load_file, save_file

from salient_crop.cli.main import main
from salient_crop.datasets.manifest import read_manifest

pytestmark = pytest.mark.host

GOLDEN = Path(__file__).parents[1] / "golden" / "nodes.json"
NODES = json.loads(GOLDEN.read_text(encoding="utf-8"))
WIDGET_FIELDS = ("default", "min", "max", "step", "advanced")
CHANGING_OPTIONS = {("SalientCrop_LoadCropper", "cropper"), ("SalientCrop_LoadFolder", "folder")}
CHANGING_OPTIONS |= {("SalientCrop_CropFolder", "folder")}  # what is in the host's folders

# The widgets of Face Crops as they are at first, but for its size.
FACES = {
    each["id"]: each["default"]
    for each in NODES["SalientCrop_FaceCrops"]["inputs"]
    if each.get("default") is not None and each["id"] != "size"
}


def node(kind, /, **inputs):
    return {"class_type": kind, "inputs": inputs}


def pack(kind, /, **inputs):
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


@pytest.mark.parametrize("node_id", NODES)
def test_every_node_appears_as_shared_workflows_know_it(comfy, node_id):
    entry, golden = comfy.get("/object_info")[node_id], NODES[node_id]
    assert entry["category"] == "Salient Crop"
    assert entry["description"]
    assert entry["search_aliases"]
    assert entry["output_node"] == golden["is_output_node"]
    shown = {**entry["input"].get("required", {}), **entry["input"].get("optional", {})}
    order = [*entry["input_order"].get("required", []), *entry["input_order"].get("optional", [])]
    required_first = sorted(golden["inputs"], key=lambda each: each["optional"])
    assert order == [each["id"] for each in required_first]
    for each in golden["inputs"]:
        kind, details = shown[each["id"]]
        assert kind == each["type"]
        assert details["tooltip"]
        if kind != "BOUNDING_BOX":  # to which ComfyUI gives a default of its own
            assert {name: details.get(name) for name in WIDGET_FIELDS} == {
                name: each.get(name) for name in WIDGET_FIELDS
            }
        if (node_id, each["id"]) in CHANGING_OPTIONS:
            assert set(each["options"]) <= set(details["options"])
        else:
            assert details.get("options") == each.get("options")
    assert entry["output"] == [each["type"] for each in golden["outputs"]]
    assert entry["output_name"] == [each["id"] for each in golden["outputs"]]
    assert entry["output_is_list"] == [each["is_output_list"] for each in golden["outputs"]]
    assert all(entry["output_tooltips"])


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


def test_two_boxes_and_three_masks_of_one_picture(comfy, samples):
    shutil.copy(samples / "rocket.jpg", comfy.input / "things.jpg")  # 640×427
    given = {"margin": -1.0, "ratio": "1:1", "width": 96, "height": 96, "neighbours": "out", "most": 10}
    found = {"image": ["image", 0], "subjects": ["things", 0], "subject_masks": ["things", 1]}
    outputs = comfy.run(
        {
            "image": node("LoadImage", image="things.jpg"),
            "things": node("Test_FindThings", image=["image", 0]),
            "cut": pack("ApplyBox", box=["things", 0], image=["image", 0], mask=["things", 1]),
            "boxes": node("SaveImage", images=["cut", 0], filename_prefix="boxes"),
            "all": pack("SubjectCrops", kind="prompt", framing="usual", order="left to right", **found, **given),
            "crops": node("SaveImage", images=["all", 0], filename_prefix="all"),
            "heads": pack("SubjectCrops", kind="head", framing="portrait", order="size", **found, **given),
            "same": pack("ApplyBox", box=["heads", 2], image=["image", 0]),
            "again": node("SaveImage", images=["same", 0], filename_prefix="again"),
        }
    )
    assert [each.size for each in saved(comfy, outputs, "boxes")] == [(64, 64)] * 2
    assert [each.size for each in saved(comfy, outputs, "crops")] == [(96, 96)] * 5
    assert len(saved(comfy, outputs, "again")) == 2
    assert outputs["all"]["salient_crop"][0]["words"] == "5 crops of 1 picture."


def test_a_folder_of_portraits_becomes_upright_face_squares_as_the_command_writes_them(comfy, samples, tmp_path):
    photos = comfy.input / "portraits for faces"
    photos.mkdir()
    for name in ("astronaut", "engineer", "photographer", "rear-admiral"):
        Image.open(samples / f"{name}.jpg").save(photos / f"{name}.png")  # of JPEGs, the command reads what it needs
    outputs = comfy.run(
        {
            "1": pack("LoadFolder", folder=photos.name, subfolders=True, start=0, limit=0),
            "2": pack("FaceCrops", image=["1", 0], size=256, **FACES),
            "3": node("SaveImage", images=["2", 0], filename_prefix=photos.name),
        }
    )
    squares = [np.asarray(each.convert("RGB")) for each in saved(comfy, outputs, "3")]
    assert main(["faces", str(photos), "--out", str(tmp_path), "--size", "256", "--format", "png"]) == 0
    crops = [crop for record in read_manifest(tmp_path / "manifest.jsonl") for crop in record.crops]
    assert len(squares) == len(crops) == 4
    for square, crop in zip(squares, crops, strict=True):
        expected = np.asarray(Image.open(tmp_path / crop.file))
        assert square.shape == expected.shape == (256, 256, 3)
        assert np.abs(square.astype(int) - expected).mean() < 1  # the host cuts floats, and saves them rounded down
        left, right = map(crop.face.similarity.apply, crop.face.points[:2])  # eyes, in the square
        assert 0 < left[0] < right[0] < 256 and max(left[1], right[1]) < 128
        assert abs(right[1] - left[1]) < 0.1 * 256
    assert outputs["2"]["salient_crop"][0]["words"] == "4 faces in 4 pictures of 4."
    shutil.rmtree(photos)


def test_an_output_that_is_linked_later_is_drawn_though_nothing_else_has_changed(comfy, samples):
    shutil.copy(samples / "rocket.jpg", comfy.input / "later.jpg")  # 640×427
    workflow = {
        "image": node("LoadImage", image="later.jpg"),
        "cropper": pack("LoadCropper", cropper="centre"),
        "crop": pack("ConstrainedCrop", image=["image", 0], cropper=["cropper", 0], ratio="1:1", width=0, height=0),
        "save": node("SaveImage", images=["crop", 0], filename_prefix="first"),
    }
    comfy.run(workflow)
    later = {
        **workflow,
        "preview": node("SaveImage", images=["crop", 4], filename_prefix="preview"),
        "mask": node("MaskToImage", mask=["crop", 5]),
        "added": node("SaveImage", images=["mask", 0], filename_prefix="later"),
    }
    entry = comfy.wait_for(comfy.queue(later))
    assert entry["status"]["status_str"] == "success"
    (preview,), (added,) = saved(comfy, entry["outputs"], "preview"), saved(comfy, entry["outputs"], "added")
    assert preview.size == (640, 427)
    assert preview.getpixel((107, 200)) == (255, 204, 0)  # the outline of the crop
    assert added.size == (427, 427) and added.getextrema() == ((0, 0),) * 3


def test_a_folder_is_cropped_again_by_another_checkpoint_and_says_why(comfy, folder, root):
    models = comfy.models / "croppers"
    models.mkdir(exist_ok=True)
    state = load_file(root / "models" / "focus" / "focus.safetensors")
    save_file(state, models / "first.safetensors")
    save_file({key: value.flip(0) for key, value in state.items()}, models / "second.safetensors")
    settings = {"ratio": "1:1", "buckets": "", "resolution": 1024, "batch_size": 1, "remainder": "keep", "smallest": 2}
    settings |= {"most_enlarged": 0.0, "layout": "plain", "concept": "picture", "repeats": 1, "format": "jpg"}

    def report_of(checkpoint):
        shown = comfy.run(
            {
                "cropper": pack("LoadCropper", cropper=f"{checkpoint}.safetensors"),
                "crop": pack("CropFolder", folder=folder.name, cropper=["cropper", 0], save_to="again", **settings),
                "text": node("PreviewAny", source=["crop", 1]),
            }
        )
        return shown["text"]["text"][0]

    try:
        assert "5 of 5 pictures" in report_of("first")
        second = report_of("second")
        assert "settings differ from the last run (weights: " in second
        assert "had been done before" not in second
        assert "settings differ" in report_of("first")
    finally:
        for name in ("first", "second"):
            (models / f"{name}.safetensors").unlink()


def test_a_folder_of_mixed_sizes_feeds_cores_own_nodes(comfy, folder):
    workflow = {
        "folder": pack("LoadFolder", folder=folder.name, subfolders=True, start=0, limit=0),
        "cropper": pack("LoadCropper", cropper="smartcrop"),
        "crop": pack(
            "ConstrainedCrop", image=["folder", 0], cropper=["cropper", 0], ratio="2:3", width=256, height=384
        ),
        "core": node("ImageCropV2", image=["folder", 0], crop_region=["crop", 2]),
        "same": pack("ApplyBox", image=["folder", 0], box=["crop", 2]),
        "back": pack("PasteBack", image=["folder", 0], crop=["crop", 0], box=["crop", 2], feather=16),
        "save_core": node("SaveImage", images=["core", 0], filename_prefix="core"),
        "save_back": node("SaveImage", images=["back", 0], filename_prefix="back"),
        "save_whole": node("SaveImage", images=["folder", 0], filename_prefix="whole"),
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
    # The crops were reduced or enlarged, and not changed.
    whole, back = saved(comfy, outputs, "save_whole"), saved(comfy, outputs, "save_back")
    assert [each.tobytes() for each in back] == [each.tobytes() for each in whole]
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


def test_a_whole_picture_is_extended_and_its_mask_is_that_of_pad_image_for_outpainting(comfy, samples):
    shutil.copy(samples / "rocket.jpg", comfy.input / "rocket.jpg")  # 640×427
    canvas = {"fit": "whole", "fit_side": "right", "fill": "mirror", "feather": 40, "overlap": 0}
    outputs = comfy.run(
        {
            "image": node("LoadImage", image="rocket.jpg"),
            "cropper": pack("LoadCropper", cropper="centre"),
            "crop": pack(
                "ConstrainedCrop",
                image=["image", 0],
                cropper=["cropper", 0],
                ratio="2:1",
                width=0,
                height=0,
                multiple_of="1",
                **canvas,
            ),
            "core": node("ImagePadForOutpaint", image=["image", 0], left=0, top=0, right=213, bottom=0, feathering=40),
            "ours": node("MaskToImage", mask=["crop", 5]),
            "theirs": node("MaskToImage", mask=["core", 1]),
            "save": node("SaveImage", images=["crop", 0], filename_prefix="whole"),
            "save_ours": node("SaveImage", images=["ours", 0], filename_prefix="ours"),
            "save_theirs": node("SaveImage", images=["theirs", 0], filename_prefix="theirs"),
        }
    )
    crop, ours, theirs = (saved(comfy, outputs, each)[0] for each in ("save", "save_ours", "save_theirs"))
    assert crop.size == ours.size == theirs.size == (853, 427)
    assert ours.tobytes() == theirs.tobytes()
    assert crop.getpixel((640, 200)) == crop.getpixel((639, 200))


def test_what_cores_detectors_emit_goes_straight_into_crops_and_buckets(comfy, samples):
    """Three masks and two boxes on one picture, as SAM3 Detect, RT-DETR and Remove Background emit them."""
    shutil.copy(samples / "rocket.jpg", comfy.input / "detected.jpg")  # 640×427
    squares = [[10, 60, 40, "shoe"], [60, 200, 40, "shoe"], [20, 350, 40, "shoe"]]

    def detector(found, individual_masks=True):
        return node(
            "Test_StandInDetector",
            image=["image", 0],
            squares=json.dumps(found),
            individual_masks=individual_masks,
        )

    def crop(**more):
        return pack(
            "ConstrainedCrop", image=["image", 0], cropper=["cropper", 0], ratio="1:1", width=0, height=0, **more
        )

    buckets = {"buckets": "square:64", "resolution": 64, "batch_size": 1, "remainder": "keep", "smallest": 1}
    workflow = {
        "image": node("LoadImage", image="detected.jpg"),
        "cropper": pack("LoadCropper", cropper="centre"),
        "found": detector(squares),
        "united": detector(squares[:1], False),
        "two": detector(squares[:2]),
        "none": detector([]),
        "by_masks": crop(focus=["found", 0]),
        "by_mask": crop(focus=["united", 0]),
        "by_boxes": crop(subjects=["two", 1], focus=["two", 0]),
        "without": crop(subjects=["none", 1], focus=["none", 0], nothing="as without"),
        "sort": pack(
            "BucketSort",
            image=["image", 0],
            cropper=["cropper", 0],
            focus=["found", 0],
            subjects=["two", 1],
            most_enlarged=0.0,
            order="source",
            **buckets,
        ),
        **{
            f"show_{name}": node("PreviewAny", source=[name, output])
            for name, output in (("by_masks", 2), ("by_mask", 2), ("by_boxes", 2), ("without", 2), ("sort", 5))
        },
    }
    outputs = comfy.run(workflow)

    def left(name):
        return json.loads(outputs[f"show_{name}"]["text"][0])["x"]

    assert left("without") == (640 - 427) // 2
    assert max(left("by_masks"), left("by_mask"), left("by_boxes"), left("sort")) < 20
    for choice in ("skip", "error"):
        stopped = {**workflow, "without": crop(subjects=["none", 1], nothing=choice)}
        with pytest.raises(WorkflowError, match="neither subjects nor focus hold anything"):
            comfy.run(stopped)


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


def test_pictures_are_decoded_in_processes_that_do_not_start_the_host_again(comfy, folder):
    """`multiprocessing` would: it imports ComfyUI's main.py in each process, and fails after a quarter of a minute."""
    Image.open(folder / "cat.jpg").save(folder / "deep.tiff")
    (folder / "scans.jpg").write_bytes(jpeg_of_scans(3000))
    (folder / "tile.tiff").write_bytes(tiff_of_tile(64, 64, 1_000_000))
    settings = {"ratio": "1:1", "buckets": "", "resolution": 1024, "batch_size": 1, "remainder": "keep", "smallest": 2}
    settings |= {"most_enlarged": 0.0, "layout": "plain", "concept": "picture", "repeats": 1, "format": "png"}
    shown = comfy.run(
        {
            "folder": pack("LoadFolder", folder=folder.name, subfolders=False, start=0, limit=0),
            "names": node("PreviewAny", source=["folder", 2]),
            "problems": node("PreviewAny", source=["folder", 3]),
            "crop": pack("CropFolder", folder=folder.name, save_to="processes", **settings),
            "report": node("PreviewAny", source=["crop", 1]),
        }
    )
    for (text,) in (shown["problems"]["text"], shown["report"]["text"]):
        assert "scans.jpg: a JPEG of more than 100 scans" in text
        assert "tile.tiff: it needs about 4400.0 GB of memory" in text
    assert (comfy.output / "processes" / "deep.png").is_file()
    assert comfy.log.count("Starting server") == 1


def test_changed_captions_are_read_again(comfy, folder):
    workflow = {
        "folder": pack("LoadFolder", folder=folder.name, subfolders=False, start=0, limit=1),
        "text": node("PreviewAny", source=["folder", 1]),
    }
    assert comfy.run(workflow)["text"]["text"] == ["a caption of astronaut"]
    (folder / "astronaut.txt").write_text("another, longer caption", encoding="utf-8")
    assert comfy.run(workflow)["text"]["text"] == ["another, longer caption"]


@pytest.fixture
def shot(comfy, samples, request):
    """A folder of 24 frames below ComfyUI's input: a camera pans over a photograph."""
    target = comfy.input / request.node.name
    target.mkdir()
    photograph = Image.open(samples / "moose.jpg").convert("RGB")
    for index in range(24):
        left = 20 + 10 * index
        photograph.crop((left, 90, left + 641, 90 + 361)).save(target / f"frame-{index:02}.png")
    yield target
    shutil.rmtree(target)


def test_frames_become_a_video_and_go_back_into_their_clip(comfy, shot):
    outputs = comfy.run(
        {
            "frames": pack("LoadFolder", folder=shot.name, subfolders=False, start=0, limit=0),
            "crop": pack("ConstrainedCrop", image=["frames", 0], ratio="4:5", width=0, height=0, frames="follow"),
            "video": node("CreateVideo", images=["crop", 0], fps=24.0),
            "save": node("SaveVideo", video=["video", 0], filename_prefix="shot", format="mp4", codec="h264"),
            "parts": node("GetVideoComponents", video=["save", 0]),
            "size": node("GetImageSize", image=["parts", 0]),
            "size_shown": node("PreviewAny", source=["size", 0]),
            "count_shown": node("PreviewAny", source=["size", 2]),
            "back": pack("PasteBack", image=["frames", 0], crop=["crop", 0], box=["crop", 2], feather=16),
            "save_back": node("SaveImage", images=["back", 0], filename_prefix="frames-back"),
        }
    )
    (video,) = comfy.output.glob("shot*.mp4")
    script = "import av, sys; f = av.open(sys.argv[1]); print([(x.width, x.height) for x in f.decode(video=0)])"
    read = subprocess.run([comfy_python(), "-c", script, str(video)], capture_output=True, text=True, check=True)
    sizes = ast.literal_eval(read.stdout)
    assert len(sizes) == 24 and len(set(sizes)) == 1
    width, height = sizes[0]
    assert width % 2 == height % 2 == 0 and abs(width * 5 - height * 4) <= 10
    assert outputs["size_shown"]["text"] == [str(width)] and outputs["count_shown"]["text"] == ["24"]
    back = saved(comfy, outputs, "save_back")
    frames = [Image.open(path) for path in sorted(shot.glob("*.png"))]
    assert [each.tobytes() for each in back] == [each.tobytes() for each in frames]


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
    for path in comfy.output.rglob("stopped*"):
        with Image.open(path) as image:
            image.load()


@pytest.mark.parametrize(
    "name",
    [
        "aligned-face-squares",
        "banner-with-room-for-text",
        "crop-a-folder-with-captions",
        "crop-a-picture",
        "crop-each-head",
        "crop-what-you-paint",
        "folder-to-three-buckets-for-lora",
        "portraits-to-2x3-heads-whole",
    ],
)
def test_example_workflows_run(comfy, root, samples, name):
    for sample in ("astronaut", "two-dogs"):
        shutil.copy(samples / f"{sample}.jpg", comfy.input / f"{sample}.jpg")
    Image.open(samples / "cat.jpg").save(comfy.input / "example.png")  # what core's Load Image starts with
    canvas = json.loads((root / "example_workflows" / f"{name}.json").read_text(encoding="utf-8"))
    outputs = comfy.run(as_prompt(canvas))
    panels = [shown["salient_crop"][0] for shown in outputs.values() if "salient_crop" in shown]
    assert len(panels) == sum(each["type"].startswith("SalientCrop_") for each in canvas["nodes"])
    assert all(panel["words"] or panel["tiles"][0]["words"] for panel in panels)


def test_the_captions_example_keeps_names_and_captions(comfy, root, folder):
    canvas = json.loads((root / "example_workflows" / "crop-a-folder-with-captions.json").read_text(encoding="utf-8"))
    prompt = as_prompt(canvas)
    for each in prompt.values():
        if each["class_type"] == "SalientCrop_LoadFolder":
            each["inputs"]["folder"] = folder.name
        if each["class_type"] == "SalientCrop_SaveDataset":
            each["inputs"]["folder"] = folder.name
    comfy.run(prompt)
    out = comfy.output / folder.name
    crops = {path.relative_to(out).with_suffix("").as_posix() for path in out.rglob("*.jpg")}
    assert crops == {"astronaut", "cat", "more/coffee", "more/rocket", "two-dogs"}
    assert (out / "more" / "coffee.txt").read_text(encoding="utf-8").strip() == "a caption of more/coffee"


def test_a_folder_that_is_not_there_is_refused_with_what_to_do(comfy):
    with pytest.raises(WorkflowError, match="there is no folder 'gone'.*refresh the nodes"):
        comfy.queue(
            {
                "1": pack("LoadFolder", folder="gone", subfolders=True, start=0, limit=0),
                "2": node("PreviewImage", images=["1", 0]),
            }
        )


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

"""A folder of mixed sizes into buckets and back through ComfyUI's own dataset nodes."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.host

SORTING = {"buckets": "auto:2", "resolution": 512, "batch_size": 2, "remainder": "keep", "smallest": 2}
SORTING["most_enlarged"] = 0.0


def node(kind, **inputs):
    return {"class_type": kind, "inputs": inputs}


def pack(kind, **inputs):
    return node(f"SalientCrop_{kind}", **inputs)


@pytest.fixture
def folder(comfy, samples, request):
    """Six photographs of mixed size below ComfyUI's input, each with its caption."""
    target = comfy.input / request.node.name
    target.mkdir()
    for name in ("astronaut", "cat", "coffee", "rocket", "stairs", "two-dogs"):
        shutil.copy(samples / f"{name}.jpg", target)
        (target / f"{name}.txt").write_text(f"a caption of {name}", encoding="utf-8")
    yield target
    shutil.rmtree(target)


def sorted_folder(folder, **sorting):
    return {
        "folder": pack("LoadFolder", folder=folder.name, subfolders=True, start=0, limit=0),
        "cropper": pack("LoadCropper", cropper="smartcrop"),
        "sort": pack(
            "BucketSort",
            image=["folder", 0],
            caption=["folder", 1],
            name=["folder", 2],
            cropper=["cropper", 0],
            **{**SORTING, "order": "bucket", **sorting},
        ),
    }


SHAPES = ((900, 600), (600, 900), (640, 640), (960, 540), (620, 900), (880, 600))


@pytest.fixture
def coloured(comfy, request):
    """Twelve pictures of mixed size below ComfyUI's input: no two of one colour, each captioned with its own."""
    target = comfy.input / request.node.name
    target.mkdir()
    for index, (width, height) in enumerate(SHAPES * 2):
        colour = 20 * index, 255 - 20 * index, 7 * index
        Image.new("RGB", (width + index, height), colour).save(target / f"{index:02}.png")
        (target / f"{index:02}.txt").write_text(f"{colour}", encoding="utf-8")
    yield target
    shutil.rmtree(target)


def batches(comfy, workflow, images, texts):
    """What core's MakeTrainingDataset and ResolutionBucket make of the pictures and captions on two sockets."""
    training = {
        "vae": node("Test_LoadTinyVAE"),
        "clip": node("Test_LoadTinyCLIP"),
        "dataset": node("MakeTrainingDataset", images=images, vae=["vae", 0], clip=["clip", 0], texts=texts),
        "group": node("ResolutionBucket", latents=["dataset", 0], conditioning=["dataset", 1]),
        "show": node("Test_ShowBatches", latents=["group", 0], conditioning=["group", 1]),
    }
    return [json.loads(line) for line in comfy.run({**workflow, **training})["show"]["text"]]


def sorted_batches(comfy, folder, **sorting):
    return batches(comfy, sorted_folder(folder, **sorting), ["sort", 0], ["sort", 1])


@pytest.mark.parametrize("order", ["bucket", "source"])
@pytest.mark.parametrize(("buckets", "batch"), [("auto:3", 4), ("auto:2", 6), ("auto:3:sdxl", 4), ("auto:3", 2)])
def test_cores_resolution_bucket_makes_one_whole_batch_of_every_bucket(comfy, coloured, buckets, batch, order):
    made = sorted_batches(comfy, coloured, buckets=buckets, batch_size=batch, order=order)
    assert sum(each["shape"][0] for each in made) == 12
    assert 1 < len(made) <= int(buckets.split(":")[1])
    assert len({tuple(each["shape"][2:]) for each in made}) == len(made)
    for each in made:
        assert each["shape"][0] % batch == 0
        assert each["shape"][2] % 8 == each["shape"][3] % 8 == 0  # a bucket's 64 pixels are 8 of the latent
        for colour, caption in zip(each["colours"], each["captions"], strict=True):
            assert np.abs(np.array(colour) * 255 - colour_of(caption)).max() < 1


def test_a_remainder_leaves_one_batch_smaller_or_is_filled_or_dropped(comfy, coloured):
    counts = {
        remainder: sorted(
            each["shape"][0] for each in sorted_batches(comfy, coloured, batch_size=5, remainder=remainder)
        )
        for remainder in ("keep", "repeat", "drop")
    }
    assert [count % 5 for count in counts["keep"]].count(0) == len(counts["keep"]) - 1
    assert sum(counts["keep"]) == 12
    assert sum(counts["repeat"]) == 15 and all(count % 5 == 0 for count in counts["repeat"])
    assert sum(counts["drop"]) == 10 and all(count % 5 == 0 for count in counts["drop"])


def colour_of(caption):
    return np.array(json.loads(caption.replace("(", "[").replace(")", "]")))


def test_sorted_pictures_reach_cores_dataset_nodes_in_full_batches_with_their_captions(comfy, folder):
    name = f"{folder.name}-sorted"
    comfy.run(
        {
            **sorted_folder(folder),
            "save": pack(
                "SaveDataset",
                image=["sort", 0],
                caption=["sort", 1],
                name=["sort", 6],
                folder=name,
                destination="input",
                layout="comfyui",
                concept="photo",
                repeats=1,
                batch_size=2,
                format="png",
            ),
            "chart": node("PreviewImage", images=["sort", 8]),
        }
    )
    load = {"load": node("LoadImageTextDataSetFromFolder", folder=name)}
    made = batches(comfy, load, ["load", 0], ["load", 1])
    assert len(made) <= 2 and all(each["shape"][0] % 2 == 0 for each in made)
    names = ["astronaut", "cat", "coffee", "rocket", "stairs", "two-dogs"]
    assert sorted(text for each in made for text in each["captions"]) == [f"a caption of {each}" for each in names]
    for path in (comfy.input / name / "1_photo").glob("*.png"):
        assert path.with_suffix(".txt").read_text(encoding="utf-8").strip() == f"a caption of {path.stem}"


def test_a_folder_is_cropped_file_by_file(comfy, folder):
    (folder / "broken.jpg").write_bytes(b"this is no picture")
    outputs = comfy.run(
        {
            "cropper": pack("LoadCropper", cropper="smartcrop"),
            "crop": pack(
                "CropFolder",
                folder=folder.name,
                cropper=["cropper", 0],
                save_to="streamed",
                ratio="1:1",
                layout="kohya",
                concept="photo",
                repeats=2,
                format="png",
                **SORTING,
            ),
            "manifest": node("PreviewAny", source=["crop", 0]),
            "report": node("PreviewAny", source=["crop", 1]),
            "sheet": node("PreviewImage", images=["crop", 2]),
        }
    )
    (manifest,), (report,) = outputs["manifest"]["text"], outputs["report"]["text"]
    records = [json.loads(line) for line in Path(manifest).read_text(encoding="utf-8").splitlines()]
    assert "broken.jpg" in report
    done = [each["crops"][0] for each in records if each["status"] == "ok"]
    assert len(done) == 6
    assert all(list(Image.open(comfy.output / "streamed" / each["file"]).size) == each["bucket"] for each in done)
    assert (comfy.output / "streamed" / "dataset.toml").is_file()

"""A folder of mixed sizes into buckets and back through ComfyUI's own dataset nodes."""

import json
import shutil
from collections import Counter
from pathlib import Path

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


def sorted_folder(folder):
    return {
        "folder": pack("LoadFolder", folder=folder.name, subfolders=True, start=0, limit=0),
        "cropper": pack("LoadCropper", cropper="smartcrop"),
        "sort": pack(
            "BucketSort",
            image=["folder", 0],
            caption=["folder", 1],
            name=["folder", 2],
            cropper=["cropper", 0],
            order="bucket",
            **SORTING,
        ),
    }


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
    loaded = comfy.run(
        {
            "load": node("LoadImageTextDataSetFromFolder", folder=name),
            "images": node("SaveImage", images=["load", 0], filename_prefix="loaded"),
            "texts": node("PreviewAny", source=["load", 1]),
        }
    )
    sizes = [Image.open(comfy.output / each["filename"]).size for each in loaded["images"]["images"]]
    counts = Counter(sizes)
    assert sum(counts.values()) == 6
    # What core's ResolutionBucket groups by is the size of the latent: an eighth of the picture's.
    latents = Counter((width // 8, height // 8) for width, height in sizes)
    assert sorted(latents.values()) == sorted(counts.values())
    assert len(latents) <= 2 and all(count % 2 == 0 for count in latents.values())
    assert all(width % 64 == height % 64 == 0 for width, height in sizes)
    names = {"astronaut", "cat", "coffee", "rocket", "stairs", "two-dogs"}
    assert set(loaded["texts"]["text"]) == {f"a caption of {each}" for each in names}
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

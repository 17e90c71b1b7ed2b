"""Save Dataset in a stand-in host."""

import json

import pytest
import torch
from PIL import Image
from sd_scripts import no_upscale_bucket
from wires import sort_pictures

from salient_crop.datasets.formats import get_format


@pytest.mark.parametrize("layout", ["kohya", "ai-toolkit", "onetrainer", "diffusers", "comfyui", "plain"])
def test_a_saved_dataset_is_taken_by_its_trainer_as_it_is(run, smartcrop, host, layout):
    images, captions, masks, _, _, _, names, *_ = sort_pictures(run, smartcrop)
    folder, report = run(
        "SaveDataset", image=images, caption=captions, mask=masks, name=names, layout=layout, concept="cat", repeats=3
    )
    out = host.base / "output" / "dataset"
    assert folder == str(out)
    files = [each for each in out.rglob("*.png") if "mask" not in each.relative_to(out).as_posix()]
    assert len(files) == 8
    for file in files:
        size = Image.open(file).size
        if layout == "kohya":
            assert no_upscale_bucket(size, 512 * 512) == size
        if layout == "ai-toolkit":
            assert get_format(layout)().recropped_size(size, 512) is None
        index = int(file.stem[1:])
        if layout != "diffusers":
            assert file.with_suffix(".txt").read_text(encoding="utf-8").strip() == f"caption {index}"
    if layout in ("kohya", "comfyui"):
        assert {each.parent.name for each in files} == {"3_cat"}
    if layout == "diffusers":
        lines = [json.loads(line) for line in (out / "metadata.jsonl").read_text(encoding="utf-8").splitlines()]
        assert [line["text"] for line in lines] == captions
        assert all((out / line["file_name"]).is_file() and (out / line["mask_file_name"]).is_file() for line in lines)
    assert len([each for each in out.rglob("*.png") if "mask" in each.relative_to(out).as_posix()]) == 8


def test_a_dataset_is_not_mixed_with_other_pictures(run, host):
    (host.base / "output" / "dataset").mkdir()
    Image.new("RGB", (8, 8)).save(host.base / "output" / "dataset" / "other.png")
    with pytest.raises(ValueError, match="already holds 1 other pictures"):
        run("SaveDataset", image=[torch.zeros(1, 64, 64, 3)], layout="onetrainer")
    with pytest.raises(ValueError, match="outside"):
        run("SaveDataset", image=[torch.zeros(1, 64, 64, 3)], folder="../../etc")
    with pytest.raises(ValueError, match="no name for a file"):
        run("SaveDataset", image=[torch.zeros(1, 64, 64, 3)], folder="new", name=["../up"])

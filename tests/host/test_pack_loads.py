"""The pack as ComfyUI sees it when it starts."""

import re

import pytest

pytestmark = pytest.mark.host


def test_the_pack_loads_without_a_complaint(comfy):
    comfy.get("/object_info")
    complaints = [
        line
        for line in comfy.log.splitlines()
        if re.search(r"IMPORT FAILED|Cannot import|Traceback", line)
        or (re.search(r"warning|error", line, re.IGNORECASE) and re.search(r"salient|cropper", line, re.IGNORECASE))
    ]
    assert not complaints, "\n".join(complaints)
    assert "salient-crop" in comfy.log


def test_the_model_folder_lists_checkpoints_only(comfy):
    folder = comfy.models / "croppers"
    folder.mkdir(exist_ok=True)
    for name in ("a.safetensors", "b.pth", "c.pt", "notes.txt", "d.ckpt.yaml"):
        (folder / name).write_bytes(b"")
    assert sorted(comfy.get("/models/croppers")) == ["a.safetensors", "b.pth", "c.pt"]
    for path in folder.iterdir():
        path.unlink()

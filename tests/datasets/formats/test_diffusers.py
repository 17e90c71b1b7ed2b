"""diffusers: metadata.jsonl tells everything."""

import json

from salient_crop.datasets.formats.base import Entry
from salient_crop.datasets.formats.diffusers import Diffusers
from salient_crop.datasets.output_folder import OutputFolder


def test_metadata_tells_file_caption_mask_and_conditioning(tmp_path):
    entries = [
        Entry("a/b.png", (64, 96), " ein Hütchen\n", "masks/a/b.png", (("crop_coords", (0, 4)),)),
        Entry("c.png", (64, 64)),
    ]
    assert Diffusers().write_index(OutputFolder(tmp_path), iter(entries)) == ["metadata.jsonl"]
    content = (tmp_path / "metadata.jsonl").read_text("utf-8")
    assert content.endswith("\n") and "Hütchen" in content
    assert [json.loads(line) for line in content.splitlines()] == [
        {"file_name": "a/b.png", "text": "ein Hütchen", "crop_coords": [0, 4], "mask_file_name": "masks/a/b.png"},
        {"file_name": "c.png", "text": ""},
    ]


def test_a_file_name_that_is_no_unicode_does_not_stop_it(tmp_path):
    Diffusers().write_index(OutputFolder(tmp_path), [Entry("\udcff.png", (64, 64))])
    assert json.loads((tmp_path / "metadata.jsonl").read_text("utf-8"))["file_name"] == "\udcff.png"


def test_there_are_no_caption_files(tmp_path):
    with OutputFolder(tmp_path) as out:
        out.write("a.txt", b"of an earlier run")
        Diffusers().write_caption(out, "a.png", "a cat")
        Diffusers().write_caption(out, "b.png", "a cat")
    assert not list(tmp_path.glob("*.txt"))


def test_paths_follow_the_sources():
    assert Diffusers().crop_path("a/b", "png") == "a/b.png"
    assert Diffusers().mask_path("a/b.jpg") == "masks/a/b.png"
    assert Diffusers().recropped_size((7, 1001), 512) is None
    assert Diffusers().reads_all_pictures

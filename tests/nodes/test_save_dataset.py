"""LoRA Dataset (Save) in a stand-in host."""

import json
import os
import re

import pytest
import torch
from PIL import Image
from sd_scripts import no_upscale_bucket
from wires import read_tree, sort_pictures

from salient_crop.bucketing.grids import list_onetrainer_sizes
from salient_crop.datasets.folder_lock import lock_folder
from salient_crop.datasets.formats import get_format


@pytest.mark.parametrize("layout", ["kohya", "ai-toolkit", "onetrainer", "diffusers", "comfyui", "plain"])
def test_a_saved_dataset_is_taken_by_its_trainer_as_it_is(run, smartcrop, host, layout):
    images, captions, masks, _, _, _, names, *_ = sort_pictures(run, smartcrop, buckets="448x576,576x448")
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
    with pytest.raises(ValueError, match="already holds 1 picture under other names"):
        run("SaveDataset", image=[torch.zeros(1, 64, 64, 3)], layout="onetrainer")
    with pytest.raises(ValueError, match="outside"):
        run("SaveDataset", image=[torch.zeros(1, 64, 64, 3)], folder="../../etc")
    with pytest.raises(ValueError, match="no name for a file"):
        run("SaveDataset", image=[torch.zeros(1, 64, 64, 3)], folder="new", name=["../up"])


def test_names_are_kept_apart_and_numbers_stand_in_for_them(run, host):
    images = [torch.full((1, 8, 8, 3), level) for level in (0.0, 0.5, 1.0)]
    out = host.base / "output" / "dataset"
    run("SaveDataset", image=images, name=["a/x.jpg", "a/x.png", "y"], layout="plain")
    saved = sorted(path.relative_to(out).as_posix() for path in out.rglob("*.png"))
    assert saved == ["a/x_jpg.png", "a/x_png.png", "y.png"]
    run("SaveDataset", image=images, layout="plain", folder="numbers")
    assert sorted(path.name for path in (out.parent / "numbers").glob("[!.]*")) == [
        "00000.png",
        "00001.png",
        "00002.png",
    ]
    levels = [Image.open(out.parent / "numbers" / f"0000{index}.png").getpixel((0, 0))[0] for index in range(3)]
    assert levels == [0, 128, 255]


def test_a_dataset_can_be_saved_again_over_itself_and_into_the_input_folder(run, host):
    images = [torch.zeros(1, 64, 64, 3)] * 2
    for _ in range(2):
        run("SaveDataset", image=images, layout="onetrainer")
    folder, _ = run("SaveDataset", image=images, layout="comfyui", destination="input", concept="cat", repeats=2)
    assert folder == str(host.base / "input" / "dataset")
    assert len(list((host.base / "input" / "dataset" / "2_cat").glob("*.png"))) == 2


def test_the_report_counts_every_size_and_says_what_the_trainer_would_crop(run, host):
    images = [torch.zeros(count, height, width, 3) for count, width, height in ((1, 64, 96), (2, 96, 64), (1, 70, 64))]
    _, report = run("SaveDataset", image=images, layout="ai-toolkit")
    assert report.splitlines() == [
        "4 pictures",
        "64x96: 1",
        "70x64: 1, which ai-toolkit at 128 would crop to 64x64",
        "96x64: 2",
        "tell the trainer: `resolution: 128` for the data set, and no other",
    ]
    _, report = run("SaveDataset", image=images, layout="ai-toolkit", step=64, folder="64")
    assert "64x96: 1, which ai-toolkit at 128 would crop to 64x64" in report.splitlines()
    _, report = run("SaveDataset", image=images, layout="kohya", folder="kohya")
    assert report.splitlines()[:5] == ["4 pictures", "dataset.toml", "64x96: 1", "70x64: 1", "96x64: 2"]
    assert report.splitlines()[5:] == [
        "tell the trainer: start sd-scripts in this folder with --dataset_config dataset.toml",
        "tell the trainer: bucket_reso_steps is 2: it does not start for Stable Diffusion 1.5 and 2; SDXL, and LoRAs of"
        " SD 3, FLUX.1 and HunyuanImage; Lumina, Anima, and the whole of FLUX.1; the whole of SD 3",
    ]
    _, report = run("SaveDataset", image=images[:2], layout="plain", folder="plain")
    assert report.splitlines() == ["3 pictures", "64x96: 1", "96x64: 2"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"caption": ["a", "b", "c"]}, "^caption: 3 values for 2 pictures"),
        ({"mask": [torch.zeros(3, 4, 4)]}, "^mask: 3 values for 2 pictures"),
        ({"layout": ["plain", "kohya"]}, "^layout: 2 values are connected"),
        ({"concept": "a/b", "layout": "kohya"}, "^concept: 'a/b'"),
        ({"name": ["a", ""]}, "^name: '' is no name"),
        ({"name": ["a", "C:/x"]}, "^name: 'C:/x' is no name"),
        ({"name": ["a", "b/../../c"]}, "^name: "),
        ({"folder": "/etc"}, "^folder: '/etc' lies outside"),
    ],
)
def test_what_cannot_be_saved_is_refused_by_name_before_anything_is_written(run, host, given, message):
    with pytest.raises(ValueError, match=message):
        run("SaveDataset", image=torch.zeros(2, 8, 8, 3), **given)
    assert not list((host.base / "output").iterdir())


@pytest.mark.parametrize("layout", ["plain", "onetrainer", "diffusers"])
def test_photographs_in_the_input_folder_are_not_written_over(run, host, layout):
    """As Load Picture Folder and LoRA Dataset (Save) in one workflow would, with the folder `.` in both."""
    for name in ("a.png", "b.png"):
        Image.new("RGB", (9, 9), "red").save(host.base / "input" / name)
    before = read_tree(host.base / "input")
    with pytest.raises(ValueError, match=r"^folder: .*a\.png: there already, and no run wrote it"):
        run(
            "SaveDataset",
            image=[torch.zeros(1, 8, 8, 3)] * 2,
            name=["a.png", "b.png"],
            destination="input",
            folder=".",
            layout=layout,
        )
    assert read_tree(host.base / "input") == before


@pytest.mark.parametrize(
    ("layout", "victim"),
    [("kohya", "dataset.toml"), ("diffusers", "metadata.jsonl"), ("plain", "a.txt"), ("plain", "masks/a.png")],
)
def test_other_files_in_the_folder_are_not_written_over(run, host, layout, victim):
    place = host.base / "output" / "dataset" / victim
    place.parent.mkdir(parents=True)
    place.write_text("mine")
    with pytest.raises(ValueError, match=f"^folder: .*{re.escape(victim)}: there already"):
        run(
            "SaveDataset",
            image=[torch.zeros(1, 8, 8, 3)],
            caption=["a"],
            mask=[torch.zeros(1, 8, 8)],
            name=["a"],
            layout=layout,
        )
    assert place.read_text() == "mine"


def test_a_caption_and_a_mask_that_are_not_saved_again_go(run, host):
    image, out = [torch.zeros(1, 8, 8, 3)], host.base / "output" / "dataset"
    run("SaveDataset", image=image, caption=["a"], mask=[torch.zeros(1, 8, 8)], layout="plain")
    assert {"00000.txt", "masks/00000.png"} <= set(read_tree(out))
    run("SaveDataset", image=image, layout="plain")
    assert not {"00000.txt", "masks/00000.png"} & set(read_tree(out))


@pytest.mark.parametrize(
    ("layout", "names", "saved"),
    [
        ("plain", ["photo.png", "masks/photo.png"], {"photo.png", "masks/photo.png", "masks/photo_2.png"}),
        ("onetrainer", ["photo", "photo-masklabel"], {"photo.png", "photo-masklabel.png", "photo-masklabel_2.png"}),
    ],
)
def test_no_picture_lies_where_the_mask_of_another_belongs(run, host, layout, names, saved):
    run(
        "SaveDataset",
        image=[torch.zeros(1, 8, 8, 3)] * 2,
        mask=[torch.ones(1, 8, 8)] * 2,
        name=names,
        layout=layout,
    )
    files = read_tree(host.base / "output" / "dataset")
    assert saved <= set(files)
    assert len([name for name in files if name.endswith(".png")]) == 4


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_a_link_out_of_the_data_set_is_not_followed(run, host, tmp_path):
    out = host.base / "output" / "dataset"
    out.mkdir()
    (tmp_path / "outside").mkdir()
    (out / "1_picture").symlink_to(tmp_path / "outside")
    with pytest.raises(ValueError, match="a link, or a file, where a folder belongs"):
        run("SaveDataset", image=[torch.zeros(1, 8, 8, 3)], layout="kohya")
    assert list((tmp_path / "outside").iterdir()) == []


@pytest.mark.parametrize(("step", "resolution"), [(8, 128), (64, 256)])
def test_of_onetrainers_sizes_the_report_tells_step_and_resolution(run, step, resolution):
    sizes = list_onetrainer_sizes(resolution, step)
    images = [torch.zeros(1, height, width, 3) for width, height in sizes]
    _, report = run("SaveDataset", image=images, layout="onetrainer")
    assert "would crop" not in report
    assert f"tell the trainer: Resolution {resolution}, " in report
    assert f"step is {step} (" in report
    _, report = run("SaveDataset", image=images, layout="onetrainer", step=32)
    assert "which onetrainer at" in report


def test_diffusers_is_told_its_list_of_buckets(run):
    images = [torch.zeros(1, 64, 96, 3), torch.zeros(1, 96, 64, 3)]
    _, report = run("SaveDataset", image=images, layout="diffusers")
    assert '--aspect_ratio_buckets "96,64;64,96" (height,width)' in report


def test_a_step_that_a_layout_has_not_is_refused_by_name(run):
    with pytest.raises(ValueError, match="^step: does nothing for the dataset format kohya"):
        run("SaveDataset", image=[torch.zeros(1, 64, 64, 3)], layout="kohya", step=64)


def test_a_folder_that_another_run_is_writing_into_is_left_alone(run, host):
    out = host.base / "output" / "dataset"
    out.mkdir()
    with lock_folder(out), pytest.raises(ValueError, match="folder: .*another run is writing into it"):
        run("SaveDataset", image=[torch.zeros(1, 8, 8, 3)])
    assert os.listdir(out) == []
    run("SaveDataset", image=[torch.zeros(1, 8, 8, 3)])


def test_the_panel_says_what_was_written_where_and_what_to_look_at(panel):
    pictures = [torch.zeros(1, 64, 96, 3), torch.zeros(1, 64, 64, 3), torch.zeros(1, 64, 64, 3)]
    content = panel("SaveDataset", image=pictures, caption=["a", "", "c"], folder="set/new", layout="plain")
    assert content["words"] == "Wrote 3 pictures and 2 captions for plain into output/set/new."
    assert content["warnings"] == ["1 picture of 3 without a caption"]
    assert [(each["label"], each["value"]) for each in content["bars"]] == [("64x64", 2), ("96x64", 1)]
    assert [each["name"] for each in content["tiles"]] == ["00000.png", "00001.png", "00002.png"]
    mask = torch.ones(1, 70, 96)
    picture = torch.zeros(1, 70, 96, 3)
    content = panel(
        "SaveDataset", image=picture, mask=0 * mask, folder="black", destination="input", layout="onetrainer"
    )
    assert content["warnings"][0].startswith("mask: all are black")
    content = panel("SaveDataset", image=picture, mask=mask, folder="other", destination="input", layout="ai-toolkit")
    assert content["words"].startswith("Wrote 1 picture and 1 mask for ai-toolkit into input/other.")
    assert any("would crop 96x70 to" in each for each in content["warnings"])

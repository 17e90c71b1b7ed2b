"""All formats by name, and what holds for each of them."""

import pytest

from salient_crop.datasets.formats import FORMATS, Entry, get_format
from salient_crop.datasets.output_folder import OutputFolder

ALL = pytest.mark.parametrize("name", FORMATS)


def test_the_names_are_those_that_commands_and_workflows_use():
    assert list(FORMATS) == ["plain", "kohya", "ai-toolkit", "onetrainer", "diffusers", "comfyui"]


def test_what_each_trainer_reads():
    assert [each.name for each in FORMATS.values() if each.reads_subfolders] == ["plain", "diffusers"]
    assert [each.name for each in FORMATS.values() if not each.reads_all_pictures] == ["plain"]


def test_another_name_is_refused_with_the_list():
    with pytest.raises(ValueError, match="'koya' is no dataset format; use one of plain, kohya, ai-toolkit, onetrai"):
        get_format("koya")


@ALL
def test_crops_and_masks_never_share_a_path(name):
    assert FORMATS[name].name == name
    dataset = get_format(name)()
    crops = [dataset.crop_path(source, "png") for source in ("a", "b", "deep/a", "deep/b")]
    masks = [dataset.mask_path(crop) for crop in crops]
    assert len({*crops, *masks}) == 8
    assert all(crop.endswith(".png") and not crop.startswith("/") for crop in (*crops, *masks))


@ALL
def test_the_index_of_an_empty_data_set_can_be_written(name, tmp_path):
    dataset = get_format(name)()
    written = dataset.write_index(OutputFolder(tmp_path), iter([]))
    assert tuple(written) == dataset.index_files
    assert sorted(written) == sorted(path.name for path in tmp_path.glob("[!.]*"))


@ALL
def test_a_caption_is_read_back_from_one_place(name, tmp_path):
    """Either from the caption file or from the index, never from both."""
    dataset = get_format(name)()
    crop = dataset.crop_path("a", "png")
    dataset.write_caption(OutputFolder(tmp_path), crop, "a cat")
    dataset.write_index(OutputFolder(tmp_path), [Entry(crop, (64, 64), "a cat")])
    holders = [path for path in tmp_path.rglob("*") if path.is_file() and "a cat" in path.read_text("utf-8")]
    assert len(holders) == 1


def test_concept_and_repeats_name_a_folder_in_some_formats_only():
    assert [each.name for each in FORMATS.values() if each().is_named] == ["kohya", "comfyui"]

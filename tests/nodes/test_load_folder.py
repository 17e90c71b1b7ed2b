"""Load Picture Folder in a stand-in host."""

import os
import shutil

import numpy as np
import pytest
import torch
from PIL import Image


def test_a_folder_loads_in_order_with_captions_and_one_bad_file_fails_alone(run, host, samples):
    folder = host.base / "input" / "set"
    (folder / "b").mkdir(parents=True)
    shutil.copy(samples / "cat.jpg", folder / "b" / "cat.jpg")
    shutil.copy(samples / "coffee.jpg", folder / "a.jpg")
    (folder / "a.txt").write_text("a cup", encoding="utf-8")
    (folder / "aa.png").write_bytes(b"\x89PNG torn")
    Image.fromarray(np.tri(300, 451, dtype=np.uint8) * 255).save(folder / "b" / "cat-masklabel.png")
    images, captions, names, problems, masks = run("LoadFolder", folder="set")
    assert names == ["a.jpg", "b/cat.jpg"]
    assert captions == ["a cup", ""]
    assert [tuple(image.shape) for image in images] == [(1, 400, 600, 3), (1, 300, 451, 3)]
    assert masks[0].shape == (1, 400, 600) and masks[0].min() == 1
    assert torch.equal(masks[1][0], torch.ones(300, 451).tril())
    assert problems.startswith("aa.png: ")
    assert "\n" not in problems
    assert run("LoadFolder", folder="set", subfolders=False)[2] == ["a.jpg"]
    assert run("LoadFolder", folder="set", start=2)[2] == ["b/cat.jpg"]
    assert run("LoadFolder", folder="set", limit=1)[2] == ["a.jpg"]
    with pytest.raises(ValueError, match="passes over all 3"):
        run("LoadFolder", folder="set", start=3)


def test_a_folder_of_nothing_usable_says_so(run, host):
    empty = host.base / "input" / "empty"
    empty.mkdir()
    with pytest.raises(ValueError, match="no picture in 'empty'"):
        run("LoadFolder", folder="empty")
    (empty / "bad.jpg").write_bytes(b"no")
    with pytest.raises(ValueError, match=r"(?s)no picture could be loaded.*bad\.jpg"):
        run("LoadFolder", folder="empty")


def test_no_folder_outside_input_is_read(run, host, samples, tmp_path):
    shutil.copy(samples / "cat.jpg", tmp_path / "secret.jpg")
    for name in ("..", str(tmp_path), "../output"):
        with pytest.raises(ValueError, match="outside"):
            run("LoadFolder", folder=name)
    folder = host.base / "input" / "links"
    folder.mkdir()
    shutil.copy(samples / "cat.jpg", folder / "own.jpg")
    try:
        (folder / "stolen.jpg").symlink_to(tmp_path / "secret.jpg")
    except OSError:
        pytest.skip("this system makes no links")
    _, _, names, problems, _ = run("LoadFolder", folder="links")
    assert names == ["own.jpg"]
    assert "stolen.jpg" in problems


def test_a_folder_is_loaded_again_only_when_it_changed(nodes, host, samples):
    folder = host.base / "input" / "set"
    folder.mkdir()
    shutil.copy(samples / "cat.jpg", folder / "cat.jpg")

    def fingerprint():
        return nodes["SalientCrop_LoadFolder"].fingerprint_inputs(folder="set", subfolders=True, start=0, limit=0)

    first = fingerprint()
    assert fingerprint() == first
    (folder / "cat.txt").write_text("a cat", encoding="utf-8")
    second = fingerprint()
    shutil.copy(samples / "coffee.jpg", folder / "b.jpg")
    assert len({first, second, fingerprint()}) == 3


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_a_folder_with_somebody_elses_file_in_place_of_our_notes_is_one_like_others(run, host, tmp_path):
    folder = host.base / "input" / "set"
    (folder / "masks").mkdir(parents=True)
    for name in ("a.png", "masks/a.png"):
        Image.new("RGB", (8, 8)).save(folder / name)
    (tmp_path / "notes").write_text("")
    (folder / ".salient-crop.jsonl").symlink_to(tmp_path / "notes")
    assert run("LoadFolder", folder="set")[2] == ["a.png", "masks/a.png"]


def test_the_masks_of_a_data_set_of_ours_are_its_masks(run, host):
    pictures = torch.rand(2, 16, 24, 3)
    masks = torch.zeros(2, 16, 24)
    masks[:, :8] = 1
    given = {"destination": ["input"], "folder": ["ds"], "layout": ["kohya"], "mask": [masks]}
    run("SaveDataset", image=[pictures], **given)
    (host.base / "input" / "ds" / "masks" / "mine").mkdir()
    Image.new("RGB", (8, 8)).save(host.base / "input" / "ds" / "masks" / "mine" / "picture.png")
    images, _, names, problems, found = run("LoadFolder", folder="ds")
    assert (len(images), problems) == (3, "") and names[-1] == "masks/mine/picture.png"
    assert all(torch.equal(each[0], masks[0]) for each in found[:2]) and (found[2] == 1).all()


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
@pytest.mark.parametrize("name", ["a.txt", "metadata.jsonl", "a-masklabel.png"])
def test_captions_and_masks_outside_the_folder_are_not_read(run, host, tmp_path, name):
    folder = host.base / "input" / "set"
    folder.mkdir()
    for each in ("a.png", "b.png"):
        Image.new("RGB", (8, 8)).save(folder / each)
    Image.new("L", (8, 8)).save(tmp_path / "secret.png")
    (tmp_path / "secret.txt").write_text('{"file_name": "a.png", "text": "secret"}')
    (folder / name).symlink_to(tmp_path / ("secret.png" if name.endswith(".png") else "secret.txt"))
    (folder / "b.txt").write_text("its own")
    _, captions, names, problems, _ = run("LoadFolder", folder="set")
    assert (names, captions) == (["b.png"], ["its own"])
    assert problems == f"a.png: {name}: a link that leads out of the folder"


def test_the_panel_says_what_was_found_and_names_what_could_not_be_read(panel, host, samples):
    folder = host.base / "input" / "set"
    folder.mkdir()
    shutil.copy(samples / "cat.jpg", folder / "a.jpg")
    shutil.copy(samples / "cat.jpg", folder / "b.jpg")
    (folder / "a.txt").write_text("a cat", encoding="utf-8")
    (folder / "broken.png").write_bytes(b"\x89PNG torn")
    content = panel("LoadFolder", folder="set")
    assert content["words"] == "2 pictures from 'set', with 1 caption."
    assert [each.split(":")[0] for each in content["warnings"]] == ["broken.png"]
    assert [(each["name"], each["words"]) for each in content["tiles"]] == [("a.jpg", "a cat"), ("b.jpg", "")]
    (folder / "a.txt").unlink()
    assert panel("LoadFolder", folder="set")["words"] == "2 pictures from 'set', with no captions."


@pytest.mark.parametrize("node", ["LoadFolder", "CropFolder"])
def test_a_folder_that_is_not_there_is_refused_with_what_to_do(nodes, run, host, node):
    check = nodes[f"SalientCrop_{node}"].validate_inputs
    (host.base / "input" / "holidays").mkdir()
    (host.base / "input" / "note.txt").write_text("no folder", encoding="utf-8")
    assert check(folder="holidays") is True
    assert check(folder=".") is True
    assert check() is True  # another node will say
    told = check(folder="holiday")
    assert told.startswith("folder: there is no folder 'holiday' in ")
    assert "refresh the nodes (R), or choose another one. There are: holidays." in told
    assert "is a file" in check(folder="note.txt")
    assert "lies outside" in check(folder="../elsewhere")
    (host.base / "input" / "holidays").rmdir()  # between the check and the run
    with pytest.raises(ValueError, match="^folder: there is no folder 'holidays'"):
        run(node, folder="holidays")

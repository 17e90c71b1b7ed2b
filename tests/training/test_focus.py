"""Training focus: labels mean what the cropper reads, views keep labels on their pixels, and a stopped run goes on."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
import torchvision
from PIL import Image
from safetensors.torch import load_file, save_file

from salient_crop.models.focus.loading import load
from salient_crop.models.focus.network import FocusNetwork, Outputs
from salient_crop.models.focus.subjects import decode_heads
from salient_crop.training.focus.average import main as average
from salient_crop.training.focus.bundle import main as bundle
from salient_crop.training.focus.imagenet import fold_mobilenet
from salient_crop.training.focus.losses import attention_loss, centre_loss, reach_loss, subject_loss
from salient_crop.training.focus.pictures import Picture, read_pictures
from salient_crop.training.focus.plan import epoch
from salient_crop.training.focus.samples import View, heads_on_grid, part, sample, whole
from salient_crop.training.focus.teachers import head_from_face, merged
from salient_crop.training.focus.train import main


def test_folding_changes_nothing_that_imagenet_taught() -> None:
    torch.manual_seed(1)
    theirs = torchvision.models.mobilenet_v2().eval()
    for module in theirs.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.3)
            module.running_var.uniform_(0.5, 2)
            module.weight.data.uniform_(0.5, 1.5)
            module.bias.data.normal_(0, 0.2)
    ours = FocusNetwork().backbone
    ours.load_state_dict(fold_mobilenet(theirs.state_dict()))
    images = torch.rand(2, 3, 64, 96)
    with torch.inference_mode():
        wanted, found = theirs.features[:18](images), ours(images)[3]
    assert (wanted - found).abs().max() <= 1e-4 * wanted.abs().max()


def test_labels_are_what_the_cropper_reads_back() -> None:
    boxes = np.array([[2.2, 3.0, 8.0, 11.5], [15.0, 2.0, 39.0, 29.0], [30.1, 20.2, 32.4, 23.0]])
    centres, care, near, reach = heads_on_grid(boxes, np.zeros((0, 4)), (40, 30), True)
    assert care.min() == 1
    assert (near > 0).sum() >= 3
    logits = torch.logit(centres.clamp(1e-4, 1 - 1e-4))[None]
    empty = torch.zeros(1, 15, 20)
    (found,) = decode_heads(Outputs(empty, empty, logits, reach.clamp_min(1e-3).log()[None]))
    read = sorted((np.array(head[:4]) * [40, 30, 40, 30]).tolist() for head in found)
    assert np.allclose(read, sorted(boxes.tolist()), atol=0.01)


def test_a_head_mostly_outside_or_in_doubt_is_neither_asked_for_nor_punished() -> None:
    centres, care, near, _ = heads_on_grid(np.array([[-9.0, 4, 3, 14]]), np.array([[20.0, 20, 25, 26]]), (40, 30), True)
    assert centres.max() == 0
    assert near.max() == 0
    assert care[8, 1] == 0
    assert care[22, 22] == 0
    assert care[2, 35] == 1


@pytest.mark.parametrize("mirrored", [False, True])
def test_boxes_stay_on_their_pixels_in_every_view(tmp_path: Path, mirrored: bool) -> None:
    pixels = np.zeros((120, 200, 3), np.uint8)
    pixels[30:70, 60:90] = 255
    image = Image.fromarray(pixels)
    image.save(tmp_path / "a.png")
    head = (60 / 200, 30 / 120, 90 / 200, 70 / 120)
    mask = tmp_path / "mask.png"
    Image.fromarray(pixels[..., 0]).resize((100, 60)).save(mask)
    known = Picture(tmp_path / "a.png", "people", (), mask, 1.0, (head,))
    made = sample(known, image, View((40, 20, 120, 80), (384, 288), mirrored), None)
    x1, y1, x2, y2 = (
        View((40, 20, 120, 80), (384, 288), mirrored).relative(np.array(head), (200, 120))[0] * 1000
    ).round()
    assert (y1, y2) == (167, 833)
    assert (x1, x2) == ((375, 750) if mirrored else (250, 625))
    bright = made.image[0] > 0.5
    assert bright[:, : int(x1 / 1000 * 384) - 2].sum() == 0
    assert bright[120, int(x1 / 1000 * 384) + 4 : int(x2 / 1000 * 384) - 4].all()
    inside = made.mask[10, int(x1 / 1000 * 48) + 1 : int(x2 / 1000 * 48) - 1]
    assert inside.min() > 0.9
    row, column = (made.centres == 1).nonzero()[0].tolist()
    assert bright[row * 4 + 2, column * 4 + 2]


def test_fixations_are_learned_from_whole_pictures_only(tmp_path: Path) -> None:
    image = Image.new("RGB", (200, 120))
    known = Picture(tmp_path / "a.png", "osie", ((0.26, 0.5),) * 3, tmp_path / "none.png", 1.0)
    seen = sample(known, image, whole(image.size), None)
    assert seen.density.sum().item() == pytest.approx(1)
    row, column = divmod(int(seen.density.argmax()), seen.density.shape[1])
    assert (row / seen.density.shape[0], column / seen.density.shape[1]) == pytest.approx((0.5, 0.26), abs=0.03)
    mirrored = sample(known, image, whole(image.size, True), None)
    assert torch.equal(seen.fixations, mirrored.fixations.flip(1))
    assert sample(known, image, View((0, 0, 100, 120), (288, 384)), None).fixations.sum() == 0


def test_parts_lie_inside_the_picture() -> None:
    rng = np.random.default_rng(0)
    known = Picture(Path("a"), "crowd", (), Path("b"), 1.0, ((0.9, 0.8, 1.1, 1.05), (0.0, 0.0, 0.6, 0.9)))
    for size in [(480, 360), (91, 400), (33, 33)] * 40:
        x1, y1, x2, y2 = part(known, size, (384, 288), rng).part
        assert -1e-9 <= x1 < x2 <= size[0] + 1e-9
        assert -1e-9 <= y1 < y2 <= size[1] + 1e-9


def test_losses_are_least_for_what_was_asked() -> None:
    torch.manual_seed(0)
    density = torch.rand(2, 9, 12).flatten(1).softmax(1).view(2, 9, 12)
    perfect = attention_loss(density.log(), density, density)
    assert perfect < attention_loss(density.log() + 0.3 * torch.randn(2, 9, 12), density, density)
    mask = (torch.rand(2, 9, 12) > 0.5).float()
    ones = torch.ones(2)
    assert subject_loss(mask * 20 - 10, mask, ones) < 0.01
    assert subject_loss(10 - mask * 20, mask, ones) > 5
    assert subject_loss(10 - mask * 20, mask, torch.zeros(2)) == 0
    centres, care, near, reach = (
        each[None] for each in heads_on_grid(np.array([[3.0, 2, 9, 8]]), np.zeros((0, 4)), (12, 9), True)
    )
    exact = reach.clamp_min(0.05).log()
    assert reach_loss(exact, reach, near).abs() < 1e-3
    assert reach_loss(exact + 0.5, reach, near) > 0.2
    assert centre_loss(torch.logit(centres.clamp(1e-4, 1 - 1e-4)), centres, care) < centre_loss(
        torch.zeros(1, 9, 12), centres, care
    )


def test_a_head_is_more_than_its_face_and_seen_twice_still_one() -> None:
    x1, y1, x2, y2 = head_from_face((0.4, 0.4, 0.5, 0.5))
    assert x1 < 0.4 < 0.5 < x2
    assert 0.4 - y1 > y2 - 0.5 > 0
    faces = [[0.1, 0.1, 0.3, 0.3, 0.7], [0.11, 0.1, 0.31, 0.31, 0.9], [0.6, 0.6, 0.7, 0.7, 0.8]]
    assert merged(faces) == [faces[1], faces[2]]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder laid out like the real one, with a handful of tiny pictures."""
    rng = np.random.default_rng(5)
    for folder in ("gaze/images", "people/images", "people/masks", "labels/masks"):
        (tmp_path / folder).mkdir(parents=True)
    entries = []
    for number in range(3):
        name = f"crowd_{number}.jpg"
        Image.fromarray(rng.integers(0, 255, (48, 64, 3), dtype=np.uint8)).save(tmp_path / "gaze" / "images" / name)
        faces = [[10, 10, 12, 14, 1, 0, 0, 0]]
        entries.append({"image": name, "width": 64, "height": 48, "fixations": [[[16, 17], [50, 30]]], "faces": faces})
    (tmp_path / "gaze" / "fixations.json").write_text(json.dumps(entries))
    Image.fromarray(rng.integers(0, 255, (48, 64, 3), dtype=np.uint8)).save(tmp_path / "people" / "images" / "p.jpg")
    mask = np.zeros((48, 64), np.uint8)
    mask[8:40, 20:40] = 255
    Image.fromarray(mask).save(tmp_path / "people" / "masks" / "p.png")
    (tmp_path / "labels" / "heads.json").write_text(
        json.dumps({"p.jpg": [[0.3, 0.1, 0.6, 0.5, 0.9], [0, 0, 0.1, 0.1, 0.6]]})
    )
    return tmp_path


def test_pictures_know_their_labels(data: Path) -> None:
    pictures = {each.path.name: each for each in read_pictures(data, data / "labels")}
    assert pictures["crowd_0.jpg"].heads == (pytest.approx((10 / 64, 10 / 48, 22 / 64, 24 / 48)),)
    assert pictures["p.jpg"].heads == ((0.3, 0.1, 0.6, 0.5),)
    assert pictures["p.jpg"].doubts == ((0, 0, 0.1, 0.1),)


def test_an_epoch_shows_every_picture_whole_once(data: Path) -> None:
    pictures = read_pictures(data, data / "labels")
    sizes = {str(each.path): (64, 48) for each in pictures}
    batches = epoch(pictures, sizes, 4, 2)
    shown = sorted(each.path.name for batch in batches if batch.whole for each in batch.pictures)
    assert shown == sorted(each.path.name for each in pictures)
    assert batches == epoch(pictures, sizes, 4, 2)
    assert batches != epoch(pictures, sizes, 5, 2)


def test_a_stopped_run_ends_where_an_unbroken_one_does(data: Path, tmp_path: Path) -> None:
    start = tmp_path / "start.safetensors"
    torch.manual_seed(0)
    save_file({name: value.half() for name, value in FocusNetwork().state_dict().items()}, start)
    given = [
        "--data",
        str(data),
        "--labels",
        str(data / "labels"),
        "--fine-tune",
        str(start),
        "--batch",
        "4",
        "--device",
        "cpu",
    ]
    main([*given, "--out", str(tmp_path / "whole"), "--epochs", "2"])
    main([*given, "--out", str(tmp_path / "broken"), "--epochs", "2", "--stop-after", "1"])
    main([*given, "--out", str(tmp_path / "broken"), "--epochs", "2"])
    whole_run, broken = (load_file(tmp_path / name / "focus.safetensors") for name in ("whole", "broken"))
    assert all(torch.equal(whole_run[name], broken[name]) for name in whole_run)
    after_one = load_file(tmp_path / "broken" / "focus-1.safetensors")
    assert not torch.equal(after_one["prior.weight"], broken["prior.weight"])
    assert not torch.equal(whole_run["prior.weight"], load_file(start)["prior.weight"])
    load(whole_run).analyse(torch.rand(1, 3, 60, 80))


def test_the_average_of_checkpoints_is_a_checkpoint(tmp_path: Path) -> None:
    torch.manual_seed(0)
    networks = [FocusNetwork((8, 8, 8, 8)) for _ in range(3)]
    files = [tmp_path / f"{index}.safetensors" for index in range(3)]
    for network, file in zip(networks, files, strict=True):
        save_file({name: value.half() for name, value in network.state_dict().items()}, file)
    average([*map(str, files), "--out", str(tmp_path / "mean.safetensors")])
    found = load_file(tmp_path / "mean.safetensors")
    wanted = torch.stack([network.heads.mix.across.weight for network in networks]).mean(0)
    assert (found["heads.mix.across.weight"].float() - wanted).abs().max() < 1e-3
    load(found).analyse(torch.rand(1, 3, 60, 80))


def test_the_recipe_of_the_bundled_weights_runs_in_one_go(data: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    imagenet = tmp_path / "imagenet.pth"
    torch.save(torchvision.models.mobilenet_v2().state_dict(), imagenet)
    given = ["--data", data, "--labels", data / "labels", "--imagenet", imagenet, "--out", tmp_path / "run"]
    bundle([*map(str, given), "--epochs", "1", "2", "--batch", "4", "--device", "cpu"])
    parts = ["first/focus", "second/focus-1", "second/focus-2"]
    states = [load_file(tmp_path / "run" / f"{part}.safetensors") for part in parts]
    mean = load_file(tmp_path / "run" / "focus.safetensors")
    for name, value in mean.items():
        wanted = torch.stack([state[name].float() for state in states]).mean(0)
        assert torch.allclose(value.float(), wanted, rtol=1e-3, atol=1e-4)
    assert any(not torch.equal(states[0][name], states[2][name]) for name in mean)
    assert isinstance(load(mean).network, FocusNetwork)

"""Training GAIC on a tiny made-up set, and the parts that every training on rated crops stands on."""

from __future__ import annotations

import json

import pytest
import rated_folders
import torch
from made_up import made_up_state, uniform
from PIL import Image
from torchvision import models as torchvision_models

from salient_crop.images.errors import PictureError
from salient_crop.models.backbones import Backbone, MobileNetV2, ResNet50, ShuffleNetV2
from salient_crop.models.gaic.cropper import GaicCropper
from salient_crop.models.gaic.variant import TRAINED_HERE
from salient_crop.models.registry import load_cropper
from salient_crop.training.gaic.train import main, new_network, train
from salient_crop.training.imagenet import load_imagenet
from salient_crop.training.rated_crops import RatedPicture, rating_scale, read_rated_pictures
from salient_crop.training.rated_samples import mirrored, rated_sample
from salient_crop.training.resumable import Progress, Settings, Trainer, learning_rate

QUICK = Settings(epochs=1, batch=4, crops=4)


class Stopped(Exception):
    pass


# --- the loop ---------------------------------------------------------------------------------------------------------


def noisy_line(folder, settings=None, report=lambda _: None):
    """A line fitted to noisy points: its weights and the loss of every epoch."""
    network = torch.nn.Linear(3, 1)
    torch.nn.init.ones_(network.weight)
    torch.nn.init.zeros_(network.bias)

    def load(number, generator):
        return torch.rand(3, generator=generator) + number / 10

    def loss(samples):
        points = torch.stack(samples)
        return (network(points)[:, 0] - points.sum(1) * 2).square().mean()

    settings = settings or Settings(epochs=3, batch=2, warm_up=1, rate=0.1)
    trainer = Trainer(network, 5, load, loss, settings, folder / "last.pt", save_every=1)
    return [*network.parameters()], trainer.run(report)


@pytest.mark.parametrize("stop_at", [(1, 1), (1, 3), (2, 2), (3, 3)])
def test_a_stopped_training_goes_on_as_if_it_had_not_been(tmp_path, stop_at):
    whole, history = noisy_line(tmp_path / "whole")

    def stop(progress: Progress) -> None:
        if (progress.epoch, progress.step) == stop_at:
            raise Stopped

    with pytest.raises(Stopped):
        noisy_line(tmp_path / "stopped", report=stop)
    seen: list[Progress] = []
    resumed, resumed_history = noisy_line(tmp_path / "stopped", report=seen.append)
    again = min(stop_at[1] + 1, 3)  # an epoch's last step is saved with the epoch, which had not ended yet
    assert (seen[0].epoch, seen[0].step, seen[0].steps) == (stop_at[0], again, 3)
    assert resumed_history == history and len(history) == 3
    assert all(torch.equal(one, other) for one, other in zip(resumed, whole, strict=True))
    assert not torch.equal(whole[0], torch.ones(1, 3)), "it has learnt something"


def test_finished_training_does_nothing_more(tmp_path):
    _, history = noisy_line(tmp_path)
    seen: list[Progress] = []
    assert noisy_line(tmp_path, report=seen.append)[1] == history
    assert seen == []


def test_other_settings_are_refused(tmp_path):
    noisy_line(tmp_path, Settings(epochs=1, batch=5))
    with pytest.raises(ValueError, match="made with crops 64, not 5"):
        noisy_line(tmp_path, Settings(epochs=1, batch=5, crops=5))


def test_seed_changes_what_is_drawn(tmp_path):
    one, other = (noisy_line(tmp_path / str(seed), Settings(epochs=1, batch=2, seed=seed))[0] for seed in (1, 2))
    assert not torch.equal(one[0], other[0])


# --- GAIC -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return rated_folders.gaicd(tmp_path_factory.mktemp("gaic"), count=4)


def test_command_learns_and_its_file_loads_as_a_cropper(data, tmp_path, capsys):
    arguments = ["--data", str(data), "--part", "train", "--out", str(tmp_path), "--backbone", "shufflenetv2"]
    arguments += ["--side", "64", "--epochs", "3", "--batch", "1", "--crops", "14", "--warm-up", "0"]
    main([*arguments, "--device", "cpu"])
    assert "epoch 3/3" in capsys.readouterr().err
    history = torch.load(tmp_path / "last.pt", weights_only=True)["history"]
    assert history[-1] < 0.5 * history[0], "the loss falls"
    for path in (tmp_path / "gaic-shufflenetv2.safetensors", tmp_path / "last.pt"):
        cropper = load_cropper(path)
        assert isinstance(cropper, GaicCropper) and cropper.variant == TRAINED_HERE
    scores = cropper.analyse(uniform("picture", (1, 3, 64, 64)))[0].score(torch.tensor([[0.0, 0.0, 1.0, 1.0]]))
    assert scores.isfinite().all()


def test_normalisation_stays_frozen(data, tmp_path):
    before = new_network(ShuffleNetV2(), 4, seed=3).state_dict()
    network = new_network(ShuffleNetV2(), 4, seed=3)
    train(network, read_rated_pictures(data), QUICK, tmp_path / "last.pt", side=64)
    for name, after in network.state_dict().items():
        changed = not torch.equal(before[name], after)
        assert changed != ("running" in name or "num_batches" in name), name


def test_an_unreadable_picture_is_named(tmp_path):
    folder = rated_folders.gaicd(tmp_path, count=3)
    (folder / "images" / "train" / "p1.png").write_bytes(b"no picture")
    with pytest.raises(PictureError, match="p1.png"):
        train(new_network(ShuffleNetV2(), 4, 0), read_rated_pictures(folder), QUICK, tmp_path / "last.pt", side=32)


# --- data sets --------------------------------------------------------------------------------------------------------


def test_both_shapes_of_folder_hold_the_same(tmp_path):
    from_text = read_rated_pictures(rated_folders.gaicd(tmp_path / "gaicd"))
    from_json = read_rated_pictures(rated_folders.cpc(tmp_path / "cpc"))
    assert [each.path.name for each in from_text] == [f"p{number}.png" for number in range(6)]
    for one, other in zip(from_text, from_json, strict=True):
        assert [box for box, _ in one.crops] == [box for box, _ in other.crops]
        assert [rating for _, rating in one.crops] == pytest.approx([rating for _, rating in other.crops], abs=1e-3)
        assert len(one.crops) == 14, "-2 is not a rating"


def test_parts_of_a_data_set(tmp_path):
    folder = rated_folders.cpc(tmp_path)
    (folder / "data_split.json").write_text(json.dumps({"train": ["p0.png", "p3.png"], "test": ["p1.png"]}))
    assert [each.path.stem for each in read_rated_pictures(folder, "train")] == ["p0", "p3"]
    with pytest.raises(ValueError, match="no part 'val', only train, test"):
        read_rated_pictures(folder, "val")


def test_faults_of_a_data_set_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="neither image_crop.json nor annotations"):
        read_rated_pictures(tmp_path)
    folder = rated_folders.gaicd(tmp_path, count=2)
    (folder / "images" / "train" / "p1.png").unlink()
    with pytest.raises(FileNotFoundError, match="picture 'p1'"):
        read_rated_pictures(folder)
    (folder / "annotations" / "train" / "p0.txt").write_text("1 2 3 4 5\n1 2 three 4 5\n")
    with pytest.raises(ValueError, match=r"p0\.txt, line 2"):
        read_rated_pictures(folder)
    (folder / "image_crop.json").write_text('{"p0.png": {"bbox": [[1, 2, 3, 4]], "score": []}}')
    with pytest.raises(ValueError, match="image_crop.json does not map"):
        read_rated_pictures(folder)


def test_rating_scale_of_equal_ratings_divides_by_one(tmp_path):
    picture = RatedPicture(tmp_path / "a.png", (((0, 0, 1, 1), 3.0), ((0, 0, 2, 2), 3.0)))
    assert rating_scale([picture]) == (3.0, 1.0)


# --- samples ----------------------------------------------------------------------------------------------------------


def test_mirrored_boxes_hold_the_mirrored_pixels():
    image = uniform("image", (3, 40, 80))
    mirror, boxes = mirrored(image, torch.tensor([[0.1, 0.2, 0.35, 0.8]]))
    x1, y1, x2, y2 = (boxes[0] * torch.tensor([80, 40, 80, 40])).round().int().tolist()
    assert torch.equal(mirror[:, y1:y2, x1:x2], image[:, 8:32, 8:28].flip(-1))
    assert x1 < x2


def test_sample_is_the_same_for_the_same_draw_and_boxes_follow_the_orientation(tmp_path):
    upright = Image.new("RGB", (60, 90), "white")
    exif = upright.getexif()
    exif[0x0112] = 6  # stored on its side: a viewer sees 90 x 60
    upright.save(tmp_path / "turned.jpg", exif=exif)
    picture = RatedPicture(tmp_path / "turned.jpg", (((45, 15, 90, 60), 4.0), ((0, 0, 9, 6), 1.0)))
    draws = [rated_sample(picture, (96, 64), 5, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2, 3, 4, 5)]
    assert torch.equal(draws[0].image, draws[1].image) and torch.equal(draws[0].drawn, draws[1].drawn)
    assert draws[0].image.shape == (3, 64, 96)
    assert sorted(draws[0].drawn.tolist()) in ([0, 0, 0, 1, 1], [0, 0, 1, 1, 1]), "few crops are shared evenly"
    for draw in draws:
        left = [0.5, 0.25, 1.0, 1.0], [0.0, 0.25, 0.5, 1.0]
        assert [round(value, 5) for value in draw.boxes[0].tolist()] in left
    assert len({tuple(draw.boxes[0].tolist()) for draw in draws}) == 2, "some are mirrored, some are not"


def test_learning_rate_grows_for_the_warm_up_then_falls_to_nothing():
    settings = Settings(epochs=30, rate=1.0, warm_up=5)
    rates = [learning_rate(settings, epoch / 2) for epoch in range(61)]
    assert rates[:11] == sorted(rates[:11]) and rates[10:] == sorted(rates[10:], reverse=True)
    assert max(rates) == rates[10] == pytest.approx(1) and rates[0] > 0 and rates[-1] == pytest.approx(0)
    assert learning_rate(Settings(epochs=1, rate=1.0), 0.9) > 0, "an epoch shorter than the warm-up still learns"


# --- ImageNet's weights -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("backbone", "theirs"),
    [
        (MobileNetV2, torchvision_models.mobilenet_v2),
        (ShuffleNetV2, torchvision_models.shufflenet_v2_x1_0),
        (ResNet50, torchvision_models.resnet50),
    ],
)
def test_backbones_with_torchvisions_weights_are_torchvisions(backbone: type[Backbone], theirs):
    with torch.device("meta"):
        other = theirs(weights=None).eval()
    other.to_empty(device="cpu")
    state = made_up_state({name: tuple(value.shape) for name, value in other.state_dict().items()})
    other.load_state_dict(state)
    ours = backbone().eval()
    load_imagenet(ours, state)
    picture = uniform("picture", (1, 3, 64, 64))
    with torch.no_grad():
        stages = ours(picture)
        if backbone is MobileNetV2:
            expected = other.features[:18](picture)
        elif backbone is ShuffleNetV2:
            expected = other.stage4(other.stage3(other.stage2(other.maxpool(other.conv1(picture)))))
        else:
            expected = other.maxpool(other.relu(other.bn1(other.conv1(picture))))
            expected = other.layer4(other.layer3(other.layer2(other.layer1(expected))))
    assert [stage.shape[1] for stage in stages] == list(backbone.channels)
    assert [stage.shape[-1] for stage in stages] == [8, 4, 2]
    torch.testing.assert_close(stages[2], expected)


def test_another_networks_weights_are_refused():
    with pytest.raises(ValueError, match="ImageNet checkpoint for MobileNetV2 lacks"):
        load_imagenet(MobileNetV2(), {"features.0.0.weight": torch.zeros(32, 3, 3, 3)})

"""Training samples of rated pictures: boxes stay on their pixels, and the same draw gives the same sample."""

from __future__ import annotations

import torch
from PIL import Image

from salient_crop.training.rated_crops import RatedPicture
from salient_crop.training.rated_samples import jitter_colours, load_sample


def generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_boxes_stay_on_their_pixels(tmp_path):
    image = Image.new("RGB", (80, 40))
    image.paste((255, 255, 255), (8, 8, 28, 32))
    image.save(tmp_path / "a.png")
    picture = RatedPicture(tmp_path / "a.png", (((8, 8, 28, 32), 4.0),))
    places = set()
    for seed in range(8):
        sample = load_sample(picture, (160, 80), 1, generator(seed))
        x1, y1, x2, y2 = (sample.boxes[0] * torch.tensor([160, 80, 160, 80])).round().int().tolist()
        places.add(x1)
        inside = sample.image[:, y1 + 2 : y2 - 2, x1 + 2 : x2 - 2]
        assert inside.min() > 0.3
        assert sample.image.sum() < 1.1 * sample.image[:, y1 - 2 : y2 + 2, x1 - 2 : x2 + 2].sum() + 0.05 * 160 * 80 * 3
    assert places == {16, 104}, "some are mirrored, some are not"


def test_sample_is_the_same_for_the_same_draw_and_boxes_follow_the_orientation(tmp_path):
    upright = Image.new("RGB", (60, 90), "white")
    exif = upright.getexif()
    exif[0x0112] = 6  # stored on its side: a viewer sees 90 x 60
    upright.save(tmp_path / "turned.jpg", exif=exif)
    picture = RatedPicture(tmp_path / "turned.jpg", (((45, 15, 90, 60), 4.0), ((0, 0, 9, 6), 1.0)))
    draws = [load_sample(picture, (96, 64), 5, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2, 3, 4, 5)]
    assert torch.equal(draws[0].image, draws[1].image) and torch.equal(draws[0].chosen, draws[1].chosen)
    assert draws[0].image.shape == (3, 64, 96)
    assert sorted(draws[0].chosen.tolist()) in ([0, 0, 0, 1, 1], [0, 0, 1, 1, 1]), "few crops are shared evenly"
    for draw in draws:
        left = [0.5, 0.25, 1.0, 1.0], [0.0, 0.25, 0.5, 1.0]
        assert [round(value, 5) for value in draw.boxes[0].tolist()] in left
    assert len({tuple(draw.boxes[0].tolist()) for draw in draws}) == 2, "some are mirrored, some are not"


def test_colours_are_changed_at_random_and_stay_in_range():
    image = torch.rand(3, 6, 8, generator=generator(0))
    one, same, other = (jitter_colours(image, generator(seed)) for seed in (1, 1, 2))
    assert torch.equal(one, same) and not torch.allclose(one, other, atol=0.01)
    assert one.min() >= 0 and one.max() <= 1
    assert not torch.allclose(one, image, atol=0.01)

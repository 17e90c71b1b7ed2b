"""A photograph that is cropped is decoded once where that is cheaper, and looks the same to a cropper."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import salient_crop
from salient_crop.cropping.constraint import Constraint
from salient_crop.cropping.ratio import Ratio
from salient_crop.images import decode
from salient_crop.images.decode import Picture
from salient_crop.jobs.analyse import ANALYSIS_SIDE
from salient_crop.jobs.per_subject import PerSubject
from salient_crop.jobs.settings import CropSettings
from salient_crop.jobs.thumbnails import thumbnail_for

SIZE = 3600, 2400  # a thumbnail is made of a quarter of it


@pytest.fixture(scope="module")
def photograph(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("large") / "coffee.jpg"
    Image.open(samples / "coffee.jpg").resize(SIZE, Image.Resampling.BICUBIC).save(path, quality=92)
    return path


@pytest.fixture
def scales(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many times smaller the photograph was decoded, each time that it was."""
    found: list[int] = []
    draft = decode._draft

    def note(image: Image.Image, scale: int) -> None:
        found.append(scale)
        draft(image, scale)

    monkeypatch.setattr(decode, "_draft", note)
    return found


def settings(resolution: int | None, **more: object) -> CropSettings:
    asked = Constraint((Ratio(2, 3),))
    return replace(CropSettings(cropper="centre", weights="", constraint=asked, resolution=resolution), **more)


@pytest.mark.parametrize(
    ("resolution", "expected"),
    [
        (128, [4]),  # of the crop alone an eighth would do
        (400, [2]),
        (1024, [1]),
        (None, [1]),
    ],
)
def test_one_decoding_serves_the_cropper_and_the_crop(
    photograph: Path, scales: list[int], resolution: int | None, expected: list[int]
) -> None:
    found = salient_crop.crop(photograph, "2:3", cropper="centre", resolution=resolution)
    assert scales == expected
    plain = Picture(photograph).crop(found.box.as_list(), found.image.size)
    assert np.array_equal(np.asarray(found.image), plain), "the crop's pixels do not depend on the thumbnail"


def test_a_cropper_sees_the_same_photograph_whatever_it_is_made_of(photograph: Path) -> None:
    plain = Picture(photograph).small(ANALYSIS_SIDE)
    for resolution in (128, 400, 1024, None):
        seen = thumbnail_for(Picture(photograph), settings(resolution))
        assert seen.shape == plain.shape
        assert np.abs(seen.astype(int) - plain).mean() < 0.6


@pytest.mark.parametrize("more", [{"frames": "still"}, {"per_subject": PerSubject()}])
def test_half_of_it_is_not_foreseen_where_crops_are_small_or_come_later(
    photograph: Path, scales: list[int], more: dict[str, object]
) -> None:
    thumbnail_for(Picture(photograph), settings(400, **more))
    assert scales == [4]


def test_a_ratio_beyond_the_picture_is_left_to_the_search(tmp_path: Path, scales: list[int]) -> None:
    Image.new("RGB", (16, 4000)).save(tmp_path / "sliver.jpg")
    thumbnail_for(Picture(tmp_path / "sliver.jpg"), replace(settings(64), constraint=Constraint((Ratio(100, 1),))))
    assert scales == [1]


def test_every_door_crops_it_alike(photograph: Path, tmp_path: Path) -> None:
    salient_crop.crop_folder(photograph.parent, tmp_path / "out", ratios="2:3", resolution=400, format="png")
    (written,) = (tmp_path / "out").glob("*.png")
    batch = salient_crop.CropBatch(ratios="2:3", resolution=400, format="png")({"image": [str(photograph)]})
    one = salient_crop.crop(photograph, "2:3", resolution=400)
    assert batch["crop"][0] == written.read_bytes()
    assert np.array_equal(np.asarray(one.image), np.asarray(Image.open(written)))

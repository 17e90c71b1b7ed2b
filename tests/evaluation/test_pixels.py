"""Photographs as croppers take them."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from PIL import Image

from salient_crop.evaluation.pixels import load_image
from salient_crop.images.errors import PictureError


def test_a_photograph_is_read_upright_in_rgb_from_0_to_1(tmp_path: Path) -> None:
    stored = Image.new("RGB", (3, 2))
    stored.putpixel((0, 1), (255, 0, 51))
    exif = stored.getexif()
    exif[0x0112] = 6  # a viewer turns it a quarter clockwise: the lower left corner becomes the upper left one
    stored.save(tmp_path / "a.png", exif=exif)
    image = load_image(tmp_path / "a.png")
    assert (image.shape, image.dtype) == ((1, 3, 3, 2), torch.float32)
    assert image[0, :, 0, 0].tolist() == pytest.approx([1, 0, 0.2])
    assert image.sum() == pytest.approx(1.2)


def test_a_file_that_is_no_photograph_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"text")
    with pytest.raises(PictureError, match=r"a\.png"):
        load_image(tmp_path / "a.png")

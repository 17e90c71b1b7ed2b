"""Paste back from Python."""

import numpy as np
import pytest
from PIL import Image

import salient_crop
from salient_crop.images.decode import decode


def test_a_crop_comes_back_into_its_picture_wherever_that_is(samples):
    path = samples / "coffee.jpg"
    whole = decode(path)
    found = salient_crop.crop(path, "1:1", cropper="centre", resolution=128)
    for picture in (path, path.read_bytes(), whole, Image.fromarray(whole)):
        assert (np.asarray(salient_crop.paste_back(picture, found.image, found)) == whole).all()
    box = found.box
    black = np.zeros((box.height, box.width, 3), np.uint8)
    pasted = np.asarray(salient_crop.paste_back(path, black, box.as_list(), feather=0))
    assert not pasted[box.y : box.bottom, box.x : box.right].any()
    mask = np.zeros((4, 4), np.uint8)
    assert (np.asarray(salient_crop.paste_back(path, black, box, mask=mask)) == whole).all()


def test_the_argument_that_cannot_be_is_named(samples):
    path = samples / "coffee.jpg"
    with pytest.raises(TypeError, match="^edited: expected a path"):
        salient_crop.paste_back(path, 5, (0, 0, 5, 5))
    with pytest.raises(TypeError, match="box: must be 4 whole numbers"):
        salient_crop.paste_back(path, path, "0,0,5,5")
    with pytest.raises(ValueError, match="feather must be at least 0"):
        salient_crop.paste_back(path, path, (0, 0, 5, 5), feather=-1)

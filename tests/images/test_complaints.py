"""What libtiff complains about is heard by the thread that decodes, and by nobody else."""

import io
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import numpy as np
import pytest
from PIL import Image

from salient_crop.images import complaints
from salient_crop.images.complaints import hearing

pytestmark = pytest.mark.skipif(not complaints._HANDLERS, reason="this Pillow has no libtiff that can be reached")


def damaged(compression="group4", seed=0):
    noise = np.random.default_rng(seed).integers(0, 255, (256, 256), np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise).convert("1").save(file, "TIFF", compression=compression)
    content = bytearray(file.getvalue())
    for place in np.random.default_rng(seed).integers(8, len(content) - 400, 200):
        content[place] ^= 0x55
    return bytes(content)


def decode(content):
    with suppress(OSError):
        Image.open(io.BytesIO(content)).load()


def heard(content):
    with hearing() as found:
        decode(content)
    return found


def test_complaints_are_collected_and_not_said(capfd):
    assert heard(damaged())[0].startswith("Bad code word at line ")
    assert len(heard(damaged())) == 8  # of dozens
    assert capfd.readouterr().err == ""


def test_outside_of_a_block_everything_is_as_before(capfd):
    heard(damaged())
    decode(damaged())
    assert "Bad code word" in capfd.readouterr().err


def test_many_threads_hear_their_own_pictures():
    contents = [damaged(seed=seed) for seed in range(12)]
    alone = [heard(content) for content in contents]
    assert len({tuple(each) for each in alone}) > 6
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(heard, contents * 3)) == alone * 3


def test_a_good_picture_and_a_block_within_a_block(capfd):
    file = io.BytesIO()
    Image.new("1", (32, 32)).save(file, "TIFF", compression="group4")
    with hearing() as outer:
        assert heard(file.getvalue()) == []
        assert heard(damaged())
        decode(damaged())
    assert outer
    assert capfd.readouterr().err == ""

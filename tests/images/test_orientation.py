"""EXIF orientation: a box of the displayed picture, found in the stored one."""

import numpy as np
import pytest
from PIL import Image

from salient_crop.images.orientation import TURNS, swap_sides, to_stored_box

DISPLAYED = np.arange(5 * 7, dtype=np.uint8).reshape(5, 7)
# How a camera stores a picture so that the tag of that number shows it upright.
INVERSE = {6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("box", [(0, 0, 7, 5), (1, 0, 4, 2), (3, 2, 7, 5), (2, 3, 3, 4)])
def test_the_box_holds_the_same_pixels(orientation, box):
    turn = TURNS.get(orientation)
    displayed = Image.fromarray(DISPLAYED)
    stored = displayed if turn is None else displayed.transpose(INVERSE.get(orientation, turn))
    assert swap_sides(displayed.size, orientation) == stored.size
    assert swap_sides(stored.size, orientation) == displayed.size
    part = stored.crop(to_stored_box(box, displayed.size, orientation))
    part = part if turn is None else part.transpose(turn)
    assert (np.asarray(part) == DISPLAYED[box[1] : box[3], box[0] : box[2]]).all()


def test_fractions_of_a_pixel_stay():
    assert to_stored_box((0.25, 0.5, 3.0, 4.5), (7, 5), 1) == (0.25, 0.5, 3.0, 4.5)
    assert to_stored_box((0.25, 0.5, 3.0, 4.5), (7, 5), 3) == (4.0, 0.5, 6.75, 4.5)
    assert to_stored_box((0.25, 0.5, 3.0, 4.5), (7, 5), 6) == (0.5, 4.0, 4.5, 6.75)

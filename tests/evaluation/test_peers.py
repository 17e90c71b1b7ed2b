"""Other programs as croppers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from salient_crop.cropping.ratio import Ratio
from salient_crop.evaluation.peers import PEERS, Peer


def test_a_peer_places_the_largest_box_of_the_ratio() -> None:
    given = []

    def place(pixels: np.ndarray, size: tuple[int, int]) -> tuple[int, int]:
        given.append((pixels.shape, pixels.dtype, pixels.max(), size))
        return 3, 0

    peer = Peer("fixed", "numpy", place)
    assert peer.available()
    assert peer.crop(torch.ones(3, 60, 90), Ratio(2, 3)).tolist() == [3, 0, 43, 60]
    assert given == [((60, 90, 3), np.uint8, 255, (40, 60))]


def test_a_peer_that_is_not_installed_is_not_available() -> None:
    assert not Peer("none", "no_such_package_at_all", lambda pixels, size: (0, 0)).available()


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.name)
def test_peers_stay_inside_the_picture(peer: Peer, samples: Path) -> None:
    if not peer.available():
        pytest.skip(f"{peer.package} is not installed")
    image = torch.from_numpy(np.array(Image.open(samples / "raccoon.jpg").convert("RGB").resize((150, 113))))
    x1, y1, x2, y2 = peer.crop(image.permute(2, 0, 1).float() / 255, Ratio(2, 3))
    assert (x2 - x1, y2 - y1) == Ratio(2, 3).largest_in((150, 113))
    assert 0 <= x1 < x2 <= 150
    assert 0 <= y1 < y2 <= 113

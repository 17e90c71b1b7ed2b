"""What nodes show of their run."""

from importlib import import_module

import numpy as np
import pytest
import torch
from PIL import Image

from salient_crop.cropping.box import Box


@pytest.fixture
def made(host):
    return import_module("salient_crop.nodes.panel")


def open_file(host, file):
    assert file["type"] == "temp"
    return Image.open(host.base / "temp" / file["subfolder"] / file["filename"])


def test_a_picture_alone_is_shown_large_with_its_heat_and_its_box_relative_to_it(made, host):
    heat = torch.zeros(4, 8)
    heat[1, 6] = 2.0
    panel = made.Panel()
    panel.add(
        made.Tile(
            (2000, 1000), lambda: np.full((1000, 2000, 3), 90, np.uint8), Box(-500, 0, 1500, 1000), heat=heat, words="W"
        )
    )
    (content,) = panel.show("", ["", "look"])["salient_crop"]
    (tile,) = content["tiles"]
    assert content["warnings"] == ["look"]
    assert (tile["name"], tile["words"], tile["box"]) == ("", "W", [-0.25, 0.0, 0.5, 1.0])
    assert open_file(host, tile["picture"]).size == (1024, 512)
    glow = np.asarray(open_file(host, tile["heat"]).convert("RGBA"))
    assert glow.shape[:2] == (64, 128)
    hottest = np.unravel_index(glow[..., 3].argmax(), glow.shape[:2])
    assert 16 <= hottest[0] < 32
    assert 96 <= hottest[1] < 112
    assert not glow[:, :32, 3].any()


def test_many_pictures_are_small_and_those_beyond_the_limit_only_counted_and_never_drawn(made, host):
    drawn = []

    def draw(index):
        drawn.append(index)
        return np.full((300, 400, 3), index, np.uint8)

    count = made.MOST_TILES + 40
    panel = made.Panel(count)
    for index in range(count):
        panel.add(made.Tile((400, 300), lambda index=index: draw(index), warnings=["w"] if index % 2 else []))
    (content,) = panel.show("all")["salient_crop"]
    assert drawn == list(range(made.MOST_TILES))
    assert (content["more"], panel.count, panel.warned) == (40, count, count // 2)
    assert [each["name"] for each in content["tiles"][:3]] == ["0", "1", "2"]
    assert open_file(host, content["tiles"][0]["picture"]).size == (256, 192)


def test_the_same_picture_is_one_file(made, host):
    panel = made.Panel(2)
    for _ in range(2):
        panel.add(made.Tile((40, 30), lambda: np.full((30, 40, 3), 7, np.uint8)))
    first, second = panel.show("")["salient_crop"][0]["tiles"]
    assert first["picture"] == second["picture"]


def test_counts_read_as_people_write_them(made):
    assert [made.count_of(number, "crop") for number in (0, 1, 2)] == ["0 crops", "1 crop", "2 crops"]

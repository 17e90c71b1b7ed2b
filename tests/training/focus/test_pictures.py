"""Training pictures and where their labels come from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from salient_crop.training.focus.pictures import is_held_out, read_pictures


def test_pictures_have_the_best_labels_there_are(data: Path) -> None:
    pictures = {each.path.name: each for each in read_pictures(data, data / "labels")}
    assert len(pictures) == 4
    crowd, person = pictures["crowd_0.jpg"], pictures["p.jpg"]
    assert crowd.heads == (pytest.approx((10 / 64, 10 / 48, 22 / 64, 24 / 48)),)
    assert crowd.fixations == ((16 / 64, 17 / 48), (50 / 64, 30 / 48))
    assert (crowd.group, crowd.mask_weight, crowd.mask) == ("crowd", 0.4, data / "labels" / "masks" / "crowd_0.png")
    assert person.heads == ((0.3, 0.1, 0.6, 0.5),)
    assert person.uncertain_heads == ((0, 0, 0.1, 0.1),)
    assert (person.group, person.mask_weight, person.mask) == ("people", 1.0, data / "people" / "masks" / "p.png")


def test_without_a_teacher_nothing_is_known_of_heads(data: Path) -> None:
    (data / "labels" / "heads.json").unlink()
    pictures = {each.path.name: each for each in read_pictures(data, data / "labels")}
    assert pictures["p.jpg"].heads is None
    assert pictures["crowd_0.jpg"].heads is not None


def test_other_photographs_are_found_at_any_depth(data: Path) -> None:
    folder = data / "photos" / "a" / "b"
    folder.mkdir(parents=True)
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(folder / "x.PNG")
    (folder / "notes.txt").write_text("no photograph")
    photos = [each for each in read_pictures(data, data / "labels", data / "photos") if each.group == "photo"]
    assert [each.path.name for each in photos] == ["x.PNG"]


def test_a_tenth_is_held_out_by_name() -> None:
    share = np.mean([is_held_out(f"{number}.jpg") for number in range(2000)])
    assert share == pytest.approx(0.1, abs=0.02)
    assert [name for name in map("{}.jpg".format, range(40)) if is_held_out(name)] == ["18.jpg", "24.jpg"], "for ever"

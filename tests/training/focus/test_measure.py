"""Measuring focus on held-out pictures."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from salient_crop.models.baselines.centre import CentreCropper
from salient_crop.training.focus import measure
from salient_crop.training.focus.pictures import LabelledPicture, is_held_out

HELD_OUT, TRAINED_ON = (
    next(f"osie_{number}.png" for number in range(99) if is_held_out(f"osie_{number}.png") == wanted)
    for wanted in (True, False)
)


def person(folder: Path, heads: tuple | None = ((0.5, 0.0, 0.7, 0.4),), group: str = "people") -> LabelledPicture:
    """A standing person in the right half of a picture of 100 × 50 pixels; the head is 50..70 × 0..20."""
    mask = np.zeros((50, 100), np.uint8)
    mask[:, 50:70] = 255
    Image.fromarray(mask).save(folder / "mask.png")
    Image.new("RGB", (100, 50)).save(folder / "p.png")
    return LabelledPicture(folder / "p.png", group, (), folder / "mask.png", 1.0, heads)


def test_no_pictures_give_no_rows() -> None:
    assert measure.evaluate_people([], CentreCropper()) == {"n": 0, "rows": {}}


def test_only_photographs_of_one_person_with_one_head_count(tmp_path: Path) -> None:
    head = (0.5, 0.0, 0.7, 0.4)
    others = [person(tmp_path, heads) for heads in (None, (), (head, head))] + [person(tmp_path, group="crowd")]
    assert measure.evaluate_people(others, CentreCropper())["n"] == 0
    rows = measure.evaluate_people([*others, person(tmp_path)], CentreCropper(), peers=())
    assert rows["n"] == 1
    assert rows["rows"]["ours"] == rows["rows"]["centre"]
    assert rows["rows"]["best possible"] == {"heads_whole": 1, "person_kept": 1}
    # The centred crops reach from 25 to 75 (1:1), 30 to 70 (4:5), 33 to 66 (2:3), 12 to 87 (3:2), 5 to 94 (16:9).
    assert rows["rows"]["centre"]["heads_whole"] == pytest.approx(4 / 5)
    assert rows["rows"]["centre"]["person_kept"] == pytest.approx((4 + 16 / 20) / 5, abs=0.02)


@pytest.mark.parametrize(
    ("box", "whole", "kept"),
    [
        ([0, 0, 50, 50], 0, 0),
        ([50, 0, 100, 50], 1, 1),
        ([52, 0, 100, 50], 1, 0.9),  # 90 % of the head's box
        ([53, 0, 100, 50], 0, 0.85),
        ([40, 10, 100, 50], 0, 0.8),
    ],
)
def test_heads_and_persons_by_hand(box: list[float], whole: float, kept: float, tmp_path: Path) -> None:
    (figures,) = measure.Person.read(person(tmp_path)).measure(np.array([box], float))
    assert figures.tolist() == pytest.approx([whole, kept])


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with two pictures with fixations, one of them held out, and nobody in people/."""
    for folder in ("gaze/images", "people/images", "labels"):
        (tmp_path / folder).mkdir(parents=True)
    write_fixations(tmp_path, [HELD_OUT, TRAINED_ON])
    return tmp_path


def write_fixations(folder: Path, names: list[str]) -> None:
    entries = []
    for name in names:
        Image.new("RGB", (64, 48)).save(folder / "gaze" / "images" / name)
        entries.append({"image": name, "width": 64, "height": 48, "fixations": [[[16, 17], [50, 30]]]})
    (folder / "gaze" / "fixations.json").write_text(json.dumps(entries))


@pytest.mark.parametrize("flags", [[], ["--every-person"]])
def test_a_table_is_printed_where_nobody_is_held_out(
    flags: list[str], data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--data", str(data), "--labels", str(data / "labels"), "--weights", "centre", *flags]
    measure.main(words)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("all (1) ")
    rows = [line.split()[0] for line in lines[1:-1] if line]
    assert rows[:2] == ["ours", "centre"] and rows[-1] == "best"  # between them the other programs that are installed
    assert lines[-1].strip() == "people (0)"
    measure.main([*words, "--json"])
    assert json.loads(capsys.readouterr().out)["subsets"]["people"] == {"n": 0, "rows": {}}


def test_data_without_a_held_out_picture_is_refused_in_words(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_fixations(data, [TRAINED_ON])
    with pytest.raises(SystemExit):
        measure.main(["--data", str(data), "--labels", str(data / "labels"), "--weights", "centre"])
    assert "no picture with fixations" in capsys.readouterr().err


def test_a_picture_is_read_at_full_size_with_its_mask(tmp_path: Path) -> None:
    read = measure.Person.read(person(tmp_path))
    assert (read.size, read.image.shape, read.image.dtype) == ((100, 50), (1, 3, 50, 100), torch.float32)
    assert (read.mask.sum(), read.head.tolist()) == (50 * 20, [50, 0, 70, 20])

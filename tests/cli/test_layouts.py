"""`salient-crop layouts`: one photograph under all layouts."""

import numpy as np
import pytest
from PIL import Image

from salient_crop.cli.main import main
from salient_crop.jobs.contact_sheet import GAP, LINE
from salient_crop.jobs.text_region_sheet import cell_size
from salient_crop.jobs.text_region_study import LAYOUTS

WORDS = ["--cropper", "centre", "--ratios", "3:2,1:1"]


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "grey.png"
    Image.new("RGB", (300, 200), (90, 90, 90)).save(path)
    return path


def test_each_reserved_region_is_drawn_where_it_lies(photo, tmp_path, capsys):
    sheet = tmp_path / "study.png"
    assert main(["layouts", str(photo), "--out", str(sheet), *WORDS]) == 0
    assert str(sheet) in capsys.readouterr().out
    pixels = np.asarray(Image.open(sheet).convert("RGB")).astype(int)
    yellow = pixels[..., 0] - pixels[..., 2] > 40
    width, height = cell_size((300, 200))
    for index, ((x1, y1, x2, y2),) in enumerate(LAYOUTS.values()):
        left, top = GAP + index % 4 * (width + GAP), GAP + LINE + index // 4 * (height + 2 * LINE + GAP)
        rows, columns = yellow[top : top + height, left : left + width].nonzero()
        # The crop's outline, five pixels wide, may lie over the region's own edge.
        found = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
        assert found == pytest.approx((x1 * width, y1 * height, x2 * width, y2 * height), abs=6)


@pytest.mark.parametrize(
    "words", [["--layout-frame", "crop"], ["--min-area", "1"], ["--layout-hard"], ["--layout", "top; left third"]]
)
def test_every_flag_changes_the_sheet(photo, tmp_path, words):
    pixels = np.random.default_rng(0).integers(0, 255, (12, 18, 3), np.uint8)
    Image.fromarray(pixels).resize((300, 200), Image.Resampling.BICUBIC).save(photo)
    fixed = ["layouts", str(photo), "--cropper", "smartcrop", "--ratios", "1:2"]
    assert main([*fixed, "--out", str(tmp_path / "default.png")]) == 0
    assert main([*fixed, "--out", str(tmp_path / "other.png"), *words]) == 0
    assert (tmp_path / "default.png").read_bytes() != (tmp_path / "other.png").read_bytes()


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["{photo}", "--out", "{photo}"], "--out {photo}: the photograph itself, so it is not overwritten"),
        (["{home}/none.jpg", "--out", "{home}/sheet.png"], "{home}/none.jpg: there is no such file"),
        (["{photo}", "--out", "{home}/sheet.gif"], "--out {home}/sheet.gif: a sheet is a"),
        (["{photo}", "--out", "{photo}/sheet.png"], "--out {photo}/sheet.png: "),
    ],
)
def test_what_cannot_be_drawn_is_named(photo, tmp_path, words, complaint, capsys):
    places = {"photo": photo, "home": tmp_path}
    assert main(["layouts", *(word.format(**places) for word in words), *WORDS]) == 2
    assert f"salient-crop: {complaint.format(**places)}" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["grey.png"]

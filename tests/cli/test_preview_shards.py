"""`salient-crop preview` over shards of crops. Needs pyarrow: `pip install -e '.[shards]'`."""

import gzip
import io
import json
import shutil

import numpy as np
import pytest
from made_pictures import save_picture
from PIL import Image

from salient_crop.cli.main import main
from salient_crop.datasets.shards.tar import TarWriter
from salient_crop.jobs.shard_sheet import collect_shard_tiles, find_written, list_rows

pytest.importorskip("pyarrow")
import pyarrow as arrow  # noqa: E402
import pyarrow.parquet as parquet  # noqa: E402

SHARDS, PICTURES = 3, 4


@pytest.fixture(scope="module")
def cropped(tmp_path_factory):
    """Crops at two ratios of three tars and a parquet file, one of whose pictures is none."""
    home = tmp_path_factory.mktemp("shards")
    (home / "in").mkdir()
    for shard in range(SHARDS):
        written = io.BytesIO()
        with TarWriter(written) as tar:
            for number in range(PICTURES):
                picture = save_picture(home / "made.png", (120 + number, 80), seed=10 * shard + number)
                tar.add(f"{number}.json", b'{"id": 1}' if number else b"[1]")
                tar.add(f"{number}.png", picture.read_bytes())
            tar.add("bad.png", b"no picture")
        (home / "in" / f"{shard}.tar").write_bytes(written.getvalue())
    pictures = [(home / "made.png").read_bytes()] * PICTURES
    parquet.write_table(arrow.table({"image": pictures}), home / "in" / "table.parquet")
    words = [str(home / "in" / "*.tar"), str(home / "in" / "table.parquet"), "--cropper", "centre"]
    assert main(["crop", *words, "--out", str(home / "out"), "--ratios", "1:1,2:3", "--each"]) == 1
    return home


@pytest.fixture
def home(cropped, tmp_path):
    shutil.copytree(cropped / "out", tmp_path / "out")
    return tmp_path


ALL = SHARDS * (2 * PICTURES + 1) + 2 * PICTURES


def preview(home, *words, place="out"):
    return main(["preview", str(home / place), "--out", str(home / "sheet.png"), *words])


def tiles_of(home, source=None):
    shards = find_written(home / "out")
    rows = list(list_rows(shards, lambda place, name: None))
    tiles = collect_shard_tiles(rows, shards, lambda place, name: None, source)
    return dict(zip((each.name for each in rows), tiles, strict=True))


def test_every_crop_is_drawn_as_it_was_written(home, capsys):
    assert preview(home) == 1  # some pictures failed
    assert f"{ALL} of {ALL} crops" in capsys.readouterr().out
    tiles = tiles_of(home)
    assert len(tiles) == ALL
    failed = {name: each.note for name, each in tiles.items() if not each.crops}
    assert set(failed) == {f"{shard}.tar/bad" for shard in range(SHARDS)}
    assert all(each.startswith("failed: not a picture") for each in failed.values())
    tile = tiles["1.tar/1x1/0.jpg"]
    assert tile.note == "120 × 80" and tile.crops[0].title.startswith("1:1   80 × 80")
    assert tile.crops[0].region == (20 / 120, 0, 100 / 120, 1)
    shown, whole = tile.crops[0].pixels, _member(home / "out" / "1.tar", "1x1/0.jpg")
    expected = np.asarray(Image.open(io.BytesIO(whole)).convert("RGB").resize(shown.shape[1::-1]), np.float32)
    assert np.abs(shown - expected).mean() < 4
    assert tiles["table.parquet/00000007"].crops[0].title.startswith("2:3")


def _member(tar, name):
    import tarfile

    with tarfile.open(tar) as opened:
        return opened.extractfile(name).read()


def test_a_choice_is_the_same_for_the_same_seed_and_else_another(home):
    sheets = []
    for seed in ("1", "1", "2"):
        (home / "sheet.png").unlink(missing_ok=True)
        preview(home, "--count", "6", "--seed", seed)
        sheets.append((home / "sheet.png").read_bytes())
    assert sheets[0] == sheets[1] != sheets[2]


def test_some_shards_and_the_most_doubtful(home, capsys):
    table = parquet.read_table(home / "out" / "0.parquet").to_pylist()
    for place, row in enumerate(table):
        row["confidence"] = None if row["file"] is None else 0.9 - place / 100
    table[3]["warning_codes"] = ["head-cut"]
    names = [f"0.tar/{table[place]['file']}" for place in (3, 7, 6)]  # the last row is the one that failed
    parquet.write_table(arrow.Table.from_pylist(table), home / "out" / "0.parquet")
    assert preview(home, "--doubtful", "3", place="out/0.tar") == 0
    assert f"3 of {2 * PICTURES + 1} crops" in capsys.readouterr().out
    expected = tiles_of(home)
    from salient_crop.jobs.contact_sheet import draw_sheet

    assert np.array_equal(np.asarray(Image.open(home / "sheet.png")), draw_sheet([expected[each] for each in names]))


def test_the_pictures_are_shown_where_their_shards_are_named(home, cropped):
    shutil.copytree(cropped / "in", home / "in")
    changed = save_picture(home / "other.png", (120, 80), seed=99).read_bytes()
    with TarWriter(opened := io.BytesIO()) as tar:
        tar.add("0.png", changed)
        tar.add("./1.png", _member(cropped / "in" / "1.tar", "1.png"))
    (home / "in" / "1.tar").write_bytes(opened.getvalue())
    (home / "in" / "2.tar").unlink()
    tiles = tiles_of(home, str(home / "in"))
    for name, source in (("0.tar/2x3/3.jpg", ("0.tar", "3.png")), ("1.tar/1x1/1.jpg", ("1.tar", "1.png"))):
        expected = Image.open(io.BytesIO(_member(cropped / "in" / source[0], source[1])))
        shown = tiles[name].pixels
        expected = np.asarray(expected.convert("RGB").resize(shown.shape[1::-1]), np.float32)
        assert np.abs(shown - expected).mean() < 4 and tiles[name].note == f"12{source[1][0]} × 80"
    assert len(np.unique(tiles["table.parquet/00000003"].pixels)) > 50
    for name in ("1.tar/1x1/0.jpg", "2.tar/1x1/0.jpg"):  # another picture of that name, and none
        assert tiles[name].note == f"120 × 80, not in {home / 'in'} as it was"
        assert len(np.unique(tiles[name].pixels)) == 1 and tiles[name].crops
    assert preview(home, "--source", str(home / "in")) == 1


def test_what_is_gone_or_damaged_is_named_and_the_rest_is_drawn(home):
    out = home / "out"
    (out / "0.parquet").write_bytes(b"no parquet")
    (out / "1.tar").unlink()
    cut = (out / "2.tar").read_bytes()
    (out / "2.tar").write_bytes(cut[: len(cut) // 2])
    tiles = tiles_of(home)
    assert tiles["0.tar"].note.startswith("failed: no parquet file")
    assert tiles["1.tar/1x1/0.jpg"].note == "1.tar: there is no such file"
    notes = [each.note for name, each in tiles.items() if name.startswith("2.tar/")]
    assert "120 × 80" in notes and any("torn" in each for each in notes)


def test_records_of_others_do_no_harm(home):
    table = parquet.read_table(home / "out" / "table.parquet").to_pylist()
    table[0]["crop_record"] = "{}"
    parquet.write_table(arrow.Table.from_pylist(table), home / "out" / "table.parquet")
    row = parquet.read_table(home / "out" / "0.parquet").to_pylist()
    row[0]["file"] = "../../elsewhere.jpg"
    row[1]["status"] = None
    parquet.write_table(arrow.Table.from_pylist(row), home / "out" / "0.parquet")
    tiles = tiles_of(home)
    assert "a record that no run wrote" in tiles["table.parquet/00000000"].note
    assert tiles["0.tar/../../elsewhere.jpg"].note == "it is not in its shard"
    assert tiles["0.tar"].note == "failed: row 1 is none that a run wrote"
    (home / "out" / "0.done.json").write_text(json.dumps({"shard": 3}))
    assert preview(home) == 2


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--follow-links"], "--follow-links is for a manifest"),
        (["--cropper", "centre"], "--cropper is for a manifest"),
        (["--doubtful", "3", "--seed", "1"], "--seed does nothing with --doubtful"),
        (["--seed", "-1"], "does not lie in"),
    ],
)
def test_what_it_has_no_use_for_is_refused(home, capsys, words, problem):
    try:
        assert preview(home, *words) == 2
    except SystemExit as error:  # argparse
        assert error.code == 2
    assert problem in capsys.readouterr().err


def test_nothing_is_found_in_a_place_without_done_shards(home, capsys):
    for mark in (home / "out").glob("*.done.json"):
        mark.unlink()
    assert preview(home) == 2
    assert "no shard in it is done" in capsys.readouterr().err


def test_review_says_that_shards_are_looked_at_otherwise(home, capsys):
    assert main(["review", str(home / "out")]) == 2
    assert "crops in shards are not corrected one by one" in capsys.readouterr().err


def test_the_pictures_of_compressed_shards_are_shown(home, cropped):
    (home / "in").mkdir()
    (home / "in" / "0.tar.gz").write_bytes(gzip.compress((cropped / "in" / "0.tar").read_bytes()))
    assert main(["crop", str(home / "in" / "0.tar.gz"), "--out", str(home / "crops"), "--cropper", "centre"]) == 1
    shards = find_written(home / "crops")
    rows = [each for each in list_rows(shards, lambda place, name: None) if each.file is not None]
    tiles = collect_shard_tiles(rows, shards, lambda place, name: None, str(home / "in"))
    assert [each.note for each in tiles] == [f"12{number} × 80" for number in range(PICTURES)]
    assert all(len(np.unique(each.pixels)) > 50 for each in tiles)

"""Sheets are drawn over nothing but sheets of ours."""

import os

import pytest
from made_pictures import save_picture, tree
from PIL import Image

from salient_crop.cli.main import main
from salient_crop.datasets.folder_lock import lock_folder
from salient_crop.datasets.ledger import LEDGER


@pytest.fixture
def home(tmp_path):
    """Photographs in `images`, masks and heads for the benchmark, and the crops of a run."""
    for name in ("a", "b"):
        save_picture(tmp_path / "images" / f"{name}.jpg", (60, 40), ord(name))
        save_picture(tmp_path / "masks" / f"{name}.png", (60, 40))
    (tmp_path / "heads.json").write_text('{"heads": {"a.jpg": [[40, 40, 60, 60]], "b.jpg": []}}')
    assert main(["crop", str(tmp_path / "images"), "--out", str(tmp_path / "out"), "--cropper", "centre"]) == 0
    return tmp_path


def draw(command, home, sheet):
    given = {
        "preview": ["preview", f"{home}/out/manifest.jsonl", "--out", str(sheet)],
        "layouts": ["layouts", f"{home}/images/a.jpg", "--ratios", "1:1", "--out", str(sheet)],
        "evaluate": ["evaluate", "heads", str(home), "--sheet", str(sheet)],
    }[command]
    return main([*given, "--cropper", "centre"])


commands = pytest.mark.parametrize("command", ["preview", "layouts", "evaluate"])


@commands
@pytest.mark.parametrize("place", ["sheets/sheet.png", "out/sheet.jpg"])
def test_a_sheet_is_drawn_again_over_itself_and_over_nothing_else(home, command, place, capsys):
    sheet = home / place
    assert draw(command, home, sheet) == 0
    drawn = sheet.read_bytes()
    assert draw(command, home, sheet) == 0
    assert sheet.read_bytes() == drawn
    Image.new("RGB", (9, 9), "red").save(sheet)
    changed = tree(home)
    capsys.readouterr()
    assert draw(command, home, sheet) == 2
    assert f"{sheet}: changed since a run wrote it; move it away, or choose another name" in capsys.readouterr().err
    assert tree(home) == changed


@commands
def test_a_file_of_somebody_else_is_named_and_kept(home, command, capsys):
    mine = home / "holiday.jpg"
    save_picture(mine, (30, 20))
    before = tree(home)
    assert draw(command, home, mine) == 2
    assert f"{mine}: there already, and no run wrote it; move it away" in capsys.readouterr().err
    assert tree(home) == before


@commands
@pytest.mark.parametrize("kind", ["link", "broken link", "pipe", "folder"])
@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_nothing_is_drawn_through_a_link_or_onto_what_is_no_file(home, command, kind, capsys):
    sheet, precious = home / "sheet.png", home / "precious.png"
    if kind == "link":
        save_picture(precious, (30, 20))
    if "link" in kind:
        sheet.symlink_to(precious)
    else:
        os.mkfifo(sheet) if kind == "pipe" else sheet.mkdir()
    before = tree(home) if kind != "pipe" else None
    assert draw(command, home, sheet) == 2
    assert f"{sheet}: there already" in capsys.readouterr().err
    assert before is None or tree(home) == before
    assert precious.exists() == (kind == "link")


def test_a_crop_is_not_drawn_over_though_it_is_ours(home, capsys):
    before = tree(home)
    assert draw("preview", home, home / "out" / "a.jpg") == 2
    assert "one of the pictures themselves" in capsys.readouterr().err
    assert tree(home) == before


def test_a_folder_that_a_run_is_writing_into_gets_no_sheet(home, capsys):
    with lock_folder(home / "out"):
        assert draw("layouts", home, home / "out" / "sheet.png") == 2
    assert "another run is writing into it; wait until it ends" in capsys.readouterr().err
    assert not (home / "out" / "sheet.png").exists()


def test_a_folder_with_a_damaged_ledger_is_named(home, capsys):
    (home / "sheets").mkdir()
    (home / "sheets" / LEDGER).write_text("notes\n")
    assert draw("layouts", home, home / "sheets" / "sheet.png") == 2
    assert LEDGER in capsys.readouterr().err

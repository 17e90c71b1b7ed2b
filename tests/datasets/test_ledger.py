"""The list of files that runs have written: it survives any end of a run, and is believed only if it is one."""

import json
import os

import pytest

from salient_crop.datasets.ledger import LEDGER, Ledger

OLD, NEW, OTHER = "0" * 32, "a" * 32, "b" * 32


def loaded(folder):
    ledger = Ledger(folder)
    ledger.load()
    return ledger


def lines(folder):
    return [json.loads(line) for line in (folder / LEDGER).read_text().splitlines()]


def test_a_folder_without_a_ledger_has_no_file_of_ours(tmp_path):
    for folder in (tmp_path, tmp_path / "gone"):
        ledger = loaded(folder)
        assert not ledger.lists("a.jpg") and not ledger.knows("a.jpg", OLD)
        ledger.close()
    assert list(tmp_path.iterdir()) == []


def test_a_note_survives_a_kill(tmp_path):
    ledger = Ledger(tmp_path / "new")
    ledger.note("b.jpg", OLD)
    ledger.note("deep/a.jpg", NEW)  # and no `close`
    again = loaded(tmp_path / "new")
    assert again.lists("b.jpg") and again.knows("b.jpg", OLD) and again.knows("deep/a.jpg", NEW)
    assert not again.knows("b.jpg", NEW)


def test_until_a_file_is_there_its_old_content_is_ours_too(tmp_path):
    ledger = Ledger(tmp_path)
    ledger.note("a.jpg", OLD)
    ledger.settle("a.jpg", OLD)
    ledger.note("a.jpg", NEW)
    assert all(loaded(tmp_path).knows("a.jpg", each) for each in (OLD, NEW))
    ledger.close()
    assert all(loaded(tmp_path).knows("a.jpg", each) for each in (OLD, NEW))
    ledger = loaded(tmp_path)
    ledger.note("a.jpg", OTHER)
    ledger.settle("a.jpg", OTHER)
    ledger.close()
    assert [loaded(tmp_path).knows("a.jpg", each) for each in (OLD, NEW, OTHER)] == [False, False, True]


def test_a_closed_ledger_is_sorted_and_has_each_file_once(tmp_path):
    ledger = Ledger(tmp_path)
    for name in ("b", "a", "ü\udcff", "b"):
        ledger.note(name, OLD)
    ledger.close()
    assert lines(tmp_path) == [{"file": name, "blake2b": OLD} for name in ("a", "b", "ü\udcff")]
    assert [path.name for path in tmp_path.iterdir()] == [LEDGER]


@pytest.mark.parametrize("last", ["", '{"file": "c.j'])
def test_what_a_kill_left_in_disorder_is_tidied_by_a_run_that_notes_nothing(tmp_path, last):
    killed = Ledger(tmp_path)
    for file, digest in (("b.jpg", OLD), ("a.jpg", OLD), ("b.jpg", NEW)):
        killed.note(file, digest)
    with (tmp_path / LEDGER).open("a") as file:
        file.write(last)
    again = loaded(tmp_path)
    again.settle("b.jpg", NEW)  # it is there, and holds that
    again.close()
    assert lines(tmp_path) == [{"file": "a.jpg", "blake2b": OLD}, {"file": "b.jpg", "blake2b": NEW}]
    assert (tmp_path / LEDGER).read_bytes().endswith(b"\n")
    number = (tmp_path / LEDGER).stat().st_ino
    loaded(tmp_path).close()
    assert (tmp_path / LEDGER).stat().st_ino == number  # nothing to tidy


def test_what_is_removed_is_forgotten(tmp_path):
    ledger = Ledger(tmp_path)
    ledger.note("a", OLD)
    ledger.close()
    ledger = loaded(tmp_path)
    ledger.forget("a")
    ledger.forget("never written")
    ledger.close()
    assert not loaded(tmp_path).lists("a")


def test_a_line_that_a_kill_cut_off_is_ignored(tmp_path):
    ledger = Ledger(tmp_path)
    ledger.note("a", OLD)
    ledger.close()
    whole = (tmp_path / LEDGER).read_bytes()
    for cut in range(len(whole)):
        (tmp_path / LEDGER).write_bytes(whole + whole[:cut])
        ledger = loaded(tmp_path)
        assert ledger.knows("a", OLD)
        ledger.note("b", NEW)
        ledger.close()
        assert lines(tmp_path) == [{"file": "a", "blake2b": OLD}, {"file": "b", "blake2b": NEW}]


@pytest.mark.parametrize(
    "line",
    ["notes", "notes\n", "[]\n", "\n", '{"file": "a"}\n', "[" * 100_000 + "\n"]
    + [json.dumps({"file": file, "blake2b": OLD}) + "\n" for file in ("../a", "/a", "a/../../b", "", 3, "a\0")]
    + [json.dumps({"file": "a", "blake2b": each}) + "\n" for each in ("", "0" * 31, "G" * 32, 3, None)],
)
def test_another_file_of_that_name_is_refused_by_its_line(tmp_path, line):
    content = json.dumps({"file": "b", "blake2b": OLD}) + "\n" + line
    (tmp_path / LEDGER).write_text(content)
    with pytest.raises(ValueError, match=r"\.salient-crop\.jsonl, line 2: not a list of the files"):
        loaded(tmp_path)
    assert (tmp_path / LEDGER).read_text() == content


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_a_link_is_not_followed(tmp_path):
    (tmp_path / "outside").touch()
    (tmp_path / LEDGER).symlink_to(tmp_path / "outside")
    with pytest.raises(OSError):
        loaded(tmp_path)

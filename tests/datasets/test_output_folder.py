"""Files are written whole, and nothing is replaced or removed that no run has written."""

import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from salient_crop.datasets.ledger import LEDGER
from salient_crop.datasets.output_folder import OutputFolder


def write(folder, **files):
    with OutputFolder(folder) as out:
        for name, content in files.items():
            out.write(name, content.encode())


def tree(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in folder.rglob("*")
        if path.is_file() and path.name != LEDGER
    }


def test_a_file_takes_its_name_only_when_all_is_written(tmp_path):
    with OutputFolder(tmp_path / "new") as out:
        with out.open("deep/a.bin") as file:
            file.write(b"half")
            assert not (tmp_path / "new" / "deep" / "a.bin").exists()
        assert tree(tmp_path / "new") == {"deep/a.bin": "half"}


def test_a_removal_that_a_kill_kept_from_being_noted_is_noted_by_the_next_run(tmp_path):
    write(tmp_path, a="1", b="2")
    (tmp_path / "b").unlink()
    with pytest.raises(KeyboardInterrupt), OutputFolder(tmp_path) as out:
        raise KeyboardInterrupt
    with OutputFolder(tmp_path) as out:
        assert out.is_missing("b")
    with OutputFolder(tmp_path) as out:
        assert not out.is_missing("b")
    assert '"b"' not in (tmp_path / LEDGER).read_text()


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path, error):
    write(tmp_path, a="old")
    with OutputFolder(tmp_path) as out:
        with pytest.raises(error), out.open("a") as file:
            file.write(b"half of the ne")
            raise error
        assert tree(tmp_path) == {"a": "old"}
        out.write("a", b"new")  # the old one is still ours
    assert tree(tmp_path) == {"a": "new"}


def test_a_later_run_replaces_and_removes_what_one_wrote(tmp_path):
    write(tmp_path, a="old", b="old", c="old")
    write(tmp_path, a="new")
    with OutputFolder(tmp_path) as out:
        assert [out.find_obstacle(name) for name in ("a", "b", "not there", "deep/er")] == [""] * 4
        out.remove("b", "not there", "gone/too")
    assert tree(tmp_path) == {"a": "new", "c": "old"}


def test_what_somebody_else_wrote_or_changed_is_kept_by_name(tmp_path):
    write(tmp_path, a="old")
    (tmp_path / "a").write_text("changed")
    (tmp_path / "mine").write_text("mine")
    (tmp_path / "folder").mkdir()
    with OutputFolder(tmp_path) as out:
        for name, words in (("a", "changed since a run wrote it"), ("mine", "there already, and no run wrote it")):
            with pytest.raises(OSError, match=f"{name}: {words}"):
                out.write(name, b"new")
            assert out.find_obstacle(name) == words
        with pytest.raises(OSError, match="folder: there already"):
            out.write("folder", b"new")
        assert (out.find_obstacle("a", content=False), bool(out.find_obstacle("mine", content=False))) == ("", True)
        assert out.find_obstacle("mine/deep") and out.find_obstacle("folder")
        out.remove("a", "mine", "folder")
    assert tree(tmp_path) == {"a": "changed", "mine": "mine"}


def test_a_file_of_the_same_content_stays_and_does_not_become_ours(tmp_path):
    (tmp_path / "mine").write_text("same")
    write(tmp_path, mine="same")
    with OutputFolder(tmp_path) as out:
        out.remove("mine")
        with pytest.raises(OSError, match="no run wrote it"):
            out.write("mine", b"other")
    assert tree(tmp_path) == {"mine": "same"}


def test_a_file_that_was_removed_and_made_anew_by_somebody_is_theirs(tmp_path):
    write(tmp_path, a="ours")
    with OutputFolder(tmp_path) as out:
        out.remove("a")
    (tmp_path / "a").write_text("ours")
    with OutputFolder(tmp_path) as out:
        out.remove("a")
    assert tree(tmp_path) == {"a": "ours"}


def test_a_file_that_a_kill_left_between_its_note_and_its_name_is_ours(tmp_path, monkeypatch):
    write(tmp_path, a="old")
    killed = OutputFolder(tmp_path)
    killed._ledger.load()

    def kill(*_):
        raise SystemExit

    monkeypatch.setattr("salient_crop.datasets.open_folder.OpenFolder.replace", kill)
    with pytest.raises(SystemExit):
        killed.write("a", b"new")
    monkeypatch.undo()
    write(tmp_path, a="newer")
    assert tree(tmp_path) == {"a": "newer"}


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_no_link_is_followed_or_replaced(tmp_path):
    out = tmp_path / "out"
    write(out, a="ours")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "a").write_text("ours")
    (out / "a").unlink()
    (out / "a").symlink_to(tmp_path / "outside" / "a")
    (out / "folder").symlink_to(tmp_path / "outside")
    with OutputFolder(out) as written:
        assert written.find_obstacle("a") and written.find_obstacle("folder/a")
        for name in ("a", "folder/a", "folder/b"):
            with pytest.raises(OSError):
                written.write(name, b"new")
        written.remove("a", "folder/a")
    assert tree(tmp_path / "outside") == {"a": "ours"}
    assert (out / "a").is_symlink()


def test_several_threads_write_files_of_their_own(tmp_path):
    names = [f"{index % 7}/{index}" for index in range(60)]
    with OutputFolder(tmp_path) as out, ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda name: out.write(name, name.encode()), names))
    assert tree(tmp_path) == {name: name for name in names}
    with OutputFolder(tmp_path) as out:
        out.remove(*names)
    assert tree(tmp_path) == {}

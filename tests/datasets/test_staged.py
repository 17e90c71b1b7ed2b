"""Files that one process writes and another gives their names."""

import os

import pytest

from salient_crop.datasets.ledger import LEDGER
from salient_crop.datasets.output_folder import NotOursError, OutputFolder
from salient_crop.datasets.staged import StagedFolder, stage_in_folder


def stage(folder, file, content):
    with stage_in_folder(folder, file) as staging:
        staging.stream.write(content)
    return staging.result


def tree(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != LEDGER
    }


@pytest.fixture
def out(tmp_path):
    (tmp_path / "out").mkdir()
    return tmp_path / "out"


def test_a_staged_file_has_its_name_once_it_is_taken_and_is_ours(out):
    staged = stage(out, "deep/a.tar", b"content")
    assert not (out / "deep" / "a.tar").exists() and staged.size == 7
    with OutputFolder(out) as folder:
        folder.take(staged)
        assert tree(out) == {"deep/a.tar": b"content"}
        folder.take(stage(out, "deep/a.tar", b"newer"))
    assert tree(out) == {"deep/a.tar": b"newer"}
    with OutputFolder(out) as folder:
        folder.remove("deep/a.tar")
    assert tree(out) == {}


def test_what_is_staged_twice_is_there_once(out):
    first, second = (stage(out, "a.tar", b"content") for _ in range(2))
    with OutputFolder(out) as folder:
        folder.take(first)
        folder.take(second)
    assert tree(out) == {"a.tar": b"content"} and first.digest == second.digest


def test_a_file_of_others_is_kept_and_nothing_of_ours_stays(out):
    (out / "a.tar").write_bytes(b"mine")
    with OutputFolder(out) as folder, pytest.raises(NotOursError, match=r"a\.tar"):
        folder.take(stage(out, "a.tar", b"ours"))
    assert tree(out) == {"a.tar": b"mine"}


def test_a_file_that_somebody_changed_is_kept(out):
    with OutputFolder(out) as folder:
        folder.take(stage(out, "a.tar", b"ours"))
        (out / "a.tar").write_bytes(b"changed")
        with pytest.raises(NotOursError, match="changed"):
            folder.take(stage(out, "a.tar", b"newer"))
    assert tree(out) == {"a.tar": b"changed"}


def test_on_an_error_nothing_of_it_stays(out):
    with pytest.raises(KeyboardInterrupt), stage_in_folder(out, "a.tar") as staging:
        staging.stream.write(b"half")
        raise KeyboardInterrupt
    assert tree(out) == {}


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_no_link_is_followed(out, tmp_path):
    (tmp_path / "outside").mkdir()
    (out / "deep").symlink_to(tmp_path / "outside")
    with pytest.raises(NotADirectoryError):
        stage(out, "deep/a.tar", b"content")
    assert tree(tmp_path / "outside") == {}


def test_changes_of_another_process_are_made_in_their_order(out):
    staged = StagedFolder(out)
    with OutputFolder(out) as folder:
        folder.write("old.jpg", b"old")
        with staged.noting() as changes:
            staged.remove("old.jpg", "never.jpg")
            staged.write("a.jpg", b"first")
            staged.write("a.jpg", b"second")
        assert tree(out).keys() >= {"old.jpg"} and "a.jpg" not in tree(out)
        folder.make_changes(changes)
    assert tree(out) == {"a.jpg": b"second"}


def test_where_one_change_cannot_be_made_nothing_of_those_after_it_stays(out):
    (out / "b.jpg").write_bytes(b"mine")
    staged = StagedFolder(out)
    with OutputFolder(out) as folder:
        folder.write("old.jpg", b"old")
        with staged.noting() as changes:
            for name in "abc":
                staged.write(f"{name}.jpg", b"ours")
            staged.remove("old.jpg")
        with pytest.raises(NotOursError, match=r"b\.jpg"):
            folder.make_changes(changes)
    assert tree(out) == {"a.jpg": b"ours", "b.jpg": b"mine", "old.jpg": b"old"}


def test_what_is_staged_elsewhere_is_not_seen(out, tmp_path):
    staged = StagedFolder(tmp_path / "another")
    with staged.noting() as changes:
        staged.write("deep/a.jpg", b"ours")
    with OutputFolder(out) as folder, pytest.raises(FileNotFoundError):
        folder.make_changes(changes)

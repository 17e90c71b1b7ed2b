"""Files of an open folder: new ones are new, and none is reached through a link."""

import os

import pytest

from salient_crop.datasets import open_folder as module
from salient_crop.datasets.open_folder import open_folder, open_regular

links = pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")


@pytest.fixture(params=[True, False], ids=["held open", "by path"])
def held(request, monkeypatch):
    """Both ways to reach files: the second one is Windows'."""
    if request.param and not module._HOLDS_OPEN:
        pytest.skip("this system holds no folder open")
    monkeypatch.setattr(module, "_HOLDS_OPEN", request.param)
    return request.param


def test_folders_are_made_where_that_is_asked_for(tmp_path, held):
    with pytest.raises(FileNotFoundError), open_folder(tmp_path / "new") as folder:
        folder.read("a")
    with open_folder(tmp_path / "new", "deep/er", make=True) as folder, folder.create("a") as file:
        file.write(b"1\r\n2\n")
    assert (tmp_path / "new" / "deep" / "er" / "a").read_bytes() == b"1\r\n2\n"
    with open_folder(tmp_path / "new", "deep/er") as folder, folder.read("a") as file:
        assert file.read() == b"1\r\n2\n"


def test_files_are_made_replaced_and_removed(tmp_path, held):
    with open_folder(tmp_path) as folder:
        folder.create("a").close()
        with pytest.raises(FileExistsError):
            folder.create("a")
        with folder.read("a", "r+b") as file:
            file.write(b"new")
        (tmp_path / "b").write_bytes(b"old")
        folder.replace("a", "b")
        assert (folder.exists("a"), folder.exists("b")) == (False, True)
        assert (tmp_path / "b").read_bytes() == b"new"
        folder.remove("b")
        folder.remove("b")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_no_file_and_a_file_no_folder(tmp_path, held):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    with open_folder(tmp_path) as folder, pytest.raises(OSError):
        folder.read("folder")
    with pytest.raises(OSError), open_folder(tmp_path, "file/deep", make=True):
        pass


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
def test_a_pipe_is_no_file_and_keeps_nobody_waiting(tmp_path, held):
    os.mkfifo(tmp_path / "pipe")
    with open_folder(tmp_path) as folder, pytest.raises(OSError, match="no file"):
        folder.read("pipe")


@links
@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes")
def test_a_named_file_may_be_a_link_and_no_pipe_or_device(tmp_path):
    (tmp_path / "file").write_bytes(b"1\r\n")
    (tmp_path / "link").symlink_to("file")
    with open_regular(tmp_path / "link") as file:
        assert file.read() == b"1\r\n"
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "device").symlink_to("/dev/zero")
    for name in ("pipe", "device", "."):
        with pytest.raises(OSError, match="no regular file"):
            open_regular(tmp_path / name)
    with pytest.raises(FileNotFoundError):
        open_regular(tmp_path / "gone")


def test_no_link_is_followed(tmp_path, held):
    (tmp_path / "in").mkdir()
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "a").write_bytes(b"precious")
    (tmp_path / "in" / "a").symlink_to(tmp_path / "outside" / "a")
    (tmp_path / "in" / "gone").symlink_to(tmp_path / "outside" / "b")
    (tmp_path / "in" / "folder").symlink_to(tmp_path / "outside")
    with open_folder(tmp_path / "in") as folder:
        for name in ("a", "gone"):
            assert folder.exists(name)
            with pytest.raises(FileExistsError):
                folder.create(name)
            with pytest.raises(OSError):
                folder.read(name, "r+b")
        folder.create("new").close()
        folder.replace("new", "a")
        folder.remove("gone")
    for below in ("folder", "folder/deep"):
        with (
            pytest.raises(NotADirectoryError, match="a link, or a file, where"),
            open_folder(tmp_path / "in", below, make=True),
        ):
            pass
    assert {path.name: path.read_bytes() for path in (tmp_path / "outside").iterdir()} == {"a": b"precious"}
    assert (tmp_path / "in" / "a").read_bytes() == b""


@links
def test_the_folder_that_was_named_may_be_a_link(tmp_path, held):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    with open_folder(tmp_path / "link", "deep", make=True) as folder:
        folder.create("a").close()
    assert (tmp_path / "real" / "deep" / "a").exists()


@links
def test_a_folder_that_is_swapped_for_a_link_meanwhile_is_still_the_one(tmp_path):
    if not module._HOLDS_OPEN:
        pytest.skip("this system holds no folder open")
    (tmp_path / "in" / "deep").mkdir(parents=True)
    (tmp_path / "outside").mkdir()
    with open_folder(tmp_path / "in", "deep") as folder:
        (tmp_path / "in" / "deep").rename(tmp_path / "moved")
        (tmp_path / "in" / "deep").symlink_to(tmp_path / "outside")
        folder.create("a").close()
    assert (tmp_path / "moved" / "a").exists()
    assert list((tmp_path / "outside").iterdir()) == []

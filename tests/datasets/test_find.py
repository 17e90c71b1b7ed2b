"""Which files of a folder are pictures."""

import os

import pytest
from made_pictures import bury

from salient_crop.datasets.find import find_pictures, leads_outside

needs_links = pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")


def touch(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def found_in(folder, **options):
    return [path.relative_to(folder).as_posix() for path in find_pictures(folder, **options)]


def test_an_empty_folder_has_none(tmp_path):
    assert find_pictures(tmp_path) == []


def test_pictures_are_found_in_the_order_of_their_paths(tmp_path):
    touch(tmp_path, "b.JPG", "a/z.png", "a.webp", "a/日本語 ü.tif", "a-b.png", "notes.txt", "jpg", "a/.jpg")
    assert found_in(tmp_path) == ["a-b.png", "a.webp", "a/z.png", "a/日本語 ü.tif", "b.JPG"]


def test_hidden_files_and_folders_are_not_listed(tmp_path):
    touch(tmp_path, ".hidden.jpg", "._a.jpg", ".git/a.jpg", "a/.thumbs/b.jpg", "a/c.jpg")
    assert found_in(tmp_path) == ["a/c.jpg"]
    assert found_in(tmp_path / ".git") == ["a.jpg"]  # asked for by name


def test_masks_beside_their_pictures_are_no_pictures(tmp_path):
    touch(tmp_path, "a.jpg", "a-masklabel.png", "masklabel.png")
    assert found_in(tmp_path) == ["a.jpg", "masklabel.png"]


EXTENSIONS = "jpg jpeg jpe jfif png apng webp avif heic heif tif tiff bmp dib gif JPG Png"


@pytest.mark.parametrize("extension", EXTENSIONS.split(" "))
def test_every_known_extension(tmp_path, extension):
    touch(tmp_path, f"a.{extension}")
    assert found_in(tmp_path) == [f"a.{extension}"]


def test_excluded_folders_are_not_looked_into(tmp_path):
    touch(tmp_path, "out/a.jpg", "a/out/x.jpg", "out/deep/b.jpg", "masks/c.png", "d.jpg")
    assert found_in(tmp_path, exclude=[tmp_path / "out", str(tmp_path / "masks")]) == ["a/out/x.jpg", "d.jpg"]
    assert found_in(tmp_path, exclude=[tmp_path / "a" / ".." / "out"]) == ["a/out/x.jpg", "d.jpg", "masks/c.png"]
    assert found_in(tmp_path, exclude=[tmp_path]) == []


def test_a_folder_that_cannot_be_listed_is_an_error_not_an_empty_answer(tmp_path):
    with pytest.raises(FileNotFoundError):
        find_pictures(tmp_path / "gone")
    touch(tmp_path, "a.jpg")
    with pytest.raises(NotADirectoryError):
        find_pictures(tmp_path / "a.jpg")


@needs_links
def test_links(tmp_path):
    folder = tmp_path / "in"
    touch(folder, "own.jpg")
    touch(tmp_path, "photo.jpg", "in-other/x.jpg")
    (folder / "inner.jpg").symlink_to(folder / "own.jpg")
    (folder / "outer.jpg").symlink_to(tmp_path / "photo.jpg")
    (folder / "next.jpg").symlink_to(tmp_path / "in-other" / "x.jpg")
    (folder / "broken.jpg").symlink_to(folder / "gone.jpg")
    (folder / "loop").symlink_to(folder, target_is_directory=True)
    paths = find_pictures(folder)
    assert [path.name for path in paths] == ["broken.jpg", "inner.jpg", "next.jpg", "outer.jpg", "own.jpg"]
    assert [leads_outside(path, folder) for path in paths] == [False, False, True, True, False]
    assert find_pictures(folder, follow_links=True) == paths


@needs_links
def test_linked_folders_are_followed_once_each_when_asked(tmp_path):
    touch(tmp_path, "elsewhere/a.jpg", "in/b.jpg", "in/third/c.jpg")
    for name in ("first", "second"):
        (tmp_path / "in" / name).symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    assert found_in(tmp_path / "in") == ["b.jpg", "third/c.jpg"]
    assert found_in(tmp_path / "in", follow_links=True) == ["b.jpg", "first/a.jpg", "third/c.jpg"]
    assert leads_outside(tmp_path / "in" / "first" / "a.jpg", tmp_path / "in")
    assert not leads_outside(tmp_path / "in", tmp_path / "in")


def test_another_drive_is_outside(tmp_path, monkeypatch):
    def refuse(paths):
        raise ValueError("Paths don't have the same drive")

    monkeypatch.setattr(os.path, "commonpath", refuse)
    assert leads_outside(tmp_path / "a.jpg", tmp_path)


@needs_links
def test_an_excluded_folder_stays_out_behind_a_link(tmp_path):
    touch(tmp_path, "out/a.jpg", "in/b.jpg")
    (tmp_path / "in" / "crops").symlink_to(tmp_path / "out", target_is_directory=True)
    assert found_in(tmp_path / "in", follow_links=True, exclude=[tmp_path / "out"]) == ["b.jpg"]


@pytest.mark.skipif(os.name == "nt", reason="folders are not opened on Windows")
def test_a_folder_below_that_cannot_be_listed_is_named(tmp_path):
    touch(tmp_path, "a.jpg", "z.jpg")
    bury(tmp_path / "a.jpg", tmp_path)
    found = found_in(tmp_path)
    assert [found[0], found[-1]] == ["a.jpg", "z.jpg"]
    assert len(found) == 3  # and the first folder whose path is too long
    assert found[1].startswith("deep/") and not found[1].endswith(".jpg")
    assert found_in(tmp_path, exclude=[tmp_path / "deep"]) == ["a.jpg", "z.jpg"]


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="everything can be listed")
def test_a_folder_that_nobody_may_list_is_named(tmp_path):
    touch(tmp_path, "closed/a.jpg", "b.jpg")
    (tmp_path / "closed").chmod(0)
    assert found_in(tmp_path) == ["b.jpg", "closed"]
    (tmp_path / "closed").chmod(0o700)

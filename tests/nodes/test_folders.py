"""Folders that a workflow may name."""

import pytest

from salient_crop.datasets.sidecars import Sidecars
from salient_crop.nodes.folders import fingerprint, inside, subfolders


@pytest.fixture
def base(tmp_path):
    for name in ("input/a/b", "input/.hidden/c", "inputs", "output"):
        (tmp_path / name).mkdir(parents=True)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "expected"), [(".", "input"), ("", "input"), ("a", "input/a"), ("a/../a/b", "input/a/b")]
)
def test_what_lies_below_is_allowed_there_or_not(base, name, expected):
    assert inside(base / "input", name, "folder") == (base / expected).resolve()
    assert inside(base / "input", "new/folder", "folder") == (base / "input/new/folder").resolve()


@pytest.mark.parametrize("name", ["..", "../inputs", "../output", "a/../../output", "/", "/etc"])
def test_what_lies_outside_is_refused_by_the_name_of_the_socket(base, name):
    with pytest.raises(ValueError, match=r"^save_to: .* lies outside .*choose a folder below it"):
        inside(base / "input", name, "save_to")


def test_links_are_followed_before_it_is_decided(base):
    try:
        (base / "input" / "link").symlink_to(base / "output")
        (base / "input" / "near").symlink_to(base / "input" / "a")
    except OSError:
        pytest.skip("this system makes no links")
    with pytest.raises(ValueError, match="outside"):
        inside(base / "input", "link", "folder")
    assert inside(base / "input", "near", "folder") == (base / "input" / "a").resolve()


def test_all_folders_are_listed_but_hidden_ones(base):
    assert subfolders(base / "input") == [".", "a", "a/b"]
    assert subfolders(base / "output") == ["."]


def test_a_fingerprint_changes_with_every_file_that_is_read(base):
    picture = base / "input" / "a.jpg"
    picture.write_bytes(b"one")
    prints = [fingerprint([], Sidecars(base)), fingerprint([picture], Sidecars(picture.parent))]
    assert fingerprint([picture], Sidecars(picture.parent)) == prints[1]
    picture.with_suffix(".txt").write_text("caption", encoding="utf-8")
    prints.append(fingerprint([picture], Sidecars(picture.parent)))
    picture.write_bytes(b"longer")
    prints.append(fingerprint([picture], Sidecars(picture.parent)))
    picture.unlink()
    prints.append(fingerprint([picture], Sidecars(picture.parent)))
    assert len(set(prints)) == 5

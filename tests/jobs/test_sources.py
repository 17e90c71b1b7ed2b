"""Which pictures a run is about, however they were named."""

import os

import pytest

from salient_crop.jobs.sources import Sources, list_neighbours, resolve_sources

FILES = (
    "photos/a.jpg",
    "photos/a.txt",
    "photos/a-masklabel.png",
    "photos/b[1].png",
    "photos/trip/c.WEBP",
    "photos/trip/deep/d.jpg",
    "photos/.hidden.jpg",
    "photos/out/a.jpg",
    "photos/folder.jpg/e.png",
    "others/f.jpg",
)


@pytest.fixture
def home(tmp_path, monkeypatch):
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("words", "folder", "names"),
    [
        (["photos"], None, None),  # one folder: all of it
        (["nowhere"], None, None),  # the run says that it cannot be listed
        (["photos/a.jpg"], "photos", ["a.jpg"]),
        (["./photos/../photos/a.jpg", "photos/a.jpg"], "photos", ["a.jpg"]),  # twice is once
        (["photos/trip/c.WEBP", "photos/a.jpg"], "photos", ["a.jpg", "trip/c.WEBP"]),  # sorted
        (["photos/a.jpg", "others/f.jpg"], ".", ["others/f.jpg", "photos/a.jpg"]),
        (["photos/b[1].png"], "photos", ["b[1].png"]),  # a file is no pattern
        (["photos/*"], "photos", ["a.jpg", "b[1].png"]),  # no captions, masks, folders, hidden files
        (["photos/*.jpg", "photos/a.jpg"], "photos", ["a.jpg"]),
        (["photos/**/*.[jW]*"], "photos", ["a.jpg", "trip/c.WEBP", "trip/deep/d.jpg"]),  # not what is in OUT
        (["photos/*/c.WEBP"], "photos", ["trip/c.WEBP"]),  # named from the folder before the wildcard
        (["photos/tri?/*.WEBP"], "photos", ["trip/c.WEBP"]),
        (["*/?.jpg"], ".", ["others/f.jpg", "photos/a.jpg"]),
        (["photos/trip/deep/*", "photos/trip/c.WEBP"], "photos/trip", ["c.WEBP", "deep/d.jpg"]),
        (["photos/a.jpg", "photos/a-masklabel.png"], "photos", ["a.jpg"]),  # as a shell lists `photos/a*`
        (["photos/out/*.jpg"], "photos/out", ["a.jpg"]),  # asked for by name
    ],
)
def test_pictures_and_patterns(home, words, folder, names):
    found = resolve_sources(words, exclude=[home / "photos" / "out"])
    if names is None:
        assert found == Sources(home.__class__(words[0]))
    else:
        assert found == Sources((home / folder).resolve(), tuple(names))


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ([], "name a folder"),
        (["photos", "others"], "photos: a folder among other words"),
        (["photos/a.jpg", "others"], "others: a folder among other words"),
        (["photos/a.jpg", "photos/none.jpg"], "photos/none.jpg: there is no such file"),
        (["photos/*.gif"], r"photos/\*.gif: no picture matches"),
        (["nowhere/*"], r"nowhere/\*: no picture matches"),
        (["photos/a.txt"], "photos/a.txt: not the name of a picture"),
        (["photos/a.jpg", "photos/a.txt"], "photos/a.txt: not the name of a picture"),
        (["photos/a-masklabel.png"], "only masks"),
    ],
)
def test_what_cannot_be_used_is_named(home, words, complaint):
    with pytest.raises(ValueError, match=complaint):
        resolve_sources(words)


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_links(home):
    (home / "photos" / "broken.jpg").symlink_to(home / "gone.jpg")
    (home / "linked").symlink_to(home / "photos")
    assert resolve_sources(["photos/broken.jpg"]).names == ("broken.jpg",)  # fails alone when it is read
    assert resolve_sources(["linked/a.jpg"]) == Sources(home / "linked", ("a.jpg",))


def test_folders_on_several_drives_have_none_in_common(home, monkeypatch):
    def refuse(paths):
        raise ValueError("Paths don't have the same drive")

    monkeypatch.setattr(os.path, "commonpath", refuse)
    with pytest.raises(ValueError, match="no folder in common .*same drive.*several runs"):
        resolve_sources(["photos/a.jpg", "others/f.jpg"])


@pytest.mark.parametrize(
    ("names", "neighbours"),
    [
        ([], []),
        (["a.jpg"], ["a.jpg", "b[1].png"]),  # no captions, masks, hidden files, folders, nor what lies in them
        (["trip/deep/d.jpg"], ["trip/deep/d.jpg"]),
        (["trip/c.WEBP", "a.jpg"], ["a.jpg", "b[1].png", "trip/c.WEBP"]),
        (["trip/gone.jpg"], ["trip/c.WEBP", "trip/gone.jpg"]),  # what is named is there, whatever became of it
        (["nowhere/x.jpg"], ["nowhere/x.jpg"]),
    ],
)
def test_neighbours(home, names, neighbours):
    assert list_neighbours(home / "photos", names) == neighbours

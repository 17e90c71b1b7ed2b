"""Which shards a run is about."""

import pytest

from salient_crop.datasets.shards.names import expand_braces, names_shards, resolve_shards


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("a.tar", ["a.tar"]),
        ("{0..2}.tar", ["0.tar", "1.tar", "2.tar"]),
        ("{008..010}.tar", ["008.tar", "009.tar", "010.tar"]),
        ("{8..10}.tar", ["8.tar", "9.tar", "10.tar"]),
        ("{a,b,}/{0..1}.tar", ["a/0.tar", "a/1.tar", "b/0.tar", "b/1.tar", "/0.tar", "/1.tar"]),
        ("{7..7}.tar", ["7.tar"]),
    ],
)
def test_braces(text, names):
    assert list(expand_braces(text)) == names


@pytest.mark.parametrize("text", ["{2..1}.tar", "{a..b}.tar", "{}.tar", "{0..9999999}.tar", "{0..999}/{0..9999}.tar"])
def test_braces_that_stand_for_nothing_or_too_much(text):
    with pytest.raises(ValueError, match=r"\{"):
        list(expand_braces(text))


def test_a_folder_is_no_shard_whatever_its_name(tmp_path):
    (tmp_path / "photos.tar").mkdir()
    assert not names_shards([tmp_path / "photos.tar"])
    assert names_shards([tmp_path / "others.tar"])
    assert names_shards(["gs://bucket/{00..99}.parquet"])
    assert names_shards(["photos/*.tar.gz"]) and names_shards(["a.TGZ"])
    assert not names_shards(["a.jpg", "photos/*.jpg", "a.gz", ".tar.gz", "photos/.tar"])


@pytest.fixture
def shards(tmp_path):
    for name in ("a/0.tar", "a/1.tar", "b/0.tar", "b/x.parquet", "b/x.txt", "b/[1].tar"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    return tmp_path


@pytest.mark.parametrize(
    ("words", "root", "names"),
    [
        (["a/0.tar"], "a", ("0.tar",)),
        (["a/*.tar"], "a", ("0.tar", "1.tar")),
        (["*/*.tar"], "", ("a/0.tar", "a/1.tar", "b/0.tar", "b/[1].tar")),
        (["**/*.tar"], "", ("a/0.tar", "a/1.tar", "b/0.tar", "b/[1].tar")),
        (["{a,b}/0.tar"], "", ("a/0.tar", "b/0.tar")),
        (["a/{0..2}.tar"], "a", ("0.tar", "1.tar", "2.tar")),  # that one is missing, its run will say
        (["b/[1].tar"], "b", ("[1].tar",)),  # it is there, so it is no pattern
        (["a/0.tar", "a/0.tar", "b/x.parquet"], "", ("a/0.tar", "b/x.parquet")),
    ],
)
def test_shards_on_disk(shards, monkeypatch, words, root, names):
    monkeypatch.chdir(shards)
    found = resolve_shards(words)
    assert (found.root, found.names) == (str(shards / root).rstrip("/"), names)
    assert found.address(names[0]) == str(shards / root / names[0])


def test_the_crops_of_an_earlier_run_match_no_pattern_that_begins_above_them(shards, monkeypatch):
    monkeypatch.chdir(shards)
    assert resolve_shards(["**/*.tar"], exclude="b").names == ("a/0.tar", "a/1.tar")
    assert resolve_shards(["b/*.tar"], exclude="b").names == ("0.tar", "[1].tar")
    assert resolve_shards(["a/*.tar"], exclude=str(shards / "b")).names == ("0.tar", "1.tar")
    assert resolve_shards(["a/0.tar", "b/0.tar"], exclude="b").names == ("a/0.tar", "b/0.tar")


def test_shards_by_address():
    found = resolve_shards(["s3://bucket/set/{00..01}.tar", "s3://bucket/more/x.tar"])
    assert (found.root, found.names) == ("s3://bucket", ("more/x.tar", "set/00.tar", "set/01.tar"))
    assert found.address("set/00.tar") == "s3://bucket/set/00.tar"


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["a/0.tar", "b"], "b: no shard"),
        (["a/*.tar", "c/*.tar"], "no shard matches"),
        (["s3://one/0.tar", "s3://two/0.tar"], "no folder in common"),
        (["s3://one/0.tar", "a/0.tar"], "no folder in common"),
    ],
)
def test_shards_that_cannot_be(shards, monkeypatch, words, problem):
    monkeypatch.chdir(shards)
    with pytest.raises(ValueError, match=problem):
        resolve_shards(words)

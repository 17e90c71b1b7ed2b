"""What a run has finished survives any end of it: whole lines only, of the same identity only."""

import json
import os

import pytest

from salient_crop.datasets.manifest import DROPPED, FAILED, OK, CropRecord, PictureRecord
from salient_crop.datasets.sidecars import Sidecars
from salient_crop.jobs.journal import Journal, has_its_crops, read_identity, state_of

IDENTITY = {"settings": {"format": "jpg"}, "folder": "../photos"}


def record(name, status=OK, files=("a.jpg",)):
    crops = tuple(
        CropRecord(file, "1:1", None, (0, 0, 4, 4), 0.5, {"size": 1.0}, 0.5, (0, 0), (4, 4), (4, 4)) for file in files
    )
    return PictureRecord(name, (4, 4), status, None if status == OK else "a reason", crops if status == OK else ())


@pytest.fixture
def path(tmp_path):
    return tmp_path / "below" / "manifest.jsonl.part"


def fill(path, names="abc"):
    journal = Journal(path, IDENTITY)
    for name in names:
        journal.add(record(name), f"state {name}")
    journal.close()
    return path.read_bytes()


def test_a_new_journal_is_empty_and_holds_its_identity(path):
    journal = Journal(path, IDENTITY)
    assert len(journal) == 0
    assert journal.finished("a", "state a") is None
    with pytest.raises(KeyError):
        journal.record("a")
    assert json.loads(path.read_text()) == IDENTITY
    assert read_identity(path) == IDENTITY
    journal.close()


def test_finished_records_are_found_again_by_the_state_of_their_source(path):
    fill(path)
    journal = Journal(path, IDENTITY)
    assert len(journal) == 3
    assert journal.finished("b", "state b") == record("b")
    assert journal.finished("b", "another state") is None
    assert journal.record("c") == record("c")
    assert [each.source for each in journal.records(["c", "a"])] == ["c", "a"]
    journal.close()


def test_the_last_record_of_a_source_counts(path):
    fill(path, "ab")
    journal = Journal(path, IDENTITY)
    journal.add(record("a", FAILED), "new state")
    journal.close()
    again = Journal(path, IDENTITY)
    assert len(again) == 2
    assert again.finished("a", "state a") is None
    assert again.finished("a", "new state") == record("a", FAILED)
    assert again.finished("b", "state b") == record("b")
    again.close()


@pytest.mark.parametrize("kept", [1, 2, 3])
def test_a_line_that_a_kill_cut_off_is_ignored_and_written_anew(path, kept):
    lines = fill(path).splitlines(keepends=True)
    for cut in {1, len(lines[kept]) // 2, len(lines[kept]) - 1}:
        path.write_bytes(b"".join(lines[:kept]) + lines[kept][:cut])
        journal = Journal(path, IDENTITY)
        assert len(journal) == max(0, kept - 1)
        assert [name for name in "abc" if journal.finished(name, f"state {name}")] == list("abc"[: max(0, kept - 1)])
        journal.add(record("z"), "state z")
        journal.close()
        assert path.read_bytes().splitlines(keepends=True)[:-1] == lines[: max(1, kept)]
        again = Journal(path, IDENTITY)
        assert again.finished("z", "state z") == record("z")
        again.close()


def test_nothing_after_a_damaged_line_is_trusted(path):
    lines = fill(path).splitlines(keepends=True)
    path.write_bytes(lines[0] + lines[1] + b"state\tno record\n" + lines[3])
    journal = Journal(path, IDENTITY)
    assert len(journal) == 1
    journal.close()
    assert path.read_bytes() == lines[0] + lines[1]


OTHER = b'{"settings": {"format": "png"}, "folder": "../photos"}\n'


@pytest.mark.parametrize("before", [b"", OTHER, OTHER + b"state a\t{}\n"])
def test_a_journal_of_another_identity_is_emptied(path, before):
    path.parent.mkdir()
    path.write_bytes(before)
    journal = Journal(path, IDENTITY)
    assert len(journal) == 0
    journal.close()
    assert read_identity(path) == IDENTITY
    assert len(path.read_bytes().splitlines()) == 1


@pytest.mark.parametrize(
    "before", [b"\n", b"{}\n", b"notes\n" + OTHER, b'{"settings": {}}\n', b"\xff\xfe\n", OTHER[:-9], b"[" * 9999]
)
def test_what_is_no_journal_is_refused_and_kept(path, before):
    path.parent.mkdir()
    path.write_bytes(before)
    with pytest.raises(ValueError, match=r"manifest\.jsonl\.part: there already, and no journal of a run"):
        Journal(path, IDENTITY)
    assert path.read_bytes() == before


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_a_link_is_no_journal(path, tmp_path):
    path.parent.mkdir()
    (tmp_path / "outside").write_bytes(OTHER)
    path.symlink_to(tmp_path / "outside")
    with pytest.raises(ValueError, match="no journal of a run"):
        Journal(path, IDENTITY)
    assert (tmp_path / "outside").read_bytes() == OTHER
    path.unlink()
    path.symlink_to(tmp_path / "gone")
    with pytest.raises(ValueError, match="no journal of a run"):
        Journal(path, IDENTITY)
    assert not (tmp_path / "gone").exists()


@pytest.mark.parametrize("content", [None, b"", b"no json\n", b"[1]\n", b"\xff\n"])
def test_there_is_no_identity_where_there_is_no_journal(tmp_path, content):
    if content is not None:
        (tmp_path / "a.part").write_bytes(content)
    assert read_identity(tmp_path / "a.part") == {}


def test_removing_a_journal_removes_its_file_and_may_be_repeated(path):
    journal = Journal(path, IDENTITY)
    journal.remove()
    assert not path.exists()
    journal.remove()


def test_a_record_is_in_the_file_before_the_journal_is_closed(path):
    journal = Journal(path, IDENTITY)
    journal.add(record("a"), "state a")
    assert path.read_bytes().endswith(b"\n")
    assert b"state a\t" in path.read_bytes()
    journal.close()


def test_names_that_are_no_unicode_are_kept(path):
    name = os.fsdecode(b"\xff.jpg")
    journal = Journal(path, IDENTITY)
    journal.add(record(name), "state")
    journal.close()
    again = Journal(path, IDENTITY)
    assert again.finished(name, "state") == record(name)
    again.close()


@pytest.mark.parametrize(
    ("files", "expected", "there", "holds"),
    [
        ((), (), (), True),
        (("a.jpg",), ("a.jpg",), ("a.jpg",), True),
        (("a.jpg",), ("a.jpg",), (), False),
        (("a.jpg",), ("b.jpg",), ("a.jpg", "b.jpg"), False),  # it has another name now
        (("a.jpg", "b.jpg"), ("a.jpg", "b.jpg"), ("a.jpg",), False),
        (("b.jpg", "a.jpg"), ("a.jpg", "b.jpg"), ("a.jpg", "b.jpg"), False),  # each crop has a file of its own
        (("b.jpg",), ("a.jpg", "b.jpg", "c.jpg"), ("b.jpg",), True),  # the others were left out as asked
        (("b.jpg",), ("a.jpg", "b.jpg"), ("a.jpg",), False),
        (("a.jpg", "b.jpg"), ("a.jpg",), ("a.jpg", "b.jpg"), False),
        ((None,), ("a.jpg",), ("a.jpg",), False),  # of a dry run
    ],
)
def test_whether_a_record_has_its_crops(tmp_path, files, expected, there, holds):
    for name in there:
        (tmp_path / name).touch()
    assert has_its_crops(record("a", files=files), tmp_path, expected) is holds


@pytest.mark.parametrize(("status", "holds"), [(OK, True), (FAILED, False), (DROPPED, True)])
def test_a_dry_run_has_no_files(status, holds):
    assert has_its_crops(record("a", status), None, ["b.jpg"]) is holds


@pytest.mark.parametrize(("status", "holds"), [(FAILED, False), (DROPPED, True)])
def test_a_picture_that_failed_is_done_again_and_one_that_was_left_out_is_not(tmp_path, status, holds):
    assert has_its_crops(record("a", status), tmp_path, ["a.jpg"]) is holds


def test_a_state_changes_with_the_picture_its_caption_and_its_mask(tmp_path):
    photo, sidecars = tmp_path / "a.jpg", Sidecars(tmp_path)
    states = [state_of(photo, sidecars)]
    photo.write_bytes(b"123")
    states.append(state_of(photo, sidecars))
    os.utime(photo, ns=(1, 1))
    states.append(state_of(photo, sidecars))
    photo.write_bytes(b"1234")
    os.utime(photo, ns=(1, 1))
    states.append(state_of(photo, sidecars))
    for beside in ("a.txt", "a-masklabel.png"):
        (tmp_path / beside).write_text("x")
        states.append(state_of(photo, sidecars))
    assert len(set(states)) == len(states) == 6
    assert state_of(photo, sidecars) == states[-1]

"""Tars that nobody vouches for."""

import io
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salient_crop.datasets.shards.tar import BLOCK, Member, TarWriter, TornTarError, read_members

ROOM = 1 << 20


def tar_of(*members, format=tarfile.GNU_FORMAT):
    """A tar of Python's; a member is a name and a content, or a `TarInfo` alone."""
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w", format=format) as tar:
        for each in members:
            if isinstance(each, tarfile.TarInfo):
                tar.addfile(each)
            else:
                info = tarfile.TarInfo(each[0])
                info.size = len(each[1])
                tar.addfile(info, io.BytesIO(each[1]))
    return written.getvalue()


def info_of(name, kind, link=""):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info


def read(content, limit=ROOM):
    return list(read_members(io.BytesIO(content), limit))


def read_until_torn(content, limit=ROOM):
    found = []
    with pytest.raises(TornTarError) as torn:
        for each in read_members(io.BytesIO(content), limit):
            found.append(each)
    return found, str(torn.value)


MEMBERS = (
    ("a.jpg", b"1" * 700),
    ("a.txt", b""),
    ("deep/b.jpg", b"2" * 512),
    ("ü" * 90 + "/" + "x" * 140 + ".jpg", b"3"),
)


@pytest.mark.parametrize("format", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_members_of_every_format(format):
    members = MEMBERS[:3] if format == tarfile.USTAR_FORMAT else MEMBERS
    assert [(each.name, each.content) for each in read(tar_of(*members, format=format))] == list(members)


def test_an_empty_tar_has_no_members():
    assert read(tar_of()) == []


def test_python_reads_what_is_written():
    written = io.BytesIO()
    with TarWriter(written) as tar:
        for name, content in MEMBERS:
            tar.add(name, content)
    with tarfile.open(fileobj=io.BytesIO(written.getvalue())) as tar:
        found = [(each.name, tar.extractfile(each).read()) for each in tar]
        assert {(each.mtime, each.uid, each.gid, each.uname) for each in tar.getmembers()} == {(0, 0, 0, "")}
    assert found == list(MEMBERS)


@given(
    st.lists(st.tuples(st.from_regex(r"[^\x00/.][^\x00]{0,200}", fullmatch=True), st.binary(max_size=1200)), max_size=5)
)
def test_what_is_written_reads_back(members):
    written = io.BytesIO()
    members = [(name.rstrip("/") or "a", content) for name, content in members]
    with TarWriter(written) as tar:
        for name, content in members:
            tar.add(name, content)
    assert [(each.name, each.content) for each in read(written.getvalue())] == members


def test_a_name_that_is_no_unicode_survives():
    name = b"caf\xe9.jpg".decode("utf-8", "surrogateescape")
    written = io.BytesIO()
    with TarWriter(written) as tar:
        tar.add(name, b"1")
    assert read(written.getvalue()) == [Member(name, b"1")]


@pytest.mark.parametrize(
    ("kind", "problem"),
    [
        (tarfile.SYMTYPE, "link"),
        (tarfile.LNKTYPE, "link"),
        (tarfile.FIFOTYPE, "device or a pipe"),
        (tarfile.CHRTYPE, "device or a pipe"),
        (tarfile.BLKTYPE, "device or a pipe"),
    ],
)
def test_what_is_no_file_is_named_and_passed_over(kind, problem):
    first, second = read(tar_of(info_of("a.jpg", kind, "/etc/passwd"), ("b.jpg", b"1")))
    assert (first.content, second) == (None, Member("b.jpg", b"1"))
    assert problem in first.problem


def test_folders_are_passed_over():
    assert read(tar_of(info_of("deep", tarfile.DIRTYPE), ("deep/a.jpg", b"1"))) == [Member("deep/a.jpg", b"1")]


def test_a_member_beyond_the_limit_is_named_and_passed_over():
    first, second = read(tar_of(("a.jpg", b"1" * 2000), ("b.jpg", b"1" * 1000)), limit=1000)
    assert first.content is None and "2,000 bytes" in first.problem and "--memory" in first.problem
    assert second.content == b"1" * 1000


@pytest.mark.parametrize(
    "end", [0, 1, BLOCK - 1, BLOCK, BLOCK + 300, 2 * BLOCK, 3 * BLOCK - 1, 3 * BLOCK, 4 * BLOCK - 1]
)
def test_a_tar_that_ends_too_early_says_so(end):
    content = tar_of(("a.jpg", b"1" * BLOCK), ("b.jpg", b"2" * BLOCK))[:end]
    found, problem = read_until_torn(content)
    assert problem.startswith("torn")
    assert len(found) == (end >= 2 * BLOCK) + (end >= 4 * BLOCK)


def test_without_its_end_mark_a_tar_is_torn():
    found, problem = read_until_torn(tar_of(("a.jpg", b"1"))[: 2 * BLOCK])
    assert len(found) == 1 and "without the mark of its end" in problem and "a.jpg" in problem


def test_two_tars_in_one_are_not_lost_in_silence():
    found, problem = read_until_torn(tar_of(("a.jpg", b"1")) + tar_of(("b.jpg", b"2")))
    assert len(found) == 1 and "more follows" in problem


def test_a_damaged_header_is_no_end():
    content = bytearray(tar_of(("a.jpg", b"1"), ("b.jpg", b"2"), ("c.jpg", b"3")))
    content[2 * BLOCK + 100] ^= 1
    found, problem = read_until_torn(bytes(content))
    assert [each.name for each in found] == ["a.jpg"] and "a.jpg" in problem


def header_of(name, size, kind=tarfile.REGTYPE):
    info = tarfile.TarInfo(name)
    info.size, info.type = size, kind
    return info.tobuf(tarfile.GNU_FORMAT)


@pytest.mark.parametrize("kind", [tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, tarfile.XHDTYPE, tarfile.XGLTYPE])
def test_a_header_that_asks_for_gigabytes_is_refused(kind):
    found, problem = read_until_torn(header_of("a", 1 << 36, kind) + bytes(BLOCK))
    assert found == [] and "header of 68,719,476,736 bytes" in problem


def test_a_size_below_zero_is_refused():
    info = tarfile.TarInfo("a.jpg")
    info.size = -512
    found, problem = read_until_torn(info.tobuf(tarfile.GNU_FORMAT) + bytes(4 * BLOCK))
    assert found == [] and "torn" in problem


def test_a_member_that_claims_terabytes_costs_what_is_there():
    found, problem = read_until_torn(header_of("a.jpg", 1 << 42) + b"1" * 1000, limit=1 << 50)
    assert found == [] and "in the middle of 'a.jpg'" in problem


@pytest.mark.parametrize(
    "fields", [b"x", b"8 path=a\n", b"99999999 path=a\n", b"-1 path=a\n", b"12 size=-99\n", b"13 size=1e99\n", b"0 =\n"]
)
def test_pax_fields_that_are_none(fields):
    padded = fields + bytes(-len(fields) % BLOCK)
    content = header_of("h", len(fields), tarfile.XHDTYPE) + padded + header_of("a.jpg", 1) + b"1" + bytes(BLOCK - 1)
    found, problem = read_until_torn(content)
    assert found == [] and "pax" in problem


@given(st.data())
def test_damage_is_torn_or_harmless(data):
    content = bytearray(tar_of(*MEMBERS, format=data.draw(st.sampled_from([tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]))))
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=6)):
        content[place] = data.draw(st.integers(0, 255))
    try:
        found = read(bytes(content))
    except TornTarError:
        return
    assert all(each.content is None or len(each.content) <= len(content) for each in found)

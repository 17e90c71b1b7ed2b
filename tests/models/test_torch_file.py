"""Files of `torch.save`, of both kinds: the tensors that were saved, or a refusal before anything large is made."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
import torch
from torch import nn

from salient_crop.models import torch_file
from salient_crop.models.torch_file import check_extent, open_torch_file
from salient_crop.models.unpickle import RefusedError, Storage, StoredTensor

ROW = torch.arange(12.0)
TENSORS = {
    "scalar": torch.tensor(3),
    "matrix": ROW.view(3, 4),
    "transposed": ROW.view(3, 4).T,
    "part": ROW[2:7],
    "channels last": torch.rand(2, 3, 4, 5).contiguous(memory_format=torch.channels_last),
    "parameter": nn.Parameter(torch.ones(2)),
    **{
        str(kind).partition(".")[2]: torch.tensor([0, 1, 1]).to(kind)
        for kind in (torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.uint8, torch.bool)
    },
    "complex": torch.tensor([1j, 2]),
    "float8": torch.tensor([0.5, 2]).to(torch.float8_e4m3fn),
}


def read(path: Path) -> dict[str, torch.Tensor]:
    with open_torch_file(path) as file:
        return {name: file.tensor(each) for name, each in file.content.items()}


@pytest.mark.parametrize(
    "options", [{}, {"pickle_protocol": 5}, {"_use_new_zipfile_serialization": False}], ids=["zip", "protocol 5", "old"]
)
def test_tensors_come_back_as_they_were_saved(tmp_path, options):
    path = tmp_path / "a.pth"
    # The old kind knows no float8.
    tensors = {
        name: each
        for name, each in TENSORS.items()
        if name != "float8" or "_use_new_zipfile_serialization" not in options
    }
    torch.save(tensors, path, **options)
    found = read(path)
    assert list(found) == list(tensors)
    for name, each in tensors.items():
        assert (found[name].dtype, found[name].stride()) == (each.dtype, each.stride())
        assert torch.equal(found[name].to(torch.complex64), each.to(torch.complex64))
    assert found["matrix"].data_ptr() == found["transposed"].data_ptr()


def test_a_networks_state_and_its_optimisers(tmp_path):
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
    optimiser = {
        "state": {0: {"step": torch.tensor(1.0), "exp_avg": torch.zeros(4, 3, 3, 3)}},
        "param_groups": [{"lr": 1e-3, "betas": (0.9, 0.999), "fused": None, "amsgrad": False, "params": [0, 1, 2, 3]}],
    }
    torch.save({"epoch": 3, "model": network.state_dict(), "optimiser": optimiser}, tmp_path / "a.pt")
    with open_torch_file(tmp_path / "a.pt") as file:
        assert file.content["epoch"] == 3
        for name, each in network.state_dict().items():
            assert torch.equal(file.tensor(file.content["model"][name]), each)


def test_only_what_is_asked_for_is_read(tmp_path, monkeypatch):
    torch.save({"small": torch.ones(2), "large": torch.zeros(1000)}, tmp_path / "a.pth")
    read_keys = []
    load = torch_file._ZipFile._load
    monkeypatch.setattr(torch_file._ZipFile, "_load", lambda self, key: read_keys.append(key) or load(self, key))
    with open_torch_file(tmp_path / "a.pth") as file:
        for _ in range(2):
            assert file.tensor(file.content["small"]).tolist() == [1, 1]
    assert read_keys == ["0"]


# --- files that lie ---------------------------------------------------------------------------------------------------


def rewrite(path: Path, change, compression: int = zipfile.ZIP_STORED) -> None:
    """Writes the archive anew, with `change(name, content)` for each entry; without it where that is None."""
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in entries.items():
            changed = change(name, content)
            if changed is not None:
                archive.writestr(name, changed)


def program_with(old: bytes, new: bytes):
    def change(name: str, content: bytes) -> bytes:
        if not name.endswith("data.pkl"):
            return content
        assert old in content
        return content.replace(old, new)

    return change


FOUR = b"K\x04t"  # the length of a storage of four numbers, and the end of its description
CHANGES = {
    "numbers are missing": (lambda name, content: None if name.endswith("data/0") else content, "ends before its num"),
    "numbers are cut off": (lambda name, content: content[:7] if "data/0" in name else content, "ends before its num"),
    "a storage of 2⁴⁰": (program_with(FOUR, b"\x8a\x06\0\0\0\0\0\x01t"), "ends before its numbers"),
    "a storage of fewer": (program_with(FOUR, b"K\x01t"), None),
    "a part beyond the end": (program_with(b"QK\x00", b"QK\x05"), "ends before its numbers"),
    "a shape of 2⁴⁰": (program_with(b"K\x04\x85", b"\x8a\x06\0\0\0\0\0\x01\x85"), "ends before its numbers"),
    "a negative shape": (program_with(b"K\x04\x85", b"J\xff\xff\xff\xff\x85"), None),
    "a stride of 2⁴⁰": (program_with(b"K\x01\x85", b"\x8a\x06\0\0\0\0\0\x01\x85"), "ends before its numbers"),
    "a negative stride": (program_with(b"K\x01\x85", b"J\xff\xff\xff\xff\x85"), None),
    "two programs": (lambda name, content: content, None),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_zip_that_lies_is_refused(tmp_path, name):
    change, words = CHANGES[name]
    path = tmp_path / "a.pth"
    torch.save({"a": torch.ones(4)}, path)
    rewrite(path, change)
    if name == "two programs":
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr("other/data.pkl", b"N.")
    if name == "a storage of fewer":  # PyTorch would go by the numbers that are there, too
        assert read(path)["a"].tolist() == [1] * 4
        return
    with pytest.raises(RefusedError if words else Exception, match=words):
        read(path)


def test_a_compressed_zip_is_refused_before_it_is_inflated(tmp_path, monkeypatch):
    path = tmp_path / "a.pth"
    torch.save({"a": torch.zeros(100_000)}, path)
    rewrite(path, lambda name, content: content, zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 10_000
    monkeypatch.setattr(zipfile.ZipFile, "read", lambda *_: pytest.fail("an entry was read"))
    with pytest.raises(RefusedError, match="it is compressed, as torch.save never writes it; unpack it"):
        read(path)


def test_entries_that_overlap_are_larger_than_the_file(tmp_path):
    path = tmp_path / "a.pth"
    torch.save({"a": torch.zeros(1000)}, path)
    with zipfile.ZipFile(path, "a") as archive:
        (entry,) = (each for each in archive.infolist() if each.filename.endswith("data/0"))
        archive.filelist += [entry] * 20
        archive._didModify = True
    with pytest.raises(RefusedError, match="its entries are larger than itself"):
        read(path)


def test_a_long_directory_and_a_long_program_are_refused_unread(tmp_path, monkeypatch):
    path = tmp_path / "a.pth"
    torch.save({"a": torch.zeros(1)}, path)
    monkeypatch.setattr(torch_file, "MAX_BYTES", 100)
    with pytest.raises(RefusedError, match="describes more than any network here has"):
        read(path)
    monkeypatch.setattr(torch_file._BoundedFile, "limit", 100)
    with pytest.raises(RefusedError, match="its directory is longer than that of any checkpoint"):
        read(path)


@pytest.mark.parametrize("order", ["big", "little"])
def test_another_byte_order_is_refused_by_name(tmp_path, monkeypatch, order):
    monkeypatch.setattr("sys.byteorder", {"big": "little", "little": "big"}[order])
    path = tmp_path / "a.pth"
    torch.save({"a": torch.zeros(1)}, path)
    rewrite(path, lambda name, content: order.encode() if name.endswith("byteorder") else content)
    with pytest.raises(RefusedError, match="the byte order of another kind of machine"):
        read(path)


def legacy(change=lambda content: content) -> bytes:
    file = io.BytesIO()
    torch.save({"a": torch.ones(4)}, file, _use_new_zipfile_serialization=False)
    return change(file.getvalue())


@pytest.mark.parametrize(
    "content",
    [
        legacy()[:-1],
        legacy()[:-20],
        legacy(lambda content: content.replace(b"K\x04N", b"\x8a\x06\0\0\0\0\0\x01N")),
        legacy(lambda content: content[:-24] + (2**61).to_bytes(8, "little") + content[-16:]),
        legacy(lambda content: content[:-24] + (-4).to_bytes(8, "little", signed=True) + content[-16:]),
        legacy(lambda content: content[:-24] + (3).to_bytes(8, "little") + content[-16:]),
    ],
    ids=["a byte short", "half", "a storage of 2⁴⁰", "a length of 2⁶¹", "a negative length", "too short a length"],
)
def test_an_old_file_that_lies_is_refused(tmp_path, content):
    assert len(content) < len(legacy()) + 10
    (tmp_path / "a.pth").write_bytes(content)
    with pytest.raises(RefusedError, match="ends before its numbers"):
        read(tmp_path / "a.pth")


@pytest.mark.parametrize("content", [b"", b"N.", b"K\x01.", b"\x80\x02K\x01.K\x01.", bytes(100), legacy()[:90]])
def test_what_is_no_such_file_is_an_error(tmp_path, content):
    (tmp_path / "a.pth").write_bytes(content)
    with pytest.raises(Exception, match=None) as raised:
        read(tmp_path / "a.pth")
    assert not isinstance(raised.value, OSError)


def test_the_file_is_closed_however_it_ends(tmp_path, recwarn):
    torch.save({"a": torch.ones(4)}, tmp_path / "a.pth")
    with open_torch_file(tmp_path / "a.pth") as file:
        pass
    assert file._file.closed
    (tmp_path / "b.pth").write_bytes(b"no checkpoint")
    with pytest.raises(Exception, match=None):
        read(tmp_path / "b.pth")
    assert not [each for each in recwarn if issubclass(each.category, ResourceWarning)]


@pytest.mark.parametrize(
    ("shape", "stride", "offset", "fits"),
    [
        ((), (), 0, True),
        ((), (), 9, True),
        ((), (), 10, False),
        ((10,), (1,), 0, True),
        ((10,), (1,), 1, False),
        ((2, 5), (5, 1), 0, True),
        ((5, 2), (1, 5), 0, True),
        ((2, 5), (6, 1), 0, False),
        ((4,), (3,), 0, True),
        ((4,), (3,), 1, False),
        ((10,), (0,), 0, True),  # no larger than what the file has
        ((11,), (0,), 0, False),
        ((2**40, 2**40), (0, 0), 0, False),
        ((1, 10), (2**40, 1), 0, True),  # the stride of a side of 1 means nothing
        ((2,), (), 0, False),
    ],
)
def test_a_tensor_lies_in_its_storage(shape, stride, offset, fits):
    stored = StoredTensor(Storage("0", torch.float32, 10), torch.float32, offset, shape, stride)
    if fits:
        check_extent(stored, 10)
        return
    with pytest.raises(RefusedError):
        check_extent(stored, 10)

"""Files of `torch.save`: the object in them, and each tensor once its size was found to be that of its numbers.

There are two kinds. Since PyTorch 1.6 a file is a zip archive, whose entries are never compressed: `data.pkl` describes
the object, `data/0`, `data/1`, … hold the numbers. Before, it was five pickles and the numbers behind them; checkpoints
of that time are still in use.
"""

from __future__ import annotations

import io
import sys
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import torch
from torch import Tensor

from .unpickle import MAX_BYTES, RefusedError, Storage, StoredTensor, unpickle

MAX_DIRECTORY = 4_000_000  # bytes of a zip archive's directory; 2000 entries take a tenth of it
_MAGIC, _PROTOCOL = 0x1950A86A20F9469CFC6C, 1001
_TORN = "it ends before its numbers do; download it again"


class TorchFile(ABC):
    """An open file. Use it as a context, so that it is closed.

    Attributes:
        content: the object in it, as `unpickle` gives it.
    """

    content: Any

    def __init__(self, file: io.FileIO) -> None:
        self._file = file
        self._read: dict[str, bytearray] = {}

    def __enter__(self) -> TorchFile:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._file.close()

    def tensor(self, stored: StoredTensor) -> Tensor:
        """The tensor, with its numbers; tensors that share numbers in the file share them in memory.

        Raises:
            RefusedError: when the file has fewer numbers than the tensor is said to have.
        """
        storage, itemsize = stored.storage, stored.dtype.itemsize
        available = self._size_of(storage.key)
        if storage.count * storage.dtype.itemsize > available:
            raise RefusedError(_TORN)
        check_extent(stored, available // itemsize)
        if storage.key not in self._read:
            self._read[storage.key] = self._load(storage.key)
        flat = torch.frombuffer(self._read[storage.key], dtype=stored.dtype, count=available // itemsize)
        return flat.as_strided(stored.shape, stored.stride, stored.offset)

    @abstractmethod
    def _size_of(self, key: str) -> int:
        """How many bytes the file has of a storage.

        Raises:
            RefusedError: when it has none.
        """

    @abstractmethod
    def _load(self, key: str) -> bytearray:
        """All bytes of a storage."""


def open_torch_file(path: Path) -> TorchFile:
    """The file of either kind.

    Raises:
        RefusedError: when it cannot be used; see `unpickle`.
        OSError: when it cannot be read.
        Exception: of any kind, when it is damaged.
    """
    file = _BoundedFile(path)
    try:
        start = file.read(4)
        return _ZipFile(file) if start == b"PK\x03\x04" else _LegacyFile(file)
    except BaseException:
        file.close()
        raise


def check_extent(stored: StoredTensor, available: int) -> None:
    """Checks that a tensor lies in its storage of `available` numbers, and shows none of them twice.

    Raises:
        RefusedError: when it does not.
    """
    if len(stored.shape) != len(stored.stride):
        raise RefusedError(_TORN)
    count = 1
    for side in stored.shape:
        count *= side
    last = stored.offset + sum((side - 1) * step for side, step in zip(stored.shape, stored.stride, strict=True))
    if count and last >= available:
        raise RefusedError(_TORN)
    if count > available:
        raise RefusedError(f"it repeats few numbers as a tensor of the shape {list(stored.shape)}; save it contiguous")


class _BoundedFile(io.FileIO):
    """A file of which nobody reads more than `limit` bytes at once, as `zipfile` would of a directory that lies."""

    limit: int | None = MAX_DIRECTORY

    def read(self, size: int | None = -1, /) -> bytes:
        if self.limit is not None and size is not None and size > self.limit:
            raise RefusedError("its directory is longer than that of any checkpoint")
        return super().read(size) or b""


class _ZipFile(TorchFile):
    def __init__(self, file: _BoundedFile) -> None:
        super().__init__(file)
        self._archive = zipfile.ZipFile(file)
        file.limit = None
        entries = self._archive.infolist()
        if any(each.compress_type != zipfile.ZIP_STORED for each in entries):
            raise RefusedError("it is compressed, as torch.save never writes it; unpack it and save it again")
        if sum(each.file_size for each in entries) > file.seek(0, io.SEEK_END):
            raise RefusedError("its entries are larger than itself; download it again")
        self._entries = {each.filename: each for each in entries}
        (program,) = (name for name in self._entries if name.endswith("/data.pkl"))
        if self._entries[program].file_size > MAX_BYTES:
            raise RefusedError("it describes more than any network here has; save the network's state_dict() alone")
        self._folder = program.removesuffix("data.pkl")
        _check_byte_order(self._read_entry(f"{self._folder}byteorder") or b"little")
        self.content = unpickle(io.BytesIO(self._read_entry(program)))

    def _size_of(self, key: str) -> int:
        entry = self._entries.get(f"{self._folder}data/{key}")
        if entry is None:
            raise RefusedError(_TORN)
        return entry.file_size

    def _load(self, key: str) -> bytearray:
        return bytearray(self._read_entry(f"{self._folder}data/{key}"))

    def _read_entry(self, name: str) -> bytes:
        return self._archive.read(name) if name in self._entries else b""


class _LegacyFile(TorchFile):
    def __init__(self, file: _BoundedFile) -> None:
        super().__init__(file)
        self._end = file.seek(0, io.SEEK_END)
        file.seek(0)
        head = io.BytesIO(file.read(MAX_BYTES))
        file.limit = None
        if unpickle(head) != _MAGIC or unpickle(head) != _PROTOCOL:
            raise ValueError("no magic number")
        _check_byte_order(b"little" if unpickle(head).get("little_endian", True) else b"big")
        storages: dict[str, Storage] = {}
        self.content = unpickle(head, storages)
        keys = unpickle(head)
        self._places = self._find_places(keys, head.tell(), storages)

    def _find_places(
        self, keys: Iterable[str], start: int, storages: Mapping[str, Storage]
    ) -> dict[str, tuple[int, int]]:
        """Where the bytes of each storage begin, and how many there are."""
        places: dict[str, tuple[int, int]] = {}
        for key in keys:
            self._file.seek(start)
            count = int.from_bytes(self._file.read(8), "little", signed=True)
            length = count * storages[key].dtype.itemsize
            if not 0 <= length <= self._end - start - 8 or key in places:
                raise RefusedError(_TORN)
            places[key] = start + 8, length
            start += 8 + length
        return places

    def _size_of(self, key: str) -> int:
        if key not in self._places:
            raise RefusedError(_TORN)
        return self._places[key][1]

    def _load(self, key: str) -> bytearray:
        start, length = self._places[key]
        self._file.seek(start)
        return bytearray(self._file.read(length))


def _check_byte_order(order: bytes) -> None:
    if order.decode() != sys.byteorder:
        raise RefusedError("its numbers are in the byte order of another kind of machine; save it on this one")

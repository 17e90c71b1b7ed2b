"""What a pickle of `torch.save` says, without running what it names.

A pickle is a program. Python's own machine calls whatever it names; PyTorch's with `weights_only` still calls some of
that, such as a tensor of any size. The machine here knows what checkpoints are made of, takes memory in proportion to
the program, and leaves a tensor as a note of where its numbers lie in the file.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from io import BytesIO
from types import MappingProxyType
from typing import Any

import torch

MAX_BYTES = 4_000_000  # of a program; a network of two thousand tensors and its optimiser take a third of it
MAX_STEPS = 500_000  # of a program, and of the values that it hands to calls
MAX_KEY_BITS = 64  # of a whole number in a dict: the hash of a longer one takes time whenever it is asked for

CODE = "it holds objects besides tensors, which would run code; save the network's state_dict() alone"
# Names that checkpoints may hold beside their weights; whatever is made of them is None here.
_HARMLESS = (
    *(("torch", name) for name in ("Size", "Tensor", "device")),
    *((module, name) for module in ("builtins", "__builtin__") for name in ("set", "complex", "bytearray")),
    *(("collections", "Counter"), ("_codecs", "encode"), ("torch.nn.parameter", "Parameter")),
    ("torch.serialization", "_get_layout"),
)
_STORAGES = {
    "DoubleStorage": torch.float64,
    "FloatStorage": torch.float32,
    "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16,
    "LongStorage": torch.int64,
    "IntStorage": torch.int32,
    "ShortStorage": torch.int16,
    "CharStorage": torch.int8,
    "ByteStorage": torch.uint8,
    "BoolStorage": torch.bool,
    "ComplexFloatStorage": torch.complex64,
    "ComplexDoubleStorage": torch.complex128,
    "QInt8Storage": torch.qint8,
    "QUInt8Storage": torch.quint8,
    "QInt32Storage": torch.qint32,
    "QUInt4x2Storage": torch.quint4x2,
    "QUInt2x4Storage": torch.quint2x4,
    "UntypedStorage": torch.uint8,
}


class RefusedError(ValueError):
    """A checkpoint that cannot be used; the message is for a user, and goes on where the file was named."""


@dataclass(frozen=True, eq=False)
class Storage:
    """Numbers in a file, which tensors show parts of.

    Attributes:
        key: its name in the file.
        dtype: of its numbers; uint8 where only bytes are known.
        count: how many numbers the program says that there are, 0 or more; nothing has checked it.
    """

    key: str
    dtype: torch.dtype
    count: int


@dataclass(frozen=True, eq=False)
class StoredTensor:
    """A tensor as the program describes it; nothing has checked that its storage is as large.

    Attributes:
        storage: that it shows.
        dtype: of its numbers.
        offset, shape, stride: in numbers, each 0 or more.
    """

    storage: Storage
    dtype: torch.dtype
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class ForeignTensor:
    """A tensor that is no plain array of numbers.

    Attributes:
        kind: such as `sparse`, `quantised` or `meta`.
    """

    kind: str


def unpickle(file: BytesIO, storages: dict[str, Storage] | None = None) -> Any:
    """The object of the next pickle in `file`, which then stands behind it.

    Dicts, lists, tuples, texts and numbers are themselves; sets are lists, tensors are `StoredTensor` or
    `ForeignTensor`, and what else a checkpoint may name without harm is None.

    Args:
        file: the program.
        storages: gets every storage that it names, by key.

    Raises:
        RefusedError: when it names anything else, or is too long to be a checkpoint's.
        Exception: of any kind, when it is damaged.
    """
    machine = _Machine({} if storages is None else storages)
    for opcode, argument, _ in pickletools.genops(file):
        machine.spend(1)
        if opcode.name == "STOP":
            return machine.stack.pop()
        if opcode.name not in _STEPS:
            raise RefusedError(CODE)
        _STEPS[opcode.name](machine, argument)
    raise EOFError


class _Machine:
    """A stack of values, of which some were set aside by a mark, and a memory of values."""

    def __init__(self, storages: dict[str, Storage]) -> None:
        self.storages = storages
        self.stack: list[Any] = []
        self.aside: list[list[Any]] = []
        self.memory: dict[int, Any] = {}
        self.steps = 0

    def spend(self, steps: int) -> None:
        """Counts work that is done, so that there is an end of it.

        Raises:
            RefusedError: when it was too much.
        """
        self.steps += steps
        if self.steps > MAX_STEPS:
            raise RefusedError("it describes more than any network here has; save the network's state_dict() alone")

    def push(self, value: Any) -> None:
        self.stack.append(value)

    def mark(self, _: Any) -> None:
        self.aside.append(self.stack)
        self.stack = []

    def pop_to_mark(self) -> list[Any]:
        items, self.stack = self.stack, self.aside.pop()
        return items

    def take(self, count: int) -> tuple[Any, ...]:
        """The last values, off the stack, in the order in which they came."""
        return tuple(self.stack.pop() for _ in range(count))[::-1]

    def remember(self, place: int | None) -> None:
        """At the next free place where none is given."""
        self.memory[len(self.memory) if place is None else place] = self.stack[-1]

    def recall(self, place: int) -> None:
        self.push(self.memory[place])

    def set_items(self, items: Iterable[Any]) -> None:
        """Keys and values by turns, into the dict below them."""
        _fill(self.stack[-1], items)

    def extend(self, items: Iterable[Any]) -> None:
        self.stack[-1].extend(items)

    def call(self, _: Any) -> None:
        function, arguments = self.take(2)
        if not isinstance(function, _Function):
            raise RefusedError(CODE)
        # A program may hand over the same long list again and again.
        self.spend(sum(len(each) for each in (arguments, *arguments) if isinstance(each, tuple | list)))
        self.push(function.call(*arguments))

    def drop(self, _: Any) -> None:
        self.stack.pop()

    def find_storage(self, _: Any) -> None:
        (described,) = self.take(1)
        kind, of, key, _where, count, *view = described
        if kind != "storage" or not isinstance(of, torch.dtype) or not isinstance(key, str) or any(view):
            raise ValueError(described)
        self.storages[key] = Storage(key, of, _natural(count))
        self.push(self.storages[key])


@dataclass(frozen=True, eq=False)
class _Function:
    """A name that the program may call, and what is done instead."""

    call: Callable[..., Any]


def _find(module: str, name: str) -> Any:
    """What stands for a global name.

    Raises:
        RefusedError: when it is none that checkpoints need.
    """
    if (module, name) in _FUNCTIONS:
        return _FUNCTIONS[module, name]
    if module in ("torch", "torch.cuda", "torch.storage") and name in _STORAGES:
        return _STORAGES[name]
    if module == "torch" and isinstance(found := getattr(torch, name, None), torch.dtype | torch.qscheme):
        return found
    if module == "torch._utils" and name.startswith("_rebuild_"):
        kind = name.removeprefix("_rebuild_").partition("_")[0]
        return _Function(lambda *_: ForeignTensor({"qtensor": "quantised"}.get(kind, kind)))
    raise RefusedError(CODE)


def _fill(target: Any, items: Iterable[Any]) -> Any:
    if not isinstance(target, dict):
        raise TypeError(type(target))
    listed = list(items)
    for key, value in zip(listed[::2], listed[1::2], strict=True):
        if not _is_key(key):
            raise RefusedError("it holds a dict whose keys are no names; save the network's state_dict() alone")
        target[key] = value
    return target


def _is_key(key: Any) -> bool:
    """Whether its hash is soon computed; that of nested tuples even ends the process."""
    if isinstance(key, int):
        return key.bit_length() <= MAX_KEY_BITS
    return isinstance(key, str | float | bytes)


def _make_dict(pairs: Iterable[Any] = ()) -> dict[Any, Any]:
    return _fill({}, [part for pair in pairs for part in pair])


def _tensor(storage: Any, offset: int, shape: Any, stride: Any, *_: Any) -> StoredTensor:
    return StoredTensor(storage, storage.dtype, _natural(offset), _naturals(shape), _naturals(stride))


def _typed_tensor(
    storage: Any, offset: int, shape: Any, stride: Any, _grad: Any, _hooks: Any, dtype: Any, *_: Any
) -> StoredTensor:
    if not isinstance(dtype, torch.dtype):
        raise TypeError(dtype)
    return StoredTensor(storage, dtype, _natural(offset), _naturals(shape), _naturals(stride))


def _naturals(numbers: Any) -> tuple[int, ...]:
    return tuple(map(_natural, numbers))


def _natural(number: Any) -> int:
    if not isinstance(number, int) or number < 0:
        raise ValueError(number)
    return number


_FUNCTIONS = MappingProxyType(
    {
        **{name: _Function(lambda *_: None) for name in _HARMLESS},
        ("collections", "OrderedDict"): _Function(_make_dict),
        ("torch._utils", "_rebuild_tensor"): _Function(_tensor),
        ("torch._utils", "_rebuild_tensor_v2"): _Function(_tensor),
        ("torch._utils", "_rebuild_tensor_v3"): _Function(_typed_tensor),
        ("torch._utils", "_rebuild_parameter"): _Function(lambda data, *_: data),
        ("torch._utils", "_rebuild_parameter_with_state"): _Function(lambda data, *_: data),
        ("torch._tensor", "_rebuild_from_type_v2"): _Function(lambda *_: ForeignTensor("subclassed")),
    }
)

_Step = Callable[[_Machine, Any], None]
_STEPS: MappingProxyType[str, _Step] = MappingProxyType(
    {
        "PROTO": lambda machine, _: None,
        "FRAME": lambda machine, _: None,
        "NONE": lambda machine, _: machine.push(None),
        "NEWTRUE": lambda machine, _: machine.push(True),
        "NEWFALSE": lambda machine, _: machine.push(False),
        **dict.fromkeys(
            (
                *("INT", "LONG", "BININT", "BININT1", "BININT2", "LONG1", "LONG4", "FLOAT", "BINFLOAT"),
                *("STRING", "BINSTRING", "SHORT_BINSTRING", "UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"),
                *("BINBYTES", "SHORT_BINBYTES", "BINBYTES8"),
            ),
            _Machine.push,
        ),
        "MARK": _Machine.mark,
        "POP": _Machine.drop,
        "EMPTY_DICT": lambda machine, _: machine.push({}),
        "EMPTY_LIST": lambda machine, _: machine.push([]),
        "EMPTY_SET": lambda machine, _: machine.push([]),
        "EMPTY_TUPLE": lambda machine, _: machine.push(()),
        "TUPLE1": lambda machine, _: machine.push(machine.take(1)),
        "TUPLE2": lambda machine, _: machine.push(machine.take(2)),
        "TUPLE3": lambda machine, _: machine.push(machine.take(3)),
        "TUPLE": lambda machine, _: machine.push(tuple(machine.pop_to_mark())),
        "LIST": lambda machine, _: machine.push(machine.pop_to_mark()),
        "DICT": lambda machine, _: machine.push(_fill({}, machine.pop_to_mark())),
        "APPEND": lambda machine, _: machine.extend(machine.take(1)),
        "APPENDS": lambda machine, _: machine.extend(machine.pop_to_mark()),
        "ADDITEMS": lambda machine, _: machine.extend(machine.pop_to_mark()),
        "SETITEM": lambda machine, _: machine.set_items(machine.take(2)),
        "SETITEMS": lambda machine, _: machine.set_items(machine.pop_to_mark()),
        **dict.fromkeys(("PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"), _Machine.remember),
        **dict.fromkeys(("GET", "BINGET", "LONG_BINGET"), _Machine.recall),
        "GLOBAL": lambda machine, names: machine.push(_find(*names.split(" "))),
        "STACK_GLOBAL": lambda machine, _: machine.push(_find(*machine.take(2))),
        "REDUCE": _Machine.call,
        # What is more to know of an object, such as the versions in a state dict's `_metadata`.
        "BUILD": _Machine.drop,
        "BINPERSID": _Machine.find_storage,
    }
)

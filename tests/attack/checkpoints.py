"""Hostile checkpoints: refused in one line, without running a word of them, in memory like that of the file."""

from __future__ import annotations

import io
import json
import os
import pickle
import random
import struct
import warnings
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from attack.campaign import Case, SingleAttack, differences, tree
from attack.sandbox import run_command
from attack.world import make_world
from made_up import made_up_state
from published_gaic import PUBLISHED
from published_hcic import published_hcic
from published_transalnet import published
from torch import Tensor

from salient_crop.models.focus.network import FocusNetwork
from salient_crop.models.registry import ARCHITECTURES

_SLACK = 120_000_000  # bytes: what PyTorch imports, and the network that a state dict seems to be of
_LARGEST = 20_000_000  # bytes of a file
_HUGE = [0, 1, 2, 3, 7, 30_000, 1 << 16, 1 << 20, 1 << 31, 1 << 32, 1 << 40, (1 << 63) - 1, 1 << 63, 1 << 64, -1]
Shapes = dict[str, tuple[int, ...]]


class Checkpoints(SingleAttack):
    name, count, short, batch = "checkpoints", 400, 14, 1

    def evidence(self, case: Case) -> Iterable[Path]:
        return case.scratch.glob("a.*")

    def try_one(self, case: Case) -> str:
        world, canary = make_world(case.scratch / "world"), case.scratch / "canary"
        kind, make = _KINDS[case.number % len(_KINDS)]
        suffix, content = make(case.chance, f"touch {canary}")
        file = case.scratch / f"a{suffix}"
        file.write_bytes(content[:_LARGEST])
        before = tree(world)
        words = ["crop", world / "photos", "--out", world / "out", "--workers", "1", "--cropper", file]
        ending = run_command(*words, folder=case.scratch)
        self.spend(ending.seconds, ending.memory)
        if canary.exists():
            return f"{kind}: ran its code"
        allowed = 4 * len(content) + _SLACK
        if ending.memory > allowed:
            return f"{kind}: took {ending.memory / 1e6:.0f} MB for a file of {len(content)} bytes"
        # A forged file may still be a whole state dict with other numbers, which is no attack.
        if complaint := ending.complain(*((2,) if kind not in _MAY_LOAD else (0, 1, 2))):
            return f"{kind}: {complaint}"
        if ending.status == 2 and len(ending.err.splitlines()) != 1:
            return f"{kind}: {len(ending.err.splitlines())} lines: {ending.err[:300]!r}"
        if ending.status == 2 and differences(before, tree(world)):
            return f"{kind}: changed files"
        return ""


@lru_cache(maxsize=1)
def _shapes() -> dict[str, Shapes]:
    """Names and shapes of the tensors of a checkpoint of each architecture."""
    found: dict[str, Shapes] = {
        "focus": {name: tuple(each.shape) for name, each in FocusNetwork((8, 8, 8, 8)).state_dict().items()},
        "gaic": {name: tuple(each) for name, each in PUBLISHED["bo-zhang shufflenetv2"].items()},
        "design-heatmap": {name: tuple(each) for name, each in published_hcic().items()},
        "transalnet": {name: tuple(each) for name, each in published("res", (128, 96)).items()},
    }
    assert list(found) == [each.name for each in ARCHITECTURES]
    return found


@lru_cache(maxsize=1)
def _focus_state() -> dict[str, Tensor]:
    return made_up_state(_shapes()["focus"], 5)


# Files of safetensors


def _safetensors(header: object, data: bytes = b"", length: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode("utf-8", "surrogatepass")
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def _lying_header(chance: random.Random, _: str) -> tuple[str, bytes]:
    """A header that has a length, shapes, types or offsets that are not those of what follows."""
    names = [chance.choice(["a", "", "x" * 10_000, "\x1b[2J", "\ud800", "__metadata__", "a\0"]) for _ in range(3)]
    header: dict[str, Any] = {"b": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}
    for name in names:
        shape = [chance.choice(_HUGE) for _ in range(chance.choice((0, 1, 2, 4, 100)))]
        offsets = [
            chance.choice([0, 4, 8, 16, 1 << 40, (1 << 64) - 1, -1]) for _ in range(chance.choice((2, 2, 2, 1, 3)))
        ]
        dtype = chance.choice(["F32", "F64", "BOOL", "U8", "F99", "", None, 5])
        header[name] = chance.choice(
            [{"dtype": dtype, "shape": shape, "data_offsets": offsets}] * 5 + [None, [], 5, {"shape": shape}]
        )
    length = chance.choice([None, None, None, 0, 1, 1 << 20, 1 << 40, (1 << 64) - 1])
    return ".safetensors", _safetensors(header, bytes(chance.choice((0, 8, 64))), length)


def _overlapping(chance: random.Random, _: str) -> tuple[str, bytes]:
    """Many tensors that claim the same bytes: small in the file, large in memory."""
    size = chance.choice((8, 1 << 20))
    count = chance.choice((2, 500, 20_000))
    entry = {"dtype": "U8", "shape": [size], "data_offsets": [0, size]}
    return ".safetensors", _safetensors({f"t{each}": entry for each in range(count)}, bytes(size))


def _strange_json(chance: random.Random, _: str) -> tuple[str, bytes]:
    deep = b"[" * 100_000 + b"]" * 100_000
    texts = [
        *(
            b"",
            b"{}",
            b"[]",
            b"null",
            b"5",
            deep,
            b'{"a":' * 50_000,
            b"\xff\xfe",
            b'{"a": NaN}',
            b'{"__metadata__": {}}',
        ),
        *(b'{"a": {"dtype": "F32", "shape": [' + b"9" * 5000 + b'], "data_offsets": [0, 4]}}', b" " * 100_000 + b"{}"),
        *(b'{"__metadata__": ' + deep + b"}", b'{"a": 1, "a": 2}', b'"' + b"x" * 10**6 + b'"'),
        b'{"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}, "a": {"dtype": "F32", "shape": [0],'
        b' "data_offsets": [4, 4]}}',
    ]
    return ".safetensors", _safetensors(chance.choice(texts), bytes(4))


def _damaged(chance: random.Random, _: str) -> tuple[str, bytes]:
    """A whole file with bits flipped, cut off, or with another ending."""
    state = _focus_state()
    content, suffix = bytearray(_saved(state)), chance.choice([".pth", ".pt"])
    if chance.random() < 0.5:
        from safetensors.torch import save

        content, suffix = bytearray(save(state)), ".safetensors"
    if chance.random() < 0.2:
        suffix = ".safetensors" if suffix != ".safetensors" else ".pth"
    for _ in range(chance.choice((1, 10, 200))):
        # Where what describes the tensors lies: at either end.
        span = min(len(content), 6000)
        place = chance.randrange(span) if chance.random() < 0.5 else len(content) - 1 - chance.randrange(span)
        content[place] = chance.randrange(256)
    end = chance.choice((len(content), len(content), chance.randrange(len(content))))
    return suffix, bytes(content[:end])


def _saved(content: object, **options: Any) -> bytes:
    file = io.BytesIO()
    torch.save(content, file, **options)
    return file.getvalue()


# Right names with wrong shapes, of every architecture


def _absurd_shapes(chance: random.Random, _: str) -> tuple[str, bytes]:
    """The names of an architecture; some tensors have sides that make a network of any size."""
    shapes = dict(_shapes()[chance.choice(list(_shapes()))])
    for name in chance.sample(list(shapes), chance.choice((1, 2, 10, len(shapes)))):
        sides = list(shapes[name]) or [1]
        kind = chance.randrange(4)
        if kind == 0:
            sides[chance.randrange(len(sides))] = chance.choice((0, 1, 2, 30_000, 1 << 40, (1 << 62) + 1))
        elif kind == 1:
            sides = [chance.choice((1, 3, 10_000_000))]
        elif kind == 2:
            sides = sides[::-1] + [1] * chance.randrange(3)
        else:
            sides = [1] * chance.choice((0, 1, 4, 60))
        shapes[name] = tuple(sides)
    header, offset = {}, 0
    for name, shape in shapes.items():
        count = 1
        for side in shape:
            count *= side
        length = 4 * count if 0 <= 4 * count < 2_000_000 else 0
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [offset, offset + length]}
        offset += length
    return ".safetensors", _safetensors(header, bytes(min(offset, _LARGEST)))


def _strange_numbers(chance: random.Random, _: str) -> tuple[str, bytes]:
    """A whole state dict whose numbers are none, or of another type."""
    state = dict(_focus_state())
    for name in chance.sample(list(state), chance.choice((1, 5, len(state)))):
        number = chance.choice((float("nan"), float("inf"), -1e38, 0.0, 1e38))
        state[name] = torch.full_like(state[name], number) if state[name].is_floating_point() else state[name]
        if chance.random() < 0.3:
            state[name] = state[name].to(chance.choice((torch.float16, torch.bool, torch.int64, torch.complex64)))
    return ".pth", _saved(state)


# Files of torch.save


def _strange_tensors(chance: random.Random, _: str) -> tuple[str, bytes]:
    """Tensors that are no plain arrays, or larger than what they are made of."""
    small = torch.zeros(1)
    name = chance.choice(["a", *_shapes()["focus"], *list(_shapes()["gaic"])[:5]])
    makers: list[Callable[[], object]] = [
        lambda: small.expand(1 << 40),
        lambda: small.expand(30_000, 0),
        lambda: torch.empty(1 << 40, 0),
        lambda: torch.empty(1 << 20, 1 << 20, device="meta"),
        lambda: torch.zeros(1000, 1000).to_sparse(),
        lambda: torch.sparse_coo_tensor(torch.zeros(1, 1, dtype=torch.long), torch.ones(1), (1 << 40,)),
        lambda: torch.zeros(8, 8).to_sparse_csr(),
        lambda: torch.quantize_per_tensor(torch.zeros(4), 0.1, 0, torch.qint8),
        lambda: torch.nested.nested_tensor([torch.zeros(2), torch.zeros(3)]),
        lambda: small.as_strided((1 << 30,), (0,)),
        lambda: torch.nn.Linear(2, 2),
        lambda: [small] * 1000,
        lambda: {1: small},
        lambda: "words",
        lambda: torch.zeros(3, dtype=torch.complex128),
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some kinds are young
        value = chance.choice(makers)()
    state: object = {name: value}
    if chance.random() < 0.3:
        state = {"state_dict": state, "epoch": 3}
    if chance.random() < 0.1:
        state = value
    options = {"_use_new_zipfile_serialization": False} if chance.random() < 0.3 else {}
    try:
        return ".pth", _saved(state, **options)
    except (RuntimeError, TypeError, NotImplementedError, AttributeError):  # of that kind none can be saved
        return ".pth", _saved(state if options == {} else {name: "none"})


def _in_itself(chance: random.Random, _: str) -> tuple[str, bytes]:
    """A state dict within itself, or within hundreds of others."""
    state: dict[Any, Any] = {"a": torch.zeros(1)}
    key = chance.choice(["state_dict", "model", "a"])
    if chance.random() < 0.5:
        state[key] = state
    else:
        for _ in range(chance.choice((9, 200))):
            state = {key: state}
    return ".pt", _saved(state, _use_new_zipfile_serialization=chance.random() < 0.5)


def _code(chance: random.Random, command: str) -> tuple[str, bytes]:
    """A pickle that would run a command, in one of the ways there are, in one of the files that hold pickles."""

    class Calls:
        def __init__(self, function: Any, *arguments: Any) -> None:
            self.found = function, arguments

        def __reduce__(self) -> Any:
            return self.found

    import builtins
    import subprocess

    calls = [
        Calls(os.system, command),
        Calls(subprocess.call, ["sh", "-c", command]),
        Calls(builtins.eval, f"__import__('os').system({command!r})"),
        Calls(builtins.exec, f"import os; os.system({command!r})"),
        Calls(torch.load, command),
    ]
    bad: object = chance.choice(calls)
    content: object = chance.choice(
        [bad, {"a": bad}, {"state_dict": {"a": torch.zeros(1), "b": bad}}, OrderedDict(a=torch.zeros(1), b=bad), [bad]]
    )
    kind = chance.randrange(4)
    if kind == 0:
        return ".pth", _saved(content)
    if kind == 1:
        return ".pt", _saved(content, _use_new_zipfile_serialization=False)
    if kind == 2:
        return ".pth", pickle.dumps(content, protocol=chance.randrange(2, 6))
    program = chance.choice(
        [
            b"cos\nsystem\n(S'" + command.encode() + b"'\ntR.",
            b"(S'" + command.encode() + b"'\nios\nsystem\n.",
            b"(cos\nsystem\nS'" + command.encode() + b"'\no.",
            b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c" + bytes([len(command)]) + command.encode() + b"\x85R.",
            b"cbuiltins\nglobals\n)R.",
            b"ctorch._utils\n_rebuild_tensor_v2\nctorch\nload\n\x85R.",
            b"\x82\x01.",
            b"P0\n.",
        ]
    )
    return ".pth", _archive({"a/data.pkl": program, "a/byteorder": b"little", "a/version": b"3\n"})


def _forged(chance: random.Random, _: str) -> tuple[str, bytes]:
    """A real pickle with opcodes put in, left out and exchanged, in its archive."""
    with zipfile.ZipFile(io.BytesIO(_saved({"a": torch.zeros(4), "b": torch.ones(2, 2)}))) as archive:
        entries = {each.filename: archive.read(each) for each in archive.infolist()}
    program = next(name for name in entries if name.endswith("data.pkl"))
    body = bytearray(entries[program])
    opcodes = b"(.0125FIJKLMNPQRSTUVXabcd}egh2ijl]oprqst)uBC" + bytes([0x80, 0x81, 0x82, *range(0x85, 0x96)])
    for _ in range(chance.choice((1, 2, 5, 30))):
        place = chance.randrange(len(body))
        kind = chance.randrange(4)
        if kind == 0:
            body[place] = chance.choice(opcodes)
        elif kind == 1:
            body[place:place] = bytes([chance.choice(opcodes)]) * chance.choice((1, 1, 100_000))
        elif kind == 2:
            del body[place : place + chance.choice((1, 4))]
        else:
            number = struct.pack("<i", chance.choice([-1, 0, 2**31 - 1, 1 << 24]))
            body[place : place + 4] = number
    entries[program] = bytes(body)
    return ".pth", _archive(entries)


def _endless(chance: random.Random, _: str) -> tuple[str, bytes]:
    """A short program whose value is huge: lists of lists, long numbers, texts that are repeated."""
    double = b"(" + b"h\x00h\x00" * 10 + b"lq\x00"
    programs = [
        b"\x80\x02]q\x00" + double * 400 + b".",
        b"\x80\x02" + b"(" * 100_000 + b".",
        b"\x80\x02" + b"}" + b"}" * 200_000 + b".",
        b"\x80\x02\x8b\xff\xff\xff\x7f.",
        b"\x80\x04\x8d" + struct.pack("<Q", 1 << 60) + b"x.",
        b"\x80\x04\x8e" + struct.pack("<Q", (1 << 63) + 5) + b"x.",
        b"\x80\x02I" + b"9" * 1_000_000 + b"\n.",
        b"\x80\x02L" + b"9" * 1_000_000 + b"L\n.",
        b"\x80\x02}q\x00" + b"h\x00" * 300_000 + b".",
        b"\x80\x02r\xff\xff\xff\xff.",
        b"\x80\x02]q\x00" + b"\x85" * 300_000 + b".",
        b"\x80\x02}("
        + b"".join(b"\x8a\x09" + struct.pack("<Q", each) + b"\x01K\x01" for each in range(30_000))
        + b"u.",
        b"\x80\x02}" + b"\x85" * 300_000 + b"K\x01s.",
    ]
    program = chance.choice(programs)
    return ".pth", _archive({"a/data.pkl": program, "a/byteorder": b"little"}) if chance.random() < 0.7 else program


def _strange_archive(chance: random.Random, _: str) -> tuple[str, bytes]:
    """Zip archives that inflate, lie, repeat names or lead out of themselves."""
    good = _saved({"a": torch.zeros(300)})
    with zipfile.ZipFile(io.BytesIO(good)) as archive:
        entries = {each.filename: archive.read(each) for each in archive.infolist()}
    kind = chance.randrange(7)
    if kind == 0:
        program = next(name for name in entries if name.endswith("data.pkl"))
        entries[chance.choice([program, "archive/data/0", "x"])] = bytes(300_000_000)
        return ".pth", _archive(entries, zipfile.ZIP_DEFLATED)
    if kind == 1:
        return ".pth", _archive({**entries, "other/data.pkl": b"N.", "../../x": b"x"})
    if kind == 2:
        return ".pth", _archive({f"a/data/{each}": b"" for each in range(70_000)})
    if kind == 3:
        return ".pth", _archive({**entries, "archive/byteorder": chance.choice([b"big", b"", b"\xff", b"x" * 10**6])})
    if kind == 4:  # sizes and offsets of the directory
        content, place = bytearray(good), good.rindex(b"PK\x01\x02")
        for _ in range(3):
            content[place + chance.randrange(46)] = chance.randrange(256)
        return ".pth", bytes(content)
    if kind == 5:
        content, place = bytearray(good), good.rindex(b"PK\x05\x06")
        content[place + chance.randrange(22)] = chance.randrange(256)
        return ".pth", bytes(content)
    return ".pth", _archive({})


def _archive(entries: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return file.getvalue()


def _old_file(chance: random.Random, _: str) -> tuple[str, bytes]:
    """The five pickles of an old file with numbers that lie."""
    content = bytearray(_saved({"a": torch.zeros(100)}, _use_new_zipfile_serialization=False))
    place = len(content) - 400 - 8
    if chance.random() < 0.5:
        content[place : place + 8] = struct.pack("<q", chance.choice([-1, 0, 1 << 40, (1 << 63) - 1, 101]))
    else:
        for _ in range(chance.choice((1, 4, 20))):
            content[chance.randrange(place)] = chance.randrange(256)
    return ".pth", bytes(content)


def _nonsense(chance: random.Random, _: str) -> tuple[str, bytes]:
    texts = [b"", b"\0" * 8, b"<html>", b"version https://git-lfs", b"PK\x03\x04", b"\x89PNG", b"\x80\x02", b"x" * 1000]
    return chance.choice([".pth", ".pt", ".safetensors"]), chance.choice(texts) + chance.randbytes(chance.randrange(50))


_Maker = Callable[[random.Random, str], tuple[str, bytes]]
_KINDS: list[tuple[str, _Maker]] = [
    (each.__name__.strip("_"), each)
    for each in (
        *(_lying_header, _overlapping, _strange_json, _damaged, _absurd_shapes, _strange_numbers, _strange_tensors),
        *(_in_itself, _code, _forged, _endless, _strange_archive, _old_file, _nonsense, _absurd_shapes, _lying_header),
    )
]
_MAY_LOAD = ("damaged", "strange_numbers", "absurd_shapes")

ATTACKS = (Checkpoints,)

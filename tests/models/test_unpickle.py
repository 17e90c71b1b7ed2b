"""Pickles of checkpoints: what they say, without a call, and what is none, soon and in little memory."""

from __future__ import annotations

import pickle
import time
import tracemalloc
from collections import OrderedDict
from io import BytesIO

import pytest
import torch

from salient_crop.models.unpickle import RefusedError, unpickle

PLAIN = [
    {},
    [],
    (),
    {"epoch": 3, "loss": 0.5, "best": None, "done": True, "name": "künstlich", 7: [1, (2, 3, 4, 5)]},
    {"big": 2**60, "negative": -(10**30), "nested": {"a": {"b": [{}]}}},
    OrderedDict(a=1, b=[2]),
]


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("value", PLAIN, ids=repr)
def test_plain_values_are_themselves(value, protocol):
    file = BytesIO(pickle.dumps(value, protocol) + b"what follows")
    assert unpickle(file) == value
    assert file.read() == b"what follows"


def test_what_is_shared_stays_shared_even_in_itself():
    loop = {"a": []}
    loop["self"], loop["a"] = loop, [loop["a"]] * 2
    found = unpickle(BytesIO(pickle.dumps(loop)))
    assert found["self"] is found
    assert found["a"][0] is found["a"][1]


@pytest.mark.parametrize("value", [torch.Size([1, 2]), {1, 2}, 1j, bytearray(b"x")], ids=repr)
def test_harmless_objects_do_not_stop_it(value):
    unpickle(BytesIO(pickle.dumps({"args": value, "state_dict": {}}, 4)))


@pytest.mark.parametrize(
    "program",
    [
        b"cos\nsystem\n(S'true'\ntR.",
        b"cbuiltins\neval\n.",
        b"c__builtin__\ngetattr\n.",
        b"ctorch\nload\n.",
        b"ctorch.hub\nload\n.",
        b"ctorch._utils\n_import_dotted_name\n.",
        b"csalient_crop.models.unpickle\nunpickle\n.",
        b"i" + b"os\nsystem\n.",  # INST
        b"\x80\x02cos\nsystem\n)\x81.",  # NEWOBJ
        b"\x82\x01.",  # EXT1
        pickle.dumps(time.sleep, 5),
    ],
)
def test_what_would_run_code_is_refused(program):
    with pytest.raises(RefusedError, match="would run code; save the network's state_dict"):
        unpickle(BytesIO(program))


BIG, MANY = 2**40, 20_000  # MANY is more than the steps that the test allows
HOSTILE = {
    "nothing": b"",
    "no end": b"\x80\x02}",
    "an empty stack": b".",
    "a mark that is not there": b"t.",
    "memory that is empty": b"h\x07.",
    "memory far away": b"\x80\x02}r\xff\xff\xff\xffh\x00.",
    "an array for the asking": b"cbuiltins\nbytearray\n\x8a\x06" + BIG.to_bytes(6, "little") + b"\x85RR.",
    "a tensor for the asking": b"ctorch\nTensor\n\x8a\x06" + BIG.to_bytes(6, "little") + b"\x85RR.",
    "bytes that are not there": b"\x8e" + BIG.to_bytes(8, "little") + b"abc.",
    "a bytearray that is not there": b"\x96" + BIG.to_bytes(8, "little") + b"abc.",
    "a frame that is not there": b"\x80\x04\x95" + BIG.to_bytes(8, "little") + b"e.",
    "a text that is not there": b"X\xff\xff\xff\xffabc.",
    "a number of many digits": b"L" + b"9" * 100_000 + b"L\n.",
    "a key of many digits": b"}\x8b" + (10**5).to_bytes(4, "little") + b"\x01" * 10**5 + b"Ns.",
    "a key of nested tuples": b"})" + b"\x85" * 9_000 + b"Ns.",
    "items of a list": b"]NNs.",
    "an append to a number": b"K\x01Na.",
    "a long list handed over again and again": b"("
    + b"K\x01" * 3_000
    + b"lq\x000"
    + b"ccollections\nOrderedDict\nq\x01"
    b"0" + b"h\x01h\x00\x85R0" * 1_000 + b".",
    "more steps than any network": b"N0" * MANY + b".",
    "a storage of a negative length": b"(X\x07\0\0\0storagectorch\nFloatStorage\nX\1\0\0\x000X\3\0\0\0cpu"
    b"J\xff\xff\xff\xfftQ.",
    "a storage without a kind": b"(X\x07\0\0\0storageNX\1\0\0\x000X\3\0\0\0cpuK\x01tQ.",
    "a tensor of nothing": b"ctorch._utils\n_rebuild_tensor_v2\n(NK\x00))\x89}tR.",
    "a text that cannot be decoded": b"X\1\0\0\0\xff.",
}


@pytest.mark.parametrize("program", HOSTILE.values(), ids=HOSTILE)
def test_hostile_programs_end_soon_in_little_memory(program, monkeypatch):
    monkeypatch.setattr("salient_crop.models.unpickle.MAX_STEPS", MANY)
    tracemalloc.start()
    try:
        with pytest.raises(Exception, match=None) as raised:
            unpickle(BytesIO(program))
        assert not isinstance(raised.value, MemoryError | RecursionError)
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()

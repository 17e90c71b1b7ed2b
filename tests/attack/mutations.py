"""Changes what picture files are made of: sizes, counts and offsets, parts left out, repeated, moved and exchanged."""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable, Sequence

from attack.forms import ENTRY, NUMBERS, Part, split

LONGEST = 400_000  # bytes of a file
_TELLING = [0, 1, 2, 3, 7, 8, 15, 16, 31, 32, 64, 127, 128, 255, 256, 511, 1024, 4096, 16383, 16384, 32767, 32768]
_TELLING += [65500, 65535, 65536, 99_999, 1 << 20, 1 << 24, (1 << 31) - 1, 1 << 31, (1 << 32) - 1, 178_956_970]
_LARGE = [2000, 8000, 16383, 20_000, 65_500, 65_535, 100_000, 1 << 20, 1 << 24, (1 << 31) - 1]
# Which of the numbers of a part are its width and its height.
_SIDES = {
    **dict.fromkeys((b"IHDR",), ((0, 4, "big"), (4, 4, "big"))),
    **{bytes((0xFF, each)): ((1, 2, "big"), (3, 2, "big")) for each in (0xC0, 0xC1, 0xC2)},
    b"VP8X": ((4, 3, "little"), (7, 3, "little")),
    b"VP8L": ((1, 4, "little"),),
    b"VP8 ": ((6, 2, "little"), (8, 2, "little")),
    b"header": ((6, 2, "little"), (8, 2, "little")),
    b",": ((5, 2, "little"), (7, 2, "little")),
    b"info": ((4, 4, "little"), (8, 4, "little")),
    b"ispe": ((4, 4, "big"), (8, 4, "big")),
    b"\x00\x01": ((6, 4, "little"),),  # tags 256 and 257 of a little-endian TIFF
    b"\x01\x01": ((6, 4, "little"),),
}


def mutate(chance: random.Random, bases: Sequence[tuple[str, bytes]]) -> tuple[str, bytes]:
    """Extension and content of a picture that is one of the bases with one to four changes."""
    extension, content = chance.choice(bases)
    whole = split(content)
    for _ in range(chance.choice((1, 1, 1, 2, 2, 3, 4))):
        chance.choice(_CHANGES)(chance, whole, bases)
    content = whole.content()
    if chance.random() < 0.2:
        content = chance.choice(_OF_BYTES)(chance, content, bases)
    if chance.random() < 0.05:
        extension = chance.choice(bases)[0]
    return extension, content[:LONGEST]


def _lists(whole: Part) -> list[list[Part]]:
    return [each.parts for each in whole.walk() if each.parts]


def _leaf(chance: random.Random, whole: Part) -> Part:
    return chance.choice(list(whole.walk()))


def _write(part: Part, place: tuple[int, int, str], value: int) -> None:
    start, length, order = place
    if len(part.body) < start + length:
        part.body = part.body.ljust(start + length, b"\0")
    number = (value & ((1 << 8 * length) - 1)).to_bytes(length, order)  # type: ignore[arg-type]
    part.body = part.body[:start] + number + part.body[start + length :]


def _value(chance: random.Random, old: int) -> int:
    kind = chance.randrange(6)
    if kind == 0:
        return old + chance.choice((-1, 1, -2, 2, 8, -8))
    if kind == 1:
        return old * chance.choice((2, 3, 10, 1000)) or 1
    if kind == 2:
        return chance.getrandbits(32)
    return chance.choice(_TELLING)


def _change_number(chance: random.Random, whole: Part, bases: Sequence[tuple[str, bytes]]) -> None:
    parts = [each for each in whole.walk() if each.kind in NUMBERS or len(each.kind) == 2 and len(each.body) == 10]
    part = chance.choice(parts or [whole])
    places = NUMBERS.get(part.kind, ENTRY if len(part.body) == 10 else ())
    place = chance.choice(places or [(chance.randrange(max(1, len(part.body))), chance.choice((1, 2, 4)), "little")])
    start, length, order = place
    old = int.from_bytes(part.body[start : start + length], order)  # type: ignore[arg-type]
    _write(part, place, _value(chance, old))


def _claim_large(chance: random.Random, whole: Part, bases: Sequence[tuple[str, bytes]]) -> None:
    """A width, a height or both that are far larger than what follows."""
    both, value = chance.random() < 0.6, chance.choice(_LARGE)
    for part in whole.walk():
        places = _SIDES.get(part.kind, ())
        for place in places:
            if both or chance.random() < 0.5:
                _write(part, place, value)


def _change_anywhere(chance: random.Random, whole: Part, bases: Sequence[tuple[str, bytes]]) -> None:
    part = _leaf(chance, whole)
    length = chance.choice((1, 1, 2, 4))
    start = chance.randrange(max(1, len(part.body)))
    _write(part, (start, length, chance.choice(("little", "big"))), chance.choice(_TELLING))


def _flip_bits(chance: random.Random, whole: Part, bases: Sequence[tuple[str, bytes]]) -> None:
    part = _leaf(chance, whole)
    body = bytearray(part.body)
    for _ in range(chance.choice((1, 1, 4, 16)) if body else 0):
        body[chance.randrange(len(body))] ^= 1 << chance.randrange(8)
    part.body = bytes(body)


def _claim_length(chance: random.Random, whole: Part, bases: Sequence[tuple[str, bytes]]) -> None:
    part = _leaf(chance, whole)
    part.claimed = _value(chance, len(part.body))


def _drop(chance: random.Random, whole: Part, bases: Sequence[tuple[str, bytes]]) -> None:
    lists = _lists(whole)
    if lists:
        parts = chance.choice(lists)
        del parts[chance.randrange(len(parts))]


def _repeat(chance: random.Random, whole: Part, bases: Sequence[tuple[str, bytes]]) -> None:
    lists = _lists(whole)
    if not lists:
        return
    parts = chance.choice(lists)
    index = chance.randrange(len(parts))
    times = min(chance.choice((1, 1, 2, 10, 100, 2000)), LONGEST // (20 + len(parts[index].content())))
    parts[index:index] = [parts[index].copy() for _ in range(times)]


def _reorder(chance: random.Random, whole: Part, bases: Sequence[tuple[str, bytes]]) -> None:
    lists = _lists(whole)
    if lists:
        parts = chance.choice(lists)
        first, second = chance.randrange(len(parts)), chance.randrange(len(parts))
        parts[first], parts[second] = parts[second], parts[first]


def _exchange(chance: random.Random, whole: Part, bases: Sequence[tuple[str, bytes]]) -> None:
    """A part of another file in the place of one, or beside it."""
    lists = _lists(whole)
    found = [other for _ in range(4) for other in _lists(split(chance.choice(bases)[1]))]
    if not lists or not found:
        return
    parts, new = chance.choice(lists), chance.choice(chance.choice(found)).copy()
    index = chance.randrange(len(parts))
    same = [each for other in found for each in other if each.kind == parts[index].kind]
    if same and chance.random() < 0.6:
        new = chance.choice(same).copy()
    parts[index : index + chance.randrange(2)] = [new]


def _resize(chance: random.Random, whole: Part, bases: Sequence[tuple[str, bytes]]) -> None:
    """A body that is shorter or longer than it was, with a true length."""
    part = _leaf(chance, whole)
    end = chance.randrange(len(part.body) + 1)
    more = chance.choice((b"", bytes(chance.choice((1, 100, 70_000))), chance.randbytes(50), part.body * 3))
    part.body = part.body[:end] + more


def _rename(chance: random.Random, whole: Part, bases: Sequence[tuple[str, bytes]]) -> None:
    part, other = _leaf(chance, whole), _leaf(chance, split(chance.choice(bases)[1]))
    part.kind = other.kind if len(other.kind) == len(part.kind) else chance.randbytes(len(part.kind))


def _unpack(chance: random.Random, whole: Part, bases: Sequence[tuple[str, bytes]]) -> None:
    """Pixels of a PNG changed before they are packed, or as many as a header may claim."""
    for part in whole.walk():
        if part.kind in (b"IDAT", b"fdAT"):
            try:
                rows = bytearray(zlib.decompress(part.body))
            except zlib.error:
                continue
            for _ in range(8):
                rows[chance.randrange(len(rows))] = chance.randrange(256)
            more = bytes(chance.choice((0, 0, 10**6, 3 * 10**7)))
            part.body = zlib.compress(bytes(rows) + more, 9)
            return
    _change_anywhere(chance, whole, bases)


_Change = Callable[[random.Random, Part, Sequence[tuple[str, bytes]]], None]
_CHANGES: tuple[_Change, ...] = (
    *(_change_number, _change_number, _change_number, _claim_large, _change_anywhere, _flip_bits, _claim_length),
    *(_drop, _repeat, _reorder, _exchange, _resize, _rename, _unpack),
)


def _truncate(chance: random.Random, content: bytes, bases: Sequence[tuple[str, bytes]]) -> bytes:
    return content[: chance.randrange(len(content) + 1)]


def _splice(chance: random.Random, content: bytes, bases: Sequence[tuple[str, bytes]]) -> bytes:
    other = chance.choice(bases)[1]
    return content[: chance.randrange(len(content) + 1)] + other[chance.randrange(len(other)) :]


def _scatter(chance: random.Random, content: bytes, bases: Sequence[tuple[str, bytes]]) -> bytes:
    changed = bytearray(content)
    for _ in range(chance.choice((1, 5, 50)) if changed else 0):
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


_OF_BYTES: tuple[Callable[[random.Random, bytes, Sequence[tuple[str, bytes]]], bytes], ...] = (
    *(_truncate, _splice, _scatter),
)

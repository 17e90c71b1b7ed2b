"""Samples of a webdataset tar: the members that follow each other and have one key."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import BinaryIO

from ..find import EXTENSIONS
from ..json_values import MalformedValue, read_relative_path
from .tar import Member, TornTarError, read_members

# As webdataset has it: the key goes to the first dot of the last part of the name, and a name that begins with a dot
# has none.
_NAME = re.compile(r"((?:.*/)?[^./][^./]*)\.([^/]+)", re.DOTALL)
CAPTION, DETAILS = "txt", "json"
NO_SAMPLE = "no part of a sample: the name is no key, a dot and an extension"
OUTSIDE = "its name leads out of the folder"


@dataclass(slots=True)
class Sample:
    """What a tar holds under one key.

    Attributes:
        key: of its members' names.
        name: the key, with a number where another sample has had it: by it the sample's own outputs are called.
        members: the contents, by extension as it is written.
        notes: what is wrong with single members, in words.
    """

    key: str
    name: str
    members: dict[str, bytes] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def size(self) -> int:
        """Bytes of all contents."""
        return sum(map(len, self.members.values()))

    def picture(self, extension: str | None = None) -> str:
        """The extension of its picture.

        Args:
            extension: of the one that counts; None for the only one that is a picture's.

        Raises:
            ValueError: when there is none, or several.
        """
        if extension is not None:
            found = [each for each in self.members if each.lower() == extension.lower()]
        else:
            found = [each for each in self.members if f".{each.lower()}" in EXTENSIONS]
        if len(found) == 1:
            return found[0]
        if found:
            raise ValueError(f"several pictures of one key ({', '.join(found)}); --image-column says which one counts")
        others = ", ".join(self.members) or "nothing"
        raise ValueError("; ".join([f"no picture among what has its key ({others})", *self.notes]))


@dataclass(frozen=True, slots=True)
class LostMember:
    """Something in a tar that belongs to no sample.

    Attributes:
        name: of the member; empty for the tar itself.
        reason: in words.
        torn: whether samples may be missing.
    """

    name: str
    reason: str
    torn: bool = False


def read_samples(stream: BinaryIO, limit: int) -> Iterator[Sample | LostMember]:
    """The samples of a tar in their order, and in their places what belongs to none.

    A key that comes again, or has a member of one extension twice, is another sample, and says so.

    Args:
        stream: at the beginning of the tar.
        limit: bytes of a sample's contents.

    Raises:
        OSError: when the stream cannot be read.
    """
    names = _Names()
    sample: Sample | None = None
    torn = ""
    try:
        for member in read_members(stream, limit):
            name = member.name.removeprefix("./")
            found = _NAME.fullmatch(name)
            problem = _name_problem(name, found)
            if found is None or problem:
                yield LostMember(name, problem)
                continue
            key, extension = found.groups()
            if sample is None or key != sample.key or extension in sample.members:
                if sample is not None:
                    yield sample
                sample = names.new_sample(key)
            _add(sample, extension, member, limit)
    except TornTarError as error:
        torn = str(error)
        if sample is not None:
            sample.notes.append("its shard is torn here or behind it")
    if sample is not None:
        yield sample
    if torn:
        yield LostMember("", torn, torn=True)


def _add(sample: Sample, extension: str, member: Member, limit: int) -> None:
    if member.content is None:
        sample.notes.append(f"{extension}: {member.problem}")
    elif sample.size + len(member.content) > limit:
        sample.notes.append(f"{extension}: more than there is room for in one sample; allow more with --memory")
    else:
        sample.members[extension] = member.content


def _name_problem(name: str, found: re.Match[str] | None) -> str:
    if found is None:
        return NO_SAMPLE
    try:
        read_relative_path(name)
    except MalformedValue:
        return OUTSIDE
    return ""


class _Names:
    """A name of its own for every sample of a shard; memory: the keys."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def new_sample(self, key: str) -> Sample:
        name = key
        if key in self._taken:
            name = next(each for number in count(2) if (each := f"{key}~{number}") not in self._taken)
        self._taken.add(name)
        notes = [f"its key was there before; it goes on as {name}"] if name != key else []
        return Sample(key, name, notes=notes)

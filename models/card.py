"""The card of bundled weights, for machines: what they are, what they take, what they were trained and measured on.

Each folder of bundled weights holds `card.json` beside them, and `card.md` for people. The fields follow timm's
`pretrained_cfg` and the model cards of Mitchell et al. (2019).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
FILE = "card.json"


@dataclass(frozen=True)
class InputFormat:
    """The pictures that a network takes.

    Attributes:
        size: (width, height) in pixels of a picture of the usual shape.
        keeps_shape: whether a picture of another shape keeps its shape, with about as many pixels.
        multiple: both sides are multiples of it.
        mean, std: taken off and divided by, one a channel.
        value_range: of the values before that.
        colour_order: of the channels.
    """

    size: tuple[int, int]
    keeps_shape: bool
    multiple: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    value_range: tuple[float, float]
    colour_order: str


@dataclass(frozen=True)
class TrainingData:
    """A data set that the weights were trained on.

    Attributes:
        name: of the set.
        use: what was learned from it.
        count: how many of `unit`, or None where it was not recorded.
        unit: what is counted.
        licence: as its authors state it, or None where it was not recorded.
    """

    name: str
    use: str
    count: int | None
    unit: str
    licence: str | None


@dataclass(frozen=True)
class Figure:
    """A measured number.

    Attributes:
        name: what was measured, with its unit.
        value: the number.
        data: what it was measured on.
        count: how many pictures, crops or cases that is, or None.
        trained_on: whether the weights were trained on the same data, wholly or mostly.
    """

    name: str
    value: float
    data: str
    count: int | None
    trained_on: bool


@dataclass(frozen=True)
class ModelCard:
    """What is known of bundled weights.

    Attributes:
        name: of the model and of its folder.
        tag: which weights of it; a date.
        summary: what it does, in a sentence.
        file: of the weights, beside the card.
        sha256: of the file, in hex.
        size_bytes: of the file.
        parameters: how many numbers the weights hold.
        licence: of the weights.
        input: the pictures that it takes, or None where it takes none.
        data: what it was trained on.
        recipe: commands that train it.
        figures: what was measured.
        limits: where it fails.
    """

    name: str
    tag: str
    summary: str
    file: str
    sha256: str
    size_bytes: int
    parameters: int
    licence: str
    input: InputFormat | None
    data: tuple[TrainingData, ...]
    recipe: tuple[str, ...]
    figures: tuple[Figure, ...]
    limits: tuple[str, ...]

    @property
    def weights_name(self) -> str:
        """The name of the weights, as in timm: the model's and the tag."""
        return f"{self.name}.{self.tag}"

    @property
    def path(self) -> Path:
        """The file of the weights."""
        return FOLDER / self.name / self.file

    def describe(self) -> str:
        """A few lines for people."""
        lines = [
            f"{self.weights_name}: {self.summary}",
            f"  {self.parameters:,} parameters, {self.size_bytes / 1e3:,.0f} kB, {self.licence} licence",
        ]
        if self.input is not None:
            sides = "×".join(map(str, self.input.size))
            shape = "in about as many pixels as " if self.input.keeps_shape else ""
            lines.append(f"  takes pictures {shape}{sides}, {self.input.colour_order}")
        lines.append(f"  trained on {'; '.join(dict.fromkeys(each.name for each in self.data))}")
        lines += [f"  {each.name}: {each.value:g} ({each.data})" for each in self.figures if not each.trained_on]
        return "\n".join(lines)


def list_cards() -> list[str]:
    """The names of all bundled weights, sorted."""
    return sorted(path.parent.name for path in FOLDER.glob(f"*/{FILE}"))


def load_card(name: str) -> ModelCard:
    """The card of bundled weights by the model's name, with or without the tag.

    >>> load_card("focus").file
    'focus.safetensors'

    Raises:
        ValueError: when there are no such weights, or the card is malformed; it names the field.
    """
    model, _, tag = name.partition(".")
    if model not in list_cards():
        raise ValueError(f"there are no bundled weights {name!r}; there are {', '.join(list_cards())}")
    card = read_card(FOLDER / model / FILE)
    if tag not in ("", card.tag):
        raise ValueError(f"the bundled weights are {card.weights_name}, not {name}")
    return card


def read_card(path: Path) -> ModelCard:
    """The card in a file.

    Raises:
        ValueError: when it is no JSON object with exactly the fields of `ModelCard`; names the file and the field.
    """
    try:
        return _parse_card(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError) as error:
        raise ValueError(f"{path}: {error}") from error


def _parse_card(entry: Any) -> ModelCard:
    fields = _check(entry, "the card", ModelCard)
    if fields["input"] is not None:
        fields["input"] = _parse_input(fields["input"])
    fields["data"] = tuple(
        TrainingData(**_check(each, f"data[{index}]", TrainingData)) for index, each in enumerate(fields["data"])
    )
    fields["figures"] = tuple(
        Figure(**_check(each, f"figures[{index}]", Figure)) for index, each in enumerate(fields["figures"])
    )
    for name in ("recipe", "limits"):
        fields[name] = _uniform(fields[name], name, str)
    return ModelCard(**fields)


def _parse_input(entry: Any) -> InputFormat:
    fields = _check(entry, "input", InputFormat)
    for name, kind, length in (("size", int, 2), ("mean", float, 3), ("std", float, 3), ("value_range", float, 2)):
        fields[name] = _uniform(fields[name], f"input.{name}", kind, length)
    return InputFormat(**fields)


# What JSON holds for the annotations of the dataclasses above.
_KINDS: Mapping[str, tuple[type, ...]] = {
    "str": (str,),
    "bool": (bool,),
    "int": (int,),
    "float": (int, float),
    "str | None": (str, type(None)),
    "int | None": (int, type(None)),
    "InputFormat | None": (dict, type(None)),
}


def _check(entry: Any, where: str, shape: type) -> dict[str, Any]:
    """The fields of an object, which must be those of a dataclass and of the right kinds.

    Items of lists are not checked here.
    """
    if not isinstance(entry, dict):
        raise ValueError(f"{where} must be an object, got {entry!r}")
    kinds = shape.__annotations__
    if entry.keys() != kinds.keys():
        raise ValueError(
            f"{where} lacks {sorted(kinds.keys() - entry.keys())} and has unknown {sorted(entry.keys() - kinds.keys())}"
        )
    for name, value in entry.items():
        allowed = _KINDS.get(kinds[name], (list,))
        if not isinstance(value, allowed) or (isinstance(value, bool) and bool not in allowed):
            raise ValueError(f"{where} has {name} {value!r}, which is no {kinds[name]}")
    return dict(entry)


def _uniform(values: Any, where: str, kind: type, length: int | None = None) -> tuple[Any, ...]:
    """A list of one kind, and of a length where it is fixed, as a tuple."""
    kinds = (int, float) if kind is float else (kind,)
    if not isinstance(values, list) or any(not isinstance(each, kinds) or isinstance(each, bool) for each in values):
        raise ValueError(f"{where} must be a list of {kind.__name__}, got {values!r}")
    if length is not None and len(values) != length:
        raise ValueError(f"{where} must hold {length} values, got {len(values)}")
    return tuple(map(kind, values))

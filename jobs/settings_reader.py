"""The settings of a run as its record notes them: the way back from `CropSettings.identity`.

The record may come from anybody. So each field is checked by its own class, and what was read must have exactly the
identity that was noted; a record of another version, or one that was edited, is refused as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from ..cropping.model_sizes import MODEL_SIZES, ModelSizes
from ..cropping.ratio import Ratio
from ..cropping.size_curve import CropChooser, CropRater, SizeModel
from ..datasets.formats import DatasetFormat
from ..datasets.formats.registry import get_format
from ..models.composition.loading import load_bundled_composition
from ..models.region_choice.chooser import load_bundled_choice
from ..models.size_prior.prior import load_bundled_size_prior
from .settings import CropSettings, describe_differences

_BUNDLED: Mapping[Any, Callable[[], Any]] = {
    SizeModel: load_bundled_size_prior,
    CropRater: load_bundled_composition,
    CropChooser: load_bundled_choice,
}


def read_settings(identity: Any, checkpoint: str | None = None) -> CropSettings:
    """The settings with this identity.

    Args:
        identity: as `CropSettings.identity` gives it, read from JSON.
        checkpoint: see `CropSettings`.

    Raises:
        ValueError: when it is none of this version's.
    """
    try:
        settings = _read(CropSettings, identity, checkpoint=checkpoint)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"settings: not those of a run of this version ({error})") from None
    found = settings.identity()
    if differences := describe_differences(_as_read(identity), _as_read(found)):
        raise ValueError(f"settings: not those of a run of this version ({', '.join(differences[:3])})")
    return settings


def _read(kind: Any, value: Any, **more: Any) -> Any:
    """A value of a type from its JSON value.

    Raises:
        KeyError, TypeError, ValueError: when it is none.
    """
    if get_origin(kind) in (Union, UnionType):
        return _read_one_of(get_args(kind), value)
    if get_origin(kind) is tuple:
        return _read_tuple(get_args(kind), value)
    if kind in _BUNDLED:
        return _find_bundled(kind, value)
    if kind is Ratio:
        return Ratio.parse(value)
    if kind is ModelSizes:
        return MODEL_SIZES[value]
    if kind is Path:
        return Path(value)
    if isinstance(kind, type) and issubclass(kind, DatasetFormat):
        kind = get_format(_mapping(value)["format"])
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        noted = [each.name for each in fields(kind) if each.metadata.get("identity", True)]
        return kind(**{name: _read(hints[name], _mapping(value)[name]) for name in noted}, **more)  # type: ignore[operator]
    if kind is float and type(value) is int:
        return value
    if type(value) is not kind:
        raise TypeError(f"expected {getattr(kind, '__name__', kind)}, got {type(value).__name__}")
    return value


def _read_one_of(kinds: tuple[Any, ...], value: Any) -> Any:
    if value is None and NoneType in kinds:
        return None
    problem: Exception = TypeError("expected a value")
    for kind in kinds:
        if kind is NoneType:
            continue
        try:
            return _read(kind, value)
        except (KeyError, TypeError, ValueError) as error:
            problem = error
    raise problem


def _read_tuple(kinds: tuple[Any, ...], value: Any) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise TypeError(f"expected a list, got {type(value).__name__}")
    if kinds[-1:] == (Ellipsis,):
        return tuple(_read(kinds[0], each) for each in value)
    return tuple(_read(kind, each) for kind, each in zip(kinds, value, strict=True))


def _find_bundled(kind: Any, digest: Any) -> Any:
    model = _BUNDLED[kind]()
    if model.digest != digest:
        raise ValueError("a model of taste that does not come with this version")
    return model


def _mapping(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise TypeError(f"expected an object, got {type(value).__name__}")
    return value


def _as_read(identity: Mapping[str, Any]) -> Mapping[str, Any]:
    """With lists for tuples, as JSON has them."""
    return {name: _listed(value) for name, value in identity.items()}


def _listed(value: Any) -> Any:
    if isinstance(value, Mapping):
        return _as_read(value)
    return [_listed(each) for each in value] if isinstance(value, list | tuple) else value

"""All dataset formats by name. A new format is listed here, and every door offers it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ...cropping.checks import show
from .ai_toolkit import AiToolkit
from .base import DatasetFormat
from .comfyui import ComfyUi
from .diffusers import Diffusers
from .kohya import Kohya
from .onetrainer import OneTrainer
from .plain import Plain

FORMATS: Mapping[str, type[DatasetFormat]] = MappingProxyType(
    {each.name: each for each in (Plain, Kohya, AiToolkit, OneTrainer, Diffusers, ComfyUi)}
)


def get_format(name: str) -> type[DatasetFormat]:
    """The class of a format; its instance is made with concept, repeats and batch size.

    >>> get_format("kohya")(concept="cat", repeats=10).crop_path("a/b", "png")
    '10_cat/a_b.png'

    Raises:
        ValueError: when no format has that name; lists the names.
    """
    if not isinstance(name, str) or name not in FORMATS:
        raise ValueError(f"{show(name)} is no dataset format; use one of {', '.join(FORMATS)}")
    return FORMATS[name]

"""The sizes that image and video models were made for, as their makers list them: each is a ratio and exact pixels.

Add a model by a line in `MODEL_SIZES`, with where its makers say so. All sizes are (width, height) in pixels.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import log
from types import MappingProxyType
from typing import TypeAlias

from .checks import Size, check_size, show
from .ratio import Ratio

# Podell et al., "SDXL: Improving Latent Diffusion Models for High-Resolution Image Synthesis" (2023), appendix I. Width
# by height, as in the paper; 1344x704 alone has no transpose.
_SDXL = (
    *((2048, 512), (1984, 512), (1920, 512), (1856, 512), (1792, 576), (1728, 576), (1664, 576), (1600, 640)),
    *((1536, 640), (1472, 704), (1408, 704), (1344, 704), (1344, 768), (1280, 768), (1216, 832), (1152, 832)),
    *((1152, 896), (1088, 896), (1088, 960), (1024, 960), (1024, 1024), (960, 1024), (960, 1088), (896, 1088)),
    *((896, 1152), (832, 1152), (832, 1216), (768, 1280), (768, 1344), (704, 1408), (704, 1472), (640, 1536)),
    *((640, 1600), (576, 1664), (576, 1728), (576, 1792), (512, 1856), (512, 1920), (512, 1984), (512, 2048)),
)
# FLUX.1 takes any size in steps of 16 pixels; these are the ones that its Kontext was trained on, as Black Forest Labs'
# pipeline in diffusers (`FluxKontextPipeline`) and ComfyUI's node FluxKontextImageScale list them.
_FLUX_LANDSCAPE = (
    *((1568, 672), (1504, 688), (1456, 720), (1392, 752)),
    *((1328, 800), (1248, 832), (1184, 880), (1104, 944)),
)
# QwenLM/Qwen-Image, README: `aspect_ratios` for Qwen-Image and Qwen-Image-2512.
_QWEN_IMAGE_LANDSCAPE = ((1664, 928), (1584, 1056), (1472, 1104))


@dataclass(frozen=True, slots=True)
class ModelSizes:
    """The sizes of one model. Asked of a crop, it is the one of them that is nearest to the picture.

    Attributes:
        name: that users type.
        sizes: distinct ratios, in any order.

    >>> MODEL_SIZES["sdxl"].nearest((4000, 3000))
    (1152, 896)
    """

    name: str
    sizes: tuple[Size, ...]

    def nearest(self, size: Size) -> Size:
        """The one whose ratio is nearest to that of a picture of `size`: of it the least is lost."""
        width, height = check_size("size", size)
        return min(self.sizes, key=lambda each: abs(log(each[0] * height / (each[1] * width))))

    def __str__(self) -> str:
        return self.name


def _both_ways(sizes: Iterable[Size]) -> tuple[Size, ...]:
    return tuple(dict.fromkeys(each for width, height in sizes for each in ((width, height), (height, width))))


MODEL_SIZES: Mapping[str, ModelSizes] = MappingProxyType(
    {
        name: ModelSizes(name, sizes)
        for name, sizes in {
            "sdxl": _SDXL,
            "flux": _both_ways(((1024, 1024), *_FLUX_LANDSCAPE)),
            "qwen-image": _both_ways(((1328, 1328), *_QWEN_IMAGE_LANDSCAPE)),
            # Wan-Video/Wan2.2, wan/configs: `SUPPORTED_SIZES` of t2v-A14B and i2v-A14B, and of ti2v-5B.
            "wan": _both_ways(((1280, 720),)),
            "wan-480p": _both_ways(((832, 480),)),
            "wan-5b": _both_ways(((1280, 704),)),
        }.items()
    }
)
"""Name → sizes."""

Shape: TypeAlias = Ratio | ModelSizes
"""What is asked of a crop's shape: a ratio, or the nearest size of a model."""


MAX_LIST = 4000
"""Characters of a text of several ratios."""


def parse_shape(text: str) -> Shape:
    """A ratio as `Ratio.parse` reads it, or the name of a model.

    >>> parse_shape("2:3"), str(parse_shape("SDXL"))
    (Ratio(width=2, height=3), 'sdxl')

    Raises:
        TypeError: when it is no text.
        ValueError: when it is neither.
    """
    if isinstance(text, str) and (found := MODEL_SIZES.get(text.strip().lower())):
        return found
    try:
        return Ratio.parse(text)
    except ValueError as error:
        raise ValueError(f"{error}, or name a model: {', '.join(MODEL_SIZES)}") from None


def parse_shapes(shapes: str | Shape | Iterable[str | Shape]) -> tuple[Shape, ...]:
    """One or several ratios and names of models, each once, in order.

    >>> parse_shapes("2:3, 16:9, 4:6")
    (Ratio(width=2, height=3), Ratio(width=16, height=9))

    Args:
        shapes: a text with commas between, see `parse_shape`; a ratio; or several of either.

    Raises:
        TypeError: when it is none of these.
        ValueError: when one is malformed, or there is none.
    """
    parts: Iterable[str | Shape]
    if isinstance(shapes, str):
        if len(shapes) > MAX_LIST:
            raise ValueError(f"ratio: {show(shapes)} has more than {MAX_LIST} characters")
        parts = [part for part in shapes.split(",") if part.strip()]
    else:
        parts = [shapes] if isinstance(shapes, Shape) else shapes
    if not isinstance(parts, Iterable):
        raise TypeError(f"ratio: expected a text such as '2:3' or a Ratio, got {type(shapes).__name__}")
    found = tuple(dict.fromkeys(_shape(part) for part in parts))
    if not found:
        raise ValueError(f"ratio: no ratio in {show(shapes)}; write it as 2:3, 832x1216 or 1.5")
    return found


def _shape(part: str | Shape) -> Shape:
    if isinstance(part, Shape):
        return part
    if not isinstance(part, str):
        raise TypeError(f"ratio: expected a text such as '2:3' or a Ratio, got {type(part).__name__}")
    return parse_shape(part)

"""Any kind of pixels to 8-bit sRGB: deep, grey, CMYK, Lab, palettes, alpha, ICC profiles."""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np
from PIL import Image, ImageCms, ImageColor

from ..cropping.checks import check_whole_number, show
from .profile import is_usable

RGB = tuple[int, int, int]
WHITE: RGB = (255, 255, 255)

# A profile that changes no colour by more levels than this is sRGB under another name: converting only adds rounding.
_SAME_COLOUR = 2

_BLOCK_PIXELS = 1 << 19  # of a deep picture that are worked on at once


def parse_colour(colour: str | RGB | None) -> RGB | None:
    """A background: a name as in CSS, `#rrggbb`, or (red, green, blue) in 0..255; None and `keep` keep transparency.

    >>> parse_colour("tomato"), parse_colour("#00f"), parse_colour("keep")
    ((255, 99, 71), (0, 0, 255), None)

    Raises:
        TypeError: when it is neither a text nor three whole numbers.
        ValueError: when it is no colour.
    """
    if colour is None or colour == "keep":
        return None
    if isinstance(colour, str):
        try:
            red, green, blue, *_ = ImageColor.getrgb(colour)
        except ValueError:
            raise ValueError(f"background: {show(colour)} is no colour; use a name, #rrggbb or keep") from None
    else:
        try:
            red, green, blue = (check_whole_number("background", level) for level in colour)
        except (TypeError, ValueError):
            expected = "expected a name, #rrggbb or (r, g, b) in whole numbers"
            raise TypeError(f"background: {expected}, got {show(colour)}") from None
    if not 0 <= min(red, green, blue) <= max(red, green, blue) <= 255:
        raise ValueError(f"background: levels must lie in 0..255, got {show(colour)}")
    return red, green, blue


def simple_mode(image: Image.Image) -> str:
    """The mode that `simplify_mode` gives a picture, which need not be decoded."""
    mode = image.mode
    if is_deep(mode):
        return "L"
    if mode == "PA" or (mode in ("1", "P", "L", "RGB") and "transparency" in image.info):
        return "RGBA"
    plain = {"1": "L", "P": "RGB", "La": "LA", "RGBa": "RGBA", "RGBX": "RGB", "YCbCr": "RGB", "HSV": "RGB"}
    return plain.get(mode, mode)


def simplify_mode(image: Image.Image) -> Image.Image:
    """The same picture in a mode whose pixels can be averaged: L, LA, RGB, RGBA, CMYK or LAB, 8 bits a channel."""
    if is_deep(image.mode):
        return _to_8_bits(image)
    simple = simple_mode(image)
    return image if image.mode == simple else image.convert(simple)


def is_deep(mode: str) -> bool:
    """Whether a mode is grey of more than 8 bits."""
    return mode == "F" or mode.startswith("I")


def to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """RGB, or RGBA where some pixel is not opaque, in sRGB.

    Args:
        image: as `simplify_mode` returns it.
        profile: the picture's ICC profile. A profile that is damaged, made for other channels or not usable (see
            `is_usable`) is ignored, as browsers do.
    """
    if image.mode not in ("LA", "RGBA"):
        return _convert_colours(image, profile)
    alpha = image.getchannel("A")
    colours = _convert_colours(image.convert(image.mode[:-1]), profile)
    if alpha.getextrema()[0] == 255:
        return colours
    colours.putalpha(alpha)
    return colours


def composite(image: Image.Image, background: RGB = WHITE) -> Image.Image:
    """The picture as RGB, over `background` where it is transparent.

    Args:
        image: RGB, or RGBA with straight alpha.
    """
    if image.mode == "RGB":
        return image
    canvas = Image.new("RGB", image.size, background)
    canvas.paste(image, mask=image.getchannel("A"))
    return canvas


def _convert_colours(image: Image.Image, profile: bytes | None) -> Image.Image:
    transform = _build_transform(image.mode, profile)
    if transform is not None:
        return ImageCms.applyTransform(image, transform) or image
    return image if image.mode == "RGB" else image.convert("RGB")


def _build_transform(mode: str, profile: bytes | None) -> ImageCms.ImageCmsTransform | None:
    try:
        source = _open_profile(mode, profile)
        if source is None:
            return None
        transform = ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), mode, "RGB")
        return None if mode == "RGB" and _is_identity(transform) else transform
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None


def _open_profile(mode: str, profile: bytes | None) -> ImageCms.ImageCmsProfile | None:
    if mode == "LAB":
        return ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    return ImageCms.getOpenProfile(io.BytesIO(profile)) if profile and is_usable(profile) else None


def _is_identity(transform: ImageCms.ImageCmsTransform) -> bool:
    levels = np.linspace(0, 255, 9).round().astype(np.uint8)
    cube = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(27, 27, 3)
    moved = np.asarray(ImageCms.applyTransform(Image.fromarray(cube), transform))
    return int(np.abs(moved.astype(int) - cube.astype(int)).max()) <= _SAME_COLOUR


def _to_8_bits(image: Image.Image) -> Image.Image:
    """16-bit, 32-bit and float grey to 8 bits. Pillow's own `convert` would make everything above 255 white."""
    low, high = _range_of(image)
    grey = Image.new("L", image.size)
    for top, values in _blocks(image):
        grey.paste(Image.fromarray(_levels(values, low, high)), (0, top))
    return grey


def _range_of(image: Image.Image) -> tuple[float, float]:
    """The values that become 0 and 255: those of the format, or, where some value lies outside them, the picture's."""
    if image.mode not in ("F", "I"):
        return 0.0, 65535.0
    unit = 1.0 if image.mode == "F" else 65535.0
    extremes = [(float(values.min()), float(values.max())) for _, values in _blocks(image)]
    low, high = min(each[0] for each in extremes), max(each[1] for each in extremes)
    return (0.0, unit) if low >= 0 and high <= unit else (low, high)


def _levels(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """The nearest levels, uint8, of values in `low`..`high`."""
    if values.dtype.kind != "f" and (low, high) == (0.0, 65535.0):
        return ((values.astype(np.uint32) * 255 + 32767) // 65535).astype(np.uint8)
    return ((values.astype(np.float64) - low) * (255 / max(high - low, 1e-12))).round().astype(np.uint8)


def _blocks(image: Image.Image) -> Iterator[tuple[int, np.ndarray]]:
    """The pixels as arrays of some rows each, with the number of their first row; what is not finite is 0.

    An array of the whole picture, and of each step on the way to its levels, would take ten times its memory.
    """
    rows = max(1, _BLOCK_PIXELS // image.width)
    for top in range(0, image.height, rows):
        values = np.asarray(image.crop((0, top, image.width, min(image.height, top + rows))))
        yield top, np.nan_to_num(values, posinf=0.0, neginf=0.0) if image.mode == "F" else values

"""Face squares as BOUNDING_BOX values: the box around a square, with its matrix and what is known of the face."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...cropping.checks import show
from ...cropping.similarity import Similarity
from ...datasets.face_record import FaceRecord, format_face, read_face
from ...datasets.json_values import MalformedValue
from ...datasets.manifest import CropRecord
from ...images.fill import Fill, parse_fill
from ...images.warp import MAX_SIDE
from . import Size


@dataclass(frozen=True)
class CutSquare:
    """How a square was cut out of its picture.

    Attributes:
        face: that it is around.
        size: pixels a side.
        picture_size: width and height of the picture.
        fill: what lies outside it.
    """

    face: FaceRecord
    size: int
    picture_size: Size
    fill: Fill

    def matrix_on(self, size: Size) -> Similarity:
        """From a picture of another size to the square.

        Raises:
            ValueError: when the picture has another shape than the one that the square was cut out of.
        """
        scale = self.picture_size[0] / size[0]
        if abs(size[1] * scale - self.picture_size[1]) > max(1.0, scale):  # more than rounding to whole pixels
            own, other = (f"{width}×{height}" for width, height in (self.picture_size, size))
            raise ValueError(f"box: the square was cut out of a picture of {own}, which {other} has not the shape of")
        return Similarity(scale, 0.0, 0.0, 0.0).then(self.face.similarity)


def make_face_box(crop: CropRecord, size: Size, fill: str, place: tuple[int, int]) -> dict[str, Any]:
    """A face square of a picture of `size` as a BOUNDING_BOX; `place` is the index of the picture among how many."""
    assert crop.face is not None
    x, y, width, height = crop.box
    return {
        "x": x,
        "y": y,
        "width": width,
        "height": height,
        "score": crop.face.certainty,
        "label": "face",
        "metadata": {
            "picture_size": list(size),
            "crop_size": list(crop.target_size),
            "fill": fill,
            "picture_index": place[0],
            "picture_count": place[1],
            "face": format_face(crop.face),
        },
    }


def read_square(value: Mapping[str, Any], name: str = "box") -> CutSquare | None:
    """How a square was cut, where a box is that of one; None for any other box.

    Raises:
        ValueError: when it says so and is malformed: a workflow may come from anybody.
    """
    metadata = value.get("metadata")
    if not isinstance(metadata, Mapping) or "face" not in metadata:
        return None
    try:
        face = read_face(_as_json(metadata["face"]))
        fill = parse_fill(metadata.get("fill"))
    except (MalformedValue, TypeError, ValueError) as error:
        raise ValueError(f"{name}: not the box of a face square ({error})") from None
    size: Any = metadata.get("crop_size")
    picture: Any = metadata.get("picture_size")
    if not _are_sides(size) or not _are_sides(picture) or size[0] != size[1] or size[0] > MAX_SIDE:
        raise ValueError(f"{name}: not the box of a face square (its sizes are {show(size)} and {show(picture)})")
    return CutSquare(face, size[0], (picture[0], picture[1]), fill)


def _are_sides(value: Any) -> bool:
    return isinstance(value, list | tuple) and len(value) == 2 and all(type(each) is int and each > 0 for each in value)


def _as_json(value: Any) -> Any:
    """With lists for tuples, as a saved workflow has them."""
    if isinstance(value, Mapping):
        return {name: _as_json(each) for name, each in value.items()}
    return [_as_json(each) for each in value] if isinstance(value, list | tuple) else value

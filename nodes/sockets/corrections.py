"""SALIENT_CORRECTIONS values: what a person decided about pictures, as the editor on the canvas keeps it.

The value is part of the workflow, and so is shared with it: `{"pictures": {DIGEST: CORRECTION}}`, each correction as in
a manifest (`decision` and `box`), each picture known by `digest_of_tensor`, or on Crop Folder by that of its file.
There, null takes back what an earlier run was told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

import torch
from comfy_api.latest import io
from torch import Tensor

from ...cropping.correction import Correction
from ...datasets.corrections import read_correction
from ...datasets.json_values import MalformedValue, optional, read_digest, read_field, show_value
from .lists import single_or

CorrectionsType = io.Custom("SALIENT_CORRECTIONS")

SAMPLES = 96
"""Along each side of a picture, of the pixels by which it is known again."""


IN_WORKFLOW = (
    "Crops that were corrected by hand: after a run, the button opens the editor. They are kept in the workflow by the"
    " content of the pictures, so other pictures, or another order, do not disturb them."
)
IN_FOLDER = (
    "Crops that were corrected by hand: after a preview, the button opens the editor. They are kept in the workflow by"
    " the content of the files, and go into the manifest once they are written; every later run honours them."
)


def corrections_input(tooltip: str = IN_WORKFLOW) -> Any:
    """The widget of the editor, see `web/js/corrections.js`."""
    return CorrectionsType.Input("corrections", optional=True, tooltip=tooltip)


def read_corrections(values: Sequence[Any] | None) -> Mapping[str, Correction]:
    """The corrections of the widget, by the digest of their picture.

    Raises:
        ValueError: naming the place that is malformed.
    """
    decisions = read_decisions(single_or(values, "corrections", None))
    return {digest: each for digest, each in decisions.items() if each is not None}


def read_decisions(value: Any) -> Mapping[str, Correction | None]:
    """What the widget says of pictures, by their digest; None where an earlier correction is taken back.

    Raises:
        ValueError: naming the place that is malformed.
    """
    if not value:
        return {}
    try:
        pictures: Mapping[str, Any] = read_field(value, "pictures", _read_object)
        return {read_digest(digest): read_field(pictures, digest, optional(read_correction)) for digest in pictures}
    except ValueError as error:
        raise ValueError(f"corrections: {error}; press Clear on the node") from None


def digest_of_tensor(picture: Tensor) -> str:
    """A hash of a picture's content, 32 hexadecimal digits: of its size and evenly spread pixels in 8 bits.

    The same on every device and in half precision, and the same whatever the cropper is.

    Args:
        picture: floats `[H, W, C ≥ 3]` in 0..1.
    """
    height, width = picture.shape[:2]
    rows, columns = (_spread(length).to(picture.device) for length in (height, width))
    samples = picture[rows][:, columns, :3].float().clamp(0, 1).mul(255).round().to(torch.uint8).cpu()
    state = blake2b(f"{width}x{height}:".encode(), digest_size=16)
    state.update(samples.contiguous().numpy().tobytes())
    return state.hexdigest()


def _spread(length: int) -> Tensor:
    """Indices of `SAMPLES` places along a side, or of all."""
    count = min(length, SAMPLES)
    return torch.arange(count) * length // count


def _read_object(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise MalformedValue(f"must be an object, got {show_value(value)}")
    return value

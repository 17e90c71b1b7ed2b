"""Face Crops: an aligned square for every face of every picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from comfy_api.latest import io
from PIL import Image
from torch import Tensor

from ..cropping.box import Box
from ..cropping.checks import Size
from ..cropping.face_framing import FRAMINGS, MOST_PADDING, MOST_SHIFT, FaceFraming
from ..cropping.pose_spread import spread_poses
from ..datasets.manifest import CropRecord
from ..images.cut import cut
from ..images.fill import Fill
from ..images.warp import MAX_SIDE, plan_warp, read_tensor, warp
from ..jobs.face_search import find_faces
from ..jobs.face_settings import LEAST_CERTAIN, MOST_FACES, SIZE, FaceSettings
from ..jobs.face_stages import describe_face, find_fault
from ..jobs.head_search import CloserLook, ReadPixels, find_heads
from ..models.landmarks.loading import LandmarkFinder, load_bundled_finder
from .analyse import AnalysedPicture, analyse_batches
from .canvas import WHITE, read_fill
from .heads import subjects_input
from .host import stop_if_interrupted, to_host, track_progress
from .hosted_cropper import HostedCropper, or_default
from .panel import KEPT, Marked, Panel, Tile, count_of
from .sockets.croppers import cropper_input
from .sockets.faces import make_face_box
from .sockets.lists import require_single, single_or
from .sockets.pictures import read_batches, size_of

PLACES, POSES = "left to right", "spread of poses"
_KEYS = {"largest": "size", "sharpest": "blur", "most certain": "certainty"}
ORDERS = (PLACES, *_KEYS, POSES)


class FaceCrops(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="SalientCrop_FaceCrops",
            display_name="Face Crops",
            category="Salient Crop",
            description="Finds the faces of every picture and cuts an aligned square around each: turned upright by the"
            " eyes, in one warp from the picture, framed as DeepFaceLab and faceswap do or with the whole head. Paste"
            " Back puts edited squares back.",
            search_aliases=["face crop", "face align", "extract faces", "face detailer", "headshot", "faceswap"],
            is_input_list=True,
            has_intermediate_output=True,
            inputs=[
                io.Image.Input("image", tooltip="One picture, a batch, or a list of pictures of any size."),
                cropper_input(),
                subjects_input(),
                io.Combo.Input(
                    "framing",
                    options=list(FRAMINGS),
                    default="face",
                    tooltip="face: from the forehead to below the chin. whole face: with some hair and neck. head: all"
                    " hair too. half figure: with shoulders and chest, not turned. dfl and faceswap: the squares of"
                    " DeepFaceLab's and faceswap's face types.",
                ),
                io.Int.Input("size", default=SIZE, min=16, max=MAX_SIDE, step=8, tooltip="Pixels a side."),
                io.Float.Input(
                    "padding",
                    default=0.0,
                    min=-0.4,
                    max=MOST_PADDING,
                    step=0.05,
                    tooltip="Added on each side, in sides of the square.",
                ),
                io.Float.Input(
                    "shift",
                    default=0.0,
                    min=-MOST_SHIFT,
                    max=MOST_SHIFT,
                    step=0.05,
                    tooltip="Moves the square down the face, in its sides; up is below 0.",
                ),
                io.Boolean.Input("upright", default=False, tooltip="Do not turn squares with their faces."),
                io.String.Input(
                    "fill",
                    default=WHITE,
                    tooltip="Of what lies outside the picture: a colour (a name or #rrggbb), or edge, blur or mirror.",
                ),
                io.Float.Input(
                    "least_size",
                    default=0.0,
                    min=0.0,
                    max=16384.0,
                    step=1.0,
                    tooltip="Leave out smaller faces: pixels of the picture, about from the brows to the chin.",
                ),
                io.Float.Input(
                    "most_enlarged",
                    default=0.0,
                    min=0.0,
                    max=64.0,
                    step=0.5,
                    advanced=True,
                    tooltip="Leave out faces whose square is enlarged more times; 0: no limit.",
                ),
                io.Float.Input(
                    "most_blurred",
                    default=1.0,
                    min=0.0,
                    max=1.0,
                    step=0.05,
                    advanced=True,
                    tooltip="Leave out faces that are more blurred: a sharp one has about 0.3. 1: no limit.",
                ),
                io.Float.Input(
                    "least_certain",
                    default=LEAST_CERTAIN,
                    min=0.0,
                    max=1.0,
                    step=0.05,
                    advanced=True,
                    tooltip="Leave out what is less certainly a face.",
                ),
                io.Combo.Input(
                    "order",
                    options=list(ORDERS),
                    default=PLACES,
                    tooltip="Of the faces of a picture, and which come first where only some are kept. spread of poses:"
                    " those that cover best how heads are turned.",
                ),
                io.Int.Input("at_most", default=0, min=0, max=1000, tooltip="Keep so many faces of a picture; 0: all."),
            ],
            outputs=[
                io.Image.Output("square", is_output_list=True, tooltip="One for each face."),
                io.Mask.Output(
                    "padding", is_output_list=True, tooltip="White where a square lies outside its picture."
                ),
                io.BoundingBox.Output(
                    "box",
                    is_output_list=True,
                    tooltip="Where each square was cut, for Paste Back; with its matrix, points, pose and blur.",
                ),
                io.Int.Output("source", is_output_list=True, tooltip="The number of each face's picture, from 0."),
            ],
        )

    @classmethod
    def execute(
        cls,
        image: list[Tensor],
        framing: list[str],
        size: list[int],
        padding: list[float],
        shift: list[float],
        upright: list[bool],
        fill: list[str],
        least_size: list[float],
        most_enlarged: list[float],
        most_blurred: list[float],
        least_certain: list[float],
        order: list[str],
        at_most: list[int],
        cropper: list[HostedCropper] | None = None,
        subjects: list[Any] | None = None,
    ) -> io.NodeOutput:
        finder, named = load_bundled_finder(), require_single(fill, "fill")
        settings = FaceSettings(
            finder.digest,
            FaceFraming(
                require_single(framing, "framing"),
                require_single(padding, "padding"),
                require_single(shift, "shift"),
                require_single(upright, "upright"),
            ),
            require_single(size, "size"),
            least_size=require_single(least_size, "least_size"),
            most_enlarged=require_single(most_enlarged, "most_enlarged") or None,
            most_blurred=require_single(most_blurred, "most_blurred"),
            least_certain=require_single(least_certain, "least_certain"),
        )
        background, first = read_fill(named), _read_order(require_single(order, "order"))
        most = single_or(at_most, "at_most", 0) or None
        hosted, batches = or_default(single_or(cropper, "cropper", None)), read_batches(image)
        count = sum(map(len, batches))
        squares, outsides, boxes, sources = [], [], [], []
        panel = Panel(count)
        seen = analyse_batches(batches, [hosted], None, subjects)
        for index, analysed in enumerate(track_progress(seen, count)):
            crops, faults = look_at(analysed, settings, finder, None if subjects else hosted)
            for crop in choose(crops, first, most):
                square, outside = cut_square(analysed.picture, crop, background)
                squares.append(to_host(square[None]))
                outsides.append(to_host(outside[None]))
                told = named.strip() or WHITE, (index, count)
                boxes.append(make_face_box(crop, size_of(analysed.picture), *told))
                sources.append(index)
            shown = [crop for crop, source in zip(boxes, sources, strict=True) if source == index]
            panel.add(face_tile(analysed, shown, faults))
        if not squares:
            found = f"no face in {count_of(count, 'picture')} passes"
            raise ValueError(f"image: {found}; lower least_size or least_certain")
        words = f"{count_of(len(squares), 'face')} in {count_of(len(set(sources)), 'picture')} of {count}."
        return io.NodeOutput(squares, outsides, boxes, sources, ui=panel.show(words))


def _read_order(text: str) -> str:
    if text not in ORDERS:
        raise ValueError(f"order: {text!r} is none; use one of {', '.join(ORDERS)}")
    return text


def look_at(
    analysed: AnalysedPicture, settings: FaceSettings, finder: LandmarkFinder, hosted: HostedCropper | None = None
) -> tuple[list[CropRecord], list[str]]:
    """The faces of a picture that pass, from left to right, and why the others do not.

    Args:
        hosted: that looks closer at parts of the picture; None where its heads are those that are connected.
    """
    size, pixels = size_of(analysed.picture), read_levels(analysed.picture)

    def read(box: Box, part: Size) -> Tensor:
        return torch.from_numpy(pixels(box, part).astype(np.float32)).div_(255)

    heads = find_heads(analysed.analysis.subjects, size, closer_look(pixels, hosted))[:MOST_FACES]
    found = find_faces(read, size, heads, finder, settings.least_certain)
    crops = [crop for each in found if (crop := describe_face(read, size, each, settings)) is not None]
    faults = [find_fault(crop.face, settings) if crop.face else "" for crop in crops]
    kept = [crop for crop, fault in zip(crops, faults, strict=True) if not fault]
    return kept, [fault for fault in faults if fault]


def read_levels(picture: Tensor) -> ReadPixels:
    """Reads a picture `[H, W, 3]` in 8 bits, as its file would be read: faces are found alike in both."""
    levels = Image.fromarray((picture[..., :3] * 255).round().clamp(0, 255).byte().cpu().numpy())

    def read(box: Box, size: Size) -> np.ndarray:
        stop_if_interrupted()
        return cut(levels, box.as_list(), size)

    return read


def closer_look(read: ReadPixels, hosted: HostedCropper | None) -> CloserLook | None:
    """How a cropper looks at parts of a picture."""
    if hosted is None or not hosted.cropper.reads_pixels:
        return None
    return CloserLook(read, lambda thumbnail: hosted.analyse([thumbnail])[0].subjects)


def choose(crops: Sequence[CropRecord], order: str, most: int | None) -> list[CropRecord]:
    """The faces of a picture in an order, at most so many."""
    if order == POSES:
        faces = [crop.face for crop in crops if crop.face]
        poses = [(face.yaw, face.pitch) for face in faces]
        chosen = spread_poses(poses, [(1 - face.blur) * face.certainty for face in faces], most or len(faces))
        return [crops[each] for each in chosen]
    if order in _KEYS:
        name, sign = _KEYS[order], 1 if _KEYS[order] == "blur" else -1
        crops = sorted(crops, key=lambda crop: sign * getattr(crop.face, name))
    return list(crops[:most])


def cut_square(picture: Tensor, crop: CropRecord, fill: Fill) -> tuple[Tensor, Tensor]:
    """The square of a face out of a picture `[H, W, 3]`: `[n, n, 3]`, and `[n, n]`: 1 outside the picture."""
    assert crop.face is not None
    plan = plan_warp(crop.face.similarity, crop.target_size[0], size_of(picture))
    with torch.inference_mode(False):
        return warp(read_tensor(picture.to("cpu")), plan, fill=fill)


def face_tile(analysed: AnalysedPicture, boxes: Sequence[dict[str, Any]], faults: Sequence[str]) -> Tile:
    """What the panel shows: a picture with its squares."""
    size = size_of(analysed.picture)
    regions = [Marked(KEPT, Box(each["x"], each["y"], each["width"], each["height"]).relative(size)) for each in boxes]
    words = count_of(len(boxes), "face") if boxes else "No face."
    left_out = f"{len(faults)} left out: {', '.join(dict.fromkeys(faults))}." if faults else ""
    return Tile(size, lambda: analysed.sketch, regions=regions, words=f"{words} {left_out}".strip())

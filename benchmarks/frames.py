"""How steady a followed crop is beside the best crop of each frame, on clips of which the subject's place is known.

python benchmarks/frames.py [--ratios 9:16,1:1] [--sheet clips.png] [--long 500]

Jitter is the mean acceleration of the crop's middle within the scenes, in pixels of the 640 × 360 clip; kept is the
share of the heat inside, and subject that of the subject's box, both as means over the frames. `--long` times the
search of a clip of so many frames of 1920 × 1080, once they are analysed, and says how much memory it took.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from _clips import CLIPS, SIZE, Clip, make_walk
from PIL import Image, ImageDraw

from salient_crop.cropping.constraint import Constraint
from salient_crop.cropping.crop import Crop
from salient_crop.cropping.model_sizes import parse_shapes
from salient_crop.cropping.ratio import Ratio
from salient_crop.cropping.sequence import EACH, FOLLOW, FRAMES, STILL, with_even_sides
from salient_crop.images.scenes import find_scenes, sign_frame
from salient_crop.jobs.analyse import analyse_thumbnails
from salient_crop.jobs.clip import choose_clip_crops
from salient_crop.models.analysis import Analysis
from salient_crop.models.registry import load_cropper
from salient_crop.models.selection import best_crops

COLOURS = {EACH: "red", STILL: "deepskyblue", FOLLOW: "lime"}
SHOWN = 6  # frames of a clip on the sheet


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ratios", type=parse_shapes, default=parse_shapes("9:16,4:5,1:1"))
    parser.add_argument("--sheet", type=Path, help="draw frames with their boxes into this file")
    parser.add_argument("--long", type=int, help="also time a clip of so many frames")
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    cropper, rows = load_cropper("focus"), []
    print(f"{'':12}{'frames':>8}{'jitter':>9}{'of each':>9}{'kept':>8}{'of each':>9}{'subject':>9}{'of each':>9}")
    for name, make in CLIPS.items():
        clip = make()
        analyses = analyse_thumbnails(cropper, list(clip.frames))
        scenes = find_scenes([sign_frame(frame) for frame in clip.frames])
        assert tuple(scenes) == clip.scenes, f"{name}: scenes begin at {clip.scenes}, found {scenes}"
        for ratio in chosen.ratios:
            crops = {frames: crop_clip(analyses, SIZE, ratio, frames, scenes) for frames in FRAMES}
            report(f"{name} {ratio}", clip, crops)
            rows.append((clip, crops))
    if chosen.sheet:
        draw_sheet(rows).save(chosen.sheet)
    if chosen.long:
        time_long_clip(analyse_thumbnails(cropper, list(make_walk(chosen.long).frames)), chosen.ratios)


def crop_clip(
    analyses: Sequence[Analysis], size: tuple[int, int], ratio: Ratio, frames: str, scenes: Sequence[int] = (0,)
) -> list[Crop]:
    constraint = Constraint((ratio,))
    if frames == EACH:
        return best_crops(analyses, [size] * len(analyses), constraint)
    constraints = [with_even_sides(constraint)] * len(analyses)
    return choose_clip_crops(analyses, size, constraints, frames, scenes)


def report(name: str, clip: Clip, crops: dict[str, list[Crop]]) -> None:
    base = None
    for frames, found in crops.items():
        boxes = np.array([crop.box.as_list() for crop in found], float)
        figures = (
            measure_jitter(boxes, clip.scenes),
            np.mean([crop.kept for crop in found]),
            share_of_subject(boxes, clip),
        )
        base = figures if base is None else base
        shares = [f"{own:>9.3f}{own / reference:>9.1%}" for own, reference in zip(figures, base, strict=True)]
        print(f"{name:12}{frames:>8}{''.join(shares)}")


def measure_jitter(boxes: np.ndarray, scenes: Sequence[int]) -> float:
    """The mean acceleration of the middles of boxes `[T, 4]` within the scenes, in pixels."""
    middles = boxes[:, :2] + boxes[:, 2:] / 2
    parts = np.split(middles, scenes[1:])
    return float(np.concatenate([np.abs(np.diff(part, n=2, axis=0)).sum(1) for part in parts]).mean())


def share_of_subject(boxes: np.ndarray, clip: Clip) -> float:
    """The mean share of the subject's box inside boxes `[T, 4]`."""
    subjects = np.array(clip.subjects)
    low = np.maximum(boxes[:, :2], subjects[:, :2])
    high = np.minimum(boxes[:, :2] + boxes[:, 2:], subjects[:, 2:])
    return float(((high - low).clip(0).prod(1) / (subjects[:, 2:] - subjects[:, :2]).prod(1)).mean())


def draw_sheet(rows: Sequence[tuple[Clip, dict[str, list[Crop]]]]) -> Image.Image:
    """Some frames of each clip with the boxes, and below them where the middles of the boxes are across the frame."""
    width, height, plot = SIZE[0] // 2, SIZE[1] // 2, 120
    sheet = Image.new("RGB", (SHOWN * width, len(rows) * (height + plot)), "white")
    drawing = ImageDraw.Draw(sheet)
    for place, (clip, crops) in enumerate(rows):
        top, last = place * (height + plot), len(clip.frames) - 1
        for column in range(SHOWN):
            index = round(column * last / (SHOWN - 1))
            frame = Image.fromarray(clip.frames[index])
            for frames, found in crops.items():
                box = found[index].box
                corners = (box.x, box.y, box.right - 1, box.bottom - 1)
                ImageDraw.Draw(frame).rectangle(corners, outline=COLOURS[frames], width=3)
            sheet.paste(frame.resize((width, height)), (column * width, top))
        for frames, found in crops.items():
            middles = [(crop.box.x + crop.box.width / 2) / SIZE[0] for crop in found]
            line = [(t * sheet.width / last, top + height + plot * (1 - x)) for t, x in enumerate(middles)]
            drawing.line(line, fill=COLOURS[frames], width=2)
    return sheet


def time_long_clip(analyses: Sequence[Analysis], ratios: Sequence[Ratio]) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for ratio in ratios:
        for frames in (STILL, FOLLOW):
            start = time.perf_counter()
            crop_clip(analyses, (1920, 1080), ratio, frames)
            print(f"{len(analyses)} frames of 1920×1080, {ratio}, {frames}: {time.perf_counter() - start:.1f} s")
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(f"the search took at most {max(0, grown) / 1024:.0f} MB beside the analyses")


if __name__ == "__main__":
    main()

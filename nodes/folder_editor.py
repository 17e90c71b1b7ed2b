"""The crop editor of Crop Folder: what it is told of a run that has chosen crops and written none.

What a person judges a picture by takes as long to find as its crop did. It is kept among the host's temporary files, so
that another look, after some crops were corrected, costs nothing for the others.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import Any

from ..datasets.corrections import format_correction
from ..datasets.manifest import CropRecord, PictureRecord, read_manifest
from ..images.errors import PictureError
from ..images.thumbnail import small_pixels
from ..jobs.analyse import ANALYSIS_SIDE
from ..jobs.executors.batches import Analyser
from ..jobs.executors.threads import run_stage
from ..jobs.run import FolderRun
from ..jobs.run_record import run_identity
from ..jobs.stages import PICTURE_ERRORS, look_at, open_source
from ..jobs.suggest import describe_choice
from ..printable import escape
from .editor import KEY, MOST, item_side
from .host import stop_if_interrupted
from .panel import save_heat, save_picture, temporary_folder


def show_folder_editor(run: FolderRun, analyser: Analyser) -> dict[str, list[Any]]:
    """The items of the editor, in the order of the manifest, as part of the `ui` of the node's output.

    Pictures that failed have none, nor those beyond `MOST`.

    Args:
        run: that is finished.
        analyser: of its cropper.
    """
    usable = (each for each in read_manifest(run.manifest) if each.crops and each.digest and each.size)
    records: Sequence[PictureRecord] = list(islice(usable, MOST))
    scenes = Scenes(run, analyser, item_side(len(records)))
    items: list[dict[str, Any]] = []

    def finish(item: dict[str, Any] | None) -> None:
        stop_if_interrupted()
        if item is not None:
            items.append(item)

    with run.reader:
        run_stage(scenes.describe, records, run.workers, finish, run.reader.abandon)
    return {KEY: items}


class Scenes:
    """Describes the pictures of a run for the editor; may be used by several threads.

    Args:
        run, analyser: see `show_folder_editor`.
        side: short side, in pixels, that pictures are shown at.
    """

    def __init__(self, run: FolderRun, analyser: Analyser, side: int) -> None:
        self._run, self._analyser, self._side = run, analyser, side
        self._identity = json.dumps([run_identity(run), side], sort_keys=True)

    def describe(self, record: PictureRecord) -> dict[str, Any] | None:
        """The item of a picture; None where it can no longer be read."""
        crop = record.crops[0]
        try:
            scene = self._recall(record, crop)
        except (PictureError, *PICTURE_ERRORS):  # its crop was found; that it is gone is for the next run to say
            return None
        return {
            **scene,
            "digest": record.digest,
            "name": escape(record.source),
            "size": record.size,
            "status": "ok",
            "reason": "",
            "box": crop.box,
            "best": scene["best"] or crop.box,
            "ratio": crop.ratio,
            "bucket": crop.bucket,
            "confidence": crop.confidence,
            "warnings": [{"code": each.code, "words": each.words} for each in crop.warnings],
            "kept": None if crop.correction is None else format_correction(crop.correction),
        }

    def _recall(self, record: PictureRecord, crop: CropRecord) -> dict[str, Any]:
        """What an earlier look has found, or what this one finds."""
        file = self._file_of(record, crop)
        try:
            return json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            scene = self._look(record, crop)
            file.write_text(json.dumps(scene), encoding="utf-8")
            return scene

    def _look(self, record: PictureRecord, crop: CropRecord) -> dict[str, Any]:
        run, size = self._run, record.size or (1, 1)
        with open_source(run, record.source) as picture:
            seen = look_at(run, picture, record.source, self._analyser)
            shown = small_pixels(picture.small(ANALYSIS_SIDE), self._side)
        return {
            "picture": save_picture(shown),
            "heat": save_heat(seen.analysis.heatmap, size),
            **describe_choice(seen, size, crop, run.settings),
        }

    def _file_of(self, record: PictureRecord, crop: CropRecord) -> Path:
        state = self._run.state_of(record.source)
        known = json.dumps([self._identity, record.source, record.digest, state, crop.ratio, crop.bucket])
        return temporary_folder() / f"{blake2b(known.encode(), digest_size=16).hexdigest()}.json"

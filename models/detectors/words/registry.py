"""Which detectors of words there are, told from the `config.json` of their folder."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from safetensors import SafetensorError

from ....printable import first_line
from . import grounding_dino, owlv2
from .base import WordDetector
from .folder import hash_folder, read_config
from .network import import_library

DETECTORS: dict[str, Callable[[Path, str, str], WordDetector]] = {
    owlv2.MODEL_TYPE: owlv2.Owlv2Detector,
    grounding_dino.MODEL_TYPE: grounding_dino.GroundingDinoDetector,
}
USUAL_THRESHOLDS = {
    owlv2.MODEL_TYPE: owlv2.Owlv2Detector.threshold,
    grounding_dino.MODEL_TYPE: grounding_dino.GroundingDinoDetector.threshold,
}
MISSING = "finding by word needs transformers: pip install 'salient-crop[words]'"


def describe_model(folder: Path) -> tuple[str, float]:
    """The digest of the model in a folder, and its usual threshold; nothing of it is loaded.

    Raises:
        ValueError: when it is none that is known here, or may not be loaded.
        OSError: when it cannot be read.
    """
    return hash_folder(folder), USUAL_THRESHOLDS[_type_of(folder)]


def load_word_detector(folder: Path, device: str = "cpu") -> WordDetector:
    """The detector in a folder, on a device. Only safetensors are read, no code in it is run, nothing is downloaded.

    Raises:
        ValueError: when it is none that is known here, may not be loaded, or is damaged.
        ImportError: when `transformers` is not installed; says what to do.
        OSError: when it cannot be read.
    """
    make, digest = DETECTORS[_type_of(folder)], hash_folder(folder)
    try:
        library = import_library()
    except ImportError as error:
        raise ImportError(MISSING) from error
    quiet = logging.getLogger("transformers")
    level = quiet.level
    quiet.setLevel(logging.ERROR)
    try:
        return make(folder, device, digest)
    except (
        KeyError,
        OSError,
        RuntimeError,
        SafetensorError,
        TypeError,
        ValueError,
    ) as error:  # as its readers put it
        raise ValueError(
            f"{folder}: transformers {library.__version__} cannot load it as a detector: {first_line(error)}"
        ) from error
    finally:
        quiet.setLevel(level)


def _type_of(folder: Path) -> str:
    kind = read_config(folder).get("model_type")
    if not isinstance(kind, str) or kind not in DETECTORS:
        known = " or ".join(DETECTORS)
        raise ValueError(f"{folder}: its config.json says {kind!r}; a detector of words is {known}")
    return kind

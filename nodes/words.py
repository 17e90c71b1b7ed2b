"""Where the node for whole folders is told what to look for by word, and by which model below ComfyUI's models."""

from __future__ import annotations

from pathlib import Path

import folder_paths
from comfy_api.latest import io

from ..jobs.words import AS_WITHOUT, NOTHING, WordSettings, make_word_settings, parse_words
from .folders import existing_folder


def words_inputs() -> list[io.String.Input | io.Float.Input | io.Combo.Input]:
    """The widgets of `read_words`."""
    return [
        io.String.Input(
            "subject",
            default="",
            optional=True,
            tooltip="What to look for in each picture, such as: necklace, red shoe. What is found is focused on, and is"
            " a subject. Needs transformers, and a model.",
        ),
        io.String.Input(
            "subject_model",
            default="",
            optional=True,
            tooltip="The folder, below ComfyUI's models folder, of an OWLv2 or Grounding DINO that you put there;"
            " nothing is downloaded.",
        ),
        io.Float.Input(
            "subject_threshold",
            default=0.0,
            min=0.0,
            max=1.0,
            step=0.01,
            optional=True,
            advanced=True,
            tooltip="How sure the model must be of what it finds; 0: the usual of the model.",
        ),
        io.Combo.Input(
            "nothing",
            options=list(NOTHING),
            default=AS_WITHOUT,
            optional=True,
            tooltip="Where nothing is found by word: crop the picture as without words, skip it, or count it as"
            " failed.",
        ),
    ]


def read_words(
    subject: str = "", subject_model: str = "", subject_threshold: float = 0.0, nothing: str = AS_WITHOUT
) -> WordSettings | None:
    """What the widgets say; None where nothing is looked for.

    Raises:
        ValueError: naming the widget that cannot be used.
    """
    if not subject.strip():
        return None
    folder = find_model_folder(subject_model)
    return make_word_settings(parse_words(subject), folder, subject_threshold or None, nothing)


def find_model_folder(name: str) -> Path | None:
    """The folder of the model; None where none is named.

    Raises:
        ValueError: when it is none below ComfyUI's models.
    """
    return existing_folder(folder_paths.models_dir, name.strip(), "subject_model") if name.strip() else None

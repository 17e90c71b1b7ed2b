"""What matters in the pictures of a run, by word: what is looked for, by which model, and what if there is none."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..cropping.checks import check_kind, check_share, check_tuple, show

if TYPE_CHECKING:
    from ..models.detectors.words.base import WordDetector

AS_WITHOUT, SKIP, ERROR = NOTHING = ("as without", "skip", "error")
"""Where nothing is found: the picture is cropped as it would be without words, left out, or fails."""

MOST_WORDS, LONGEST_WORD = 50, 100


@dataclass(frozen=True)
class WordSettings:
    """What is looked for.

    Attributes:
        words: each of one or a few, such as `necklace` or `red shoe`.
        model: folder of the detector; None where it is loaded, as one that Python is given.
        weights: SHA-256 of its files.
        threshold: least confidence of a box, 0..1.
        nothing: one of `NOTHING`.

    Raises:
        TypeError, ValueError: naming the field that cannot be.
    """

    words: tuple[str, ...]
    model: Path | None
    weights: str
    threshold: float
    nothing: str = AS_WITHOUT

    def __post_init__(self) -> None:
        words = check_tuple("subject", self.words, str)
        if not words:
            raise ValueError("subject: name at least one word")
        if len(words) > MOST_WORDS:
            raise ValueError(f"subject: at most {MOST_WORDS} words, got {len(words)}")
        for word in words:
            if not word.strip() or word != word.strip() or len(word) > LONGEST_WORD or not word.isprintable():
                raise ValueError(f"subject: {show(word)} is no word; write necklace, red shoe")
            if "." in word:
                raise ValueError(f"subject: {show(word)} has a full stop, which detectors take for the end of a word")
        object.__setattr__(self, "words", words)
        if self.model is not None:
            check_kind("subject_model", self.model, Path)
        check_kind("weights", self.weights, str)
        object.__setattr__(self, "threshold", check_share("subject_threshold", self.threshold))
        if self.nothing not in NOTHING:
            raise ValueError(f"subject_nothing must be one of {', '.join(NOTHING)}, got {show(self.nothing)}")

    def describe_nothing(self) -> str:
        """That nothing was found, for the reason of a picture."""
        return f"nothing found of {', '.join(self.words)}"


def parse_words(text: str) -> tuple[str, ...]:
    """`necklace, red shoe` as words, each once.

    >>> parse_words("necklace, red  shoe, Necklace")
    ('necklace', 'red shoe')

    Raises:
        TypeError: when it is no text.
        ValueError: when a word is empty.
    """
    if not isinstance(text, str):
        raise TypeError(f"subject must be text, got {show(text)}")
    words = [" ".join(part.split()) for part in text.split(",")]
    if not all(words):
        raise ValueError(f"subject: a word is empty in {show(text)}; write necklace, red shoe")
    first: dict[str, str] = {}
    for word in words:
        first.setdefault(word.casefold(), word)
    return tuple(first.values())


def make_word_settings(
    words: tuple[str, ...],
    model: Path | WordDetector | None,
    threshold: float | None = None,
    nothing: str | None = None,
) -> WordSettings | None:
    """The settings of the model in a folder, which is not loaded yet, or of one that is; None where no words are given.

    Args:
        threshold: None for what is usual for the model.
        nothing: None for `as without`.

    Raises:
        ValueError: when the folder holds no model that may be loaded, or an argument cannot be used or does nothing.
    """
    if not words:
        given = {"subject_model": model, "subject_threshold": threshold, "subject_nothing": nothing}
        idle = next((name for name, value in given.items() if value is not None), None)
        if idle is not None:
            raise ValueError(f"{idle}: does nothing without subject")
        return None
    if model is None:
        raise ValueError(
            "subject_model: name the folder of an OWLv2 or Grounding DINO model; none comes along, and none is"
            " downloaded"
        )
    if not isinstance(model, Path):
        least = model.threshold if threshold is None else threshold
        return WordSettings(words, None, model.digest, least, nothing or AS_WITHOUT)
    from ..models.detectors.words.registry import describe_model

    try:
        digest, usual = describe_model(model)
    except OSError as error:
        raise ValueError(f"subject_model: {error.filename}: {error.strerror}") from error
    except ValueError as error:
        raise ValueError(f"subject_model: {error}") from error
    return WordSettings(words, model, digest, usual if threshold is None else threshold, nothing or AS_WITHOUT)

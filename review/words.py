"""The words of the page in the language of the browser; the canvas has the same, from `locales/`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

LANGUAGES = ("en", "zh", "ja", "de", "fr", "es")
"""The first one for all who read none of them."""

_LOCALES = Path(__file__).parent.parent / "locales"


def read_words(accepted: str) -> dict[str, Any]:
    """The language that a browser gets, and its words by their keys.

    Args:
        accepted: what it asks for, as HTTP's `Accept-Language`: `fr-CH, fr;q=0.9, en;q=0.8`. Browsers name what they
            like best first.
    """
    language = choose_language(accepted)
    texts = json.loads((_LOCALES / language / "main.json").read_text(encoding="utf-8"))
    return {"language": language, "words": texts["salientCrop"]}


def choose_language(accepted: str) -> str:
    """The first of `LANGUAGES` that is asked for, whatever the country; English where none is."""
    asked = (each.partition(";")[0].strip().partition("-")[0].lower() for each in accepted.split(","))
    return next((each for each in asked if each in LANGUAGES), LANGUAGES[0])

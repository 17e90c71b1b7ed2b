"""Grounding DINO: "Marrying DINO with Grounded Pre-Training for Open-Set Object Detection", Liu et al., 2023; the
implementation of `transformers`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from .base import WordBox, choose_boxes, corners
from .network import import_library, load_network

MODEL_TYPE = "grounding-dino"


class GroundingDinoDetector:
    """Finds all words at once, as one sentence: each may change a little what the others find.

    Args:
        folder: of the model.
        device: to find on.
        digest: of the folder.
    """

    threshold = 0.3

    def __init__(self, folder: Path, device: str, digest: str) -> None:
        library = import_library()
        here: dict[str, Any] = {"local_files_only": True}
        self.digest, self._device = digest, device
        self._model = load_network(library.GroundingDinoForObjectDetection, folder)
        self._model.eval().to(device)
        self._tokenizer = library.BertTokenizer.from_pretrained(folder, **here)
        self._prepare = library.GroundingDinoImageProcessor.from_pretrained(folder, **here)

    @torch.inference_mode()
    def detect(self, images: Tensor, words: Sequence[str], threshold: float) -> list[tuple[WordBox, ...]]:
        sentence, places = join_words(words)
        asked = self._tokenizer(sentence, return_offsets_mapping=True, return_tensors="pt")
        spans = asked.pop("offset_mapping")[0].tolist()
        prepared = self._prepare(images=list(images.cpu()), return_tensors="pt")
        repeated = {name: value.repeat(len(images), 1) for name, value in asked.items()}
        found = self._model(**{name: value.to(self._device) for name, value in {**prepared, **repeated}.items()})
        scores = score_words(found.logits.float().sigmoid().cpu(), spans, places)
        boxes = corners(found.pred_boxes.float().cpu())
        return [choose_boxes(*each, words, threshold) for each in zip(boxes, scores, strict=True)]


def join_words(words: Sequence[str]) -> tuple[str, list[tuple[int, int]]]:
    """The words as the one sentence that the model reads, and where each begins and ends in it.

    >>> join_words(["Necklace", "shoe"])
    ('necklace. shoe.', [(0, 8), (10, 14)])
    """
    sentence, places = "", []
    for word in words:
        start = len(sentence) + bool(sentence)
        sentence += f"{' ' if sentence else ''}{word.lower()}."
        places.append((start, len(sentence) - 1))
    return sentence, places


def score_words(scores: Tensor, spans: Sequence[Sequence[int]], places: Sequence[tuple[int, int]]) -> Tensor:
    """How sure it is that each box shows each word: the most of the word's tokens.

    Args:
        scores: `[B, N, T]` in 0..1, of each token; more than there are tokens, the rest is nothing.
        spans: where each token begins and ends in the sentence; (0, 0) of those that stand for no text.
        places: of the words in the sentence.

    Returns:
        `[B, N, W]`.
    """
    columns = []
    for start, end in places:
        tokens = [index for index, (a, b) in enumerate(spans) if b > a and a >= start and b <= end]
        tokens = [index for index in tokens if index < scores.shape[2]]
        columns.append(scores[..., tokens].amax(-1) if tokens else scores.new_zeros(scores.shape[:2]))
    return torch.stack(columns, -1)

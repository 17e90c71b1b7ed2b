"""OWLv2: "Scaling Open-Vocabulary Object Detection", Minderer et al., 2023; the implementation of `transformers`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from .base import WordBox, choose_boxes, corners
from .network import import_library, load_network

MODEL_TYPE = "owlv2"
PHRASE = "a photo of a {}"  # as it was trained to be asked


class Owlv2Detector:
    """Finds each word by itself: the others change nothing of what it finds.

    Args:
        folder: of the model.
        device: to find on.
        digest: of the folder.
    """

    threshold = 0.2

    def __init__(self, folder: Path, device: str, digest: str) -> None:
        library = import_library()
        here: dict[str, Any] = {"local_files_only": True}
        self.digest, self._device = digest, device
        self._model = load_network(library.Owlv2ForObjectDetection, folder)
        self._model.eval().to(device)
        self._tokenizer = library.CLIPTokenizer.from_pretrained(folder, **here)
        self._prepare = library.Owlv2ImageProcessor.from_pretrained(folder, **here)

    @torch.inference_mode()
    def detect(self, images: Tensor, words: Sequence[str], threshold: float) -> list[tuple[WordBox, ...]]:
        length = self._model.config.text_config.max_position_embeddings
        asked = self._tokenizer(
            [PHRASE.format(word) for word in words],
            padding="max_length",
            truncation=True,
            max_length=length,
            return_tensors="pt",
        ).to(self._device)
        pixels = self._prepare(images=list(images.cpu()), return_tensors="pt")["pixel_values"].to(self._device)
        found = self._model(
            input_ids=asked["input_ids"].repeat(len(images), 1),
            attention_mask=asked["attention_mask"].repeat(len(images), 1),
            pixel_values=pixels,
        )
        # Boxes are relative to a square: the picture in its upper left corner, and grey below or beside it.
        height, width = images.shape[2:]
        square = max(height, width)
        boxes = corners(found.pred_boxes.float().cpu()) * torch.tensor([square / width, square / height] * 2)
        scores = found.logits.float().sigmoid().cpu()
        return [choose_boxes(*each, words, threshold) for each in zip(boxes, scores, strict=True)]

"""How the GAIC networks that can be loaded were trained to take pictures and to give scores."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class GaicVariant:
    """The conventions of a training code.

    Attributes:
        white_value: of a white pixel, before the mean is subtracted; the authors divided bytes by 256.
        antialias: whether pictures were reduced with a filter that widens with the scale.
        standardised_scores: whether the network predicts (mean opinion score - 2.95) / 0.8, or the score itself.
    """

    white_value: float = 255 / 256
    antialias: bool = False
    standardised_scores: bool = True


AUTHORS = GaicVariant()
BO_ZHANG = GaicVariant(white_value=1.0, antialias=True, standardised_scores=False)
TRAINED_HERE = GaicVariant(white_value=1.0, antialias=True)

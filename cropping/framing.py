"""How much of a person a crop shows, as a word for captions: from the height of the crop in heads.

The head is the measure of figure drawing. A box around a whole head, hair, hat and chin included and with the air that
croppers leave around it, is about a third higher than the bare head that drawing counts: a standing adult is some five
such boxes high, the waist lies a little over two below their crown, the knees three and a half. So the number of boxes
that a crop is high says where its lower edge meets the body of somebody whose head is near its upper one. The names are
those of shots in film, in the words that captions use. Whoever sits, or is a child, is shown further down than the
number says.
"""

from __future__ import annotations

CLOSE_UP, PORTRAIT, HALF_FIGURE, FULL_FIGURE, WIDE = "close-up", "portrait", "half figure", "full figure", "wide"
FRAMINGS = (CLOSE_UP, PORTRAIT, HALF_FIGURE, FULL_FIGURE, WIDE)

# The height of a crop in heads up to which it is a close-up (head and shoulders), a portrait (to the chest), a half
# figure (to the waist, the hips or the knees), a full figure with some room around; with more room it is wide. Read
# off 70 photographs of people.
CLOSE_UP_HEADS, PORTRAIT_HEADS, HALF_FIGURE_HEADS, FULL_FIGURE_HEADS = 1.6, 2.75, 4.3, 11.0
# A crop that is high enough for a full figure shows none where it ends above the knees, so many heads below the crown.
KNEES_HEADS = 3.6


def name_framing(heads: float, below: float) -> str:
    """The framing of a crop, one of `FRAMINGS`.

    Args:
        heads: the height of the crop, in heights of the person's head.
        below: how far the crop reaches below the crown, in the same unit.

    >>> name_framing(2.5, 2.2), name_framing(6.0, 5.0), name_framing(6.0, 2.0)
    ('portrait', 'full figure', 'half figure')
    """
    if heads <= CLOSE_UP_HEADS:
        return CLOSE_UP
    if heads <= PORTRAIT_HEADS:
        return PORTRAIT
    if heads <= HALF_FIGURE_HEADS:
        return HALF_FIGURE
    if heads <= FULL_FIGURE_HEADS:
        return FULL_FIGURE if below >= KNEES_HEADS else HALF_FIGURE
    return WIDE

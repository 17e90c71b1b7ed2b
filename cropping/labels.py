"""What kind of subject a detector's label means."""

from __future__ import annotations

from collections.abc import Mapping

_HEADS = ("head", "face")
_PEOPLE = ("person", "people", "human", "man", "woman", "boy", "girl", "child", "body")
# The animals among COCO's classes, and the word itself.
_ANIMALS = ("animal", "bird", "cat", "dog", "horse", "sheep", "cow", "elephant", "bear", "zebra", "giraffe")
KIND_OF_LABEL: Mapping[str, str] = {
    **dict.fromkeys(_HEADS, "face"),
    **dict.fromkeys(_PEOPLE, "person"),
    **dict.fromkeys(_ANIMALS, "animal"),
}


def kind_of_label(label: str) -> str:
    """The kind of a subject with this label; `object` where the label says none.

    >>> kind_of_label("Dog"), kind_of_label("necklace")
    ('animal', 'object')
    """
    return KIND_OF_LABEL.get(label.strip().lower(), "object")

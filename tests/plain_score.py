"""The score of one crop, written out over the pixels of a small picture: slow, without tables, and easy to check.

Heatmaps have one cell a pixel, and all regions of the picture lie on whole pixels, so that sums over cells are exact.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

import torch

from salient_crop.cropping.box import Box

# Written out here, so that a default that changes by mistake is noticed.
DEFAULT_WEIGHTS = {
    "layout": 1.0,
    "size": 0.02,
    "cut": 1.0,
    "avoid": 1.0,
    "subjects": 0.1,
    "edge": 0.0,
    "composition": 0.5,
}


@dataclass
class PlainScore:
    """What is known of one picture and asked of its crops.

    Attributes:
        heat: `[H, W]` of any scale, one cell a pixel of the picture.
        largest: (width, height) of the largest box of the ratio, in pixels.
        subjects: (x1, y1, x2, y2, weight) in pixels.
        held, calm: text regions in the frame of the source (pixels), and of the crop (relative, hard or not).
        avoid: regions in pixels.
        protected: heads that may not be cut with their bodies, in pixels, and their importance.
        claims: subjects that text regions of the crop are kept away from, in pixels, and their importance.
        band: half the width of the band along a crop's edges, in pixels.
    """

    heat: torch.Tensor
    largest: tuple[int, int]
    subjects: list[tuple[float, ...]] = field(default_factory=list)
    held: list[tuple[int, int, int, int]] = field(default_factory=list)
    calm: list[tuple[tuple[float, float, float, float], bool]] = field(default_factory=list)
    avoid: list[tuple[int, int, int, int]] = field(default_factory=list)
    protected: list[tuple[tuple[int, ...], tuple[int, ...], float]] = field(default_factory=list)
    claims: list[tuple[tuple[int, ...], float]] = field(default_factory=list)
    detail: torch.Tensor | None = None
    weights: dict[str, float] = field(default_factory=lambda: dict(DEFAULT_WEIGHTS))
    band: int = 1
    rate: object = None

    def terms(self, box: Box) -> dict[str, float]:
        height, width = self.heat.shape
        heat = self.heat.double() / self.heat.double().sum()
        kept = float(heat[box.y : box.bottom, box.x : box.right].sum())
        aesthetic, cut = kept, 0.0
        total = sum(weight for *_, weight in self.subjects)
        if total > 0:
            inside = sliced = 0.0
            for x1, y1, x2, y2, weight in self.subjects:
                possible = min(1, self.largest[0] / (x2 - x1)) * min(1, self.largest[1] / (y2 - y1))
                shown = share_inside((x1, y1, x2, y2), box) / possible
                inside += weight / total * shown
                sliced += weight / total * sliced_at(shown)
            part = self.weights["subjects"] * min(total, 1)
            aesthetic = (1 - part) * kept + part * inside
            cut = min(total, 1) * sliced
        if self.weights["edge"]:
            cut += self.weights["edge"] * self.edge_excess(heat, box)
        if self.rate is not None:
            part = self.weights["composition"]
            aesthetic = (1 - part) * aesthetic + part * self.rate(*box.relative((width, height)))
        terms = {
            "aesthetic": aesthetic,
            "cut": min(max(cut, 0.0), 1.0),
            "size": min(1.0, box.area / (self.largest[0] * self.largest[1])),
        }
        if self.held or self.calm:
            served = [share_inside(each, box) for each in self.held]
            served += [min(1.0, max(0.0, 1.5 - self.load(region, box))) for region, _ in self.calm]
            terms["layout"] = sum(served) / len(served)
        if self.avoid:
            terms["avoid"] = sum(share_inside(each, box) for each in self.avoid) / len(self.avoid)
        return terms

    def score(self, box: Box) -> float:
        terms, weights = self.terms(box), self.weights
        score = terms["aesthetic"] + weights["size"] * terms["size"] - weights["cut"] * terms["cut"]
        score += weights["layout"] * terms.get("layout", 0.0) - weights["avoid"] * terms.get("avoid", 0.0)
        most = 1 + sum(weights[name] for name in ("layout", "size", "cut", "avoid"))
        for region, hard in self.calm:
            load = self.load(region, box)
            if hard and load > 0.5:
                score -= 20 * most * (2 - 0.5 / load)
        if self.calm:
            score -= 5 * most * self.broken_claims(box) + 1000 * most * self.hidden_heads(box)
        return score - 1000 * most * self.broken(box)

    def hidden_heads(self, box: Box) -> float:
        """How far a box breaks the rule that no head lies under text, and that somebody is shown, see `TextRule`."""
        total, somebody = 0.0, False
        for head, _, importance in self.protected:
            x1, y1, x2, y2 = head = trimmed(head, self.largest)
            across, down = 0.08 * (x2 - x1), 0.08 * (y2 - y1)
            height, width = self.heat.shape
            around = max(0, x1 - across), max(0, y1 - down), min(width, x2 + across), min(height, y2 + down)
            hidden, shown = self.share_hidden(around, box), share_inside(head, box)
            if shown <= 0.05:
                total += 0.03 * (1 + importance)
            elif hidden > 0.05:
                total += 0.05 * (1 + importance + hidden)
            somebody = somebody or shown >= 0.98
        return total + 0.1 * (bool(self.protected) and not somebody and not self.avoid)

    def broken_claims(self, box: Box) -> float:
        """How much of the subjects lies under text or is missing beside it, see `TextRule`."""
        total, text = 0.0, sum((x2 - x1) * (y2 - y1) for (x1, y1, x2, y2), _ in self.calm)
        free = largest_free(tuple(region for region, _ in self.calm))
        for (x1, y1, x2, y2), importance in self.claims:
            across, down = (free[2] - free[0]) * self.largest[0], (free[3] - free[1]) * self.largest[1]
            possible = min(1, across / (x2 - x1)) * min(1, down / (y2 - y1))
            hidden = self.share_hidden((x1, y1, x2, y2), box)
            shown = (share_inside((x1, y1, x2, y2), box) - hidden) / possible
            covered = hidden * (x2 - x1) * (y2 - y1) / (text * box.area)
            total += importance * (max(0.0, hidden - 0.03, covered - 0.05) + max(0.0, 0.9 - shown))
        return total

    def share_hidden(self, region: tuple[float, ...], box: Box) -> float:
        """The share of a region under the text regions of the crop."""
        return min(1.0, sum(share_inside(region, self.place(each, box)) for each, _ in self.calm))

    def place(self, region: tuple[float, ...], box: Box) -> tuple[float, ...]:
        """A region of the crop in pixels of the picture."""
        x1, y1, x2, y2 = region
        return (
            box.x + x1 * box.width,
            box.y + y1 * box.height,
            box.x + x2 * box.width,
            box.y + y2 * box.height,
        )

    def broken(self, box: Box) -> float:
        """How far a box breaks the rule that no head is cut, see `HeadRule`."""
        total, nobody = 0.0, len(self.protected) > 1
        for head, body, importance in self.protected:
            shown = share_inside(trimmed(head, self.largest), box)
            if shown < 0.98 and (shown > 0.05 or share_inside(body, box) > 0.15):
                total += 1 + importance + 0.1 * (1 - shown)
            nobody = nobody and shown < 0.98
        return total + 2 * (nobody and not self.avoid)

    def load(self, region: tuple[float, float, float, float], box: Box) -> float:
        """What is under a region of the crop: the larger multiple of the average heat or detail, see `measure_load`."""
        area = (region[2] - region[0]) * (region[3] - region[1])
        load = self.sum_under(self.heat, region, box) / area / max(1e-12, self.sum_inside(self.heat, box))
        if self.detail is None:
            return load
        under = self.sum_under(self.detail, region, box)
        density = under / area / max(1e-12, self.sum_inside(self.detail, box))
        return max(load, min(density, under / (area * box.area) / 0.11))

    def sum_inside(self, cells: torch.Tensor, box: Box) -> float:
        return float(cells.double()[box.y : box.bottom, box.x : box.right].sum())

    def sum_under(self, cells: torch.Tensor, region: tuple[float, ...], box: Box) -> float:
        """The sum under a region of the crop, cells counted in part."""
        edges = self.place(region, box)
        rows, columns = cells.shape
        across = [max(0.0, min(each + 1, edges[2]) - max(each, edges[0])) for each in range(columns)]
        down = [max(0.0, min(each + 1, edges[3]) - max(each, edges[1])) for each in range(rows)]
        weights = torch.outer(torch.tensor(down).double(), torch.tensor(across).double())
        return float((cells.double() * weights).sum())

    def edge_excess(self, heat: torch.Tensor, box: Box) -> float:
        """Heat within `band` pixels of the box's edges beyond an even picture's; edges on the border cut nothing."""
        height, width = heat.shape
        excess = heat - 1 / (height * width)
        band = self.band
        outer = excess[max(0, box.y - band) : box.bottom + band, max(0, box.x - band) : box.right + band]
        x1 = box.x + band if box.x > 0 else box.x
        y1 = box.y + band if box.y > 0 else box.y
        x2 = box.right - band if box.right < width else box.right
        y2 = box.bottom - band if box.bottom < height else box.bottom
        return float(outer.sum() - excess[y1:y2, x1:x2].sum())


@cache
def largest_free(regions: tuple[tuple[float, ...], ...], steps: int = 20) -> tuple[float, ...]:
    """The largest rectangle that touches none of the regions, whose edges are multiples of 1/20, by trying all."""
    taken = torch.zeros(steps, steps, dtype=torch.bool)
    for x1, y1, x2, y2 in regions:
        taken[round(y1 * steps) : round(y2 * steps), round(x1 * steps) : round(x2 * steps)] = True
    found = [
        ((right - left) * (bottom - top), (left / steps, top / steps, right / steps, bottom / steps))
        for left in range(steps)
        for right in range(left + 1, steps + 1)
        for top in range(steps)
        for bottom in range(top + 1, steps + 1)
        if not taken[top:bottom, left:right].any()
    ]
    return max(found, default=(1, (0.0, 0.0, 1.0, 1.0)))[1]


def trimmed(head: tuple[int, ...], largest: tuple[int, int]) -> tuple[float, ...]:
    """The part of a head that a box can hold: 98 % of a side that it cannot, from the middle and the chin."""
    x1, y1, x2, y2 = head
    width = 0.98 * largest[0] if x2 - x1 > largest[0] else x2 - x1
    height = 0.98 * largest[1] if y2 - y1 > largest[1] else y2 - y1
    middle = (x1 + x2) / 2
    return middle - width / 2, y2 - height, middle + width / 2, y2


def share_inside(region: tuple[float, ...], box: Box | tuple[float, ...]) -> float:
    """The share of a region (x1, y1, x2, y2) inside a box."""
    x1, y1, x2, y2 = (box.x, box.y, box.right, box.bottom) if isinstance(box, Box) else box
    across = max(0, min(x2, region[2]) - max(x1, region[0]))
    down = max(0, min(y2, region[3]) - max(y1, region[1]))
    return across * down / ((region[2] - region[0]) * (region[3] - region[1]))


def sliced_at(shown: float) -> float:
    """How far a subject of which this share shows is sliced: 0 where it is out or whole, 1 between."""
    if shown <= 0.02 or shown >= 0.99:
        return 0.0
    if shown < 0.10:
        return (shown - 0.02) / 0.08
    if shown > 0.95:
        return (0.99 - shown) / 0.04
    return 1.0

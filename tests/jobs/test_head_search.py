"""Heads that are too small for the thumbnail of the whole picture: it is looked at in parts where such are seen."""

import numpy as np
import pytest

from salient_crop.cropping.box import Box
from salient_crop.cropping.subject import Subject
from salient_crop.images.thumbnail import small_size
from salient_crop.jobs.head_search import CloserLook, find_heads

SIZE = (2000, 1500)
SIDES = 40, 50  # of the heads, in pixels
SEEN = 0.02  # of the short side of what is looked at: smaller heads are not seen


class Crowd:
    """A picture with heads at places, and a cropper that sees those that are large enough in what it is shown."""

    def __init__(self, places, size=SIZE, sides=SIDES, kind="person"):
        self.size, self.sides, self.kind, self.asked = size, sides, kind, []
        self.heads = [(x, y, x + sides[0], y + sides[1]) for x, y in places]

    def subjects(self, part):
        found = []
        for x1, y1, x2, y2 in self.heads:
            seen = max(x1, part.x), max(y1, part.y), min(x2, part.right), min(y2, part.bottom)
            if seen[0] < seen[2] and seen[1] < seen[3] and y2 - y1 > SEEN * min(part.size):
                edges = [
                    (seen[0] - part.x) / part.width,
                    (seen[1] - part.y) / part.height,
                    (seen[2] - part.x) / part.width,
                    (seen[3] - part.y) / part.height,
                ]
                found.append(Subject(*edges, kind=self.kind, head=edges, confidence=0.8))
        return found

    def look(self):
        def read(box, size):
            self.asked.append(box)
            assert size == small_size(box.size, 512)
            return np.zeros((size[1], size[0], 3), np.uint8)

        return CloserLook(read, lambda thumbnail: self.subjects(self.asked[-1]))

    def find(self):
        return find_heads(self.subjects(Box(0, 0, *self.size)), self.size, self.look())


def test_without_heads_nothing_is_looked_at_again():
    crowd = Crowd([])
    assert crowd.find() == [] and crowd.asked == []


def test_a_portrait_is_looked_at_once():
    crowd = Crowd([(800, 200)], sides=(400, 500))
    assert [each[:4] for each in crowd.find()] == [pytest.approx(crowd.heads[0])] and crowd.asked == []


def test_small_heads_beside_one_that_is_seen_are_found_each_once_and_whole():
    places = [(x, y) for x in range(20, 1900, 130) for y in range(30, 1400, 170)]
    small = Crowd(places, sides=(18, 22))
    small.heads.append((700, 600, 760, 675))  # the only one that the first look sees
    assert len(small.subjects(Box(0, 0, *SIZE))) == 1
    found = sorted(tuple(map(round, each[:4])) for each in small.find())
    assert found == sorted(small.heads)
    assert 4 <= len(small.asked) <= 20


def test_only_parts_with_small_heads_are_looked_at_closer_still():
    crowd = Crowd([(100, 100)])
    crowd.find()
    assert len(crowd.asked) == 8 and all(box.right <= 1160 and box.bottom <= 870 for box in crowd.asked[4:])


@pytest.mark.parametrize("size", [(500, 400), (600, 3000), (1, 1)])
def test_a_picture_of_which_the_cropper_has_seen_all_is_not_looked_at_in_parts(size):
    crowd = Crowd([], size)
    crowd.heads = [(0, 0, max(1, 0.05 * size[0]), max(1, 0.05 * size[1]))]
    crowd.find()
    assert crowd.asked == []


def test_heads_of_animals_and_of_subjects_without_a_look_are_not_searched():
    assert Crowd([(100, 100)], kind="animal").find() == []
    crowd = Crowd([(100, 100)])
    assert len(find_heads(crowd.subjects(Box(0, 0, *SIZE)), SIZE)) == 1 and crowd.asked == []

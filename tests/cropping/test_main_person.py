import pytest

from salient_crop.cropping.main_person import find_main_person, label_framing, label_person
from salient_crop.cropping.subject import Subject

LARGE = Subject(0.1, 0.1, 0.3, 0.3, kind="face")
SMALL = Subject(0.7, 0.1, 0.8, 0.2, kind="face")
DOG = Subject(0.3, 0.3, 0.9, 0.9, kind="animal", head=(0.4, 0.4, 0.8, 0.8))
ALL = (0.0, 0.0, 1.0, 1.0)


@pytest.mark.parametrize(
    ("subjects", "region", "main"),
    [
        ([], ALL, None),
        ([DOG], ALL, None),  # no person
        ([Subject(0, 0, 1, 1, kind="person")], ALL, None),  # no head known
        ([SMALL, DOG, LARGE], ALL, LARGE),
        ([LARGE, SMALL], (0.5, 0.0, 1.0, 1.0), SMALL),  # the larger one is outside
        ([LARGE, SMALL], (0.28, 0.0, 1.0, 1.0), SMALL),  # of the larger one less is to be seen
        ([LARGE, SMALL], (0.4, 0.5, 0.6, 1.0), None),
        ([Subject(*LARGE.region, kind="face", confidence=0.3), SMALL], ALL, SMALL),  # hardly certain
    ],
)
def test_the_main_person_is_the_one_of_whose_head_the_crop_shows_most(subjects, region, main):
    assert find_main_person(subjects, region) == main


@pytest.mark.parametrize(
    ("region", "framing"),
    [
        ((0.1, 0.05, 0.3, 0.32), "close-up"),
        ((0.0, 0.05, 0.5, 0.5), "portrait"),
        ((0.0, 0.0, 0.5, 0.8), "half figure"),
        ((0.0, -0.2, 1.0, 1.0), "full figure"),  # canvas above counts as the crop
        ((-2.0, -2.0, 3.0, 3.0), "wide"),
        ((0.295, 0.0, 1.0, 1.0), None),  # a sliver of the head only
    ],
)
def test_a_crop_is_labelled_by_the_head_of_its_main_person(region, framing):
    assert label_framing([LARGE], region) == framing
    assert label_framing([DOG], region) is None


def test_an_animal_has_a_framing_only_where_it_is_asked_about():
    assert label_person(DOG, ALL) == "portrait"
    assert label_person(Subject(0, 0, 1, 1, kind="person"), ALL) is None

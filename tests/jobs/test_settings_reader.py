"""Settings are read back from the record of a run exactly, or not at all."""

import json
from copy import deepcopy
from pathlib import Path

import pytest

from salient_crop.bucketing.grids import parse_grid
from salient_crop.bucketing.loss import LossWeights
from salient_crop.cropping.constraint import Constraint
from salient_crop.cropping.margin import Margin
from salient_crop.cropping.model_sizes import parse_shapes
from salient_crop.cropping.objective import Objective, ObjectiveWeights
from salient_crop.cropping.ratio import Ratio
from salient_crop.cropping.text_region import TextRegion
from salient_crop.datasets.formats import get_format
from salient_crop.jobs.guides import Guides, LabelRule
from salient_crop.jobs.per_subject import PerSubject
from salient_crop.jobs.settings import BucketSettings, CropSettings
from salient_crop.jobs.settings_reader import read_settings
from salient_crop.jobs.words import WordSettings
from salient_crop.models.size_prior.framing import as_people_crop

PLAIN = CropSettings("centre", "", Constraint((Ratio(2, 3), Ratio(1, 1))))
MODELS = CropSettings(
    "centre", "", Constraint(parse_shapes("sdxl,2:3")), quality=80, name="{name}_{ratio}", fit="whole"
)
BUCKETS = CropSettings(
    "focus",
    "0" * 64,
    Constraint(
        min_share=1.0,
        keep=((0.1, 0.2, 0.3, 0.4),),
        avoid=((0.0, 0.0, 1.0, 0.1),),
        text_regions=(TextRegion.preset("top", "crop", True),),
        min_size=(64, 96),
        policy="pad",
    ),
    objective=Objective(ObjectiveWeights(size=0.5, composition=0.25)),
    on_cut="pad",
    format="png",
    background=None,
    masks=Path("/masks"),
    guides=Guides(
        Path("/focus"), None, Path("/keep"), (LabelRule("shoe", 0.5), LabelRule("hat", role="keep")), Margin(share=0.25)
    ),
    words=WordSettings(("red shoe", "hat"), Path("/model"), "ab" * 32, 0.25, "skip"),
    follow_links=True,
    buckets=BucketSettings(parse_grid("auto:2", 256), 256, 4, 2, "repeat", 1.5, LossWeights(cut=0.25), "skip"),
    dataset=get_format("kohya")("cat", 10, 4),
)
SUBJECTS = CropSettings(
    "centre", "", Constraint(max_size=(64, 96)), caption_framing=True, per_subject=PerSubject("object", "whole", 0.25)
)
ON_A_GPU = CropSettings("centre", "", Constraint(), device="cuda")


def noted(settings):
    return json.loads(json.dumps(settings.identity()))


@pytest.mark.parametrize("settings", [PLAIN, BUCKETS, MODELS, SUBJECTS, ON_A_GPU])
def test_what_was_noted_is_read_back(settings):
    assert read_settings(noted(settings)) == settings


def test_bundled_models_of_taste_are_found_by_their_digest():
    settings = CropSettings("centre", "", Constraint((Ratio(1, 1),)), objective=as_people_crop())
    assert read_settings(noted(settings)).identity() == settings.identity()
    value = noted(settings)
    value["objective"]["size_model"] = "0" * 64
    with pytest.raises(ValueError, match="does not come with this version"):
        read_settings(value)


def test_the_checkpoint_is_no_part_of_the_identity():
    assert read_settings(noted(PLAIN), "mine.safetensors").checkpoint == "mine.safetensors"


@pytest.mark.parametrize("value", [None, [], 5, "x", {}, {"cropper": "centre"}])
def test_what_is_no_identity_is_refused(value):
    with pytest.raises(ValueError, match="not those of a run of this version"):
        read_settings(value)


def places(value, path=()):
    for key in value if isinstance(value, dict) else range(len(value)):
        yield (*path, key)
        if isinstance(value[key], dict | list):
            yield from places(value[key], (*path, key))


OTHERS = [None, True, -1, 10**30, float("nan"), "", "../x", [], {}, [1, 2, 3]]


@pytest.mark.parametrize("settings", [PLAIN, BUCKETS], ids=["plain", "buckets"])
def test_whatever_stands_in_a_field_it_is_read_exactly_or_refused(settings):
    for place in list(places(noted(settings))):
        for other in OTHERS:
            value = deepcopy(noted(settings))
            *keys, last = place
            target = value
            for key in keys:
                target = target[key]
            target[last] = other
            try:
                read = read_settings(value)
            except ValueError:
                continue
            assert json.loads(json.dumps(read.identity())) == value, place


def test_of_another_version_is_refused_and_named():
    with pytest.raises(ValueError, match="format_version"):
        read_settings({**noted(PLAIN), "format_version": 1})
    with pytest.raises(ValueError, match="later"):
        read_settings({**noted(PLAIN), "later": 1})

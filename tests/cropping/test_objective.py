from __future__ import annotations

from dataclasses import asdict

import pytest
from plain_score import DEFAULT_WEIGHTS

from salient_crop.cropping.objective import DEFAULT_OBJECTIVE, Objective, ObjectiveWeights


def test_the_default_is_what_recorded_figures_were_made_with():
    assert asdict(DEFAULT_OBJECTIVE.weights) == DEFAULT_WEIGHTS
    assert (DEFAULT_OBJECTIVE.size_model, DEFAULT_OBJECTIVE.rater, DEFAULT_OBJECTIVE.chooser) == (None,) * 3
    assert Objective() == DEFAULT_OBJECTIVE
    assert hash(Objective()) == hash(Objective(ObjectiveWeights()))


def test_the_span_is_the_most_that_the_terms_can_differ_by():
    assert DEFAULT_OBJECTIVE.weights.span == pytest.approx(1 + 1 + 0.02 + 1 + 1)
    weights = ObjectiveWeights(layout=2, size=8, cut=0.5, avoid=3, subjects=0.7, edge=5, composition=0.1)
    assert weights.span == pytest.approx(1 + 2 + 8 + 0.5 + 3)


def test_another_weight_is_another_objective():
    assert Objective(ObjectiveWeights(size=8.0)) != DEFAULT_OBJECTIVE

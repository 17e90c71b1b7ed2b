from __future__ import annotations

from dataclasses import asdict

from plain_score import DEFAULT_WEIGHTS

from salient_crop.cropping.objective import DEFAULT_OBJECTIVE, Objective, ObjectiveWeights


def test_the_default_is_what_recorded_figures_were_made_with():
    assert asdict(DEFAULT_OBJECTIVE.weights) == DEFAULT_WEIGHTS
    assert (DEFAULT_OBJECTIVE.size_model, DEFAULT_OBJECTIVE.rater) == (None, None)
    assert Objective() == DEFAULT_OBJECTIVE
    assert hash(Objective()) == hash(Objective(ObjectiveWeights()))


def test_another_weight_is_another_objective():
    assert Objective(ObjectiveWeights(size=8.0)) != DEFAULT_OBJECTIVE

from __future__ import annotations

import pytest
import torch

from salient_crop.cropping.inputs import SearchInputs


def test_tables_are_of_maps_that_sum_to_1():
    inputs = SearchInputs.from_maps(torch.tensor([[[1, 3]], [[2, 2]]]), detail=torch.tensor([[[4.0]], [[0.0]]]))
    assert inputs.heat.tolist() == [[[0, 0, 0], [0, 0.25, 1]], [[0, 0, 0], [0, 0.5, 1]]]
    assert inputs.detail is not None
    assert inputs.detail.tolist() == [[[0, 0], [0, 1]], [[0, 0], [0, 1]]]
    assert (len(inputs), inputs.device.type, inputs.ratings) == (2, "cpu", None)
    assert {inputs.heat.dtype, inputs.detail.dtype, inputs.subjects.dtype} == {torch.float64}
    assert inputs.protected.dtype == torch.float64
    assert (inputs.subjects.shape, inputs.protected.shape) == ((2, 0, 5), (2, 0, 9))


def test_without_detail_there_is_none():
    box = torch.tensor([0.1, 0.2, 0.3, 0.4])
    subjects = torch.cat([box, torch.tensor([0.5])]).expand(1, 3, 5)
    protected = torch.cat([box, box * 2, torch.tensor([0.0])]).expand(1, 2, 9)
    inputs = SearchInputs.from_maps(torch.ones(1, 2, 2), subjects, protected=protected)
    assert inputs.detail is None
    assert torch.equal(inputs.subjects, subjects.double())
    assert torch.equal(inputs.protected, protected.double())


@pytest.mark.parametrize(
    ("heat", "subjects", "detail", "message"),
    [
        (torch.ones(2, 2), None, None, r"must be \[B, h, w\], got \[2, 2\]"),
        (torch.ones(1, 1, 2, 2), None, None, r"must be \[B, h, w\]"),
        (torch.ones(1, 2, 2), None, torch.ones(2, 2), r"must be \[B, h, w\]"),
        (torch.ones(2, 2, 2), None, torch.ones(1, 2, 2), "2 heatmaps, but 1 maps of detail"),
        (torch.ones(2, 2, 2), torch.ones(1, 3, 5), None, r"subjects must be \[2, M, 5\], got \[1, 3, 5\]"),
        (torch.ones(2, 2, 2), torch.ones(2, 3, 4), None, r"subjects must be \[2, M, 5\], got \[2, 3, 4\]"),
        (torch.ones(2, 2, 2), torch.ones(2, 5), None, r"subjects must be \[2, M, 5\], got \[2, 5\]"),
        (-torch.ones(1, 2, 2), None, None, "0 or more"),
        (torch.ones(1, 2, 2), None, -torch.ones(1, 2, 2), "detail must hold finite values of 0 or more"),
        (torch.full((1, 2, 2), torch.nan), None, None, "heatmaps must hold finite"),
        (torch.ones(1, 0, 8), None, None, "heatmaps must be .* with at least one cell"),
        (torch.ones(1, 2, 2), None, torch.ones(1, 8, 0), "detail must be .* with at least one cell"),
        (torch.ones(1, 2, 2), torch.full((1, 1, 5), torch.nan), None, "subjects must hold boxes with x1 < x2"),
        (torch.ones(1, 2, 2), torch.tensor([[[0, 0, 1, torch.inf, 1]]]), None, "subjects must hold boxes"),
        (torch.ones(1, 2, 2), torch.tensor([[[0.5, 0.5, 0.5, 0.5, 1]]]), None, "subjects must hold boxes"),
        (torch.ones(1, 2, 2), torch.tensor([[[1.0, 0, 0, 1, 1]]]), None, "subjects must hold boxes"),
        (
            torch.ones(1, 2, 2),
            torch.tensor([[[0, 0, 1, 1, -0.1]]]),
            None,
            "subjects must hold .* a number of 0 or more",
        ),
    ],
)
def test_what_does_not_fit_is_named(heat, subjects, detail, message):
    with pytest.raises(ValueError, match=message):
        SearchInputs.from_maps(heat, subjects, detail)


@pytest.mark.parametrize(
    "given",
    [
        {"heatmaps": torch.ones(1, 2, 2).numpy()},
        {"heatmaps": torch.ones(1, 2, 2, device="meta")},
        {"detail": [[1.0]]},
        {"detail": torch.ones(1, 2, 2).to_sparse()},
        {"subjects": [(0, 0, 1, 1, 1)]},
        {"subjects": torch.ones(1, 1, 5, dtype=torch.complex64)},
        {"protected": "head"},
    ],
)
def test_what_is_no_tensor_of_numbers_is_named(given):
    with pytest.raises(TypeError, match=f"{next(iter(given))} must be a "):
        SearchInputs.from_maps(**{"heatmaps": torch.ones(1, 2, 2), **given})


def test_protected_subjects_that_cannot_be_are_named():
    for bad in ([0, 0, 1, 1, 0, 0, 0, 1, 1], [0, 0, 1, 1, 0, 0, 1, 1, -1], [0, 0, 1, 1, 0, 0, 1, torch.nan, 1]):
        with pytest.raises(ValueError, match="protected must hold boxes"):
            SearchInputs.from_maps(torch.ones(1, 2, 2), protected=torch.tensor([[bad]]))


@pytest.mark.parametrize("shape", [(1, 3, 9), (2, 3, 5), (2, 9)])
def test_protected_subjects_that_do_not_fit_are_named(shape):
    with pytest.raises(ValueError, match=r"protected must be \[2, K, 9\], got "):
        SearchInputs.from_maps(torch.ones(2, 2, 2), protected=torch.ones(shape))

"""Reading benchmark files: what cannot be read is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from salient_crop.evaluation.boxes import evaluate_boxes
from salient_crop.evaluation.cases import parse_each, read_json
from salient_crop.evaluation.constraints import evaluate_constraints
from salient_crop.evaluation.fixations import evaluate_fixations
from salient_crop.evaluation.ranking import evaluate_ranking
from salient_crop.models.baselines.centre import CentreCropper


@pytest.mark.parametrize("content", [b"", b"{", b"3", b'"a"', b"\xff[]"])
def test_content_that_is_no_benchmark_is_refused_by_the_files_name(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "odd.json"
    file.write_bytes(content)
    with pytest.raises(ValueError, match=r"odd\.json"):
        read_json(file)


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ([], r"odd\.json holds no cases"),
        ([("a", "1"), ("b", "one")], r"odd\.json: entry 'b' is not a number: ValueError"),
        ([("a", None)], r"odd\.json: entry 'a' is not a number: TypeError"),
    ],
)
def test_an_entry_that_cannot_be_parsed_is_named(entries: list, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_each(Path("odd.json"), entries, lambda _, entry: int(entry), "a number")


@pytest.mark.parametrize("content", ["[]", "{}", "[1]", '{"a": 1}', '[{"image": "a.png"}]'])
@pytest.mark.parametrize(
    "evaluate",
    [
        lambda file: evaluate_constraints(file, file.parent),
        evaluate_ranking,
        lambda file: evaluate_boxes(file, file.parent, CentreCropper()),
        lambda file: evaluate_fixations(file, CentreCropper()),
    ],
    ids=["constraints", "ranking", "boxes", "fixations"],
)
def test_every_benchmark_names_the_file_that_it_cannot_read(evaluate, content: str, tmp_path: Path) -> None:
    file = tmp_path / "odd.json"
    file.write_text(content)
    with pytest.raises(ValueError, match=r"odd\.json"):
        evaluate(file)

"""A session: what was decided is kept over any end of it, and saved whole."""

import json

import pytest
from reviewed import open_session

from salient_crop.datasets.manifest import read_manifest
from salient_crop.jobs.run import RunError

DRAWN = {"decision": "box", "box": [5, 5, 60, 60]}


def log(home):
    return home / "out" / "manifest.jsonl.review"


def crops(home):
    return {each.source: each.crops for each in read_manifest(home / "out" / "manifest.jsonl")}


def test_every_crop_and_every_failure_is_an_item(session):
    described = session.describe()
    assert [each["name"] for each in described["items"]] == ["0.png", "1.png", "2.png", "3.png", "bad.jpg"]
    assert (described["buckets"], described["writes"]) == (False, True)
    assert described["items"][0]["box"] == (20, 0, 80, 80)
    assert described["items"][4]["status"] == "failed" and "box" not in described["items"][4]


def test_a_decision_waits_in_the_log_until_it_is_saved(home):
    with open_session(home) as session:
        session.decide(0, DRAWN)
        session.decide(1, {"decision": "drop", "box": [20, 0, 80, 80]})
        session.decide(1, None)
        assert session.close() == 1
    with open_session(home) as session:  # as after a kill
        assert [each["correction"] for each in session.describe()["items"][:2]] == [DRAWN, None]
        assert crops(home)["0.png"][0].correction is None
        assert session.save() == {"saved": 1, "failed": {}}
        assert not log(home).exists()
        assert session.describe()["items"][0]["saved"] == DRAWN
        assert session.save() == {"saved": 0, "failed": {}}
    assert crops(home)["0.png"][0].box == (5, 5, 60, 60)


def test_a_line_that_a_kill_cut_off_is_lost_alone(home):
    with open_session(home) as session:
        session.decide(0, DRAWN)
    log(home).write_bytes(log(home).read_bytes() + b'{"source": "1.p')
    with open_session(home) as session:
        session.decide(2, DRAWN)
    with open_session(home) as session:
        assert [bool(each["correction"]) for each in session.describe()["items"]] == [True, False, True, False, False]


def test_a_decision_about_a_picture_that_is_another_one_now_is_forgotten(home):
    with open_session(home) as session:
        session.decide(0, DRAWN)
    lines = log(home).read_text("utf-8").splitlines()
    other = {**json.loads(lines[1]), "digest": "0" * 32}
    log(home).write_text(f"{lines[0]}\n{json.dumps(other)}\n", "utf-8")
    with open_session(home) as session:
        assert session.describe()["items"][0]["correction"] is None


@pytest.mark.parametrize(
    "line", ["5", "[]", "{}", '{"source": "../a", "digest": "", "place": 0, "correction": null}', "[" * 10_000]
)
def test_a_log_of_others_is_refused_by_name(home, line):
    with open_session(home) as session:
        session.decide(0, DRAWN)
    log(home).write_text(log(home).read_text("utf-8").splitlines()[0] + f"\n{line}\n", "utf-8")
    with pytest.raises(ValueError, match=r"manifest\.jsonl\.review, line 2"), open_session(home):
        pass
    log(home).write_text("my notes\n")
    with pytest.raises(ValueError, match="no list of decisions"), open_session(home):
        pass
    assert log(home).read_text() == "my notes\n"


@pytest.mark.parametrize(
    ("index", "value"),
    [
        (9, DRAWN),
        (-1, DRAWN),
        (4, DRAWN),
        (0, {"decision": "box", "box": [500, 0, 60, 60]}),
        (0, {"decision": "box", "box": [0, 0, 2**53, 60]}),
        (0, {"decision": "keep", "box": [0, 0, 60, 60]}),
        (0, {"decision": "box"}),
        (0, "box"),
    ],
)
def test_a_decision_that_cannot_be_is_refused_and_not_noted(home, session, index, value):
    with pytest.raises(ValueError):
        session.decide(index, value)
    assert not log(home).exists()


def test_a_picture_that_cannot_be_written_is_told_and_its_decision_stays(home):
    with open_session(home) as session:
        session.decide(0, DRAWN)
        session.decide(1, DRAWN)
        (home / "photos" / "0.png").unlink()
        saved = session.save()
        assert (saved["saved"], list(saved["failed"])) == (1, ["0.png"])
        items = session.describe()["items"]
        assert (items[0]["correction"], items[0]["saved"], items[1]["saved"]) == (DRAWN, None, DRAWN)
    with open_session(home) as session:
        assert session.describe()["items"][0]["correction"] == DRAWN


def test_nothing_is_saved_over_what_another_run_has_written_meanwhile(home):
    with open_session(home) as session:
        session.decide(0, DRAWN)
        manifest = home / "out" / "manifest.jsonl"
        lines = manifest.read_text("utf-8").splitlines(keepends=True)
        manifest.write_text("".join(lines[::-1]), "utf-8")
        with pytest.raises(RunError, match="load it again"):
            session.save()
        assert log(home).exists()


def test_a_correction_taken_back_is_found_anew(home):
    with open_session(home) as session:
        session.decide(0, DRAWN)
        session.save()
        session.decide(0, None)
        assert session.save() == {"saved": 1, "failed": {}}
        assert session.describe()["items"][0]["box"] == (20, 0, 80, 80)

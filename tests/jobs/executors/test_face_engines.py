"""Face squares by each engine: the same files whatever works on the pictures."""

import os
import shutil
import signal

import pytest
from made_pictures import tree
from pool_work import workers

import salient_crop
from salient_crop.cli.main import main
from salient_crop.jobs.prepare_faces import read_face_run
from salient_crop.jobs.worker_cropper import load_worker_finder
from salient_crop.models.landmarks import loading
from salient_crop.models.registry import load_cropper

FACES = 2  # of each copy of the photographs
ASKED = {"size": 64, "format": "png", "device": "cpu", "runtime": "torch", "workers": 2}
WAYS = {
    "plain": {"padding_masks": True},
    "sorted": {"sort": "yaw", "spread": 3},
    "dry": {"dry_run": True},
}


@pytest.fixture(scope="module")
def photos(tmp_path_factory, root):
    """Two photographs of a face, each twice, one without, and one picture that is none."""
    folder = tmp_path_factory.mktemp("photos")
    for number in range(2):
        for name in ("astronaut.jpg", "engineer.jpg"):
            shutil.copy(root / "samples" / name, folder / f"{number}-{name}")
    shutil.copy(root / "samples" / "stairs.jpg", folder)
    (folder / "bad.jpg").write_bytes(b"no picture")
    return folder


def extract(pictures, out, engine, **more):
    return salient_crop.crop_faces(pictures, out, **{**ASKED, "engine": engine, **more})


@pytest.mark.parametrize("way", WAYS)
def test_processes_write_the_same_bytes_as_threads(photos, tmp_path, way):
    there, here = (extract(photos, tmp_path / engine, engine, **WAYS[way]) for engine in ("processes", "threads"))
    assert (there.pictures, there.crops, there.failed) == (here.pictures, here.crops, here.failed)
    assert (here.crops, here.failed) == (3 if way == "sorted" else 2 * FACES, 1)
    assert tree(tmp_path / "processes") == tree(tmp_path / "threads")
    assert not workers()
    if way == "plain":  # a run by threads goes on where one by processes has ended; what failed is tried again
        assert extract(photos, tmp_path / "processes", "threads", **WAYS[way]).resumed == here.pictures - 1


def test_processes_frame_the_faces_of_a_manifest_anew(photos, tmp_path):
    extract(photos, tmp_path / "found", "threads")
    manifest = tmp_path / "found" / "manifest.jsonl"
    person = {"same_as": "0-astronaut_0.png", "embed": lambda square: [square.mean(), 100.0], "sort": "likeness"}
    for engine in ("processes", "threads"):
        outcome = extract(manifest, tmp_path / engine, engine, framing="head", **person)
        assert outcome.crops == 2 * FACES
    assert tree(tmp_path / "processes") == tree(tmp_path / "threads")


def test_lost_workers_lose_no_face(photos, tmp_path):
    killed = []

    def kill(step):
        if not killed:
            for each in workers():
                os.kill(each.pid, signal.SIGKILL)
                killed.append(each.pid)

    outcome = extract(photos, tmp_path / "there", "processes", progress=kill, **WAYS["sorted"])
    assert killed and (outcome.crops, outcome.failed) == (3, 1)
    extract(photos, tmp_path / "here", "threads", **WAYS["sorted"])
    assert tree(tmp_path / "there") == tree(tmp_path / "here")


def test_the_same_bytes_on_ray(cluster, photos, tmp_path):
    for way, more in WAYS.items():
        for engine in ("ray", "threads"):
            extract(photos, tmp_path / f"{way}-{engine}", engine, **more)
        assert tree(tmp_path / f"{way}-ray") == tree(tmp_path / f"{way}-threads"), way


def test_what_an_engine_cannot_do_is_refused(photos, tmp_path, capsys):
    with pytest.raises(ValueError, match="cropper: one that is loaded stays in this process"):
        extract(photos, tmp_path / "out", "processes", cropper=load_cropper("focus"))
    with pytest.raises(ValueError, match="gpus_per_worker: does nothing without engine ray"):
        extract(photos, tmp_path / "out", "threads", gpus_per_worker=1)
    words = ["faces", str(tmp_path / "manifest.jsonl"), "--out", str(tmp_path / "out"), "--engine", "processes"]
    assert main([*words, "--paste-back", str(photos)]) == 2
    assert "--paste-back is left to threads" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_other_points_of_faces_than_the_run_s_are_refused(photos, tmp_path, monkeypatch):
    extract(photos, tmp_path / "out", "threads", dry_run=True)
    run, _ = read_face_run(tmp_path / "out" / "manifest.jsonl")
    assert load_worker_finder(run.settings).digest == run.settings.faces.finder
    other = loading.load_bundled_finder()
    other.digest = "other"
    monkeypatch.setattr(loading, "load_bundled_finder", lambda: other)
    with pytest.raises(ValueError, match="has other weights here"):
        load_worker_finder(run.settings)

"""Folders of pictures into folders of face squares: names, order, filters, resuming, and back into the pictures."""

import json
import os
from dataclasses import replace
from hashlib import sha256

import numpy as np
import pytest
import torch
from PIL import Image

import salient_crop
from salient_crop.cli.main import main
from salient_crop.cropping.face import MEAN_FACE
from salient_crop.cropping.face_framing import FaceFraming
from salient_crop.cropping.subject import Subject
from salient_crop.datasets.manifest import DROPPED, FAILED, OK, read_manifest
from salient_crop.jobs.executors.batches import Analyser
from salient_crop.jobs.face_folder import extract_faces
from salient_crop.jobs.face_paste import paste_faces, prepare_paste
from salient_crop.jobs.face_settings import FaceSettings
from salient_crop.jobs.picture_tasks import on_threads
from salient_crop.jobs.prepare_faces import find_earlier, prepare_face_run, prepare_person
from salient_crop.jobs.run import RunError
from salient_crop.models.analysis import Analysis
from salient_crop.models.base import Cropper
from salient_crop.models.landmarks.network import VIEW, VIEW_CENTRE, Landmarks

SIZE = 160, 120


class Heads(Cropper):
    """One head at the left of every picture, and one at the right."""

    name = "heads"

    def analyse(self, images):
        heads = [(0.1, 0.2, 0.4, 0.6), (0.6, 0.2, 0.9, 0.6)]
        subjects = [Subject(*each, kind="person", head=each, confidence=0.5) for each in heads]
        return [Analysis(torch.ones(8, 8), subjects) for _ in images]


class MeanFinder:
    """Finds the mean face in the middle of whatever it looks at, the more certain the brighter."""

    digest = "mean"

    def find(self, images):
        points = (torch.tensor(MEAN_FACE) - torch.tensor(VIEW_CENTRE)) / VIEW + 0.5
        return Landmarks(points.expand(len(images), 5, 2), torch.full((len(images),), 0.01), images.mean((1, 2, 3)))


class Faces:
    """A folder of pictures, and runs over their faces."""

    def __init__(self, base):
        self.photos, self.out = base / "photos", base / "out"
        self.photos.mkdir()
        self.looked = 0

    def add(self, name, left=0.6, right=0.8, sharp=False):
        """A picture whose left and right half have these levels, with some detail."""
        path = self.photos / name
        path.parent.mkdir(parents=True, exist_ok=True)
        noise = np.random.default_rng(len(name)).normal(0, 0.1 if sharp else 0.02, (SIZE[1], SIZE[0], 1))
        levels = np.where(np.arange(SIZE[0]) < SIZE[0] // 2, left, right)[None, :, None]
        pixels = ((levels + noise).clip(0, 1) * 255).astype(np.uint8)
        Image.fromarray(pixels.repeat(3, 2)).save(path)
        return path

    def extract(self, pictures=None, out=None, progress=lambda step: None, **asked):
        out = out or self.out
        more = {name: asked.pop(name) for name in list(asked) if name in ("workers", "dry_run", "format", "fill")}
        named = [pictures or self.photos]
        faces = FaceSettings("mean", **{"size": 32, "least_certain": 0.5, **asked})
        run = prepare_face_run(named, out, Heads(), faces, **{"format": "png", **more})
        with Analyser(Heads()) as analyser:
            return extract_faces(run, on_threads(analyser, MeanFinder()), progress, find_earlier(named))

    def paste(self, edited, out, feather=0):
        run, faces = prepare_paste([self.out / "manifest.jsonl"], edited, out, feather=feather)
        return paste_faces(run, faces, lambda step: None)

    def records(self, out=None):
        return list(read_manifest((out or self.out) / "manifest.jsonl"))

    def files(self, out=None):
        return sorted(path.relative_to(out or self.out).as_posix() for path in (out or self.out).rglob("*.png"))

    def tree(self):
        return {
            path.relative_to(self.out).as_posix(): sha256(path.read_bytes()).hexdigest()
            for path in sorted(self.out.rglob("*"))
            if path.is_file() and not path.name.startswith(".")
        }


@pytest.fixture
def faces(tmp_path):
    found = Faces(tmp_path)
    found.add("a.png")
    found.add("deep/b.png", 0.9, 0.55)
    return found


def test_every_face_has_a_square_named_after_its_picture_and_its_place(faces):
    outcome = faces.extract()
    assert (outcome.pictures, outcome.crops, outcome.failed) == (2, 4, 0)
    assert faces.files() == ["a_0.png", "a_1.png", "deep/b_0.png", "deep/b_1.png"]
    assert Image.open(faces.out / "a_0.png").size == (32, 32)


def test_the_manifest_keeps_all_that_is_needed_to_frame_and_paste(faces):
    faces.extract(framing=FaceFraming("dfl:full"))
    for record in faces.records():
        for crop in record.crops:
            face = crop.face
            square = FaceFraming("dfl:full").square(face.face, face.head, 32)
            assert np.allclose(face.matrix, square.to_pixels(32).rows(), atol=1e-6)
            assert face.scale == pytest.approx(square.side / 32, abs=1e-4)
            assert abs(face.yaw) < 1 and abs(face.roll) < 1 and 0 < face.blur < 1 and face.padding == 0
    left, right = faces.records()[0].crops
    assert left.face.points[2][0] < SIZE[0] / 2 < right.face.points[2][0]


def test_a_square_shows_what_lies_under_it(faces):
    faces.extract()
    left, right = (np.asarray(Image.open(faces.out / f"a_{index}.png")).mean() / 255 for index in (0, 1))
    assert left == pytest.approx(0.6, abs=0.02) and right == pytest.approx(0.8, abs=0.02)


def test_faces_that_do_not_pass_are_left_out_with_the_reason(faces):
    faces.add("dark.png", 0.1, 0.2)
    faces.extract(least_certain=0.7)
    by_source = {each.source: each for each in faces.records()}
    assert [len(by_source[name].crops) for name in ("a.png", "deep/b.png", "dark.png")] == [1, 1, 0]
    assert by_source["dark.png"].status == DROPPED and by_source["dark.png"].reason == "no face found in it"


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({"least_size": 500.0}, "2 too small"),
        ({"most_enlarged": 0.01}, "2 enlarged too much"),
        ({"most_blurred": 0.01}, "2 too blurred"),
    ],
)
def test_each_filter_says_what_it_left_out(faces, asked, reason):
    outcome = faces.extract(**asked)
    assert outcome.crops == 0 and outcome.dropped == 2
    assert {each.reason for each in faces.records()} == {reason}


def test_sorted_faces_have_their_place_before_their_name(faces):
    faces.extract(sort="certainty")
    assert faces.files() == ["000001_deep_b_0.png", "000002_a_1.png", "000003_a_0.png", "000004_deep_b_1.png"]
    assert [each.source for each in faces.records()] == ["a.png", "deep/b.png"]


def test_spread_keeps_so_many(faces):
    outcome = faces.extract(spread=3)
    assert outcome.crops == 3 and len(faces.files()) == 3


def test_a_finished_run_is_found_finished(faces):
    for asked in ({}, {"sort": "blur"}):
        faces.extract(**asked)
        before, steps = faces.tree(), []
        outcome = faces.extract(progress=steps.append, **asked)
        assert outcome.resumed == 2 and faces.tree() == before and not steps


def test_other_settings_replace_the_squares_and_leave_none_behind(faces):
    faces.extract()
    (faces.out / "mine.png").write_bytes(b"somebody's")
    outcome = faces.extract(sort="blur", spread=1)
    assert any(note.startswith("settings differ") for note in outcome.notes)
    assert len(faces.files()) == 2 and "mine.png" in faces.files()


@pytest.mark.parametrize("asked", [{}, {"sort": "size", "spread": 3}])
def test_a_run_that_was_stopped_ends_with_the_same_bytes(faces, asked):
    for index in range(6):
        faces.add(f"more{index}.png")
    faces.extract(**asked)
    expected = faces.tree()
    for path in faces.out.rglob("*"):
        if path.is_file():
            path.unlink()

    class Stopped(Exception):
        pass

    def stop(step):
        if step.stage == "writing" and step.place == 3:
            raise Stopped

    with pytest.raises(Stopped):
        faces.extract(progress=stop, **asked)
    assert faces.extract(**asked).failed == 0
    assert faces.tree() == expected


def test_a_square_that_was_deleted_is_made_again(faces):
    faces.extract()
    before = faces.tree()
    os.remove(faces.out / "a_1.png")
    assert faces.extract().resumed == 1
    assert faces.tree() == before


def test_a_picture_that_cannot_be_read_fails_alone(faces):
    (faces.photos / "broken.jpg").write_bytes(b"no picture")
    outcome = faces.extract(sort="blur")
    assert (outcome.failed, outcome.crops) == (1, 4)
    assert next(each for each in faces.records() if each.source == "broken.jpg").status == FAILED


def test_what_no_run_has_written_is_not_overwritten(faces):
    faces.out.mkdir()
    (faces.out / "a_1.png").write_bytes(b"somebody's")
    outcome = faces.extract()
    assert outcome.failed == 1 and (faces.out / "a_1.png").read_bytes() == b"somebody's"


def test_a_dry_run_writes_the_manifest_alone(faces):
    outcome = faces.extract(dry_run=True)
    assert outcome.crops == 4 and faces.files() == []
    assert all(crop.face and crop.file is None for record in faces.records() for crop in record.crops)


def test_masks_of_the_padding_are_written_where_asked(faces):
    faces.extract(framing=FaceFraming("face", padding=2.0), padding_masks=True)
    mask = np.asarray(Image.open(faces.out / "masks" / "a_0.png").convert("L"))
    padding = faces.records()[0].crops[0].face.padding
    assert 0.1 < padding < 0.9 and mask.mean() / 255 == pytest.approx(padding, abs=0.03)


def test_faces_are_framed_anew_from_the_manifest_without_looking(faces, tmp_path):
    faces.extract()
    again = tmp_path / "again"
    manifest = faces.out / "manifest.jsonl"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Heads, "analyse", lambda self, images: pytest.fail("looked again"))
        outcome = faces.extract(manifest, out=again, framing=FaceFraming("whole face"), size=64, sort="certainty")
    assert outcome.crops == 4 and len(faces.files(again)) == 4
    for before, after in zip(faces.records(), faces.records(again), strict=True):
        for one, other in zip(before.crops, after.crops, strict=True):
            assert one.face.points == other.face.points and one.face.blur == other.face.blur
            assert other.target_size == (64, 64) and other.face.scale != one.face.scale


def test_the_same_framing_from_the_manifest_gives_the_same_bytes(faces, tmp_path):
    faces.extract()
    faces.extract(faces.out / "manifest.jsonl", out=tmp_path / "again")
    for file in faces.files():
        assert (tmp_path / "again" / file).read_bytes() == (faces.out / file).read_bytes()


def test_a_picture_that_has_changed_since_fails_by_name(faces, tmp_path):
    faces.extract()
    faces.add("a.png", 0.2, 0.3)
    outcome = faces.extract(faces.out / "manifest.jsonl", out=tmp_path / "again")
    assert outcome.failed == 1
    assert "changed since its faces were found" in faces.records(tmp_path / "again")[0].reason


def test_unchanged_squares_go_back_without_a_trace_and_edits_land(faces, tmp_path):
    faces.extract()
    same, edited = tmp_path / "same", tmp_path / "edited"
    assert faces.paste(faces.out, same).crops == 2
    for source in ("a.png", "deep/b.png"):
        assert np.array_equal(Image.open(same / source), Image.open(faces.photos / source))
    square = np.asarray(Image.open(faces.out / "a_0.png")).copy()
    square[8:24, 8:24] = (255, 0, 0)
    Image.fromarray(square).save(faces.out / "a_0.png")
    outcome = faces.paste(faces.out, edited)
    assert (outcome.pictures, outcome.failed) == (2, 0)
    before, after = np.asarray(Image.open(faces.photos / "a.png")), np.asarray(Image.open(edited / "a.png"))
    x, y = (round(each) for each in faces.records()[0].crops[0].face.face.alignment.inverse().apply((0.5, 0.54)))
    assert after[y, x].tolist() == [255, 0, 0]
    assert np.array_equal(after[:, SIZE[0] // 2 :], before[:, SIZE[0] // 2 :])


def test_pasting_goes_on_where_it_was_and_notices_new_edits(faces, tmp_path):
    faces.extract()
    out = tmp_path / "pasted"
    faces.paste(faces.out, out)
    assert faces.paste(faces.out, out).resumed == 2
    Image.new("RGB", (32, 32), "red").save(faces.out / "a_1.png")
    assert faces.paste(faces.out, out).resumed == 1


def test_a_square_saved_in_another_format_or_size_goes_back_too(faces, tmp_path):
    faces.extract()
    edited = tmp_path / "edited"
    edited.mkdir()
    Image.new("RGB", (64, 64), (0, 0, 255)).save(edited / "a_0.bmp")
    outcome = faces.paste(edited, tmp_path / "pasted")
    assert (outcome.crops, outcome.dropped) == (1, 1)
    x, y = (round(each) for each in faces.records()[0].crops[0].face.points[2])
    assert np.asarray(Image.open(tmp_path / "pasted" / "a.png"))[y, x].tolist() == [0, 0, 255]


def test_edited_pictures_that_no_square_is_named_after_are_told_of(faces, tmp_path):
    faces.extract()
    edited = tmp_path / "edited"
    edited.mkdir()
    for name in ("a_0.png", "a_0_edited.png", "b.png"):
        Image.new("RGB", (32, 32)).save(edited / name)
    notes = faces.paste(edited, tmp_path / "pasted").notes
    assert notes == (f"{edited}: a_0_edited.png and 1 more: no square has that name, so it is pasted nowhere",)


def test_a_square_that_is_none_fails_its_picture_by_name(faces, tmp_path):
    faces.extract()
    Image.new("RGB", (40, 32)).save(faces.out / "a_0.png")
    outcome = faces.paste(faces.out, tmp_path / "pasted")
    assert outcome.failed == 1
    record = faces.records(tmp_path / "pasted")[0]
    assert record.status == FAILED and "a_0.png" in record.reason and "square" in record.reason


@pytest.mark.parametrize("line", ["nonsense", '{"source": "a.png"}'])
def test_a_manifest_that_is_none_is_refused(faces, tmp_path, line):
    manifest = tmp_path / "other.jsonl"
    manifest.write_text(line + "\n")
    with pytest.raises(RunError, match=r"other\.jsonl"):
        faces.extract(manifest)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"points": [[0, 0]] * 5}, "points"),
        ({"matrix": [[1, 0, 0], [0, -1, 0]]}, "matrix"),
        ({"matrix": [[1, 0, 1e30], [0, 1, 0]]}, "matrix"),
        ({"size": -1}, "size"),
        ({"head": [5, 5, 5, 5]}, "head"),
        ({"yaw": "left"}, "yaw"),
    ],
)
def test_a_face_that_cannot_be_is_refused_by_its_field(faces, change, complaint):
    faces.extract()
    manifest = faces.out / "manifest.jsonl"
    lines = [json.loads(line) for line in manifest.read_text().splitlines()]
    lines[0]["crops"][0]["face"] |= change
    manifest.write_text("".join(json.dumps(each) + "\n" for each in lines))
    with pytest.raises(RunError, match=rf"crops\[0\]\.face\.{complaint}"):
        faces.extract(manifest, out=faces.out.parent / "again")


def test_a_manifest_of_crops_is_no_manifest_of_faces(faces):
    faces.extract()
    manifest = faces.out / "manifest.jsonl"
    lines = [json.loads(line) for line in manifest.read_text().splitlines()]
    for line in lines:
        for crop in line["crops"]:
            del crop["face"]
    manifest.write_text("".join(json.dumps(each) + "\n" for each in lines))
    with pytest.raises(RunError, match="no faces"):
        faces.extract(manifest, out=faces.out.parent / "again")


@pytest.mark.parametrize(
    "wrong",
    [
        {"size": 8},
        {"size": 5000},
        {"sort": "beauty"},
        {"most_blurred": 2.0},
        {"spread": 0},
        {"most_yaw": -1.0},
        {"least_size": float("nan")},
    ],
)
def test_settings_that_cannot_be_name_their_field(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        FaceSettings("mean", **wrong)


def test_every_setting_belongs_to_the_identity():
    plain = FaceSettings("mean")
    others = [replace(plain, finder="x"), replace(plain, framing=FaceFraming("head")), replace(plain, sort="yaw")]
    assert all(each != plain for each in others) and OK == "ok"


VECTORS = {"a_0.png": [1, 0], "a_1.png": [0, 1], "deep/b_0.png": [0.8, 0.6]}


def same(faces, out, same_as=("a_0.png",), embeddings=VECTORS, embed=None, **asked):
    named = [faces.out / "manifest.jsonl"]
    person = prepare_person(named, same_as, embeddings, embed)
    asked = {"size": 32, "least_certain": 0.5, "same_as": same_as, "embeddings": person.embeddings.digest, **asked}
    settings = FaceSettings("mean", **asked)
    run = prepare_face_run(named, out, Heads(), settings, format="png")
    with Analyser(Heads()) as analyser:
        engine = on_threads(analyser, MeanFinder())
        return extract_faces(run, engine, lambda step: None, find_earlier(named, person))


def test_faces_of_one_person_are_kept_and_sorted_by_how_alike_they_are(faces, tmp_path):
    faces.extract()
    outcome = same(faces, tmp_path / "same", sort="likeness")
    assert outcome.crops == 2
    assert faces.files(tmp_path / "same") == ["000001_a_0.png", "000002_deep_b_0.png"]
    kept = {crop.file: crop.face.likeness for each in faces.records(tmp_path / "same") for crop in each.crops}
    assert kept == {"000001_a_0.png": 1.0, "000002_deep_b_0.png": 0.8}
    assert same(faces, tmp_path / "same", sort="likeness").resumed == 2
    stricter = same(faces, tmp_path / "same", least_alike=0.9)
    assert stricter.crops == 1 and faces.files(tmp_path / "same") == ["a_0.png"]
    dropped = faces.records(tmp_path / "same")[1]
    assert dropped.status == DROPPED and dropped.reason == "1 of somebody else, 1 without an embedding"


def test_other_vectors_choose_anew(faces, tmp_path):
    faces.extract()
    same(faces, tmp_path / "same")
    outcome = same(faces, tmp_path / "same", embeddings={**VECTORS, "a_1.png": [1, 0.1]})
    assert outcome.resumed == 0 and outcome.crops == 3


def test_a_function_embeds_the_squares_of_a_manifest(faces, tmp_path):
    faces.extract()
    outcome = same(faces, tmp_path / "same", embeddings=None, embed=lambda square: [square.mean() - 127, 10.0])
    assert outcome.crops == 4


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"same_as": ["gone.png"], "embeddings": VECTORS}, "same_as: there is no embedding of 'gone.png'"),
        ({"same_as": ["a_0.png"]}, "same_as: needs embeddings of the squares"),
        ({"same_as": ["a_0.png"], "embeddings": VECTORS, "embed": len}, "same_as: needs embeddings of the squares"),
        ({"same_as": [], "embeddings": VECTORS}, "embeddings: does nothing without same_as"),
        ({"same_as": ["a_0.png"], "embeddings": "nowhere.jsonl"}, "embeddings: nowhere.jsonl: No such file"),
        ({"same_as": ["a_0.png"], "embeddings": {"a_0.png": [0, 0]}}, "embeddings: 'a_0.png': its numbers"),
    ],
)
def test_a_person_that_cannot_be_told_is_refused_by_name(faces, asked, told):
    faces.extract()
    with pytest.raises(ValueError, match=told):
        prepare_person([faces.out / "manifest.jsonl"], **{"embeddings": None, **asked})


def test_pictures_have_no_squares_to_compare(faces):
    with pytest.raises(ValueError, match="same_as: needs squares to compare"):
        prepare_person([faces.photos], ["a_0.png"], VECTORS)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"same_as": ("a_0.png",)}, "same_as: needs embeddings"),
        ({"sort": "likeness"}, "sort: likeness needs same_as"),
        ({"least_alike": 1.5}, "least_alike is a cosine"),
    ],
)
def test_settings_of_a_person_that_cannot_be_are_refused(asked, told):
    with pytest.raises(ValueError, match=told):
        FaceSettings("mean", **asked)


def test_python_and_the_command_make_the_same_squares(faces, tmp_path, root):
    photo = root / "samples" / "astronaut.jpg"
    outcome = salient_crop.crop_faces(photo, tmp_path / "one", "dfl:whole_face", size=64, format="png", device="cpu")
    words = ["faces", str(photo), "--out", str(tmp_path / "two"), "--framing", "dfl:whole_face", "--size", "64"]
    assert main([*words, "--format", "png", "--device", "cpu"]) == 0
    assert outcome.crops == 1
    one, two = ((tmp_path / name / "astronaut_0.png").read_bytes() for name in ("one", "two"))
    assert one == two
    vectors = tmp_path / "vectors.jsonl"
    vectors.write_text(json.dumps({"file": "astronaut_0.png", "embedding": [1, 2, 3]}))
    manifest = str(tmp_path / "two" / "manifest.jsonl")
    again = ["faces", manifest, "--out", str(tmp_path / "three"), "--same-as", "astronaut_0.png"]
    assert main([*again, "--embeddings", str(vectors)]) == 0
    assert main(again) == 2
    with pytest.raises(TypeError, match="progress must be callable"):
        salient_crop.crop_faces(photo, tmp_path / "one", progress=3)

"""Runs that look for what words name: once for each picture, and as the settings say where there is nothing."""

import json

import pytest
from made_up_detectors import save_config, save_grounding_dino, save_owlv2

import salient_crop
from salient_crop.bucketing.grids import parse_grid
from salient_crop.cli.main import main
from salient_crop.datasets.deduplicate import hash_file
from salient_crop.datasets.manifest import DROPPED, FAILED, OK, read_manifest
from salient_crop.jobs import find_words
from salient_crop.jobs.run import RunError
from salient_crop.jobs.settings import BucketSettings
from salient_crop.jobs.word_cache import WordCache, is_word_cache
from salient_crop.jobs.words import make_word_settings, parse_words
from salient_crop.models.detectors.words.base import WordBox

BUCKETS = BucketSettings(parse_grid("64x64", 64), 64, smallest=1)
RIGHT = WordBox((0.8, 0.2, 1.1, 0.8), "shoe", 0.9)


class Detector:
    """Finds a shoe at the right of every picture as wide as the first, and notes what it was asked."""

    def __init__(self, digest):
        self.digest, self.threshold, self.asked = digest, 0.2, []

    def detect(self, images, words, threshold):
        self.asked.append((len(images), tuple(words), threshold))
        wide = images.shape[3] > images.shape[2]
        return [(RIGHT,) if wide and threshold < 0.9 else () for _ in images]


@pytest.fixture
def model(tmp_path, monkeypatch):
    """A folder of a model, and the detector that it is loaded as."""
    folder = save_config(tmp_path / "model")
    settings = make_word_settings(("shoe",), folder)
    detector = Detector(settings.weights)
    detector.loaded = 0

    def load(path, device):
        assert path == folder
        detector.loaded += 1
        return detector

    monkeypatch.setattr(find_words, "load_word_detector", load)
    detector.folder = folder
    return detector


def crop(folder, model, nothing=None, words="shoe", **more):
    asked = make_word_settings(parse_words(words), model.folder, nothing=nothing)
    return folder.crop(folder.settings(words=asked, format="png", **more))


def records(folder):
    return {each.source: each for each in read_manifest(folder.out / "manifest.jsonl")}


@pytest.mark.parametrize("text", ["", ",", "shoe,", "shoe,,hat"])
def test_empty_words_are_refused(text):
    with pytest.raises(ValueError, match="subject: a word is empty"):
        parse_words(text)


@pytest.mark.parametrize(
    ("words", "more", "told"),
    [
        (("a" * 101,), {}, "is no word"),
        (("sh\noe",), {}, "is no word"),
        (("no. 5",), {}, "full stop"),
        (("shoe",) * 51, {}, "at most 50 words"),
        (("shoe",), {"threshold": 1.5}, "subject_threshold is a share"),
        (("shoe",), {"nothing": "panic"}, "subject_nothing must be one of"),
        ((), {"threshold": 0.5}, "subject_threshold: does nothing without subject"),
        ((), {"nothing": "skip"}, "subject_nothing: does nothing without subject"),
    ],
)
def test_settings_that_cannot_be_are_refused_by_name(tmp_path, words, more, told):
    with pytest.raises(ValueError, match=told):
        make_word_settings(words, save_config(tmp_path / "model") if words else None, **more)


def test_a_model_has_to_be_named_and_be_there(tmp_path):
    with pytest.raises(ValueError, match="subject_model: name the folder .* none is downloaded"):
        make_word_settings(("shoe",), None)
    with pytest.raises(ValueError, match="subject_model: .*not a folder"):
        make_word_settings(("shoe",), tmp_path / "nowhere")


@pytest.mark.parametrize("more", [{}, {"buckets": BUCKETS}], ids=["plain", "buckets"])
def test_crops_follow_what_was_found_and_each_picture_is_looked_at_once(folder, model, more):
    assert crop(folder, model, **more).failed == 0
    assert records(folder)["a.png"].crops[0].box[0] == 16
    assert records(folder)["b.png"].status == OK  # nothing was found: as without
    assert len(model.asked) == 3 and model.loaded == 1
    crop(folder, model, quality=None, on_cut="pad", **more)  # other settings do all again, and look at none
    assert len(model.asked) == 3
    crop(folder, model, words="shoe, hat", **more)
    assert len(model.asked) == 6
    crop(folder, model, **more)
    assert len(model.asked) == 6
    folder.add("a.png", (48, 32), seed=9)
    crop(folder, model, **more)
    assert len(model.asked) == 7


@pytest.mark.parametrize("more", [{}, {"buckets": BUCKETS}], ids=["plain", "buckets"])
@pytest.mark.parametrize(("nothing", "status"), [("skip", DROPPED), ("error", FAILED), ("as without", OK)])
def test_where_nothing_is_found_the_settings_say_what_happens(folder, model, nothing, status, more):
    crop(folder, model, **more)
    crop(folder, model, nothing, **more)
    found = records(folder)
    assert [found[name].status for name in ("a.png", "b.png", "trip/c.png")] == [OK, status, status]
    written = (folder.out / "b.png").exists()
    if status != OK:
        assert found["b.png"].reason == "nothing found of shoe"
    if status == DROPPED:
        assert not written  # what the run before had written is gone
    if not more:
        assert crop(folder, model, nothing).resumed == (1 if status == FAILED else 3)


def test_a_clip_leaves_no_frame_out(folder, model):
    with pytest.raises(ValueError, match="subject_nothing: skip is for pictures on their own"):
        crop(folder, model, "skip", frames="still")


def test_a_model_that_was_replaced_stops_the_run(folder, model):
    model.digest = "0" * 64
    with pytest.raises(RunError, match="holds another model than it did"):
        crop(folder, model)


def test_a_model_that_cannot_be_loaded_stops_the_run_with_what_to_do(folder, model, monkeypatch):
    def load(path, device):
        raise ImportError("finding by word needs transformers")

    monkeypatch.setattr(find_words, "load_word_detector", load)
    with pytest.raises(RunError, match="needs transformers"):
        crop(folder, model)


def test_python_takes_words(folder, model):
    salient_crop.crop_folder(
        folder.photos, folder.out, "1:1", cropper="centre", subject="shoe", subject_model=model.folder, device="cpu"
    )
    assert records(folder)["a.png"].crops[0].box[0] == 16
    assert model.asked[0][1:] == (("shoe",), 0.2)


# The file of found boxes


def test_somebody_elses_file_is_kept(folder, model):
    folder.out.mkdir()
    other = folder.out / "manifest.words.jsonl"
    other.write_text("mine\n")
    with pytest.raises(RunError, match="manifest.words.jsonl"):
        crop(folder, model)
    assert other.read_text() == "mine\n"


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[:-10],  # a kill while it was written
        lambda content: content.replace(b"0.9", b"9.9"),
        lambda content: content.replace(b'"found": [[', b'"found": [["'),
        lambda content: content.replace(b"0.8,", b"NaN,"),
        lambda content: content + b"\0\n{\n",
    ],
)
def test_a_damaged_line_is_as_good_as_none(folder, model, damage):
    (folder.photos / "b.png").unlink()
    (folder.photos / "trip" / "c.png").unlink()
    crop(folder, model)
    boxes = records(folder)["a.png"].crops
    file = folder.out / "manifest.words.jsonl"
    file.write_bytes(damage(file.read_bytes()))
    crop(folder, model, on_cut="pad")
    assert records(folder)["a.png"].crops == boxes
    assert is_word_cache(file)
    looked = len(model.asked)
    crop(folder, model, on_cut="keep")
    assert len(model.asked) == looked


def test_boxes_are_found_again_by_question(tmp_path):
    file = tmp_path / "out" / "manifest.words.jsonl"
    digest = hash_file(save_config(tmp_path / "model") / "config.json")
    cache = WordCache(file, "a" * 32, writes=True)
    assert cache.get(digest) is None
    cache.add(digest, (RIGHT,))
    cache.close()
    again = WordCache(file, "a" * 32, writes=False)
    assert again.get(digest) == (RIGHT,)
    again.add("0" * 32, ())  # one that only reads adds nothing
    again.close()
    other = WordCache(file, "b" * 32, writes=True)
    assert other.get(digest) is None
    other.close()
    assert len(file.read_text().splitlines()) == 2
    assert json.loads(file.read_text().splitlines()[0])["salient-crop"] == "boxes of words"


@pytest.mark.parametrize("kind", ["owlv2", "grounding-dino"])
def test_fifty_pictures_and_three_words_through_the_real_classes(folder, tmp_path, kind):
    """From the command to the crops, with tiny weights; a second run finds all again in the file beside."""
    pytest.importorskip("transformers", reason="the extra 'words' is not installed")
    for index in range(47):
        folder.add(f"more/{index}.png", (64 + index % 3, 48), index)
    model = (save_owlv2 if kind == "owlv2" else save_grounding_dino)(tmp_path / "real")
    words = ["--subject", "red shoe, hat, dog", "--subject-model", str(model), "--subject-threshold", "0"]
    command = ["crop", str(folder.photos), "--out", str(folder.out), "--cropper", "centre", "--ratios", "1:1", *words]
    assert main([*command, "--device", "cpu"]) == 0
    lines = (folder.out / "manifest.words.jsonl").read_text().splitlines()
    assert len(lines) == 51 and all(json.loads(line)["found"] for line in lines[1:])
    assert main([*command, "--device", "cpu", "--on-cut", "pad"]) == 0  # other settings, the same question
    assert (folder.out / "manifest.words.jsonl").read_text().splitlines() == lines


def test_python_takes_words_for_one_picture(folder, model):
    photo = folder.photos / "a.png"
    asked = {"cropper": "centre", "subject": "shoe", "device": "cpu"}
    found = salient_crop.crop(photo, "1:1", subject_model=model.folder, **asked)
    assert found.box.x == 16 and model.loaded == 1
    loaded = salient_crop.crop(photo.read_bytes(), "1:1", subject_model=model, **asked)
    assert loaded.box == found.box and model.loaded == 1
    assert model.asked[-1] == (1, ("shoe",), model.threshold)


def test_one_picture_in_which_nothing_is_found_is_as_without_or_an_error(folder, model):
    photo = folder.photos / "b.png"
    asked = {"cropper": "centre", "subject": "shoe", "subject_model": model, "device": "cpu"}
    assert salient_crop.crop(photo, "1:1", **asked).box == salient_crop.crop(photo, "1:1", cropper="centre").box
    with pytest.raises(salient_crop.PictureError, match="nothing found of shoe"):
        salient_crop.crop(photo, "1:1", subject_nothing="error", **asked)
    with pytest.raises(ValueError, match="subject_nothing: skip leaves pictures out of a run"):
        salient_crop.crop(photo, "1:1", subject_nothing="skip", **asked)
    with pytest.raises(ValueError, match="subject_model: does nothing without subject"):
        salient_crop.crop(photo, "1:1", subject_model=model)

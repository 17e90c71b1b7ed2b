"""Folders of frames, cropped as clips."""

import os
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from salient_crop.cropping.box import Box
from salient_crop.cropping.constraint import Constraint
from salient_crop.cropping.correction import Correction
from salient_crop.cropping.ratio import Ratio
from salient_crop.datasets.manifest import FAILED, OK, read_manifest, write_manifest
from salient_crop.jobs.run import RunError
from salient_crop.models.analysis import Analysis
from salient_crop.models.base import Cropper


class Brightest(Cropper):
    """Heat where a picture is bright."""

    name = "brightest"

    def analyse(self, images):
        return [Analysis((image.mean(0) - 0.5).clamp_min(0) + 1e-4) for image in images]


@pytest.fixture
def clip(folder, tmp_path):
    """A folder of two clips of frames that are not numbered evenly: a white square moves to the right."""
    for path in list(folder.photos.rglob("*.png")):
        path.unlink()
    for shot in ("one", "two"):
        (folder.photos / shot).mkdir()
        for index in range(8):
            save_frame(folder.photos / shot / f"frame{index}.png", 10 + 8 * index)
    return folder


def save_frame(path, place, size=(96, 54)):
    pixels = np.full((size[1], size[0], 3), 90, np.uint8)
    pixels[20:34, place : place + 14] = 255
    Image.fromarray(pixels).save(path)


def crop(clip, frames="follow", **more):
    settings = clip.settings(Brightest(), frames=frames, format="png", **{"constraint": even("9:16"), **more})
    return clip.crop(settings, Brightest())


def even(ratio):
    return Constraint((Ratio.parse(ratio),), multiple_of=2)


def records(clip):
    return list(read_manifest(clip.out / "manifest.jsonl"))


@pytest.mark.parametrize("frames", ["still", "follow"])
def test_the_frames_of_a_folder_are_cropped_together_in_the_order_that_people_count_in(clip, frames):
    outcome = crop(clip, frames)
    assert (outcome.pictures, outcome.crops, outcome.failed) == (16, 16, 0)
    found = records(clip)
    assert [each.source for each in found] == [
        f"{shot}/frame{index}.png" for shot in ("one", "two") for index in range(8)
    ]
    boxes = [each.crops[0].box for each in found]
    assert len({box[2:] for box in boxes}) == 1
    assert boxes[0][2] % 2 == boxes[0][3] % 2 == 0
    if frames == "still":
        assert len(set(boxes[:8])) == 1
    else:
        places = [box[0] for box in boxes[:8]]
        assert places == sorted(places) and places[-1] - places[0] > 8
    assert boxes[:8] == boxes[8:]
    for each in found:
        x, y, width, height = each.crops[0].box
        source, made = Image.open(clip.photos / each.source), Image.open(clip.out / each.crops[0].file)
        assert made.tobytes() == source.crop((x, y, x + width, y + height)).tobytes()


def test_a_run_goes_on_where_it_was_and_a_changed_frame_concerns_its_clip_alone(clip):
    crop(clip)
    before = clip.tree()
    assert crop(clip).resumed == 16 and not clip.steps and clip.tree() == before
    os.remove(clip.out / "two" / "frame3.png")
    assert crop(clip).resumed == 15
    assert clip.tree() == before
    save_frame(clip.photos / "one" / "frame5.png", 20)
    assert crop(clip).resumed == 8
    os.remove(clip.photos / "one" / "frame7.png")
    outcome = crop(clip)
    assert (outcome.pictures, outcome.resumed) == (15, 8)
    assert crop(clip, "still").notes[0].startswith("settings differ from the last run (frames: follow → still)")


def test_a_run_that_was_stopped_ends_with_the_same_bytes(clip):
    crop(clip)
    expected = clip.tree()
    for path in sorted(clip.out.rglob("*.png")):
        path.unlink()
    for file in clip.out.iterdir():
        if file.is_file():
            file.unlink()

    class Stopped(Exception):
        pass

    def stop(step):
        if step.stage == "writing" and step.done == 12:
            raise Stopped

    settings = clip.settings(Brightest(), frames="follow", format="png", constraint=even("9:16"))
    with pytest.raises(Stopped):
        clip.crop(settings, Brightest(), progress=stop)
    outcome = crop(clip)
    assert 0 < outcome.resumed < 16
    assert clip.tree() == expected


def test_a_frame_that_cannot_be_read_fails_alone(clip):
    (clip.photos / "one" / "frame4.png").write_bytes(b"no picture")
    outcome = crop(clip)
    assert (outcome.failed, outcome.crops) == (1, 15)
    found = records(clip)
    assert found[4].status == FAILED and found[4].reason
    places = [each.crops[0].box[0] for each in found[:8] if each.status == OK]
    assert places == sorted(places)


def test_a_clip_of_several_sizes_fails_alone(clip):
    crop(clip)
    whole = {each.source: each for each in records(clip)}
    save_frame(clip.photos / "two" / "frame7.png", 20, (54, 96))
    outcome = crop(clip)
    assert (outcome.failed, outcome.resumed) == (8, 8)
    for record in records(clip):
        if record.source.startswith("two/"):
            assert "frame7.png: a frame of 54×96 after frames of 96×54" in record.reason and not record.crops
        else:
            assert record == whole[record.source]


def test_pictures_that_are_no_clip_are_refused_before_anything_is_written(clip):
    for folder in ("one", "two"):
        save_frame(clip.photos / folder / "frame7.png", 20, (54, 96))
    with pytest.raises(RunError, match=r"frame7\.png: a frame of 54×96 after frames of 96×54"):
        crop(clip)
    assert not clip.out.exists()


def test_a_clip_without_a_crop_says_why(clip):
    constraint = Constraint((Ratio(9, 16),), keep=((0.0, 0.0, 1.0, 1.0),), policy="error", multiple_of=2)
    outcome = crop(clip, constraint=constraint)
    assert outcome.failed == 16
    assert "keep needs" in records(clip)[0].reason


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"frames": "some"}, "frames must be one of each, still, follow"),
        ({"on_cut": "drop"}, "on_cut: drop is for pictures on their own"),
    ],
)
def test_what_cannot_be_is_refused(clip, more, message):
    with pytest.raises(ValueError, match=message):
        crop(clip, **more)


def test_frames_that_were_corrected_as_pictures_are_refused_and_stay_as_they_are(clip):
    crop(clip, "each")
    manifest = clip.out / "manifest.jsonl"
    first, *others = read_manifest(manifest)
    corrected = replace(first.crops[0], correction=Correction("box", Box(3, 2, 18, 32)))
    write_manifest(manifest, [replace(first, crops=(corrected,)), *others])
    crop(clip, "each")
    before = manifest.read_bytes()
    with pytest.raises(RunError, match=r"one/frame0\.png were corrected by hand.* crop the clip into another folder"):
        crop(clip, "still")
    assert manifest.read_bytes() == before

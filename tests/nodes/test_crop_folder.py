"""Crop Folder in a stand-in host."""

import json
import os
import re
import shutil
from importlib import import_module
from pathlib import Path

import pytest
import torch
from comfy_stub import Interrupted
from one_trainer import crop_resolution
from PIL import Image
from safetensors.torch import load_file, save_file
from wires import as_box, read_tree, save_folder

from salient_crop.cropping.subject import Subject
from salient_crop.datasets.folder_lock import lock_folder
from salient_crop.datasets.manifest import read_manifest
from salient_crop.models.analysis import Analysis
from salient_crop.models.base import Cropper


def test_a_folder_is_streamed_into_buckets_with_captions_and_its_failures_named(run, smartcrop, host):
    save_folder(host)
    manifest, report, sheet = run(
        "CropFolder", folder="set", cropper=smartcrop, buckets="auto:2", resolution=512, batch_size=4, layout="kohya"
    )
    lines = [json.loads(line) for line in Path(manifest).read_text(encoding="utf-8").splitlines()]
    done = [line for line in lines if line["status"] == "ok"]
    assert len(done) == 8
    assert [line["source"] for line in lines if line["status"] == "failed"] == ["broken.png"]
    assert "broken.png" in report
    sizes = []
    for line in done:
        (crop,) = line["crops"]
        path = host.base / "output" / "crops" / crop["file"]
        assert list(Image.open(path).size) == crop["bucket"]
        assert path.with_suffix(".txt").read_text(encoding="utf-8").strip() == f"caption {line['source'][1]}"
        sizes.append(tuple(crop["bucket"]))
    assert all(sizes.count(each) % 4 == 0 for each in sizes)
    assert {each["node"] for _, each in host.sent} == {"7"}
    words = [each["content"]["words"] for _, each in host.sent]
    assert words[0].startswith("Measuring: ")
    assert words[-1].startswith("Writing: 9 of 9 pictures (")  # pictures, although there are two passes
    assert sheet.ndim == 4


@pytest.mark.parametrize(("buckets", "step"), [("auto:2", 8), ("auto:2:onetrainer:512,8", 0)])
def test_onetrainers_step_is_asked_for_or_read_from_the_grid(run, smartcrop, host, buckets, step):
    save_folder(host)
    manifest, report, _ = run(
        "CropFolder", folder="set", cropper=smartcrop, buckets=buckets, resolution=512, layout="onetrainer", step=step
    )
    assert "the trainer would crop" not in report
    assert "tell the trainer: Resolution 512, " in report
    lines = [json.loads(line) for line in Path(manifest).read_text(encoding="utf-8").splitlines()]
    sizes = {tuple(crop["bucket"]) for line in lines for crop in line["crops"]}
    assert sizes and {crop_resolution(size, 512, 8) for size in sizes} == sizes


def test_an_interrupted_folder_goes_on_where_it_was(run, smartcrop, host):
    save_folder(host)
    given = {"folder": "set", "cropper": smartcrop, "buckets": "448x576,576x448", "resolution": 512, "batch_size": 4}
    run("CropFolder", save_to="whole", **given)
    for after in (3, 4, 5):
        host.steps.clear()
        host.interrupt_after = after
        with pytest.raises(Interrupted):
            run("CropFolder", save_to="stopped", **given)
    host.interrupt_after = None
    run("CropFolder", save_to="stopped", **given)
    assert read_tree(host.base / "output" / "stopped") == read_tree(host.base / "output" / "whole")


@pytest.fixture
def photographs(host, samples):
    """Three photographs below the host's input."""
    folder = host.base / "input" / "photographs"
    folder.mkdir()
    for name in ("cat", "coffee", "astronaut"):
        shutil.copy(samples / f"{name}.jpg", folder)
    return folder


@pytest.fixture
def checkpoints(host, root):
    """Two checkpoints of one architecture below the host's models, and a copy of the first under another name."""
    folder = host.base / "models" / "croppers"
    folder.mkdir()
    state = load_file(root / "models" / "focus" / "focus.safetensors")
    save_file(state, folder / "a.safetensors")
    save_file({key: value.flip(0) for key, value in state.items()}, folder / "b.safetensors")
    shutil.copy(folder / "a.safetensors", folder / "same.safetensors")


@pytest.fixture
def cat(host, samples):
    """One photograph below the host's input."""
    folder = host.base / "input" / "cat"
    folder.mkdir()
    shutil.copy(samples / "cat.jpg", folder)


@pytest.mark.parametrize("given", [{}, {"buckets": "256x256", "smallest": 1}], ids=["plain", "buckets"])
def test_another_checkpoint_of_the_same_architecture_crops_the_folder_again(run, host, cat, checkpoints, given):
    def crop(checkpoint, save_to):
        (cropper,) = run("LoadCropper", cropper=f"{checkpoint}.safetensors")
        _, report, _ = run("CropFolder", folder="cat", cropper=cropper, save_to=save_to, **given)
        return report, read_tree(host.base / "output" / save_to)

    first_report, first = crop("a", "out")
    assert first_report.startswith("1 of 1 pictures, 1 crops")
    assert "differ" not in first_report
    _, expected = crop("b", "fresh")
    again_report, again = crop("b", "out")
    assert again == expected
    assert any(again[name] != first[name] for name in again if name.endswith(".jpg"))
    assert "had been done before" not in again_report
    assert re.search(r"settings differ from the last run \(weights: \w{8}… → \w{8}…\)", again_report)


def test_a_folder_that_is_done_is_not_cropped_again_whatever_the_checkpoints_file_is_called(
    run, host, cat, checkpoints
):
    resumed = []
    for checkpoint in ("a", "same", "a"):
        (cropper,) = run("LoadCropper", cropper=f"{checkpoint}.safetensors")
        _, report, _ = run("CropFolder", folder="cat", cropper=cropper)
        resumed.append("1 had been done before" in report)
    assert resumed == [False, True, True]


@pytest.mark.parametrize(
    ("name", "value", "word"),
    [("ratio", "3:2", "ratios"), ("format", "png", "format"), ("masks", "masks", "masks"), ("buckets", "256x256", "")],
)
def test_what_differs_from_the_last_run_is_shown(run, host, photographs, name, value, word):
    (host.base / "input" / "masks").mkdir()
    (centre,) = run("LoadCropper", cropper="centre")
    given = {"folder": "photographs", "cropper": centre}
    run("CropFolder", **given)
    _, report, _ = run("CropFolder", **given, **{name: value})
    assert re.search(rf"settings differ from the last run \(.*{word}.* → ", report)
    assert "had been done before" not in report


def test_the_same_pictures_and_settings_give_the_same_crops_as_the_node_for_tensors(run, host, photographs):
    manifest, *_ = run("CropFolder", folder="photographs", ratio="2:3")
    images, *_ = run("LoadFolder", folder="photographs")
    boxes = run("ConstrainedCrop", image=images, ratio="2:3")[2]
    lines = [json.loads(line) for line in Path(manifest).read_text(encoding="utf-8").splitlines()]
    found = [line["crops"][0]["box"] for line in lines]
    assert found == [[box["x"], box["y"], box["width"], box["height"]] for box in boxes]


def test_what_a_crop_costs_is_in_the_report_and_in_the_manifest(run, host, photographs):
    (centre,) = run("LoadCropper", cropper="centre")
    (keep,) = run("Constraint", ratio="1:3", keep=torch.ones(1, 8, 8))
    manifest, report, _ = run("CropFolder", folder="photographs", cropper=centre, constraint=keep)
    assert "3 with a warning" in report
    assert "the region to keep" in report
    lines = [json.loads(line) for line in Path(manifest).read_text(encoding="utf-8").splitlines()]
    assert [line["crops"][0]["warnings"][0]["code"] for line in lines] == ["keep-given-up"] * 3


class CloseUps(Cropper):
    """Sees in every picture a head that goes from edge to edge."""

    name = "close-ups"

    def analyse(self, images):
        return [Analysis(torch.ones(4, 4), [Subject(0.02, 0.02, 0.98, 0.98, kind="face")]) for _ in images]


@pytest.fixture
def close_ups(host):
    return import_module("salient_crop.nodes.hosted_cropper").HostedCropper(CloseUps())


def test_pictures_whose_heads_are_cut_off_are_named_first_dropped_or_padded(run, host, photographs, close_ups):
    given = {"folder": "photographs", "cropper": close_ups, "ratio": "1:1"}
    cut = {"cat.jpg", "coffee.jpg"}  # the astronaut's picture is a square
    _, report, _ = run("CropFolder", save_to="kept", **given)
    assert report.startswith("3 of 3 pictures, 3 crops")
    assert "2 with a warning, 2 of them with a head cut off, told in the manifest: cat.jpg: a head in the" in report
    _, report, _ = run("CropFolder", save_to="dropped", on_cut="drop", **given)
    assert report.startswith("1 of 3 pictures, 1 crops; 2 left out as asked")
    assert all(f"dropped: {name}: a head in the middle is cut off" in report for name in cut)
    manifest, report, _ = run("CropFolder", save_to="padded", on_cut="pad", **given)
    assert report.startswith("3 of 3 pictures, 3 crops\n")
    assert "2 with a warning, told in the manifest: cat.jpg: 33 % of the crop is canvas added" in report
    lines = [json.loads(line) for line in Path(manifest).read_text(encoding="utf-8").splitlines()]
    assert {line["source"] for line in lines if line["crops"][0]["box"][1] < 0} == cut


def test_a_folder_of_which_every_picture_is_dropped_says_so(run, host, photographs, close_ups):
    given = {"folder": "photographs", "cropper": close_ups, "buckets": "512x128", "on_cut": "drop"}
    _, report, _ = run("CropFolder", **given)
    assert report.startswith(
        "0 of 3 pictures, 0 crops; 3 left out as asked\n\nthere was no picture to sort into buckets"
    )
    assert report.count("a head would be cut off in every crop that was asked for") == 3


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"folder": "../output"}, "^folder: '../output' lies outside"),
        ({"save_to": "../.."}, r"^save_to: '../..' lies outside"),
        ({"masks": "../output"}, "^masks: '../output' lies outside"),
        ({"masks": "none"}, "^masks: there is no folder 'none' in "),
        ({"ratio": "2;3"}, "^ratio: '2' in '2;3'"),
        ({"buckets": "autos:3"}, "^buckets: 'autos:3' is no bucket grid"),
        ({"buckets": "auto:2", "layout": "kohya", "concept": "a/b"}, "^concept: 'a/b'"),
        ({"folder": "empty"}, "^folder: .*no pictures"),
        ({"folder": "empty", "buckets": "quantile:2"}, "^buckets: 'quantile:2' takes its buckets from the pictures"),
    ],
)
def test_what_cannot_be_is_refused_by_the_name_of_the_widget(run, host, smartcrop, photographs, given, message):
    (host.base / "input" / "empty").mkdir()
    with pytest.raises(ValueError, match=message):
        run("CropFolder", **{"folder": "photographs", "cropper": smartcrop, **given})
    assert not read_tree(host.base / "output")


def test_boxes_in_pixels_fit_one_picture_only(run, smartcrop, photographs):
    (keep,) = run("Constraint", keep_boxes=as_box(0, 0, 10, 10))
    with pytest.raises(ValueError, match="^constraint: boxes and margins in pixels fit one picture only"):
        run("CropFolder", folder="photographs", cropper=smartcrop, constraint=keep)
    (measured,) = run("Constraint", ratio="1:1", keep_boxes=as_box(0, 0, 10, 10), image=torch.zeros(1, 100, 100, 3))
    _, report, _ = run("CropFolder", folder="photographs", cropper=smartcrop, constraint=measured)
    assert report.startswith("3 of 3 pictures, 3 crops")


def test_duplicates_are_named_or_left_out(run, host, smartcrop, photographs):
    shutil.copy(photographs / "cat.jpg", photographs / "twin.jpg")
    given = {"folder": "photographs", "cropper": smartcrop, "buckets": "256x256", "smallest": 1}
    reports = {each: run("CropFolder", duplicates=each, save_to=each, **given)[1] for each in ("use", "report", "skip")}
    assert "twin.jpg" not in reports["use"]
    assert "twin.jpg: the same file as cat.jpg" in reports["report"]
    assert reports["report"].startswith("4 of 4 pictures")
    assert reports["skip"].startswith("3 of 4 pictures, 3 crops; 1 left out as asked")
    assert any(each["content"]["words"].startswith("Looking for duplicates: ") for _, each in host.sent)


def test_the_folder_is_read_again_when_a_picture_caption_or_mask_changes(nodes, host, photographs):
    def fingerprint(**more):
        return nodes["SalientCrop_CropFolder"].fingerprint_inputs(folder="photographs", save_to="any", **more)

    masks = host.base / "input" / "masks"
    masks.mkdir()
    prints = [fingerprint(), fingerprint(masks="masks")]
    assert prints[0] == prints[1] == fingerprint()
    for change in (
        lambda: (photographs / "cat.txt").write_text("a cat", encoding="utf-8"),
        lambda: (photographs / "cat.txt").write_text("another cat", encoding="utf-8"),
        lambda: shutil.copy(photographs / "cat.jpg", photographs / "second.jpg"),
        lambda: (photographs / "second.jpg").unlink(),
        lambda: Image.new("L", (451, 300)).save(masks / "cat.png"),
    ):
        change()
        prints.append(fingerprint(masks="masks"))
    assert len(set(prints)) == 5  # the removed picture brings the earlier state back
    host.base.joinpath("input", "photographs").rename(host.base / "input" / "moved")
    assert "there is no folder 'photographs'" in fingerprint()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"layout": "kohya"}, "without buckets there is nothing for kohya to read in its own way"),
        ({"duplicates": "skip"}, "duplicates: skip needs buckets"),
    ],
)
def test_what_does_nothing_without_buckets_is_said_with_what_is_done_instead(
    run, panel, smartcrop, host, photographs, given, message
):
    given = {"folder": "photographs", "cropper": smartcrop, "buckets": "", **given}
    _, report, _ = run("CropFolder", **given)
    assert message in report
    assert "3 of 3 pictures, 3 crops" in report
    assert message in panel("CropFolder", **given)["warnings"][0]
    assert sorted(read_tree(host.base / "output")) == sorted(
        f"crops/{name}" for name in read_tree(host.base / "output" / "crops")
    )


def test_pictures_of_others_in_the_output_folder_are_kept(run, smartcrop, host):
    save_folder(host)
    Image.new("RGB", (9, 9)).save(host.base / "output" / "p3.jpg")
    before = read_tree(host.base / "output")
    with pytest.raises(ValueError, match=r"^save_to: .*p3\.jpg: there already, and no run wrote it"):
        run("CropFolder", folder="set", cropper=smartcrop, buckets="", save_to=".")
    assert read_tree(host.base / "output") == before


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_captions_and_masks_outside_the_input_folder_are_not_read(run, smartcrop, host, tmp_path):
    save_folder(host)
    (tmp_path / "secret").write_text("secret")
    (host.base / "input" / "set" / "p3.txt").unlink(missing_ok=True)
    (host.base / "input" / "set" / "p3.txt").symlink_to(tmp_path / "secret")
    manifest, report, _ = run("CropFolder", folder="set", cropper=smartcrop, buckets="")
    assert "failed: p3.png: p3.txt: a link that leads out of the folder" in report
    assert not any(b"secret" in content for content in read_tree(host.base / "output").values())


def test_a_folder_that_another_run_is_writing_into_is_left_alone(run, smartcrop, host):
    save_folder(host)
    out = host.base / "output" / "crops"
    out.mkdir()
    with lock_folder(out), pytest.raises(ValueError, match="save_to: .*another run is writing into it"):
        run("CropFolder", folder="set", cropper=smartcrop, resolution=64)
    assert os.listdir(out) == []


def test_the_panel_grows_with_the_run_and_ends_with_its_result(panel, smartcrop, host, photographs):
    (photographs / "broken.jpg").write_bytes(b"no picture")
    content = panel("CropFolder", folder="photographs", cropper=smartcrop, ratio="1:1")
    sent = [each["content"] for _, each in host.sent]
    assert len(sent[-1]["tiles"]) == 4
    assert content["words"] == "3 of 4 pictures, 3 crops; 1 failed, in output/crops."
    assert any("broken.jpg" in each for each in content["warnings"])
    assert [each["name"] for each in content["tiles"]] == sorted(path.name for path in photographs.glob("*.jpg"))
    (failed,) = (each for each in content["tiles"] if each["name"] == "broken.jpg")
    assert (failed["picture"], failed["box"]) == (None, None)
    assert failed["warnings"][0].startswith("failed: ")
    again = panel("CropFolder", folder="photographs", cropper=smartcrop, ratio="1:1")
    assert "had been done before" in again["words"]
    assert again["tiles"] == content["tiles"]


def test_a_sheet_of_many_pictures_makes_some_tiles_evenly_spread(nodes):
    sample = import_module("salient_crop.nodes.folder_panel").EvenSample(24)
    made = []
    for place in range(1000):
        sample.offer(lambda place=place: made.append(place) or place)
        assert len(sample.kept) <= 24
    assert len({second - first for first, second in zip(sample.kept, sample.kept[1:], strict=False)}) == 1
    assert sample.kept[0] == 0 and sample.kept[-1] > 900
    assert len(made) < 120


def test_files_below_input_say_what_matters(run, host):
    save_folder(host)
    notes = host.base / "input" / "notes"
    notes.mkdir()
    sources = sorted(path.name for path in (host.base / "input" / "set").glob("p*.png"))
    lines = [{"source": each, "boxes": [{"region": [0, 0, 0.1, 1], "label": "shoe"}]} for each in sources]
    (notes / "boxes.jsonl").write_text("\n".join(map(json.dumps, lines)))

    def boxes(**more):
        manifest, *_ = run("CropFolder", folder="set", ratio="1:3", **more)
        return [
            each["crops"][0]["box"][0]
            for each in map(json.loads, Path(manifest).read_text(encoding="utf-8").splitlines())
            if each["crops"]
        ]

    assert any(boxes())
    assert not any(boxes(focus="notes", labels="shoe", focus_strength=1.0, save_heatmaps=True))
    assert any((host.base / "output" / "crops" / "heatmaps").iterdir())
    assert any(boxes(keep="notes/boxes.jsonl", labels="hat"))
    assert not any(boxes(keep="notes/boxes.jsonl"))


@pytest.mark.parametrize("name", ["../elsewhere", "nowhere", "/etc"])
def test_guides_elsewhere_are_refused_by_their_name(run, host, name):
    save_folder(host)
    with pytest.raises(ValueError, match="focus: "):
        run("CropFolder", folder="set", focus=name)


def test_a_changed_file_of_boxes_runs_the_node_again(nodes, host):
    save_folder(host)
    notes = host.base / "input" / "notes"
    notes.mkdir()
    node = nodes["SalientCrop_CropFolder"]

    def fingerprint():
        return node.fingerprint_inputs(folder="set", focus="notes")

    source = next((host.base / "input" / "set").glob("*.png")).name
    (notes / "a.jsonl").write_text(json.dumps({"source": source, "boxes": []}))
    before = fingerprint()
    assert fingerprint() == before
    (notes / "a.jsonl").write_text(json.dumps({"source": source, "boxes": [{"region": [0, 0, 1, 1]}]}))
    assert fingerprint() != before


def test_crops_have_the_sizes_quality_and_names_that_the_command_gives_them(run, smartcrop, host, photographs):
    given = {"folder": "photographs", "cropper": smartcrop, "ratio": "3:2"}
    manifest, *_ = run("CropFolder", **given, multiple_of="32", quality=60, name="{index:02}_{name}", save_to="small")
    names = [each.crops[0].file for each in read_manifest(Path(manifest))]
    assert [name[:3] for name in names] == ["01_", "02_", "03_"]
    for name in names:
        with Image.open(host.base / "output" / "small" / name) as crop:
            assert crop.width % 32 == crop.height % 32 == 0
    run("CropFolder", **given, multiple_of="32", name="{index:02}_{name}", save_to="fine")
    sizes = [sum((host.base / "output" / out / name).stat().st_size for name in names) for out in ("small", "fine")]
    assert sizes[0] < sizes[1]


def test_a_folder_of_frames_is_cropped_as_a_clip(run, smartcrop, host):
    frames = host.base / "input" / "frames"
    frames.mkdir()
    for index in range(4):
        picture = Image.effect_noise((160, 90), 60).convert("RGB")
        picture.save(frames / f"{index}.png")
    manifest, *_ = run("CropFolder", folder="frames", cropper=smartcrop, ratio="9:16", frames="still")
    boxes = {each.crops[0].box for each in read_manifest(Path(manifest))}
    assert len(boxes) == 1
    ((_, _, width, height),) = boxes
    assert width % 2 == height % 2 == 0


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"frames": "still", "buckets": "auto:2"}, "frames: a clip has one size"),
        ({"frames": "still", "mode": "preview"}, "mode: the crops of a clip's frames belong together"),
        ({"frames": "slow"}, "frames must be one of each, still, follow"),
        ({"multiple_of": "32", "buckets": "auto:2"}, "multiple_of: does nothing with buckets"),
        ({"multiple_of": "7"}, "multiple_of must be one of 1, 2, 8"),
        ({"quality": 50, "format": "png"}, "quality: does nothing for a png"),
        ({"quality": -1}, "quality must be at least 1"),
        ({"name": "{nobody}"}, "name: "),
    ],
)
def test_what_cannot_be_asked_together_is_refused_by_its_name(run, smartcrop, photographs, given, message):
    with pytest.raises(ValueError, match=message):
        run("CropFolder", folder="photographs", cropper=smartcrop, **given)


def test_what_words_name_is_looked_for_by_a_model_below_models(run, host, monkeypatch):
    from made_up_detectors import save_config

    from salient_crop.jobs import find_words
    from salient_crop.jobs.words import make_word_settings
    from salient_crop.models.detectors.words.base import WordBox

    save_folder(host)
    folder = save_config(host.base / "models" / "detectors" / "owl")

    class Detector:
        digest, threshold = make_word_settings(("shoe",), folder).weights, 0.2

        def detect(self, images, words, threshold):
            assert tuple(words) == ("red shoe",)
            return [(WordBox((0.0, 0.2, 0.3, 0.8), "red shoe", 0.9),) if threshold < 0.9 else () for _ in images]

    monkeypatch.setattr(find_words, "load_word_detector", lambda path, device: Detector())
    asked = {"subject": "red  shoe", "subject_model": "detectors/owl"}

    def records(**more):
        manifest, *_ = run("CropFolder", folder="set", ratio="1:3", **asked, **more)
        return list(map(json.loads, Path(manifest).read_text(encoding="utf-8").splitlines()))

    found = [(each["crops"][0]["box"], each["size"]) for each in records() if each["crops"]]
    wide = [(box, width) for box, (width, height) in found if width > height]  # in which the crop can move
    assert wide and all(box[0] + box[2] <= 0.31 * width for box, width in wide)
    left_out = records(subject_threshold=0.95, nothing="skip")
    assert all(each["status"] != "ok" for each in left_out)
    assert any(each["reason"] == "nothing found of red shoe" for each in left_out)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"subject_model": ""}, "subject_model: name the folder"),
        ({"subject_model": "../elsewhere"}, "subject_model: .*lies outside"),
        ({"subject_model": "nowhere"}, "subject_model: there is no folder"),
        ({"subject": "shoe,,hat", "subject_model": ""}, "subject: a word is empty|subject_model: name"),
    ],
)
def test_words_that_cannot_be_looked_for_are_refused_by_the_name_of_the_widget(run, host, given, message):
    save_folder(host)
    with pytest.raises(ValueError, match=message):
        run("CropFolder", folder="set", **{"subject": "shoe", **given})

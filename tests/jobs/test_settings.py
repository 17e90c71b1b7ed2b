"""The settings of a run: their identity field by field, and the files and sizes that they give."""

from dataclasses import fields, is_dataclass, replace
from pathlib import Path

import pytest

from salient_crop.bucketing.grids import parse_grid
from salient_crop.bucketing.loss import LossWeights
from salient_crop.cropping.constraint import Constraint
from salient_crop.cropping.face_framing import FaceFraming
from salient_crop.cropping.margin import Margin
from salient_crop.cropping.model_sizes import MODEL_SIZES, parse_shapes
from salient_crop.cropping.objective import Objective, ObjectiveWeights
from salient_crop.cropping.ratio import Ratio
from salient_crop.cropping.text_region import TextRegion
from salient_crop.datasets.formats import FORMATS, get_format
from salient_crop.jobs import settings as module
from salient_crop.jobs.face_settings import FaceSettings
from salient_crop.jobs.guides import Guides, LabelRule
from salient_crop.jobs.per_subject import PerSubject
from salient_crop.jobs.settings import BucketSettings, CropSettings, describe_differences
from salient_crop.jobs.words import WordSettings
from salient_crop.models.registry import load_cropper
from salient_crop.models.size_prior.framing import as_people_crop


class Model:
    """Stands for a size model, a rater or a chooser: known by its digest, and by nothing else."""

    def __init__(self, digest):
        self.digest = digest

    def curve(self, size, ratio, requested):
        raise AssertionError("an identity asks no model")

    ratings = choices = curve


# No field is None or empty, so that each can be changed.
SETTINGS = CropSettings(
    cropper="focus",
    weights="3f2a" * 16,
    checkpoint="a.safetensors",
    device="cpu",
    constraint=Constraint(
        ratios=(Ratio(2, 3), Ratio(1, 1)),
        keep=((0.1, 0.1, 0.2, 0.2),),
        avoid=((0.8, 0.8, 0.9, 0.9),),
        text_regions=(TextRegion((0.0, 0.0, 1.0, 0.2)),),
        min_size=(64, 64),
    ),
    objective=Objective(ObjectiveWeights(), Model("a"), Model("b"), Model("d")),
    resolution=512,
    format="jpg",
    quality=80,
    name="{name}-{index}",
    background=(255, 255, 255),
    fill="blur",
    masks=Path("masks"),
    guides=Guides(
        Path("focus"), Path("avoid"), Path("keep"), (LabelRule("shoe", 0.5, "focus"),), Margin(share=0.1), strength=0.5
    ),
    words=WordSettings(("shoe",), Path("model"), "ab" * 32, 0.25),
    buckets=BucketSettings(parse_grid("auto:2", 512), 512, most_enlarged=2.0, loss_weights=LossWeights()),
    dataset=get_format("comfyui")("cat", 2, 4, 8),
)

# Where another value cannot be made from the type alone.
OTHER = {
    "background": (0, 0, 0),
    "buckets.duplicates": "skip",
    "buckets.grid.resolution": 640,
    "buckets.grid.sizes": ((512, 512),),
    "buckets.grid.step": 8,
    "buckets.remainder": "drop",
    "constraint.avoid": (),
    "fit": "whole",
    "fit_side": "left",
    "constraint.keep": ((0.1, 0.1, 0.2, 0.3),),
    "constraint.max_size": (64, 65),
    "constraint.min_size": (64, 65),
    "constraint.policy": "pad",
    "constraint.ratios": (Ratio(1, 1), Ratio(2, 3)),  # their order decides ties
    "constraint.text_regions": (),
    "constraint.text_regions.0.frame": "crop",
    "constraint.text_regions.0.region": (0.0, 0.0, 1.0, 0.3),
    "dataset": get_format("onetrainer")("cat", 2, 4, 8),
    "device": "cuda",
    "fill": (1, 2, 3),
    "format": "webp",
    "guides.avoid": Path("other"),
    "guides.focus": None,
    "guides.keep": Path("other"),
    "guides.labels": (),
    "guides.labels.0.role": "avoid",
    "guides.margin": Margin(pixels=4),
    "masks": Path("other"),
    "name": "{name}",
    "objective.chooser": Model("c"),
    "objective.rater": Model("c"),
    "objective.size_model": None,
    "on_cut": "pad",
    "buckets": None,
    "words": None,
    "words.words": ("shoe", "hat"),
    "words.model": Path("other"),
    "words.nothing": "skip",
}


def walk(value, path=""):
    """Every field of a dataclass and of those inside it: (path, value, changed copies are made from its parent)."""
    for each in fields(value):
        name, inner = f"{path}{each.name}", getattr(value, each.name)
        if isinstance(inner, Ratio):
            continue
        if not is_dataclass(inner) or name in OTHER:
            yield name
        if is_dataclass(inner):
            yield from walk(inner, f"{name}.")
        if isinstance(inner, tuple) and inner and is_dataclass(inner[0]) and not isinstance(inner[0], Ratio):
            yield from walk(inner[0], f"{name}.0.")


def changed(value, path, whole):
    """A copy with the field at the path changed to another valid value."""
    name, _, rest = path.partition(".")
    if name.isdecimal():
        return (changed(value[int(name)], rest, whole), *value[1:])
    inner = getattr(value, name)
    if rest:
        return replace(value, **{name: changed(inner, rest, whole)})
    return replace(value, **{name: OTHER[whole] if whole in OTHER else another(whole, inner)})


def another(path, value):
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, float):
        return value + 0.25
    assert isinstance(value, str), f"write another valid value of {path} into OTHER"
    return f"{value}0"


def test_nested_fields_are_all_walked():
    paths = list(walk(SETTINGS))
    assert {"weights", "constraint.policy", "objective.weights.size", "buckets.grid.max_buckets"} <= set(paths)
    assert {"buckets.loss_weights.upscaling", "dataset.repeats", "constraint.text_regions.0.hard"} <= set(paths)
    assert set(OTHER) <= set(paths)


EXCLUDED = (
    "each",
    "frames",
    "checkpoint",
    "buckets",
    "constraint.multiple_of",
    "per_subject",
    "save_heatmaps",
    "faces",
)  # they exclude each other, or change nothing


@pytest.mark.parametrize("path", [path for path in walk(SETTINGS) if path not in EXCLUDED])
def test_every_field_changes_the_identity(path):
    other = changed(SETTINGS, path, path)
    assert other.identity() != SETTINGS.identity()
    assert describe_differences(SETTINGS.identity(), other.identity())


def test_fields_that_exclude_each_other_change_the_identity():
    plain = replace(SETTINGS, buckets=None, dataset=FORMATS["plain"]())
    assert replace(plain, each=True).identity() != plain.identity()
    assert replace(plain, frames="still").identity() != plain.identity()
    assert replace(plain, save_heatmaps=True).identity() != plain.identity()
    faces = replace(plain, name=None, faces=FaceSettings("a"))
    assert faces.identity() != replace(plain, name=None).identity()
    for other in (
        FaceSettings("b"),
        FaceSettings("a", size=256),
        FaceSettings("a", FaceFraming("head")),
        FaceSettings("a", sort="yaw"),
    ):
        assert replace(faces, faces=other).identity() != faces.identity()
    assert (
        replace(plain, constraint=Constraint(multiple_of=8)).identity()
        != replace(plain, constraint=Constraint()).identity()
    )
    bucketed = replace(plain, buckets=SETTINGS.buckets)
    assert bucketed.identity() != plain.identity()


def test_the_format_version_changes_the_identity(monkeypatch):
    before = SETTINGS.identity()
    monkeypatch.setattr(module, "FORMAT_VERSION", module.FORMAT_VERSION + 1)
    assert SETTINGS.identity() != before


def test_only_the_file_that_the_weights_came_from_is_left_out():
    excluded = [
        f"{kind.__name__}.{each.name}"
        for kind in (
            CropSettings,
            BucketSettings,
            Constraint,
            Guides,
            LabelRule,
            Margin,
            Objective,
            ObjectiveWeights,
            LossWeights,
            TextRegion,
            WordSettings,
        )
        for each in fields(kind)
        if not each.metadata.get("identity", True)
    ]
    assert excluded == ["CropSettings.checkpoint"]
    assert replace(SETTINGS, checkpoint="b.safetensors").identity() == SETTINGS.identity()


def test_an_identity_holds_json_values_only_and_reads_well():
    import json

    identity = SETTINGS.identity()
    assert json.loads(json.dumps(identity)) == identity
    assert identity["constraint"]["ratios"] == ["2:3", "1:1"]
    assert identity["objective"]["size_model"] == "a"
    assert identity["dataset"] == {"format": "comfyui", "concept": "cat", "repeats": 2, "batch_size": 4, "step": 8}
    assert identity["masks"] == (Path.cwd() / "masks").as_posix()
    assert identity["format_version"] == module.FORMAT_VERSION


def test_a_setting_without_an_identity_is_refused():
    with pytest.raises(TypeError, match="object has no identity"):
        replace(SETTINGS, masks=object()).identity()


def test_settings_for_a_cropper_hold_its_name_its_digest_and_the_kind_of_its_device():
    cropper = load_cropper("centre")
    settings = CropSettings.for_cropper(cropper, Constraint(), device="cuda:1", checkpoint="centre", format="webp")
    assert (settings.cropper, settings.weights, settings.device) == ("centre", cropper.digest, "cuda")
    assert (settings.checkpoint, settings.format, settings.dry_run) == ("centre", "webp", False)


@pytest.mark.parametrize(
    ("before", "now", "lines"),
    [
        ({}, {}, []),
        ({"a": 1}, {"a": 1}, []),
        ({"weights": "3f2a" * 16}, {"weights": "91bc" * 16}, ["weights: 3f2a3f2a… → 91bc91bc…"]),
        (
            {"constraint": {"ratios": ["1:1"], "policy": "pad"}, "b": None},
            {"constraint": {"ratios": ["2:3", "3:2"], "policy": "pad"}, "b": True},
            ["b: none → true", "ratios: 1:1 → 2:3, 3:2"],
        ),
        ({"buckets": None}, {"buckets": {"grid": {"name": "sdxl"}}}, ["buckets.grid.name: none → sdxl"]),
        ({"old": 1}, {"new": []}, ["new: none → none", "old: 1 → none"]),
        ({"sizes": [[64, 64]] * 30}, {"sizes": [[64, 96]]}, [f"sizes: {'64, ' * 14}64,… → 64, 96"]),
    ],
)
def test_differences_are_named(before, now, lines):
    assert describe_differences(before, now) == lines


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"format": "tiff"}, "'tiff' is no format for crops; use one of jpg, png, webp"),
        ({"format": "jpg", "background": None}, "a jpg cannot keep transparency"),
        ({"quality": 0}, "quality must be at least 1, got 0"),
        ({"quality": 101}, "quality must be at most 100"),
        ({"format": "png"}, "quality: does nothing for a png; use jpg or webp"),
        ({"name": "{name}{x}"}, "name: '{x}' is no field"),
        ({"constraint": Constraint(multiple_of=8)}, "multiple_of: does nothing with buckets"),
        ({"resolution": 7}, "resolution must be at least 8, got 7"),
        ({"resolution": 16_385}, "resolution must be at most 16384, got 16385"),
        ({"on_cut": ["keep"]}, r"on_cut must be one of keep, drop, pad, got \['keep'\]"),
        ({"frames": "some"}, "frames must be one of each, still, follow"),
        ({"frames": "follow"}, "frames: a clip has one size"),
        ({"each": True}, "choose one of them"),
        ({"fit": "all"}, "fit must be one of crop, whole, subject"),
        ({"fit_side": "up"}, "fit_side must be one of"),
        ({"fill": "stars"}, "fill: 'stars' is neither"),
        ({"buckets": None}, "the dataset format comfyui needs buckets"),
        ({"buckets": None, "dataset": FORMATS["plain"](), "each": True, "constraint": Constraint()}, "each needs"),
    ],
)
def test_settings_that_cannot_be_are_refused(more, message):
    with pytest.raises(ValueError, match=message):
        replace(SETTINGS, **more)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"most_enlarged": 0.0}, "most_enlarged must be above 0, got 0.0"),
        ({"most_enlarged": -1.0}, "most_enlarged must be above 0"),
        ({"duplicates": "drop"}, "duplicates must be one of use, report, skip, got 'drop'"),
        ({"remainder": "lose"}, "remainder must be one of"),
        ({"batch_size": 0}, "batch_size must be at least 1"),
        ({"smallest": 0}, "smallest must be at least 1"),
        ({"most_enlarged": float("nan")}, "most_enlarged must be a finite number, got nan"),
        ({"most_enlarged": float("inf")}, "most_enlarged must be a finite number"),
        ({"most_enlarged": 1e-300}, "most_enlarged must be at least 0.01, got 1e-300"),
        ({"resolution": 0}, "resolution must be at least 1, got 0"),
        ({"resolution": 10**6}, "resolution must be at most 16384"),
        ({"batch_size": 2**70}, "batch_size must lie between"),
    ],
)
def test_bucket_settings_that_cannot_be_are_refused(more, message):
    with pytest.raises(ValueError, match=message):
        replace(SETTINGS.buckets, **more)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"grid": "auto:3"}, "grid must be of the type BucketGrid, got 'auto:3'"),
        ({"resolution": 512.0}, "resolution must be a whole number"),
        ({"resolution": None}, "resolution must be a whole number"),
        ({"batch_size": True}, "batch_size must be a whole number"),
        ({"smallest": float("nan")}, "smallest must be a whole number"),
        ({"most_enlarged": "2"}, "most_enlarged must be a number, got '2'"),
        ({"most_enlarged": True}, "most_enlarged must be a number"),
        ({"loss_weights": None}, "loss_weights must be of the type LossWeights"),
    ],
)
def test_bucket_settings_of_another_type_are_refused_by_name(more, message):
    with pytest.raises(TypeError, match=message):
        replace(SETTINGS.buckets, **more)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"constraint": None}, "constraint must be of the type Constraint, got None"),
        ({"objective": "people"}, "objective must be of the type Objective"),
        ({"dataset": "kohya"}, "dataset must be a DatasetFormat, got 'kohya'"),
        ({"buckets": "auto:3"}, "buckets must be of the type BucketSettings"),
        ({"quality": 90.5}, "quality must be a whole number"),
        ({"name": 7}, "name must be of the type str"),
        ({"resolution": 512.5}, "resolution must be a whole number, got 512.5"),
        ({"each": 1}, "each must be of the type bool, got 1"),
        ({"enlarge": "no"}, "enlarge must be of the type bool"),
        ({"dry_run": None}, "dry_run must be of the type bool"),
        ({"follow_links": "yes"}, "follow_links must be of the type bool"),
    ],
)
def test_settings_of_another_type_are_refused_by_name(more, message):
    with pytest.raises(TypeError, match=message):
        replace(SETTINGS, **more)


def test_the_smallest_allowed_values_are_allowed():
    assert replace(SETTINGS, resolution=8).resolution == 8
    assert replace(SETTINGS.buckets, most_enlarged=0.01, batch_size=1, smallest=1)


def test_the_policy_of_a_plan_follows_the_settings():
    buckets = BucketSettings(parse_grid("auto:2"), batch_size=4, smallest=8, remainder="drop")
    policy = buckets.policy()
    assert (policy.max_buckets, policy.exact_count, policy.batch_size) == (2, False, 4)
    assert (policy.smallest, policy.remainder) == (8, "drop")
    defaults = BucketSettings(parse_grid("sdxl"))
    assert (defaults.resolution, defaults.batch_size, defaults.smallest) == (1024, 1, 2)
    assert (defaults.remainder, defaults.most_enlarged, defaults.duplicates) == ("keep", None, "use")


def plain_settings(**more):
    return CropSettings(cropper="centre", weights="", constraint=Constraint((Ratio(1, 1), Ratio(2, 3))), **more)


def test_with_each_there_is_one_constraint_and_one_file_for_every_ratio():
    best, each = plain_settings(format="png"), plain_settings(each=True)
    assert best.constraints() == [best.constraint]
    assert best.files("trip/a") == ["trip/a.png"]
    assert [constraint.ratios for constraint in each.constraints()] == [(Ratio(1, 1),), (Ratio(2, 3),)]
    assert each.files("trip/a") == ["1x1/trip/a.jpg", "2x3/trip/a.jpg"]


@pytest.mark.parametrize(
    ("resolution", "enlarge", "box", "size"),
    [
        (None, True, (30, 40), (30, 40)),
        (96, True, (200, 200), (96, 96)),
        (96, True, (50, 50), (96, 96)),
        (96, False, (96, 96), (96, 96)),  # nothing is enlarged
        (96, False, (97, 95), (97, 95)),
        (96, False, (95, 97), (95, 97)),
    ],
)
def test_the_size_of_a_crop(resolution, enlarge, box, size):
    assert plain_settings(resolution=resolution, enlarge=enlarge).size_of(box, Ratio(1, 1), (200, 200)) == size


SIZED = plain_settings(resolution=96)


@pytest.mark.parametrize(
    ("settings", "name", "files"),
    [
        (plain_settings(name="{name}"), "trip/a", ["trip/a.jpg"]),
        (plain_settings(name="{name}_{ratio}"), "trip/a_{ratio}", ["trip/a_1x1.jpg", "trip/a_2x3.jpg"]),
        (plain_settings(name="x"  "{name}", each=True), "xa", ["1x1/xa.jpg", "2x3/xa.jpg"]),
        (plain_settings(name="{ratio}/{name}", each=True), "{ratio}/a", ["1x1/a.jpg", "2x3/a.jpg"]),
        (replace(SIZED, name="{name}{width:04}"), "a{width:04}", ["a0096.jpg", "a0080.jpg"]),
        (replace(SIZED, name="{name}"), "a{{b}}", ["a{b}.jpg"]),
        (replace(SIZED), "a{{b}", ["a{{b}.jpg"]),  # without a pattern, braces are only braces
    ],
)  # fmt: skip
def test_all_files_that_a_picture_may_get(settings, name, files):
    assert settings.files(name) == files


def test_the_files_of_buckets_and_of_models():
    models = replace(SIZED, constraint=Constraint(parse_shapes("wan, 1:1")), name="{name}_{ratio}_{width}")
    text = "a_{ratio}_{width}"
    assert models.files(text) == ["a_wan_1280.jpg", "a_wan_720.jpg", "a_1x1_96.jpg"]
    assert models.file_of(text, MODEL_SIZES["wan"], (720, 1280)) == "a_wan_720.jpg"
    buckets = replace(SETTINGS, buckets=BucketSettings(parse_grid("64x96,96x64")), name="{name}-{bucket}-{ratio}")
    assert buckets.files("a-{bucket}-{ratio}") == ["2_cat/a-64x96-2x3.jpg", "2_cat/a-96x64-3x2.jpg"]
    assert buckets.file_of("a-{bucket}-{ratio}", Ratio(3, 2), (96, 64)) == "2_cat/a-96x64-3x2.jpg"


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"name": "{name}{bucket}"}, "name: {bucket} needs buckets"),
        ({"name": "{name}{width}"}, "name: {width} and {height} are known before"),
        ({"name": "{name}{height}", "resolution": 64, "enlarge": False}, "name: {width} and {height} are known before"),
        ({"name": "{name}{ratio}", "constraint": Constraint()}, "name: {ratio} needs ratios"),
        ({"name": "{name}{width}", "constraint": Constraint(), "resolution": 64}, "name: {width} and"),
    ],
)
def test_a_name_that_is_not_known_before_the_run_is_refused(more, message):
    with pytest.raises(ValueError, match=message):
        replace(plain_settings(), **more)


def test_a_crop_that_is_resized_is_searched_in_the_ratio_of_the_result():
    settings = plain_settings(resolution=128)
    wide = replace(settings, constraint=Constraint((Ratio(16, 9),), multiple_of=64))
    (searched,) = wide.constraints()
    assert (searched.ratios, searched.multiple_of) == ((Ratio(3, 2),), 1)  # 192×128, the nearest to 171×96
    assert wide.shape_of(Ratio(3, 2), (900, 600)) == Ratio(16, 9)
    assert wide.size_of((600, 400), Ratio(16, 9), (900, 600)) == (192, 128)
    assert replace(wide, enlarge=False).size_of((160, 80), Ratio(16, 9), (900, 600)) == (128, 64)
    (own,) = replace(wide, resolution=None).constraints()
    assert (own.ratios, own.multiple_of) == ((Ratio(16, 9),), 64)
    models = replace(settings, constraint=Constraint(parse_shapes("sdxl")))
    assert models.constraints()[0].ratios == (MODEL_SIZES["sdxl"],)
    assert models.shape_of(Ratio(13, 19), (200, 300)) == MODEL_SIZES["sdxl"]
    assert models.size_of((190, 280), MODEL_SIZES["sdxl"], (200, 300)) == (832, 1216)
    assert replace(models, enlarge=False).size_of((190, 280), MODEL_SIZES["sdxl"], (200, 300)) == (190, 280)


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "object"},
        {"framing": "portrait"},
        {"margin": 0.15},
        {"neighbours": "whole"},
        {"order": "size"},
        {"most": 9},
        {"most_overlap": 0.5},
        {"smallest": 65},
        {"most_enlarged": 2.0},
    ],
)
def test_all_that_is_asked_of_the_crops_of_subjects_changes_the_identity(fields):
    usual = CropSettings("centre", "", Constraint(), per_subject=PerSubject())
    other = replace(usual, per_subject=PerSubject(**fields))
    assert other.identity() != usual.identity() != CropSettings("centre", "", Constraint()).identity()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"buckets": BucketSettings(parse_grid("sdxl"))}, "per_subject: .* buckets one; crop the subjects first"),
        ({"frames": "still"}, "per_subject: is for pictures on their own"),
        ({"fit": "subject"}, "per_subject: makes crops of single subjects, fit subject"),
        ({"objective": as_people_crop()}, "per_subject: the size of a crop follows from its subject"),
        ({"name": "{name}"}, "name: {subject} needs per_subject, and with it every name needs {subject}"),
    ],
)
def test_crops_of_subjects_exclude_what_is_about_the_whole_picture(fields, message):
    with pytest.raises(ValueError, match=message):
        CropSettings("centre", "", Constraint(), per_subject=PerSubject(), **fields)


def test_a_name_has_the_number_of_a_subject_only_where_there_is_one():
    with pytest.raises(ValueError, match="name: {subject} needs per_subject"):
        CropSettings("centre", "", Constraint(), name="{name}{subject}")
    settings = CropSettings("centre", "", Constraint(), name="{name}-{subject:02}", per_subject=PerSubject(most=2))
    assert settings.files("a-{subject:02}") == ["a-01.jpg", "a-02.jpg"]

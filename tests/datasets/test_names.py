"""Names of crops: one each, on every file system, whatever the names of their sources."""

import pytest

from salient_crop.datasets.names import PathPlan, name_crops, name_repeats

COMPOSED, DECOMPOSED = "\u00fc", "u\u0308"


@pytest.mark.parametrize(
    ("sources", "names"),
    [
        ([], []),
        (["a.jpg", "b.png", "d/a.jpg"], ["a", "b", "d/a"]),
        (["a.jpg", "a.png"], ["a_jpg", "a_png"]),
        (["a.jpg", "A.gif", "a.webp"], ["a_jpg", "A_gif", "a_webp"]),  # one name where case is ignored
        (["a.jpg", "A.jpg"], ["a_jpg", "A_jpg_2"]),
        (["d/a.jpg", "D/a.jpg"], ["d/a_jpg", "D/a_jpg_2"]),
        (["a.jpg", "A.jpg", "a.JPG"], ["a_jpg", "A_jpg_2", "a_JPG_3"]),
        ([f"{COMPOSED}.jpg", f"{DECOMPOSED}.png"], [f"{COMPOSED}_jpg", f"{DECOMPOSED}_png"]),
        (["straße.jpg", "STRASSE.png"], ["straße_jpg", "STRASSE_png"]),
        (["a.jpg", "a.png", "a_png.jpg"], ["a_jpg", "a_png_2", "a_png"]),  # a_png keeps its name
        (["a.jpg", "a.png", "A_PNG.jpg", "a_png_2.jpg"], ["a_jpg", "a_png_3", "A_PNG", "a_png_2"]),
        (["a.b.jpg", "a.c.jpg"], ["a.b", "a.c"]),
        (["a", "a.jpg"], ["a_", "a_jpg"]),
    ],
)
def test_names(sources, names):
    assert name_crops(sources) == names


def test_no_two_names_are_one_to_any_file_system():
    sources = [
        f"{stem}.{extension}" for stem in ("a", "A", "a_jpg", "A_JPG", "a_jpg_2") for extension in ("jpg", "Jpg")
    ]
    assert len({name.casefold() for name in name_crops(sources)}) == len(sources)


@pytest.mark.parametrize(
    ("names", "times", "repeats"),
    [
        ([], [], []),
        (["a", "b"], [1, 0], [["a"], []]),
        (["d/a"], [3], [["d/a", "d/a~2", "d/a~3"]]),
        (["b", "b~2"], [2, 1], [["b", "b~3"], ["b~2"]]),  # b~2 is another picture's
        (["b", "B~2", "b~3"], [3, 1, 1], [["b", "b~4", "b~5"], ["B~2"], ["b~3"]]),
        (["b", "b~2"], [3, 2], [["b", "b~3", "b~4"], ["b~2", "b~2~2"]]),
        (["a", "a~2"], [2, 0], [["a", "a~3"], []]),
    ],
)
def test_names_of_repeated_pictures(names, times, repeats):
    assert name_repeats(names, times) == repeats


def crops(name):
    return [f"{name}.png"]


def beside(name):
    return [f"masks/{name}.png", f"{name}.txt"]


@pytest.mark.parametrize(
    ("names", "reserved", "planned"),
    [
        ([], [], []),
        (["a", "d/b"], [], ["a", "d/b"]),
        (["masks/a"], [], ["masks/a"]),  # nothing of it clashes with its own
        (["a", "masks/a"], [], ["a", "masks/a_2"]),
        (["masks/a", "a"], [], ["masks/a_2", "a"]),  # whatever the order
        (["a", "Masks/A", "masks/a_2"], [], ["a", "Masks/A_3", "masks/a_2"]),
        (["a", "masks/a", "masks/masks/a"], [], ["a", "masks/a_2", "masks/masks/a_3"]),
        (["report"], ["Report.txt"], ["report_2"]),  # where its caption would lie
        (["report", "report_2"], ["report.txt"], ["report_3", "report_2"]),
        (["a"], ["a.png"], ["a_2"]),
        (["a", "a.png/b"], [], ["a_2", "a.png/b"]),  # a folder of that name
        (["a", "a.txt/b"], [], ["a_2", "a.txt/b"]),
        (["a.b", "a.c"], ["a.json"], ["a.b", "a.c"]),
    ],
)
def test_every_path_of_a_run_is_for_one_thing(names, reserved, planned):
    plan = PathPlan(names, crops, beside, reserved)
    assert plan.names == planned
    paths = [*reserved, *(path for name in planned for path in (*crops(name), *beside(name)))]
    assert len({path.casefold() for path in paths}) == len(paths)


def test_repeats_keep_out_of_the_way_of_masks_captions_and_other_pictures():
    plan = PathPlan(["a", "a~2", "masks/b", "c"], crops, beside, ["a~3.txt", "masks/b~2.png"])
    assert name_repeats(plan.names, [3, 1, 2, 1], plan.claim) == [
        ["a", "a~4", "a~5"],
        ["a~2"],
        ["masks/b", "masks/b~3"],
        ["c"],
    ]


def test_repeats_do_not_clash_with_each_other():
    names = ["b", "masks/b~2"]
    plan = PathPlan(["b", "masks/c"], crops, beside, [])
    assert name_repeats(plan.names, [2, 2], plan.claim) == [["b", "b~2"], ["masks/c", "masks/c~2"]]
    plan = PathPlan(names, crops, beside, [])
    assert name_repeats(plan.names, [2, 1], plan.claim) == [["b", "b~3"], ["masks/b~2"]]

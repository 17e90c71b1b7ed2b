"""The pack on the real canvas, as its users see it, in both renderers."""

import json
from pathlib import Path

import pytest
from comfy_canvas import RENDERERS

pytestmark = pytest.mark.browser

EXAMPLES = sorted(path.stem for path in (Path(__file__).parents[2] / "example_workflows").glob("*.json"))
# What each example is run with, where it needs no model: the widget that names the pictures, and what it says.
PICTURE, FOLDER = ("LoadImage", "image"), ("SalientCrop_LoadFolder", "folder")
RUN = {
    "aligned-face-squares": (*FOLDER, "photographs"),
    "banner-with-room-for-text": (*PICTURE, "sheep.jpg"),
    "crop-a-folder-with-captions": (*FOLDER, "photographs"),
    "crop-a-picture": (*PICTURE, "astronaut.jpg"),
    "crop-each-head": (*FOLDER, "photographs"),
    "crop-what-you-paint": (*PICTURE, "two-dogs.jpg"),
    "folder-to-three-buckets-for-lora": (*FOLDER, "photographs"),
    "portraits-to-2x3-heads-whole": (*FOLDER, "photographs"),
}
RECTANGLE = "(panel, part) => panel.querySelector(part).getBoundingClientRect().toJSON()"
# Examples that wait for a file or a model of the user's.
WAITING = {"crop-what-you-name", "extend-and-outpaint", "video-to-steady-9x16"}


def test_the_canvas_knows_every_node_by_its_name(canvas, comfy):
    known = {key: value for key, value in comfy.get("/object_info").items() if key.startswith("SalientCrop_")}
    assert len(known) >= 9
    titles = canvas.page.evaluate("ids => ids.map(id => LiteGraph.createNode(id)?.title)", list(known))
    assert titles == [value["display_name"] for value in known.values()]


def test_every_example_is_run_or_waits_for_something():
    assert sorted([*RUN, *WAITING]) == EXAMPLES


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_opens_whole_and_readable_and_runs(canvas, comfy, root, name):
    assert name in comfy.get("/api/workflow_templates")["salient-crop"]
    assert (root / "example_workflows" / f"{name}.jpg").is_file()
    workflow = json.loads((root / "example_workflows" / f"{name}.json").read_text(encoding="utf-8"))
    canvas.complaints.clear()
    canvas.load(workflow)
    known = canvas.page.evaluate("() => app.graph.nodes.map(node => node.type in LiteGraph.registered_node_types)")
    assert known == [True] * len(workflow["nodes"])
    assert canvas.page.evaluate("() => app.graph.links.size") == len(workflow["links"])
    assert not canvas.overlaps()
    # What Run would send holds the values of the file, none of them slipped into a neighbour's widget.
    sent = canvas.page.evaluate("async () => (await app.graphToPrompt()).output")
    for node in workflow["nodes"]:
        if node["type"].startswith("SalientCrop_"):
            values = [value for value in sent[str(node["id"])]["inputs"].values() if not isinstance(value, list)]
            saved = node["widgets_values"]
            assert values[: len(saved)] == saved  # what has come since is at the end
    if name in RUN:
        canvas.put(*RUN[name])
        canvas.run()
        assert not canvas.overlaps()  # although the nodes now show what they did
        shown = canvas.page.evaluate(
            "() => [...document.querySelectorAll('.salient-crop-panel:not([hidden])')].map(panel => panel.innerText)"
        )
        assert len(shown) == sum(node["type"].startswith("SalientCrop_") for node in workflow["nodes"])
        assert all(shown)
    assert not canvas.complaints


def test_a_panel_shows_words_boxes_and_heat_and_outlives_a_switch_of_the_renderer(canvas, root):
    workflow = json.loads((root / "example_workflows" / "crop-a-picture.json").read_text(encoding="utf-8"))
    canvas.load(workflow)
    canvas.put(*RUN["crop-a-picture"])
    canvas.run()
    first, page = canvas.renderer, canvas.page
    for renderer in (first, next(each for each in RENDERERS if each != first), first):
        canvas.switch(renderer)
        canvas.settle()
        panel = page.locator(".salient-crop-panel:visible")
        assert "Keeps the head" in panel.inner_text()
        frame, box = (panel.evaluate(RECTANGLE, part) for part in (".frame", ".box"))
        assert 0 < box["width"] < frame["width"] and box["height"] == pytest.approx(frame["height"], abs=2)
        heat = panel.locator("img.heat")
        assert not heat.is_visible()
        panel.get_by_role("button", name="Heat").click()
        heat.wait_for(state="visible")
        panel.get_by_role("button", name="Heat").click()
        heat.wait_for(state="hidden")
    saved = page.evaluate("() => app.graph.serialize().nodes.find(node => node.type.includes('Constrained'))")
    (original,) = (node for node in workflow["nodes"] if "Constrained" in node["type"])
    own = original["widgets_values"]
    assert saved["widgets_values"][: len(own)] == own
    inputs = page.evaluate(
        "() => app.graph.nodes.find(node => node.type.includes('Constrained')).inputs.filter("
        "input => input.widget).length"
    )
    assert len(saved["widgets_values"]) == inputs  # neither the panel nor the presets are in it


def test_widgets_that_do_not_apply_are_folded_away_and_presets_write_into_the_text(canvas):
    def visible():
        return page.evaluate(
            "() => app.graph.nodes[0].widgets.filter(w => !w.hidden && !w.options.hidden).map(w => w.name)"
        )

    page = canvas.page
    page.evaluate("() => { app.graph.clear(); app.graph.add(LiteGraph.createNode('SalientCrop_CropFolder')) }")
    canvas.settle()
    assert "ratio" in visible()
    assert not {"resolution", "batch_size", "concept", "step", "fill", "nothing"} & set(visible())
    canvas.put("SalientCrop_CropFolder", "fit", "whole")
    assert {"fit_side", "fill"} <= set(visible())
    canvas.put("SalientCrop_CropFolder", "fit", "crop")
    canvas.put("SalientCrop_CropFolder", "buckets presets", "the best 3 sizes")
    assert page.evaluate("() => app.graph.nodes[0].widgets.find(w => w.name === 'buckets').value") == "auto:3"
    assert {"resolution", "batch_size", "duplicates"} <= set(visible())
    assert not {"ratio", "concept", "remainder"} & set(visible())
    canvas.put("SalientCrop_CropFolder", "layout", "kohya")
    assert {"concept", "repeats"} <= set(visible())
    canvas.put("SalientCrop_CropFolder", "buckets", "")
    assert "ratio" in visible() and "concept" not in visible()


SEARCHES = {
    "crop": "Crop/Resize",
    "smart crop": "Crop/Resize",
    "resize": "Crop/Resize",
    "center crop": "Crop/Resize",
    "portrait": "Crop/Resize",
    "face crop": "Face Crops",
    "lora": "LoRA Dataset (Save)",
    "outpaint": "Crop/Resize",
    "video crop": "Crop/Resize",
}
# Of the words of a search: those of which the node has to be among the first rows, not only in sight.
FIRST, ROWS = ("crop", "smart crop", "resize", "center crop"), 5


@pytest.fixture
def small_screen(canvas):
    """The canvas on the screen of a small laptop."""
    before = canvas.page.viewport_size
    canvas.page.set_viewport_size({"width": 1366, "height": 768})
    yield canvas.page
    canvas.page.set_viewport_size(before)


@pytest.mark.parametrize("words", SEARCHES)
def test_words_that_people_search_for_show_the_right_node_on_the_first_screen(small_screen, words):
    page, title = small_screen, SEARCHES[words]
    page.evaluate("() => app.graph.clear()")
    page.evaluate("() => app.extensionManager.command.execute('Workspace.SearchBox.Toggle')")
    rows = page.get_by_test_id("result-item")
    rows.first.wait_for()
    page.keyboard.insert_text(words)  # at once: no list of a part of them comes in between
    row = rows.filter(has=page.get_by_text(title, exact=True)).first
    row.wait_for()
    before = rows.evaluate_all("(rows, title) => rows.findIndex(row => row.innerText.startsWith(title))", title)
    assert is_seen(row)
    assert words not in FIRST or 0 <= before < ROWS
    page.keyboard.press("Escape")
    rows.first.wait_for(state="detached")


def is_seen(row):
    """Whether a row of the list is on the screen and not scrolled out of the list."""
    return row.evaluate(
        """row => {
            const { left, top, bottom } = row.getBoundingClientRect()
            const at = y => row.contains(document.elementFromPoint(left + 20, y))
            return at(top + 4) && at(bottom - 4)
        }"""
    )


def test_help_shows_in_the_panel(canvas):
    page = canvas.page
    page.evaluate("() => { app.graph.clear(); app.graph.add(LiteGraph.createNode('SalientCrop_ConstrainedCrop')) }")
    canvas.settle()
    # Its title on the screen, with room above it for the buttons of what is selected.
    x, y = page.evaluate(
        """() => {
            const { ds, canvas } = app.canvas
            ds.offset = [ds.offset[0] + 250, ds.offset[1] + 200]
            app.canvas.setDirty(true, true)
            const { left, top } = canvas.getBoundingClientRect()
            const [x, y] = app.graph.nodes[0].pos
            return [left + (x + 60 + ds.offset[0]) * ds.scale, top + (y - 15 + ds.offset[1]) * ds.scale]
        }"""
    )
    canvas.be_still()
    page.mouse.click(x, y)
    page.get_by_test_id("info-button").first.click()
    page.get_by_text("ready for outpainting").first.wait_for()

"""The region painter on the real canvas, in both renderers: the crop obeys what is painted, wherever it was saved."""

import json

import numpy as np
import pytest
from accessibility import serious_violations
from comfy_canvas import RENDERERS
from made_pictures import save_picture
from PIL import Image
from pointers import POINTERS, drag

from salient_crop.cropping.text_names import named_region

pytestmark = pytest.mark.browser

SIZE = 300, 200
RULES = "SalientCrop_Constraint"
BUILD = """() => {
    app.graph.clear()
    const add = (kind, x, y, values = {}) => {
        const node = LiteGraph.createNode(kind)
        app.graph.add(node)
        node.pos = [x, y]
        for (const [name, value] of Object.entries(values)) node.widgets.find(each => each.name === name).value = value
        return node
    }
    const link = (from, output, to, input) => from.connect(
        from.outputs.findIndex(slot => slot.name === output), to, to.inputs.findIndex(slot => slot.name === input))
    const load = add('LoadImage', 0, 0, { image: 'painted.png' })
    const cropper = add('SalientCrop_LoadCropper', 0, 420, { cropper: 'centre' })
    const asked = { ratio: '1:1', min_share: 1, layout_frame: 'source', layout_hard: true }
    const rules = add('SalientCrop_Constraint', 320, 0, asked)
    const crop = add('SalientCrop_ConstrainedCrop', 700, 0)
    const save = add('SaveImage', 1100, 0, { filename_prefix: 'painted' })
    link(load, 'IMAGE', crop, 'image')
    link(cropper, 'cropper', crop, 'cropper')
    link(rules, 'constraint', crop, 'constraint')
    link(crop, 'image', save, 'images')
}"""
# Whether the node's own button is on the canvas, and none of a node that was there before.
DRAWN = """() => {
    const [button, ...more] = document.querySelectorAll('.salient-crop-regions')
    const rules = app.graph.nodes.find(each => each.type === 'SalientCrop_Constraint')
    return !more.length && rules.widgets.find(each => each.name === 'regions').element === button
}"""
# The value that Run would send; null while another workflow is being loaded.
REGIONS = """async () => {
    const prompt = (await app.graphToPrompt()).output
    const rules = Object.values(prompt).find(each => each.class_type === 'SalientCrop_Constraint')
    return rules?.inputs.regions.regions ?? null
}"""

# Where something is on the screen, once it has a size and has stayed there for a frame.
STEADY = """element => new Promise(done => {
    const look = before => {
        const place = element.getBoundingClientRect().toJSON()
        const now = JSON.stringify(place)
        if (place.width && now === before) done(place)
        else requestAnimationFrame(() => look(now))
    }
    look()
})"""


@pytest.fixture
def board(canvas, comfy):
    """A canvas with rules for a square crop of a picture, none of them painted yet."""
    save_picture(comfy.input / "painted.png", SIZE, 5)
    if canvas.renderer != canvas.first:
        canvas.switch(canvas.first)
    canvas.complaints.clear()
    canvas.page.evaluate(BUILD)
    # Loaded as a workflow: nodes that only replace others would be drawn with the widgets of those.
    canvas.load(json.loads(canvas.page.evaluate("() => JSON.stringify(app.graph.serialize())")))
    canvas.page.wait_for_function(DRAWN)
    yield Painter(canvas, comfy)
    assert not canvas.complaints


class Painter:
    """What a person does with the painter."""

    def __init__(self, canvas, comfy):
        self.canvas, self.page, self.comfy = canvas, canvas.page, comfy

    def open(self):
        self.page.locator(".salient-crop-regions button").first.click()
        self.page.locator(".salient-crop-dialog .board").wait_for()

    def close(self):
        self.page.get_by_role("button", name="Done", exact=True).click()
        self.page.locator(".salient-crop-dialog").wait_for(state="detached")

    def at(self, x, y):
        frame = self.page.locator(".salient-crop-dialog .paper").evaluate(STEADY)
        return frame["x"] + x * frame["width"], frame["y"] + y * frame["height"]

    def drag(self, start, end):
        """Draws, moves or resizes from and to a place in the frame, without snapping."""
        self.page.mouse.move(*self.at(*start))
        self.page.keyboard.down("Alt")
        self.page.mouse.down()
        self.page.mouse.move(*self.at(*end), steps=4)
        self.page.mouse.up()
        self.page.keyboard.up("Alt")

    def press(self, name):
        self.page.locator(".salient-crop-dialog").get_by_role("button", name=name, exact=True).click()

    @property
    def regions(self):
        return self.page.evaluate(REGIONS)

    @property
    def crop(self):
        """Runs; returns the left edge of the crop in its picture, found by its pixels."""
        self.canvas.run()
        source = np.asarray(Image.open(self.comfy.input / "painted.png").convert("RGB"))
        newest = max(self.comfy.output.glob("painted_*.png"))
        cropped = np.asarray(Image.open(newest).convert("RGB"))
        height, width = cropped.shape[:2]
        assert (height, width) == (SIZE[1], SIZE[1])
        return next(x for x in range(SIZE[0] - width + 1) if (source[:, x : x + width] == cropped).all())


def near(box):
    return pytest.approx(box, abs=0.02)


def test_text_that_is_painted_moves_the_crop_and_shows_in_the_panel(board):
    assert board.crop == 50
    board.open()
    board.page.locator(".salient-crop-dialog .paper img").wait_for()  # of the run
    board.page.wait_for_function(
        "() => document.querySelector('.editor-host').shadowRoot.querySelector('.paper img').naturalWidth > 0"
    )
    board.drag((0.05, 0.3), (0.25, 0.7))
    board.page.locator(".row input").fill("headline")
    board.page.keyboard.press("Enter")
    board.close()
    (region,) = board.regions
    assert (region["kind"], region["frame"], region["name"]) == ("text", "source", "headline")
    assert region["box"] == near([0.05, 0.3, 0.25, 0.7])
    assert board.page.locator(".salient-crop-regions span").inner_text() == "text 1"
    assert board.crop < 20  # it holds the region now
    assert "headline" in board.page.locator(".salient-crop-panel:visible .region.text").first.inner_text()


def test_kinds_frames_and_rooms_by_name(board, comfy):
    board.canvas.run()
    board.open()
    board.press("keep")
    board.drag((0.6, 0.1), (0.95, 0.9))
    board.press("avoid")
    board.drag((0.05, 0.1), (0.3, 0.3))
    board.press("in the crop")
    assert board.page.locator(".group button[data-value=keep]").is_disabled()
    board.page.get_by_label("Room for text…").select_option("left third")
    board.close()
    found = [(each["kind"], each["frame"], each["name"]) for each in board.regions]
    assert found == [("keep", "source", ""), ("avoid", "source", ""), ("text", "crop", "left third")]
    assert board.regions[2]["box"] == near([0, 0, 1 / 3, 1])
    board.canvas.put(RULES, "layout_hard", False)
    assert board.crop >= 85  # as far as what is kept asks for


def test_the_rooms_are_those_of_the_node_by_the_same_names(board, comfy):
    layouts = board.page.evaluate("async () => (await import('/extensions/salient-crop/js/painter/shapes.js')).LAYOUTS")
    spec = comfy.get("/object_info")[RULES]["input"]["required"]["layout"]
    options = spec[0] if isinstance(spec[0], list) else spec[1]["options"]
    assert set(layouts) == set(options) - {"none", "drawn region"}
    for name, box in layouts.items():
        assert box == pytest.approx(named_region(name)), name


def test_regions_are_moved_resized_and_undone_and_the_canvas_behind_stays_as_it_is(board):
    page = board.page
    page.evaluate("() => { app.graph.nodes[0].pos = [5, 5]; app.canvas.selectNode(app.graph.nodes[0]) }")
    page.keyboard.press("Shift")  # the host notes a step that its own undo could take back
    where = "() => app.graph.nodes.map(each => [each.type, ...each.pos]).sort()"
    before = page.evaluate(where)
    board.open()
    board.drag((0.3, 0.3), (0.6, 0.6))
    board.drag((0.4, 0.4), (0.5, 0.5))
    assert board.regions[0]["box"] == near([0.4, 0.4, 0.7, 0.7])
    board.drag((0.7, 0.7), (0.9, 0.8))
    assert board.regions[0]["box"] == near([0.4, 0.4, 0.9, 0.8])
    for expected in ([0.4, 0.4, 0.7, 0.7], [0.3, 0.3, 0.6, 0.6]):
        page.keyboard.press("Control+z")
        assert board.regions[0]["box"] == near(expected)
    page.keyboard.press("Control+z")
    assert board.regions == []
    page.keyboard.press("Control+Shift+z")
    assert len(board.regions) == 1
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")  # nothing is left to undo here
    page.evaluate("() => document.activeElement.blur()")  # as a click beside everything does
    for key in ("Delete", "Control+z", "Control+a", "Backspace"):
        page.keyboard.press(key)
    board.canvas.let_act()
    assert page.evaluate(where) == before
    board.close()


def test_the_hosts_undo_is_back_when_the_painter_is_closed(board):
    page = board.page
    page.evaluate("() => app.extensionManager.workflow.activeWorkflow.changeTracker.captureCanvasState()")
    board.open()
    page.evaluate("() => document.getSelection().selectAllChildren(document.body)")  # Ctrl A does so
    board.drag((0.3, 0.3), (0.6, 0.6))
    board.close()
    assert len(board.regions) == 1
    page.evaluate("() => document.activeElement.blur()")
    page.keyboard.press("Control+z")
    page.wait_for_function(f"async () => (await ({REGIONS})())?.length === 0")
    board.canvas.settle()


def test_all_of_it_works_by_the_keyboard_and_is_told(board):
    page = board.page
    page.locator(".salient-crop-regions button").first.focus()
    page.keyboard.press("Enter")
    page.locator(".salient-crop-dialog .board").wait_for()
    for key in ("Enter", "ArrowLeft", "Shift+ArrowUp", "Alt+ArrowRight", "+", "k"):
        page.keyboard.press(key)
    (region,) = board.regions
    assert region["kind"] == "keep"
    assert region["box"] == pytest.approx([0.28, 0.24, 0.71, 0.66], abs=1e-3)
    named = page.locator(".salient-crop-dialog .board").get_attribute("aria-label")
    assert (
        named == "region 1 of 1: keep, in the picture, 43 % wide and 42 % high, 28 % from the left, 24 % from the top"
    )
    assert page.locator(".salient-crop-dialog .spoken").inner_text() == named
    page.keyboard.press("Enter")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("F2")
    page.keyboard.type("a dog")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Delete")
    assert [each["name"] for each in board.regions] == ["a dog"]
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")  # chooses none
    page.keyboard.press("Escape")  # leaves the board
    assert page.evaluate("() => document.activeElement.textContent") == "Done, and run"
    page.keyboard.press("Escape")
    page.locator(".salient-crop-dialog").wait_for(state="detached")
    assert len(board.regions) == 2


@pytest.mark.parametrize("pointer", POINTERS)
def test_mouse_finger_and_pen_draw_and_resize(board, pointer):
    def stroke(start, end):
        shares = (0, 0.3, 0.7, 1)
        drag(board.page, pointer, [board.at(*between(start, end, share)) for share in shares])

    board.open()
    stroke((0.2, 0.2), (0.45, 0.55))
    board.page.wait_for_function(f"async () => (await ({REGIONS})())?.length === 1")
    stroke((0.45, 0.55), (0.8, 0.85))
    board.page.wait_for_function(f"async () => (await ({REGIONS})())?.[0]?.box[2] > 0.7")
    assert board.regions[0]["box"] == near([0.2, 0.2, 0.8, 0.85])
    board.close()


def between(start, end, share):
    return [one + share * (other - one) for one, other in zip(start, end, strict=True)]


@pytest.mark.parametrize("colours", ["dark", "light"])
def test_axe_finds_nothing_serious(board, colours):
    board.canvas.set("Comfy.ColorPalette", colours)
    board.canvas.run()
    board.open()
    board.drag((0.3, 0.3), (0.6, 0.6))
    board.page.keyboard.press("?")
    serious = serious_violations(board.page, ".salient-crop-dialog")
    board.canvas.set("Comfy.ColorPalette", "dark")
    assert not serious, json.dumps(serious, indent=1)[:3000]
    board.close()


def test_saved_and_loaded_in_either_renderer_the_regions_are_the_same(board):
    board.open()
    board.drag((0.0, 0.3), (0.25, 0.7))
    board.close()
    regions, page = board.regions, board.page
    left = board.crop
    saved = json.loads(page.evaluate("() => JSON.stringify(app.graph.serialize())"))
    (rules,) = (each for each in saved["nodes"] if each["type"] == RULES)
    named = page.evaluate(
        "kind => app.graph.nodes.find(each => each.type === kind).widgets.map(each => each.name)", RULES
    )
    values = dict(zip(named, rules["widgets_values"], strict=False))
    assert values["margin"] == "" and values["regions"] == {"regions": regions}
    board.canvas.load(saved)
    assert board.regions == regions
    board.canvas.switch(next(each for each in RENDERERS if each != board.canvas.renderer))
    board.canvas.settle()
    assert board.regions == regions
    board.open()
    assert page.locator(".salient-crop-dialog .row").count() == 1
    board.close()
    assert board.crop == left


def old_workflow(board, layout, layouts, region=(0, 0, 512, 512)):
    """The workflow as it was saved when the node had the host's editor of a box."""
    saved = json.loads(board.page.evaluate("() => JSON.stringify(app.graph.serialize())"))
    (rules,) = (each for each in saved["nodes"] if each["type"] == RULES)
    before = rules["widgets_values"][:10]
    box = dict(zip(("x", "y", "width", "height"), region, strict=True))
    rules["widgets_values"] = [*before, box, *region, layouts, "5%"]
    rules["widgets_values"][4] = layout
    inputs = [each for each in rules["inputs"] if each["name"] not in ("regions", "region")]
    inputs.insert(
        -2, {"name": "region", "type": "BOUNDING_BOX", "shape": 7, "widget": {"name": "region"}, "link": None}
    )
    rules["inputs"] = inputs
    return saved


def sent(board):
    prompt = board.page.evaluate("async () => (await app.graphToPrompt()).output")
    return next(each["inputs"] for each in prompt.values() if each["class_type"] == RULES)


def test_an_old_workflow_keeps_what_it_asked_for(board):
    board.canvas.load(old_workflow(board, "left third", "top 40%"))
    inputs = sent(board)
    assert (inputs["layout"], inputs["layouts"], inputs["margin"]) == ("left third", "top 40%", "5%")
    assert inputs["regions"] == {"regions": []} and "region" not in inputs
    # One whose region was drawn in pixels, which the picture of the run places.
    board.canvas.load(old_workflow(board, "drawn region", "", (3, 40, 60, 100)))
    inputs = sent(board)
    assert (inputs["layout"], inputs["layouts"], inputs["margin"]) == ("none", "", "5%")
    drawn = {"kind": "text", "frame": "source", "name": "", "pixels": [3, 40, 60, 100]}
    assert inputs["regions"] == {"regions": [drawn]}
    assert board.crop <= 3
    board.open()
    board.drag((0.1, 0.4), (0.1, 0.5))
    (moved,) = board.regions
    assert "pixels" not in moved and moved["box"] == near([0.01, 0.3, 0.21, 0.8])
    board.close()


def test_an_old_workflow_keeps_the_box_that_is_connected(board):
    workflow = old_workflow(board, "drawn region", "")
    nodes = {each["type"]: each for each in workflow["nodes"]}
    crop, rules = nodes["SalientCrop_ConstrainedCrop"], nodes[RULES]
    other = {
        **json.loads(json.dumps(rules)),
        "id": 90,
        "pos": [700, 900],
        "outputs": [{"name": "constraint", "type": "CROP_CONSTRAINT", "links": None}],
    }
    box = next(index for index, each in enumerate(crop["outputs"]) if each["name"] == "box")
    place = next(index for index, each in enumerate(other["inputs"]) if each["name"] == "region")
    other["inputs"][place]["link"] = 77
    crop["outputs"][box]["links"] = [77]
    workflow["links"].append([77, crop["id"], box, 90, place, "BOUNDING_BOX"])
    workflow["nodes"].append(other)
    workflow["last_node_id"], workflow["last_link_id"] = 90, 77
    board.canvas.load(workflow)
    prompt = board.page.evaluate("async () => (await app.graphToPrompt()).output")
    inputs = prompt["90"]["inputs"]
    assert inputs["region"] == [str(crop["id"]), box]
    assert (inputs["layout"], inputs["margin"], inputs["regions"]) == ("drawn region", "5%", {"regions": []})


def test_what_a_stranger_put_into_the_workflow_is_named_and_can_be_cleared(board):
    workflow = json.loads(board.page.evaluate("() => JSON.stringify(app.graph.serialize())"))
    (rules,) = (each for each in workflow["nodes"] if each["type"] == RULES)
    rules["widgets_values"][12] = {"regions": [{"kind": "<img src=x>", "box": [0, 0, 9, "9"]}, 7]}
    board.canvas.load(workflow)
    prompt = board.page.evaluate("async () => (await app.graphToPrompt()).output")
    entry = board.comfy.wait_for(board.comfy.queue(prompt), 180)
    assert "press Clear" in json.dumps(entry["status"])
    board.open()
    assert board.page.locator(".salient-crop-dialog .row").count() == 0
    board.close()
    board.page.locator(".salient-crop-regions button", has_text="Clear").click()
    board.page.wait_for_function(f"async () => (await ({REGIONS})())?.length === 0")


def test_in_a_subgraph_the_picture_of_the_run_is_known_too(board):
    page = board.page
    page.evaluate(
        """() => {
            const rules = app.graph.nodes.find(each => each.type === 'SalientCrop_Constraint')
            const { subgraph } = app.graph.convertToSubgraph(new Set([rules]))
            window.inner = subgraph
        }"""
    )
    board.canvas.run()
    page.evaluate(
        """() => {
            app.canvas.setGraph(window.inner)
            const [x, y] = window.inner.nodes[0].pos
            app.canvas.ds.scale = 0.7
            app.canvas.ds.offset = [300 - x, 150 - y]
            app.canvas.setDirty(true, true)
        }"""
    )
    board.canvas.be_still()
    board.open()
    page.locator(".salient-crop-dialog .paper img").wait_for()
    board.close()
    panel = page.locator(".salient-crop-panel:visible")
    assert "1:1" in panel.inner_text()
    page.evaluate("() => app.canvas.setGraph(app.rootGraph)")

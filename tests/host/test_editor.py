"""The crop editor on the real canvas, in both renderers: what is dragged is saved, wherever the workflow goes."""

import json
import time

import numpy as np
import pytest
from accessibility import serious_violations
from comfy_canvas import RENDERERS
from made_pictures import save_picture
from PIL import Image
from pointers import POINTERS, drag

pytestmark = pytest.mark.browser

SIZE = 300, 200
BUILD = """(folder) => {
    app.graph.clear();
    const make = (type, pos) => {
        const node = LiteGraph.createNode(type);
        node.pos = pos;
        app.graph.add(node);
        return node;
    };
    const load = make('SalientCrop_LoadFolder', [20, 60]);
    const cropper = make('SalientCrop_LoadCropper', [20, 400]);
    const crop = make('SalientCrop_ConstrainedCrop', [400, 60]);
    const save = make('SaveImage', [900, 60]);
    load.widgets.find((each) => each.name === 'folder').value = folder;
    cropper.widgets.find((each) => each.name === 'cropper').value = 'centre';
    save.widgets.find((each) => each.name === 'filename_prefix').value = folder;
    load.connect(0, crop, crop.inputs.findIndex((each) => each.name === 'image'));
    cropper.connect(0, crop, crop.inputs.findIndex((each) => each.name === 'cropper'));
    crop.connect(0, save, 0);
}"""
PREVIEW = """(folder) => {
    app.graph.clear();
    const node = LiteGraph.createNode('SalientCrop_CropFolder');
    node.pos = [60, 60];
    app.graph.add(node);
    const values = { folder, save_to: folder, ratio: '1:1', format: 'png', mode: 'preview' };
    for (const [name, value] of Object.entries(values)) node.widgets.find((each) => each.name === name).value = value;
}"""
# Where the box of the crop is on the screen, once it has stayed there for a frame: it is drawn anew whenever the
# dialog gets its size, and when more is known of the picture.
BOX = """stage => new Promise(done => {
    const look = before => {
        const box = stage.querySelector('.box')?.getBoundingClientRect().toJSON()
        const now = JSON.stringify(box)
        if (box && now === before) done(box)
        else requestAnimationFrame(() => look(now))
    }
    look()
})"""


@pytest.fixture(scope="module")
def folder(comfy):
    """The name of a folder of the host's input with three pictures."""
    for index in range(3):
        save_picture(comfy.input / "by hand" / f"{index}.png", SIZE, 10 + index)
    return "by hand"


@pytest.fixture
def editor(canvas, comfy):
    """The canvas, loaded anew: nodes of an earlier test leave nothing in it."""
    canvas.renderer = canvas.first
    canvas.open(comfy.port)
    canvas.complaints.clear()
    yield Editor(canvas, comfy)
    assert not canvas.complaints


class Editor:
    """What a person does with the editor."""

    def __init__(self, canvas, comfy):
        self.canvas, self.page, self.comfy = canvas, canvas.page, comfy

    def build(self, folder, script=BUILD):
        """Puts a graph on the canvas, as a workflow: else its nodes might be drawn with the widgets of those before."""
        self.page.evaluate(script, folder)
        self.canvas.load(self.workflow)

    @property
    def workflow(self):
        return json.loads(self.page.evaluate("() => JSON.stringify(app.graph.serialize())"))

    @property
    def prompt(self):
        return self.page.evaluate("async () => (await app.graphToPrompt()).output")

    @property
    def corrections(self):
        """What Run would send."""
        inputs = [each["inputs"] for each in self.prompt.values()]
        return next(each["corrections"]["pictures"] for each in inputs if "corrections" in each)

    def queue(self):
        """Runs the workflow; returns the saved pictures in order, as pixels."""
        entry = self.comfy.wait_for(self.comfy.queue(self.prompt), 180)
        assert entry["status"]["status_str"] == "success", entry["status"]
        images = next(
            each["images"] for each in entry["outputs"].values() if each.get("images", [{}])[0].get("type") == "output"
        )
        return [pixels(self.comfy.output / each["subfolder"] / each["filename"]) for each in images]

    def run(self):
        """Runs by the canvas itself, so that the node shows what came of it."""
        self.canvas.run()
        self.page.wait_for_function("!document.querySelector('.salient-crop-corrections button').disabled")

    def open(self, number=0):
        """Opens the editor, and goes to a picture."""
        self.page.locator(".salient-crop-corrections button").first.click()
        self.page.locator(".salient-crop-dialog .stage .box").wait_for()
        self.page.wait_for_function("() => document.activeElement?.shadowRoot?.activeElement?.matches('.stage')")
        for _ in range(number):
            self.page.keyboard.press("Tab")

    def close(self, button="Done"):
        self.page.get_by_role("button", name=button, exact=True).click()
        self.page.locator(".salient-crop-dialog").wait_for(state="detached")

    def drag_left(self, pointer="mouse"):
        box = self.page.locator(".salient-crop-dialog .stage").evaluate(BOX)
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        drag(self.page, pointer, [(x, y), (x - 20, y), (x - 40, y), (x - 60, y)])
        self.page.locator(".salient-crop-dialog .stage.corrected").wait_for()

    @property
    def box(self):
        """The only box that was drawn."""
        (correction,) = self.corrections.values()
        return correction["box"]


def pixels(path):
    return np.asarray(Image.open(path).convert("RGB"))


def cut(picture, box):
    left, top, width, height = box
    return picture[top : top + height, left : left + width]


def test_a_dragged_crop_is_saved_to_the_pixel_and_stays_with_its_picture(editor, comfy):
    folder = f"dragged {editor.canvas.renderer}"
    for index in range(3):
        save_picture(comfy.input / folder / f"{index}.png", SIZE, 10 + index)
    editor.build(folder)
    editor.run()
    editor.open(1)
    editor.drag_left()
    editor.close()
    box = editor.box
    expected = cut(pixels(comfy.input / folder / "1.png"), box)
    assert (editor.queue()[1] == expected).all()
    # The workflow carries it: saved, loaded again, and in the other renderer.
    editor.canvas.load(editor.workflow)
    assert editor.box == box
    editor.canvas.switch(next(each for each in RENDERERS if each != editor.canvas.renderer))
    assert editor.box == box
    # Another order of the pictures, and one more.
    save_picture(comfy.input / folder / "0a.png", SIZE, 99)
    (comfy.input / folder / "1.png").rename(comfy.input / folder / "z.png")
    found = editor.queue()
    assert len(found) == 4 and (found[3] == expected).all()


@pytest.mark.parametrize("pointer", POINTERS)
def test_a_crop_is_dragged_by_mouse_finger_and_pen(editor, folder, pointer):
    editor.build(folder)
    editor.run()
    editor.open()
    editor.drag_left(pointer)
    editor.close()
    left, _, width, height = editor.box
    assert left < (SIZE[0] - width) / 2 and height == SIZE[1]


def test_a_folder_is_previewed_corrected_approved_and_then_written(editor, comfy):
    name = f"to preview {editor.canvas.renderer}"
    out = comfy.output / name
    for index in range(3):
        save_picture(comfy.input / name / f"{index}.png", SIZE, 20 + index)
    editor.build(name, PREVIEW)
    editor.run()
    assert not list(out.glob("*.png"))
    editor.open(1)
    editor.drag_left()
    editor.close("Approve and write")
    end = time.monotonic() + 60
    while not (out / "manifest.jsonl").exists():
        assert time.monotonic() < end
        time.sleep(0.2)
    assert (pixels(out / "1.png") == cut(pixels(comfy.input / name / "1.png"), editor.box)).all()
    mode = "() => app.graph.nodes[0].widgets.find((each) => each.name === 'mode').value"
    assert editor.page.evaluate(mode) == "write"


def test_a_shared_workflow_with_something_else_in_it_opens_and_says_what_is_wrong(editor, comfy, folder):
    editor.build(folder)
    workflow = editor.workflow
    crop = next(each for each in workflow["nodes"] if each["type"] == "SalientCrop_ConstrainedCrop")
    values = crop["widgets_values"]
    place = next(index for index, each in enumerate(values) if isinstance(each, dict) and "pictures" in each)
    values[place] = {"pictures": {"0" * 32: {"decision": "box", "box": ["<img src=x>"] * 4}}}
    editor.canvas.load(workflow)
    entry = comfy.wait_for(comfy.queue(editor.prompt), 180)
    assert "press Clear" in json.dumps(entry["status"])
    editor.page.locator(".salient-crop-corrections button", has_text="Clear").click()
    end = time.monotonic() + 20
    while editor.corrections:
        assert time.monotonic() < end


def test_keys_of_the_editor_do_not_reach_the_canvas_behind_it(editor, folder):
    page = editor.page
    editor.build(folder)
    editor.run()
    where = "() => app.graph.nodes.map(each => [each.type, ...each.pos]).sort()"
    # A step that the host could take back, and a node that it could delete.
    page.evaluate(
        """() => {
            app.extensionManager.workflow.activeWorkflow.changeTracker.captureCanvasState();
            const [node] = app.graph.nodes;
            node.pos = [5, 5];
            app.extensionManager.workflow.activeWorkflow.changeTracker.captureCanvasState();
            app.canvas.selectNode(node);
        }"""
    )
    before = page.evaluate(where)
    editor.open()
    page.keyboard.press("ArrowLeft")
    page.locator(".salient-crop-dialog .stage.corrected").wait_for()
    page.keyboard.press("Control+z")
    page.locator(".salient-crop-dialog .stage.corrected").wait_for(state="detached")
    page.keyboard.press("Control+z")
    page.evaluate("() => document.activeElement.blur()")
    for key in ("Delete", "Control+z", "Control+a"):
        page.keyboard.press(key)
    editor.canvas.let_act()
    assert page.evaluate(where) == before
    editor.drag_left()  # not the text of the page, which the last key has selected
    page.keyboard.press("r")
    for _ in range(12):
        page.keyboard.press("Tab")
    assert page.evaluate("() => Boolean(document.activeElement.closest('.salient-crop-dialog'))")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.locator(".salient-crop-dialog").wait_for(state="detached")
    assert editor.corrections == {}


@pytest.mark.parametrize("colours", ["dark", "light"])
def test_axe_finds_nothing_serious(editor, folder, colours):
    editor.canvas.set("Comfy.ColorPalette", colours)
    editor.build(folder)
    editor.run()
    editor.open()
    editor.drag_left()
    editor.page.keyboard.press("?")
    serious = serious_violations(editor.page, ".salient-crop-dialog")
    editor.canvas.set("Comfy.ColorPalette", "dark")
    assert not serious, json.dumps(serious, indent=1)[:3000]


def test_the_editor_and_the_panel_speak_the_language_of_the_host(editor, comfy, folder):
    editor.page.goto("about:blank")  # so that it does not note its own
    comfy.post("/settings/Comfy.Locale", "fr")
    try:
        editor.canvas.open(comfy.port)
        editor.build(folder)
        editor.run()
        editor.page.get_by_role("button", name="Chaleur", exact=True).first.wait_for()
        editor.open()
        editor.page.get_by_role("button", name="Approuver A").click()
        editor.page.locator(".salient-crop-dialog header", has_text="1 approuvé").wait_for()
        editor.close("Terminé")
    finally:
        comfy.post("/settings/Comfy.Locale", "en")

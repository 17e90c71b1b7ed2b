"""The crop editor on the real canvas, in both renderers: what is dragged is saved, wherever the workflow goes."""

import json
import time

import numpy as np
import pytest
from chromium import open_page
from made_pictures import save_picture
from PIL import Image

pytestmark = pytest.mark.browser

WAIT = 90_000  # in milliseconds: a busy machine without a GPU draws slowly
RENDERERS = {"classic": False, "Nodes 2.0": True}
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


@pytest.fixture(scope="module")
def tab(comfy):
    for folder in ("classic", "Nodes 2.0"):
        for index in range(3):
            save_picture(comfy.input / folder / f"{index}.png", (300, 200), 10 + index)
    comfy.post("/settings/Comfy.TutorialCompleted", True)  # no templates over the canvas to greet a new user
    with open_page(viewport={"width": 1500, "height": 950}, locale="en-US") as tab:
        tab.set_default_timeout(WAIT)
        tab.errors = []
        tab.on("pageerror", lambda error: tab.errors.append(str(error)))
        yield tab


@pytest.fixture
def page(tab, comfy):
    """The canvas, loaded anew: nodes of an earlier test leave nothing in it."""
    tab.goto(f"http://127.0.0.1:{comfy.port}/")
    tab.wait_for_function("window.app?.graph && 'SalientCrop_ConstrainedCrop' in LiteGraph.registered_node_types")
    tab.wait_for_timeout(1000)  # the host then loads the workflow that was open
    return tab


def build(page, folder, script=BUILD):
    """Puts the graph on the canvas, as a workflow: else its nodes might be drawn with the widgets of those before."""
    page.evaluate(script, folder)
    page.evaluate("() => app.loadGraphData(JSON.parse(JSON.stringify(app.graph.serialize())))")


def queue(page, comfy):
    """Runs the workflow; returns the saved pictures in order, as pixels."""
    prompt = page.evaluate("async () => (await app.graphToPrompt()).output")
    entry = comfy.wait_for(comfy.queue(prompt), 180)
    assert entry["status"]["status_str"] == "success", entry["status"]
    images = next(
        each["images"] for each in entry["outputs"].values() if each.get("images", [{}])[0].get("type") == "output"
    )
    paths = [comfy.output / each["subfolder"] / each["filename"] for each in images]
    return [np.asarray(Image.open(path).convert("RGB")) for path in paths]


def corrections(page):
    prompt = page.evaluate("async () => (await app.graphToPrompt()).output")
    return next(each["inputs"]["corrections"] for each in prompt.values() if "corrections" in each["inputs"])[
        "pictures"
    ]


def run_here(page):
    """Runs by the canvas itself, so that the node shows what came of it."""
    page.evaluate("() => app.queuePrompt(0, 1)")
    page.wait_for_function("!document.querySelector('.salient-crop-corrections button').disabled")


def drag_left(page, number, done="Done"):
    """Opens the editor, goes to a picture, drags its crop to the left, and presses a button; returns the box."""
    page.locator(".salient-crop-corrections button").first.click()
    page.locator(".salient-crop-dialog .stage .box").wait_for()
    for _ in range(number):
        page.keyboard.press("Tab")
    box = page.locator(".salient-crop-dialog .stage .box").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 60, y, steps=3)
    page.mouse.up()
    page.locator(".salient-crop-dialog .stage.corrected").wait_for()
    page.get_by_role("button", name=done, exact=True).click()
    page.locator(".salient-crop-dialog").wait_for(state="detached")
    (correction,) = corrections(page).values()
    return correction["box"]


@pytest.mark.parametrize("renderer", RENDERERS)
def test_a_dragged_crop_is_saved_to_the_pixel_and_stays_with_its_picture(page, comfy, renderer):
    page.evaluate("on => app.extensionManager.setting.set('Comfy.VueNodes.Enabled', on)", RENDERERS[renderer])
    page.errors.clear()
    build(page, renderer)
    run_here(page)
    left, top, width, height = box = drag_left(page, 1)
    source = np.asarray(Image.open(comfy.input / renderer / "1.png").convert("RGB"))
    expected = source[top : top + height, left : left + width]
    assert (queue(page, comfy)[1] == expected).all()
    # The workflow carries it: saved, loaded again, and in the other renderer.
    page.evaluate(
        "() => { const saved = JSON.parse(JSON.stringify(app.graph.serialize())); return app.loadGraphData(saved); }"
    )
    page.wait_for_function("document.querySelector('.salient-crop-corrections')")
    assert [each["box"] for each in corrections(page).values()] == [box]
    page.evaluate("on => app.extensionManager.setting.set('Comfy.VueNodes.Enabled', on)", not RENDERERS[renderer])
    page.wait_for_function("document.querySelector('.salient-crop-corrections')")
    assert [each["box"] for each in corrections(page).values()] == [box]
    # Another order of the pictures, and one more.
    save_picture(comfy.input / renderer / "0a.png", (300, 200), 99)
    (comfy.input / renderer / "1.png").rename(comfy.input / renderer / "z.png")
    found = queue(page, comfy)
    assert len(found) == 4 and (found[3] == expected).all()
    assert not page.errors


PREVIEW = """(folder) => {
    app.graph.clear();
    const node = LiteGraph.createNode('SalientCrop_CropFolder');
    node.pos = [60, 60];
    app.graph.add(node);
    const values = { folder, save_to: `preview ${folder}`, ratio: '1:1', format: 'png', mode: 'preview' };
    for (const [name, value] of Object.entries(values)) node.widgets.find((each) => each.name === name).value = value;
}"""


@pytest.mark.parametrize("renderer", RENDERERS)
def test_a_folder_is_previewed_corrected_approved_and_then_written(page, comfy, renderer):
    page.evaluate("on => app.extensionManager.setting.set('Comfy.VueNodes.Enabled', on)", RENDERERS[renderer])
    page.errors.clear()
    folder, out = f"to preview {renderer}", comfy.output / f"preview to preview {renderer}"
    for index in range(3):
        save_picture(comfy.input / folder / f"{index}.png", (300, 200), 20 + index)
    build(page, folder, PREVIEW)
    run_here(page)
    assert not list(out.glob("*.png"))
    left, top, width, height = drag_left(page, 1, done="Approve and write")
    end = time.monotonic() + 60
    while not (out / "manifest.jsonl").exists():
        assert time.monotonic() < end
        time.sleep(0.2)
    source = np.asarray(Image.open(comfy.input / folder / "1.png").convert("RGB"))
    assert (np.asarray(Image.open(out / "1.png")) == source[top : top + height, left : left + width]).all()
    assert page.evaluate("() => app.graph.nodes[0].widgets.find((each) => each.name === 'mode').value") == "write"
    assert not page.errors


def test_a_shared_workflow_with_something_else_in_it_opens_and_says_what_is_wrong(page, comfy):
    build(page, "classic")
    workflow = page.evaluate("() => app.graph.serialize()")
    crop = next(each for each in workflow["nodes"] if each["type"] == "SalientCrop_ConstrainedCrop")
    values = crop["widgets_values"]
    place = next(index for index, each in enumerate(values) if isinstance(each, dict) and "pictures" in each)
    values[place] = {"pictures": {"0" * 32: {"decision": "box", "box": ["<img src=x>"] * 4}}}
    page.errors.clear()
    page.evaluate("workflow => app.loadGraphData(workflow)", json.loads(json.dumps(workflow)))
    prompt = page.evaluate("async () => (await app.graphToPrompt()).output")
    entry = comfy.wait_for(comfy.queue(prompt), 180)
    assert "press Clear" in json.dumps(entry["status"])
    page.locator(".salient-crop-corrections button", has_text="Clear").click()
    end = time.monotonic() + 20
    while corrections(page):
        assert time.monotonic() < end
    assert not page.errors


def test_keys_of_the_editor_do_not_reach_the_canvas_behind_it(page, comfy):
    build(page, "classic")
    run_here(page)
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
    page.locator(".salient-crop-corrections button").first.click()
    page.locator(".salient-crop-dialog .stage .box").wait_for()
    page.keyboard.press("ArrowLeft")
    page.locator(".salient-crop-dialog .stage.corrected").wait_for()
    page.keyboard.press("Control+z")
    page.locator(".salient-crop-dialog .stage.corrected").wait_for(state="detached")
    page.keyboard.press("Control+z")
    page.evaluate("() => document.activeElement.blur()")
    for key in ("Delete", "Control+z"):
        page.keyboard.press(key)
    page.wait_for_timeout(500)  # the host acts after the next frame
    assert page.evaluate(where) == before
    for _ in range(12):
        page.keyboard.press("Tab")
    assert page.evaluate("() => Boolean(document.activeElement.closest('.salient-crop-dialog'))")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.locator(".salient-crop-dialog").wait_for(state="detached")
    assert corrections(page) == {} and not page.errors

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


def drag_left(page, number):
    """Opens the editor, goes to a picture, and drags its crop to the left; returns the box."""
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
    page.get_by_role("button", name="Done", exact=True).click()
    page.locator(".salient-crop-dialog").wait_for(state="detached")
    (correction,) = corrections(page).values()
    return correction["box"]


@pytest.mark.parametrize("renderer", RENDERERS)
def test_a_dragged_crop_is_saved_to_the_pixel_and_stays_with_its_picture(page, comfy, renderer):
    page.evaluate("on => app.extensionManager.setting.set('Comfy.VueNodes.Enabled', on)", RENDERERS[renderer])
    page.errors.clear()
    page.evaluate(BUILD, renderer)
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


def test_a_shared_workflow_with_something_else_in_it_opens_and_says_what_is_wrong(page, comfy):
    page.evaluate(BUILD, "classic")
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

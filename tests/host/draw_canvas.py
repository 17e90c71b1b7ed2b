"""Draws the pictures of the canvas: the thumbnails of the examples, the README's, and those of the help pages.

Run by `python3 dev.py canvas`, which needs what the tests marked `browser` need; further words name the examples to
draw, and `others` the nodes that are in none. Look at what it draws.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests"))
from comfy_canvas import open_canvas  # noqa: E402
from comfy_server import ComfyServer, comfy_python  # noqa: E402

EXAMPLES = ROOT / "example_workflows"
PICTURE, FOLDER = ("LoadImage", "image"), ("SalientCrop_LoadFolder", "folder")
SHOWN = {
    "aligned-face-squares": (*FOLDER, "portraits"),
    "banner-with-room-for-text": (*PICTURE, "moose.jpg"),
    "crop-a-folder-with-captions": (*FOLDER, "photographs"),
    "crop-a-picture": (*PICTURE, "astronaut.jpg"),
    "crop-each-head": (*FOLDER, "portraits"),
    "crop-what-you-paint": (*PICTURE, "two-dogs.jpg"),
    "folder-to-three-buckets-for-lora": (*FOLDER, "photographs"),
    "portraits-to-2x3-heads-whole": (*FOLDER, "portraits"),
}
PHOTOGRAPHS = ("astronaut", "cat", "coffee", "engineer", "moose", "rear-admiral", "sheep", "two-dogs")
PORTRAITS = ("astronaut", "engineer", "photographer", "rear-admiral")
README = "banner-with-room-for-text"
PAINTED = [
    {"kind": "text", "frame": "crop", "name": "headline", "box": [0.03, 0.1, 0.36, 0.9]},
    {"kind": "keep", "frame": "source", "name": "antlers and head", "box": [0.24, 0.13, 0.82, 0.72]},
    {"kind": "avoid", "frame": "source", "name": "blurred grass", "box": [0.52, 0.82, 1, 1]},
]
THUMBNAIL = 640  # pixels on the long side


def main(words: list[str]) -> None:
    files = [file for file in sorted(EXAMPLES.glob("*.json")) if not words or file.stem in words]
    with tempfile.TemporaryDirectory() as base, sync_playwright() as playwright:
        server = ComfyServer(Path(os.environ["COMFYUI_PATH"]).resolve(), comfy_python(), ROOT, Path(base))
        try:
            fill_input(server.input)
            server.wait_until_ready()
            with open_canvas(playwright, server.port, "nodes-2", 1800, 1200) as canvas:
                canvas.set("Comfy.Graph.CanvasInfo", False)  # frames a second, in a corner of the canvas
                for file in files:
                    draw_example(canvas, file)
                if not words or "others" in words:
                    draw_others(canvas)
        finally:
            server.stop()


def draw_example(canvas, file: Path) -> None:
    canvas.load(json.loads(file.read_text(encoding="utf-8")))
    if file.stem in SHOWN:
        canvas.put(*SHOWN[file.stem])
        canvas.run()
    drawn = graph_only(canvas)
    if file.stem == README:
        drawn.save(ROOT / "docs" / "canvas.jpg", quality=88)
    draw_nodes(canvas, PAGES.get(file.stem, []))
    if file.stem == README:
        draw_painter(canvas)
    drawn.thumbnail((THUMBNAIL, THUMBNAIL))
    drawn.save(file.with_suffix(".jpg"), quality=85)


def draw_others(canvas) -> None:
    """The nodes that no example holds."""
    canvas.page.evaluate(BUILD_OTHERS)
    # Loaded as a workflow: nodes that only replace others would be drawn with the panels of those.
    canvas.load(json.loads(canvas.page.evaluate("() => JSON.stringify(app.graph.serialize())")))
    canvas.run()
    hide_panels(canvas)
    draw_nodes(canvas, ["LoadCropper", "ApplyBox", "PasteBack", "CropFolder"])


def draw_painter(canvas) -> None:
    """The painter over the picture of the run, with regions of every kind; the workflow stays as it is."""
    page = canvas.page
    values = page.evaluate("() => app.graph.nodes.map(node => node.widgets?.map(widget => widget.value))")
    canvas.put("SalientCrop_Constraint", "regions", {"regions": PAINTED})
    page.locator(".salient-crop-regions button").first.click()
    page.locator(".salient-crop-dialog .board").wait_for()
    page.wait_for_function(
        "() => document.querySelector('.editor-host').shadowRoot.querySelector('.paper img')?.naturalWidth > 0"
    )
    page.get_by_role("button", name="in the picture", exact=True).click()
    page.locator(".salient-crop-dialog .board").focus()
    page.keyboard.press("Tab")
    canvas.let_act()  # so that the board is drawn
    data = page.locator(".salient-crop-dialog").screenshot()
    save_page_picture(Image.open(BytesIO(data)).convert("RGB"), "Painter", (1000, 1000))
    page.get_by_role("button", name="Done", exact=True).click()
    canvas.put("SalientCrop_Constraint", "regions", {"regions": []})
    assert page.evaluate("() => app.graph.nodes.map(node => node.widgets?.map(widget => widget.value))") == values


def fill_input(folder: Path) -> None:
    for name in ("photographs", "portraits"):
        (folder / name).mkdir()
    for photo in sorted((ROOT / "samples").glob("*.jpg")):
        shutil.copy(photo, folder)
        if photo.stem in PHOTOGRAPHS:
            shutil.copy(photo, folder / "photographs")
            (folder / "photographs" / f"{photo.stem}.txt").write_text(f"a photograph of {photo.stem}", encoding="utf-8")
        if photo.stem in PORTRAITS:
            shutil.copy(photo, folder / "portraits")
    shutil.copy(ROOT / "samples" / "astronaut.jpg", folder / "example.png")


def graph_only(canvas) -> Image.Image:
    """The part of the screen that the nodes are on."""
    boxes = canvas.page.evaluate(
        "() => [...document.querySelectorAll('[data-node-id]')].map(node => node.getBoundingClientRect())"
        ".map(({ left, top, right, bottom }) => [left, top, right, bottom])"
    )
    hide_panels(canvas)
    edges = [min(box[0] for box in boxes), min(box[1] for box in boxes)]
    edges += [max(box[2] for box in boxes), max(box[3] for box in boxes)]
    picture = screenshot(canvas)
    left, top, right, bottom = (round(edge) for edge in edges)
    return picture.crop((max(0, left - 16), max(0, top - 16), right + 16, bottom + 16))


def hide_panels(canvas) -> None:
    """Takes the front end's own panels away, which would lie over the nodes."""
    canvas.page.add_style_tag(
        content=".litegraph-minimap, [data-testid=error-overlay], [data-testid=queue-notification-banner], .p-toast,"
        " .graph-canvas-menu, .actionbar, .comfyui-body-top, .side-tool-bar-container, [data-testid*=minimap]"
        " { display: none !important }"
    )


def screenshot(canvas) -> Image.Image:
    return Image.open(BytesIO(canvas.page.screenshot())).convert("RGB")


# The example in which each node of ours is drawn for its help page.
PAGES = {
    "crop-a-picture": ["ConstrainedCrop"],
    "crop-each-head": ["SubjectCrops"],
    "banner-with-room-for-text": ["Constraint"],
    "crop-what-you-paint": ["Heatmap"],
    "folder-to-three-buckets-for-lora": ["LoadFolder", "BucketSort", "SaveDataset"],
}


# A graph with the nodes that no example holds.
BUILD_OTHERS = """() => {
    app.graph.clear()
    const add = (kind, x, y, values = {}) => {
        const node = LiteGraph.createNode(kind)
        app.graph.add(node)
        node.pos = [x, y]
        for (const [name, value] of Object.entries(values)) {
            node.widgets.find(widget => widget.name === name).value = value
        }
        return node
    }
    const link = (from, output, to, input) => from.connect(
        from.outputs.findIndex(slot => slot.name === output), to, to.inputs.findIndex(slot => slot.name === input))
    const load = add('LoadImage', 0, 0, { image: 'astronaut.jpg' })
    const cropper = add('SalientCrop_LoadCropper', 0, 500)
    const crop = add('SalientCrop_ConstrainedCrop', 350, 0)
    const box = add('SalientCrop_ApplyBox', 750, 0)
    const paste = add('SalientCrop_PasteBack', 1100, 0)
    const shown = [add('PreviewImage', 750, 600), add('PreviewImage', 1100, 600)]
    add('SalientCrop_CropFolder', 1450, 0, { folder: 'portraits' })
    link(load, 'IMAGE', crop, 'image')
    link(cropper, 'cropper', crop, 'cropper')
    link(load, 'IMAGE', box, 'image')
    link(crop, 'box', box, 'box')
    link(load, 'IMAGE', paste, 'image')
    link(crop, 'image', paste, 'crop')
    link(crop, 'box', paste, 'box')
    link(box, 'image', shown[0], 'images')
    link(paste, 'image', shown[1], 'images')
}"""


def draw_nodes(canvas, names: list[str]) -> None:
    for name in names:
        number = canvas.page.evaluate(
            "kind => app.graph.nodes.find(node => node.type === kind).id", f"SalientCrop_{name}"
        )
        data = canvas.page.locator(f'[data-node-id="{number}"]').screenshot()
        save_page_picture(Image.open(BytesIO(data)).convert("RGB"), name, (420, 900))


def save_page_picture(picture: Image.Image, name: str, most: tuple[int, int]) -> None:
    """A picture for the help pages, not larger than `most`."""
    picture.thumbnail(most)
    folder = ROOT / "web" / "pictures"
    folder.mkdir(exist_ok=True)
    picture.save(folder / f"{name}.jpg", quality=85)


if __name__ == "__main__":
    main(sys.argv[1:])

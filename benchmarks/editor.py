"""The crop editor over 300 pictures on the real canvas: how soon it is open, and the longest tasks while one scrolls.

python benchmarks/editor.py [--pictures 300] [--renderer classic|nodes-2]

It needs what the tests marked `browser` need, see CONTRIBUTING.md. The node is told of a run over so many pictures,
then the button on it is clicked, and the strip is scrolled by the wheel. Open is the time from the click until the
chosen picture and the first of the strip are there. Tasks are those of the page's main thread, by Chromium's own trace:
how long they took by the clock, which a busy machine draws out, and the processor's time in them.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))
from comfy_canvas import RENDERERS, Canvas, open_canvas  # noqa: E402
from comfy_server import ComfyServer, comfy_python  # noqa: E402

FOLDER = "many"
CATEGORIES = ["devtools.timeline", "toplevel", "blink.user_timing"]
TURNS, TURN = 30, 1000  # of the wheel, in pixels
MIDDLE = """button => {
    const { x, y, width, height } = button.getBoundingClientRect()
    return [x + width / 2, y + height / 2]
}"""
OPENED = """() => {
    const editor = document.querySelector('.salient-crop-dialog .editor-host')?.shadowRoot
    const loaded = [...(editor?.querySelectorAll('.tile img, .stage .picture') ?? [])]
    if (loaded.length < 2 || !loaded.every(image => image.complete && image.naturalWidth)) return false
    performance.mark('opened')
    return true
}"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=300)
    parser.add_argument("--renderer", choices=RENDERERS, help="only this one")
    chosen = parser.parse_args()
    if not os.environ.get("COMFYUI_PATH"):
        sys.exit("editor: COMFYUI_PATH must name a ComfyUI folder; CONTRIBUTING.md says how")
    with tempfile.TemporaryDirectory() as base, sync_playwright() as playwright:
        server = ComfyServer(Path(os.environ["COMFYUI_PATH"]).resolve(), comfy_python(), ROOT, Path(base))
        try:
            items = make_items(server.input, chosen.pictures)
            server.wait_until_ready()
            for renderer in [chosen.renderer] if chosen.renderer else RENDERERS:
                with open_canvas(playwright, server.port, renderer, 1500, 950) as canvas:
                    measure(canvas, items)
        finally:
            server.stop()


def make_items(folder: Path, count: int) -> list[dict[str, Any]]:
    """What the node is told of a run over so many pictures, which are made in ComfyUI's input folder."""
    (folder / FOLDER).mkdir()
    samples = sorted((ROOT / "samples").glob("*.jpg"))
    items = []
    for index in range(count):
        sample = samples[index % len(samples)]
        file = folder / FOLDER / f"{index}.jpg"
        if index < len(samples):
            picture = Image.open(sample).convert("RGB")
            picture.thumbnail((480, 480))
            picture.save(file, quality=85)
        else:
            shutil.copy(folder / FOLDER / f"{index % len(samples)}.jpg", file)
        items.append(make_item(index, Image.open(sample).size))
    return items


def make_item(index: int, size: tuple[int, int]) -> dict[str, Any]:
    side = min(size) // 2
    file = {"filename": f"{index}.jpg", "subfolder": FOLDER, "type": "input"}
    warnings = [{"code": "head-cut", "words": "a head is cut off at the top"}] if index % 7 == 0 else []
    subject = {"kind": "person", "region": [0.2, 0.2, 0.6, 0.9], "head": [0.3, 0.2, 0.45, 0.4], "weight": 1}
    return {
        **{"digest": f"{index:032x}", "name": f"picture {index}", "size": size, "status": "ok", "reason": ""},
        **{"picture": file, "heat": file, "warnings": warnings, "subjects": [subject], "regions": []},
        **{"box": [10, 10, side, side], "ratio": "1:1", "bucket": None, "confidence": 0.3 + index % 60 / 100},
        **{"best": [10, 10, side, side], "others": [[40, 30, side, side], [60, 10, side, side]]},
    }


def measure(canvas: Canvas, items: list[dict[str, Any]]) -> None:
    page = canvas.page
    page.evaluate("() => { app.graph.clear(); app.graph.add(LiteGraph.createNode('SalientCrop_ConstrainedCrop')) }")
    canvas.settle()
    page.evaluate("items => app.graph.nodes[0].onExecuted({ salient_crop_editor: items })", items)
    button = page.locator(".salient-crop-corrections button").first.evaluate(MIDDLE)
    page.evaluate("() => addEventListener('click', () => performance.mark('clicked'), { once: true, capture: true })")
    trace = Trace(page)
    page.mouse.click(*button)
    page.wait_for_function(OPENED)
    strip = page.locator(".salient-crop-dialog .strip").evaluate("strip => strip.getBoundingClientRect().toJSON()")
    page.mouse.move(strip["x"] + 40, strip["y"] + 200)
    page.evaluate("() => performance.mark('scrolls')")
    for _ in range(TURNS):
        page.mouse.wheel(0, TURN)
        time.sleep(0.04)
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    page.evaluate("() => performance.mark('scrolled')")
    marks, tasks = trace.stop()
    print(f"{canvas.renderer}: {len(items)} pictures, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    print(f"  open in {(marks['opened'] - marks['clicked']) / 1e6:.2f} s")
    for words, first, last in (("opening", "clicked", "opened"), ("scrolling", "scrolls", "scrolled")):
        within = [(wall, busy) for start, wall, busy in tasks if marks[first] <= start <= marks[last]]
        walls, busiest = (sorted(each, reverse=True)[:3] for each in zip(*within, strict=True))
        print(f"  {words}: longest tasks {listed(walls)}, most processor time {listed(busiest)}")


def listed(times: list[float]) -> str:
    return ", ".join(f"{each / 1e3:.0f}" for each in times) + " ms"


class Trace:
    """Chromium's trace of a page, from now on."""

    def __init__(self, page: Any) -> None:
        self._page = page
        self._session = page.context.browser.new_browser_cdp_session()
        self._events: list[dict[str, Any]] = []
        self._ended = False
        self._session.on("Tracing.dataCollected", lambda event: self._events.extend(event["value"]))
        self._session.on("Tracing.tracingComplete", self._end)
        configured = {"includedCategories": CATEGORIES}
        self._session.send("Tracing.start", {"transferMode": "ReportEvents", "traceConfig": configured})

    def _end(self, _: object) -> None:
        self._ended = True

    def stop(self) -> tuple[dict[str, float], list[tuple[float, float, float]]]:
        """The marks by name, and of each task of the page's main thread its start, length and processor time: all in
        microseconds."""
        self._session.send("Tracing.end")
        while not self._ended:
            self._page.wait_for_timeout(100)
        marked = [each for each in self._events if "blink.user_timing" in each.get("cat", "")]
        marks = {each["name"]: each["ts"] for each in marked}
        thread = next((each["pid"], each["tid"]) for each in marked if each["name"] == "clicked")
        tasks = [
            (each["ts"], each["dur"], each.get("tdur", 0))
            for each in self._events
            if (each.get("pid"), each.get("tid")) == thread and each["name"].endswith("RunTask") and each["ph"] == "X"
        ]
        return marks, tasks


if __name__ == "__main__":
    main()

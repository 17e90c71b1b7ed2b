"""A tab with the host's canvas, in either of its renderers: what tests and the pictures of the documents share."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

SECONDS = 400_000  # in milliseconds: a busy machine without a GPU draws slowly
RENDERERS = ("classic", "nodes-2")
OURS = "/extensions/salient-crop/", "subfolder=salient_crop"  # in the addresses of our scripts and pictures

# The nodes' rectangles on the screen, as x, y, width, height.
RECTANGLES = """renderer => app.graph.nodes.map(node => {
    if (renderer === 'classic') return [node.title, ...node.getBounding()]
    const { left, top, width, height } = document.querySelector(`[data-node-id="${node.id}"]`).getBoundingClientRect()
    return [node.title, left, top, width, height]
})"""

FIT = """() => {
    const boxes = app.graph.nodes.map(node => node.getBounding())
    const [left, top] = [0, 1].map(side => Math.min(...boxes.map(box => box[side])))
    const [right, bottom] = [0, 1].map(side => Math.max(...boxes.map(box => box[side] + box[side + 2])))
    const scale = Math.min(1, (innerWidth - 100) / (right - left + 40), (innerHeight - 120) / (bottom - top + 40))
    app.canvas.ds.scale = scale
    app.canvas.ds.offset = [80 / scale - left, 90 / scale - top]
    app.canvas.setDirty(true, true)
}"""

# The host has loaded the workflow that it begins with, and our nodes.
READY = """() => window.app?.graph && app.extensionManager?.command && app.extensionManager.workflow?.activeWorkflow
    && 'SalientCrop_ConstrainedCrop' in LiteGraph.registered_node_types"""

DRAWN = """renderer => renderer === 'classic'
    ? !document.querySelector('[data-node-id]')
    : app.canvas.graph.nodes.every(node => document.querySelector(`[data-node-id="${node.id}"]`))"""

# Asked once a frame: whether all nodes have stayed where they are for some frames, with their pictures.
STILL = """() => {
    const places = [...document.querySelectorAll('[data-node-id], .salient-crop-panel, .salient-crop-opener')]
        .map(element => Object.values(element.getBoundingClientRect().toJSON()))
    const { scale, offset } = app.canvas.ds
    const now = JSON.stringify([scale, ...offset, places, app.canvas.graph.nodes.map(node => [...node.getBounding()])])
    const same = now === window.lastPlaces && [...document.images].every(image => image.complete)
    window.lastPlaces = now
    window.stillFrames = same ? window.stillFrames + 1 : 0
    return window.stillFrames >= 15
}"""

# What the host does in answer to a key or a click, it does after the next frame.
ACTED = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 200))))"

WATCH = """() => {
    window.ended = null
    for (const kind of ['execution_success', 'execution_error', 'execution_interrupted']) {
        const note = event => { window.ended = [kind, event.detail] }
        app.api.addEventListener(kind, note, { once: true })
    }
}"""


def find_chromium() -> str | None:
    return os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")


class Canvas:
    """A tab with the canvas.

    Attributes:
        page: of Playwright.
        renderer, first: the one that is on, and the one that it was opened with.
        complaints: what went wrong in the page's scripts, and with files of ours.
    """

    def __init__(self, page: Any, renderer: str) -> None:
        self.page, self.renderer, self.first = page, renderer, renderer
        self.complaints: list[str] = []
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._note)

    def _note(self, message: Any) -> None:
        # The host's own pages complain of files that nobody has, and of addresses that they may not ask.
        ours = any(place in message.location.get("url", "") for place in OURS)
        if message.type == "error" and ours:
            self.complaints.append(f"{message.text} ({message.location})")

    def open(self, port: int) -> None:
        self.page.set_default_timeout(SECONDS)
        address = f"http://127.0.0.1:{port}/"
        # Else the template browser greets a new user, sooner or later.
        self.page.request.post(f"{address}settings/Comfy.TutorialCompleted", data="true")
        self.page.goto(address)
        self.page.wait_for_function(READY)
        self.switch(self.renderer)

    def set(self, setting: str, value: Any) -> None:
        self.page.evaluate("([name, value]) => app.ui.settings.setSettingValue(name, value)", [setting, value])

    def switch(self, renderer: str) -> None:
        """Switches the renderer, with whatever is on the canvas."""
        self.renderer = renderer
        self.set("Comfy.VueNodes.Enabled", renderer != "classic")
        self.be_still()

    def load(self, workflow: Mapping[str, Any]) -> None:
        self.page.evaluate("workflow => app.loadGraphData(workflow)", workflow)
        self.settle()

    def settle(self) -> None:
        """Shows all of the graph, and waits until it is drawn."""
        self.page.evaluate(FIT)
        self.be_still()

    def be_still(self) -> None:
        """Waits until every node is drawn and none moves any more."""
        self.page.wait_for_function(DRAWN, arg=self.renderer)
        self.page.wait_for_function(STILL)

    def let_act(self) -> None:
        """Gives the host the time to do what it would do now, for tests that nothing happens."""
        self.page.evaluate(ACTED)

    def run(self) -> None:
        """Queues what is on the canvas, and waits for its end."""
        self.page.evaluate(WATCH)
        self.page.evaluate("() => app.queuePrompt(0, 1)")
        self.page.wait_for_function("window.ended")
        kind, detail = self.page.evaluate("window.ended")
        assert kind == "execution_success", detail
        self.settle()

    def put(self, kind: str, widget: str, value: Any) -> None:
        """Sets a widget of every node of a kind."""
        self.page.evaluate(
            """([kind, name, value]) => {
                for (const node of app.graph.nodes.filter(node => node.type === kind)) {
                    const widget = node.widgets.find(widget => widget.name === name)
                    widget.value = value
                    widget.callback?.(value)
                }
            }""",
            [kind, widget, value],
        )

    def overlaps(self) -> list[tuple[str, str]]:
        """The titles of nodes that lie over each other."""
        boxes = self.page.evaluate(RECTANGLES, self.renderer)
        pairs = ((one, other) for at, one in enumerate(boxes) for other in boxes[:at])
        return [(one[0], other[0]) for one, other in pairs if _overlap(one[1:], other[1:])]


@contextmanager
def open_canvas(playwright: Any, port: int, renderer: str, width: int = 1600, height: int = 1000) -> Iterator[Canvas]:
    # As root, which containers are, Chromium needs telling.
    browser = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
    try:
        canvas = Canvas(browser.new_page(viewport={"width": width, "height": height}, locale="en-US"), renderer)
        canvas.open(port)
        yield canvas
    finally:
        browser.close()


def _overlap(one: list[float], other: list[float]) -> bool:
    """Whether two rectangles x, y, width, height share an area."""
    return all(one[at] < other[at] + other[at + 2] and other[at] < one[at] + one[at + 2] for at in (0, 1))

"""The pack on the real canvas, as its users see it."""

import json
import os
import shutil

import pytest

pytestmark = pytest.mark.browser

HOW = "to run the tests on the real canvas, "
EXAMPLES = ("crop-a-folder-with-captions", "crop-a-picture", "sort-into-buckets")
SECONDS = 180_000  # in milliseconds: a busy machine without a GPU draws slowly


@pytest.fixture(scope="module")
def page(comfy):
    """A tab with the host's canvas; what it could not do is in `page.complaints`."""
    api = pytest.importorskip("playwright.sync_api", reason=HOW + "pip install playwright")
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if not chromium:
        pytest.skip(HOW + "install Chromium, or name it in CHROMIUM")
    with api.sync_playwright() as playwright:
        # As root, which containers are, Chromium needs telling.
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        tab = browser.new_page(viewport={"width": 1600, "height": 1000}, locale="en-US")
        tab.set_default_timeout(SECONDS)
        tab.complaints = []
        tab.on("pageerror", lambda error: tab.complaints.append(str(error)))
        tab.goto(f"http://127.0.0.1:{comfy.port}/")
        tab.wait_for_function("window.app?.graph && window.app.extensionManager?.command")
        yield tab
        browser.close()


def test_the_canvas_knows_every_node_by_its_name(page, comfy):
    known = {key: value for key, value in comfy.get("/object_info").items() if key.startswith("SalientCrop_")}
    assert len(known) >= 9
    page.wait_for_function("'SalientCrop_ConstrainedCrop' in LiteGraph.registered_node_types")
    titles = page.evaluate("ids => ids.map(id => LiteGraph.createNode(id)?.title)", list(known))
    assert titles == [value["display_name"] for value in known.values()]


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_opens_whole_and_readable(page, comfy, root, name):
    assert name in comfy.get("/api/workflow_templates")["salient-crop"]
    workflow = json.loads((root / "example_workflows" / f"{name}.json").read_text(encoding="utf-8"))
    page.complaints.clear()
    page.evaluate("workflow => app.loadGraphData(workflow)", workflow)
    nodes = page.evaluate(
        """() => app.graph.nodes.map(node => ({
            title: node.title, known: node.type in LiteGraph.registered_node_types, box: [...node.getBounding()]}))"""
    )
    assert len(nodes) == len(workflow["nodes"])
    assert all(node["known"] for node in nodes), nodes
    assert page.evaluate("() => app.graph.links.size") == len(workflow["links"])
    boxes = [(node["title"], *node["box"]) for node in nodes]
    overlapping = [
        (one[0], other[0]) for at, one in enumerate(boxes) for other in boxes[:at] if overlap(one[1:], other[1:])
    ]
    assert not overlapping
    # What Run would send holds the values of the file, none of them slipped into a neighbour's widget.
    sent = page.evaluate("async () => (await app.graphToPrompt()).output")
    for node in workflow["nodes"]:
        if node["type"].startswith("SalientCrop_"):
            values = [value for value in sent[str(node["id"])]["inputs"].values() if not isinstance(value, list)]
            assert values == node.get("widgets_values", [])[: len(values)]
    assert not page.complaints


def overlap(one, other):
    """Whether two rectangles x, y, width, height share an area."""
    return all(one[at] < other[at] + other[at + 2] and other[at] < one[at] + one[at + 2] for at in (0, 1))


def test_help_shows_in_the_panel(page):
    page.evaluate(
        """() => {
            app.graph.clear();
            const node = LiteGraph.createNode('SalientCrop_ConstrainedCrop');
            app.graph.add(node);
            app.canvas.selectNode(node);
        }"""
    )
    page.keyboard.press("Escape")  # the template browser, which greets a new user
    page.get_by_test_id("info-button").first.click()
    page.get_by_text("ready for outpainting").first.wait_for()

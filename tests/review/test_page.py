"""The review page in a real Chromium: mouse, touch and keyboard; what is decided is what is written."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager

import numpy as np
import pointers
import pytest
from accessibility import serious_violations
from chromium import open_page
from made_pictures import save_picture
from PIL import Image
from pointers import POINTERS
from reviewed import serve

from salient_crop.cli.main import main
from salient_crop.datasets.manifest import read_manifest

pytestmark = pytest.mark.browser

WAIT = 30_000  # milliseconds: a busy machine draws slowly


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    home = tmp_path_factory.mktemp("page")
    for index in range(6):
        save_picture(home / "photos" / f"{index}.png", (600, 400) if index % 2 else (400, 600), index)
    (home / "photos" / "bad.jpg").touch()
    words = ["--cropper", "centre", "--ratios", "1:1", "--min-area", "0.3", "--format", "png"]
    assert main(["crop", str(home / "photos"), "--out", str(home / "out"), *words]) == 1
    return home


@pytest.fixture
def home(template, tmp_path):
    return shutil.copytree(template, tmp_path / "home")


@pytest.fixture(scope="module")
def tab():
    with open_page(viewport={"width": 1200, "height": 800}, has_touch=True) as page:
        page.set_default_timeout(WAIT)
        yield page


@pytest.fixture
def page(tab, home):
    """The page of the folder, loaded."""
    with serve(home) as server:
        tab.complaints.clear()
        tab.goto(server.address)
        tab.locator("#grid-host .tile").first.wait_for()
        yield tab
        assert not tab.complaints
        tab.goto("about:blank")


def edit(page, name):
    """Opens a picture in the editor, and waits until it is drawn."""
    page.locator("#grid-host .tile", has_text=name).dblclick()
    page.locator("#editor-host .title b", has_text=name).wait_for()
    page.locator("#editor-host .stage .box").wait_for()


def find_box(page):
    """Where the crop's box is on the screen, looked up at once: it is drawn anew whenever more is known."""
    look = "stage => stage.querySelector('.box').getBoundingClientRect().toJSON()"
    return page.locator("#editor-host .stage").evaluate(look)


def facts(page):
    return page.locator("#editor-host .title span").inner_text()


def drag(page, start, end):
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
    page.mouse.move(*end)
    page.mouse.up()


def middle(page):
    box = find_box(page)
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def save(page):
    page.locator("#save").click()
    page.locator("#message", has_text="written again").wait_for()


def crop_of(home, name):
    return next(each for each in read_manifest(home / "out" / "manifest.jsonl") if each.source == name).crops[0]


def test_a_crop_that_is_dragged_is_the_one_that_is_written_to_the_pixel(page, home):
    edit(page, "1.png")
    x, y = middle(page)
    drag(page, (x, y), (x - 60, y))
    page.locator("#editor-host .stage.corrected").wait_for()
    page.locator("#save", has_text="Save 1 changed").wait_for()
    save(page)
    crop = crop_of(home, "1.png")
    left, top, width, height = crop.box
    assert crop.correction.decision == "box" and left < 100 and width == height == 400
    source = np.asarray(Image.open(home / "photos" / "1.png").convert("RGB"))
    written = np.asarray(Image.open(home / "out" / crop.file).convert("RGB"))
    assert (written == source[top : top + height, left : left + width]).all()


def test_a_corner_resizes_with_the_ratio_locked_and_undo_takes_it_back(page):
    edit(page, "0.png")
    before = facts(page)
    box = find_box(page)
    corner = box["x"] + box["width"], box["y"] + box["height"]
    drag(page, corner, (corner[0] - 100, corner[1] - 37))
    size = facts(page).split("·")[2].strip().split(" at ")[0]
    width, height = size.split("×")
    assert width == height != "400"
    page.keyboard.press("Control+z")
    assert facts(page) == before
    page.keyboard.press("Control+Shift+z")
    assert "corrected" in facts(page)


def test_all_by_keyboard_and_it_is_said(page, home):
    page.locator("#grid-host .tiles").focus()
    page.keyboard.press("End")
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    page.locator("#editor-host .stage .box").wait_for()
    spoken = page.locator("#editor-host [role=status]")
    first = page.locator("#editor-host .title b").inner_text()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("-")
    assert spoken.inner_text().startswith("corrected: ")
    page.keyboard.press("r")
    assert spoken.inner_text().startswith("as found: ")
    page.keyboard.press("x")
    assert spoken.inner_text().startswith("left out: ")
    page.keyboard.press("Tab")
    second = page.locator("#editor-host .title b").inner_text()
    assert second != first and second in spoken.inner_text()
    page.keyboard.press("a")  # approves, and goes on
    assert page.locator("#editor-host .title b").inner_text() not in (first, second)
    page.keyboard.press("Escape")
    assert page.locator("#grid-host").is_visible()
    save(page)
    decided = {each.source: each for each in read_manifest(home / "out" / "manifest.jsonl")}
    assert decided[first].status == "dropped" and not (home / "out" / first).exists()
    assert decided[second].crops[0].correction.decision == "approve"


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_the_server_may_be_killed_and_nothing_that_was_decided_is_lost(tab, home):
    with started(home) as (process, address):
        tab.goto(address)
        edit(tab, "2.png")
        tab.keyboard.press("x")
        tab.keyboard.press("Tab")
        tab.keyboard.press("ArrowRight")
        tab.locator("#kind-corrected small", has_text="1").wait_for()
        log = home / "out" / "manifest.jsonl.review"
        until(lambda: log.exists() and len(log.read_text("utf-8").splitlines()) == 3)
        process.kill()
        process.wait()
        tab.keyboard.press("ArrowRight")  # nobody hears it
        tab.locator("#message.bad", has_text="start the same command again").wait_for()
    with started(home) as (_, address):
        tab.goto(address)
        tab.locator("#save", has_text="Save 2 changed").wait_for()
        assert tab.locator("#kind-dropped small").inner_text() == "1"
        tab.complaints.clear()
        tab.goto("about:blank")


@contextmanager
def started(home):
    """The command itself, in a process of its own; yields it and its address."""
    code = "import sys; from salient_crop.cli.main import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", code, "review", str(home / "out" / "manifest.jsonl"), "--no-browser"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            yield process, re.search(r"http://\S+", process.stdout.readline())[0]
        finally:
            process.kill()


def until(condition):
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_filters_narrow_and_counts_follow(page):
    shown = page.locator("#grid-host .tile")
    assert shown.count() == 7
    page.locator("#kind-failed").click()
    assert shown.count() == 1 and "bad.jpg" in shown.first.inner_text()
    page.locator("#kind-all").click()
    page.locator("#words").fill("3.p")
    assert shown.count() == 1
    page.locator("#grid-host .tiles").focus()
    page.keyboard.press("x")
    page.locator("#kind-dropped small", has_text="1").wait_for()
    page.locator("#words").fill("")
    page.locator("#approve-all").click()
    page.locator("#kind-approved small", has_text="5").wait_for()
    page.locator("#kind-open small", has_text="0").wait_for()


@pytest.mark.parametrize("pointer", POINTERS)
def test_a_crop_is_dragged_by_mouse_finger_and_pen(page, pointer):
    edit(page, "1.png")
    page.evaluate("() => addEventListener('pointerup', event => (window.pointer = event.pointerType), true)")
    before = facts(page)
    x, y = middle(page)
    pointers.drag(page, pointer, [(x, y), (x + 20, y), (x + 50, y)])
    page.locator("#editor-host .stage.corrected").wait_for()
    assert facts(page) != before
    assert page.evaluate("window.pointer") == pointer


def test_two_fingers_zoom(page):
    edit(page, "1.png")
    x, y = middle(page)
    touch = page.context.new_cdp_session(page)

    def touches(kind, *points):
        at = [{"x": px, "y": py, "id": index} for index, (px, py) in enumerate(points)]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": at})

    box = find_box(page)
    touches("touchStart", (x - 20, y), (x + 20, y))
    touches("touchMove", (x - 80, y), (x + 80, y))
    touches("touchEnd")
    wider = """width => document.querySelector('#editor-host').shadowRoot.querySelector('.stage .box')
        .getBoundingClientRect().width > width"""
    page.wait_for_function(wider, arg=1.5 * box["width"])


def test_the_page_speaks_the_language_of_the_browser(tab, home):
    with serve(home) as server, tab.context.browser.new_page(locale="de-AT") as page:
        page.set_default_timeout(WAIT)
        page.goto(server.address)
        page.locator("#grid-host .tile").first.wait_for()
        assert page.title() == "7 Zuschnitte prüfen" and page.locator("html").get_attribute("lang") == "de"
        assert page.locator("#words").get_attribute("placeholder") == "Teil eines Namens"
        edit(page, "1.png")
        page.keyboard.press("x")
        assert "weggelassen: 400 mal 400 Pixel in der Mitte" in page.locator("#editor-host .spoken").inner_text()
        page.locator("#save", has_text="1 geänderten speichern").wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(page, scheme):
    page.emulate_media(color_scheme=scheme)
    page.locator("#grid-host .tiles").focus()
    page.keyboard.press("a")
    for view in ("grid", "editor"):
        page.locator(f"#view-{view}").click()
        if view == "editor":
            page.locator("#editor-host .stage .box").wait_for()
        serious = serious_violations(page)
        assert not serious, json.dumps(serious, indent=1)[:3000]


def test_of_thousands_of_pictures_only_those_in_sight_exist(tab, template, tmp_path):
    home = shutil.copytree(template, tmp_path / "many")
    lines = [json.loads(line) for line in (home / "out" / "manifest.jsonl").read_text("utf-8").splitlines()]
    good = [each for each in lines if each["status"] == "ok"]
    many = [{**good[index % 6], "source": f"{index}.png"} for index in range(3000)]
    for index in range(6, 300):
        os.link(home / "photos" / f"{index % 6}.png", home / "photos" / f"{index}.png")
    (home / "out" / "manifest.jsonl").write_text("".join(f"{json.dumps(each)}\n" for each in many), "utf-8")
    with serve(home) as server:
        tab.goto(server.address)
        tab.locator("#kind-all small", has_text="3,000").wait_for()
        assert tab.locator("#grid-host .tile").count() < 80
        for _ in range(8):
            tab.mouse.move(500, 500)
            tab.mouse.wheel(0, 900)
            tab.evaluate("() => new Promise(requestAnimationFrame)")
        assert tab.locator("#grid-host .tile").count() < 80
        tab.complaints.clear()
        tab.goto("about:blank")

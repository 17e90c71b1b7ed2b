"""Drags by mouse, finger and pen, as the browser itself gets them: Playwright moves only the mouse."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

POINTERS = ("mouse", "touch", "pen")
Point = tuple[float, float]


def drag(page: Any, pointer: str, points: Sequence[Point]) -> None:
    """Presses at the first point, moves over the others, and lets go at the last.

    Args:
        page: of Playwright.
        pointer: one of `POINTERS`.
        points: in pixels of the window.
    """
    session = page.context.new_cdp_session(page)
    send = _send_touch if pointer == "touch" else _send_mouse
    for kind, point in zip(["press", *["move"] * (len(points) - 1)], points, strict=True):
        send(session, kind, point, pointer)
    send(session, "release", points[-1], pointer)
    session.detach()


def _send_touch(session: Any, kind: str, point: Point, _: str) -> None:
    name = {"press": "touchStart", "move": "touchMove", "release": "touchEnd"}[kind]
    touched = [] if kind == "release" else [{"x": point[0], "y": point[1], "id": 0}]
    session.send("Input.dispatchTouchEvent", {"type": name, "touchPoints": touched})


def _send_mouse(session: Any, kind: str, point: Point, pointer: str) -> None:
    name = {"press": "mousePressed", "move": "mouseMoved", "release": "mouseReleased"}[kind]
    event = {"type": name, "x": point[0], "y": point[1], "button": "left", "clickCount": 1, "pointerType": pointer}
    session.send("Input.dispatchMouseEvent", {**event, "buttons": int(kind != "release"), "force": 0.5})

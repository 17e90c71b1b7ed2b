"""What axe-core finds wrong with a page for people who don't see it or don't use a pointer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

RUN = """axe.run(SCOPE).then(({ violations }) => JSON.stringify(violations.map(({ id, impact, help, nodes }) => (
    { id, impact, help, nodes: nodes.slice(0, 3).map(({ html, failureSummary }) => [html, failureSummary]) }))))"""


def serious_violations(page: Any, scope: str = "") -> list[dict[str, Any]]:
    """What is serious or worse in a page of Playwright's.

    Args:
        scope: a selector of the part that is looked at; empty for all.
    """
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="pip install axe-playwright-python")
    script = next(Path(axe.__file__).parent.glob("axe*.js")).read_text("utf-8")
    # The library adds its script as text, which a page's own policy may refuse; the check runs in its world.
    world = page.context.new_cdp_session(page)
    frame = world.send("Page.getFrameTree")["frameTree"]["frame"]["id"]
    made = world.send("Page.createIsolatedWorld", {"frameId": frame, "worldName": "axe"})["executionContextId"]
    world.send("Runtime.evaluate", {"expression": script, "contextId": made})
    run = RUN.replace("SCOPE", json.dumps(scope) if scope else "document")
    answer = world.send("Runtime.evaluate", {"expression": run, "contextId": made, "awaitPromise": True})
    found = json.loads(answer["result"]["value"])
    return [each for each in found if each["impact"] in ("serious", "critical")]

"""Runs modules of tests in JavaScript: with Node.js where there is one, else in a Chromium."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from chromium import open_page

ROOT = Path(__file__).parents[1]
RUN = """
const { default: tests } = await import(MODULE);
const failures = {};
for (const [name, test] of Object.entries(tests)) {
  try { await test(); } catch (error) { failures[name] = String(error.stack ?? error); }
}
"""


def run_module(path: Path) -> tuple[int, dict[str, str]]:
    """How many tests a module has, and what those that failed said, by their names.

    Args:
        path: of a module whose default export is an object of functions that throw.
    """
    node = shutil.which("node")
    if node is None:
        return _run_in_chromium(path)
    code = RUN.replace("MODULE", json.dumps(path.as_uri()))
    code += "console.log(JSON.stringify([Object.keys(tests).length, failures]));"
    command = [node, "--input-type=module", "--eval", code]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert answer.returncode == 0, answer.stderr
    count, failures = json.loads(answer.stdout)
    return count, failures


def _run_in_chromium(path: Path) -> tuple[int, dict[str, str]]:
    with open_page() as page:

        def serve(route):
            file = ROOT / route.request.url.removeprefix("http://tests/")
            if file.suffix == ".js" and file.is_file():
                route.fulfill(body=file.read_text("utf-8"), content_type="text/javascript")
            else:
                route.fulfill(body="<title>tests</title>", content_type="text/html")

        page.route("http://tests/**", serve)
        page.goto("http://tests/")
        code = RUN.replace("MODULE", json.dumps(f"http://tests/{path.relative_to(ROOT).as_posix()}"))
        count, failures = page.evaluate(f"async () => {{ {code} return [Object.keys(tests).length, failures]; }}")
        return count, failures


def check_module(path: Path) -> None:
    """Fails where a test of the module does."""
    count, failures = run_module(path)
    assert count > 0
    if failures:
        pytest.fail("\n".join(f"{name}: {words}" for name, words in failures.items()))

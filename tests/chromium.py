"""A Chromium for tests that look at pages; where there is none, they are skipped, and say what to install."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

HOW = "to run the tests that look at pages, "
NAMES = ("chromium", "chromium-browser", "google-chrome")


@contextmanager
def open_page(**options: Any) -> Iterator[Any]:
    """A tab of Playwright's; what it could not do is in `page.complaints`. The options are those of `new_page`."""
    api = pytest.importorskip("playwright.sync_api", reason=HOW + "pip install playwright")
    chromium = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if not chromium:
        pytest.skip(HOW + "install Chromium (apt-get install chromium), or name it in CHROMIUM")
    with api.sync_playwright() as playwright:
        # As root, which containers are, Chromium needs telling.
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        try:
            page = browser.new_page(**options)
            page.complaints = []
            page.on("pageerror", lambda error: page.complaints.append(str(error)))
            page.on("console", lambda message: _note(page, message))
            yield page
        finally:
            browser.close()


def _note(page: Any, message: Any) -> None:
    if message.type == "error":
        page.complaints.append(message.text)

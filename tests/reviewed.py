"""A server of the review page over a small folder, and requests to it."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from contextlib import contextmanager
from threading import Thread

from salient_crop.jobs.executors.batches import Analyser
from salient_crop.jobs.reopen import reopen_run
from salient_crop.models.registry import load_cropper
from salient_crop.review.server import ReviewServer
from salient_crop.review.session import ReviewSession


@contextmanager
def open_session(home, out="out"):
    """A session over the crops of a folder."""
    run = reopen_run(home / out / "manifest.jsonl")
    with Analyser(load_cropper("centre")) as analyser, run.reader:
        session = ReviewSession(run, analyser)
        try:
            yield session
        finally:
            session.close()


@contextmanager
def serve(home, out="out"):
    """A server over the crops of a folder, in a thread of its own."""
    with open_session(home, out) as session, ReviewServer(session) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def ask(server, path, body=None, headers=None, token=None, raw=None):
    """Asks the server; returns status, headers and content, as JSON where it is."""
    data = raw if raw is not None else None if body is None else json.dumps(body).encode()
    given = {"Content-Type": "application/json"} if data is not None else {}
    address = f"http://127.0.0.1:{server.server_port}/{server.token if token is None else token}/{path}"
    request = urllib.request.Request(address, data=data, headers={**given, **(headers or {})})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return _read(answer)
    except urllib.error.HTTPError as error:
        return _read(error)


def _read(answer):
    content = answer.read()
    if answer.headers["Content-Type"] == "application/json":
        content = json.loads(content)
    return answer.status, answer.headers, content

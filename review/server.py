"""The server of the review page: this machine to itself, behind a token that nobody can guess.

No path of a request reaches the disk: the page's own files are named by a fixed list, pictures by their index. A page
of another site cannot use it: it does not know the token, and names another host.
"""

from __future__ import annotations

import hmac
import json
import re
import secrets
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

from ..datasets.json_values import MalformedValue, list_of, parse_json, read_field, read_whole
from ..images.errors import PictureError
from ..jobs.run import RunError
from .pictures import Pictures
from .session import ReviewSession
from .words import read_words

HOST = "127.0.0.1"
MOST_BYTES = 4 << 20  # of a request
MOST_DECISIONS = 100_000  # in a request

_PACKAGE = Path(__file__).parent.parent
_TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css"}
_FILES = {
    "": _PACKAGE / "review/page/index.html",
    "page.js": _PACKAGE / "review/page/page.js",
    "filters.js": _PACKAGE / "review/page/filters.js",
    "page.css": _PACKAGE / "review/page/page.css",
    **{
        f"editor/{each}": _PACKAGE / "web/js/editor" / each
        for each in ("crop_editor.js", "geometry.js", "stage.js", "style.js", "tiles.js", "words.js")
    },
}
_PICTURE = re.compile(r"(thumbnail|picture|heat|details)/(0|[1-9][0-9]{0,8})")
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class ReviewServer(ThreadingHTTPServer):
    """Serves one session on the loopback address.

    Args:
        session: under review.
        port: 0 for any that is free.

    Attributes:
        address: of the page, with its token.

    Raises:
        OSError: when the port is taken.
    """

    daemon_threads = True
    allow_reuse_address = False

    def __init__(self, session: ReviewSession, port: int = 0) -> None:
        self.session, self.pictures = session, Pictures(session)
        self.token = secrets.token_urlsafe(24)
        super().__init__((HOST, port), _Handler)
        self.hosts = {f"{name}:{self.server_port}" for name in (HOST, "localhost")}
        self.address = f"http://{HOST}:{self.server_port}/{self.token}/"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that goes away while it is answered is no news."""


class _Answer(NamedTuple):
    content: bytes
    kind: str = "application/json"
    status: HTTPStatus = HTTPStatus.OK
    cached: bool = False


class _Handler(BaseHTTPRequestHandler):
    server: ReviewServer
    server_version, sys_version = "salient-crop", ""
    protocol_version = "HTTP/1.1"
    timeout = 60

    def do_GET(self) -> None:
        self._answer(self._get)

    def do_POST(self) -> None:
        self._answer(self._post)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is printed: an address holds the token."""

    def _answer(self, respond: Callable[[str], _Answer]) -> None:
        try:
            answer = self._respond(respond)
        except (MalformedValue, UnicodeDecodeError) as error:
            answer = _complain(HTTPStatus.BAD_REQUEST, str(error))
        except PictureError as error:
            answer = _complain(HTTPStatus.NOT_FOUND, error.reason)
        except RunError as error:
            answer = _complain(HTTPStatus.CONFLICT, str(error))
        except (OSError, ValueError) as error:
            answer = _complain(HTTPStatus.INTERNAL_SERVER_ERROR, str(error))
        try:
            self._send(answer)
        except (TimeoutError, BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def _respond(self, respond: Callable[[str], _Answer]) -> _Answer:
        _, token, path = [*self.path.split("/", 2), "", ""][:3]
        if self.headers.get("Host") not in self.server.hosts:
            return self._refuse(HTTPStatus.FORBIDDEN)
        if not hmac.compare_digest(token.encode(), self.server.token.encode()):
            return self._refuse(HTTPStatus.NOT_FOUND)
        return respond(path)

    def _get(self, path: str) -> _Answer:
        if path in _FILES:
            file = _FILES[path]
            return _Answer(file.read_bytes(), f"{_TYPES[file.suffix]}; charset=utf-8")
        if path == "items":
            return _json(self.server.session.describe())
        if path == "words":
            return _json(read_words(self.headers.get("Accept-Language", "")))
        if path == "progress":
            return _json(self.server.session.progress())
        if found := _PICTURE.fullmatch(path):
            return self._picture(found[1], int(found[2]))
        return self._refuse(HTTPStatus.NOT_FOUND)

    def _picture(self, kind: str, index: int) -> _Answer:
        pictures = self.server.pictures
        if kind == "details":
            return _json(pictures.details(index))
        if kind == "heat":
            return _Answer(pictures.heat(index), "image/png", cached=True)
        content = pictures.thumbnail(index) if kind == "thumbnail" else pictures.large(index)
        return _Answer(content, "image/jpeg", cached=True)

    def _post(self, path: str) -> _Answer:
        origin = self.headers.get("Origin")
        if origin is not None and origin.removeprefix("http://") not in self.server.hosts:
            return self._refuse(HTTPStatus.FORBIDDEN)
        if self.headers.get("Content-Type") != "application/json":
            return self._refuse(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
        value = self._read()
        if path == "decide":
            decisions = read_field(value, "decisions", list_of(_decision))
            if len(decisions) > MOST_DECISIONS:
                raise MalformedValue(f"at most {MOST_DECISIONS:,} decisions at once")
            for index, correction in decisions:
                self.server.session.decide(index, correction)
            return _json({})
        if path == "save":
            return _json(self.server.session.save())
        return self._refuse(HTTPStatus.NOT_FOUND)

    def _read(self) -> Any:
        text = self.headers.get("Content-Length", "")
        length = int(text) if re.fullmatch(r"[0-9]{1,9}", text) else -1
        if not 0 <= length <= MOST_BYTES:
            self.close_connection = True
            raise MalformedValue(f"a request has at most {MOST_BYTES:,} bytes, and says how many")
        try:
            return parse_json(self.rfile.read(length))
        except ValueError as error:
            raise MalformedValue(f"not JSON ({error})") from None

    def _refuse(self, status: HTTPStatus) -> _Answer:
        self.close_connection = True  # what else it sent is not read
        return _complain(status, status.phrase)

    def _send(self, answer: _Answer) -> None:
        self.send_response(answer.status)
        headers = {
            **_HEADERS,
            "Content-Type": answer.kind,
            "Content-Length": str(len(answer.content)),
            "Cache-Control": "private, max-age=3600" if answer.cached else "no-store",
        }
        for name, value in headers.items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(answer.content)


def _decision(value: Any) -> tuple[int, Any]:
    return read_field(value, "index", read_whole), read_field(value, "correction", lambda each: each)


def _json(value: Any) -> _Answer:
    return _Answer(json.dumps(value).encode())


def _complain(status: HTTPStatus, words: str) -> _Answer:
    return _Answer(json.dumps({"error": words}).encode(), status=status)

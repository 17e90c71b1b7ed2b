"""The server: to whom it answers, and that no request names a file."""

import http.client
import json
from io import BytesIO

import pytest
from PIL import Image
from reviewed import ask

DRAWN = {"decision": "box", "box": [5, 5, 60, 60]}


def raw_get(server, path, headers=None):
    """A GET of a path as it is, which clients would tidy up."""
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=20)
    connection.putrequest("GET", path, skip_host="Host" in (headers or {}))
    for name, value in (headers or {}).items():
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    return answer.status, answer.read()


def test_the_page_and_its_parts_are_served(standing):
    status, headers, content = ask(standing, "")
    assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert b"page.js" in content and "script-src 'self'" in headers["Content-Security-Policy"]
    names = ["page.js", "filters.js", "page.css"]
    names += [f"editor/{each}.js" for each in ("crop_editor", "geometry", "stage", "style", "tiles", "words")]
    assert {name: ask(standing, name)[0] for name in names} == dict.fromkeys(names, 200)


def test_pictures_are_named_by_their_index(standing):
    status, headers, content = ask(standing, "thumbnail/1")
    assert (status, headers["Content-Type"]) == (200, "image/jpeg")
    assert Image.open(BytesIO(content)).size == (121, 80)
    assert Image.open(BytesIO(ask(standing, "picture/1")[2])).size == (121, 80)
    assert Image.open(BytesIO(ask(standing, "heat/1")[2])).mode == "RGBA"
    details = ask(standing, "details/1")[2]
    assert details["best"] == [20, 0, 80, 80] and details["subjects"] == []


def test_what_cannot_be_shown_says_why(server, home):
    assert ask(server, "thumbnail/4")[0] == 404
    (home / "photos" / "2.png").write_text("gone bad")
    status, _, content = ask(server, "thumbnail/2")
    assert status == 404 and content["error"]
    assert ask(server, "thumbnail/9")[0] == 400


@pytest.mark.parametrize("token", ["", "x", "..", "%2e%2e"])
def test_without_the_token_nothing_is_told(standing, token):
    assert ask(standing, "items", token=token)[0] == 404
    assert ask(standing, "decide", {"decisions": []}, token=token)[0] == 404
    assert raw_get(standing, "/")[0] == 404


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1", "", "127.0.0.1:1"])
def test_a_page_of_another_name_is_refused(standing, host):
    assert raw_get(standing, f"/{standing.token}/items", {"Host": host})[0] == 403


def test_localhost_is_this_machine_too(standing):
    assert raw_get(standing, f"/{standing.token}/items", {"Host": f"localhost:{standing.server_port}"})[0] == 200


@pytest.mark.parametrize(
    "path",
    [
        *(
            "../manifest.jsonl",
            "%2e%2e/manifest.jsonl",
            "/etc/passwd",
            "editor/../page.js",
            "page.js/",
            "page/index.html",
        ),
        *(
            "thumbnail/0/..",
            "thumbnail/-1",
            "thumbnail/01",
            "thumbnail/1.0",
            "thumbnail/ 1",
            "thumbnail/",
            "thumbnail/1?x=1",
        ),
        *(
            "thumbnail/" + "9" * 400,
            "picture/0.png",
            "Thumbnail/0",
            "server.py",
            "..%2fserver.py",
            "page.js%00",
            "\\..\\x",
        ),
    ],
)
def test_no_path_of_a_request_reaches_the_disk(standing, path):
    status, content = raw_get(standing, f"/{standing.token}/{path}".replace(" ", "%20"))
    assert status in (400, 404)
    assert b"root:" not in content and b"source" not in content


def test_decisions_are_taken_and_saved(server, home):
    body = {"decisions": [{"index": 0, "correction": DRAWN}, {"index": 1, "correction": None}]}
    assert ask(server, "decide", body)[0] == 200
    assert ask(server, "items")[2]["items"][0]["correction"] == DRAWN
    assert ask(server, "save", {})[2] == {"saved": 1, "failed": {}}
    assert Image.open(home / "out" / "0.png").size == (60, 60)
    assert ask(server, "progress")[2] == {}


@pytest.mark.parametrize(
    "body",
    [
        *(None, 5, [], {}, {"decisions": 5}, {"decisions": [5]}, {"decisions": [{}]}),
        {"decisions": [{"index": 0}]},
        {"decisions": [{"index": "0", "correction": None}]},
        {"decisions": [{"index": 0.0, "correction": None}]},
        {"decisions": [{"index": 99, "correction": None}]},
        {"decisions": [{"index": 0, "correction": {"decision": "box", "box": [0, 0, -1, 5]}}]},
        {"decisions": [{"index": 0, "correction": {"decision": "rm", "box": [0, 0, 1, 5]}}]},
    ],
)
def test_what_is_no_decision_is_refused_by_name(standing, body):
    status, _, content = ask(standing, "decide", body, raw=json.dumps(body).encode())
    assert status == 400 and content["error"]
    assert all(each["correction"] is None for each in ask(standing, "items")[2]["items"])


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b"\0"])
def test_what_is_no_json_is_refused(standing, raw):
    assert ask(standing, "decide", raw=raw)[0] == 400


def test_a_form_of_another_page_cannot_decide(server):
    body = json.dumps({"decisions": [{"index": 0, "correction": DRAWN}]}).encode()
    for headers in ({"Content-Type": "text/plain"}, {"Content-Type": "application/x-www-form-urlencoded"}):
        assert ask(server, "decide", raw=body, headers=headers)[0] == 415
    for origin in ("http://evil.example", "null", "https://127.0.0.1"):
        assert ask(server, "decide", raw=body, headers={"Origin": origin})[0] == 403
    assert ask(server, "decide", raw=body, headers={"Origin": f"http://127.0.0.1:{server.server_port}"})[0] == 200


@pytest.mark.parametrize("length", ["-1", "x", "99999999999", "1e3", "٣"])
def test_a_length_that_cannot_be_is_refused(standing, length):
    connection = http.client.HTTPConnection("127.0.0.1", standing.server_port, timeout=20)
    connection.putrequest("POST", f"/{standing.token}/save")
    connection.putheader("Content-Type", "application/json")
    connection.putheader("Content-Length", length.encode("utf-8"))
    connection.endheaders()
    assert connection.getresponse().status == 400


@pytest.mark.parametrize("path", ["", "items", "thumbnail/0", "delete"])
def test_nothing_else_is_posted_to(standing, path):
    assert ask(standing, path, {})[0] == 404


def test_two_tokens_are_never_the_same(home, server):
    from reviewed import serve

    with serve(home) as other:
        assert len(other.token) >= 32 and other.token != server.token
        assert other.address.startswith(f"http://127.0.0.1:{other.server_port}/")

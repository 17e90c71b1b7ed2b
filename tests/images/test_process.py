"""Processes that decode: what they answer, how they are given up, and that none outlives its owner."""

import io
import os
import signal
import sys
import time
from pathlib import Path

import numpy as np
import own_process
import pytest
from hostile_pictures import run_length_bmp
from PIL import Image

from salient_crop.images import process as module
from salient_crop.images.process import DecoderProcess, ProcessLostError
from salient_crop.images.wire import BrokenMessageError, receive, send

GB = 10**9
OPEN = {"about": "open", "in_memory": True, "path": "upload"}


@pytest.fixture
def process():
    made = DecoderProcess()
    yield made
    made.end()


def picture(size=(6, 4)) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, "red").save(file, "PNG")
    return file.getvalue()


def question(width, height, **more):
    asked = {"region": (0, 0, width, height), "size": (width, height), "filter": 2, "scale": 1, "block": 1}
    return {"about": "answer", "question": {**asked, **more}, "background": (255, 255, 255)}


def is_gone(number: int) -> bool:
    """Whether a process has ended; one that nobody has waited for yet is a zombie."""
    try:
        return Path(f"/proc/{number}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


def test_a_process_answers_about_one_picture_after_another(process):
    for width, height in ((6, 4), (9, 5)):
        found, _ = process.ask(OPEN, picture((width, height)), seconds=60, memory=GB)
        assert (found["info"]["size"], found["info"]["format"]) == ([width, height], "PNG")
        for _ in range(2):
            found, pixels = process.ask(question(width, height), seconds=60, memory=GB, most=1000)
            assert found["shape"] == [height, width, 3]
            assert (np.frombuffer(pixels, np.uint8).reshape(-1, 3) == (255, 0, 0)).all()
            assert process.ask({"about": "forget"}, seconds=60, memory=0) == ({"bytes": 0}, b"")


def test_a_picture_that_cannot_be_read_costs_no_process(process):
    found, _ = process.ask(OPEN, b"<html>", seconds=60, memory=GB)
    assert found["error"] == "not a picture in a format that can be read here"
    process.ask(OPEN, picture((60, 40))[:-25], seconds=60, memory=GB)
    found, _ = process.ask(question(60, 40), seconds=60, memory=GB)
    assert "truncated" in found["error"]
    assert not process.lost


def test_an_answer_that_takes_too_long_costs_the_process(process):
    process.ask(OPEN, run_length_bmp(8000, 7500), seconds=60, memory=GB)
    begun = time.monotonic()
    with pytest.raises(ProcessLostError, match="decoding it takes longer than 0.3 s, so it was given up"):
        process.ask(question(8000, 7500, size=(80, 75)), seconds=0.3, memory=GB, most=10**6)
    assert time.monotonic() - begun < 10
    assert process.lost
    with pytest.raises(ProcessLostError, match="longer than 0.3 s"):
        process.ask({"about": "forget"}, seconds=60, memory=0)


def test_a_decoder_that_crashes_costs_the_process(process):
    os.kill(process.id, signal.SIGTERM)
    with pytest.raises(ProcessLostError, match="its decoder crashed"):
        process.ask(OPEN, picture(), seconds=60, memory=GB)
    with pytest.raises(ProcessLostError, match="its decoder crashed"):
        process.ask(OPEN, picture(), seconds=60, memory=GB)


def test_more_bytes_than_were_asked_for_are_not_taken(process):
    process.ask(OPEN, picture(), seconds=60, memory=GB)
    with pytest.raises(ProcessLostError, match="its decoder crashed"):
        process.ask(question(6, 4), seconds=60, memory=GB, most=71)


def test_a_process_that_cannot_be_started(monkeypatch, tmp_path):
    monkeypatch.setattr(module.spawn, "get_executable", lambda: str(tmp_path / "python"))
    with pytest.raises(ProcessLostError, match="no process could be started to decode it: No such file"):
        DecoderProcess()


def test_a_program_that_is_no_python(monkeypatch, tmp_path):
    monkeypatch.setattr(module, "_program", lambda: "raise SystemExit(3)")
    with pytest.raises(ProcessLostError, match="its decoder crashed"):
        DecoderProcess()


def test_an_interrupt_ends_the_process(process, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "receive", interrupt)
    with pytest.raises(KeyboardInterrupt):
        process.ask(OPEN, picture(), seconds=60, memory=GB)
    assert process.lost


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
@pytest.mark.parametrize("at_work", [False, True])
def test_no_process_outlives_an_owner_that_is_killed(tmp_path, at_work):
    (tmp_path / "slow.bmp").write_bytes(run_length_bmp(8000, 7500))
    work = "picture.small(64)" if at_work else "time.sleep(60)"
    owner = own_process.start(f"""
import time
from salient_crop.images.reader import PictureReader
with PictureReader(10**10).open({str(tmp_path / "slow.bmp")!r}) as picture:
    print(picture._process.id, flush=True)
    {work}
""")
    number = int(owner.stdout.readline())
    time.sleep(0.2)
    assert not is_gone(number)
    owner.kill()
    owner.wait()
    owner.stdout.close()
    end = time.monotonic() + 20
    while not is_gone(number):
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits it")
def test_a_picture_cannot_take_more_memory_than_it_was_given():
    printed = own_process.run("""
import numpy as np
from salient_crop.images.decoder import _SLACK, _limit_memory
for given in (2 * _SLACK, 0):
    _limit_memory(given)
    try:
        np.zeros(2 * _SLACK, np.uint8)
        print("there is room")
    except MemoryError:
        print("there is none")
""")
    assert printed.splitlines() == ["there is room", "there is none"]


@pytest.mark.parametrize(
    "data",
    [b"", b"\0\0", b"\0\0\0\x05", b"\0\0\0\x05hello", b"\0\0\0\x02{}", b'\0\0\0\x0c{"bytes":-1}', b"\xff\xff\xff\xff",
     b'\0\0\0\x0d{"bytes":101}' + bytes(101), b'\0\0\0\x0b{"bytes":9}12345678', b"\0\0\0\x0212"],
)  # fmt: skip
def test_what_is_no_message(data):
    with pytest.raises(BrokenMessageError):
        receive(io.BytesIO(data), 100)


def test_messages_arrive_as_they_were_sent():
    file = io.BytesIO()
    send(file, {"path": "a\udc80/ü\n.png"}, b"pixels")
    send(file, {})
    file.seek(0)
    assert receive(file, 6) == ({"path": "a\udc80/ü\n.png", "bytes": 6}, b"pixels")
    assert receive(file, 0) == ({"bytes": 0}, b"")

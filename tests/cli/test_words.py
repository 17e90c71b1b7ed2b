"""Nothing that is printed, drawn or noted for a person says what a name of a file wants it to say."""

import io
import json
import os
import random
import re
import shutil

import pytest
from made_pictures import save_picture

from salient_crop.cli.main import main
from salient_crop.cli.progress import Reporter
from salient_crop.images.errors import PictureError
from salient_crop.jobs import buckets

# Control characters but the end of a line, marks that turn text around, other ends of lines, half characters.
NEVER_PRINTED = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
SIGNS = [
    *("a", "ü", "写", "😀", " ", "\\", "%s", "{}", "/", "\n", "\r", "\t", "\0", "\x07", "\x08", "\x0b", "\x0c", "\x1b"),
    *("\x1b[2J", "\x1b]0;", "\x1c", "\x7f", "\x85", "\x9b", "\x9d", "\u200e", "\u2028", "\u2029", "\u202a", "\u202e"),
    *("\u2066", "\u2069", "\ud800", "\udc80", "\udcff", "\udfff", "\ufeff", "\U000e0041"),
]
EVIL_NAMES = [
    "a\nfailed: innocent.png: gone",
    "b\r\x1b[2K9 of 9 pictures, 9 crops",
    "c\x1b]0;title\x07",
    "d\x9b31m\x7f",
    "e\u202egnp",
    "f\u2028g\u2029h\x85i",
    os.fsdecode(b"j\xff\xfe"),
    "k\x08\x08\x08",
    "l<script>alert(1)",
]


def streams(encoding, terminal):
    class Stream(io.TextIOWrapper):
        def isatty(self):
            return terminal

    return [Stream(io.BytesIO(), encoding, errors="strict", newline="\n") for _ in range(2)]


def written(stream):
    stream.flush()
    return stream.buffer.getvalue().decode(stream.encoding)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8", "utf-16", "shift_jis"])
@pytest.mark.parametrize("terminal", [False, True])
def test_no_word_reaches_a_terminal_as_anything_but_text(encoding, terminal):
    chance = random.Random(f"{encoding} {terminal}")
    results, errors = streams(encoding, terminal)
    calls = 200
    with Reporter(results, errors) as reporter:
        for done in range(1, calls + 1):
            text = "".join(chance.choices(SIGNS, k=chance.randrange(12)))
            reporter.progress(done, calls, text)
            reporter.note(text)
        for _ in range(calls):
            reporter.result(*("".join(chance.choices(SIGNS, k=chance.randrange(12))) for _ in range(2)))
    assert len(written(results).split("\n")) == 2 * calls + 1
    assert not NEVER_PRINTED.search(written(results))
    said = written(errors)
    assert not NEVER_PRINTED.search(said.replace("\r", "") if terminal else said)  # a bar returns to its beginning


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Two folders alike, but for the names of their pictures."""
    if os.name == "nt":
        pytest.skip("names that this system does not have")
    base = tmp_path_factory.mktemp("words")
    for index, name in enumerate(EVIL_NAMES):
        for folder, stem in (("evil", name), ("tame", f"name {index}")):
            path = base / folder / f"{stem}.png"
            if index % 3 == 2:
                path.write_bytes(b"no picture")
            else:
                save_picture(base / folder / "made.png", (60 + 2 * (index // 2), 40), index // 2)
                (base / folder / "made.png").rename(path)
    return base


def said(capfd, *words):
    """What the command prints, checked for what must never be; and its exit status."""
    capfd.readouterr()
    try:
        status = main([str(word) for word in words])
    except SystemExit as end:
        status = end.code
    printed = capfd.readouterr()
    for text in printed:
        assert not NEVER_PRINTED.search(text)
    return status, printed.out.splitlines(), printed.err.splitlines()


@pytest.mark.parametrize("more", [[], ["--buckets", "64x64,96x64", "--duplicates", "report", "--smallest", "1"]])
def test_names_forge_no_line(photos, tmp_path, capfd, more):
    told = {}
    for folder in ("evil", "tame"):
        out = tmp_path / folder
        words = ["crop", photos / folder, "--out", out, "--cropper", "centre", "--workers", 1, *more]
        status, results, errors = said(capfd, *words)
        told[folder] = status, len(results), len(errors)
        assert sum(line.startswith("failed: ") for line in errors) == 3
        status, results, _ = said(capfd, "preview", out / "manifest.jsonl", "--out", out / "sheet.png")
        told[folder] += status, len(results)
        for report in out.glob("manifest.*.txt"):
            text = report.read_text("utf-8")
            assert not NEVER_PRINTED.search(text)
            told[folder] += (len(text.splitlines()),)
        for page in out.glob("manifest.*.html"):
            assert "<script>" not in page.read_text("utf-8")
        lines = (out / "manifest.jsonl").read_text("utf-8").splitlines()
        told[folder] += (len(lines), [json.loads(line)["status"] for line in lines].count("failed"))
    assert told["evil"] == told["tame"]


def test_a_caption_that_can_no_longer_be_read_when_the_index_is_written_stops_the_run_in_words(
    tmp_path, capfd, monkeypatch
):
    photo = save_picture(tmp_path / "photos" / "a.png")

    def fail(run, records):
        raise PictureError(photo, "gone")

    monkeypatch.setattr(buckets, "list_entries", fail)
    words = ["crop", photo.parent, "--out", tmp_path / "out", "--cropper", "centre", "--buckets", "64x64"]
    status, _, errors = said(capfd, *words, "--smallest", "1")
    assert (status, errors[-1]) == (1, f"salient-crop: stopped: {photo}: gone; the same command goes on from here")


@pytest.mark.parametrize("evil", ["\x1b]0;x\x07", "a\nsalient-crop: done", "\u202ex", "\x9b31m", "\udcff"])
def test_arguments_are_repeated_as_text(tmp_path, capfd, evil):
    photo = save_picture(tmp_path / "a.png")
    out = tmp_path / "out"
    for words in (
        ["crop", tmp_path / evil, "--out", out],
        ["crop", tmp_path / f"{evil}*.png", "--out", out],
        ["crop", photo, "--out", out, "--ratios", evil],
        ["crop", photo, "--out", out, "--buckets", evil],
        ["crop", photo, "--out", out, "--buckets", "64x64", "--dataset", "kohya", "--concept", evil],
        ["crop", photo, "--out", out, "--cropper", evil],
        ["crop", photo, "--out", out, "--format", evil],
        ["crop", photo, "--out", out, "--background", evil],
        ["crop", photo, "--out", out, f"--{evil}"],
        ["crop", photo, "--out", photo / evil, "--cropper", "centre"],
        ["preview", tmp_path / evil, "--out", tmp_path / "sheet.png"],
        ["layouts", tmp_path / evil, "--out", tmp_path / "sheet.png", "--cropper", "centre"],
        ["evaluate", "boxes", tmp_path / evil, "--images", tmp_path, "--cropper", "centre"],
        [evil],
    ):
        status, results, errors = said(capfd, *words)
        assert status in (1, 2)
        assert results == []
        assert sum("salient-crop" in line and "usage" not in line for line in errors) == 1
    shutil.rmtree(out, ignore_errors=True)

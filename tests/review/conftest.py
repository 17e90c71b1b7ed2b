"""A small folder that was cropped, and the page's server over it."""

import shutil

import pytest
from made_pictures import save_picture
from reviewed import open_session, serve

from salient_crop.cli.main import main


@pytest.fixture(scope="session")
def cropped(tmp_path_factory):
    """`photos`, one of them broken, and their crops in `out`; not to be changed."""
    home = tmp_path_factory.mktemp("reviewed")
    for index in range(4):
        save_picture(home / "photos" / f"{index}.png", (120 + index, 80), index)
    (home / "photos" / "bad.jpg").touch()
    words = ["--cropper", "centre", "--ratios", "1:1", "--format", "png"]
    assert main(["crop", str(home / "photos"), "--out", str(home / "out"), *words]) == 1
    return home


@pytest.fixture
def home(cropped, tmp_path):
    return shutil.copytree(cropped, tmp_path / "home")


@pytest.fixture
def session(home):
    with open_session(home) as opened:
        yield opened


@pytest.fixture
def server(home):
    with serve(home) as started:
        yield started


@pytest.fixture(scope="module")
def standing(cropped):
    """A server for requests that change nothing."""
    with serve(cropped) as started:
        yield started

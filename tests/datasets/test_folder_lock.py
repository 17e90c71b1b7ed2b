"""One run at a time writes into a folder."""

import errno
import os
import subprocess
import sys

import pytest

from salient_crop.datasets.folder_lock import FolderBusyError, lock_folder

HOLD = "import sys, pathlib\nfrom salient_crop.datasets.folder_lock import lock_folder\n" + (
    "with lock_folder(pathlib.Path(sys.argv[1])):\n    print('held', flush=True)\n    sys.stdin.read()\n"
)


@pytest.fixture
def holder(tmp_path):
    """Another process that holds the lock of `tmp_path`."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout.readline().strip() == b"held"
        yield process
        process.kill()


@pytest.mark.parametrize("end", ["as it should", "killed"])
def test_another_process_is_kept_out_until_the_first_one_ends(tmp_path, holder, end):
    with pytest.raises(FolderBusyError, match="another run is writing into it"), lock_folder(tmp_path):
        pass
    if end == "killed":
        holder.kill()
    else:
        holder.stdin.close()
    holder.wait()
    with lock_folder(tmp_path):
        pass
    assert os.listdir(tmp_path) == []


def test_another_run_of_this_process_is_kept_out_too(tmp_path):
    with lock_folder(tmp_path):
        with pytest.raises(FolderBusyError), lock_folder(tmp_path):
            pass
        (tmp_path / "below").mkdir()
        with lock_folder(tmp_path / "below"):
            pass
    with pytest.raises(RuntimeError), lock_folder(tmp_path):
        raise RuntimeError
    with lock_folder(tmp_path):
        pass


@pytest.mark.skipif(os.name == "nt", reason="Windows locks files")
def test_a_folder_that_cannot_be_locked_is_written_into(tmp_path, monkeypatch):
    import fcntl

    def refuse(*given):
        raise OSError(errno.EBADF, "network folders lock files only")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with lock_folder(tmp_path):
        (tmp_path / "a").write_text("written")

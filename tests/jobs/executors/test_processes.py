"""Workers in processes of this machine: what they say, and how they end."""

import os
import subprocess
import sys
import warnings
from contextlib import closing

import pytest
from own_process import ROOT, processes_of, wait_for_end
from pool_work import Deeds, workers

from salient_crop.jobs.engine_choice import open_processes, share_machine
from salient_crop.jobs.executors.pool import MAX_LOST
from salient_crop.jobs.executors.processes import ProcessPool

GB = 10**9


def run(tasks, processes=2, **more):
    with ProcessPool(processes, 1, GB) as pool:
        return {each.task: each.result for each in pool.run(Deeds(**more), tasks)}


def test_all_tasks_are_done_in_other_processes():
    results = run([f"task {number}" for number in range(9)])
    done_by = {each.rpartition(" ")[2] for each in results.values()}
    assert len(results) == 9 and str(os.getpid()) not in done_by
    assert not workers()


def test_no_more_processes_are_started_than_there_are_tasks():
    with ProcessPool(5, 1, GB) as pool, closing(pool.run(Deeds(), ["sleep 0.1"])) as results:
        next(results)
        assert len(workers()) <= 1


def test_a_task_that_kills_its_worker_is_given_up_and_the_others_are_done():
    results = run(["task 1", "die", "task 2"])
    assert results["die"] == f"die: {MAX_LOST} workers were lost over it"
    assert "task 1 by" in results["task 1"] and "task 2 by" in results["task 2"]


def test_what_a_worker_raises_is_raised_here_and_ends_all():
    with pytest.raises(OSError, match="No space") as error:
        run(["sleep 60", "fail No space"])
    assert error.value.errno == 28 and not workers()


def test_an_error_that_cannot_be_sent_is_told():
    with pytest.raises(RuntimeError, match="UnpicklableError: held"):
        run(["hold"])


def test_what_workers_warn_of_is_told_once():
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("default")
        run(["warn slow", "task", "warn slow"])
    assert [str(each.message) for each in told if each.category is RuntimeWarning] == ["slow"]


def test_workers_that_never_begin_are_told_of():
    with pytest.raises(ConnectionError, match=r"no worker can be started: its process ended \(exit status 7\)"):
        run(["task"], opens=False)


def test_workers_end_when_nobody_asks_for_more_results():
    with ProcessPool(2, 1, GB) as pool:
        results = pool.run(Deeds(), ["task", "sleep 60", "sleep 60"])
        next(results)
        assert workers()
    assert not workers()


def test_a_script_that_starts_work_while_it_is_imported_is_told_how_to(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "import salient_crop\n"
        f"salient_crop.crop_folder({str(ROOT / 'samples')!r}, {str(tmp_path / 'out')!r}, '1:1',"
        " cropper='centre', engine='processes', workers=2)\n"
    )
    found = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False)
    assert "below `if __name__ == '__main__':`" in found.stderr
    assert found.returncode == 1


def test_workers_end_at_once_with_the_process_that_gave_them_tasks(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        f"import sys; sys.path.insert(0, {str(ROOT / 'tests')!r})\n"
        "from pool_work import Deeds\n"
        "from salient_crop.jobs.executors.processes import ProcessPool\n"
        "if __name__ == '__main__':\n"
        "    with ProcessPool(2, 1, 10**9) as pool:\n"
        "        for each in pool.run(Deeds(), ['task 1', 'task 2', 'sleep 60', 'sleep 60']):\n"
        "            print(each.result.split()[-1], flush=True)\n"
    )
    process = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, start_new_session=True)
    assert {int(process.stdout.readline()) for _ in range(2)} < processes_of(process.pid)
    process.kill()
    process.wait()
    wait_for_end(process.pid)


@pytest.mark.parametrize(
    ("asked", "shared"),
    [
        ((1, "cpu", 64 * GB), (1, 1)),
        ((16, "cpu", 64 * GB), (16, 1)),
        ((16, "cpu", 16 * GB), (8, 2)),  # processes take memory, too
        ((16, "cpu", GB), (1, 16)),
        ((32, "cuda", 64 * GB), (4, 8)),  # each fills batches
        ((2, "cuda", 64 * GB), (1, 2)),
    ],
)
def test_pictures_at_once_are_spread_over_as_many_processes_as_there_is_memory_for(asked, shared):
    assert share_machine(*asked) == shared


def test_memory_is_shared_by_the_processes():
    with open_processes(2, "cpu", GB) as pool:
        assert (pool.processes, pool.threads, pool.memory) == (2, 1, GB // 2)

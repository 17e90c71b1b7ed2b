"""What the command says while it works."""

import io

import pytest

from salient_crop.cli.progress import Reporter


class Terminal(io.StringIO):
    encoding = "ascii"

    def isatty(self):
        return True


def test_a_bar_on_a_terminal_and_plain_lines_elsewhere():
    terminal, log = Terminal(), io.StringIO()
    for stream in (terminal, log):
        with Reporter(io.StringIO(), stream) as reporter:
            for done in range(1, 101):
                reporter.progress(done, 100, f"grün {done}.jpg")
            reporter.note("failed: x \udcff")
    assert "\r" in terminal.getvalue()
    assert "100/100" in terminal.getvalue()
    assert "gr\\xfcn" in terminal.getvalue()
    assert "failed: x \\udcff" in terminal.getvalue()
    assert len(log.getvalue().splitlines()) == 21
    assert "100/100 grün 100.jpg" in log.getvalue()


@pytest.mark.parametrize(("total", "lines"), [(1, 1), (5, 5), (20, 20), (1000, 20)])
def test_a_log_has_at_most_twenty_lines_of_progress_and_the_last(total, lines):
    log = io.StringIO()
    reporter = Reporter(io.StringIO(), log)
    for done in range(1, total + 1):
        reporter.progress(done, total, "x")
    assert len(log.getvalue().splitlines()) == lines
    assert log.getvalue().endswith(f"{total}/{total} x\n")


def test_results_go_to_another_stream_than_progress():
    results, errors = io.StringIO(), io.StringIO()
    with Reporter(results, errors) as reporter:
        reporter.progress(1, 1, "a")
        reporter.result("done")
    assert results.getvalue() == "done\n"
    assert errors.getvalue() == "1/1 a\n"

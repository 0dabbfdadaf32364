"""Programs: by path, without a shell, with little environment, bounded (rules.md SE-5)."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from xsec.edge.process import SystemRunner
from xsec.errors import Unavailable

RUNNER = SystemRunner()
SH = "/bin/sh"


def until(done: Callable[[], bool], seconds: float = 5.0) -> bool:
    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


def test_a_program_is_given_its_input_and_answers_with_both_streams_and_its_status() -> None:
    done = RUNNER.run([SH, "-c", "cat; echo oops >&2; exit 3"], stdin=b"hello")
    assert (done.status, done.stdout, done.stderr) == (3, b"hello", b"oops\n")


def test_without_input_a_program_reads_an_end() -> None:
    assert RUNNER.run(["/bin/cat"]).stdout == b""


def test_nothing_of_our_environment_reaches_a_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XSEC_CANARY", "secret")
    found = RUNNER.run(["/usr/bin/env"], environment=[("GIVEN", "1")]).stdout
    names = {line.partition(b"=")[0] for line in found.splitlines()}
    assert names == {b"PATH", b"LC_ALL", b"HOME", b"GIVEN"}


def test_no_descriptor_of_ours_reaches_a_program(tmp_path: Path) -> None:
    with (tmp_path / "open").open("w"):
        found = RUNNER.run([SH, "-c", "ls /proc/self/fd"]).stdout.split()
    assert set(found) <= {b"0", b"1", b"2", b"3"}  # 3 is the listing itself


def test_an_argument_is_never_read_by_a_shell() -> None:
    assert RUNNER.run(["/bin/echo", "$(id);`id`"]).stdout == b"$(id);`id`\n"


def test_a_name_without_a_path_is_not_run() -> None:
    with pytest.raises(ValueError, match="absolute path"):
        RUNNER.run(["echo"])


def test_a_program_that_is_not_there_is_unavailable_with_the_reason() -> None:
    with pytest.raises(Unavailable, match="no such file"):
        RUNNER.run(["/nonexistent/program"])


def test_a_program_that_takes_too_long_is_ended() -> None:
    start = time.monotonic()
    with pytest.raises(Unavailable, match=r"did not end within 0.2 s"):
        RUNNER.run(["/bin/sleep", "60"], timeout=timedelta(seconds=0.2))
    assert time.monotonic() - start < 5


def test_what_a_program_started_ends_with_it_when_it_takes_too_long(tmp_path: Path) -> None:
    told = tmp_path / "pid"
    with pytest.raises(Unavailable, match="did not end"):
        RUNNER.run([SH, "-c", f"sleep 60 & echo $! >{told}; wait"], timeout=timedelta(seconds=1))
    number = int(told.read_text())
    assert until(lambda: not RUNNER.alive(number))


def test_a_program_that_prints_without_end_is_ended() -> None:
    with pytest.raises(Unavailable, match="printed more than"):
        RUNNER.run([SH, "-c", "while :; do head -c 1000000 /dev/zero; done"])


def test_a_daemon_that_keeps_its_streams_does_not_hold_us_up() -> None:
    start = time.monotonic()
    done = RUNNER.run([SH, "-c", "sleep 30 & echo $!"])
    assert time.monotonic() - start < 5
    RUNNER.signal(int(done.stdout), "SIGKILL")


def test_a_started_program_lives_in_a_session_of_its_own_until_it_is_told_to_end() -> None:
    pid = RUNNER.start(["/bin/sleep", "60"])
    try:
        assert RUNNER.alive(pid)
        assert os.getsid(pid) == pid
        assert until(lambda: RUNNER.command(pid) == "/bin/sleep 60")
        assert (pid, "/bin/sleep 60") in RUNNER.children(os.getpid())
    finally:
        RUNNER.signal(pid, "SIGTERM")
    assert until(lambda: not RUNNER.alive(pid))
    assert RUNNER.command(pid) == ""
    RUNNER.signal(pid, "SIGTERM")  # gone is success


def test_only_a_process_can_be_signalled() -> None:
    for number in (0, -1):
        with pytest.raises(ValueError, match="positive"):
            RUNNER.signal(number, "SIGTERM")
        assert not RUNNER.alive(number)


def test_programs_are_found_in_the_systems_folders_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    assert RUNNER.find("sh") in {"/usr/bin/sh", "/bin/sh"}
    assert RUNNER.find("no-such-program") is None

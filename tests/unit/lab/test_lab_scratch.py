"""A scratch folder goes with all that was started in it, however it ends."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from xsec.lab.scratch import Hammer, clear, processes, scratch

SLEEP = "import time; print(flush=True); time.sleep(600)"


@contextmanager
def started(*words: str) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-c", SLEEP, *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield process
        finally:
            process.kill()


def test_it_is_private_and_goes(tmp_path: Path) -> None:
    with scratch(keep=False, within=tmp_path) as folder:
        assert (folder.parent, folder.stat().st_mode & 0o777) == (tmp_path, 0o700)
        assert (folder / "root").is_dir()
    assert not folder.exists()


@pytest.mark.parametrize("keep", [False, True])
@pytest.mark.parametrize("trouble", [ZeroDivisionError, KeyboardInterrupt])
def test_it_goes_after_an_error_too(tmp_path: Path, keep: bool, trouble: type[BaseException]) -> None:
    with pytest.raises(trouble), scratch(keep=keep, within=tmp_path):
        raise trouble
    assert list(tmp_path.iterdir()) == []


def test_it_stays_when_it_is_to_be_kept(tmp_path: Path) -> None:
    with scratch(keep=True, within=tmp_path) as folder:
        pass
    assert folder.is_dir()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_that_ends_the_program_ends_it_in_order(tmp_path: Path, how: signal.Signals) -> None:
    former = signal.getsignal(how)
    with pytest.raises(KeyboardInterrupt), scratch(keep=False, within=tmp_path):
        signal.raise_signal(how)
    assert list(tmp_path.iterdir()) == []
    assert signal.getsignal(how) == former


def test_a_daemon_below_it_is_ended(tmp_path: Path) -> None:
    with started("xsec.edge.tls_server", f"{tmp_path}/root/main") as daemon:
        assert processes(tmp_path) == {daemon.pid}
        clear(tmp_path)
        assert processes(tmp_path) == frozenset()
    assert not tmp_path.exists()


def test_somebodys_pager_is_not_ended(tmp_path: Path) -> None:
    with scratch(keep=False, within=tmp_path) as folder, started(f"{folder}/root/error.log") as pager:
        assert processes(folder) == frozenset()
    assert pager.returncode == -signal.SIGKILL  # by this test, not before


def test_a_hammer_counts_what_was_served_and_what_was_not() -> None:
    answers = iter([True, False])

    def visit() -> bool:
        return next(answers, True)

    with Hammer(visit) as hammer:
        while hammer.served < 3:
            pass
    assert (hammer.failed, hammer.served >= 3) == (1, True)

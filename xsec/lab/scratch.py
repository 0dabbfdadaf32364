"""A folder that stands for a host's `/` for as long as a rehearsal takes; nothing of it stays."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn

from xsec.errors import Unavailable

_PATIENCE = 5.0  # seconds a program may take to end before it is killed
_PAUSE = 0.02
_SET_CHILD_SUBREAPER, _GET_CHILD_SUBREAPER = 36, 37  # prctl(2)
_ENDS = (signal.SIGTERM, signal.SIGHUP)


@contextmanager
def scratch(*, keep: bool, within: Path | None = None) -> Iterator[Path]:
    """A private folder with `root` in it; on the way out its programs end and it goes, also on ^C.

    With `keep` both stay, unless it ends by an error.  `within` is the folder for temporary files.
    """
    try:
        folder = Path(tempfile.mkdtemp(prefix="xsec-demo-", dir=within))
    except OSError as error:
        raise Unavailable(
            f"no temporary folder can be made: {os.strerror(error.errno or 0).lower()}",
            remedy="TMPDIR=/a/folder/with/room xsec demo",
        ) from None
    (folder / "root").mkdir(mode=0o755)
    formers = {number: signal.signal(number, _interrupt) for number in _ENDS}
    done = False
    try:
        with _adopting():
            yield folder
        done = True
    finally:
        # a second ^C must not leave a daemon behind: it waits until this is through
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, *_ENDS})
        try:
            if not (keep and done):
                clear(folder)
        finally:
            try:
                # what came meanwhile is an interruption like one before, not the end of the process
                signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
            finally:
                for number, former in formers.items():
                    signal.signal(number, former)


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def clear(folder: Path) -> None:
    """End every program that was started below the folder, and remove it."""
    if not _ended(folder, signal.SIGTERM):
        _ended(folder, signal.SIGKILL)
    shutil.rmtree(folder, ignore_errors=True)


def _ended(folder: Path, how: signal.Signals) -> bool:
    end = time.monotonic() + _PATIENCE
    told: set[int] = set()
    while running := processes(folder):
        # a worker ends with its master: told together, a killed master leaves none behind
        for number in running - told:
            _signal(number, how)
        told |= running
        if time.monotonic() > end:
            return False
        time.sleep(_PAUSE)
    for number in told:
        _reap(number)
    return True


def _signal(number: int, how: signal.Signals) -> None:
    try:
        os.kill(number, how)
    except (ProcessLookupError, PermissionError):
        return  # it has ended meanwhile, and its number may be another's


def processes(folder: Path) -> frozenset[int]:
    """Programs whose command line names the folder, and what they started."""
    parents: dict[int, int] = {}
    found: set[int] = set()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            words = (entry / "cmdline").read_bytes()
            fields = (entry / "stat").read_bytes().rpartition(b")")[2].split()
        except OSError:
            continue
        if fields[0] == b"Z":
            continue
        parents[int(entry.name)] = int(fields[1])
        if f"{folder}/".encode() in words and _is_daemon(words):
            found.add(int(entry.name))
    return frozenset(found | {number for number, parent in parents.items() if parent in found})


def _is_daemon(words: bytes) -> bool:
    """Whether it is a daemon of ours: somebody's pager may name the folder too, and is not ours to end."""
    first, *others = words.split(b"\0")
    program = first.split(b" ")[0].rpartition(b"/")[2]
    return program in {b"nginx", b"nginx:"} or b"xsec.edge.tls_server" in others


def _reap(number: int) -> None:
    """Collect a daemon that has ended, when it came to us (see `_adopting`)."""
    try:
        os.waitpid(number, os.WNOHANG)
    except ChildProcessError:
        return  # another's: a worker's master collected it


@contextmanager
def _adopting() -> Iterator[None]:
    """Be the parent of daemons that leave theirs: in a container nobody else may collect them."""
    library = ctypes.CDLL(None)
    former = ctypes.c_int()
    library.prctl(_GET_CHILD_SUBREAPER, ctypes.byref(former), 0, 0, 0)
    library.prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        yield
    finally:
        library.prctl(_SET_CHILD_SUBREAPER, former.value, 0, 0, 0)


class Hammer:
    """A client that comes again and again while something happens, and counts."""

    def __init__(self, visit: Callable[[], bool]) -> None:
        self._visit = visit
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.served = 0
        self.failed = 0

    def _run(self) -> None:
        while not self._stop.is_set():
            if self._visit():
                self.served += 1
            else:
                self.failed += 1

    def __enter__(self) -> Hammer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

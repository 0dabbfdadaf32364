"""Runs one xsec command in a process of its own, with the world around it as a fault wants it.

The process is forked from one that has imported everything, so that a run costs milliseconds and the calls
it makes to the system are the command's own.  `cold` starts the real program instead.
"""

from __future__ import annotations

import importlib
import io
import os
import pkgutil
import resource
import selectors
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import xsec
from tests.faults import broken
from xsec import cli
from xsec.commands.options import Call
from xsec.host import Host
from xsec.state import rootkey
from xsec.state.document import Document, Origin
from xsec.state.log import NAMES, Log

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
PROJECT = Path(__file__).resolve().parents[2]
PROGRAM = PROJECT / "bin" / "xsec"


class FixedClock:
    """Noon for what is judged; real seconds for what is measured."""

    def now(self) -> datetime:
        return NOON

    def monotonic(self) -> float:
        import time

        return time.monotonic()

    def wait(self, seconds: float) -> None:
        import time

        time.sleep(seconds)


class NoonHost(Host):
    @cached_property
    def clock(self) -> FixedClock:
        return FixedClock()


class NoonCall(Call):
    """One command at noon in a root of its own."""

    __slots__ = ("folder",)

    def __init__(self, folder: str) -> None:
        super().__init__()
        self.folder = folder

    def host(self, command: str) -> Host:
        root = super().host(command).root if self.root else self.folder
        return NoonHost(root=root, command=command)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One command line and the world it runs in."""

    args: tuple[str, ...]
    root: Path
    stdin: bytes | None = b""
    broken: str = ""
    file_size_limit: int | None = None
    short_write: int | None = None
    umask: int = 0o022
    close: tuple[int, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    act: Callable[[Path], None] | None = None
    """What to do in place of a command line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """How a run ended: the exit code, or minus the signal; and what it said."""

    code: int
    out: bytes
    err: bytes

    @property
    def text(self) -> str:
        return self.err.decode("utf-8", "replace")


def preload() -> None:
    """Import all of xsec, so that forked runs import nothing."""
    for module in pkgutil.walk_packages(xsec.__path__, "xsec."):
        if module.name not in {"xsec.start", "xsec.__main__"}:
            importlib.import_module(module.name)
    importlib.import_module("yaml")


class Child:
    """A forked run that waits at its gate until `go`."""

    def __init__(self, job: Job) -> None:
        self.job = job
        out, out_w = os.pipe()
        err, err_w = os.pipe()
        stdin, stdin_w = os.pipe()
        gate, self._gate = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            _child(job, gate, stdin, out_w, err_w)
        for fd in (out_w, err_w, stdin, gate):
            os.close(fd)
        self._pipes = (out, err, stdin_w)

    def go(self) -> None:
        os.write(self._gate, b"!")
        os.close(self._gate)

    def finish(self, seconds: float = 60) -> Ran:
        """Feed and drain the run until it ends; `TimeoutError` and SIGKILL when it hangs."""
        out, err, stdin = self._pipes
        said = {out: b"", err: b""}
        feed = self.job.stdin or b""
        with selectors.DefaultSelector() as waiting:
            waiting.register(out, selectors.EVENT_READ)
            waiting.register(err, selectors.EVENT_READ)
            os.set_blocking(stdin, False)
            waiting.register(stdin, selectors.EVENT_WRITE)
            hung = False
            while waiting.get_map():
                ready = waiting.select(seconds)
                if not ready and not hung:
                    hung = True
                    os.kill(self.pid, signal.SIGKILL)
                for key, _ in ready:
                    fd = key.fd
                    if fd == stdin:
                        feed = _feed(fd, feed)
                        if not feed:
                            waiting.unregister(fd)
                            os.close(fd)
                        continue
                    data = os.read(fd, 1 << 16)
                    said[fd] += data
                    if not data:
                        waiting.unregister(fd)
                        os.close(fd)
        _, status = os.waitpid(self.pid, 0)
        if hung:
            raise TimeoutError(f"{self.job.args} hung")
        return Ran(code=os.waitstatus_to_exitcode(status), out=said[out], err=said[err])


def _feed(fd: int, data: bytes) -> bytes:
    try:
        return data[os.write(fd, data) :] if data else b""
    except BrokenPipeError:
        return b""


def _child(job: Job, gate: int, stdin: int, out: int, err: int) -> None:
    """Become the command; never returns."""
    code = 99
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.dup2(stdin, 0)
        os.dup2(out, 1)
        os.dup2(err, 2)
        gate = os.dup2(gate, 3)
        os.closerange(4, 1024)
        os.umask(job.umask)
        os.read(gate, 1)
        os.close(gate)
        code = _run(job)
        for stream in (sys.stdout, sys.stderr):
            if not stream.closed:
                stream.flush()
    except BrokenPipeError:
        code = 141
    except BaseException:  # noqa: BLE001  (a fork of the test run must end here, whatever happened)
        os.write(2, traceback.format_exc().encode())
    finally:
        os._exit(code)


def _run(job: Job) -> int:
    sys.stdin = io.TextIOWrapper(io.FileIO(0, "r", closefd=False))
    sys.stdout = io.TextIOWrapper(io.BufferedWriter(io.FileIO(1, "w", closefd=False)), encoding="utf-8")
    sys.stderr = io.TextIOWrapper(
        io.BufferedWriter(io.FileIO(2, "w", closefd=False)),
        encoding="utf-8",
        errors="backslashreplace",
        line_buffering=True,
    )
    sys.argv = ["xsec", *job.args]
    os.environ.update(job.environment)
    for fd in job.close:
        os.close(fd)
    if job.file_size_limit is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (job.file_size_limit, job.file_size_limit))
    if job.short_write is not None:
        _halve(job.short_write, str(job.root))
    if job.broken:
        broken.VARIANTS[job.broken]()
    if job.act is not None:
        job.act(job.root)
        return 0
    return int(cli.run(job.args, NoonCall(str(job.root))))


def _halve(number: int, root: str) -> None:
    """Let the system take only half of what write number `number` below the root gives it."""
    real = os.write
    count = 0

    def write(fd: int, data: Any) -> int:
        nonlocal count
        if os.readlink(f"/proc/self/fd/{fd}").startswith(root):  # noqa: PTH115  (Path would call write)
            count += 1
            if count == number and len(data) > 1:
                return real(fd, memoryview(data)[: len(data) // 2])
        return real(fd, data)

    os.write = write


def run(job: Job, *, seconds: float = 60) -> Ran:
    """Run to the end."""
    child = Child(job)
    child.go()
    return child.finish(seconds)


def cold(args: tuple[str, ...], root: Path, *, stdin: bytes = b"", seconds: float = 60) -> Ran:
    """Run the real program by its start script."""
    done = subprocess.run(
        [str(PROGRAM), *args],
        input=stdin,
        capture_output=True,
        timeout=seconds,
        check=False,
        env={"XSEC_ROOT": str(root), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
    )
    return Ran(code=done.returncode, out=done.stdout, err=done.stderr)


def make_store(root: Path) -> None:
    """A store as `xsec setup` leaves it, without its certificate: its first generation is logged."""
    host = NoonHost(root=str(root), command="xsec setup")
    host.store.make()
    for name in NAMES:
        Log(host.files, name).begin()
    rootkey.save(host.files, rootkey.make(host.entropy))
    with host.store.locked():
        host.store.commit(Document(generation=1, origin=Origin(time=NOON, user="root", command="xsec setup")))
    first = {"generation": 1, "item": "set up"}
    Log(host.files, "configuration").append(
        "System Configuration Changed", actor=host.actor, now=NOON, fields=first
    )


def clone(source: Path, target: Path) -> None:
    """Copy a tree as it is, with its hard links: two names of one document stay two names."""
    links: dict[int, Path] = {}
    target.mkdir(mode=source.stat().st_mode & 0o7777)
    _clone(source, target, links)


def _clone(source: Path, target: Path, links: dict[int, Path]) -> None:
    for entry in os.scandir(source):
        there = target / entry.name
        facts = entry.stat(follow_symlinks=False)
        if entry.is_dir(follow_symlinks=False):
            there.mkdir(mode=facts.st_mode & 0o7777)
            _clone(Path(entry.path), there, links)
        elif facts.st_nlink > 1 and facts.st_ino in links:
            os.link(links[facts.st_ino], there)
        else:
            links[facts.st_ino] = there
            there.write_bytes(Path(entry.path).read_bytes())
            there.chmod(facts.st_mode & 0o7777)

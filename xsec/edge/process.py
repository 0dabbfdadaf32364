"""Programs: by absolute path, argument list, no shell, minimal environment, bounded (rules.md SE-5)."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import time
from collections.abc import Sequence
from datetime import timedelta

from xsec.errors import Unavailable
from xsec.ports import Finished

_FOLDERS = ("/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/sbin", "/usr/local/bin")
_ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", "HOME": "/nonexistent"}
_OUTPUT = 16 << 20  # octets of each stream (rules.md, section 6)
_LOOK = 0.1  # seconds between two looks at how much a program has printed


def _environment(extra: Sequence[tuple[str, str]]) -> dict[str, str]:
    return {**_ENVIRONMENT, **dict(extra)}


def _absolute(argv: Sequence[str]) -> list[str]:
    if not argv or not os.path.isabs(argv[0]):
        raise ValueError("a program is named by its absolute path")
    return list(argv)


def _stat(pid: int) -> tuple[str, int] | None:
    """State letter and parent of a process; the name may hold blanks and parentheses."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
    except OSError:
        return None
    return (fields[0].decode(), int(fields[1])) if len(fields) > 1 else None


class SystemRunner:
    """Programs of this machine."""

    def find(self, name: str) -> str | None:
        for folder in _FOLDERS:
            path = os.path.join(folder, name)
            if os.access(path, os.X_OK) and os.path.isfile(path):
                return path
        return None

    def run(
        self,
        argv: Sequence[str],
        *,
        stdin: bytes = b"",
        timeout: timedelta = timedelta(seconds=60),
        environment: Sequence[tuple[str, str]] = (),
    ) -> Finished:
        command = _absolute(argv)
        # memory files instead of pipes: a daemon that keeps its streams open does not hold us up
        with _memory(stdin) as source, _memory() as out, _memory() as err:
            try:
                process = subprocess.Popen(  # noqa: S603  # an argument list by absolute path, no shell
                    command,
                    stdin=source.fd,
                    stdout=out.fd,
                    stderr=err.fd,
                    env=_environment(environment),
                    cwd="/",
                    start_new_session=True,
                )
            except OSError as error:
                reason = os.strerror(error.errno or 0).lower()
                raise Unavailable(f"{command[0]} cannot be started: {reason}") from None
            try:
                _wait(process.pid, command[0], timeout.total_seconds(), (out.fd, err.fd))
                process.wait()
            except BaseException:
                _end(process)
                raise
            return Finished(status=process.returncode, stdout=out.read(), stderr=err.read())

    def start(self, argv: Sequence[str], *, environment: Sequence[tuple[str, str]] = ()) -> int:
        command = _absolute(argv)
        nothing = [(os.POSIX_SPAWN_OPEN, fd, "/dev/null", os.O_RDWR, 0) for fd in (0, 1, 2)]
        try:
            return os.posix_spawn(
                command[0], command, _environment(environment), file_actions=nothing, setsid=True
            )
        except OSError as error:
            reason = os.strerror(error.errno or 0).lower()
            raise Unavailable(f"{command[0]} cannot be started: {reason}") from None

    def children(self, pid: int) -> tuple[tuple[int, str], ...]:
        found = []
        for name in os.listdir("/proc"):
            if name.isdigit():
                facts = _stat(int(name))
                if facts is not None and facts[1] == pid and facts[0] != "Z":
                    found.append((int(name), self.command(int(name))))
        return tuple(sorted(found))

    def command(self, pid: int) -> str:
        if not self.alive(pid):
            return ""
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                return file.read(1 << 16).replace(b"\0", b" ").decode("utf-8", "replace").strip()
        except OSError:
            return ""

    def alive(self, pid: int) -> bool:
        if pid <= 0:
            return False
        facts = _stat(pid)
        if facts is not None and facts[0] == "Z" and facts[1] == os.getpid():
            _reap(pid)
        return facts is not None and facts[0] not in "ZX"

    def signal(self, pid: int, name: str) -> None:
        if pid <= 0:
            raise ValueError("a process number is positive")
        try:
            os.kill(pid, signal.Signals[name])
        except ProcessLookupError:
            return
        except PermissionError:
            raise Unavailable(f"process {pid} belongs to another user", remedy="run it as root") from None


class _Memory:
    """A file in memory that a program reads or writes."""

    def __init__(self, fd: int) -> None:
        self.fd = fd

    def __enter__(self) -> _Memory:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.fd)

    def read(self) -> bytes:
        return os.pread(self.fd, _OUTPUT, 0)


def _memory(data: bytes = b"") -> _Memory:
    fd = os.memfd_create("xsec", os.MFD_CLOEXEC)
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]
    os.lseek(fd, 0, os.SEEK_SET)
    return _Memory(fd)


def _wait(pid: int, name: str, seconds: float, outputs: tuple[int, ...]) -> None:
    end = time.monotonic() + seconds
    watch = os.pidfd_open(pid)
    try:
        while not select.select([watch], [], [], min(_LOOK, max(0.0, end - time.monotonic())))[0]:
            if any(os.fstat(fd).st_size > _OUTPUT for fd in outputs):
                raise Unavailable(f"{name} printed more than {_OUTPUT} octets")
            if time.monotonic() >= end:
                raise Unavailable(f"{name} did not end within {seconds:g} s")
    finally:
        os.close(watch)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End it and all that it started: it leads a session and group of its own."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _reap(pid: int) -> None:
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return

"""What the operator brings: who runs the command, files named on the command line, secrets by source."""

from __future__ import annotations

import errno
import os
import pwd
import resource
import select
import signal
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from xsec.errors import InvalidValue, Unavailable
from xsec.ports import Actor, Terminal
from xsec.secret import Secret

_SECRET_LIMIT = 64 << 10
_PATIENCE_MS = 10_000


def actor(command: str) -> Actor:
    """The user who runs the command; behind sudo also who called it."""
    uid = os.getuid()
    try:
        name = pwd.getpwuid(uid).pw_name
    except KeyError:
        name = str(uid)
    caller = os.environ.get("SUDO_USER", "") if uid == 0 else ""
    safe = caller and caller.isascii() and caller.replace("-", "").replace("_", "").replace(".", "").isalnum()
    return Actor(uid=uid, name=f"{caller} as {name}" if safe else name, command=command)


def harden() -> None:
    """No core dump and no ptrace by others while secrets are in memory (SE-4)."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    import ctypes

    set_dumpable = 4  # PR_SET_DUMPABLE, prctl(2)
    ctypes.CDLL(None).prctl(set_dumpable, 0, 0, 0, 0)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Deliver SIGINT, SIGTERM and SIGHUP after the block instead of within it."""
    former = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, former)


def read_input(name: str, limit: int) -> bytes:
    """A file that the operator named, or standard input for `-`; `InvalidValue` when it cannot be read."""
    try:
        data = sys.stdin.buffer.read(limit + 1) if name == "-" else _read_file(name, limit)
    except OSError as error:
        reason = os.strerror(error.errno or 0).lower()
        raise InvalidValue(f"{name}: {reason}", where=name, allowed="a file that can be read, or -") from None
    except ValueError:
        raise InvalidValue("not a file name", allowed="a file that can be read, or -") from None
    if len(data) > limit:
        raise InvalidValue(
            f"{name}: larger than {limit} octets", where=name, allowed=f"at most {limit} octets"
        )
    return data


def _read_file(name: str, limit: int) -> bytes:
    """The octets of a file or pipe; a pipe that nobody writes to does not hang the command."""
    fd = os.open(name, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(fd, "rb") as file:
        mode = os.fstat(fd).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, "", name)
        if not stat.S_ISREG(mode):
            waiting = select.poll()
            waiting.register(fd, select.POLLIN)
            if not waiting.poll(_PATIENCE_MS):
                allowed = "a file that can be read, or -"
                raise InvalidValue(f"{name}: nobody writes to it", where=name, allowed=allowed)
        os.set_blocking(fd, True)
        return file.read(limit + 1)


def write_output(name: str, data: bytes) -> None:
    """Write a file that the operator named, or standard output for `-`; an existing file is refused."""
    if name == "-":
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    try:
        fd = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(fd, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError:
        raise InvalidValue(f"{name}: exists already", where=name, allowed="a new file name") from None
    except OSError as error:
        raise Unavailable(f"{name}: {os.strerror(error.errno or 0).lower()}", where=name) from None


def read_secret(source: str, terminal: Terminal, prompt: str) -> Secret:
    """A secret from `file:PATH`, `fd:N`, `credential:NAME` (systemd's) or `prompt`, less a final newline."""
    scheme, _, rest = source.partition(":")
    match scheme:
        case "prompt":
            return Secret(terminal.read_secret(prompt))
        case "file" if rest:
            data = read_input(rest, _SECRET_LIMIT)
        case "credential" if rest and "/" not in rest:
            folder = os.environ.get("CREDENTIALS_DIRECTORY", "")
            if not folder:
                raise InvalidValue("there are no credentials in this unit", allowed="file:PATH, fd:N, prompt")
            data = read_input(os.path.join(folder, rest), _SECRET_LIMIT)
        case "fd" if rest.isascii() and rest.isdigit() and len(rest) <= 4:
            data = _read_descriptor(int(rest))
        case _:
            # what was given is not shown: it may be the secret itself
            raise InvalidValue(
                "not a source of a secret", allowed="file:PATH, fd:N, credential:NAME or prompt"
            )
    return Secret(data.removesuffix(b"\n"))


def _read_descriptor(fd: int) -> bytes:
    try:
        with os.fdopen(fd, "rb", closefd=False) as file:
            return file.read(_SECRET_LIMIT)
    except OSError as error:
        reason = os.strerror(error.errno or 0).lower()
        raise InvalidValue(
            f"descriptor {fd}: {reason}", allowed="an open descriptor, such as fd:3 with 3<FILE"
        ) from None

"""Builds with one rule broken, each a mistake that somebody once made: every detector must find its own.

A variant is put in place only in a forked process that ends with the run.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import PurePosixPath
from typing import Any

from xsec.edge import files
from xsec.edge.files import RootedFiles
from xsec.ports import Owner
from xsec.state.store import Store
from xsec.transact import afterwards, making


def _set(owner: Any, name: str, value: object) -> None:
    setattr(owner, name, value)


def in_place() -> None:
    """Writes over what is there."""

    def publish(
        self: RootedFiles, data: bytes, *, claim: PurePosixPath, pointer: PurePosixPath, mode: int = 0o600
    ) -> None:
        self.create(claim, data, mode=mode)
        with self._in(pointer) as folder:
            fd = os.open(pointer.name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode, dir_fd=folder)
            os.write(fd, data)
            os.fsync(fd)
            os.close(fd)

    _set(RootedFiles, "publish", publish)


def short_writes() -> None:
    """Takes the first write for the whole."""
    _set(files, "_write_all", os.write)


def no_recovery() -> None:
    """Claims a number and does not look whether a killed command did so before."""
    _set(Store, "_recover", lambda self: None)
    _set(Store, "next_number", lambda self, after: after + 1)


def no_sweep() -> None:
    """Leaves the temporary files of killed commands."""
    _set(RootedFiles, "sweep", lambda self, path: None)


def deaf() -> None:
    """Takes no notice of an error of fsync."""
    real = os.fsync

    def fsync(fd: int) -> None:
        try:
            real(fd)
        except OSError:
            return

    _set(os, "fsync", fsync)


def mute() -> None:
    """Says that it did not work and not why."""

    def ours(path: PurePosixPath, error: OSError) -> Exception:
        from xsec.errors import Unavailable

        return Unavailable(f"{path}: cannot be written")

    _set(files, "_ours", ours)


def no_folder_fsync() -> None:
    """Makes the document durable and not its name."""
    _set(RootedFiles, "_settle", staticmethod(lambda folder, path: None))


def no_file_fsync() -> None:
    """Makes the name durable and not the document."""

    def temporary(self: RootedFiles, folder: int, data: bytes, mode: int, owner: Owner | None) -> str:
        name = f".xsec-{os.getpid()}-{os.urandom(6).hex()}.tmp"
        fd = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode, dir_fd=folder)
        os.write(fd, data)
        os.close(fd)
        return name

    _set(RootedFiles, "_temporary", temporary)


def no_lock() -> None:
    """Changes without the lock, and takes a number that is taken."""

    @contextmanager
    def lock(self: RootedFiles, path: PurePosixPath, *, patience: timedelta) -> Iterator[None]:
        yield

    def publish(
        self: RootedFiles, data: bytes, *, claim: PurePosixPath, pointer: PurePosixPath, mode: int = 0o600
    ) -> None:
        self.replace(claim, data, mode=mode)
        self.replace(pointer, data, mode=mode)

    _set(RootedFiles, "lock", lock)
    _set(RootedFiles, "publish", publish)
    _set(Store, "_recover", lambda self: None)


def wide() -> None:
    """Leaves modes to the umask."""
    real = os.open

    def opened(path: Any, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        return real(path, flags, 0o666, dir_fd=dir_fd)

    _set(os, "umask", lambda mask: 0)
    _set(os, "open", opened)
    _set(os, "fchmod", lambda fd, mode: None)


def no_log() -> None:
    """Changes and tells nobody."""
    _set(afterwards, "_log", lambda host, considered: None)
    _set(making, "catch_up", lambda host, current: None)


def no_last_log() -> None:
    """Leaves the log to the command after it."""
    _set(afterwards, "_log", lambda host, considered: None)


def no_catch_up() -> None:
    """Does not look whether a killed command left something to log."""
    _set(making, "catch_up", lambda host, current: None)


VARIANTS: dict[str, Callable[[], None]] = {
    "in place": in_place,
    "short writes": short_writes,
    "no recovery": no_recovery,
    "no sweep": no_sweep,
    "deaf": deaf,
    "mute": mute,
    "no folder fsync": no_folder_fsync,
    "no file fsync": no_file_fsync,
    "no lock": no_lock,
    "wide": wide,
    "no log": no_log,
    "no last log": no_last_log,
    "no catch-up": no_catch_up,
}

"""Files below the managed root, each write whole and durable by itself (rules.md SE-1, SE-2, DU-1)."""

from __future__ import annotations

import errno
import fcntl
import mmap
import os
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import partial
from pathlib import PurePosixPath
from typing import TypeVar

from xsec.errors import Conflict, Forbidden, InvalidValue, Refused, Unavailable, Uncertain, XsecError
from xsec.ports import FileInfo, Owner

T = TypeVar("T")

_TEMPORARY = ".xsec-"
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK  # a FIFO put there must not block us
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_APPEND = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC

_REMEDIES = {
    errno.ENOSPC: "df -h; free space, then try again",
    errno.EDQUOT: "quota -v; free space, then try again",
    errno.EROFS: "mount; the file system is read-only",
    errno.EIO: "dmesg | tail; the disk reported an error",
    errno.EMFILE: "ulimit -n; too many files are open",
    errno.ENFILE: "sysctl fs.file-nr; too many files are open",
    errno.EFBIG: "ulimit -f; a file size limit is in force",
}


@contextmanager
def _told(path: PurePosixPath) -> Iterator[None]:
    """Turn an operating-system error into one of ours that names the path and the cause."""
    try:
        yield
    except (FileNotFoundError, FileExistsError):
        raise
    except OSError as error:
        raise _ours(path, error) from error


def _ours(path: PurePosixPath, error: OSError) -> XsecError:
    reason = os.strerror(error.errno) if error.errno else str(error)
    match error.errno:
        case errno.ELOOP | errno.ENOTDIR:
            return Refused(f"{path}: a link or a file stands where a folder is expected", where=str(path))
        case errno.EACCES | errno.EPERM:
            return Forbidden(f"{path}: {reason.lower()}", where=str(path), remedy="run it as root")
        case _:
            remedy = _REMEDIES.get(error.errno or 0, "")
            return Unavailable(f"{path}: {reason.lower()}", where=str(path), remedy=remedy)


def _again(call: Callable[[], T]) -> T:
    """Repeat a call that a signal interrupted: Python does so for most calls, not for rename and link."""
    while True:
        try:
            return call()
        except InterruptedError:
            continue


def _write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        written = os.write(fd, view)  # may be short: a file size limit, a full disk, a signal
        view = view[written:]


class RootedFiles:
    """Files below one folder that stands for the host's `/`."""

    def __init__(self, root: str) -> None:
        self.root = root

    @property
    def uid(self) -> int:
        return os.geteuid()

    def on_disk(self, path: PurePosixPath) -> str:
        return os.path.join(self.root, str(path).lstrip("/"))

    # Opening -----------------------------------------------------------------------------------------

    def _folder(self, path: PurePosixPath) -> int:
        """A descriptor of the folder, reached component by component without following a link."""
        fd = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        for part in self._parts(path):
            try:
                below = os.open(part, _FOLDER, dir_fd=fd)
            finally:
                os.close(fd)
            fd = below
        return fd

    @staticmethod
    def _parts(path: PurePosixPath) -> tuple[str, ...]:
        parts = tuple(part for part in path.parts if part != "/")
        if ".." in parts:
            raise Refused(f"{path}: '..' is not allowed", where=str(path))
        return parts

    @contextmanager
    def _in(self, path: PurePosixPath) -> Iterator[int]:
        with _told(path):
            fd = self._folder(path.parent)
            try:
                yield fd
            finally:
                os.close(fd)

    @contextmanager
    def _opened(self, path: PurePosixPath) -> Iterator[tuple[int, os.stat_result]]:
        with self._in(path) as folder:
            fd = os.open(path.name, _READ, dir_fd=folder)
            try:
                facts = os.fstat(fd)
                if not stat.S_ISREG(facts.st_mode):
                    raise Refused(f"{path}: not a regular file", where=str(path))
                yield fd, facts
            finally:
                os.close(fd)

    # Reading -----------------------------------------------------------------------------------------

    def read(self, path: PurePosixPath, *, limit: int = 1 << 28) -> bytes:
        with self._opened(path) as (fd, facts):
            if facts.st_size > limit:
                raise InvalidValue(f"{path}: {facts.st_size} octets", allowed=f"at most {limit} octets")
            chunks: list[bytes] = []
            while chunk := os.read(fd, 1 << 20):
                chunks.append(chunk)
            return b"".join(chunks)

    def map(self, path: PurePosixPath) -> memoryview:
        with self._opened(path) as (fd, facts):
            if facts.st_size == 0:
                return memoryview(b"")
            return memoryview(mmap.mmap(fd, 0, access=mmap.ACCESS_READ))

    def info(self, path: PurePosixPath) -> FileInfo | None:
        try:
            with self._in(path) as folder:
                facts = os.stat(path.name or ".", dir_fd=folder, follow_symlinks=False)
        except FileNotFoundError:
            return None
        return FileInfo(
            size=facts.st_size,
            mode=stat.S_IMODE(facts.st_mode),
            owner=Owner(uid=facts.st_uid, gid=facts.st_gid),
            links=facts.st_nlink,
            inode=facts.st_ino,
            modified_ns=facts.st_mtime_ns,
            changed_ns=facts.st_ctime_ns,
            is_folder=stat.S_ISDIR(facts.st_mode),
        )

    def names(self, path: PurePosixPath) -> tuple[str, ...]:
        try:
            with _told(path):
                fd = self._folder(path)
                try:
                    return tuple(sorted(os.listdir(fd)))
                finally:
                    os.close(fd)
        except FileNotFoundError:
            return ()

    # Writing -----------------------------------------------------------------------------------------

    def make_folder(self, path: PurePosixPath, *, mode: int = 0o700) -> None:
        with _told(path):
            fd = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                for part in self._parts(path):
                    try:
                        _again(partial(os.mkdir, part, mode, dir_fd=fd))
                        os.fsync(fd)
                    except FileExistsError:
                        pass
                    below = os.open(part, _FOLDER, dir_fd=fd)
                    os.close(fd)
                    fd = below
            finally:
                os.close(fd)

    def _temporary(self, folder: int, data: bytes, mode: int, owner: Owner | None) -> str:
        """A new file in the folder with the data on disk; nothing is left behind on an error."""
        name = f"{_TEMPORARY}{os.getpid()}-{os.urandom(6).hex()}.tmp"
        fd = os.open(name, _CREATE, 0o600, dir_fd=folder)
        try:
            try:
                _write_all(fd, data)
                os.fchmod(fd, mode)
                if owner is not None and os.geteuid() == 0:
                    os.fchown(fd, owner.uid, owner.gid)
                os.fsync(fd)
            finally:
                os.close(fd)
        except BaseException:
            self._drop(name, folder)
            raise
        return name

    @staticmethod
    def _drop(name: str, folder: int) -> None:
        with suppress(OSError):
            _again(lambda: os.unlink(name, dir_fd=folder))

    def create(
        self, path: PurePosixPath, data: bytes, *, mode: int = 0o600, owner: Owner | None = None
    ) -> None:
        with self._in(path) as folder:
            name = self._temporary(folder, data, mode, owner)
            try:
                _again(lambda: os.link(name, path.name, src_dir_fd=folder, dst_dir_fd=folder))
            finally:
                self._drop(name, folder)
            os.fsync(folder)

    def replace(
        self, path: PurePosixPath, data: bytes, *, mode: int = 0o600, owner: Owner | None = None
    ) -> None:
        with self._in(path) as folder:
            name = self._temporary(folder, data, mode, owner)
            try:
                _again(lambda: os.rename(name, path.name, src_dir_fd=folder, dst_dir_fd=folder))
            except BaseException:
                self._drop(name, folder)
                raise
            self._settle(folder, path)

    def publish(
        self, data: bytes, *, claim: PurePosixPath, pointer: PurePosixPath, mode: int = 0o600
    ) -> None:
        if claim.parent != pointer.parent:
            raise ValueError("claim and pointer stand in one folder: one fsync makes both durable")
        with self._in(claim) as folder:
            name = self._temporary(folder, data, mode, None)
            try:
                _again(lambda: os.link(name, claim.name, src_dir_fd=folder, dst_dir_fd=folder))
                try:
                    _again(lambda: os.rename(name, pointer.name, src_dir_fd=folder, dst_dir_fd=folder))
                except OSError:
                    # only an error of rename itself: an interruption may come after it has succeeded
                    self._drop(claim.name, folder)
                    raise
            except BaseException:
                self._drop(name, folder)
                raise
            self._settle(folder, pointer)

    @staticmethod
    def _settle(folder: int, path: PurePosixPath) -> None:
        """Make a rename durable; after it the change may be in force whatever the disk says."""
        try:
            os.fsync(folder)
        except OSError as error:
            reason = os.strerror(error.errno or 0).lower()
            raise Uncertain(
                f"{path}: {reason} after the change was made: it may be in force",
                where=str(path),
                remedy="xsec history",
            ) from error

    def append(self, path: PurePosixPath, data: bytes, *, mode: int = 0o600) -> None:
        with self._in(path) as folder:
            try:
                fd = os.open(
                    path.name, os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder
                )
                fresh = False
            except FileNotFoundError:
                fd = os.open(path.name, _APPEND, mode, dir_fd=folder)
                fresh = True
            try:
                before = os.fstat(fd).st_size
                try:
                    _write_all(fd, data)
                    os.fsync(fd)
                except BaseException:
                    with suppress(OSError):
                        os.ftruncate(fd, before)
                    raise
            finally:
                os.close(fd)
            if fresh:
                os.fsync(folder)

    def remove(self, path: PurePosixPath) -> None:
        with suppress(FileNotFoundError), self._in(path) as folder:
            _again(lambda: os.unlink(path.name, dir_fd=folder))
            os.fsync(folder)

    def remove_tree(self, path: PurePosixPath) -> None:
        with suppress(FileNotFoundError), self._in(path) as folder:
            self._remove_tree(path.name, folder)
            os.fsync(folder)

    def _remove_tree(self, name: str, folder: int) -> None:
        try:
            fd = os.open(name, _FOLDER, dir_fd=folder)
        except NotADirectoryError:
            _again(lambda: os.unlink(name, dir_fd=folder))
            return
        except OSError as error:
            if error.errno != errno.ELOOP:
                raise
            _again(lambda: os.unlink(name, dir_fd=folder))  # a link: it goes, not what it names
            return
        try:
            for below in os.listdir(fd):
                self._remove_tree(below, fd)
        finally:
            os.close(fd)
        _again(lambda: os.rmdir(name, dir_fd=folder))

    def settle(self, path: PurePosixPath) -> None:
        with _told(path):
            fd = self._folder(path)
            try:
                os.fsync(fd)
            finally:
                os.close(fd)

    def sweep(self, path: PurePosixPath) -> None:
        """Remove temporary files that an interrupted write of ours left in the folder."""
        for name in self.names(path):
            if name.startswith(_TEMPORARY) and name.endswith(".tmp"):
                self.remove(path / name)

    # Locking -----------------------------------------------------------------------------------------

    @contextmanager
    def lock(self, path: PurePosixPath, *, patience: timedelta) -> Iterator[None]:
        with self._in(path) as folder:
            # the lock file is never unlinked or replaced: two holders at once otherwise (rules.md DU-4)
            fd = os.open(
                path.name, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=folder
            )
        try:
            self._wait_for(fd, path, patience)
            yield
        finally:
            os.close(fd)

    @staticmethod
    def _wait_for(fd: int, path: PurePosixPath, patience: timedelta) -> None:
        end = time.monotonic() + patience.total_seconds()
        pause = 0.002
        while True:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except (BlockingIOError, InterruptedError):
                if time.monotonic() >= end:
                    raise Conflict(
                        "another xsec command holds the lock",
                        where=str(path),
                        remedy="try again when it has ended",
                    ) from None
                time.sleep(pause)
                pause = min(pause * 1.5, 0.05)
            except OSError as error:
                raise _ours(path, error) from error
            else:
                return

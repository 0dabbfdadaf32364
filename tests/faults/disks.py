"""Real file systems in files: mounted by loop, cut off by the shutdown ioctl, filled to the last octet."""

from __future__ import annotations

import fcntl
import os
import shutil
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_SHUTDOWN = 0x8004587D  # FS_IOC_SHUTDOWN, _IOR('X', 125, __u32)
JOURNAL_FLUSHED = 1  # GOING_FLAGS_LOGFLUSH
JOURNAL_LOST = 2  # GOING_FLAGS_NOLOGFLUSH

# noauto_da_alloc and writeback: the file system does nothing for programs that forget an fsync
_MAKE = {
    "ext4": (["mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0", "-J", "size=4"], 24),
    "xfs": (["mkfs.xfs", "-q", "-f"], 320),
}
_OPTIONS = {"ext4": "noauto_da_alloc,data=writeback,commit=300", "xfs": "defaults"}


class NoDisk(Exception):
    """This machine cannot do it."""


def _run(*argv: str) -> None:
    done = subprocess.run(argv, capture_output=True, check=False)
    if done.returncode != 0:
        raise NoDisk(f"{argv[0]}: {done.stderr.decode('utf-8', 'replace').strip()}")


def unmount(place: Path) -> None:
    """Unmount whatever is there; a mount that is busy is detached."""
    with suppress(NoDisk):
        _run("umount", str(place))
        return
    with suppress(NoDisk):
        _run("umount", "-l", str(place))


@dataclass(slots=True)
class Disk:
    """One file system in a file, and where it is mounted."""

    kind: str
    device: str
    place: Path

    def mount(self) -> None:
        _run("mount", "-t", self.kind, "-o", _OPTIONS[self.kind], self.device, str(self.place))

    def cut(self, how: int) -> None:
        """Power is gone: nothing that is not on the disk gets there."""
        fd = os.open(self.place, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.ioctl(fd, _SHUTDOWN, struct.pack("I", how))
        finally:
            os.close(fd)

    def power_cycle(self, how: int) -> None:
        """Cut the power and mount again."""
        self.cut(how)
        _run("umount", str(self.place))
        self.mount()


@contextmanager
def disk(kind: str, folder: Path) -> Iterator[Disk]:
    """A fresh file system, mounted; unmounted, detached and removed at the end whatever happens."""
    program, megabytes = _MAKE[kind]
    if os.geteuid() != 0 or not shutil.which(program[0], path="/usr/sbin:/sbin:/usr/bin:/bin"):
        raise NoDisk(f"{program[0]} or root")
    image, place = folder / f"{kind}.img", folder / kind
    place.mkdir()
    with image.open("wb") as file:
        file.truncate(megabytes << 20)
    try:
        done = subprocess.run(
            ["losetup", "--find", "--show", str(image)], capture_output=True, check=False, text=True
        )
        if done.returncode != 0:
            raise NoDisk(f"losetup: {done.stderr.strip()}")
        device = done.stdout.strip()
        try:
            _run(*program, device)
            made = Disk(kind=kind, device=device, place=place)
            made.mount()
            try:
                yield made
            finally:
                unmount(place)
        finally:
            subprocess.run(["losetup", "-d", device], check=False)
    finally:
        image.unlink(missing_ok=True)


@contextmanager
def memory(folder: Path, options: str) -> Iterator[Path]:
    """A small tmpfs."""
    place = folder / "tmpfs"
    place.mkdir()
    if os.geteuid() != 0:
        raise NoDisk("root")
    _run("mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place))
    try:
        yield place
    finally:
        unmount(place)


def fill(place: Path) -> None:
    """Write until there is no room for one octet more."""
    fd = os.open(place / "filler", os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        for size in (1 << 20, 1 << 12, 1):
            with suppress(OSError):
                while True:
                    os.write(fd, bytes(size))
        with suppress(OSError):
            os.fsync(fd)
    finally:
        os.close(fd)


def use_all_inodes(place: Path) -> int:
    """Make empty files until no more can be made."""
    count = 0
    folder = place / "fillers"
    with suppress(OSError):
        folder.mkdir()
        while True:
            (folder / str(count)).touch()
            count += 1
    return count

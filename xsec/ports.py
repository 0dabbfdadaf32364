"""The doors to the outside world.  Everything else is computed from values."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import PurePosixPath
from typing import Protocol


class Clock(Protocol):
    """Time: `now` for what is judged, `monotonic` for what is measured."""

    def now(self) -> datetime:
        """The wall clock, aware UTC."""

    def monotonic(self) -> float:
        """Seconds that never run backwards."""

    def wait(self, seconds: float) -> None:
        """Let time pass."""


class Entropy(Protocol):
    """Random bytes for nonces, serials and identifiers; keys come from the library."""

    def bytes(self, count: int) -> bytes: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """User and group as numbers."""

    uid: int = 0
    gid: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FileInfo:
    """What an open file is."""

    size: int
    mode: int
    owner: Owner
    links: int
    inode: int
    modified_ns: int
    changed_ns: int
    is_folder: bool = False


class Files(Protocol):
    """Files below the managed root, by their absolute path on the managed host.

    No link is followed below the root.  Each call that writes is whole and durable by itself: it returns
    after fsync of the file and of its folder, and an error leaves what was there.  The order of calls is the
    caller's.  A missing file is `FileNotFoundError`; a full disk, a read-only file system, an I/O error is
    `Unavailable` that names the cause.
    """

    @property
    def uid(self) -> int:
        """The user as whom files are written."""

    def read(self, path: PurePosixPath, *, limit: int = 1 << 28) -> bytes:
        """The whole file; `InvalidValue` when it is larger than `limit` octets."""

    def map(self, path: PurePosixPath) -> memoryview:
        """The whole file as read-only memory."""

    def info(self, path: PurePosixPath) -> FileInfo | None:
        """What the path is, or None when nothing is there."""

    def names(self, path: PurePosixPath) -> tuple[str, ...]:
        """The names in a folder, sorted; none when it does not exist."""

    def make_folder(self, path: PurePosixPath, *, mode: int = 0o700) -> None:
        """Make the folder and its parents where missing."""

    def create(
        self, path: PurePosixPath, data: bytes, *, mode: int = 0o600, owner: Owner | None = None
    ) -> None:
        """Write a file that must not exist; `FileExistsError` when it does."""

    def replace(
        self, path: PurePosixPath, data: bytes, *, mode: int = 0o600, owner: Owner | None = None
    ) -> None:
        """Write a file whole, in the place of any former one."""

    def publish(
        self, data: bytes, *, claim: PurePosixPath, pointer: PurePosixPath, mode: int = 0o600
    ) -> None:
        """Write `data` under the name `claim`, then move `pointer` onto it (rules.md DU-1).

        `FileExistsError` when the claim is taken.  `Uncertain` when the pointer moved and the folder's
        fsync then failed: the change may be in force.
        """

    def append(self, path: PurePosixPath, data: bytes, *, mode: int = 0o600) -> None:
        """Add to the end of a file, which is made when missing."""

    def remove(self, path: PurePosixPath) -> None:
        """Remove a file; nothing to do is success."""

    def remove_tree(self, path: PurePosixPath) -> None:
        """Remove a folder with all below it; nothing to do is success."""

    def settle(self, path: PurePosixPath) -> None:
        """Make the names in a folder durable, whoever made them: before a found state is built upon."""

    def sweep(self, path: PurePosixPath) -> None:
        """Remove temporary files that an interrupted write left in the folder."""

    def lock(self, path: PurePosixPath, *, patience: timedelta) -> AbstractContextManager[None]:
        """Hold the exclusive lock; `Conflict` when it is not to be had within `patience`."""

    def on_disk(self, path: PurePosixPath) -> str:
        """The path as a program outside the root must name it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """How a program ended: its exit status (negative: the signal) and what it printed, bounded."""

    status: int
    stdout: bytes
    stderr: bytes


class Runner(Protocol):
    """Programs by absolute path: argument list, no shell, minimal environment, null stdin, bounded."""

    def find(self, name: str) -> str | None:
        """The absolute path of a program in the system's folders, or None."""

    def run(
        self,
        argv: Sequence[str],
        *,
        stdin: bytes = b"",
        timeout: timedelta = timedelta(seconds=60),
        environment: Sequence[tuple[str, str]] = (),
    ) -> Finished:
        """Run to the end; `Unavailable` when it cannot start or does not end in time."""

    def start(self, argv: Sequence[str], *, environment: Sequence[tuple[str, str]] = ()) -> int:
        """Start a program that stays, in a session of its own with null streams; its process number."""

    def children(self, pid: int) -> tuple[tuple[int, str], ...]:
        """Process number and command line of each child of a process."""

    def command(self, pid: int) -> str:
        """The command line of a process; empty when it is gone."""

    def alive(self, pid: int) -> bool:
        """Whether the process exists."""

    def signal(self, pid: int, name: str) -> None:
        """Send a signal by its name, such as SIGHUP; a process that is gone is success."""


class Connection(Protocol):
    """One stream to a peer."""

    def send(self, data: bytes) -> None: ...

    def receive(self, limit: int) -> bytes:
        """Up to `limit` octets; empty when the peer has closed."""

    def close(self) -> None: ...


class Dialer(Protocol):
    """Outgoing connections under one deadline."""

    def dial(self, host: str, port: int, *, timeout: timedelta) -> Connection:
        """Connect, with `timeout` for everything on the connection; `Unavailable` when that fails."""

    def free_port(self) -> int:
        """A port on 127.0.0.1 that nobody listened on a moment ago."""

    def lend(self, data: bytes) -> AbstractContextManager[str]:
        """A path under which a library of this process can read `data`, which never reaches a disk."""


class Terminal(Protocol):
    """The person, if there is one."""

    @property
    def interactive(self) -> bool:
        """Whether a person can answer."""

    def confirm(self, question: str) -> bool:
        """Ask yes or no on a terminal."""

    def ask(self, question: str, default: str) -> str:
        """Ask for one line; an empty answer is the default."""

    def edit(self, path: str) -> None:
        """Open the operator's editor on a file and wait for it."""

    def read_secret(self, prompt: str) -> bytearray:
        """Ask for a secret without echo."""

    def say(self, text: str) -> None:
        """One line of talk on stderr."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who runs the command."""

    uid: int
    name: str
    command: str = field(default="")
    """The command path without values, for the log."""


class Syslog(Protocol):
    """The host's log, where it has one."""

    def send(self, line: str) -> None: ...


class World(Protocol):
    """The doors a procedure may use; the Host is one, a test's double another."""

    @property
    def clock(self) -> Clock: ...

    @property
    def files(self) -> Files: ...

    @property
    def runner(self) -> Runner: ...

    @property
    def dialer(self) -> Dialer: ...

    @property
    def entropy(self) -> Entropy: ...

    @property
    def terminal(self) -> Terminal: ...

"""Files in memory, with a power cut or an error at any effect.

Every call of `Files` is several effects here, as on a disk: a temporary file appears, gets its name, the
temporary name goes.  `CrashingFiles(at=n)` stops in place of effect n; `restarted()` is what is found then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import PurePosixPath

from xsec.errors import Conflict, InvalidValue, Refused
from xsec.ports import FileInfo, Owner


class PowerLoss(BaseException):
    """The power went; nothing after this happens.  A BaseException, so that no handler swallows it."""


@dataclass(slots=True, kw_only=True)
class _Node:
    data: bytes
    mode: int
    owner: Owner
    inode: int
    changed: int


@dataclass(slots=True)
class MemoryFiles:
    """`Files` in memory.  `effects` lists each change as it was made durable: (what, path)."""

    effects: list[tuple[str, str]] = field(default_factory=list)
    _nodes: dict[PurePosixPath, _Node] = field(default_factory=dict)
    _folders: dict[PurePosixPath, int] = field(default_factory=lambda: {PurePosixPath("/"): 0o755})
    _locks: set[PurePosixPath] = field(default_factory=set)
    _ticks: int = 0
    uid: int = 0

    # Effects: each happens whole ---------------------------------------------------------------------

    def _effect(self, what: str, path: PurePosixPath, make: Callable[[], object]) -> None:
        make()
        self.effects.append((what, str(path)))

    def _tick(self) -> int:
        self._ticks += 1
        return self._ticks

    @contextmanager
    def _temporary(
        self, path: PurePosixPath, data: bytes, mode: int, owner: Owner | None
    ) -> Iterator[tuple[PurePosixPath, _Node]]:
        """A temporary file beside `path`; gone after an error, left after a power cut."""
        self._need_folder(path.parent)
        tick = self._tick()
        node = _Node(data=bytes(data), mode=mode, owner=owner or Owner(), inode=tick, changed=tick)
        name = path.parent / f".xsec-{tick}.tmp"
        self._effect("write", name, lambda: self._nodes.update({name: node}))
        try:
            yield name, node
        except Exception:
            self._nodes.pop(name, None)
            raise

    def _need_folder(self, path: PurePosixPath) -> None:
        if path in self._nodes:
            raise Refused(f"{path}: a link or a file stands where a folder is expected", where=str(path))
        if path not in self._folders:
            raise FileNotFoundError(str(path))

    # Reading -----------------------------------------------------------------------------------------

    def read(self, path: PurePosixPath, *, limit: int = 1 << 28) -> bytes:
        data = self._node(path).data
        if len(data) > limit:
            raise InvalidValue(f"{path}: {len(data)} octets", allowed=f"at most {limit} octets")
        return data

    def map(self, path: PurePosixPath) -> memoryview:
        return memoryview(self._node(path).data)

    def _node(self, path: PurePosixPath) -> _Node:
        if path in self._folders:
            raise Refused(f"{path}: not a regular file", where=str(path))
        if path not in self._nodes:
            raise FileNotFoundError(str(path))
        return self._nodes[path]

    def info(self, path: PurePosixPath) -> FileInfo | None:
        if path in self._folders:
            return FileInfo(
                size=0,
                mode=self._folders[path],
                owner=Owner(),
                links=2,
                inode=0,
                modified_ns=0,
                changed_ns=0,
                is_folder=True,
            )
        node = self._nodes.get(path)
        if node is None:
            return None
        return FileInfo(
            size=len(node.data),
            mode=node.mode,
            owner=node.owner,
            links=sum(other is node for other in self._nodes.values()),
            inode=node.inode,
            modified_ns=node.changed,
            changed_ns=node.changed,
        )

    def names(self, path: PurePosixPath) -> tuple[str, ...]:
        return tuple(sorted(p.name for p in (*self._nodes, *self._folders) if p.parent == path != p))

    def on_disk(self, path: PurePosixPath) -> str:
        return f"/memory{path}"

    # Writing -----------------------------------------------------------------------------------------

    def make_folder(self, path: PurePosixPath, *, mode: int = 0o700) -> None:
        for folder in (*reversed(path.parents), path):
            if folder in self._nodes:
                self._need_folder(folder)
            if folder not in self._folders:
                self._make_one(folder, mode)

    def _make_one(self, folder: PurePosixPath, mode: int) -> None:
        self._effect("folder", folder, lambda: self._folders.update({folder: mode}))

    def create(
        self, path: PurePosixPath, data: bytes, *, mode: int = 0o600, owner: Owner | None = None
    ) -> None:
        with self._temporary(path, data, mode, owner) as (temporary, node):
            self._link(path, node)
            self._effect("unlink", temporary, lambda: self._nodes.pop(temporary))

    def _link(self, path: PurePosixPath, node: _Node) -> None:
        if path in self._nodes or path in self._folders:
            raise FileExistsError(str(path))
        self._effect("link", path, lambda: self._nodes.update({path: node}))

    def replace(
        self, path: PurePosixPath, data: bytes, *, mode: int = 0o600, owner: Owner | None = None
    ) -> None:
        with self._temporary(path, data, mode, owner) as (temporary, _):
            self._rename(temporary, path)

    def _rename(self, temporary: PurePosixPath, path: PurePosixPath) -> None:
        self._effect("rename", path, lambda: self._nodes.update({path: self._nodes.pop(temporary)}))

    def publish(
        self, data: bytes, *, claim: PurePosixPath, pointer: PurePosixPath, mode: int = 0o600
    ) -> None:
        with self._temporary(claim, data, mode, None) as (temporary, node):
            self._link(claim, node)
            try:
                self._rename(temporary, pointer)
            except Exception:
                self._nodes.pop(claim, None)
                raise

    def append(self, path: PurePosixPath, data: bytes, *, mode: int = 0o600) -> None:
        self._need_folder(path.parent)
        if path not in self._nodes:
            empty = _Node(data=b"", mode=mode, owner=Owner(), inode=self._tick(), changed=self._ticks)
            self._effect("link", path, lambda: self._nodes.update({path: empty}))
        node = self._node(path)
        # a cut can leave half of what was appended: only a rename is whole
        half = len(data) // 2
        for part in (data[:half], data[half:]):
            self._effect("append", path, partial(self._grow, node, part))

    def _grow(self, node: _Node, data: bytes) -> None:
        node.data += data
        node.changed = self._tick()

    def remove(self, path: PurePosixPath) -> None:
        if path in self._nodes:
            self._effect("unlink", path, lambda: self._nodes.pop(path))

    def remove_tree(self, path: PurePosixPath) -> None:
        for below in sorted((p for p in self._nodes if p == path or path in p.parents), reverse=True):
            self.remove(below)
        for folder in sorted((p for p in self._folders if p == path or path in p.parents), reverse=True):
            self._drop_folder(folder)

    def _drop_folder(self, folder: PurePosixPath) -> None:
        self._effect("rmdir", folder, lambda: self._folders.pop(folder))

    def settle(self, path: PurePosixPath) -> None:
        self._need_folder(path)

    def sweep(self, path: PurePosixPath) -> None:
        for name in self.names(path):
            if name.startswith(".xsec-") and name.endswith(".tmp"):
                self.remove(path / name)

    @contextmanager
    def lock(self, path: PurePosixPath, *, patience: timedelta) -> Iterator[None]:
        self._need_folder(path.parent)
        if path in self._locks:
            raise Conflict("another xsec command holds the lock", where=str(path))
        self._locks.add(path)
        try:
            yield
        finally:
            self._locks.discard(path)  # a killed process's lock goes with it

    # For tests ---------------------------------------------------------------------------------------

    def contents(self) -> dict[str, bytes]:
        """Every file's octets by its path."""
        return {str(path): node.data for path, node in sorted(self._nodes.items())}

    def tamper(self, path: PurePosixPath | str, data: bytes) -> None:
        """Another's hand: new octets in the same file, with no effect counted."""
        self._nodes[PurePosixPath(path)].data = data

    def restarted(self) -> MemoryFiles:
        """What the next process finds: the same files, no lock held, no trouble planned, no effects yet."""
        nodes: dict[int, _Node] = {}
        for node in self._nodes.values():
            nodes[id(node)] = _Node(
                data=node.data, mode=node.mode, owner=node.owner, inode=node.inode, changed=node.changed
            )
        return MemoryFiles(
            _nodes={path: nodes[id(node)] for path, node in self._nodes.items()},
            _folders=dict(self._folders),
            _ticks=self._ticks,
        )


@dataclass(slots=True)
class CrashingFiles(MemoryFiles):
    """Files whose effect number `at` (from 0) does not happen: `trouble` comes in its place.

    After a power cut every further effect is refused too, so that a `finally` cannot tidy up.  An error of
    another kind (such as `Unavailable`, a full disk) comes once.
    """

    at: int = 0
    trouble: BaseException = field(default_factory=PowerLoss)
    struck: bool = False

    def _effect(self, what: str, path: PurePosixPath, make: Callable[[], object]) -> None:
        if len(self.effects) == self.at and (not self.struck or isinstance(self.trouble, PowerLoss)):
            self.struck = True
            raise self.trouble
        # super() without arguments does not work in a slotted dataclass, which is made twice
        MemoryFiles._effect(self, what, path, make)

    @classmethod
    def on(cls, files: MemoryFiles, *, at: int, trouble: BaseException | None = None) -> CrashingFiles:
        """A copy of these files in which trouble comes in place of effect `at`."""
        copy = files.restarted()
        return cls(
            _nodes=copy._nodes,
            _folders=copy._folders,
            _ticks=copy._ticks,
            at=at,
            trouble=trouble or PowerLoss(),
        )


def every_crash(
    start: MemoryFiles, operation: Callable[[MemoryFiles], object], *, trouble: BaseException | None = None
) -> Iterator[tuple[int, MemoryFiles]]:
    """Run once to count effects, then once for each with trouble in its place: (effect, what is found).

    An error that `operation` reports is its own business; a power cut ends it.
    """
    whole = start.restarted()
    operation(whole)
    for at in range(len(whole.effects)):
        files = CrashingFiles.on(start, at=at, trouble=trouble)
        try:
            operation(files)
        except PowerLoss:
            pass
        except Exception as error:
            if trouble is None:
                raise AssertionError(f"a power cut at effect {at} was reported as {error!r}") from error
        yield at, files.restarted()

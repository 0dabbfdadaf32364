"""Effects of an apply on a real host, counted, and cut off at one of them as kill -9 would."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path, PurePosixPath
from typing import TypeVar

from tests.doubles.files import PowerLoss
from xsec.edge.files import RootedFiles
from xsec.edge.process import SystemRunner
from xsec.ports import Finished, Owner

T = TypeVar("T")


class Knife:
    """Counts effects; at effect `at` the process dies, before it or right after it."""

    def __init__(self, at: int = 0, *, after: bool = False) -> None:
        self.at = at
        self.after = after
        self.count = 0
        self.names: list[str] = []

    def effect(self, name: str, make: Callable[[], T]) -> T:
        self.count += 1
        self.names.append(name)
        if self.count == self.at and not self.after:
            raise PowerLoss(name)
        done = make()
        if self.count == self.at:
            raise PowerLoss(name)
        return done


class CutFiles(RootedFiles):
    """Files of a scratch root under the knife."""

    def __init__(self, root: Path, knife: Knife) -> None:
        super().__init__(str(root))
        self._knife = knife

    def make_folder(self, path: PurePosixPath, *, mode: int = 0o700) -> None:
        make = super().make_folder
        self._knife.effect(f"make {path}", lambda: make(path, mode=mode))

    def replace(
        self, path: PurePosixPath, data: bytes, *, mode: int = 0o600, owner: Owner | None = None
    ) -> None:
        make = super().replace
        self._knife.effect(f"replace {path}", lambda: make(path, data, mode=mode, owner=owner))

    def remove(self, path: PurePosixPath) -> None:
        make = super().remove
        self._knife.effect(f"remove {path}", lambda: make(path))

    def remove_tree(self, path: PurePosixPath) -> None:
        make = super().remove_tree
        self._knife.effect(f"remove tree {path}", lambda: make(path))


class CutRunner(SystemRunner):
    """Programs under the knife."""

    def __init__(self, knife: Knife) -> None:
        self._knife = knife

    def run(
        self,
        argv: Sequence[str],
        *,
        stdin: bytes = b"",
        timeout: timedelta = timedelta(seconds=60),
        environment: Sequence[tuple[str, str]] = (),
    ) -> Finished:
        make = super().run
        return self._knife.effect(
            f"run {argv[0]}",
            lambda: make(argv, stdin=stdin, timeout=timeout, environment=environment),
        )

    def start(self, argv: Sequence[str], *, environment: Sequence[tuple[str, str]] = ()) -> int:
        make = super().start
        return self._knife.effect(f"start {argv[0]}", lambda: make(argv, environment=environment))

    def signal(self, pid: int, name: str) -> None:
        make = super().signal
        self._knife.effect(f"signal {name}", lambda: make(pid, name))

"""Rows R1 and R2: every fault at every point of one command, and what came of each."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults import inject, oracle
from tests.faults.cases import PORT, Case, job, prepared
from tests.faults.driver import Job, clone, run
from tests.faults.inject import Fault, Point
from tests.faults.oracle import Look

_PROBE = (*PORT, "10443")


@dataclass(slots=True)
class Swept:
    """What a sweep did and found."""

    points: int = 0
    faults: int = 0
    missed: int = 0
    codes: Counter[int] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


class Sweep:
    """One command of one build under faults."""

    def __init__(self, case: Case, folder: Path, place: Path, *, broken: str = "") -> None:
        self.case = case
        self.folder = folder
        self.place = place
        self.broken = broken
        self.base = prepared(case, folder, place)
        self.trace = folder / "trace"
        self.number = 0
        self.before = oracle.look(self.base, loose=case.loose)
        root = self._fresh()
        ran, self.points = inject.count(self._job(root), self.trace)
        self.after = oracle.look(root, loose=case.loose)
        if ran.code != 0 or self.before.content == self.after.content:
            raise RuntimeError(f"{case.name}: exit {ran.code}, changed nothing: {ran.text}{ran.out.decode()}")
        if self.before.wrong or self.after.wrong:
            raise RuntimeError(f"{case.name}: {self.before.wrong} {self.after.wrong}")
        shutil.rmtree(root)

    def _fresh(self) -> Path:
        self.number += 1
        root = self.folder / f"root{self.number:05d}"
        clone(self.base, root)
        return root

    def _job(self, root: Path) -> Job:
        return self.case.job(root, self.place, broken=self.broken)

    def all(self, faults: Sequence[Fault] | None = None, *, until: str = "") -> Swept:
        """Try each fault in turn, all when none are given; stop when `until` was found."""
        swept = Swept(points=len(self.points))
        for fault in inject.faults(self.points) if faults is None else faults:
            root = self._fresh()
            wrong = self._one(root, fault, swept)
            swept.wrong += [f"{self.case.name}: {fault}: {what}" for what in wrong]
            shutil.rmtree(root)
            if until and any(until in line for line in swept.wrong):
                break
        return swept

    def _one(self, root: Path, fault: Fault, swept: Swept) -> list[str]:
        ran, met = inject.inject(self._job(root), fault, self.trace)
        if not met:
            swept.missed += 1
            return []
        swept.faults += 1
        swept.codes[ran.code] += 1
        now = oracle.look(root, loose=self.case.loose)
        wrong = oracle.judge(self.before.content, self.after.content, now, ran, fault)
        if fault.kind != "KILL" and fault.point.call != "unlinkat":
            wrong += [f"left over at once: {name}" for name in oracle.leftovers(root) if now.content]
        if wrong:
            return [*wrong, f"  exit {ran.code}: {ran.text.strip()[:300]}"]
        return self._next(root, now)

    def _next(self, root: Path, now: Look) -> list[str]:
        """The next command succeeds and leaves everything in order."""
        if now.content == self.before.content:
            again = run(self._job(root))
            then = oracle.look(root, loose=self.case.loose)
            if again.code != 0 or then.content != self.after.content:
                return [f"the same command again: exit {again.code}: {again.text.strip()[:300]} {then.wrong}"]
        probe = run(job(_PROBE, root, self.place, broken=self.broken))
        if probe.code != 0:
            return [f"the next command: exit {probe.code}: {probe.text.strip()[:300]}"]
        then = oracle.look(root)
        wrong = [*then.wrong, *oracle.logs(root)]
        if "('management', 'interface', 'port')=10443" not in then.content:
            wrong.append("the next command is acknowledged and lost")
        return wrong + [f"left over: {name}" for name in oracle.leftovers(root)]


def sample(points: Sequence[Point], count: int, seed: int) -> list[Fault]:
    """Some of the faults at some of the points, the same for the same seed."""
    chosen = inject.faults(tuple(points))
    return random.Random(seed).sample(  # noqa: S311  (the same faults each time)
        chosen, min(count, len(chosen))
    )

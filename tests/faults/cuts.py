"""Row R3: power cuts at every call of a command, and what is left after the next boot."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults import inject, oracle
from tests.faults.cases import PORT, Case, job, prepared
from tests.faults.disks import JOURNAL_FLUSHED, JOURNAL_LOST, Disk
from tests.faults.driver import Job, clone, run
from tests.faults.inject import Fault, Point

FLAGS = {"journal flushed": JOURNAL_FLUSHED, "journal lost": JOURNAL_LOST}


@dataclass(slots=True)
class Cuts:
    """How many cuts were made and what was wrong after them."""

    points: int = 0
    cuts: int = 0
    old: int = 0
    new: int = 0
    wrong: list[str] = field(default_factory=list)


class PowerCut:
    """One command of one build on one disk."""

    def __init__(self, case: Case, disk: Disk, folder: Path, place: Path, *, broken: str = "") -> None:
        self.case = case
        self.disk = disk
        self.place = place
        self.broken = broken
        self.trace = folder / "trace"
        self.base = prepared(case, folder, place)
        self.before = oracle.look(self.base, loose=case.loose)
        root = self._fresh()
        ran, self.points = inject.count(self._job(root), self.trace)
        self.after = oracle.look(root, loose=case.loose)
        if ran.code != 0 or self.after.content == self.before.content:
            raise RuntimeError(f"{case.name}: exit {ran.code}: {ran.text}")

    def _fresh(self) -> Path:
        root = self.disk.place / "host"
        if root.exists():
            shutil.rmtree(root)
        clone(self.base, root)
        os.sync()
        return root

    def _job(self, root: Path) -> Job:
        return self.case.job(root, self.place, broken=self.broken)

    def at(self, points: Sequence[Point], how: str) -> Cuts:
        """Kill at each point and cut the power; at the end also after the command has answered."""
        told = Cuts(points=len(points))
        for point in points:
            self._cut(Fault(kind="KILL", point=point), how, told)
        self._cut(None, how, told)
        self._again(points, how, told)
        return told

    def _cut(self, fault: Fault | None, how: str, told: Cuts) -> None:
        root = self._fresh()
        if fault is None:
            code = run(self._job(root)).code
        else:
            code = inject.inject(self._job(root), fault, self.trace)[0].code
        self._judge(root, code, how, told, str(fault or "after the answer"))

    def _judge(self, root: Path, code: int, how: str, told: Cuts, at: str) -> None:
        """Cut, boot, look; then the next command must succeed, and last a second time."""
        told.cuts += 1
        self.disk.power_cycle(FLAGS[how])
        now = oracle.look(root, loose=self.case.loose)
        told.old += now.content == self.before.content
        told.new += now.content == self.after.content
        place = f"{self.disk.kind}, {how}, {at}"
        wrong = list(now.wrong)
        if not wrong and now.content not in {self.before.content, self.after.content}:
            wrong.append("neither the old nor the new generation")
        if code == 0 and now.content != self.after.content:
            wrong.append("acknowledged and lost")
        if not wrong:
            if now.content == self.before.content and self.case.empty:
                again = run(self._job(root))
                wrong += [] if again.code == 0 else [f"again: exit {again.code}: {again.text[:200]}"]
            ran = run(job((*PORT, "10443"), root, self.place, broken=self.broken))
            if ran.code != 0:
                wrong.append(f"the next command: exit {ran.code}: {ran.text[:200]}")
            else:
                wrong += oracle.logs(root)
            wrong += [f"left over: {name}" for name in oracle.leftovers(root)]
        told.wrong += [f"{self.case.name}: {place}: {what}" for what in wrong]

    def _again(self, points: Sequence[Point], how: str, told: Cuts) -> None:
        """Killed at a point, then asked again, then cut: what the second run says is there must be there."""
        for point in points:
            if point.call != "fsync":
                continue
            root = self._fresh()
            inject.inject(self._job(root), Fault(kind="KILL", point=point), self.trace)
            if self.case.empty and oracle.look(root, loose=self.case.loose).content != oracle.NOTHING:
                continue
            ran = run(self._job(root))
            self._judge(
                root,
                ran.code,
                how,
                told,
                f"killed at fsync #{point.ordinal}, asked again, answered {ran.code}",
            )

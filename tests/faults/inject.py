"""Faults at system calls, by strace: which calls change the state folder, and one of them made to fail."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from tests.faults.driver import Child, Job, Ran

CHANGING = (
    "openat,creat,write,pwrite64,writev,fsync,fdatasync,link,linkat,rename,renameat,renameat2,unlink,unlinkat,"
    "rmdir,mkdir,mkdirat,ftruncate,fchmod,fchmodat,fchown,fchownat,flock,symlinkat,fallocate"
)
ERRORS = ("ENOSPC", "EIO", "EROFS", "EINTR", "EDQUOT", "EMFILE")
_VITAL = {"openat", "write", "fsync", "linkat", "renameat"}
_PLACES = re.compile(r"/xsec/(config|objects|secrets)\b")
_CALL = re.compile(r"^(?:\d+ +)?(\w+)\((.*)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """The `ordinal`-th call of one name, and how it was traced."""

    call: str
    ordinal: int
    line: str
    vital: bool = False
    """Whether the commit itself rests on it: a failure here may never be reported as success."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What happens at a point."""

    kind: str
    point: Point

    @property
    def expression(self) -> str:
        effect = {"KILL": "signal=KILL", "ZERO": "retval=0"}.get(self.kind, f"error={self.kind}")
        return f"inject={self.point.call}:{effect}:when={self.point.ordinal}"

    def __str__(self) -> str:
        return f"{self.kind} at {self.point.call} #{self.point.ordinal} [{self.point.line[:120]}]"


def traced(job: Job, trace: Path, expression: str = "") -> tuple[Ran, list[str]]:
    """Run under strace; returns how it ended and the calls that were traced."""
    child = Child(job)
    argv = ["strace", "-y", "-s", "8", "-o", str(trace), "-e", f"trace={CHANGING}"]
    if expression:
        argv += ["-e", expression]
    with subprocess.Popen([*argv, "-p", str(child.pid)], stderr=subprocess.PIPE) as tracer:
        assert tracer.stderr is not None
        said = tracer.stderr.readline()
        if b"attached" not in said:
            raise RuntimeError(f"strace: {said!r}")
        child.go()
        ran = child.finish()
    return ran, trace.read_text("utf-8", "replace").splitlines()


def points(lines: list[str], root: Path) -> Iterator[Point]:
    """The calls that change what is below the root, from the first one on."""
    seen: Counter[str] = Counter()
    begun = False
    for line in lines:
        match = _CALL.match(line)
        if match is None:
            continue
        call = match[1]
        seen[call] += 1
        if str(root) in line and (call != "openat" or "O_CREAT" in line):
            vital = call in _VITAL and _PLACES.search(line) is not None
            begun = begun or (vital and call == "openat")  # what comes before is recovery
            yield Point(
                call=call, ordinal=seen[call], line=line.replace(str(root), ""), vital=vital and begun
            )


def count(job: Job, trace: Path) -> tuple[Ran, tuple[Point, ...]]:
    """Run once without a fault; returns the points."""
    ran, lines = traced(job, trace)
    return ran, tuple(points(lines, job.root))


def inject(job: Job, fault: Fault, trace: Path) -> tuple[Ran, bool]:
    """Run with the fault; also whether it met a call that changes what is below the root."""
    if fault.kind == "SHORT":
        ran, _ = traced(replace(job, short_write=fault.point.ordinal), trace)
        return ran, True
    ran, lines = traced(job, trace, fault.expression)
    if fault.kind == "KILL":
        return ran, ran.code == -9 and bool(lines) and any(str(job.root) in line for line in lines[-3:])
    return ran, any("(INJECTED)" in line and str(job.root) in line for line in lines)


def faults(found: tuple[Point, ...]) -> tuple[Fault, ...]:
    """Every fault at every point."""
    made: list[Fault] = []
    writes = 0
    for point in found:
        made += [Fault(kind=kind, point=point) for kind in ("KILL", *ERRORS)]
        if point.call == "write":
            writes += 1
            made.append(Fault(kind="ZERO", point=point))
            made.append(Fault(kind="SHORT", point=replace(point, ordinal=writes)))
    return tuple(made)

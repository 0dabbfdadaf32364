"""R1 and R2: kill -9, six errors and short writes at every state-changing call of every changing command."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest

from tests.faults import inject
from tests.faults.cases import CASES, Case
from tests.faults.conftest import Row
from tests.faults.sweep import Sweep, sample

# what the detector must say of each broken build, and with which faults
BROKEN = {
    "in place": (("KILL",), "unreadable"),
    "short writes": (("SHORT", "ZERO"), "unreadable"),
    "no recovery": (("KILL",), "the same command again: exit 4"),
    "no sweep": (("KILL",), "left over"),
    "deaf": (("EIO",), "a call that the commit rests on was reported as success"),
    "mute": (("ENOSPC",), "the message does not say"),
    "no log": (("KILL",), "is not in the log"),
    "no last log": (("KILL",), "the last one logged is not"),
    "no catch-up": (("KILL",), "is not in the log"),
}


@pytest.fixture(autouse=True)
def strace(row: Row) -> None:
    if shutil.which("strace") is None:
        row.cannot("strace is not installed")


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES])
def test_a_fault_leaves_the_old_or_the_new_generation_and_the_next_command_succeeds(
    case: Case, folder: Path, place: Path, row: Row, full: bool
) -> None:
    start = time.monotonic()
    sweep = Sweep(case, folder, place)
    done = sweep.all(None if full else sample(sweep.points, 3, seed=len(case.name)))
    codes = ", ".join(f"{count} x {code}" for code, count in sorted(done.codes.items()))
    row.tell(
        f"R1/R2 {case.name}: {done.points} points, {done.faults} faults ({codes}), {done.missed} missed, "
        f"{len(done.wrong)} wrong, {time.monotonic() - start:.1f} s"
    )
    assert not done.wrong, "\n" + "\n".join(done.wrong[:40])
    assert done.missed == 0
    assert done.points > 5


@pytest.mark.parametrize("variant", BROKEN)
def test_a_build_that_breaks_a_rule_is_found(
    variant: str, folder: Path, place: Path, row: Row, full: bool
) -> None:
    kinds, said = BROKEN[variant]
    sweep = Sweep(CASES[0], folder, place, broken=variant)
    chosen = [fault for fault in inject.faults(sweep.points) if fault.kind in kinds]
    done = sweep.all(chosen, until="" if full else said)
    found = [line for line in done.wrong if said in line]
    row.tell(f"R1/R2 broken build, {variant}: {done.faults} faults, {len(found)} times {said!r}")
    assert found

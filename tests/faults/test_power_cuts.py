"""R3: power cuts at every call of a commit, on ext4 and xfs, with the journal flushed and not."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults import disks
from tests.faults.cases import ALONE, CASES, Case
from tests.faults.conftest import FULL, Row
from tests.faults.cuts import FLAGS, PowerCut
from tests.faults.disks import Disk

NAMES: tuple[str, ...] = (
    "xconfiguration set",
    "xconfiguration secret",
    "rollback",
    "setup",
    "trust add",
    "cert install",
    "crl upload",
)
if not FULL:
    NAMES = NAMES[:1]
COMMANDS = (ALONE, *(case for case in CASES if case.name in NAMES))
BROKEN = {"no folder fsync": "acknowledged and lost", "no file fsync": "unreadable"}


@pytest.fixture(scope="module", params=["ext4", "xfs"])
def disk(request: pytest.FixtureRequest, area: Path, row: Row) -> Iterator[Disk]:
    try:
        with disks.disk(request.param, area) as made:
            yield made
    except disks.NoDisk as error:
        row.cannot(f"{request.param}: {error}")


@pytest.mark.parametrize("how", FLAGS if FULL else ("journal lost",))
@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in COMMANDS])
def test_a_power_cut_leaves_the_old_or_the_new_generation_and_loses_nothing_acknowledged(
    disk: Disk, case: Case, how: str, folder: Path, place: Path, row: Row, full: bool
) -> None:
    start = time.monotonic()
    cut = PowerCut(case, disk, folder, place)
    points = cut.points
    if not full and case is not ALONE:
        points = tuple(point for point in points if point.call == "fsync" and "/config" in point.line)
    done = cut.at(points, how)
    row.tell(
        f"R3 {disk.kind}, {how}, {case.name}: {done.points} points, {done.cuts} cuts "
        f"({done.old} old, {done.new} new), {len(done.wrong)} wrong, {time.monotonic() - start:.1f} s"
    )
    assert not done.wrong, "\n" + "\n".join(done.wrong[:40])


@pytest.mark.parametrize("variant", BROKEN)
def test_a_build_without_an_fsync_is_found(
    disk: Disk, variant: str, folder: Path, place: Path, row: Row
) -> None:
    cut = PowerCut(ALONE, disk, folder, place, broken=variant)
    done = cut.at(cut.points, "journal lost" if variant == "no folder fsync" else "journal flushed")
    found = [line for line in done.wrong if BROKEN[variant] in line]
    row.tell(
        f"R3 {disk.kind}, broken build, {variant}: {done.cuts} cuts, {len(found)} times {BROKEN[variant]!r}"
    )
    assert found

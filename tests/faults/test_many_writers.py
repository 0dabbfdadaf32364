"""R4 and R5: sixteen processes making 25 changes each, with and without kill -9."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults import writers
from tests.faults.conftest import Row
from tests.faults.driver import make_store
from tests.faults.writers import Load


@pytest.fixture
def root(folder: Path) -> Path:
    made = folder / "root"
    made.mkdir()
    make_store(made)
    return made


def tell(row: Row, name: str, load: Load) -> None:
    row.tell(
        f"{name}: {len(load.acknowledged)} acknowledged, {len(load.refused)} refused as conflicts, "
        f"{load.killed} killed, {load.reads} reads meanwhile, {len(load.wrong)} wrong, {load.seconds:.1f} s"
    )


def test_of_many_changes_at_the_same_time_none_is_lost(root: Path, row: Row, full: bool) -> None:
    count, changes = (16, 25) if full else (8, 4)
    load = writers.forked(root, writers=count, changes=changes)
    tell(row, f"R4 {count} x {changes}, forked", load)
    assert load.wrong == []
    assert len(load.acknowledged) + len(load.refused) == count * changes


def test_of_many_commands_at_the_same_time_none_is_lost(root: Path, row: Row, full: bool) -> None:
    count, changes = (16, 25) if full else (4, 2)
    load = writers.real(root, writers=count, changes=changes)
    tell(row, f"R4 {count} x {changes}, the real program", load)
    assert load.wrong == []
    assert len(load.acknowledged) + len(load.refused) == count * changes


def test_nothing_acknowledged_is_lost_while_writers_are_killed(root: Path, row: Row, full: bool) -> None:
    count, changes, every = (16, 40, 0.02) if full else (8, 4, 0.02)
    load = writers.forked(root, writers=count, changes=changes, kills=every)
    tell(row, f"R5 {count} x {changes}, forked", load)
    assert load.wrong == []
    assert load.killed > 0


def test_nothing_acknowledged_is_lost_while_commands_are_killed(root: Path, row: Row, full: bool) -> None:
    count, changes = (16, 25) if full else (4, 2)
    load = writers.real(root, writers=count, changes=changes, kill=0.5)
    tell(row, f"R5 {count} x {changes}, the real program", load)
    assert load.wrong == []


def test_a_build_without_the_lock_is_found(root: Path, row: Row) -> None:
    load = writers.forked(root, writers=8, changes=10, variant="no lock")
    found = [line for line in load.wrong if "lost" in line]
    row.tell(f"R4 broken build, no lock: {len(load.acknowledged)} acknowledged; {found}")
    assert found

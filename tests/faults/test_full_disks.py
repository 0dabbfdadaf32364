"""R7: full disk, no inodes, read-only, file size limit: the old state, exit 6 with the reason, a way back."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from tests.faults import disks, oracle
from tests.faults.cases import CASES, PORT, Case, inputs, job, prepared
from tests.faults.conftest import Row
from tests.faults.driver import NoonHost, Ran, clone, make_store, run

KINDS = ("tmpfs", "ext4")


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest, folder: Path, row: Row) -> Iterator[Path]:
    """A small file system with a store that has been changed twice."""
    with ExitStack() as stack:
        try:
            if request.param == "tmpfs":
                made = stack.enter_context(disks.memory(folder, "size=4m,nr_inodes=200"))
            else:
                made = stack.enter_context(disks.disk("ext4", folder)).place
        except disks.NoDisk as error:
            row.cannot(f"{request.param}: {error}")
            return
        root = made / "host"
        root.mkdir()
        make_store(root)
        for port in ("8443", "9443"):
            assert change(root, port).code == 0
        yield made


def change(root: Path, port: str) -> Ran:
    return run(job((*PORT, port), root, root))


def port(root: Path) -> object:
    return oracle.setting(root, "Management Interface Port")


def refused(ran: Ran, reason: str) -> None:
    assert ran.code == 6, ran.text
    assert reason in ran.text
    assert oracle.rude(ran) == []


def recovered(root: Path) -> None:
    """With room again the next command succeeds and nothing is left of the trouble."""
    ran = change(root, "10443")
    assert ran.code == 0, ran.text
    assert port(root) == 10443
    assert oracle.look(root).wrong == ()
    assert oracle.logs(root) == []
    assert oracle.leftovers(root) == []


def test_a_full_disk_keeps_the_old_state_and_rolls_back(place: Path, row: Row) -> None:
    root = place / "host"
    disks.fill(place)
    refused(change(root, "7443"), "no space left on device")
    assert port(root) == 9443
    assert oracle.leftovers(root) == []
    ran = run(job(("rollback", "2", "--yes"), root, place))
    assert ran.code == 0, ran.text
    assert port(root) == 8443
    assert oracle.look(root).wrong == ()
    (place / "filler").unlink()
    recovered(root)
    row.tell("R7 full disk: refused with the reason, rolled back, recovered")


def test_the_reserve_is_set_aside_again_when_there_is_room(place: Path) -> None:
    root = place / "host"
    disks.fill(place)
    assert run(job(("rollback", "2", "--yes"), root, place)).code == 0
    (place / "filler").unlink()
    recovered(root)
    disks.fill(place)
    ran = run(job(("rollback", "2", "--yes"), root, place))
    assert ran.code == 0, ran.text


def test_a_full_disk_can_be_rolled_back_over_and_over(place: Path) -> None:
    root = place / "host"
    disks.fill(place)
    for number, wanted in ((2, 8443), (3, 9443), (2, 8443), (3, 9443)):
        ran = run(job(("rollback", str(number), "--yes"), root, place))
        assert ran.code == 0, ran.text
        assert port(root) == wanted


def test_no_inode_left_keeps_the_old_state_and_rolls_back(place: Path, row: Row) -> None:
    root = place / "host"
    made = disks.use_all_inodes(place)
    refused(change(root, "7443"), "no space left on device")
    assert port(root) == 9443
    ran = run(job(("rollback", "2", "--yes"), root, place))
    assert ran.code == 0, ran.text
    assert port(root) == 8443
    subprocess.run(["rm", "-r", str(place / "fillers")], check=True)
    recovered(root)
    row.tell(f"R7 no inodes ({made} made): refused with the reason, rolled back, recovered")


def test_a_read_only_file_system_is_named_and_can_be_read(place: Path, row: Row) -> None:
    root = place / "host"
    subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)
    try:
        refused(change(root, "7443"), "read-only file system")
        refused(run(job(("rollback", "2", "--yes"), root, place)), "read-only file system")
        assert port(root) == 9443
        shown = run(job(("xconfiguration", "Management", "Interface", "Port"), root, place))
        assert (shown.code, b"9443" in shown.out) == (0, True)
        assert run(job(("history",), root, place)).code == 0
    finally:
        subprocess.run(["mount", "-o", "remount,rw", str(place)], check=True)
    recovered(root)
    row.tell("R7 read-only: refused with the reason, read, recovered")


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES if not case.empty])
def test_a_file_size_limit_is_named_and_leaves_the_old_or_the_new_state(
    case: Case, folder: Path, area: Path, row: Row, full: bool
) -> None:
    files = inputs(area)
    base = prepared(case, folder, files)
    before = oracle.look(base).content
    trial = folder / "trial"
    clone(base, trial)
    assert run(case.job(trial, files)).code == 0
    after = oracle.look(trial).content
    limits = range(0, 4096, 64) if full else (0, 300)
    codes = set()
    for limit in limits:
        root = folder / f"limit{limit}"
        clone(base, root)
        ran = run(replace(case.job(root, files), file_size_limit=limit))
        codes.add(ran.code)
        assert oracle.rude(ran) == []
        assert ran.code in {0, 6}, ran.text
        now = oracle.look(root)
        assert now.wrong == ()
        assert now.content == (after if ran.code == 0 else before)
        assert "file too large" in ran.text or limit > 1000
        again = change(root, "10443")
        assert again.code == 0, again.text
        assert oracle.leftovers(root) == []
        assert oracle.logs(root) == []
    row.tell(f"R7 file size limit, {case.name}: {len(limits)} limits, exit codes {sorted(codes)}")


def test_a_store_without_its_reserve_still_reads(place: Path) -> None:
    root = place / "host"
    shutil.rmtree(root / "var/lib/xsec/reserve")
    assert NoonHost(root=str(root), command="look").snapshot().generation == 3
    assert change(root, "7443").code == 0

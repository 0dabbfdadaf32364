"""Stores that others prepared, closed streams, signals in the middle: refused or finished, never hung."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.faults import inject, oracle
from tests.faults.cases import CASES, PORT, Case, job, prepared
from tests.faults.conftest import Row
from tests.faults.driver import PROGRAM, Child, Job, clone, make_store, run

STATE = "var/lib/xsec"
READS = (("history",), ("xconfiguration", "Management", "Interface", "Port"), ("config", "show"), ("status",))
CHANGE = (*PORT, "8443")


@pytest.fixture
def root(folder: Path) -> Path:
    made = folder / "root"
    made.mkdir()
    make_store(made)
    assert run(job(CHANGE, made, made)).code == 0
    return made


def clear(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)


def fifo(path: Path) -> None:
    clear(path)
    os.mkfifo(path)


def dangling(path: Path) -> None:
    clear(path)
    path.symlink_to("/nowhere/at/all")


def folder_there(path: Path) -> None:
    clear(path)
    path.mkdir()


def unreadable(path: Path) -> None:
    clear(path)
    path.write_bytes(b"\x1b[2J\x00\xff" * 100)


# what a changing command reads or opens itself
PLACES = (
    "config/current",
    "config/00000002.yaml",
    "lock",
    "keyring",
    "log/configuration.head",
    "log/configuration.00000001.log",
    "log/configuration.lock",
    "status/alarms.json",
    "reserve",
)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("what", [fifo, dangling, folder_there, unreadable])
def test_a_strange_thing_in_the_place_of_a_file_neither_hangs_nor_is_followed(
    root: Path, place: str, what: Callable[[Path], None], full: bool
) -> None:
    path = root / STATE / place
    path.parent.mkdir(exist_ok=True)
    what(path)
    some = (READS[1], (*PORT, "9443"), ("rollback", "1", "--yes"))
    for words in (*some, *READS, ("log", "verify"), ("doctor",)) if full else some:
        ran = run(job(words, root, root), seconds=20)
        assert oracle.rude(ran) == [], (words, ran.text)
        assert ran.code in {0, 1, 3, 4, 6, 7}, (words, ran)
    assert not Path("/nowhere").exists()


@pytest.mark.parametrize("name", ["", "config", "objects", "secrets", "log", "status", "cache"])
def test_a_link_in_the_place_of_a_folder_is_not_followed(root: Path, folder: Path, name: str) -> None:
    outside = folder / "outside"
    path = root / STATE / name
    path.rename(outside)
    path.symlink_to(outside)
    before = oracle.inventory(outside)
    ran = run(job((*PORT, "9443"), root, root))
    assert oracle.rude(ran) == []
    assert ran.code in {0, 3}, ran.text
    assert oracle.inventory(outside) == before
    if name in {"", "config"}:
        assert ran.code == 3
        assert "link" in ran.text


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o1777])
def test_a_store_that_others_can_write_to_is_refused_with_a_remedy(root: Path, mode: int) -> None:
    (root / STATE).chmod(mode)
    before = oracle.inventory(root)
    for words in (*READS, (*PORT, "9443"), ("rollback", "1", "--yes")):
        ran = run(job(words, root, root))
        assert ran.code == 3, (words, ran)
        assert "chmod 700" in ran.text
    assert oracle.inventory(root) == before


def test_a_store_of_another_user_is_refused(root: Path, row: Row) -> None:
    if os.geteuid() != 0:
        row.cannot("not root")
    os.chown(root / STATE, 12345, 12345)
    for words in (*READS, (*PORT, "9443")):
        ran = run(job(words, root, root))
        assert ran.code == 3, (words, ran)


@pytest.mark.parametrize("words", [("config", "show"), ("xconfiguration",), ("history",), ("--help",)])
def test_a_reader_that_goes_away_ends_the_command_quietly(root: Path, words: tuple[str, ...]) -> None:
    with subprocess.Popen(
        [str(PROGRAM), *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={"XSEC_ROOT": str(root), "PATH": "/usr/bin:/bin"},
    ) as command:
        assert command.stdout is not None
        assert command.stderr is not None
        command.stdout.close()
        said = command.stderr.read()
        code = command.wait(30)
    assert code in {0, 141}
    assert b"Traceback" not in said
    assert b"Exception" not in said


@pytest.mark.parametrize("closed", ["1>&-", "2>&-", "0<&-", "0<&- 1>&- 2>&-", "1>/dev/full", "2>/dev/full"])
@pytest.mark.parametrize("words", [(*CHANGE[:-1], "9443"), ("history",)], ids=["change", "history"])
def test_closed_and_full_streams_do_not_undo_a_change(
    root: Path, words: tuple[str, ...], closed: str
) -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", f'exec "$0" "$@" {closed}', str(PROGRAM), *words],
        capture_output=True,
        timeout=30,
        check=False,
        env={"XSEC_ROOT": str(root), "PATH": "/usr/bin:/bin"},
    )
    both = done.stdout + done.stderr
    assert b"Traceback" not in both
    assert b"a bug in xsec" not in both
    assert done.returncode in ({0, 6, 141} if "1>" in closed else {0})
    if words[0] == "xconfiguration":
        assert oracle.setting(root, "Management Interface Port") == 9443
    assert oracle.look(root).wrong == ()


def test_ctrl_c_at_each_call_of_a_commit_leaves_the_old_or_the_new_generation(
    folder: Path, place: Path, row: Row, full: bool
) -> None:
    case = CASES[0]
    base = prepared(case, folder, place)
    trial = folder / "trial"
    clone(base, trial)
    ran, points = inject.count(case.job(trial, place), folder / "trace")
    assert ran.code == 0
    before, after = oracle.look(base).content, oracle.look(trial).content
    codes = set()
    for number, point in enumerate(points if full else points[::4]):
        root = folder / f"root{number}"
        clone(base, root)
        expression = f"inject={point.call}:signal=INT:when={point.ordinal}"
        ran, _ = inject.traced(case.job(root, place), folder / "trace", expression)
        codes.add(ran.code)
        assert oracle.rude(ran) == [], (point, ran.text)
        assert ran.code in {0, 130}, (point, ran)
        now = oracle.look(root)
        assert now.wrong == ()
        assert now.content in {before, after}
        assert ran.code != 0 or now.content == after
        again = run(job((*PORT, "10443"), root, place))
        assert again.code == 0, again.text
        assert oracle.leftovers(root) == [], point
        assert oracle.logs(root) == []
    row.tell(
        f"SIGINT at {len(points if full else points[::4])} points of a change: exit codes {sorted(codes)}"
    )


@pytest.mark.parametrize("name", ["TERM", "HUP"])
def test_a_command_that_waits_for_the_lock_can_be_ended(root: Path, name: str) -> None:
    import fcntl

    with (root / STATE / "lock").open("rb+") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        child = Child(Job(args=(*PORT, "9443"), root=root))
        child.go()
        os.kill(child.pid, getattr(signal, f"SIG{name}"))
        ran = child.finish(20)
    assert ran.code in {-15, -1, 130, 143}
    assert oracle.setting(root, "Management Interface Port") == 8443


# Modes (R14) ---------------------------------------------------------------------------------------------


def wide(root: Path) -> list[str]:
    """What others may read, write or enter, below the store."""
    state = root / STATE
    return [
        f"{path.relative_to(root)} {path.lstat().st_mode & 0o7777:04o}"
        for path in (state, *state.rglob("*"))
        if path.lstat().st_mode & 0o7777 & ~(0o700 if path.is_dir() else 0o600)
    ]


def _made(case: Case, folder: Path, place: Path, *, broken: str = "") -> Path:
    root = folder / "mine"
    root.mkdir()

    def make(where: Path) -> None:
        os.umask(0)
        make_store(where)

    assert run(Job(args=("make",), root=root, act=make, umask=0)).code == 0
    for words in case.before:
        ran = run(replace(job(words, root, place), umask=0))
        assert ran.code == 0, ran.text
    ran = run(replace(case.job(root, place, broken=broken), umask=0))
    assert ran.code == 0, ran.text
    return root


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES])
def test_under_a_hostile_umask_nothing_in_the_store_is_open_to_others(
    case: Case, folder: Path, place: Path, row: Row
) -> None:
    assert wide(_made(case, folder, place)) == []


def test_a_build_that_leaves_modes_to_the_umask_is_found(folder: Path, place: Path) -> None:
    assert wide(_made(CASES[0], folder, place, broken="wide"))

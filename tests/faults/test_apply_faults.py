"""R1 and R2 for `xsec apply`: killed or failing at any call, nginx goes on and the next apply succeeds."""

from __future__ import annotations

import os
import random
import signal
import socket
import ssl
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults import inject, oracle
from tests.faults.cases import cut, job
from tests.faults.conftest import Row
from tests.faults.driver import Ran, make_store, run
from tests.faults.inject import ERRORS, Fault

pytestmark = pytest.mark.needs("nginx", "strace", "root")

FLOORS = ("TLSv1.2", "TLSv1.3")


class Live:
    """A host whose https service is carried by an nginx of its own on loopback."""

    def __init__(self, root: Path, place: Path) -> None:
        self.root = root
        self.place = place
        make_store(root)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        for words in (
            ("xconfiguration", "Management Interface Port:", str(self.port)),
            ("xconfiguration", "Service Https Address:", "127.0.0.1"),
            ("xconfiguration", "Service Https Daemon:", "nginx"),
            cut("trust add {in}/root.pem --yes"),
            cut("cert install {in}/server.pem --key {in}/server.key --yes"),
        ):
            self.must(*words)

    def must(self, *words: str) -> Ran:
        ran = run(job(words, self.root, self.place))
        assert ran.code == 0, (words, ran)
        return ran

    def floor(self, version: str) -> None:
        """Save a floor; it is in force after an apply."""
        self.must("tls", "set", "https", "--minimum-version", version, "--yes")

    def accepts(self, version: ssl.TLSVersion) -> bool:
        """Whether a client that speaks only this version is served."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.minimum_version = context.maximum_version = version
        try:
            with socket.create_connection(("127.0.0.1", self.port), 5) as raw, context.wrap_socket(raw):
                return True
        except (ssl.SSLError, OSError):
            return False

    def in_force(self) -> str:
        """The floor that clients meet; empty when nobody answers."""
        if not self.accepts(ssl.TLSVersion.TLSv1_3):
            return ""
        return FLOORS[0] if self.accepts(ssl.TLSVersion.TLSv1_2) else FLOORS[1]

    def masters(self) -> list[int]:
        """Processes whose command line names this root."""
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and int(entry.name) != os.getpid():
                try:
                    line = (entry / "cmdline").read_bytes()
                except OSError:
                    continue
                if str(self.root).encode() in line:
                    found.append(int(entry.name))
        return found

    def end(self) -> None:
        for pid in self.masters():
            os.kill(pid, signal.SIGTERM)


@pytest.fixture
def live(folder: Path, place: Path, row: Row) -> Iterator[Live]:
    root = folder / "host"
    root.mkdir()
    made = Live(root, place)
    try:
        yield made
    finally:
        made.end()


def _faults(points: tuple[inject.Point, ...]) -> list[Fault]:
    """A kill at every call, and one of the errors at every call that can meet it, in turn."""
    kills = [Fault(kind="KILL", point=point) for point in points]
    able = [point for point in points if "EEXIST" not in point.line and point.call != "flock"]
    hard = [kind for kind in ERRORS if kind != "EINTR"]
    return kills + [Fault(kind=hard[n % len(hard)], point=point) for n, point in enumerate(able)]


def _answer(ran: Ran, fault: Fault, now: str, old: str, new: str) -> list[str]:
    """What is wrong right after the fault."""
    wrong = oracle.rude(ran)
    if not now:
        wrong.append("the service does not answer")
    if ran.code == 0 and now != new:
        wrong.append("said to be applied and is not in force")
    if ran.code in {6, 8} and now != old and "may be in force" not in ran.text:
        wrong.append("said not to be applied and is in force")
    if fault.kind != "KILL" and ran.code not in {0, 6, 8}:
        wrong.append(f"exit {ran.code}")
    return [*wrong, f"  exit {ran.code}: {ran.text.strip()[:300]}"] if wrong else []


def _next(live: Live, new: str) -> list[str]:
    """What is wrong after the next apply."""
    wrong = []
    again = run(job(("apply",), live.root, live.place))
    if again.code != 0:
        wrong.append(f"the next apply: exit {again.code}: {again.text.strip()[:300]}")
    if live.in_force() != new:
        wrong.append("not in force after the next apply")
    told = run(job(("service", "verify"), live.root, live.place))
    if told.code != 0:
        wrong.append(f"service verify: exit {told.code}: {told.text.strip()[:200]} {told.out[-300:]!r}")
    for name in oracle.leftovers(live.root):
        wrong.append(f"left over: {name}")
        (live.root / name).unlink()  # told once
    if len(live.masters()) != 1:
        wrong.append(f"{len(live.masters())} nginx masters")
    return wrong


def _one(live: Live, fault: Fault, old: str, new: str, trace: Path, codes: Counter[int]) -> list[str] | None:
    """Save, apply with a fault, look, apply again; None when the fault was not met."""
    live.floor(new)
    ran, met = inject.inject(job(("apply",), live.root, live.place), fault, trace)
    codes[ran.code] += 1
    wrong = [*_answer(ran, fault, live.in_force(), old, new), *_next(live, new)]
    return wrong if met else (wrong or None)


def test_an_apply_that_is_killed_or_fails_leaves_a_service_and_the_next_apply_succeeds(
    live: Live, folder: Path, row: Row, full: bool
) -> None:
    start = time.monotonic()
    old, new = FLOORS
    live.floor(old)
    live.must("apply")
    for _ in range(2):  # both renderings are there from now on
        live.floor(new)
        live.must("apply")
        old, new = new, old
    live.floor(new)
    ran, points = inject.count(job(("apply",), live.root, live.place), folder / "trace")
    assert ran.code == 0, ran.text
    old, new = new, old
    faults = _faults(points)
    chosen = faults if full else random.Random(5).sample(faults, 3)  # noqa: S311  (the same each time)
    wrong, missed, codes = [], 0, Counter[int]()
    for fault in chosen:
        found = _one(live, fault, old, new, folder / "trace", codes)
        missed += found is None
        wrong += [f"{fault}: {what}" for what in found or ()]
        old, new = new, old
        if len(wrong) > 100:
            break
    told = ", ".join(f"{count} x {code}" for code, count in sorted(codes.items()))
    row.tell(
        f"R1/R2 apply: {len(points)} points, {len(chosen) - missed} faults ({told}), {missed} missed, "
        f"{len(wrong)} wrong, {time.monotonic() - start:.1f} s"
    )
    assert not wrong, "\n" + "\n".join(wrong)
    assert missed <= len(chosen) // 10

"""Rows R4 and R5: many processes that change one store at the same time, some of them killed."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults import oracle
from tests.faults.driver import PROGRAM, Child, Job, NoonCall, NoonHost
from xsec import cli

_ACKNOWLEDGED = re.compile(rb"^@(\d+) (\d+)$", re.MULTILINE)


@dataclass(slots=True)
class Load:
    """What writers were told, and what readers saw."""

    acknowledged: set[int] = field(default_factory=set)
    refused: set[int] = field(default_factory=set)
    codes: Counter[int] = field(default_factory=Counter)
    killed: int = 0
    reads: int = 0
    seconds: float = 0
    wrong: list[str] = field(default_factory=list)

    def told(self, number: int, code: int, said: str = "") -> None:
        self.codes[code] += 1
        if code == 0:
            self.acknowledged.add(number)
        elif code == 4:
            self.refused.add(number)
        elif code != -9:
            self.wrong.append(f"change {number}: exit {code}: {said.strip()[:200]}")


def words(number: int) -> tuple[str, ...]:
    """Change `number`: a setting of its own, so that a lost one shows."""
    return ("xconfiguration", f"Zones Zone {number} Name:", f"change {number}")


def present(root: Path) -> set[int]:
    """The changes that are in the configuration in force."""
    values = NoonHost(root=str(root), command="look").snapshot().values
    return {int(key[2]) for key, value in values.items() if key[:2] == ("zones", "zone") and value}


def read(root: Path, load: Load) -> None:
    """Read once: each generation holds one change more than the one before, so a mix would show."""
    load.reads += 1
    now = oracle.look(root)
    count = now.content.count("'zone'")
    if now.wrong:
        load.wrong.append(f"a reader: {now.wrong}")
    elif count != now.generation - 1:
        load.wrong.append(f"a reader saw {count} changes in generation {now.generation}")


def settle(root: Path, load: Load) -> None:
    """What must hold when all have ended."""
    there = present(root)
    if lost := load.acknowledged - there:
        load.wrong.append(f"acknowledged and lost: {len(lost)}: {sorted(lost)[:10]}")
    if ghosts := load.refused & there:
        load.wrong.append(f"refused and made: {sorted(ghosts)[:10]}")


# Forked writers ------------------------------------------------------------------------------------------


class Forked:
    """Writers that fork from here and make their changes one after another."""

    def __init__(self, root: Path, *, writers: int, changes: int, seed: int, variant: str) -> None:
        self.root = root
        self.variant = variant
        self.load = Load()
        self.dice = random.Random(seed)  # noqa: S311  (the same victims each time)
        self.todo = {w: tuple(range(w * changes + 1, (w + 1) * changes + 1)) for w in range(writers)}
        self.running: dict[int, Child] = {}
        for writer in self.todo:
            self.spawn(writer)

    def spawn(self, writer: int) -> None:
        numbers = self.todo[writer]
        if not numbers:
            return

        def act(root: Path) -> None:
            for number in numbers:
                code = cli.run(words(number), NoonCall(str(root)))
                os.write(1, b"\n@%d %d\n" % (number, code))

        child = Child(Job(args=("writer",), root=self.root, act=act, broken=self.variant))
        child.go()
        self.running[writer] = child

    def collect(self, writer: int) -> None:
        ran = self.running.pop(writer).finish()
        told = {int(number): int(code) for number, code in _ACKNOWLEDGED.findall(ran.out)}
        for number, code in told.items():
            self.load.told(number, code, ran.text)
        left = tuple(number for number in self.todo[writer] if number not in told)
        if ran.code == -9:
            self.load.killed += 1
            self.todo[writer] = left[1:]  # nobody knows whether the one that was in hand was made
            self.spawn(writer)
        elif left:
            self.load.wrong.append(f"writer {writer} ended with {ran.code}: {ran.text[-300:]}")

    def kill_one(self) -> None:
        victim = self.dice.choice(sorted(self.running))
        os.kill(self.running[victim].pid, signal.SIGKILL)
        self.collect(victim)


def forked(
    root: Path, *, writers: int, changes: int, kills: float = 0, seed: int = 1, variant: str = ""
) -> Load:
    """Let writers loose; with `kills`, one is killed about every so many seconds, and another goes on."""
    start = time.monotonic()
    crew = Forked(root, writers=writers, changes=changes, seed=seed, variant=variant)
    due = start + crew.dice.uniform(0, 2 * kills)
    while crew.running:
        if not variant:
            read(root, crew.load)
        for writer in [w for w, child in crew.running.items() if _over(child.pid)]:
            crew.collect(writer)
        if kills and crew.running and time.monotonic() > due:
            crew.kill_one()
            due = time.monotonic() + crew.dice.uniform(0, 2 * kills)
        time.sleep(0.002)
    crew.load.seconds = time.monotonic() - start
    settle(root, crew.load)
    return crew.load


def _over(pid: int) -> bool:
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


# The real program ----------------------------------------------------------------------------------------


def real(root: Path, *, writers: int, changes: int, kill: float = 0, seed: int = 1) -> Load:
    """Writers that start the real program for each change; with `kill`, that share of them is killed."""
    load, start, lock = Load(), time.monotonic(), threading.Lock()
    env = {"XSEC_ROOT": str(root), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}

    def writer(number: int) -> None:
        dice = random.Random(seed * 1000 + number)  # noqa: S311  (the same each time)
        for change in range(number * changes + 1, (number + 1) * changes + 1):
            argv = [str(PROGRAM), *words(change)]
            with subprocess.Popen(argv, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as run:
                if dice.random() < kill:
                    time.sleep(dice.uniform(0, 0.15 * writers))
                    run.kill()
                _, said = run.communicate(timeout=120)
            with lock:
                load.killed += run.returncode == -9
                load.told(change, run.returncode, said.decode("utf-8", "replace"))

    with ThreadPoolExecutor(writers) as pool:
        waiting = [pool.submit(writer, number) for number in range(writers)]
        while not all(one.done() for one in waiting):
            read(root, load)
            time.sleep(0.02)
        for one in waiting:
            one.result()
    load.seconds = time.monotonic() - start
    settle(root, load)
    return load

"""What all tests share: one moment, a small PKI, scratch hosts, and the rules for tests."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections import Counter
from collections.abc import Generator, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from tests import world as worlds
from xsec.host import Host

# a test run in the background of a shell ignores these, and so would every program that it starts
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

UNIT = Path(__file__).parent / "unit"
PROGRAM_FOLDERS = "/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin"
MISSING: pytest.StashKey[Counter[str]] = pytest.StashKey()


# Options -------------------------------------------------------------------------------------------------


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--require-all",
        action="store_true",
        help="what a test needs and the host has not is a failure, as is every other skip",
    )
    parser.addoption("--update-golden", action="store_true", help="write golden files and transcripts anew")


# The same examples in every run, and no time limit for one: what fails for one fails for all.
hypothesis.settings.register_profile("same every time", derandomize=True, deadline=None, database=None)
hypothesis.settings.load_profile("same every time")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[MISSING] = Counter()
    config.addinivalue_line("markers", "sockets: a unit test of an edge that opens loopback sockets")


# What is missing -----------------------------------------------------------------------------------------


def _there(need: str) -> bool:
    """Whether the host has it: `root`, `loop` (loop devices), or a program by its name."""
    match need:
        case "root":
            return os.geteuid() == 0
        case "loop":
            return os.geteuid() == 0 and Path("/dev/loop-control").exists()
        case _:
            return shutil.which(need, path=PROGRAM_FOLDERS) is not None


def pytest_runtest_setup(item: pytest.Item) -> None:
    needed = [need for marker in item.iter_markers("needs") for need in marker.args]
    missing = [need for need in needed if not _there(need)]
    if missing:
        item.config.stash[MISSING].update(missing)
        pytest.skip(f"needs {', '.join(missing)}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.skipped and item.config.getoption("--require-all") and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid}: {reason} (--require-all)"
    return report


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    if config.stash[MISSING]:
        counts = ", ".join(f"{need} ({count} tests)" for need, count in sorted(config.stash[MISSING].items()))
        terminalreporter.write_line(f"missing on this host: {counts}")


# Unit tests open no socket -------------------------------------------------------------------------------


class _Guard:
    """An audit hook cannot be taken away again, so it is switched."""

    installed = False
    active = False

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.active and event in {"socket.connect", "socket.bind", "socket.getaddrinfo"}:
            raise AssertionError(f"a unit test must not use a socket ({event}): pass a double of the port")


_GUARD = _Guard()


@pytest.fixture(autouse=True)
def _no_sockets(request: pytest.FixtureRequest) -> Iterator[None]:
    if UNIT not in request.path.parents or request.node.get_closest_marker("sockets"):
        yield
        return
    if not _GUARD.installed:
        sys.addaudithook(_GUARD)
        _GUARD.installed = True
    _GUARD.active = True
    try:
        yield
    finally:
        _GUARD.active = False


# Worlds --------------------------------------------------------------------------------------------------


@pytest.fixture
def now() -> datetime:
    """The moment of every test: `tests.world.NOW`."""
    return worlds.NOW


@pytest.fixture(scope="session")
def world() -> worlds.Pki:
    """A root, an issuing authority, server, alice, bob and CRLs; the same octets in every run."""
    return worlds.pki()


@pytest.fixture
def scratch(tmp_path: Path) -> Host:
    """A host in a folder of its own, real edges, at NOW: folders, key ring, an empty generation 1."""
    return worlds.scratch(tmp_path)

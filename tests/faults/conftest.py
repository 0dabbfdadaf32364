"""Fault rows: whole with XSEC_FAULTS=full (`make faults`), a seeded sample otherwise; figures at the end."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults import cases, driver

FULL = os.environ.get("XSEC_FAULTS") == "full"
FIGURES: list[str] = []
SKIPPED: list[str] = []


@pytest.fixture(scope="session")
def full() -> bool:
    """Whether to run every fault at every point."""
    return FULL


@pytest.fixture(scope="session", autouse=True)
def imported() -> None:
    driver.preload()


@pytest.fixture(scope="session")
def area() -> Iterator[Path]:
    """A folder in memory: a row makes thousands of stores."""
    memory = Path("/dev/shm")  # noqa: S108  (mkdtemp makes the folder below it)
    where = memory if os.access(memory, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="xsec-faults-", dir=where) as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def place(area: Path) -> Path:
    """The input files of the commands."""
    return cases.inputs(area)


@pytest.fixture
def folder(area: Path) -> Iterator[Path]:
    """A folder of the test's own, gone with it."""
    with tempfile.TemporaryDirectory(dir=area, ignore_cleanup_errors=True) as made:
        yield Path(made)


class Row:
    """Where a row tells its figures, and that it cannot run."""

    def __init__(self, config: pytest.Config) -> None:
        self.required = bool(config.getoption("--require-all", default=False))

    def tell(self, figures: str) -> None:
        FIGURES.append(figures)

    def cannot(self, why: str) -> None:
        """Skip, and count it; with --require-all fail."""
        SKIPPED.append(why)
        if self.required:
            pytest.fail(f"cannot run here: {why}", pytrace=False)
        pytest.skip(why)


@pytest.fixture(scope="session")
def row(pytestconfig: pytest.Config) -> Row:
    return Row(pytestconfig)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not FIGURES and not SKIPPED:
        return
    terminalreporter.section("faults, whole" if FULL else "faults, a sample (all: make faults)")
    for line in FIGURES:
        terminalreporter.line(line)
    terminalreporter.line(f"rows skipped: {len(SKIPPED)}")

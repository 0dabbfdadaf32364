"""The rules that conftest.py enforces, tried on a small suite of their own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import hypothesis
import pytest

SUITE = """
import pytest

@pytest.mark.needs("no-such-program", "sh")
def test_needing() -> None:
    raise AssertionError("not reached")

@pytest.mark.needs("sh")
def test_having() -> None:
    pass

def test_skipping() -> None:
    pytest.skip("out of a whim")
"""


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    path = tmp_path / "test_small.py"
    path.write_text(SUITE)
    return path


def outcome(suite: Path, *options: str) -> tuple[int, str]:
    here = Path(__file__).parent
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-c",
        str(here.parent / "pyproject.toml"),
    ]
    done = subprocess.run(
        [*command, "-p", "tests.conftest", *options, str(suite)],
        capture_output=True,
        text=True,
        cwd=here.parent,
        check=False,
    )
    return done.returncode, done.stdout


def test_what_is_missing_is_skipped_and_counted(suite: Path) -> None:
    status, text = outcome(suite)
    assert status == 0, text
    assert "1 passed, 2 skipped" in text
    assert "missing on this host: no-such-program (1 tests)" in text


def test_with_require_all_every_skip_is_a_failure(suite: Path) -> None:
    status, text = outcome(suite, "--require-all")
    assert status == 1
    assert "1 failed, 1 passed, 1 error" in text
    assert "needs no-such-program (--require-all)" in text


def test_examples_are_the_same_in_every_run() -> None:
    used = hypothesis.settings()
    assert (used.derandomize, used.database) == (True, None)

"""A journal names everything that may have happened, whenever the process is killed."""

from __future__ import annotations

import pytest

from tests.doubles.files import MemoryFiles
from xsec.errors import Damaged
from xsec.state.journal import FOLDER, Journal, Step

PATH = FOLDER / "apply.json"


def test_without_a_procedure_there_is_no_journal() -> None:
    assert Journal.load(MemoryFiles(), "apply") is None


def test_a_journal_reads_back_with_its_steps_in_order() -> None:
    files = MemoryFiles()
    journal = Journal.begin(files, "apply", {"service": "https"})
    journal.step("write", "/etc/x")
    journal.step("swap", [{"path": "/a", "data": None}])
    found = Journal.load(files, "apply")
    assert found is not None
    assert found.data == {"service": "https"}
    assert found.steps == [
        Step(name="write", undo="/etc/x"),
        Step(name="swap", undo=[{"path": "/a", "data": None}]),
    ]
    assert found.reached("swap")
    assert not found.reached("proven")


def test_a_closed_journal_is_gone() -> None:
    files = MemoryFiles()
    Journal.begin(files, "apply", {}).close()
    assert Journal.load(files, "apply") is None


def test_a_journal_is_for_root_alone() -> None:
    files = MemoryFiles()
    Journal.begin(files, "apply", {})
    info = files.info(PATH)
    assert info is not None
    assert info.mode == 0o600


def test_a_changed_journal_is_damaged_and_not_believed() -> None:
    files = MemoryFiles()
    Journal.begin(files, "apply", {"service": "https"})
    files.tamper(PATH, files.read(PATH).replace(b"https", b"httpx"))
    with pytest.raises(Damaged, match="journal of apply"):
        Journal.load(files, "apply")

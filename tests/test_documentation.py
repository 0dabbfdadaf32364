"""What the README shows is what the transcripts play; what it tells to type exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from xsec.commands.index import COMMANDS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
PLAYED = "\n".join(path.read_text() for path in sorted((ROOT / "tests/transcripts").glob("*.console")))
BLOCKS = re.findall(r"```console\n(.*?)```", README, re.DOTALL)


def test_the_readme_has_five_sessions() -> None:
    assert len(BLOCKS) >= 5


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.splitlines()[0][:40])
def test_a_session_of_the_readme_is_part_of_a_transcript(block: str) -> None:
    assert block in PLAYED


def test_each_command_that_the_readme_names_exists() -> None:
    named = set(re.findall(r"\bxsec ([a-z][a-z-]+)", README))
    assert named <= set(COMMANDS), named - set(COMMANDS)


def test_make_targets_of_the_readme_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z]+)`", README)) <= targets


def test_what_the_readme_quotes_of_the_demo_is_what_it_prints() -> None:
    (quoted,) = re.findall(r"```text\n(.*?)```", README, re.DOTALL)
    printed = set((ROOT / "tests/transcripts/demo.txt").read_text().splitlines())
    assert set(quoted.splitlines()) - {"  ...", ""} <= printed

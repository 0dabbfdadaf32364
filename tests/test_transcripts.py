"""Transcripts are documentation that runs: `$` command, stdout, `! ` stderr, `[n]` exit code other than 0.

Each file is one session on a new host in a folder of its own, at one fixed moment.
Run with --update-golden to write what is printed into the file; the difference is reviewed like code.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

import pytest

from xsec import cli
from xsec.commands.options import Call
from xsec.host import Host
from xsec.ports import Actor

FILES = sorted((Path(__file__).parent / "transcripts").glob("*.console"))
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class FixedClock:
    """Always noon."""

    def now(self) -> datetime:
        return NOON

    def monotonic(self) -> float:
        return 0.0

    def wait(self, seconds: float) -> None:
        return


class SessionHost(Host):
    """The host of a transcript: a scratch root at a fixed moment, managed by root."""

    @cached_property
    def clock(self) -> FixedClock:
        return FixedClock()

    @cached_property
    def actor(self) -> Actor:
        return Actor(uid=0, name="root", command=self.command)


class Session(Call):
    """One command of a transcript."""

    __slots__ = ("folder",)

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder

    def host(self, command: str) -> Host:
        plain = super().host(command)
        return SessionHost(root=self.root or str(self.folder), at=plain.at, command=command)


def played(path: Path, folder: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[str]:
    hostname = folder / "etc/hostname"
    hostname.parent.mkdir(exist_ok=True)
    hostname.write_text("demo\n")
    lines = path.read_text().splitlines()
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        # a blank line belongs to the file only before a comment: any other was printed
        if line.startswith("#") or (not line and following.startswith("#")):
            yield line
        if not line.startswith("$ xsec"):
            continue
        yield line
        code = cli.run(shlex.split(line)[2:], Session(folder))
        seen = capsys.readouterr()
        yield from seen.out.splitlines()
        yield from (f"! {text}" for text in seen.err.splitlines())
        if code:
            yield f"[{code}]"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_transcript_plays_as_it_is_written(
    path: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    pytestconfig: pytest.Config,
) -> None:
    monkeypatch.chdir(path.parent)
    now = "\n".join(line.replace(str(tmp_path), "ROOT") for line in played(path, tmp_path, capsys)) + "\n"
    if pytestconfig.getoption("--update-golden", default=False):
        path.write_text(now)
    assert now == path.read_text()


def test_there_are_transcripts() -> None:
    assert FILES

"""The logs: read them, verify their chain."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from xsec.commands.options import command, group
from xsec.errors import ExitCode
from xsec.output.result import Result, Table, Text

if TYPE_CHECKING:
    from xsec.host import Host


@group("log", help="Event and configuration logs; verify their chain.")
def log() -> None:
    """Gather the commands."""


def _reading(name: str, text: str) -> None:
    """Add the command that reads one log."""

    @command(log, name, short_help=text)
    @click.option(
        "--last", type=click.IntRange(1), help="How many, the newest.  [default: 50 without --since]"
    )
    @click.option(
        "--since", metavar="TIME", help="From a moment on, such as 2026-01-31T12:00Z, 90m, 24h or 7d."
    )
    @click.pass_obj
    def read(host: Host, last: int | None, since: str | None) -> Result:
        from xsec.state import moment
        from xsec.state.log import Log

        host.store.need()
        begin = moment.since(since, "--since", host.now()) if since else None
        count = last or (None if begin else 50)
        records = tuple(Log(host.files, name).records(last=count, since=begin))
        return Result({"records": records}, lambda: [Text(record.line()) for record in records])

    read.help = f"{text} Oldest first; the chain is checked by: xsec log verify."


_reading("event", "What happened: alarms, proofs, logins.")
_reading("configuration", "Who changed what: old and new value, secrets masked.")


@command(log, "verify", short_help="Check every octet of the logs; exit 1 at the first bad place.")
@click.pass_obj
def verify(host: Host) -> Result:
    """Check the hash chain of each log and its head; exit 1 when one does not verify."""
    from xsec.state.log import NAMES, Log

    host.store.need()
    checked = tuple(Log(host.files, name).verify() for name in NAMES)
    notes = [f"{c.name}: {c.unfinished}" for c in checked if c.unfinished]
    return Result(
        {"logs": checked, "verifies": all(c.verifies for c in checked)},
        lambda: [
            Table(
                ["log", "records", "verifies", "first bad place", "repairs"],
                [(c.name, c.records, c.verifies, _place(c.problem), c.repairs) for c in checked],
            )
        ],
        exit_code=ExitCode.OK if all(c.verifies for c in checked) else ExitCode.NEGATIVE,
        notes=notes,
    )


def _place(problem: object) -> str | None:
    from xsec.state.chain import Problem

    if not isinstance(problem, Problem):
        return None
    return f"{problem.file} line {problem.line}, record {problem.record}: {problem.what}"

"""Generations of the configuration: list, compare, go back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from xsec.commands.options import Change, changing, command
from xsec.output.result import Result, Table, Text

if TYPE_CHECKING:
    from xsec.host import Host


@command(None, "history", short_help="Generations of the configuration.")
@click.option("--last", type=click.IntRange(1), default=20, show_default=True, help="How many, newest first.")
@click.pass_obj
def history(host: Host, last: int) -> Result:
    """List the generations of the configuration: when, by whom, with which command."""
    from xsec.state import generations

    rows = generations.history(host.store, last)
    return Result(
        {"generations": rows},
        lambda: [
            Table(
                ["generation", "time", "user", "command", "what"],
                [(r.generation, r.time, r.user, r.command, r.summary) for r in rows],
            )
        ],
    )


@command(None, "diff", short_help="What differs between two generations.")
@click.argument("before", type=click.IntRange(1))
@click.argument("after", type=click.IntRange(1), required=False)
@click.pass_obj
def diff(host: Host, before: int, after: int | None) -> Result:
    """Show what differs between generation BEFORE and AFTER (the one in force when not given)."""
    from xsec.state import document

    new = host.store.document(after) if after else host.store.current()
    changes = document.diff(host.store.document(before), new, host.schema)
    return Result(
        {"before": before, "after": new.generation, "changes": changes},
        lambda: [
            Table(
                ["setting", str(before), str(new.generation)], [(c.path, c.before, c.after) for c in changes]
            )
            if changes
            else Text("no difference")
        ],
    )


@command(None, "rollback", short_help="Make an earlier generation the configuration again.")
@changing
@click.argument("generation", type=click.IntRange(1))
@click.pass_obj
def rollback(host: Host, change: Change, generation: int) -> Result:
    """Make GENERATION the configuration again, as a new generation; history stays whole."""
    from xsec import transact

    return transact.rollback(host, change, generation).result()

"""Everything wrong, worst first, each with its remedy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from xsec.commands.options import command
from xsec.errors import ExitCode
from xsec.output.result import Block, Fields, Result, Text

if TYPE_CHECKING:
    from xsec.host import Host
    from xsec.lifecycle.health import Trouble


@command(None, "doctor", short_help="Everything wrong, worst first, each with its remedy.")
@click.pass_obj
def doctor(host: Host) -> Result:
    """Examine everything and list what is wrong, worst first, each with what to type.

    Exits 0 when nothing is wrong (information and what was acknowledged aside), 1 otherwise.
    """
    from xsec.commands.alarm import rules_for
    from xsec.lifecycle import health

    troubles = health.examine(host.store, rules_for(host), host.now(), host.open_secret)
    wrong = sum(trouble.counts for trouble in troubles)
    return Result(
        {"healthy": wrong == 0, "wrong": wrong, "findings": troubles},
        lambda: _view(troubles, wrong),
        exit_code=ExitCode.NEGATIVE if wrong else ExitCode.OK,
    )


def _view(troubles: Sequence[Trouble], wrong: int) -> Iterator[Block]:
    for trouble in troubles:
        number = f" ({trouble.id})" if trouble.id else ""
        known = ", acknowledged" if trouble.acknowledged else ""
        pairs = [
            ("object", trouble.object),
            *([("expected", trouble.expected)] if trouble.expected else []),
            ("found", trouble.found),
            *([("why", trouble.text)] if trouble.text else []),
            ("what to type", trouble.remedy),
        ]
        yield Fields(pairs, title=f"{trouble.severity.value}{known}: {trouble.title}{number}")
    yield Text(f"{wrong} wrong" if wrong else "nothing is wrong")

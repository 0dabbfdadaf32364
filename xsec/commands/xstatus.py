"""The status tree by path, as on the appliance's console."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from xsec.commands.options import command
from xsec.output.result import Raw, Result, Table

if TYPE_CHECKING:
    from xsec.console.grammar import Words
    from xsec.host import Host


@command(None, "xstatus", short_help="The status tree by path.")
@click.argument("line", nargs=-1)
@click.pass_obj
def xstatus(host: Host, line: tuple[str, ...]) -> Result:
    """Print the status tree, or the part of it that a path names.

    \b
    xsec xstatus                      everything
    xsec xstatus SystemUnit Version   a part
    xsec xstatus '?'                  the elements
    """  # noqa: D301  (click wants the control character)
    from xsec.console import grammar
    from xsec.lifecycle.status import ELEMENTS

    request = grammar.parse(line, command="xStatus")
    if request.ask is not grammar.Ask.SHOW:
        rows = [(element.name, element.help, element.own) for element in ELEMENTS]
        return Result(
            {"elements": [{"name": n, "help": h, "own": o} for n, h, o in rows]},
            lambda: [Table(["element", "about", "xsec's own"], rows)],
        )
    return _show(host, request.words)


def _show(host: Host, words: Words) -> Result:
    from xsec.console import status
    from xsec.lifecycle.status import ELEMENTS

    snapshot, now = host.snapshot(), host.now()
    chosen = [status.find(ELEMENTS, words[0])] if words else ELEMENTS
    trees = {}
    for element in chosen:
        tree, spelled = status.part(element.read(snapshot, now), words[1:], element.name)
        trees[" ".join((element.name, *spelled))] = tree
    text = "\n".join(status.text(name, tree) for name, tree in trees.items())
    return Result({"status": trees}, lambda: [Raw(f"{text}\nOK\n".encode())])

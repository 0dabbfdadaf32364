"""Actions by name, as on the appliance's console."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from xsec.commands.options import Change, changing, command
from xsec.output.result import Raw, Result, Table

if TYPE_CHECKING:
    from xsec.console.action import Action
    from xsec.console.grammar import Request
    from xsec.host import Host


@command(None, "xcommand", short_help="Actions by name.", context_settings={"ignore_unknown_options": True})
@changing
@click.argument("line", nargs=-1)
@click.pass_obj
def xcommand(host: Host, change: Change, line: tuple[str, ...]) -> Result:
    """Run an action.

    \b
    xsec xcommand NTP Server Add Address: time.example.com
    xsec xcommand '?'                    the actions; '??' with their parameters
    xsec xcommand NTP Server Add '?'     one action
    """  # noqa: D301  (click wants the control character)
    from xsec.console import action, grammar
    from xsec.lifecycle.actions import ACTIONS

    request = grammar.parse(line, command="xCommand")
    if request.ask is not grammar.Ask.SET and (request.ask is not grammar.Ask.SHOW or not request.words):
        return _help(request)
    found, arguments = action.call(ACTIONS, request)
    return _run(host, change, found, arguments)


def _run(host: Host, change: Change, found: Action, arguments: dict[str, object]) -> Result:
    from xsec import transact
    from xsec.console.action import Moment
    from xsec.pki import container

    for name in found.files:
        if name in arguments:
            file = str(arguments[name])
            data = host.read_input(file, limit=container.MAXIMUM_FILE_BYTES)
            arguments[name] = container.read(data, file)
    identifier = host.entropy.bytes(16).hex()
    done = transact.change(
        host,
        change,
        lambda snapshot, now: found.work_out(
            snapshot, arguments, Moment(now, identifier=identifier, force=change.force)
        ),
        question=found.question,
    )
    return done.result({"command": found.name}, lambda: [Raw(b"OK\n")])


def _help(request: Request) -> Result:
    from xsec.console import action, grammar
    from xsec.lifecycle.actions import ACTIONS

    chosen = [action.find(ACTIONS, request.words)[0]] if request.words else ACTIONS
    full = request.ask is grammar.Ask.EXPLAIN or bool(request.words)
    rows = [
        (a.name, a.help, ("xsec's own" if a.own else "yes") if a.plan else "not yet", action.usage(a))
        for a in chosen
    ]
    data = [{"name": n, "help": h, "usable": u != "not yet", "parameters": p} for n, h, u, p in rows]
    columns = ["command", "about", "usable", "parameters"]
    shown = rows if full else [row[:3] for row in rows]
    return Result({"commands": data}, lambda: [Table(columns if full else columns[:3], shown)])

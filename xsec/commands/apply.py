"""Enforce the configuration on the daemons, and prove it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from xsec.commands.options import command
from xsec.output.result import Fields, Result, Table, Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from xsec.daemons.enforce.report import Report, ServiceReport
    from xsec.host import Host
    from xsec.output.result import Block


def _choices(function: Callable[..., Result]) -> Callable[..., Result]:
    """The options that `apply` and `restart` share."""
    for name, text in (
        ("--refuse", "A client that must be refused: a file like that of --accept."),
        ("--accept", "A client that must be accepted: PEM with certificate, chain and key."),
    ):
        function = click.option(name, multiple=True, metavar="FILE", help=text)(function)
    for name, text in (
        (
            "--without-crl",
            "Where a CA has no CRL: leave CRL checking out of the daemon (an alarm is raised).",
        ),
        ("--fail-closed", "Where a CA has no CRL: let the daemon refuse all its clients."),
        ("--force", "Overwrite files that were changed by hand."),
        ("--dry-run", "Show what would change; change nothing."),
    ):
        function = click.option(name, is_flag=True, help=text)(function)
    return click.argument("services", nargs=-1, metavar="[SERVICE]...")(function)


@command(None, "apply", short_help="Enforce the configuration on the daemons and prove it.")
@_choices
@click.pass_obj
def apply(host: Host, /, **choices: Any) -> Result:
    """Render, rehearse beside the live daemon, switch, prove by handshakes, or undo.

    Settings that take a restart wait for `xsec restart`. Without --accept and --refuse, clients with a good
    and with a revoked certificate are proven on the shadow only, with a CA of the proof's own.
    """
    return _enforced(host, restart=False, **choices)


@command(None, "restart", short_help="Apply, with the settings that wait for a restart.")
@_choices
@click.pass_obj
def restart(host: Host, /, **choices: Any) -> Result:
    """Put in force also what waits for a restart, with the same proofs and the same way back.

    A daemon that can take its whole configuration while it runs is not stopped.  xsec reboots no host.
    """
    return _enforced(host, restart=True, **choices)


def _enforced(host: Host, accept: tuple[str, ...], refuse: tuple[str, ...], **choices: Any) -> Result:
    from xsec import transact
    from xsec.daemons.enforce import clients

    files = [(name, True) for name in accept] + [(name, False) for name in refuse]
    proofs = tuple(
        clients.proof(host.read_input(name, limit=clients.MAXIMUM_OCTETS), name, accepted=accepted)
        for name, accepted in files
    )
    return _result(transact.enforce(host, proofs=proofs, **choices))


def _result(report: Report) -> Result:
    notes = [f"{item.service}: {note}" for item in report.services for note in item.notes]
    if not report.changed:
        notes.append("nothing to do: what is in force is what is configured")
    elif report.dry_run:
        notes.append("dry run: nothing was changed")
    data = {
        "generation": report.generation,
        "dry_run": report.dry_run,
        "changed": report.changed,
        "services": report.services,
    }
    return Result(data, lambda: _blocks(report), notes=notes)


def _blocks(report: Report) -> Iterable[Block]:
    for item in report.services:
        yield Fields(_facts(item))
        if item.files:
            yield Table(["file", "action"], [(change.path, change.action) for change in item.files])
        if report.dry_run:
            yield from (Text(change.diff) for change in item.files if change.diff)
        rows = [("shadow", proof) for proof in item.rehearsed] + [("live", proof) for proof in item.proofs]
        yield Table(
            ["where", "proof", "expected", "found"],
            [(where, proof.what, proof.expected, proof.found or "-") for where, proof in rows],
        )


def _facts(item: ServiceReport) -> Iterable[tuple[str, object]]:
    yield "service", item.service
    yield "daemon", item.daemon
    yield "action", item.action
    yield "not applied so far", ", ".join(item.inputs) or "-"
    yield "waits for a restart", ", ".join(item.pending) or "-"

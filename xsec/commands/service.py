"""The daemons that carry the services: what they were given, and whether it still holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from xsec.commands.options import command, group
from xsec.errors import ExitCode, Refused
from xsec.output.result import Fields, Result, Table, Text
from xsec.tls.settings import SERVICES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xsec.daemons.base import Applied
    from xsec.daemons.enforce.inspect import Overview, Verification
    from xsec.host import Host
    from xsec.output.result import Block

_SERVICE = click.Choice(list(SERVICES), case_sensitive=False)


@group("service", help="The daemons that carry the services.")
def service() -> None:
    """The group."""


@command(service, "list", short_help="Every service, its daemon, and what is in force.")
@click.pass_obj
def service_list(host: Host) -> Result:
    """List the services with their daemons."""
    from xsec.daemons.enforce import inspect

    rows = inspect.overview(host.snapshot())
    columns = ["service", "daemon", "state", "generation", "applied"]
    return Result(
        {"services": rows},
        lambda: [
            Table(
                columns,
                [(r.service, r.daemon or "-", r.state, r.generation or "-", r.time or "-") for r in rows],
            )
        ],
    )


@command(service, "show", short_help="What one service's daemon was given and what was proven.")
@click.argument("name", type=_SERVICE, metavar="NAME")
@click.pass_obj
def service_show(host: Host, name: str) -> Result:
    """Show state, files and proofs of a service."""
    from xsec.daemons.base import APPLIED
    from xsec.daemons.enforce import inspect

    snapshot = host.snapshot()
    found = next(row for row in inspect.overview(snapshot) if row.service == name)
    applied = snapshot[APPLIED].get(name)
    files = dict(applied.files) if applied else {}
    data = {"service": found, "files": files, "proofs": applied.proofs if applied else ()}
    return Result(data, lambda: _shown(found, applied))


def _shown(found: Overview, applied: Applied | None) -> Iterable[Block]:
    yield Fields(
        [
            ("service", found.service),
            ("title", found.title),
            ("daemon", found.daemon or "-"),
            ("state", found.state),
            ("generation", found.generation or "-"),
            ("applied", found.time or "-"),
            ("not applied", ", ".join(found.unapplied) or "-"),
            ("waits for a restart", ", ".join(found.pending) or "-"),
        ]
    )
    if applied is not None:
        yield Table(["file", "sha256"], applied.files.items())
        yield Table(
            ["proof", "expected", "found"], [(p["what"], p["expected"], p["found"]) for p in applied.proofs]
        )


@command(service, "render", short_help="The files a service's daemon would be given.")
@click.argument("name", type=_SERVICE, metavar="NAME")
@click.pass_obj
def service_render(host: Host, name: str) -> Result:
    """Print the files as they would be written; a private key is not shown."""
    from xsec.daemons.enforce import apply, inspect

    apply.chosen((name,))
    found = inspect.candidate(host, host.snapshot(), name, host.now())
    files = [str(item.path) for item in (*found.files, *found.pointers, *found.missing)]
    text = inspect.text(found)
    return Result({"daemon": found.daemon, "files": files, "text": text}, lambda: [Text(text)])


@command(service, "verify", short_help="Whether daemons still are and do what was applied.")
@click.argument("name", required=False, type=_SERVICE, metavar="[NAME]")
@click.pass_obj
def service_verify(host: Host, name: str | None) -> Result:
    """Compare files with what was applied, and ask the live daemon by handshakes."""
    from xsec import transact
    from xsec.daemons.base import DRIFT
    from xsec.daemons.enforce import apply, inspect

    snapshot, names = host.snapshot(), apply.chosen((name,) if name else ())
    found = [v for v in (inspect.verify(host, snapshot, n, host.now()) for n in names) if v is not None]
    if not found:
        raise Refused("nothing was applied yet", remedy=f"xsec apply {' '.join(names)}")
    drift = {path: how for item in found for path, how in item.drift.items()}
    if drift != snapshot[DRIFT]:
        transact.record(host, {DRIFT.area: drift})
    code = ExitCode.OK if all(item.holds for item in found) else ExitCode.NEGATIVE
    return Result({"services": found}, lambda: _verified(found), exit_code=code)


def _verified(found: list[Verification]) -> Iterable[Block]:
    for item in found:
        yield Fields(
            [
                ("service", item.service),
                ("daemon", item.daemon),
                ("running", "yes" if item.running else "no"),
                ("verdict", "as applied" if item.holds else "not as applied"),
            ]
        )
        if item.drift:
            yield Table(["file", "found"], item.drift.items())
        yield Table(
            ["proof", "expected", "found", "holds"],
            [(p.what, p.expected, p.found, "yes" if p.held else "no") for p in item.proofs],
        )

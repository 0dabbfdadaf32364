"""The connection kinds and what applies to each (BA-1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from xsec.commands.options import command, group
from xsec.output.result import Fields, Result, Table

if TYPE_CHECKING:
    from xsec.host import Host


@group("connections", short_help="Connection kinds and what applies to each.")
def connections() -> None:
    """Why TLS connections exist on this host: roles, trust lists, revocation sources, services."""


@command(connections, "list", short_help="Every kind with this host's role.")
@click.pass_obj
def connections_list(host: Host) -> Result:
    """List the connection kinds."""
    from xsec.connections.kinds import KINDS

    rows = [(kind.id, kind.role.value, kind.judges, kind.trust_list, kind.service) for kind in KINDS]
    return Result(KINDS, lambda: [Table(("kind", "this host", "judges", "by", "service"), rows)])


@command(connections, "show", short_help="One kind: CAs, sources, fallback, settings.")
@click.argument("name", metavar="KIND")
@click.pass_obj
def connections_show(host: Host, name: str) -> Result:
    """Show what applies to one connection kind."""
    from xsec.connections import kinds

    told = kinds.applied(host.snapshot(), kinds.kind(name), host.schema)
    kind = told.kind
    fields = [
        ("kind", kind.id),
        ("what", kind.title),
        ("this host", kind.role.value),
        ("judges", kind.judges),
        ("by", f"{kind.trust_list} ({told.authorities} entries count)"),
        ("revocation sources", kind.sources),
        ("not determined", kind.undetermined),
        ("service", kind.service),
        *told.values,
    ]
    return Result(told, lambda: [Fields(fields)])

"""The main job end to end, played in a scratch root."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from xsec.commands.options import Call, command
from xsec.errors import InvalidValue
from xsec.output.result import Result, Table, Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from xsec.host import Host
    from xsec.lab.demo import Told
    from xsec.output.result import Block


@command(None, "demo", short_help="The main job end to end in a scratch root, proven by handshakes.")
@click.option("--keep", is_flag=True, help="Leave the root and its daemon; tell how to look and how to end.")
@click.option(
    "--daemon", type=click.Choice(("nginx", "builtin")), help="Carried by this; nginx where it is installed."
)
@click.pass_context
def demo(ctx: click.Context, keep: bool, daemon: str | None) -> Result:
    """Take a host from nothing to an HTTPS service that is proven, in a folder of its own.

    A small PKI, a trust list, a certificate, a CRL and a TLS policy, enforced on a real server on
    loopback.  A client is accepted, revoked, refused; a mistake is made and found.  Nothing stays.
    """
    from xsec.lab import demo as lab

    host: Host = ctx.obj
    root = ctx.find_root().command

    def typed(folder: str, words: Sequence[str]) -> Result:
        return _typed(root, folder, words)

    told = lab.demo(host, typed, keep=keep, program=daemon or "")
    return Result(told, lambda: _view(told), exit_code=told.exit_code)


def _typed(root: click.Command, folder: str, words: Sequence[str]) -> Result:
    """Run a command line as the shell would, but for printing what it returns."""
    call = Call()
    call.root = folder
    try:
        result = root.main(args=list(words), prog_name="xsec", obj=call, standalone_mode=False)
    except click.ClickException as error:
        raise InvalidValue(error.format_message()) from None
    return result if isinstance(result, Result) else Result(result)


def _view(told: Told) -> Iterable[Block]:
    import sys

    # who watches both streams on one terminal has read each fact under its step
    if not (sys.stdout.isatty() and sys.stderr.isatty()):
        rows = [("proven" if fact.proven else "NOT PROVEN", fact.what, fact.found) for fact in told.facts]
        yield Table(("", "fact", "found"), rows)
    carried = "the built-in TLS server" if told.daemon == "builtin" else told.daemon
    more = f", {told.failed} NOT PROVEN" if told.failed else ""
    yield Text(f"{told.proven} facts proven{more} with {carried} in {told.seconds:.1f} s")
    yield from (Text(hint) for hint in told.hints)

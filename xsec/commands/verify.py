"""Validate a certificate path, with every check as evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from xsec.commands.options import command
from xsec.errors import ExitCode
from xsec.output.result import Result, Text

if TYPE_CHECKING:
    from xsec.host import Host


@command(None, "verify", short_help="Validate a certificate path, with evidence.")
@click.argument("certificate", required=False, metavar="[CERT]")
@click.option(
    "--trust", multiple=True, metavar="FILE", help="Trust anchors; without it the host's trust list."
)
@click.option("--intermediates", multiple=True, metavar="FILE", help="Certificates that may stand between.")
@click.option("--crls", multiple=True, metavar="FILE", help="CRLs; without them the host's manual CRLs.")
@click.option(
    "--purpose",
    type=click.Choice(["server", "client", "any"]),
    default="any",
    show_default=True,
    help="What the certificate is to be.",
)
@click.option("--host", "name", metavar="NAME", help="dns:NAME, ip:ADDRESS or email:ADDRESS it must be for.")
@click.option(
    "--revocation",
    type=click.Choice(["off", "require"]),
    help="Whether every certificate must be shown not to be revoked.  [default: require with --crls]",
)
@click.option("--policy", multiple=True, metavar="OID", help="A certificate policy that is wanted.")
@click.option("--explicit-policy", is_flag=True, help="Some wanted policy must hold for the whole path.")
@click.option("--inhibit-mapping", is_flag=True, help="Policies may not be mapped.")
@click.option("--inhibit-any-policy", is_flag=True, help="anyPolicy counts for nothing.")
@click.option("--max-depth", type=click.IntRange(0), metavar="N", help="At most N intermediates.")
@click.option(
    "--profile",
    type=click.Choice(["default", "strict"]),
    default="default",
    show_default=True,
    help="Whether structural findings reject.",
)
@click.option("--batch", is_flag=True, help="One JSON request a line on stdin, one answer a line on stdout.")
@click.pass_obj
def verify(host: Host, /, certificate: str | None, batch: bool, **options: Any) -> Result:
    """Judge whether the certificate CERT is good for a use.

    Exit 0: valid, 1: not valid, 2: the question has no meaning.
    """
    from xsec.connections import answers, material

    if batch == (certificate is not None):
        raise click.UsageError("give a certificate, or --batch and requests on stdin")
    if batch:
        _batch(host, options)
    name = certificate or ""
    options |= {"certificate": name, "at": host.now(), "host": options.pop("name")}
    options |= {key: options[key] or None for key in ("trust", "crls")}
    decision = material.judge(
        lambda file: _read(host, file), lambda: material.of_host(host.snapshot()), options
    )
    good = decision.verdict.accepted
    return Result(
        {"certificate": name, **answers.as_data(decision), "remedy": answers.remedy(decision.verdict, name)},
        lambda: [Text("\n".join(answers.lines(decision, name)))],
        exit_code=ExitCode.OK if good else ExitCode.NEGATIVE,
    )


def _read(host: Host, name: str) -> bytes:
    from xsec.connections.material import MAXIMUM_FILE_OCTETS

    return host.read_input(name, limit=MAXIMUM_FILE_OCTETS)


def _batch(host: Host, options: dict[str, Any]) -> None:
    """Answer request after request; each answer is on its way before the next request is read."""
    import sys

    from xsec.connections import answers, material
    from xsec.errors import InvalidValue, Refused

    if options["trust"]:
        trust = [der for name in options["trust"] for der in material.certificates(_read(host, name), name)]
    else:
        try:
            trust = list(material.of_host(host.snapshot()).anchors)
        except Refused:  # not set up: requests that bring their own anchors need no store
            trust = []
    code: ExitCode | None = None
    for line in answers.lines_of(sys.stdin.buffer.readline) if sys.stdin else ():
        text, good = answers.answer_line(line, trust=trust, profile=options["profile"], now=host.now())
        code = (code or ExitCode.OK) if good else ExitCode.USAGE
        sys.stdout.buffer.write(text)
        sys.stdout.buffer.flush()
    if code is None:
        raise InvalidValue("no request came on standard input", allowed="one JSON object a line")
    click.get_current_context().exit(code)

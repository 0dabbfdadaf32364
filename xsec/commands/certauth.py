"""Certificate-based authentication: show, set, lint (CA)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from xsec.commands.options import Change, changing, command, group
from xsec.connections.settings import SETTINGS
from xsec.errors import ExitCode, InvalidValue
from xsec.output.result import Fields, Result, Table, Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from xsec.connections.certauth import Shown
    from xsec.host import Host
    from xsec.output.result import Block


@group("certauth", short_help="Certificate-based authentication.")
def certauth() -> None:
    """Whether browsers need a client certificate, and how a user name is read from it."""


@command(certauth, "show", short_help="The settings, what is warned of, and the last test.")
@click.pass_obj
def certauth_show(host: Host) -> Result:
    """Show everything about certificate-based authentication."""
    from xsec.connections import certauth as domain

    shown = domain.show(host.snapshot())
    return Result(shown, lambda: _view(shown), notes=(f"warning: {text}" for text in shown.warnings))


def _view(shown: Shown) -> Iterable[Block]:
    test = shown.last_test
    yield Fields(
        [
            ("mode", shown.mode),
            ("pattern", shown.regex),
            ("format", shown.format),
            ("CRL check", shown.crl_check),
            ("CRL inaccessible", shown.crl_inaccessible),
            ("CAs that count", shown.authorities),
            ("last test", f"{test.username}, {test.time:%Y-%m-%d %H:%M}Z" if test else None),
            ("proven", "yes" if shown.proven else f"no: {shown.missing}"),
        ]
    )


def _options(function: Callable[..., Any]) -> Callable[..., Any]:
    """An option for each setting."""
    for setting in reversed(SETTINGS):
        name = setting.option.removeprefix("--").replace("-", "_")
        option = click.option(setting.option, name, metavar=setting.kind.describe(), help=setting.help)
        function = option(function)
    return function


@command(certauth, "set", short_help="Change mode, pattern, format or CRL checking.")
@changing
@_options
@click.pass_obj
def certauth_set(host: Host, /, change: Change, **given: str | None) -> Result:
    """Change how client certificates are asked for and read.

    The mode takes the words of the page too. `Certificate-based authentication` asks for a client
    certificate that `xsec client-cert test` found valid and with a user name.
    """
    from xsec import transact
    from xsec.connections import certauth as domain

    options = {f"--{name.replace('_', '-')}": value for name, value in given.items()}
    if not any(value is not None for value in options.values()):
        raise InvalidValue("nothing is given to set", allowed=", ".join(options))
    done = transact.change(host, change, lambda snapshot, now: domain.plan_set(snapshot, options))
    return done.result(domain.settings(done.after))


@command(certauth, "lint", short_help="Traps that the pattern falls into.")
@click.option("--regex", metavar="R", help="Another pattern than the configured one.")
@click.option("--format", "template", metavar="F", help="Another format than the configured one.")
@click.option("--corpus", metavar="DIR", help="Try it on every certificate in a folder, too.")
@click.pass_obj
def certauth_lint(host: Host, regex: str | None, template: str | None, corpus: str | None) -> Result:
    """Try the pattern on texts made to mislead it; exits 1 when it falls into a trap."""
    from xsec.connections import client_test
    from xsec.pki import lint

    how = client_test.reader(host.snapshot(), regex, template)
    traps = lint.lint(how.pattern, how.template)
    rows = _corpus(host, corpus, how) if corpus else []
    data = {"regex": how.regex, "format": how.template, "traps": traps, "corpus": rows}
    return Result(
        data, lambda: _lint_view(traps, rows), exit_code=ExitCode.NEGATIVE if traps else ExitCode.OK
    )


def _lint_view(traps: Iterable[Any], rows: list[dict[str, object]]) -> Iterable[Block]:
    found = [(trap.code, trap.text, trap.example) for trap in traps]
    yield Table(("trap", "what it does", "example"), found) if found else Text("no trap was found")
    if rows:
        cells = [tuple(row.values()) for row in rows]
        yield Table(("certificate", "resulting string", "user name", "why not"), cells, title="Corpus")


def _corpus(host: Host, folder: str, how: Any) -> list[dict[str, object]]:
    from xsec.commands.client_cert import files_in
    from xsec.connections import client_test

    samples = [
        sample
        for name in files_in(folder)
        for sample in client_test.samples(name, host.read_input(name, limit=client_test.MAXIMUM_INPUT))
    ]
    rows: list[dict[str, object]] = []
    with host.progress("Trying the corpus", total=len(samples)) as advance:
        for sample in samples:
            found = client_test.read_name(sample, how)
            why = "; ".join(refusal.detail for refusal in found.refused[:2])
            rows.append(
                {
                    "certificate": sample.name,
                    "resulting_string": found.resulting_string,
                    "username": found.username,
                    "refused": why,
                }
            )
            advance()
    return rows

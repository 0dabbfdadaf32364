"""Test client certificates: validity, user name, authorization (CC)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from xsec.commands.options import Change, changing, command, group
from xsec.errors import ExitCode, InvalidValue, XsecError
from xsec.output.result import Fields, Result, Table, Text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xsec.connections.client_test import Reader, Sample, Tested
    from xsec.host import Host
    from xsec.output.result import Block
    from xsec.state.snapshot import Snapshot


@group("client-cert", short_help="Test client certificates.")
def client_cert() -> None:
    """Test client certificates as this host would judge a browser's."""


@command(client_cert, "test", short_help="Is it valid, and which user name does it give?")
@changing
@click.argument("certificates", nargs=-1, metavar="[CERT]...")
@click.option(
    "--text", "texts", multiple=True, metavar="FILE", help="Text that openssl printed: pattern only."
)
@click.option("--regex", metavar="R", help="A pattern to try; `default` and `appliance` are known.")
@click.option("--format", "template", metavar="F", help="A user name format to try, such as #name#.")
@click.option("--save", is_flag=True, help="Make pattern and format permanent when a certificate passes.")
@click.pass_obj
def client_cert_test(
    host: Host,
    change: Change,
    certificates: tuple[str, ...],
    texts: tuple[str, ...],
    regex: str | None,
    template: str | None,
    save: bool,
) -> Result:
    """Test certificates from files (PEM, DER, PKCS#7, JSON lines), folders, or - for standard input.

    Exits 0 when each is valid and gives a user name, 1 otherwise; for text given by --text, when it gives
    one: its validity is never checked.
    """
    from xsec.connections import client_test

    snapshot = host.snapshot()
    how = client_test.reader(snapshot, regex, template)
    samples = _gather(host, certificates, texts)
    results = _judge(host, samples, how, snapshot)
    fine = all(
        item.passed or (item.valid is None and item.username and item.certificate in texts)
        for item in results
    )
    notes = () if change.dry_run else _remember(host, results, how, snapshot)
    code = ExitCode.OK if fine else ExitCode.NEGATIVE
    if save:
        return _save(host, change, results, how, code)
    return Result(_data(results), lambda: _view(results, how), exit_code=code, notes=notes)


def _gather(host: Host, certificates: tuple[str, ...], texts: tuple[str, ...]) -> list[Sample]:
    from xsec.connections import client_test

    if not certificates and not texts:
        raise InvalidValue(
            "no certificate is named", allowed="files, folders, - for standard input, --text FILE"
        )
    found: list[Sample] = []
    for name in _names(certificates):
        found += client_test.samples(name, host.read_input(name, limit=client_test.MAXIMUM_INPUT))
    for name in texts:
        found += client_test.pasted(name, host.read_input(name, limit=client_test.MAXIMUM_INPUT))
    return found


def _names(given: Iterable[str]) -> list[str]:
    """The files named, with those of a folder in its place, in order of name."""
    import os

    found: list[str] = []
    for name in given:
        # a Path of an empty name is a folder, and of a long one an error
        found += files_in(name) if os.path.isdir(name) else [name]  # noqa: PTH112
    return found


def files_in(folder: str) -> list[str]:
    """The files in a folder, in order of name; `InvalidValue` when there is none."""
    import os

    try:
        found = sorted(entry.path for entry in os.scandir(folder) if entry.is_file())
    except (OSError, ValueError) as error:
        reason = (
            os.strerror(error.errno or 0) if isinstance(error, OSError) else "no name of a folder"
        ).lower()
        raise InvalidValue(f"{folder}: {reason}", allowed="a folder of certificates") from None
    if not found:
        raise InvalidValue(f"{folder}: the folder holds no file", allowed="a folder of certificates")
    return found


def _judge(host: Host, samples: list[Sample], how: Reader, snapshot: Snapshot) -> list[Tested]:
    from xsec.connections import client_test

    results = []
    with host.progress("Testing certificates", total=len(samples)) as advance:
        for sample in samples:
            results.append(client_test.judge(sample, how, snapshot, host.now()))
            advance()
    return results


def _remember(host: Host, results: list[Tested], how: Reader, snapshot: Snapshot) -> tuple[str, ...]:
    """Record a success, which `certauth set --mode` asks for; a store that cannot be written is no error."""
    from xsec import transact
    from xsec.connections import certauth

    if host.at is not None:
        return ()
    tree = certauth.prove(results, snapshot, how.regex, how.template, host.now())
    try:
        if tree is not None:
            transact.record(host, {certauth.AREA: tree})
    except XsecError as error:
        return (f"warning: the result was not recorded: {error.what}",)
    return ()


def _save(host: Host, change: Change, results: list[Tested], how: Reader, code: ExitCode) -> Result:
    from xsec import transact
    from xsec.connections import certauth

    if not change.force and not any(item.username for item in results):
        note = "pattern and format were not saved: no certificate gives a user name (--force saves them)"
        return Result(_data(results), lambda: _view(results, how), exit_code=ExitCode.NEGATIVE, notes=(note,))
    given = {"--regex": how.regex, "--format": how.template}
    done = transact.change(host, change, lambda snapshot, now: certauth.plan_set(snapshot, given))
    answer = done.result(_data(results), lambda: _view(results, how))
    answer.exit_code = code
    return answer


# Showing --------------------------------------------------------------------------------------------------


def _data(results: list[Tested]) -> dict[str, object]:
    """One result by itself; several with a summary."""
    import dataclasses

    from xsec.connections import client_test

    if len(results) == 1:
        return {field.name: getattr(results[0], field.name) for field in dataclasses.fields(results[0])}
    return {"results": results, "summary": client_test.summary(results)}


def _view(results: list[Tested], how: Reader) -> Iterable[Block]:
    from xsec.connections import client_test

    if len(results) == 1:
        yield from _one(results[0], how)
        return
    rows = [(item.certificate, item.valid, item.code, item.username, _why(item)) for item in results]
    yield Table(("certificate", "valid", "code", "user name", "why not"), rows)
    counts = client_test.summary(results)
    yield Text(
        f"{counts.tested} tested: {counts.passed} valid with a user name, {counts.invalid} not valid, "
        f"{counts.not_checked} not checked, {counts.without_user} without a user name"
    )


def _why(item: Tested) -> str:
    return "; ".join(refusal.detail for refusal in item.refused[:2])


def _one(item: Tested, how: Reader) -> Iterable[Block]:
    yield Fields(
        [
            ("certificate", item.certificate),
            ("valid", "not checked" if item.valid is None else item.valid),
            ("code", item.code),
            *(
                (("accepted by fallback", "revocation could not be determined"),)
                if item.accepted_by_fallback
                else ()
            ),
            ("pattern", how.regex),
            ("format", how.template),
            ("resulting string", item.resulting_string),
            ("user name", item.username),
            *(("refused", f"{refusal.code}: {refusal.detail}") for refusal in item.refused),
            ("authorization", item.authorization),
            *(("note", note) for note in item.notes),
        ]
    )
    if item.chain:
        yield Table(("depth", "subject"), list(enumerate(item.chain)), title="Chain")
    if item.revocation:
        said = [(r.depth, r.source, r.outcome, r.detail) for r in item.revocation]
        yield Table(("depth", "source", "status", "detail"), said, title="Revocation")
    if item.checks:
        checks = [(c.code, c.depth, c.outcome, c.detail) for c in item.checks]
        yield Table(("check", "depth", "outcome", "detail"), checks, title="Certificate test results")

"""Certificate revocation lists: list, show, upload, remove, check."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from xsec.commands.options import Change, changing, command, group
from xsec.errors import ExitCode
from xsec.output.result import Fields, Result, Table, Text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xsec.host import Host
    from xsec.output.result import Block
    from xsec.revocation.lookup import Answer


@group("crl", short_help="Certificate revocation lists.")
def crl() -> None:
    """Certificate revocation lists: the uploaded ones, and what they say of a certificate."""


@command(crl, "list", short_help="Every uploaded and embedded CRL.")
@click.pass_obj
def crl_list(host: Host) -> Result:
    """List the CRLs of the last upload, and those that are kept with the trust list (for ldap only)."""
    from xsec.revocation.inventory import COLUMNS, inventory

    rows = inventory(host.snapshot(), host.now())
    return Result({"crls": rows}, lambda: [Table(COLUMNS, [row.cells for row in rows])])


@command(crl, "show", short_help="One CRL decoded.")
@click.argument("name", metavar="FILE|ID")
@click.option("--serial", default="", metavar="HEX", help="Only the entry of this serial number.")
@click.pass_obj
def crl_show(host: Host, name: str, serial: str) -> Result:
    """Show a CRL of `crl list` (by its id or fingerprint) or of a file; --serial looks one entry up."""
    from xsec.pki.container import MAXIMUM_FILE_BYTES, read
    from xsec.revocation import inventory, manual

    der = inventory.find(host.snapshot(), name) if host.store.exists() else None
    found = [der] if der else read(host.read_input(name, limit=MAXIMUM_FILE_BYTES), name).crls_der()
    shown = [manual.described(item, host.now()) for item in found]
    entries = inventory.entries(found, serial) if serial else ()
    missing = bool(serial) and not entries
    return Result(
        {"crls": shown, **({"entries": entries} if serial else {})},
        lambda: (
            *(Fields(manual.fields(item), title="CRL") for item in shown),
            *(Table(("serial", "reason", "revoked"), [e.cells for e in entries]) for _ in entries[:1]),
        ),
        exit_code=ExitCode.NEGATIVE if missing else ExitCode.OK,
        notes=[f"serial number {serial} is not listed"] if missing else [],
    )


@command(crl, "upload", short_help="Replace the uploaded CRLs by those of a file.")
@changing
@click.argument("file")
@click.option("--allow-older", is_flag=True, help="Accept an older CRL: for a CA rebuilt from a backup.")
@click.pass_obj
def crl_upload(host: Host, change: Change, file: str, allow_older: bool) -> Result:
    """Replace the CRLs of the former upload whole by those in FILE (PEM or DER, one or many).

    Each CA whose CRL is lost by that is named, and the change is confirmed. A CRL that no known CA signed is
    refused (--force), and so is one that is older than the present one of its CA (--allow-older).
    """
    from xsec import transact
    from xsec.pki.container import MAXIMUM_FILE_BYTES, read
    from xsec.revocation.inventory import COLUMNS, inventory
    from xsec.revocation.manual import plan_upload, question

    given = read(host.read_input(file, limit=MAXIMUM_FILE_BYTES), file)
    done = transact.change(
        host,
        change,
        lambda s, now: plan_upload(s, given, now, allow_older=allow_older, force=change.force),
        question=question(host.snapshot(), given),
    )
    rows = [row for row in inventory(done.after, host.clock.now()) if row.source == "manual"]
    return done.result({"crls": rows}, lambda: [Table(COLUMNS, [row.cells for row in rows])])


@command(crl, "remove", short_help="Remove the uploaded CRLs.")
@changing
@click.pass_obj
def crl_remove(host: Host, change: Change) -> Result:
    """Remove the uploaded CRLs; each CA that loses its CRL is named first."""
    from xsec import transact
    from xsec.revocation.manual import plan_remove

    done = transact.change(host, change, lambda s, now: plan_remove(s), question="Remove every uploaded CRL?")
    return done.result(view=lambda: [Text("no uploaded CRL is left")])


@command(crl, "check", short_help="What the CRLs say of a certificate.")
@click.argument("certificate", metavar="CERT")
@click.pass_obj
def crl_check(host: Host, certificate: str) -> Result:
    """Tell whether a certificate is revoked by the CRLs at hand: exit 0 good, 1 revoked or undetermined.

    CERT is a file (- for stdin), with intermediates after the certificate where it has any. The uploaded
    CRLs and those kept with the trust list are asked.
    """
    from xsec.connections.revoked import check
    from xsec.pki.container import MAXIMUM_CERTIFICATE_BYTES, read
    from xsec.revocation.status import Status

    given = read(host.read_input(certificate, limit=100 * MAXIMUM_CERTIFICATE_BYTES), certificate)
    others = [found.der for found in given.certificates[1:]]
    answer = check(host.snapshot(), given.first_certificate(), others, host.now())
    code = ExitCode.OK if answer.status is Status.GOOD else ExitCode.NEGATIVE
    return Result(answer, lambda: _view(answer), exit_code=code)


def _view(answer: Answer) -> Iterable[Block]:
    yield Fields(
        [
            ("certificate", answer.certificate),
            ("issuer", answer.issuer),
            ("serial number", answer.serial),
            ("status", answer.status),
            ("because", answer.detail),
        ]
    )
    for said in answer.evidence:
        yield Fields(
            [
                ("source", said.source),
                ("says", said.status),
                ("because", said.detail),
                ("CRL number", said.number),
                ("this update", said.this_update),
                ("next update", said.next_update),
                ("reason", said.reason),
                ("revoked", said.revocation_date),
                ("invalid since", said.invalidity_date),
            ],
            title="a CRL",
        )

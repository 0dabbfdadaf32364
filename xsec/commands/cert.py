"""The server certificate: show, install, export, rollback, lint, due."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from xsec.commands.options import Change, changing, command, group
from xsec.errors import ExitCode, Refused
from xsec.output.result import Fields, Raw, Result, Table, Text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xsec.host import Host
    from xsec.output.result import Block
    from xsec.pki.listing import Shown
    from xsec.pki.server import Identity
    from xsec.state.snapshot import Snapshot


@group("cert", short_help="The server certificate and its key.")
def cert() -> None:
    """The certificate that this host serves, with its chain and key."""


def _installed(snapshot: Snapshot) -> Identity:
    from xsec.pki.server import IDENTITIES

    identity = snapshot[IDENTITIES].server
    if identity is None:
        raise Refused("no server certificate is installed", remedy="xsec cert install CERTIFICATE --key FILE")
    return identity


@command(cert, "show", short_help="The installed certificate and chain, decoded.")
@click.pass_obj
def cert_show(host: Host) -> Result:
    """Show the installed certificate and its chain decoded, and which services serve it."""
    from xsec.pki.listing import shown
    from xsec.tls.settings import SERVICES

    snapshot = host.snapshot()
    served = tuple(service.id for service in SERVICES.values() if service.daemons)
    found = shown(snapshot, _installed(snapshot), host.now(), served)
    return Result(found, lambda: _view(found), notes=(f"warning: {text}" for text in found.findings))


def _view(found: Shown) -> Iterable[Block]:
    from xsec.pki.listing import fields

    yield Fields(
        [
            *fields(found.certificate),
            ("origin", "self-signed default" if found.default else found.source),
            ("installed", found.installed),
            ("public key", found.public_key_digest),
            ("used by", found.used_by),
        ],
        title="server certificate",
    )
    rows = [(item.subject, item.issuer, item.not_after, item.days_left) for item in found.chain]
    if rows:
        yield Table(("subject", "issuer", "valid until", "days left"), rows, title="chain")


@command(cert, "install", short_help="Install a certificate with chain and key.")
@changing
@click.argument("files", nargs=-1, required=True)
@click.option("--key", "key_file", metavar="FILE", help="The private key, unless FILES hold it.")
@click.option(
    "--passphrase-source", default="", metavar="SOURCE", help="file:PATH, fd:N, credential:NAME, prompt."
)
@click.pass_obj
def cert_install(
    host: Host, change: Change, files: tuple[str, ...], key_file: str | None, passphrase_source: str
) -> Result:
    """Install the certificate in FILES: PEM, DER, PKCS#7 or PKCS#12, its chain in any order.

    Without --key and without a key in FILES, the certificate must belong to a key installed before. It is
    refused when it does not belong to the key, or is out of date (--force). The former one is kept.
    """
    from xsec import transact
    from xsec.pki.container import MAXIMUM_FILE_BYTES, read
    from xsec.pki.server import plan_install

    secret = host.read_secret(passphrase_source, "Passphrase: ") if passphrase_source else None
    names = dict.fromkeys((*files, *([] if key_file is None else [key_file])))
    given = [
        read(host.read_input(n, limit=MAXIMUM_FILE_BYTES), n, password=secret, opener=host.open_pkcs12)
        for n in names
    ]
    for content in given:
        if content.name == key_file:
            content.need_key()
    key_id = host.entropy.bytes(16).hex()
    done = transact.change(
        host,
        change,
        lambda s, now: plan_install(s, given, now, key_id=key_id, password=secret, force=change.force),
    )
    return done.result({"summary": done.summary}, lambda: [Text(done.summary)])


@command(cert, "rollback", short_help="Put the former certificate back.")
@changing
@click.pass_obj
def cert_rollback(host: Host, change: Change) -> Result:
    """Put the former certificate, chain and key back; the present one becomes the former."""
    from xsec import transact
    from xsec.pki.server import plan_rollback

    done = transact.change(host, change, lambda s, now: plan_rollback(s))
    return done.result({"summary": done.summary}, lambda: [Text(done.summary)])


@command(cert, "export", short_help="Certificate and chain as PEM on stdout.")
@click.pass_obj
def cert_export(host: Host) -> Result:
    """Print the installed certificate and its chain as PEM; the key is not part of it."""
    from xsec.pki import pem

    identity = _installed(host.snapshot())
    text = b"".join(pem.write("CERTIFICATE", der) for der in (identity.certificate, *identity.chain))
    return Result({"pem": text.decode()}, lambda: [Raw(text)])


@command(cert, "lint", short_help="What is wrong with the certificates in a file.")
@click.argument("file")
@click.pass_obj
def cert_lint(host: Host, file: str) -> Result:
    """Tell what RFC 5280 and clients hold against each certificate in FILE; exit 1 when anything is found."""
    from xsec.pki.compliance import lint
    from xsec.pki.container import MAXIMUM_FILE_BYTES, read

    found = lint(read(host.read_input(file, limit=MAXIMUM_FILE_BYTES), file), host.now())
    rows = [(item.where, item.subject, text) for item in found for text in item.findings]
    return Result(
        {"certificates": found, "clean": not rows},
        lambda: [Table(("where", "subject", "finding"), rows) if rows else Text("nothing found")],
        exit_code=ExitCode.NEGATIVE if rows else ExitCode.OK,
    )


@command(cert, "due", short_help="Whether it is time to renew: exit 0 yes, 1 no.")
@click.pass_obj
def cert_due(host: Host) -> Result:
    """Tell whether the server certificate is due for renewal: exit 0 when it is, 1 when it is not."""
    from xsec.pki import describe
    from xsec.pki.compliance import soon

    certificate, now = describe.load(_installed(host.snapshot()).certificate), host.now()
    end = certificate.not_valid_after_utc
    due = soon(certificate.not_valid_before_utc, end, now)
    text = f"{'due' if due else 'not due'}: {describe.days(end, now)} days left"
    data = {"due": due, "not_after": end, "days_left": describe.days(end, now)}
    return Result(data, lambda: [Text(text)], exit_code=ExitCode.OK if due else ExitCode.NEGATIVE)

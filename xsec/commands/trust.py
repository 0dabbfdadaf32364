"""The trust list: list, show, add, remove, reset, export, impact."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from xsec.commands.options import Change, changing, command, group
from xsec.output.result import Fields, Raw, Result, Table, Text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xsec.host import Host
    from xsec.output.result import Block
    from xsec.pki.listing import Listing


@group("trust", short_help="Trusted CA certificates.")
def trust() -> None:
    """Trusted CA certificates: which there are, for which connection kinds, until when.

    An entry is named by its list number, by 4 or more digits of its fingerprint, or by text of its subject
    when only one has it; an embedded CRL by c1, c2 and so on.
    """


@command(trust, "list", short_help="Every entry with its expiry and state.")
@click.pass_obj
def trust_list(host: Host) -> Result:
    """List every trusted certificate and every CRL that is kept with the list."""
    from xsec.pki.listing import listing

    found = listing(host.snapshot(), host.now())
    return Result(found, lambda: _list_view(found), notes=(f"warning: {text}" for text in found.findings))


def _list_view(found: Listing) -> Iterable[Block]:
    from xsec.pki.listing import COLUMNS

    if not found.certificates and not found.crls:
        yield Text("the trust list is empty")
        return
    yield Table(COLUMNS, [row.cells for row in found.certificates])
    if found.crls:
        cells = [(crl.id, crl.issuer, crl.fingerprint[:12], crl.source) for crl in found.crls]
        yield Table(("no.", "issuer", "fingerprint", "source"), cells, title="CRLs (for ldap only)")


@command(trust, "show", short_help="Entries decoded; all of them without an ID.")
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.pass_obj
def trust_show(host: Host, ids: tuple[str, ...]) -> Result:
    """Show certificates and embedded CRLs of the list decoded."""
    from xsec.pki import describe
    from xsec.pki.listing import fields
    from xsec.pki.trust import TRUST, EmbeddedCrl, Entry, counts_for, items, select
    from xsec.revocation import manual

    held, now = host.snapshot()[TRUST], host.now()
    chosen = select(held, ids) if ids else items(held)
    entries = [(item, describe.decoded(item.der, now)) for item in chosen if isinstance(item, Entry)]
    crls = [manual.described(item.der, now) for item in chosen if isinstance(item, EmbeddedCrl)]
    return Result(
        {"certificates": [shown for _, shown in entries], "crls": crls},
        lambda: (
            *(
                Fields(
                    [*fields(shown), ("for", counts_for(item))], title=f"entry {held.entries.index(item) + 1}"
                )
                for item, shown in entries
            ),
            *(Fields(manual.fields(crl), title="CRL") for crl in crls),
        ),
    )


@command(trust, "add", short_help="Add what files hold.")
@changing
@click.argument("files", nargs=-1, required=True)
@click.option("--for", "kinds", metavar="KIND,...", help="Only for these connection kinds.")
@click.option(
    "--passphrase-source", default="", metavar="SOURCE", help="Of PKCS#12: file:PATH, fd:N, prompt."
)
@click.pass_obj
def trust_add(
    host: Host, change: Change, files: tuple[str, ...], kinds: str | None, passphrase_source: str
) -> Result:
    """Add certificates (and CRLs, which then count for ldap) from PEM, DER or PKCS#7 files.

    What is in the list already is told and skipped. A new certificate with issuer and subject of an older
    one is added; the older one stays until it is removed.
    """
    from xsec import transact
    from xsec.pki.addition import kinds_of, plan_add, survey
    from xsec.pki.container import MAXIMUM_FILE_BYTES, read
    from xsec.pki.trust import TRUST

    wanted = kinds_of(kinds)
    secret = host.read_secret(passphrase_source, "Passphrase: ") if passphrase_source else None
    given = [read(host.read_input(f, limit=MAXIMUM_FILE_BYTES), f, password=secret) for f in files]
    how: Any = {"kinds": wanted, "force": change.force}
    done = transact.change(host, change, lambda s, now: plan_add(s, given, now, **how))
    told = survey(done.before[TRUST], given, host.clock.now(), **how).outcomes
    rows = [(item.outcome, item.kind, item.name, item.fingerprint[:12], item.where) for item in told]
    columns = ("outcome", "kind", "name", "fingerprint", "from")
    return done.result({"objects": told}, lambda: [Table(columns, rows)])


@command(trust, "remove", short_help="Remove entries.")
@changing
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@click.pass_obj
def trust_remove(host: Host, change: Change, ids: tuple[str, ...]) -> Result:
    """Remove certificates and embedded CRLs; what that breaks is told first.

    The embedded CRLs of a CA go with its last certificate.
    """
    from xsec import transact
    from xsec.pki import impact
    from xsec.pki.trust import TRUST, label, plan_remove, select

    held = host.snapshot()[TRUST]
    chosen = select(held, ids)
    names, digests = [label(held, item) for item in chosen], [item.digest for item in chosen]
    done = transact.change(
        host,
        change,
        lambda s, now: impact.told(plan_remove(s, digests), s),
        question=f"Remove {'; '.join(names)}?",
    )
    return done.result({"removed": names}, lambda: [Table(("removed",), [(name,) for name in names])])


@command(trust, "reset", short_help="Make the list the default bundle.")
@changing
@click.pass_obj
def trust_reset(host: Host, change: Change) -> Result:
    """Make the list exactly the default bundle, without embedded CRLs; what that breaks is told first."""
    from xsec import transact
    from xsec.pki import impact
    from xsec.pki.listing import listing
    from xsec.pki.trust import plan_reset

    done = transact.change(
        host,
        change,
        lambda s, now: impact.told(plan_reset(s, now), s),
        question="Replace the whole trust list by the default bundle?",
    )
    found = listing(done.after, host.clock.now())
    return done.result({"certificates": found.certificates}, lambda: _list_view(found))


@command(trust, "export", short_help="Entries as PEM on stdout.")
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.pass_obj
def trust_export(host: Host, ids: tuple[str, ...]) -> Result:
    """Print certificates and embedded CRLs as PEM; all of them without an ID."""
    from xsec.pki import pem
    from xsec.pki.trust import TRUST, Entry, items, select

    held = host.snapshot()[TRUST]
    chosen = select(held, ids) if ids else items(held)
    labels = [("CERTIFICATE" if isinstance(item, Entry) else "X509 CRL", item.der) for item in chosen]
    text = b"".join(pem.write(label, der) for label, der in labels)
    return Result({"pem": text.decode()}, lambda: [Raw(text)])


@command(trust, "impact", short_help="What removing entries would break.")
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@click.pass_obj
def trust_impact(host: Host, ids: tuple[str, ...]) -> Result:
    """Tell what breaks when entries are removed; nothing is changed."""
    from xsec.pki.impact import impact
    from xsec.pki.trust import plan_remove

    snapshot = host.snapshot()
    found = impact(snapshot, plan_remove(snapshot, ids).on(snapshot))
    return Result(found, lambda: [Text("\n".join(found.sentences) or "nothing breaks that xsec knows of")])

"""The trust list: the CA certificates that are trusted, for which connection kinds, and its own CRLs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from importlib.resources import files

from cryptography import x509

from xsec.errors import Damaged, InvalidValue
from xsec.pki import der as structure
from xsec.pki import describe
from xsec.pki.container import read
from xsec.state.plan import Plan
from xsec.state.snapshot import Section, Snapshot, Tree

DEFAULT_SOURCE = "default bundle"

KINDS = (
    "https-client-auth",
    "sip-tls",
    "ldap",
    "policy-server",
    "traversal",
    "reverse-proxy",
    "xmpp",
    "smtp",
    "tms",
    "uc-discovery",
    "meeting-server-discovery",
    "mra-onboarding",
)
"""The connection kinds an entry can be limited to (TR-7), as rules.md lists them."""

SERVER_KINDS = frozenset(
    ("ldap", "policy-server", "reverse-proxy", "smtp", "tms", "uc-discovery", "meeting-server-discovery")
)
"""The kinds in which this host only ever judges a server's certificate.

`sip-tls`, `traversal` and `xmpp` are left out although the host may be the client there: as a server it
judges clients by the same list, and anybody can have a certificate of a public CA (TR-7).
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A trusted certificate with its provenance.

    `digest` is the SHA-256 of `der` in lower-case hex without colons, the object's name in the store.
    `kinds` None counts for every connection kind.
    """

    digest: str
    der: bytes
    kinds: frozenset[str] | None = None
    added: datetime
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedCrl:
    """A CRL from a trust file; it counts for `ldap` only (TR-4)."""

    digest: str
    der: bytes
    added: datetime
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustList:
    """The entries in the order in which they were added: an entry's number is its place, from 1."""

    entries: tuple[Entry, ...] = ()
    crls: tuple[EmbeddedCrl, ...] = ()

    def for_kind(self, kind: str) -> tuple[Entry, ...]:
        """The entries that count for a connection kind, in order."""
        return tuple(entry for entry in self.entries if entry.kinds is None or kind in entry.kinds)


def _parse(tree: Tree, snapshot: Snapshot) -> TrustList:
    try:
        return TrustList(
            entries=tuple(_entry(item, snapshot) for item in tree.get("entries", ())),
            crls=tuple(
                EmbeddedCrl(
                    digest=item["digest"],
                    der=bytes(snapshot.blob(item["digest"])),
                    added=datetime.fromisoformat(item["added"]),
                    source=item.get("source", ""),
                )
                for item in tree.get("crls", ())
            ),
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        raise Damaged("the section `trust` is not as xsec writes it", remedy="xsec config validate") from None


def _entry(item: Tree, snapshot: Snapshot) -> Entry:
    kinds = item.get("for")
    return Entry(
        digest=item["digest"],
        der=bytes(snapshot.blob(item["digest"])),
        kinds=None if kinds is None else frozenset(kinds),
        added=datetime.fromisoformat(item["added"]),
        source=item.get("source", ""),
    )


def _format(trust: TrustList) -> Tree:
    entries = []
    for entry in trust.entries:
        item: dict[str, Tree] = {"digest": entry.digest, **_provenance(entry)}
        if entry.kinds is not None:
            item["for"] = sorted(entry.kinds)
        entries.append(item)
    crls = [{"digest": crl.digest, **_provenance(crl)} for crl in trust.crls]
    return {"entries": entries, "crls": crls} if crls else {"entries": entries}


def _provenance(item: Entry | EmbeddedCrl) -> Mapping[str, str]:
    return {"added": item.added.astimezone(UTC).isoformat(timespec="seconds"), "source": item.source}


def _check(trust: TrustList) -> None:
    for entry in trust.entries:
        describe.load(entry.der, where=f"trust entries {entry.digest}")
    for crl in trust.crls:
        try:
            x509.load_der_x509_crl(crl.der)
        except describe.UNREADABLE:
            raise InvalidValue("the object is no CRL", where=f"trust crls {crl.digest}") from None


TRUST: Section[TrustList] = Section("trust", parse=_parse, format=_format, empty=TrustList(), check=_check)


# Looking up ----------------------------------------------------------------------------------------------


def subject_of(entry: Entry) -> str:
    """The subject of an entry as text."""
    return describe.subject(describe.load(entry.der))


def select(trust: TrustList, selectors: Iterable[str]) -> tuple[Entry | EmbeddedCrl, ...]:
    """The entries that numbers, fingerprint prefixes, subject texts or `c1` for a CRL choose, each once."""
    return tuple({id(item): item for text in selectors for item in (_one(trust, text),)}.values())


def _one(trust: TrustList, text: str) -> Entry | EmbeddedCrl:
    found = tuple(_matching(trust, text.strip()))
    if len(found) == 1:
        return found[0]
    if not found:
        raise InvalidValue(
            f"nothing in the trust list matches {text!r}",
            allowed="a list number, 4 or more digits of a fingerprint, or text of one subject",
            remedy="xsec trust list",
        )
    shown = "; ".join(label(trust, item) for item in found[:10])
    more = f"; and {len(found) - 10} more" if len(found) > 10 else ""
    raise InvalidValue(
        f"{text!r} matches {len(found)} entries: {shown}{more}", remedy="give the list number, or more digits"
    )


def _matching(trust: TrustList, text: str) -> Iterator[Entry | EmbeddedCrl]:
    """What a selector may mean: a number and a fingerprint may both match, and then it is ambiguous."""
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= 5 else 0
    if text[:1] == "c" and text[1:].isascii() and text[1:].isdigit() and len(text) <= 6:
        yield from trust.crls[int(text[1:]) - 1 : int(text[1:])] if int(text[1:]) else ()
    elif 1 <= number <= len(trust.entries):
        yield trust.entries[number - 1]
    digits = text.replace(":", "").lower()
    if len(digits) >= 4 and not set(digits) - set("0123456789abcdef"):
        by_digest = [item for item in items(trust) if item.digest.startswith(digits)]
        yield from (item for item in by_digest if not number or item is not _at(trust, number))
        if by_digest:
            return
    if text and not number:
        folded = text.casefold()
        yield from (entry for entry in trust.entries if folded in subject_of(entry).casefold())


def _at(trust: TrustList, number: int) -> Entry | None:
    return trust.entries[number - 1] if 1 <= number <= len(trust.entries) else None


def label(trust: TrustList, item: Entry | EmbeddedCrl) -> str:
    """Number, name and fingerprint: enough to recognise an entry and to choose it."""
    if isinstance(item, Entry):
        number, name = str(trust.entries.index(item) + 1), subject_of(item)
    else:
        number = f"c{trust.crls.index(item) + 1}"
        name = f"CRL of {describe.issuer(x509.load_der_x509_crl(item.der))}"
    return f"{number} {name} ({describe.short(item.digest)})"


def same_subject(trust: TrustList) -> tuple[tuple[Entry, ...], ...]:
    """Groups of entries with one subject and different keys, first entry first.

    The appliance takes the first entry whose subject matches and stops, so that it never finds the later
    ones (appliance-facts, 7); xsec tries each.  Subjects are compared as they are encoded.
    """
    groups: dict[bytes, dict[bytes, Entry]] = {}
    for entry in trust.entries:
        try:
            found = structure.names_of(entry.der)
        except structure.NotDer:
            continue
        groups.setdefault(found.subject, {}).setdefault(found.public_key, entry)
    return tuple(tuple(by_key.values()) for by_key in groups.values() if len(by_key) > 1)


def counts_for(entry: Entry) -> str:
    """The kinds of an entry as text."""
    if entry.kinds is None:
        return "all"
    return "verifying servers" if entry.kinds == SERVER_KINDS else ", ".join(sorted(entry.kinds))


# Plans ---------------------------------------------------------------------------------------------------


def plan_remove(snapshot: Snapshot, selectors: Sequence[str]) -> Plan:
    """Remove what is chosen; an embedded CRL goes with the last entry that has its issuer's name."""
    trust = snapshot[TRUST]
    chosen = {item.digest for item in select(trust, selectors)}
    entries = tuple(entry for entry in trust.entries if entry.digest not in chosen)
    gone = {structure.names_of(entry.der).subject for entry in trust.entries if entry.digest in chosen} - {
        structure.names_of(entry.der).subject for entry in entries
    }
    crls = tuple(crl for crl in trust.crls if crl.digest not in chosen and crl_issuer(crl.der) not in gone)
    count = len(trust.entries) - len(entries) + len(trust.crls) - len(crls)
    return plan_for(snapshot, TrustList(entries=entries, crls=crls), f"{count} removed from the trust list")


def crl_issuer(der: bytes) -> bytes:
    """The issuer's name of a CRL, as it stands (RFC 5280, 5.1.2.3)."""
    signed = structure.element(der, 0, len(der))
    parts = list(structure.elements(der, signed.content, signed.end))
    inner = list(structure.elements(der, parts[0].content, parts[0].end))
    return structure.octets(der, inner[2 if inner[0].tag == structure.INTEGER else 1])


def default_list(now: datetime) -> TrustList:
    """The default bundle, which counts where this host verifies servers only (TR-2, TR-7)."""
    bundle = (files("xsec") / "data" / "intersection-ca-bundle.pem").read_bytes()
    return TrustList(
        entries=tuple(
            Entry(
                digest=sha256(found.der).hexdigest(),
                der=found.der,
                kinds=SERVER_KINDS,
                added=now,
                source=DEFAULT_SOURCE,
            )
            for found in read(bundle, DEFAULT_SOURCE).certificates
        )
    )


def plan_reset(snapshot: Snapshot, now: datetime) -> Plan:
    """Make the list exactly the default bundle, without embedded CRLs; nothing when it is that already."""
    trust, wanted = snapshot[TRUST], default_list(now)
    same = not trust.crls and [(entry.digest, entry.kinds) for entry in trust.entries] == [
        (entry.digest, entry.kinds) for entry in wanted.entries
    ]
    return plan_for(snapshot, trust if same else wanted, "trust list reset to the default bundle")


def plan_for(snapshot: Snapshot, after: TrustList, summary: str) -> Plan:
    """The plan that makes `after` the trust list; an empty one when it is that already."""
    before = snapshot[TRUST]
    if after == before:
        return Plan(base=snapshot.generation, summary=summary)
    known = {item.digest for item in items(before)}
    fresh = [item for item in items(after) if item.digest not in known]
    return Plan(
        base=snapshot.generation,
        summary=summary,
        sections={TRUST.name: TRUST.format(after)},
        objects={item.digest: item.der for item in fresh},
    )


def items(trust: TrustList) -> tuple[Entry | EmbeddedCrl, ...]:
    """Every entry, then every embedded CRL."""
    return (*trust.entries, *trust.crls)

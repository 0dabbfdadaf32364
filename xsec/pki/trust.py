"""The trust list: the CA certificates that are trusted, for which connection kinds, and its own CRLs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from xsec.errors import Damaged
from xsec.state.snapshot import Section, Snapshot, Tree

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
"""The connection kinds an entry can be limited to (TR-7), as requirements.md lists them."""

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


TRUST: Section[TrustList] = Section("trust", parse=_parse, format=_format, empty=TrustList())

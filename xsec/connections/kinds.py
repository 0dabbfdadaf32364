"""The connection kinds (table 1 of the source): why a TLS connection exists, and what applies to each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, unique

from xsec.errors import InvalidValue
from xsec.pki.trust import TRUST
from xsec.state.schema import Leaf, Schema
from xsec.state.snapshot import Snapshot


@unique
class Role(Enum):
    """What this host is on such a connection."""

    SERVER = "server"
    CLIENT = "client"
    EITHER = "either"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionKind:
    """One kind: the host's role, whose certificate it judges, by which list and which sources (5.4).

    `service` is the service of TL-1 whose versions and ciphers apply; `settings` is the path of what the
    operator may set about checking.
    """

    id: str
    title: str
    role: Role
    judges: str
    trust_list: str
    sources: tuple[str, ...]
    undetermined: str
    service: str
    settings: str = ""


_MANUAL = ("manual CRLs",)
_USUAL = ("automatic CRLs", "manual CRLs where a CA has no automatic one")
_OFF = "not checked"
_LIST = "trusted CA list"

KINDS: tuple[ConnectionKind, ...] = (
    ConnectionKind(
        id="https-client-auth",
        title="Browser to this host, with a client certificate",
        role=Role.SERVER,
        judges="the browser's client certificate",
        trust_list=_LIST,
        sources=_USUAL,
        undetermined="as Crlinaccessible says",
        service="https",
        settings="Authentication Certificate",
    ),
    ConnectionKind(
        id="sip-tls",
        title="SIP over TLS with zones, endpoints and hosts",
        role=Role.EITHER,
        judges="the far side's certificate, as server or client",
        trust_list=_LIST,
        sources=("OCSP", "manual and automatic CRLs together", "CRLs of distribution points"),
        undetermined="as the SIP fallback says",
        service="sip",
        settings="SIP TLS Certificate Revocation Checking",
    ),
    ConnectionKind(
        id="ldap",
        title="This host to an LDAP server",
        role=Role.CLIENT,
        judges="the directory's server certificate",
        trust_list=_LIST,
        sources=("CRLs embedded in the trusted CA list",),
        undetermined="rejected when checking is on",
        service="ldap",
        settings="Login Remote LDAP",
    ),
    ConnectionKind(
        id="policy-server",
        title="This host to a policy server",
        role=Role.CLIENT,
        judges="the policy server's certificate",
        trust_list=_LIST,
        sources=_MANUAL,
        undetermined="rejected when checking is on",
        service="certificate-checker",
        settings="Registration RestrictionPolicy Service",
    ),
    ConnectionKind(
        id="traversal",
        title="Traversal zone between this host and a far host",
        role=Role.EITHER,
        judges="the far host's certificate, as server or client",
        trust_list=_LIST,
        sources=("OCSP", "manual and automatic CRLs together", "CRLs of distribution points"),
        undetermined="as the SIP fallback says",
        service="sip",
        settings="SIP TLS Certificate Revocation Checking",
    ),
    ConnectionKind(
        id="reverse-proxy",
        title="Mobile and remote access through the reverse proxy",
        role=Role.CLIENT,
        judges="the inner server's certificate",
        trust_list=_LIST,
        sources=_USUAL,
        undetermined=_OFF,
        service="reverse-proxy",
    ),
    ConnectionKind(
        id="xmpp",
        title="XMPP federation",
        role=Role.EITHER,
        judges="the far server's certificate, as server or client",
        trust_list=_LIST,
        sources=("OCSP", "manual and automatic CRLs together", "CRLs of distribution points"),
        undetermined="as FailOnInaccessibleSource says; off by default",
        service="xmpp",
        settings="XCP TLS Certificate CVS",
    ),
    ConnectionKind(
        id="smtp",
        title="This host to a mail server",
        role=Role.CLIENT,
        judges="the mail server's certificate",
        trust_list=_LIST,
        sources=_USUAL,
        undetermined=_OFF,
        service="smtp",
    ),
    ConnectionKind(
        id="tms",
        title="This host to the provisioning service",
        role=Role.CLIENT,
        judges="the provisioning server's certificate",
        trust_list=_LIST,
        sources=_USUAL,
        undetermined=_OFF,
        service="tms",
    ),
    ConnectionKind(
        id="uc-discovery",
        title="This host to unified communications servers",
        role=Role.CLIENT,
        judges="the discovered server's certificate",
        trust_list=_LIST,
        sources=_USUAL,
        undetermined=_OFF,
        service="uc-discovery",
    ),
    ConnectionKind(
        id="meeting-server-discovery",
        title="This host to meeting servers",
        role=Role.CLIENT,
        judges="the discovered server's certificate",
        trust_list=_LIST,
        sources=_USUAL,
        undetermined=_OFF,
        service="meeting-server-discovery",
    ),
    ConnectionKind(
        id="mra-onboarding",
        title="Device to this host, onboarding with an activation code",
        role=Role.SERVER,
        judges="the device's client certificate",
        trust_list="onboarding CA list",
        sources=_USUAL,
        undetermined=_OFF,
        service="reverse-proxy",
    ),
)


def kind(name: str) -> ConnectionKind:
    """The kind of this name; `InvalidValue` names all of them otherwise."""
    for found in KINDS:
        if found.id == name.strip().casefold():
            return found
    known = ", ".join(item.id for item in KINDS)
    raise InvalidValue(
        f"no connection kind {name!r}", allowed=f"one of {known}", remedy="xsec connections list"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """A kind with what the configuration makes of it."""

    kind: ConnectionKind
    authorities: int
    values: tuple[tuple[str, str], ...]


def applied(snapshot: Snapshot, found: ConnectionKind, schema: Schema) -> Applied:
    """The kind with the number of CAs that count for it, and the values of its settings."""
    onboarding = found.id == "mra-onboarding"
    words = tuple(found.settings.split())
    leaves = [setting.at() for setting in schema.under(words) if not setting.indexed] if words else []
    return Applied(
        kind=found,
        authorities=0 if onboarding else len(snapshot[TRUST].for_kind(found.id)),
        values=tuple((leaf.path, _shown(snapshot, leaf)) for leaf in leaves),
    )


def _shown(snapshot: Snapshot, leaf: Leaf[object]) -> str:
    return "***" if leaf.setting.secret else leaf.setting.kind.format(snapshot[leaf])

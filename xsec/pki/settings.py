"""Whose certificate is verified and by which name: zones and policy servers (appliance-facts 1.11, 1.12)."""

from __future__ import annotations

from typing import Any

from xsec.state.kinds import Choice, Integer, OnOff, String
from xsec.state.schema import Setting

_NAME_RULE = "a name in CN or SAN (command reference X15.0); xsec matches SAN only"


def _verify_mode(kind: str) -> Setting[str]:
    return Setting(
        path=f"Zones Zone [1..1000] {kind} SIP TLS Verify Mode",
        kind=OnOff(),
        default="Off",
        help=f"Verify the certificate of the peer of a zone of type {kind}",
        other=_NAME_RULE,
    )


def _verify_name(kind: str, *, help: str) -> Setting[str]:
    return Setting(
        path=f"Zones Zone [1..1000] {kind} SIP TLS Verify Subject Name",
        kind=String(0, 128),
        default="",
        help=help,
        other=_NAME_RULE,
    )


def _encryption(kind: str) -> Setting[str]:
    return Setting(
        path=f"Zones Zone [1..1000] {kind} SIP Media Encryption Mode",
        kind=Choice("Off", "On", "BestEffort", "Auto"),
        default="Auto",
        help="Media encryption in the zone; On forces it",
    )


DEFAULT_ZONE_VERIFY = Setting(
    path="Zones DefaultZone SIP TLS Verify Mode",
    kind=OnOff(),
    default="Off",
    help="Verify certificates of callers against the access rules of the default zone",
)
DEFAULT_ZONE_ENCRYPTION = Setting(
    path="Zones DefaultZone SIP Media Encryption Mode",
    kind=Choice("Off", "On", "BestEffort", "Auto"),
    default="Auto",
    help="Media encryption in the default zone; On forces it",
)
ZONE_NAME = Setting(path="Zones Zone [1..1000] Name", kind=String(0, 50), default="", help="Name of the zone")
ZONE_TYPE = Setting(
    path="Zones Zone [1..1000] Type",
    kind=Choice("", "Neighbor", "TraversalClient", "TraversalServer", "ENUM", "DNS"),
    default="",
    help="What the zone connects to; it decides which of its rows count",
)
DNS_VERIFY = _verify_mode("DNS")
DNS_NAME = _verify_name(
    "DNS", help="Name that the certificate must carry; empty is the domain that was looked up"
)
TRAVERSAL_VERIFY = _verify_mode("TraversalServer")
TRAVERSAL_NAME = _verify_name(
    "TraversalServer", help="Name that the traversal client's certificate must carry"
)
TRAVERSAL_TRANSPORT = Setting(
    path="Zones Zone [1..1000] TraversalServer SIP Transport",
    kind=Choice("TCP", "TLS"),
    default="TLS",
    help="Transport that the traversal client uses",
)
TRAVERSAL_PORT = Setting(
    path="Zones Zone [1..1000] TraversalServer SIP Port",
    kind=Integer(1024, 65534),
    default=7001,
    help="Port on which the traversal client connects",
    other="7001 for the first zone and one more for each further zone",
)
NEIGHBOR_VERIFY = _verify_mode("Neighbor")
NEIGHBOR_NAME = _verify_name("Neighbor", help="Name that the neighbor's certificate must carry")
CLIENT_VERIFY = _verify_mode("TraversalClient")
CLIENT_NAME = _verify_name("TraversalClient", help="Name that the traversal server's certificate must carry")
ENCRYPTION = tuple(map(_encryption, ("Neighbor", "TraversalClient", "TraversalServer", "DNS")))

_POLICY = "Registration RestrictionPolicy Service"
POLICY_PROTOCOL = Setting(
    path=f"{_POLICY} Protocol",
    kind=Choice("HTTP", "HTTPS"),
    default="HTTPS",
    help="How the policy server is asked",
)
POLICY_VERIFY = Setting(
    path=f"{_POLICY} TLS Verify Mode",
    kind=OnOff(),
    default="On",
    help="Verify the policy server's certificate",
)
POLICY_CRL_CHECK = Setting(
    path=f"{_POLICY} TLS CRLCheck Mode",
    kind=OnOff(),
    default="Off",
    help="Check the policy server's certificate against uploaded revocation lists, and no others",
)
POLICY_ADDRESS = Setting(
    path=f"{_POLICY} Server [1..3] Address",
    kind=String(0, 128),
    default="",
    help="Name or IP address of a policy server",
)

SETTINGS: tuple[Setting[Any], ...] = (
    DEFAULT_ZONE_VERIFY,
    DEFAULT_ZONE_ENCRYPTION,
    ZONE_NAME,
    ZONE_TYPE,
    DNS_VERIFY,
    DNS_NAME,
    TRAVERSAL_VERIFY,
    TRAVERSAL_NAME,
    TRAVERSAL_TRANSPORT,
    TRAVERSAL_PORT,
    NEIGHBOR_VERIFY,
    NEIGHBOR_NAME,
    CLIENT_VERIFY,
    CLIENT_NAME,
    *ENCRYPTION,
    POLICY_PROTOCOL,
    POLICY_VERIFY,
    POLICY_CRL_CHECK,
    POLICY_ADDRESS,
)

"""Which peers make the cluster, and its name (appliance-facts 1.13)."""

from __future__ import annotations

from typing import Any

from xsec.state.kinds import Integer, String
from xsec.state.schema import Setting

NAME = Setting(
    path="Alternates Cluster Name",
    kind=String(0, 128),
    default="",
    help="Fully qualified name of the cluster; the server certificate of each peer carries it",
)
PRIMARY = Setting(
    path="Alternates ConfigurationPrimary",
    kind=Integer(1, 6),
    default=1,
    help="Number of the peer that the others take their configuration from",
)
PEER_ADDRESS = Setting(
    path="Alternates Peer [1..6] Address",
    kind=String(0, 128),
    default="",
    help="Name or IP address of a peer",
)

SETTINGS: tuple[Setting[Any], ...] = (NAME, PRIMARY, PEER_ADDRESS)

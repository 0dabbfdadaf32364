"""How deep revocation is checked, and what it means that the answer is not known (rules.md, 5.4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, unique

SKEW = timedelta(minutes=5)


@unique
class Checking(Enum):
    """Which certificates are checked: none, the end entity, or each below the anchor (SR-1)."""

    OFF = "off"
    PEER = "peer"
    ALL = "all"


@unique
class Undetermined(Enum):
    """What a status that could not be determined does to the path."""

    REJECT = "reject"
    ACCEPT = "accept"


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationPolicy:
    """One connection kind's rules.

    `skew` is how far the issuer's clock may be ahead of ours: it excuses a thisUpdate in the future and
    never prolongs a nextUpdate (CL-1).
    """

    checking: Checking = Checking.ALL
    undetermined: Undetermined = Undetermined.REJECT
    skew: timedelta = SKEW


OFF = RevocationPolicy(checking=Checking.OFF)
REQUIRED = RevocationPolicy()

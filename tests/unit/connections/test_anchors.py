"""A chain must end at a certificate that signs itself: a key rollover has the names of a root (TR-5)."""

from __future__ import annotations

import pytest

from tests.world import NOW, ca, crl, issue
from tests.world.trusting import trusting
from xsec.connections import decide, material
from xsec.lab.pki import Authority, seeded_key
from xsec.pki import chain
from xsec.pki.trust import default_list

ROOT = ca("Rolled")
NEXT = ca("Rolled", ROOT, key=seeded_key("next key"))
"""The root's next key under the root's name, signed by the former key."""
ALICE = issue(NEXT, "alice", client=True)
CRLS = (crl(ROOT), crl(NEXT, number=2))


def test_a_key_rollover_is_self_issued_and_not_self_signed() -> None:
    assert [(chain.is_self_issued(c.der), chain.is_self_signed(c.der)) for c in (ROOT, NEXT)] == [
        (True, True),
        (True, False),
    ]


def test_a_root_that_is_signed_with_sha_1_or_cannot_be_read_is_judged_all_the_same() -> None:
    old = [entry.der for entry in default_list(NOW).entries]
    assert all(map(chain.is_self_signed, old))  # one of them of the year 2000, with SHA-1
    assert not chain.is_self_signed(old[0][:-1])


@pytest.mark.parametrize(("trusted", "accepted"), [((NEXT,), False), ((ROOT, NEXT), True)])
def test_a_client_below_a_key_rollover_is_accepted_by_the_root_only(
    trusted: tuple[Authority, ...], accepted: bool
) -> None:
    found = decide.decide(decide.Question(certificate=ALICE.der), trusting(*trusted, crls=CRLS), NOW)
    assert found.verdict.accepted is accepted


def test_a_key_rollover_is_no_anchor_of_verify_either() -> None:
    host = material.of_host(trusting(ROOT, NEXT))
    assert (host.anchors, host.intermediates) == ((ROOT.der,), (NEXT.der,))

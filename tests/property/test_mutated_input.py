"""Mutated certificates and CRLs: no exception but the project's own, and none of them is believed."""

from __future__ import annotations

import random
from contextlib import suppress
from typing import Any

import pytest

from tests.world.verifying import ask, ca, leaf, octets
from xsec.connections.answers import as_data, lines
from xsec.lab.pki import der, distribution_points
from xsec.pki.parse import Unreadable, anchor
from xsec.revocation.crl import crl

ROOT = ca("Root")
MIDDLE = ca("Middle", ROOT, extensions=[distribution_points("http://crl.example/root")])
ALICE = leaf(MIDDLE, "alice", sans=["alice.example", "192.0.2.1", "a@alice.example"], client=True)
CRLS = [der(ROOT.crl()), der(MIDDLE.crl([ALICE, 5, 6]))]
ROUNDS = 700


def mutated(octets_in: bytes, chance: random.Random) -> bytes:
    """One to four octets changed, put in, taken out or doubled."""
    made = bytearray(octets_in)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(made))
        match chance.randrange(5):
            case 0:
                made[at] = chance.randrange(256)
            case 1:
                made[at] ^= 1 << chance.randrange(8)
            case 2:
                made.insert(at, chance.randrange(256))
            case 3:
                del made[at]
            case _:
                made[at:at] = made[at : at + chance.randrange(1, 20)]
    return bytes(made)


def told(target: bytes, **options: Any) -> str:
    """The verdict's code, after everything was put into words."""
    decision = ask(target, **options)
    as_data(decision)
    lines(decision, "alice.pem")
    return decision.verdict.code


@pytest.mark.parametrize("seed", range(4))
def test_a_mutated_end_entity_is_never_accepted(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311  (a seed makes the run repeatable)
    original = octets(ALICE)
    for _ in range(ROUNDS):
        other = mutated(original, chance)
        code = told(other, trust=[ROOT], chain=[MIDDLE])
        assert code != "ok" or other == original


@pytest.mark.parametrize("seed", range(4))
def test_a_mutated_intermediate_is_never_believed(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311  (a seed makes the run repeatable)
    original = octets(MIDDLE)
    for _ in range(ROUNDS):
        other = mutated(original, chance)
        assert told(octets(ALICE), trust=[ROOT], chain=[other]) != "ok" or other == original


@pytest.mark.parametrize("seed", range(4))
def test_a_mutated_revocation_is_never_accepted(seed: int) -> None:
    """Without the CRL the answer is unknown, with it revoked: no octet that changes makes it good."""
    chance = random.Random(seed)  # noqa: S311  (a seed makes the run repeatable)
    for _ in range(ROUNDS):
        crls = [CRLS[0], mutated(CRLS[1], chance)]
        assert told(octets(ALICE), trust=[ROOT], chain=[MIDDLE], crls=crls) != "ok"


@pytest.mark.parametrize("seed", range(4))
def test_a_mutated_anchor_or_crl_reads_or_says_why_not(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311  (a seed makes the run repeatable)
    for _ in range(ROUNDS):
        with suppress(Unreadable):
            anchor(mutated(octets(ROOT), chance))
        with suppress(Unreadable):
            view = crl(mutated(CRLS[1], chance))
            assert isinstance(view.fault, str)
            view.lookup(5, view.issuer)

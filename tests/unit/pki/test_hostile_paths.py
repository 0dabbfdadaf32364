"""Hostile inputs: each is answered within a second of CPU time."""

from __future__ import annotations

import time

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtensionOID

from tests.world.verifying import Given, ca, code, leaf
from xsec.lab.pki import Authority

UNIDENTIFIED = [ExtensionOID.AUTHORITY_KEY_IDENTIFIER, ExtensionOID.SUBJECT_KEY_IDENTIFIER]
ROOT = ca("Root")
GHOST = ca("Ghost")


def timed(target: Given, chain: list[Given], *, trust: list[Given]) -> str:
    start = time.process_time()
    got = code(target, trust=trust, chain=chain)
    assert time.process_time() - start < 1
    return got


def mesh(without: list[x509.ObjectIdentifier]) -> tuple[list[Authority], list[Given]]:
    """Twelve keys of one name, each certified by each other."""
    cas = [ca("Mesh", seed=f"mesh {number}", without=without) for number in range(12)]
    links: list[Given] = [
        ca("Mesh", issuer, seed=f"mesh {number}", without=without)
        for number in range(12)
        for issuer in cas
        if issuer is not cas[number]
    ]
    return cas, links


@pytest.mark.parametrize("without", [[], UNIDENTIFIED], ids=["with identifiers", "without"])
def test_a_mesh_of_one_name_without_an_exit_is_rejected(without: list[x509.ObjectIdentifier]) -> None:
    cas, links = mesh(without)
    assert timed(leaf(cas[0], without=without), links, trust=[ROOT]) != "ok"


@pytest.mark.parametrize("without", [[], UNIDENTIFIED], ids=["with identifiers", "without"])
@pytest.mark.parametrize("number", [1, 7, 11])
def test_the_one_exit_of_a_mesh_is_found(number: int, without: list[x509.ObjectIdentifier]) -> None:
    cas, links = mesh(without)
    links.append(ca("Mesh", ROOT, seed=f"mesh {number}", without=without))
    assert timed(leaf(cas[0], without=without), links, trust=[ROOT]) == "ok"


@pytest.mark.parametrize("exits", [0, 1, 8])
def test_a_mesh_in_layers_is_answered(exits: int) -> None:
    layers = [[ca(f"Layer {depth}", seed=f"{depth} {number}") for number in range(8)] for depth in range(5)]
    links: list[Given] = [
        ca(f"Layer {depth}", issuer, seed=f"{depth} {number}")
        for depth in range(4)
        for number in range(8)
        for issuer in layers[depth + 1]
    ]
    links += [ca("Layer 4", ROOT, seed=f"4 {number}") for number in range(exits)]
    got = timed(leaf(layers[0][0]), links, trust=[ROOT])
    assert (got == "ok") is (exits > 0)


def test_a_mesh_in_layers_whose_every_path_is_rejected_exhausts_the_budget() -> None:
    tight = ca("Tight", path_length=0)
    layers = [[ca(f"Layer {depth}", seed=f"{depth} {number}") for number in range(8)] for depth in range(5)]
    links: list[Given] = [
        ca(f"Layer {depth}", issuer, seed=f"{depth} {number}")
        for depth in range(4)
        for number in range(8)
        for issuer in layers[depth + 1]
    ]
    links += [ca("Layer 4", tight, seed=f"4 {number}") for number in range(8)]
    assert timed(leaf(layers[0][0]), links, trust=[tight]) == "budget_exhausted"


def test_a_thousand_certificates_of_one_name_and_key_are_one_dead_end() -> None:
    same = ca("Same")
    many: list[Given] = [ca("Same", GHOST, serial=number) for number in range(1, 1001)]
    assert timed(leaf(same), many, trust=[ROOT]) == "unable_to_get_issuer_cert_locally"


def test_a_thousand_keys_of_one_name_exhaust_the_budget() -> None:
    many: list[Given] = [ca("Same", ROOT, seed=f"key {number}") for number in range(1000)]
    assert timed(leaf(ca("Same")), many, trust=[ROOT]) == "budget_exhausted"


def test_a_thousand_self_issued_certificates_of_one_key_are_no_path() -> None:
    many: list[Given] = [ca("Same", serial=number) for number in range(1, 1001)]
    assert timed(leaf(ca("Same")), many, trust=[ROOT]) == "self_signed_cert_in_chain"


@pytest.mark.parametrize(
    ("count", "permitted", "expected"),
    [
        pytest.param(400, True, "ok", id="400 by 400"),
        pytest.param(1025, True, "budget_exhausted", id="1,025 by 1,025"),
        pytest.param(2000, False, "budget_exhausted", id="2,000 by 2,000"),
        pytest.param(8000, False, "unreadable_certificate", id="8,000 by 8,000: over 64 KiB"),
    ],
)
def test_constraints_times_names_are_counted(count: int, permitted: bool, expected: str) -> None:
    names = [x509.DNSName(f"d{number}.example") for number in range(count)]
    others = [x509.DNSName(f"x{number}.example") for number in range(count)]
    bases = x509.NameConstraints(names, None) if permitted else x509.NameConstraints(None, others)
    middle = ca("Middle", ROOT, extensions=[(bases, True)])
    target = leaf(middle, "", sans=list(names))
    assert timed(target, [middle], trust=[ROOT]) == expected

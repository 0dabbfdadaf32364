"""Path building against a search that tries everything: no memory, no order, no pruning."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.world.verifying import NOW, ask, ca, leaf, octets
from xsec.lab.pki import Authority
from xsec.pki import signatures
from xsec.pki.parse import CertificateView, certificate
from xsec.pki.path.budget import Budget, Limits
from xsec.pki.path.validate import Inputs, Path, checks
from xsec.pki.verdict import first_failure

NAMES, KEYS = ("A", "B", "C"), (0, 1)
PLENTY = Limits(signatures=10_000)

NODES = st.tuples(st.sampled_from(NAMES), st.sampled_from(KEYS))
LINKS = st.lists(
    st.tuples(NODES, NODES | st.just(("Root", 0)), st.sampled_from([None, 0, 1]), st.sampled_from([5, 3650])),
    max_size=14,
    unique=True,
)
"""Subject, issuer, path length, days of validity: the short ones have expired."""


@cache
def authority(name: str, key: int) -> Authority:
    return ca(name, seed=f"{name} {key}")


@cache
def link(subject: tuple[str, int], issuer: tuple[str, int], length: int | None, days: int) -> bytes:
    name, key = subject
    return octets(ca(name, authority(*issuer), seed=f"{name} {key}", path_length=length, days=days))


@cache
def end(issuer: tuple[str, int]) -> bytes:
    return octets(leaf(authority(*issuer)))


@cache
def signed(view: CertificateView, issuer: CertificateView) -> bool:
    assert view.certificate is not None
    return not signatures.fault(view.certificate, view.tbs, issuer.public_key)


def every_path(
    below: tuple[CertificateView, ...], pool: list[CertificateView], anchors: list[CertificateView]
) -> Iterator[Path]:
    view = below[-1]
    for anchor in anchors:
        if anchor.subject == view.issuer and anchor.der != view.der and signed(view, anchor):
            yield Path(below, anchor)
    for issuer in pool:
        known = any(issuer.node == other.node for other in below)
        if issuer.subject == view.issuer and not known and len(below) < 9 and signed(view, issuer):
            yield from every_path((*below, issuer), pool, anchors)


@given(LINKS, NODES, st.lists(NODES, max_size=1))
@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.too_slow])
def test_a_path_is_found_exactly_when_there_is_one(
    links: list[Any], issuer: tuple[str, int], more: list[Any]
) -> None:
    chain = [link(*item) for item in links]
    trust = [octets(authority(*node)) for node in (("Root", 0), *more)]
    found = ask(end(issuer), trust=trust, chain=chain, limits=PLENTY).verdict
    exists = any(
        first_failure(checks(path, Inputs(at=NOW), Budget(PLENTY))) is None
        for path in every_path(
            (certificate(end(issuer)),),
            [certificate(der) for der in dict.fromkeys(chain)],
            [certificate(d) for d in trust],
        )
    )
    assert found.accepted is exists

"""The name a peer is reached by against the names it presents (RFC 9525, NA-1)."""

from __future__ import annotations

import pytest
from cryptography import x509

from tests.world.verifying import ask, ca, code, leaf
from xsec.errors import InvalidValue
from xsec.pki.path.reference import parse

ROOT = ca("Root")


@pytest.mark.parametrize(
    ("san", "host", "expected"),
    [
        pytest.param("a.example", "dns:A.Example", "ok", id="case"),
        pytest.param("a.example", "dns:a.example.", "ok", id="the root's dot"),
        pytest.param("a.example", "a.example", "ok", id="without a prefix"),
        pytest.param("*.b.example", "dns:a.b.example", "ok", id="wildcard"),
        pytest.param(
            "*.b.example", "dns:b.example", "hostname_mismatch", id="wildcard and the domain itself"
        ),
        pytest.param("*.b.example", "dns:c.a.b.example", "hostname_mismatch", id="wildcard over two labels"),
        pytest.param("*.example", "dns:a.example", "hostname_mismatch", id="wildcard for a top domain"),
        pytest.param("a*.b.example", "dns:ab.b.example", "hostname_mismatch", id="wildcard within a label"),
        pytest.param("a.*.example", "dns:a.b.example", "hostname_mismatch", id="wildcard in the middle"),
        pytest.param("xn--bcher-kva.example", "dns:b\u00fccher.example", "ok", id="A-label"),
        pytest.param("192.0.2.1", "ip:192.0.2.1", "ok", id="address"),
        pytest.param("2001:db8::1", "ip:2001:0DB8:0::1", "ok", id="IPv6 address in another form"),
        pytest.param(
            x509.DNSName("192.0.2.1"), "ip:192.0.2.1", "ip_address_mismatch", id="address as DNS name"
        ),
        pytest.param("a@b.example", "email:a@B.example", "ok", id="mailbox"),
        pytest.param("a@b.example", "email:A@b.example", "email_mismatch", id="local part has case"),
    ],
)
def test_a_name_matches_by_its_own_kind(san: str, host: str, expected: str) -> None:
    assert code(leaf(ROOT, sans=[san]), trust=[ROOT], host=host) == expected


def test_the_common_name_never_counts_and_the_finding_says_so() -> None:
    verdict = ask(leaf(ROOT, "a.example"), trust=[ROOT], host="dns:a.example").verdict
    assert verdict.code == "hostname_mismatch"
    assert "only the Common Name matches" in verdict.failures[0].detail


@pytest.mark.parametrize(
    "text",
    ["dns:", "dns:a..b", "dns:*.example", "dns:a b", "ip:192.0.2", "email:nobody", "dns:" + "a." * 130],
)
def test_a_reference_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue):
        parse(text)

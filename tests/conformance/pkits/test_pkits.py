"""NIST PKITS: each case with its own certificates and CRLs, and in a pool of all of them."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.world.suites import Case, exceptions, run

HERE = Path(__file__).parent


def cases(*, pool: bool) -> Iterator[Case]:
    suite = json.loads(gzip.decompress((HERE / "pkits.json.gz").read_bytes()))
    certificates, crls = suite["certs"], suite["crls"]
    shared = [
        der
        for name, der in certificates.items()
        if not re.search(r"EE\d*$", name) and name != "TrustAnchorRootCertificate"
    ]
    for case in suite["cases"]:
        yield {
            **case,
            "trust": [certificates[name] for name in case["trust"]],
            "intermediates": shared if pool else [certificates[name] for name in case["intermediates"]],
            "leaf": certificates[case["leaf"]],
            "crls": list(crls.values()) if pool else [crls[name] for name in case["crls"]],
        }


@pytest.mark.parametrize("pool", [pytest.param(False, id="per case"), pytest.param(True, id="pool")])
def test_pkits_is_answered_as_nist_expects(pool: bool) -> None:
    report = run(cases(pool=pool), exceptions(HERE / "exceptions.toml"), profile="default")
    assert report.wrong == []
    assert len(report.passed) + len(report.known) == 257

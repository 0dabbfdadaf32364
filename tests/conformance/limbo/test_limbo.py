"""x509-limbo with BetterTLS, strict profile; the suite is not part of the project.

It is looked for where XSEC_LIMBO says, then beside the checkout.  BetterTLS has nine thousand cases that are
alike: every tenth is asked unless XSEC_LIMBO_SAMPLE says otherwise (1 for all).
"""

from __future__ import annotations

import json
import lzma
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.world.suites import Case, exceptions, run

HERE = Path(__file__).parent
ROOT = HERE.parents[2]


def suite() -> Path:
    named = os.environ.get("XSEC_LIMBO")
    places = [Path(named)] if named else sorted(ROOT.parent.glob("*/conformance/limbo.json.xz"))
    found = next((place for place in places if place.is_file()), None)
    if found is None:
        pytest.skip("the x509-limbo suite is not here: set XSEC_LIMBO to the file limbo.json.xz")
    return found


def cases(file: Path, sample: int) -> Iterator[Case]:
    content = json.loads(lzma.decompress(file.read_bytes()))
    ders = content["ders"]
    for number, case in enumerate(content["cases"]):
        if "bettertls" in case["group"] and number % sample:
            continue
        lists = {key: [ders[at] for at in case[key]] for key in ("trust", "intermediates", "crls")}
        yield {**case, **lists, "leaf": ders[case["leaf"]]}


def test_limbo_is_answered_as_it_expects_but_for_the_listed_exceptions() -> None:
    sample = int(os.environ.get("XSEC_LIMBO_SAMPLE", "10"))
    known = exceptions(HERE / "exceptions.toml")
    report = run(cases(suite(), sample), known, profile="strict")
    assert report.wrong == []
    assert set(report.known) == set(known)

"""R18: no certificate gives another user's name, and no honest one loses its own (NA-2).

XSEC_HOSTILE sets how many certificates are generated (300 unless said), XSEC_SEED their seed.
"""

from __future__ import annotations

import os
import re
import subprocess

import pytest

from tests.faults import hostile
from xsec.pki.extract import Extraction, extract
from xsec.pki.pattern import (
    APPLIANCE_PATTERN,
    DEFAULT_PATTERN,
    DEFAULT_TEMPLATE,
    compile_pattern,
    template_pieces,
)
from xsec.pki.text import render

COUNT = int(os.environ.get("XSEC_HOSTILE", "300"))
SEED = int(os.environ.get("XSEC_SEED", "18"))
PIECES = template_pieces(DEFAULT_TEMPLATE)
DEFAULT = compile_pattern(DEFAULT_PATTERN)

# Patterns that operators write; the first is tolerant of a blank, the second the appliance's
LAX = {
    "blank-tolerant": compile_pattern(r"/Subject:.*, ?CN=(?<captureCommonName>[^,\n]*)/m"),
    "appliance": compile_pattern(APPLIANCE_PATTERN),
    "tolerant": compile_pattern(r"/Subject: .*CN=(?<captureCommonName>[^,\n]+)/m"),
    "anywhere": compile_pattern(r"/CN=(?<captureCommonName>[^,\n]+)/"),
    "email": compile_pattern(r"/email:(?<captureCommonName>[^,\n]+)/"),
    "upn": compile_pattern(r"/othername: UPN::(?<captureCommonName>[^,\n]+)/"),
}


def names(der: bytes, pattern: object = None) -> Extraction:
    return extract(pattern or DEFAULT, PIECES, render(der))  # type: ignore[arg-type]  # a compiled pattern


@pytest.mark.parametrize("case", list(hostile.thirteen()), ids=lambda case: case.title)
def test_a_hostile_certificate_gives_no_wrong_user(case: hostile.Case) -> None:
    assert names(case.der).username == (case.user if case.benign else None)


@pytest.mark.parametrize("case", [c for c in hostile.thirteen() if not c.benign], ids=lambda case: case.title)
def test_a_certificate_that_prints_another_line_is_named_with_field_and_trick(case: hostile.Case) -> None:
    refused = names(case.der).refused
    assert [refusal.code for refusal in refused] == ["text_differs"]
    assert "a line separator" in refused[0].detail


@pytest.mark.parametrize("pattern", LAX.values(), ids=list(LAX))
def test_a_lax_pattern_gives_no_admin_either(pattern: object) -> None:
    assert [case.title for case in hostile.thirteen() if names(case.der, pattern).username == "admin"] == []


def test_generated_certificates_give_no_wrong_user_and_lose_no_right_one() -> None:
    wrong, lost = [], []
    for case in hostile.generated(COUNT, SEED):
        found = names(case.der).username
        if found is not None and found != case.user:
            wrong.append((case.title, found))
        if found is None and case.benign:
            lost.append((case.title, names(case.der).refused))
    assert (wrong, lost) == ([], [])


def test_generated_certificates_give_no_admin_with_lax_patterns() -> None:
    wrong = [
        (name, case.title)
        for case in hostile.generated(COUNT, SEED)
        for name, pattern in LAX.items()
        if (names(case.der, pattern).username or "").startswith("admin")
    ]
    assert wrong == []


def test_every_certificate_has_one_subject_line_in_the_safe_text() -> None:
    for case in hostile.generated(min(COUNT, 300), SEED + 1):
        lines = [line for line in render(case.der).text.splitlines() if re.match(r"\s*Subject:", line)]
        assert len(lines) == 1, case.title


# The control: the tests above must be able to fail ---------------------------------------------------------


def openssl(der: bytes) -> str:
    argv = ["openssl", "x509", "-inform", "DER", "-text", "-nameopt", "RFC2253", "-noout"]
    return subprocess.run(argv, input=der, capture_output=True, check=True, timeout=20).stdout.decode(
        "latin-1"
    )


def test_the_plain_text_of_openssl_gives_admin() -> None:
    """The naive way: a pattern that tolerates a blank, on what openssl prints."""
    naive = re.compile(r"Subject:.*, ?CN=([^,\n]*)", re.MULTILINE)
    fooled = [case.title for case in hostile.thirteen() if "admin" in naive.findall(openssl(case.der))]
    assert len(fooled) == 12


def test_nine_certificates_print_a_second_subject_line() -> None:
    printed = [
        case.title
        for case in hostile.thirteen()
        if len(re.findall(r"^\s*Subject:", openssl(case.der), re.MULTILINE)) == 2
    ]
    assert printed == list(hostile.FIELDS)

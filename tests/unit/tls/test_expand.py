"""What a string selects, judged against the openssl program (TL-5)."""

from __future__ import annotations

import subprocess

import pytest

from xsec.tls.describe import expansion
from xsec.tls.expand import effects, expand, offered, suites
from xsec.tls.settings import SIP_STANDARD, STANDARD
from xsec.tls.versions import Version

MODERN = "ECDHE+AESGCM"


def _openssl(string: str, *options: str) -> set[str]:
    done = subprocess.run(
        ["/usr/bin/openssl", "ciphers", *options, string], capture_output=True, text=True, check=True
    )
    return set(done.stdout.strip().split(":"))


@pytest.mark.needs("openssl")
@pytest.mark.parametrize("string", [STANDARD, SIP_STANDARD, MODERN, "ALL:COMPLEMENTOFALL"])
def test_what_is_usable_at_tls_12_is_what_openssl_says(string: str) -> None:
    mine = {suite.name for suite in offered(string, (), Version.TLS1_2)}
    assert mine == _openssl(string, "-s", "-tls1_2")


@pytest.mark.needs("openssl")
def test_security_level_0_lets_in_what_openssl_says() -> None:
    string = f"{SIP_STANDARD}:@SECLEVEL=0"
    mine = {suite.name for suite in offered(string, (), Version.TLS1_2)}
    assert mine == _openssl(string, "-s", "-tls1_2")


def test_the_sip_string_lists_ten_anonymous_suites_and_adh_alone_does_not_remove_them_all() -> None:
    assert sum(suite.anonymous for suite in expand(SIP_STANDARD)) == 10
    left = [suite.name for suite in expand(f"{SIP_STANDARD}:!ADH") if suite.anonymous]
    assert left == ["AECDH-AES128-SHA"]
    assert not any(suite.anonymous for suite in expand(f"{SIP_STANDARD}:!aNULL"))


def test_no_string_touches_tls_13() -> None:
    assert all(suite.version != "TLSv1.3" for suite in expand(STANDARD))
    assert [s.name for s in offered(STANDARD, ("TLS_AES_128_GCM_SHA256",), Version.TLS1_3)] == [
        "TLS_AES_128_GCM_SHA256"
    ]


@pytest.mark.parametrize(
    ("name", "key_exchange", "authentication", "bits", "weak", "usable"),
    [
        ("ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE", "ECDSA", 256, "", True),
        ("AES128-SHA", "RSA", "RSA", 128, "no forward secrecy, CBC", True),
        ("ADH-AES128-SHA", "DHE", "none", 128, "anonymous, CBC", False),
        ("NULL-SHA256", "RSA", "RSA", 0, "no encryption, no forward secrecy", False),
        ("DHE-RSA-AES256-CCM8", "DHE", "RSA", 256, "short authentication tag", True),
        ("PSK-AES128-GCM-SHA256", "PSK", "PSK", 128, "no forward secrecy", False),
    ],
)
def test_a_suite_is_described(
    name: str, key_exchange: str, authentication: str, bits: int, weak: str, usable: bool
) -> None:
    suite = suites()[name]
    assert (suite.key_exchange, suite.authentication, suite.bits) == (key_exchange, authentication, bits)
    assert (suite.weak, suite.usable) == (weak, usable)


def test_each_word_says_what_it_brought_and_removed() -> None:
    found = {effect.token: effect for effect in effects("ECDHE+AESGCM:!ECDSA:FOO")}
    assert len(found["ECDHE+AESGCM"].brought) == 4
    assert found["!ECDSA"].removed == ("ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-AES128-GCM-SHA256")
    assert (found["FOO"].brought, found["FOO"].removed) == ((), ())


def test_an_expansion_names_what_was_put_right_and_what_openssl_ignores() -> None:
    found = expansion("ECDHE+AESGCM:- FOO")
    assert found.string == "ECDHE+AESGCM:-FOO"
    assert found.unknown == ("-FOO",)
    assert len(found.notes) == 2

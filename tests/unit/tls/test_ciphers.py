"""Cipher strings: what is put right, what is refused, what is a word OpenSSL does not know (TL-2)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xsec.errors import InvalidValue
from xsec.tls.ciphers import (
    SUITES_13,
    CipherString,
    Suites13,
    known,
    normalise,
    selected,
    tokens,
    unknown,
)
from xsec.tls.settings import SIP_STANDARD, STANDARD

KIND = CipherString()


@pytest.mark.parametrize(
    ("printed", "meant"),
    [
        ("HIGH:- AES256+SHA:!MEDIUM", "HIGH:-AES256+SHA:!MEDIUM"),
        ("HIGH :! LOW", "HIGH:!LOW"),
        ("HIGH: + ADH", "HIGH:+ADH"),
        ("HIGH,AES128-SHA;AES256-SHA", "HIGH:AES128-SHA:AES256-SHA"),
        ("HIGH AES128-SHA", "HIGH:AES128-SHA"),
        ("HIGH::!LOW:", "HIGH:!LOW"),
    ],
)
def test_blanks_and_separators_of_print_are_put_right_with_a_note(printed: str, meant: str) -> None:
    assert KIND.parse(printed) == meant
    assert len(KIND.notes(printed)) == 1


def test_a_string_that_needs_nothing_put_right_has_no_note() -> None:
    assert KIND.notes(STANDARD) == ()


@pytest.mark.parametrize("default", [STANDARD, SIP_STANDARD])
def test_the_sources_defaults_are_known_word_for_word(default: str) -> None:
    assert KIND.parse(default) == default
    assert unknown(default) == ()


@pytest.mark.parametrize("text", ["", "FOO", "LOW", "!ALL", "HIGH:!HIGH", ":::"])
def test_a_string_that_selects_nothing_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue, match="selects nothing"):
        KIND.parse(text)


@pytest.mark.parametrize("text", ['HIGH";', "HIGH\n:LOW", "HIGH\x1b[31m", "HIGH$x", "HIGH{", "HÏGH", "A\x00"])
def test_characters_that_could_leave_a_configuration_value_are_refused_with_their_place(text: str) -> None:
    with pytest.raises(InvalidValue, match="character") as caught:
        KIND.parse(text)
    assert caught.value.where.startswith("character ")


def test_a_string_longer_than_the_appliance_takes_is_refused() -> None:
    with pytest.raises(InvalidValue, match="2049 characters"):
        KIND.parse("A" * 2049)


@pytest.mark.parametrize(
    ("token", "is_known"),
    [
        ("HIGH", True),
        ("-AES256+SHA", True),
        ("!3DES", True),  # known, although this build has no such suite
        ("@STRENGTH", True),
        ("@SECLEVEL=0", True),
        ("ECDHE-RSA-AES128-GCM-SHA256", True),
        ("FOO", False),
        ("!ECDSAA", False),
        ("AES256+FOO", False),
        ("@FOO", False),
        ("@SECLEVEL=9", False),
        ("+", False),
        ("TLS_AES_128_GCM_SHA256", False),
    ],
)
def test_each_word_is_known_or_not(token: str, is_known: bool) -> None:
    assert known(token) is is_known


def test_openssl_itself_says_nothing_about_an_unknown_word() -> None:
    assert selected("HIGH:FOO") == selected("HIGH")


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="AEHIGS125 :,;!-+@=", max_size=60))
def test_normalising_twice_is_normalising_once(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once
    assert all(tokens(once)) or once == ""


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=40))
def test_any_text_is_read_or_refused_and_never_anything_else(text: str) -> None:
    try:
        value = KIND.parse(text)
    except InvalidValue:
        return
    assert KIND.parse(KIND.format(value)) == value


def test_tls_13_suites_are_read_in_any_case_once_each_and_in_order() -> None:
    text = "tls_aes_128_gcm_sha256 : TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256"
    assert Suites13().parse(text) == "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384"


@pytest.mark.parametrize("text", ["", "ECDHE-RSA-AES128-GCM-SHA256", "TLS_AES_128_GCM_SHA256:x"])
def test_what_is_no_suite_of_tls_13_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        Suites13().parse(text)
    assert SUITES_13[0] in caught.value.allowed

"""A ClientHello by hand and the answers to it, octet by octet (RFC 5246, RFC 8446)."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xsec.tls.hello import Answer, Heard, Listener, client_hello
from xsec.tls.versions import Version

RANDOM = bytes(range(64))


def record(kind: int, body: bytes) -> bytes:
    return struct.pack(">BHH", kind, 0x0303, len(body)) + body


def message(kind: int, body: bytes) -> bytes:
    return bytes([kind]) + len(body).to_bytes(3, "big") + body


def server_hello(version: int, suite: int, extensions: bytes = b"") -> bytes:
    tail = struct.pack(">H", len(extensions)) + extensions if extensions else b""
    return message(
        2, struct.pack(">H", version) + bytes(32) + b"\0" + struct.pack(">H", suite) + b"\0" + tail
    )


def certificate(*items: bytes) -> bytes:
    listed = b"".join(len(item).to_bytes(3, "big") + item for item in items)
    return message(11, len(listed).to_bytes(3, "big") + listed)


DONE = message(14, b"")
NEW = struct.pack(">HHH", 43, 2, 0x0304)


def heard(*chunks: bytes) -> Heard | None:
    listener = Listener()
    return next((found for chunk in chunks if (found := listener.feed(chunk)) is not None), None)


@pytest.mark.parametrize("version", list(Version))
def test_a_client_hello_is_one_whole_record_that_offers_exactly_the_version(version: Version) -> None:
    data = client_hello(version, (0xC02B, 0x002F), RANDOM)
    assert struct.unpack(">BHH", data[:5]) == (22, 0x0301, len(data) - 5)
    assert int.from_bytes(data[6:9], "big") == len(data) - 9
    assert struct.unpack(">H", data[9:11]) == (min(version, Version.TLS1_2),)
    assert (b"\x00\x2b\x00\x03\x02\x03\x04" in data) is (version is Version.TLS1_3)


def test_a_name_is_sent_as_the_servers_name() -> None:
    assert b"\0\0\0\x10\0\x0e\0\0\x0bexample.org" in client_hello(
        Version.TLS1_2, (0x2F,), RANDOM, name="example.org"
    )


def test_an_old_answer_counts_only_when_the_server_has_said_all_of_it() -> None:
    hello = record(22, server_hello(0x0302, 0x002F))
    assert heard(hello) is None
    found = heard(hello, record(22, certificate(b"one", b"two") + DONE))
    assert found == Heard(answer=Answer.ACCEPTED, version=0x0302, suite=0x002F, chain=(b"one", b"two"))


def test_a_server_that_cannot_sign_after_its_hello_has_refused() -> None:
    found = heard(record(22, server_hello(0x0302, 0x002F)), record(21, b"\x02\x50"))
    assert found == Heard(answer=Answer.ALERT, alert="internal_error")


def test_a_tls_13_answer_counts_at_its_server_hello_by_the_version_extension() -> None:
    found = heard(record(22, server_hello(0x0303, 0x1302, NEW)))
    assert found == Heard(answer=Answer.ACCEPTED, version=0x0304, suite=0x1302)


@pytest.mark.parametrize(
    ("octets", "told"),
    [
        (record(21, b"\x02\x46"), "alert protocol_version"),
        (record(21, b"\x02\x28"), "alert handshake_failure"),
        (record(21, b"\x02\xfa"), "alert 250"),
        (b"", "closed without an answer"),
        (b"HTTP/1.1 400 Bad Request\r\n", "an answer that is not TLS"),
        (record(21, b"\x02"), "an answer that is not TLS"),
        (record(22, message(2, b"\x03")), "an answer that is not TLS"),
    ],
)
def test_other_answers_are_told_apart(octets: bytes, told: str) -> None:
    found = heard(octets)
    assert found is not None
    assert found.text == told


def test_an_answer_in_single_octets_is_the_same_answer() -> None:
    whole = record(22, server_hello(0x0303, 0xC02B)) + record(22, certificate(b"x") + DONE)
    assert heard(*(whole[i : i + 1] for i in range(len(whole)))) == heard(whole)


@given(st.lists(st.binary(min_size=1, max_size=80), max_size=6))
def test_any_octets_are_an_answer_or_wait_for_more(chunks: list[bytes]) -> None:
    found = heard(*chunks)
    assert found is None or found.answer in Answer

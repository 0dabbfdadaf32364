"""One request, one answer: the contract of `xsec verify --batch`."""

from __future__ import annotations

import base64
import io
import json
from datetime import timedelta
from typing import Any

import pytest

from tests.world.verifying import NOW, ca, leaf
from xsec.connections.answers import answer, answer_line, lines_of
from xsec.lab.pki import der

ROOT = ca("Root")
MIDDLE = ca("Middle", ROOT)
ALICE = leaf(MIDDLE, "alice", sans=["alice.example"], client=True)


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


REQUEST: dict[str, Any] = {
    "id": "1",
    "trust": [b64(ROOT.der)],
    "intermediates": [b64(MIDDLE.der)],
    "leaf": b64(ALICE.der),
    "crls": [],
    "at": "2030-06-01T12:00:00Z",
    "purpose": "client",
    "host": None,
    "revocation": "off",
    "policies": None,
    "explicit_policy": False,
    "inhibit_mapping": False,
    "inhibit_any_policy": False,
    "max_depth": None,
    "unknown key": 1,
}
CRLS = [b64(der(ROOT.crl())), b64(der(MIDDLE.crl()))]
REVOKED = [b64(der(ROOT.crl())), b64(der(MIDDLE.crl([ALICE])))]


def got(**changes: Any) -> tuple[str, str]:
    found = answer({**REQUEST, **changes}, now=NOW)
    assert found["id"] == "1"
    return found["verdict"], found["code"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        pytest.param({}, "ok", id="as it is"),
        pytest.param({"at": None}, "ok", id="no moment: now"),
        pytest.param({"at": "2030-06-01T14:00:00+02:00"}, "ok", id="another zone"),
        pytest.param({"at": "2099-01-01T00:00:00Z"}, "cert_has_expired", id="moment"),
        pytest.param({"intermediates": []}, "unable_to_get_issuer_cert_locally", id="intermediates"),
        pytest.param({"intermediates": None}, "unable_to_get_issuer_cert_locally", id="null for none"),
        pytest.param({"trust": []}, "unable_to_get_issuer_cert_locally", id="trust"),
        pytest.param({"purpose": "server"}, "invalid_purpose", id="purpose"),
        pytest.param({"host": "dns:alice.example"}, "ok", id="host"),
        pytest.param({"host": "dns:bob.example"}, "hostname_mismatch", id="another host"),
        pytest.param({"revocation": "require"}, "unable_to_get_crl", id="revocation without CRLs"),
        pytest.param({"revocation": "require", "crls": CRLS}, "ok", id="revocation"),
        pytest.param({"revocation": "require", "crls": REVOKED}, "cert_revoked", id="revoked"),
        pytest.param({"revocation": "off", "crls": REVOKED}, "ok", id="revocation off"),
        pytest.param({"explicit_policy": True}, "no_explicit_policy", id="policy"),
        pytest.param({"max_depth": 0}, "cert_chain_too_long", id="depth"),
        pytest.param({"leaf": b64(b"garbage")}, "unreadable_certificate", id="malformed end entity"),
        pytest.param({"intermediates": [b64(b"x"), b64(MIDDLE.der)]}, "ok", id="malformed intermediate"),
        pytest.param({"crls": [b64(b"x")]}, "ok", id="malformed CRL"),
        pytest.param({"trust": [b64(b"x"), b64(ROOT.der)]}, "ok", id="malformed anchor"),
    ],
)
def test_each_key_has_its_meaning(changes: dict[str, Any], code: str) -> None:
    assert got(**changes) == ("valid" if code == "ok" else "invalid", code)


@pytest.mark.parametrize(
    "changes",
    [
        {"leaf": None}, {"leaf": 5}, {"leaf": "%"}, {"trust": "x"}, {"trust": [5]}, {"crls": ["%"]},
        {"purpose": "tea"}, {"purpose": 5}, {"at": "noon"}, {"at": 5}, {"max_depth": -1}, {"max_depth": True},
        {"max_depth": "1"}, {"policies": "1.2.3"}, {"policies": ["x"]}, {"policies": ["1.02"]}, {"host": 5},
        {"host": "dns:"}, {"revocation": "maybe"}, {"profile": "lax"},
    ],
)  # fmt: skip
def test_a_value_without_meaning_is_an_error_and_never_valid(changes: dict[str, Any]) -> None:
    assert got(**changes) == ("error", "malformed_request")


@pytest.mark.parametrize("line", [b"", b"not json", b"[]", b"5", b"null", b"[" * 100_000, b"\xff\xfe", b"{}"])
def test_a_line_that_is_no_request_is_told_from_one_that_is(line: bytes) -> None:
    text, good = answer_line(line, now=NOW)
    assert not good
    assert json.loads(text)["verdict"] == "error"


def test_an_answer_is_one_line() -> None:
    text, good = answer_line(json.dumps(REQUEST).encode(), now=NOW)
    assert good
    assert text.count(b"\n") == 1
    assert text.endswith(b"\n")


def test_anchors_given_once_count_where_a_request_names_none() -> None:
    request = {key: value for key, value in REQUEST.items() if key != "trust"}
    assert answer(request, trust=[ROOT.der], now=NOW)["verdict"] == "valid"
    assert answer(request, now=NOW)["verdict"] == "invalid"
    assert answer({**request, "trust": []}, trust=[ROOT.der], now=NOW)["verdict"] == "invalid"


def test_the_moment_is_a_parameter() -> None:
    request = {**REQUEST, "at": None}
    assert answer(request, now=NOW + timedelta(days=365))["code"] == "cert_has_expired"


def test_left_out_material_is_told() -> None:
    found = answer({**REQUEST, "crls": [b64(b"x")], "intermediates": [b64(b"y"), b64(MIDDLE.der)]}, now=NOW)
    assert len(found["notes"]) == 2


@pytest.mark.parametrize("text", ["0001-01-01T00:00+14:00", "9999-12-31T23:59:59-14:00", "yesterday", 5])
def test_a_moment_outside_the_calendar_is_answered_and_ends_no_batch(text: object) -> None:
    told, good = answer_line(json.dumps({**REQUEST, "at": text}).encode(), now=NOW)
    assert (json.loads(told)["code"], good) == ("malformed_request", False)


def test_a_line_of_a_batch_is_bounded_and_the_next_one_is_read() -> None:
    stream = io.BytesIO(b"1234567\n" + b"x" * 200_000 + b"\n12345678\nrest")
    assert list(lines_of(stream.readline, limit=8)) == [b"1234567\n", None, None, b"rest"]
    assert list(lines_of(io.BytesIO(b"x" * 9).readline, limit=8)) == [None]


def test_a_line_that_is_too_long_is_answered_as_malformed() -> None:
    told, good = answer_line(None, now=NOW)
    assert (json.loads(told)["code"], good) == ("malformed_request", False)
    assert "longer than" in json.loads(told)["detail"]

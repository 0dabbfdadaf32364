"""tls, apply, restart and service as an operator types them, from an empty folder to a changed policy."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from xsec.daemons.enforce.undo import stop
from xsec.edge.sockets import SystemDialer
from xsec.host import Host
from xsec.lab import pki

pytestmark = pytest.mark.needs("nginx")


class Typed:
    """Runs xsec for one root folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def __call__(self, *words: str, exit_code: int = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "xsec.cli", "--root", str(self.root), *words],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == exit_code, done.stderr
        assert "Traceback" not in done.stderr
        return done

    def json(self, *words: str, exit_code: int = 0) -> Any:
        return json.loads(self(*words, "--json", exit_code=exit_code).stdout)


@pytest.fixture(scope="module")
def typed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Typed]:
    run = Typed(tmp_path_factory.mktemp("host"))
    run("setup", "--yes")
    run("xconfiguration", "Management", "Interface", "Port:", str(SystemDialer().free_port()))
    run("xconfiguration", "Service", "Https", "Address:", "127.0.0.1")
    run("apply")
    yield run
    stop(Host(root=str(run.root)), "nginx")


def test_apply_again_is_nothing_to_do(typed: Typed) -> None:
    answer = typed.json("apply", "https")
    assert (answer["changed"], answer["services"][0]["action"]) == (False, "none")


def test_the_state_of_each_service_is_listed(typed: Typed) -> None:
    rows = {row["service"]: row for row in typed.json("service", "list")["services"]}
    assert len(rows) == 10
    assert (rows["https"]["daemon"], rows["https"]["state"]) == ("nginx", "in force")
    assert rows["sip"]["state"] == "recorded only"


def test_what_was_applied_verifies_by_handshakes(typed: Typed) -> None:
    (found,) = typed.json("service", "verify")["services"]
    assert found["running"]
    assert all(proof["held"] for proof in found["proofs"])


def test_a_private_key_is_in_no_rendering_and_no_dry_run(typed: Typed) -> None:
    for words in (("service", "render", "https"), ("apply", "--dry-run"), ("service", "show", "https")):
        done = typed(*words)
        assert "BEGIN PRIVATE KEY" not in done.stdout + done.stderr


def test_a_saved_change_is_named_until_it_is_applied(typed: Typed) -> None:
    typed("tls", "set", "https", "--minimum-version", "TLSv1.3")
    try:
        (row,) = [r for r in typed.json("service", "list")["services"] if r["service"] == "https"]
        assert row["unapplied"] == ["Ciphers HTTPSProtocol Value"]
        assert 70401 in {alarm["id"] for alarm in typed.json("alarm", "list", exit_code=1)["alarms"]}
        (report,) = typed.json("apply", "--dry-run")["services"]
        assert report["inputs"] == ["Ciphers HTTPSProtocol Value"]
        typed("apply")
        assert 70401 not in {alarm["id"] for alarm in typed.json("alarm", "list")["alarms"]}
    finally:
        typed("tls", "set", "https", "--minimum-version", "TLSv1.2", "--apply")


def test_a_file_changed_by_hand_is_found_and_raises_an_alarm(typed: Typed) -> None:
    site = typed.root / "etc/nginx/conf.d/xsec-https.conf"
    original = site.read_text()
    site.write_text(original + "# mine\n")
    try:
        (found,) = typed.json("service", "verify", exit_code=1)["services"]
        assert found["drift"] == {"/etc/nginx/conf.d/xsec-https.conf": "changed"}
    finally:
        site.write_text(original)
    assert typed.json("service", "verify")["services"][0]["drift"] == {}


def test_a_service_without_a_plug_in_is_not_applied(typed: Typed) -> None:
    done = typed("apply", "sip", exit_code=3)
    assert "no daemon on this host is driven for sip" in done.stderr


@pytest.mark.parametrize(
    ("words", "exit_code"),
    [
        (("tls", "set", "https", "--ciphers", "FOO"), 2),
        (("tls", "set", "https", "--ciphers", 'HIGH";'), 2),
        (("tls", "set", "https", "--ciphers", "HIGH:FOO"), 3),
        (("tls", "set", "https", "--minimum-version", "9"), 2),
        (("tls", "set", "https"), 2),
        (("tls", "set", "--minimum-version", "1.2"), 2),
        (("tls", "set", "nothing", "--minimum-version", "1.2"), 2),
        (("tls", "expand", ""), 2),
        (("tls", "expand"), 2),
        (("apply", "nothing"), 2),
        (("apply", "--fail-closed", "--without-crl"), 2),
    ],
)
def test_bad_input_is_one_error_and_changes_nothing(
    typed: Typed, words: tuple[str, ...], exit_code: int
) -> None:
    before = typed.json("history", "--last", "1")
    done = typed(*words, exit_code=exit_code)
    assert done.stderr.startswith("xsec: error: ")
    assert typed.json("history", "--last", "1") == before


def test_a_string_is_explained_suite_by_suite(typed: Typed) -> None:
    answer = typed.json("tls", "expand", "ECDHE+AESGCM:- FOO")
    assert answer["string"] == "ECDHE+AESGCM:-FOO"
    assert answer["unknown"] == ["-FOO"]
    assert {suite["key_exchange"] for suite in answer["suites"]} == {"ECDHE"}
    assert typed.json("tls", "expand", "--service", "sip")["anonymous"] == 0


def test_clients_of_the_operators_own_are_accepted_and_refused(typed: Typed, tmp_path: Path) -> None:
    moment = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
    authority = pki.authority("Operator Root", now=moment)
    alice, bob = authority.issue("alice", client=True), authority.issue("bob", client=True)
    files = {"ca.pem": pki.pem(authority), "crl.pem": pki.pem(authority.crl([bob]))}
    files |= {f"{name}.pem": pki.pem(who, who.key) for name, who in (("alice", alice), ("bob", bob))}
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    typed("trust", "add", str(tmp_path / "ca.pem"), "--for", "https-client-auth")
    typed("crl", "upload", str(tmp_path / "crl.pem"))
    typed("certauth", "set", "--mode", "Validation")
    given = ["--accept", str(tmp_path / "alice.pem"), "--refuse", str(tmp_path / "bob.pem")]
    answer = typed.json("restart", *given)
    live = {proof["what"] for proof in answer["services"][0]["proofs"] if proof["held"]}
    assert {f"{tmp_path}/{name}.pem, TLSv1.3" for name in ("alice", "bob")} <= live
    typed("tls", "set", "https", "--minimum-version", "TLSv1.3")
    typed("apply", "--accept", str(tmp_path / "bob.pem"), exit_code=3)
    typed("apply", "--accept", str(tmp_path / "ca.pem"), exit_code=2)
    typed("rollback", str(answer["generation"]), "--yes")

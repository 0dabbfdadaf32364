"""`xsec verify`, single and in batches: exit codes, what a person reads, and the contract of --batch."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.world import NOW, ScratchHost, pki, scratch
from xsec import cli
from xsec.commands.options import Call
from xsec.host import Host
from xsec.lab.pki import der, pem

PKI = pki()
RED = "\x1b[31m"


class _Scratch(Call):
    """A call on a host made by the test."""

    __slots__ = ("folder",)

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder

    def host(self, command: str) -> Host:
        return ScratchHost(root=str(self.folder), command=command)


class Console:
    """Runs `xsec verify` and keeps what it prints."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.capsys = folder, capsys
        self.out = self.err = ""
        for name, data in (
            ("root", pem(PKI.root)), ("issuing", pem(PKI.issuing)), ("alice", PKI.alice.pem),
            ("chain", PKI.alice.chain_pem), ("crls", pem(PKI.root_crl, PKI.issuing_crl)),
            ("revoked", pem(PKI.root_crl, PKI.alice_revoked)), ("empty", b""),
            ("garbage", b"\x1b[31mgarbage"),
        ):  # fmt: skip
            (folder / name).write_bytes(data)

    def __call__(self, *words: str) -> int:
        self.capsys.readouterr()
        code = cli.run(["verify", *(self._word(word) for word in words)], _Scratch(self.folder))
        self.out, self.err = self.capsys.readouterr()
        return code

    def _word(self, word: str) -> str:
        return str(self.folder / word[1:]) if word.startswith("@") else word

    def data(self, *words: str) -> Any:
        self(*words, "--json")
        return json.loads(self.out)


@pytest.fixture
def xsec_verify(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Console:
    return Console(tmp_path, capsys)


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        pytest.param(["@chain", "--trust", "@root"], 0, "valid", id="chain file"),
        pytest.param(
            ["@alice", "--trust", "@root", "--intermediates", "@issuing"], 0, "valid", id="intermediates"
        ),
        pytest.param(
            ["@alice", "--trust", "@root"], 1, "missing issuer: CN=World Issuing", id="missing issuer"
        ),
        pytest.param(["@alice", "--trust", "@empty"], 1, "not valid", id="no anchor"),
        pytest.param(["@chain", "--trust", "@root", "--crls", "@crls"], 0, "not revoked", id="CRLs"),
        pytest.param(
            ["@chain", "--trust", "@root", "--crls", "@revoked"], 1, "not valid: cert_revoked", id="revoked"
        ),
        pytest.param(
            ["@chain", "--trust", "@root", "--revocation", "require"], 1, "unable_to_get_crl", id="no CRL"
        ),
        pytest.param(
            ["@chain", "--trust", "@root", "--purpose", "server"], 1, "invalid_purpose", id="purpose"
        ),
        pytest.param(
            ["@chain", "--trust", "@root", "--host", "a.example"], 1, "hostname_mismatch", id="host"
        ),
        pytest.param(
            ["@chain", "--trust", "@root", "--policy", "1.2.3,1.2.4", "--explicit-policy"],
            1,
            "no_explicit_policy",
            id="policy",
        ),
        pytest.param(
            ["@chain", "--trust", "@root", "--max-depth", "0"], 1, "cert_chain_too_long", id="depth"
        ),
        pytest.param(["@garbage", "--trust", "@root"], 1, "this is no certificate", id="malformed"),
        pytest.param(["@empty", "--trust", "@root"], 1, "this is no certificate", id="empty file"),
    ],
)
def test_the_exit_code_is_the_answer(xsec_verify: Console, words: list[str], status: int, told: str) -> None:
    assert xsec_verify(*words) == status
    assert told in xsec_verify.out


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(["@missing", "--trust", "@root"], id="no such file"),
        pytest.param(["@chain", "--trust", "@root", "--host", "dns:a..b"], id="no name"),
        pytest.param(["@chain", "--trust", "@root", "--policy", "one"], id="no OID"),
        pytest.param(["@chain", "--purpose", "tea"], id="no purpose"),
        pytest.param([], id="nothing to verify"),
        pytest.param(["@chain", "--batch"], id="both"),
    ],
)
def test_a_question_without_meaning_is_a_usage_error(xsec_verify: Console, words: list[str]) -> None:
    assert xsec_verify(*words) == 2
    assert xsec_verify.out == ""


def test_a_person_reads_a_few_lines_with_a_command_to_go_on_with(xsec_verify: Console) -> None:
    xsec_verify("@alice", "--trust", "@root")
    lines = xsec_verify.out.splitlines()
    assert len(lines) <= 6
    assert lines[-1] == f"hint: xsec verify {xsec_verify.folder / 'alice'} --intermediates FILE"


def test_json_has_every_check_and_every_path(xsec_verify: Console) -> None:
    found = xsec_verify.data("@chain", "--trust", "@root", "--crls", "@crls")
    assert (found["verdict"], found["code"], found["accepted"]) == ("valid", "ok", True)
    assert [item["subject"] for item in found["path"]] == ["CN=alice", "CN=World Issuing", "CN=World Root"]
    assert {"code": "cert_revoked", "depth": 0} in [
        {k: c[k] for k in ("code", "depth")} for c in found["checks"]
    ]
    assert found["revocation"][0]["evidence"][0]["number"] == 1
    assert len(found["candidates"]) == 1


def test_text_from_a_certificate_cannot_steer_a_terminal(xsec_verify: Console) -> None:
    evil = PKI.issuing.issue(f"a{RED}", client=True)
    (xsec_verify.folder / "evil").write_bytes(evil.chain_pem)
    xsec_verify("@evil", "--trust", "@root")
    assert "\x1b" not in xsec_verify.out


def test_another_moment_may_be_asked_about(xsec_verify: Console) -> None:
    class At(_Scratch):
        def host(self, command: str) -> Host:
            return Host(root=str(self.folder), command=command, at=NOW.replace(year=2099))

    code = cli.run(
        ["verify", str(xsec_verify.folder / "chain"), "--trust", str(xsec_verify.folder / "root")],
        At(xsec_verify.folder),
    )
    assert code == 1


def test_without_trust_the_hosts_own_list_and_crls_count(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scratch(tmp_path)
    console = Console(tmp_path, capsys)
    call = _Scratch(tmp_path)
    assert console("@chain") == 1
    assert cli.run(["trust", "add", str(tmp_path / "root")], call) == 0
    assert console("@chain") == 0
    assert console("@chain", "--revocation", "require") == 1
    # the issuing CA is not in the trust list, and its CRL is therefore asked about
    assert cli.run(["crl", "upload", str(tmp_path / "crls"), "--force", "--yes"], call) == 0
    assert console("@chain", "--revocation", "require") == 0


def test_a_batch_is_answered_line_by_line_while_its_input_stays_open(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "xsec.cli", "verify", "--batch", "--root", str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for line, verdict in (
            (json.dumps(REQUEST), "valid"),
            ("not json", "error"),
            (json.dumps(REQUEST), "valid"),
        ):
            process.stdin.write(line.encode() + b"\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["verdict"] == verdict
        process.stdin.close()
        assert process.wait(10) == 2


@pytest.mark.parametrize("words", ["verify --batch", "trust add - --yes"])
def test_a_closed_standard_input_is_told_and_no_bug(words: str, tmp_path: Path) -> None:
    scratch(tmp_path)
    command = f"exec {sys.executable} -m xsec.cli --root {tmp_path} {words} <&-"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "xsec: error: " in done.stderr
    assert "a bug" not in done.stderr


REQUEST = {
    "id": "1",
    "trust": [base64.b64encode(der(PKI.root.certificate)).decode()],
    "intermediates": [base64.b64encode(der(PKI.issuing.certificate)).decode()],
    "leaf": base64.b64encode(PKI.alice.der).decode(),
    "at": "2026-05-02T00:00:00Z",
}

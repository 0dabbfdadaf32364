"""`trust`, `cert` and `crl` on a scratch host: answers, exit codes, and that a refusal changes nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.world import ScratchHost, ca, crl, issue, scratch
from xsec import cli
from xsec.commands.options import Call
from xsec.host import Host
from xsec.lab import pki

ROOT = ca("Root")
OTHER_KEY = ca("Root", key=pki.seeded_key("second"))
SERVER = issue(ROOT, "host", sans=["host.example"], server=True, client=True)
ALICE = issue(ROOT, "alice", client=True)


class _Scratch(Call):
    """A call on a host made by the test."""

    __slots__ = ("made",)

    def __init__(self, made: ScratchHost) -> None:
        super().__init__()
        self.made = made

    def host(self, command: str) -> Host:
        return type(self.made)(root=self.made.root, command=command)


class Console:
    """Runs commands and keeps what they print."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (folder / "root").mkdir()
        self.host, self.folder, self.capsys = scratch(folder / "root"), folder, capsys
        self.out = self.err = ""

    def file(self, name: str, data: bytes) -> str:
        (self.folder / name).write_bytes(data)
        return str(self.folder / name)

    def __call__(self, *words: str) -> int:
        self.capsys.readouterr()
        code = cli.run(list(words), _Scratch(self.host))
        self.out, self.err = self.capsys.readouterr()
        return code

    def data(self, *words: str) -> Any:
        self(*words, "--json")
        return json.loads(self.out)

    @property
    def generation(self) -> int:
        return self.host.snapshot().generation


@pytest.fixture
def xsec(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Console:
    return Console(tmp_path, capsys)


def test_trust_from_empty_to_reset(xsec: Console) -> None:
    root = xsec.file("root.pem", pki.pem(ROOT, ROOT.crl()))
    assert xsec("trust", "add", root, "--for", "ldap,https-client-auth") == 0
    assert [item["outcome"] for item in xsec.data("trust", "add", root)["objects"]] == ["present", "present"]
    listed = xsec.data("trust", "list")
    assert listed["certificates"][0]["kinds"] == ["https-client-auth", "ldap"]
    assert listed["crls"][0]["id"] == "c1"
    assert (xsec("trust", "export", "root"), xsec.out) == (0, pki.pem(ROOT).decode())
    assert xsec("trust", "show") == 0
    assert xsec("trust", "impact", "1") == 0
    assert xsec("trust", "remove", "c1", "--yes") == 0
    assert xsec("trust", "reset", "--yes") == 0
    assert len(xsec.data("trust", "list")["certificates"]) == 2


def test_the_first_match_trap_is_told_by_the_list(xsec: Console) -> None:
    xsec("trust", "add", xsec.file("roots.pem", pki.pem(ROOT, OTHER_KEY)))
    assert xsec("trust", "list") == 0
    assert "an appliance finds only entry 1" in xsec.err


def test_cert_from_nothing_to_rollback(xsec: Console) -> None:
    xsec("trust", "add", xsec.file("root.pem", pki.pem(ROOT)))
    chain, key = xsec.file("host.pem", SERVER.pem), xsec.file("host.key", SERVER.key_pem)
    assert xsec("cert", "show") == 3
    assert xsec("cert", "install", chain, "--key", xsec.file("other.key", pki.pem(ALICE.key))) == 3
    assert xsec("cert", "install", chain, "--key", key) == 0
    assert xsec.data("cert", "show")["certificate"]["names"] == ["DNS:host.example"]
    assert (xsec("cert", "export"), xsec.out) == (0, SERVER.chain_pem.decode())
    assert xsec("cert", "due") == 1
    assert xsec("cert", "rollback") == 3
    renewed = ROOT.issue("host", sans=["host.example"], server=True, client=True, key=SERVER.key, serial=7)
    assert xsec("cert", "install", xsec.file("new.pem", renewed.pem)) == 0
    assert xsec("cert", "rollback") == 0
    assert xsec("cert", "lint", chain) == 0
    assert xsec("cert", "lint", xsec.file("alice.pem", ALICE.pem)) == 1


def test_the_installed_key_opens_and_stands_nowhere_in_clear(xsec: Console) -> None:
    from xsec.pki.server import IDENTITIES, KEY_PATH

    xsec("cert", "install", xsec.file("host.pem", SERVER.pem + SERVER.key_pem))
    identity = xsec.host.snapshot()[IDENTITIES].server
    assert identity is not None
    assert xsec.host.open_secret(identity.key, KEY_PATH).reveal() == pki.der(SERVER.key)
    written = b"".join(path.read_bytes() for path in Path(xsec.host.root).rglob("*") if path.is_file())
    secret = SERVER.key.private_numbers().private_value.to_bytes(32, "big")  # type: ignore[union-attr]  # it is P-256
    assert secret not in written


def test_a_passphrase_comes_from_a_file(xsec: Console) -> None:
    text = xsec.file("host.pem", SERVER.pem + pki.pem(SERVER.key, password=b"pass"))
    word = xsec.file("word", b"pass\n")
    assert xsec("cert", "install", text) == 2
    assert xsec("cert", "install", text, "--passphrase-source", f"file:{word}") == 0


def test_crl_from_upload_to_removal(xsec: Console) -> None:
    xsec("trust", "add", xsec.file("root.pem", pki.pem(ROOT)))
    alice = xsec.file("alice.pem", ALICE.pem)
    assert xsec("crl", "check", alice) == 1
    assert xsec("crl", "upload", xsec.file("1.pem", pki.pem(crl(ROOT, number=5)))) == 0
    assert xsec("crl", "check", alice) == 0
    assert xsec("crl", "upload", xsec.file("0.pem", pki.pem(crl(ROOT, number=4)))) == 3
    assert xsec("crl", "upload", xsec.file("2.pem", pki.pem(crl(ROOT, ALICE, number=6)))) == 0
    assert xsec.data("crl", "check", alice)["status"] == "revoked"
    assert xsec("crl", "show", "1", "--serial", f"{ALICE.serial:x}") == 0
    assert xsec("crl", "show", "1", "--serial", "05") == 1
    assert xsec("crl", "show", xsec.file("1.pem", pki.pem(crl(ROOT)))) == 0
    assert xsec("crl", "remove", "--yes") == 0
    assert xsec.data("crl", "list")["crls"] == []


@pytest.mark.parametrize(
    "words",
    [
        ("trust", "add", "FILE"),
        ("cert", "install", "FILE"),
        ("cert", "lint", "FILE"),
        ("crl", "upload", "FILE"),
        ("crl", "check", "FILE"),
        ("crl", "show", "FILE"),
    ],
    ids=" ".join,
)
@pytest.mark.parametrize(
    "data",
    [b"", b"rubbish", ROOT.der[:-5], pki.pem(ROOT)[:-40], b"\x30\x80\x00\x00", b"\xff" * 5000],
    ids=["empty", "rubbish", "short DER", "short PEM", "BER", "octets"],
)
def test_malformed_input_is_one_error_with_its_place_and_changes_nothing(
    xsec: Console, words: tuple[str, ...], data: bytes
) -> None:
    name = xsec.file("bad.pem", data)
    assert xsec(*(name if word == "FILE" else word for word in words)) == 2
    assert xsec.err.startswith("xsec: error: ")
    assert name in xsec.err
    assert "Traceback" not in xsec.err
    assert xsec.generation == 1


def test_a_dry_run_changes_nothing(xsec: Console) -> None:
    assert xsec("trust", "add", xsec.file("root.pem", pki.pem(ROOT)), "--dry-run") == 0
    assert xsec.generation == 1


def test_escape_codes_in_names_do_not_reach_the_terminal(xsec: Console) -> None:
    hostile = ca("Evil\x1b]0;owned\x07\nCN=Good")
    xsec("trust", "add", xsec.file("evil.pem", pki.pem(hostile)))
    for command in ("list", "show"):
        xsec("trust", command)
        assert not set("\x1b\x07") & set(xsec.out + xsec.err)

"""`client-cert`, `certauth` and `connections` answer with the exit code that their question deserves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests import world
from xsec import cli
from xsec.commands.options import Call
from xsec.host import Host
from xsec.pki.text import render

CAST = world.pki()
OTHER = world.issue(world.ca("Stranger"), "eve", client=True)


class Session(Call):
    """Calls on one scratch host."""

    __slots__ = ("folder",)

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder

    def host(self, command: str) -> Host:
        return world.ScratchHost(root=str(self.folder), command=command)


class Shell:
    """Runs command lines on a host of its own, beside some files."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.files = folder / "files"
        self.files.mkdir()
        self.root = folder / "root"
        self.root.mkdir(mode=0o700)
        self.capsys = capsys
        world.scratch(self.root)
        self.put("ca.pem", CAST.root.pem)
        self.put("alice.pem", CAST.alice.chain_pem)
        self.put("eve.pem", OTHER.pem)
        self.run("trust", "add", self.path("ca.pem"))

    def put(self, name: str, data: bytes) -> str:
        (self.files / name).write_bytes(data)
        return self.path(name)

    def path(self, name: str) -> str:
        return str(self.files / name)

    def run(self, *args: str) -> tuple[int, str, str]:
        code = cli.run(list(args), Session(self.root))
        shown = self.capsys.readouterr()
        return code, shown.out, shown.err

    def json(self, *args: str) -> tuple[int, Any]:
        code, out, _ = self.run(*args, "--json")
        return code, json.loads(out)


@pytest.fixture
def shell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(tmp_path, capsys)


# client-cert test -----------------------------------------------------------------------------------------


def test_a_valid_certificate_with_a_user_name_exits_0(shell: Shell) -> None:
    code, told = shell.json("client-cert", "test", shell.path("alice.pem"))
    assert code == 0
    assert (told["valid"], told["username"], told["resulting_string"]) == (True, "alice", "alice")
    assert told["authorization"] == "not checked: no account directory configured"
    assert {check["outcome"] for check in told["checks"]} == {"passed", "warned"}


def test_a_certificate_of_a_stranger_exits_1(shell: Shell) -> None:
    code, told = shell.json("client-cert", "test", shell.path("eve.pem"))
    assert (code, told["valid"]) == (1, False)


def test_standard_input_is_read(shell: Shell) -> None:
    class Piped(world.ScratchHost):
        def read_input(self, name: str, *, limit: int) -> bytes:
            assert name == "-"
            return CAST.alice.chain_pem

    class Pipe(Session):
        def host(self, command: str) -> Host:
            return Piped(root=str(self.folder), command=command)

    assert cli.run(["client-cert", "test", "-"], Pipe(shell.root)) == 0


def test_a_malformed_certificate_exits_1_with_the_place(shell: Shell) -> None:
    bad = shell.put("bad.pem", b"-----BEGIN CERTIFICATE-----\nMIIB!\n-----END CERTIFICATE-----\n")
    code, told = shell.json("client-cert", "test", bad)
    assert (code, told["code"]) == (1, "malformed")
    assert told["where"].endswith("bad.pem: block 1, line 2")


@pytest.mark.parametrize(
    "wrong",
    [
        ("--regex", "/(/"),
        ("--regex", ""),
        ("--format", ""),
        ("--regex", "abc"),
        ("--format", "#x#"),
        ("--format", "fixed"),
    ],
)
def test_a_bad_pattern_or_format_exits_2(shell: Shell, wrong: tuple[str, str]) -> None:
    assert shell.run("client-cert", "test", shell.path("alice.pem"), *wrong)[0] == 2


def test_nothing_to_test_and_a_missing_file_exit_2(shell: Shell) -> None:
    assert shell.run("client-cert", "test")[0] == 2
    assert shell.run("client-cert", "test", shell.path("none.pem"))[0] == 2
    assert shell.run("client-cert", "test", "")[0] == 2
    assert shell.run("client-cert", "test", "x" * 5000)[0] == 2
    assert shell.run("certauth", "lint", "--corpus", shell.path("none"))[0] == 2


def test_a_folder_without_a_file_exits_2(shell: Shell) -> None:
    (shell.files / "empty").mkdir()
    assert shell.run("client-cert", "test", shell.path("empty"))[0] == 2


def test_text_is_never_valid_and_exits_0_only_where_it_is_asked_for(shell: Shell) -> None:
    pasted = shell.put("pasted.txt", render(CAST.alice.der).text.encode())
    code, told = shell.json("client-cert", "test", "--text", pasted)
    assert (code, told["valid"], told["username"]) == (0, None, "alice")
    assert shell.json("client-cert", "test", pasted)[0] == 1


def test_text_with_two_subjects_exits_1(shell: Shell) -> None:
    forged = shell.put("forged.txt", b"  Subject: CN=alice\n  Subject: CN=admin\n")
    code, told = shell.json("client-cert", "test", "--text", forged)
    assert (code, told["username"]) == (1, None)


def test_many_certificates_give_a_summary(shell: Shell) -> None:
    code, told = shell.json("client-cert", "test", str(shell.files))
    assert code == 1
    assert told["summary"]["tested"] == 3
    assert [item["username"] for item in told["results"]] == ["alice", "World Root", "eve"]


def test_what_a_certificate_says_cannot_steer_a_terminal(shell: Shell) -> None:
    odd = world.issue(CAST.issuing, "eve\x1b[2K\u202e", client=True)
    code, out, err = shell.run("client-cert", "test", shell.put("odd.pem", odd.chain_pem))
    assert code == 1
    assert not set("\x1b\u202e") & set(out + err)


def test_save_makes_pattern_and_format_permanent(shell: Shell) -> None:
    given = ("--regex", "/CN=(?<u>al[^,\\n]*)/", "--format", "#u#")
    code, told = shell.json("client-cert", "test", shell.path("alice.pem"), *given, "--save")
    assert (code, told["changed"], told["username"]) == (0, True, "alice")
    assert shell.json("certauth", "show")[1]["format"] == "#u#"


def test_save_is_not_done_for_a_pattern_that_gives_no_user(shell: Shell) -> None:
    given = ("--regex", "/CN=(?<u>nobody)/", "--format", "#u#")
    assert shell.run("client-cert", "test", shell.path("alice.pem"), *given, "--save")[0] == 1
    assert shell.json("certauth", "show")[1]["format"] == "#captureCommonName#"


# certauth -------------------------------------------------------------------------------------------------


def test_authentication_is_reached_step_by_step(shell: Shell) -> None:
    assert shell.run("certauth", "set", "--mode", "Certificate-based authentication")[0] == 3
    assert shell.run("certauth", "set", "--mode", "Certificate validation")[0] == 0
    assert shell.run("certauth", "set", "--mode", "Authentication")[0] == 3
    assert shell.run("client-cert", "test", shell.path("alice.pem"))[0] == 0
    assert shell.run("certauth", "set", "--mode", "Authentication")[0] == 0
    assert shell.json("certauth", "show")[1]["mode"] == "Authentication"


def test_force_overrides_the_guard(shell: Shell) -> None:
    code, _, err = shell.run("certauth", "set", "--mode", "Authentication", "--force")
    assert code == 0
    assert "overridden by --force" in err


def test_a_dry_run_proves_nothing(shell: Shell) -> None:
    shell.run("certauth", "set", "--mode", "Validation")
    before = sorted((path, path.read_bytes()) for path in shell.root.rglob("*") if path.is_file())
    assert shell.run("client-cert", "test", shell.path("alice.pem"), "--dry-run")[0] == 0
    assert sorted((path, path.read_bytes()) for path in shell.root.rglob("*") if path.is_file()) == before
    assert shell.run("certauth", "set", "--mode", "Authentication")[0] == 3


def test_a_test_at_another_moment_proves_nothing(shell: Shell) -> None:
    shell.run("certauth", "set", "--mode", "Validation")

    class Past(Session):
        def host(self, command: str) -> Host:
            return world.ScratchHost(root=str(self.folder), command=command, at=world.NOW)

    assert cli.run(["client-cert", "test", shell.path("alice.pem")], Past(shell.root)) == 0
    shell.capsys.readouterr()
    assert shell.json("certauth", "show")[1]["proven"] is False


def test_a_bad_value_is_refused_and_changes_nothing(shell: Shell) -> None:
    before = shell.json("certauth", "show")[1]
    for given in (("--mode", "maybe"), ("--regex", "/(/"), ("--format", "#x#"), ("--crl-check", "some"), ()):
        assert shell.run("certauth", "set", *given)[0] == 2
    assert shell.json("certauth", "show")[1] == before


def test_lint_exits_1_for_a_pattern_with_traps_and_tries_a_folder(shell: Shell) -> None:
    assert shell.json("certauth", "lint")[0] == 0
    code, told = shell.json("certauth", "lint", "--regex", "appliance", "--corpus", str(shell.files))
    assert code == 1
    assert len(told["corpus"]) == 3


# connections ----------------------------------------------------------------------------------------------


def test_connections_are_listed_and_shown(shell: Shell) -> None:
    assert len(shell.json("connections", "list")[1]["items"]) == 12
    assert shell.json("connections", "show", "ldap")[1]["kind"]["role"] == "client"
    assert shell.run("connections", "show", "nothing")[0] == 2

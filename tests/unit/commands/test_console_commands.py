"""xconfiguration, xstatus, xcommand and config from the command line, on a store in a folder of its own."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.world import store
from xsec import cli
from xsec.lab.pki import authority, der, pem

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    store.make(tmp_path / "root")
    return tmp_path / "root"


@pytest.fixture
def run(root: Path, capfd: pytest.CaptureFixture[str]) -> Run:
    def call(*words: str) -> tuple[int, str, str]:
        code = cli.run([words[0], "--root", str(root), *words[1:]])
        told = capfd.readouterr()
        return code, told.out, told.err

    return call


# xconfiguration ------------------------------------------------------------------------------------------


def test_a_set_is_in_force_and_says_who_uses_it(run: Run) -> None:
    code, out, err = run("xconfiguration", "Management", "Interface", "Port:", "8443")
    assert code == 0
    assert '*c xConfiguration Management Interface Port: "8443"' in out
    assert "recorded only" in err or "used by" in err
    assert run("xconfiguration", "manage", "int", "port") == (
        0,
        '*c xConfiguration Management Interface Port: "8443"\n',
        "",
    )


def test_a_set_of_what_is_in_force_is_nothing_to_do(run: Run) -> None:
    run("xconfiguration", "Management Interface Port: 8443")
    code, out, _ = run("xconfiguration", "--json", "Management Interface Port: 8443")
    assert (code, json.loads(out)["changed"]) == (0, False)


def test_several_pairs_are_one_change(run: Run) -> None:
    code, out, _ = run("xconfiguration", "--json", "ApacheModReqTimeOut", "Apachebody:30", "Status:On")
    assert code == 0
    assert json.loads(out)["generation"] == 2


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["Management Interface Port: 70000"], "<1..65535>"),
        (["Management Interface Prot: 1"], "did you mean 'Port'?"),
        (["S"], "SystemUnit"),
        (["--nonsense"], "no such option"),
        (["--load", "/nonexistent"], "/nonexistent"),
        (["--load", "-", "SIP"], "stands alone"),
        (["//nothing//like//this"], "no path has"),
    ],
)
def test_a_wrong_line_is_exit_2_and_says_what_is_allowed(run: Run, words: list[str], told: str) -> None:
    code, out, err = run("xconfiguration", *words)
    assert (code, out) == (2, "")
    assert told in err


@pytest.mark.parametrize(
    "words",
    [
        ["SNMP", "V3PrivacyPassword:", "correct-horse"],
        ["SNMP V3PrivacyPassword:correct-horse"],
        ["SNMP", "V3PrivacyPassword", "correct-horse"],
        ["SNMP V3PrivacyPassword 'correct-horse'"],
        ["SNMP", "V3PrivacyPassword:", "x", "correct-horse"],
        ["SNMP", "V3PrivacyPassword:", "--correct-horse"],
    ],
)
def test_a_secret_on_the_command_line_is_refused_and_never_shown(run: Run, words: list[str]) -> None:
    code, out, err = run("xconfiguration", *words)
    assert code == 2
    assert "correct-horse" not in out + err


def test_a_secret_comes_from_a_file_and_is_dumped_as_a_name(run: Run, root: Path, tmp_path: Path) -> None:
    source = tmp_path / "word"
    source.write_text("correct-horse\n")
    code, out, err = run("xconfiguration", "SNMP V3PrivacyPassword", "--value-source", f"file:{source}")
    assert code == 0
    _, dump, _ = run("xconfiguration", "SNMP V3PrivacyPassword")
    assert dump.startswith('*c xConfiguration SNMP V3PrivacyPassword: "sealed:')
    written = b"".join(path.read_bytes() for path in root.rglob("*") if path.is_file())
    assert b"correct-horse" not in written + (out + err + dump).encode()


def test_a_secret_that_is_too_short_is_refused_unseen(run: Run, tmp_path: Path) -> None:
    source = tmp_path / "word"
    source.write_text("horse\n")
    code, _, err = run("xconfiguration", "SNMP V3PrivacyPassword", "--value-source", f"file:{source}")
    assert (code, "horse" in err) == (2, False)


def test_a_whole_dump_is_read_back_and_what_is_foreign_is_listed(run: Run, tmp_path: Path) -> None:
    run("xconfiguration", 'SystemUnit Name: "two words"')
    run("xconfiguration", "NTP Server 2 Address: time.example.com")
    _, dump, _ = run("xconfiguration")
    file = tmp_path / "dump"
    file.write_text(dump + '*c xConfiguration H323 Mode: "On"\n*c/end\n\nOK\n')
    code, out, _ = run("xconfiguration", "--load", str(file), "--json")
    told = json.loads(out)
    assert (code, told["changed"]) == (0, False)
    assert told["not_read"] == [{"path": "H323 Mode", "reason": "outside xsec's scope"}]
    run("xconfiguration", "SystemUnit Name: other")
    run("xconfiguration", "SystemUnit Maintenance Mode: On")
    assert run("xconfiguration", "--load", str(file))[0] == 0
    assert 'Name: "two words"' in run("xconfiguration", "SystemUnit Name")[1]
    assert 'Mode: "Off"' in run("xconfiguration", "SystemUnit Maintenance")[1]
    assert run("xconfiguration")[1] == dump


def test_replace_removes_what_the_dump_does_not_name(run: Run, tmp_path: Path) -> None:
    _, dump, _ = run("xconfiguration")
    file = tmp_path / "dump"
    file.write_text(dump)
    run("xconfiguration", "NTP Server 2 Address: time.example.com")
    run("xconfiguration", "--load", str(file), "--replace")
    assert run("xconfiguration")[1] == dump


def test_default_puts_a_subtree_back(run: Run) -> None:
    _, dump, _ = run("xconfiguration")
    run("xconfiguration", "SIP TLS Port: 5071 Mode: Off")
    assert run("xconfiguration", "SIP TLS", "--default")[0] == 0
    assert run("xconfiguration")[1] == dump


def test_a_dry_run_changes_nothing(run: Run) -> None:
    code, out, _ = run("xconfiguration", "--dry-run", "SIP TLS Port: 5071")
    assert (code, "5071" in out) == (0, True)
    assert '"5061"' in run("xconfiguration", "SIP TLS Port")[1]


def test_question_marks_and_searches_answer(run: Run) -> None:
    assert "Administration" in run("xconfiguration", "?")[1]
    assert 'Default: "5061"' in run("xconfiguration", "SIP TLS ??")[1]
    assert 'default      "5061"' in run("xconfiguration", "SIP", "TLS", "Port", "?")[1]
    assert "SIP TLS Port" in run("xconfiguration", "//tls//port")[1]


def test_without_a_store_help_answers_and_values_are_refused(tmp_path: Path) -> None:
    assert cli.run(["xconfiguration", "--root", str(tmp_path), "SIP TLS Port ?"]) == 0
    assert cli.run(["xconfiguration", "--root", str(tmp_path), "SIP TLS Port"]) == 3


# xstatus, xcommand ---------------------------------------------------------------------------------------


def test_the_status_tree_is_printed_as_the_appliance_does(run: Run) -> None:
    code, out, _ = run("xstatus", "Configuration", "Generation")
    assert (code, out) == (0, '*s Configuration Generation: "1"\n*s/end\n\nOK\n')
    _, out, _ = run("xstatus", "systemunit")
    lines = out.splitlines()
    assert lines[:2] == ["*s SystemUnit: /", '     Product: "xsec"']
    assert lines[-3:] == ["*s/end", "", "OK"]
    assert run("xstatus")[0] == 0
    assert "Alarm" in run("xstatus", "?")[1]
    assert run("xstatus", "Nothing")[0] == 2


def test_the_status_tree_shows_what_setup_made(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["setup", "--yes", "--name", "edge", "--root", str(tmp_path)]) == 0
    capfd.readouterr()
    assert cli.run(["xstatus", "--json", "--root", str(tmp_path)]) == 0
    told = json.loads(capfd.readouterr().out)["status"]
    assert told["SystemUnit"]["Name"] == "edge"
    assert told["ServerCertificate"]["Source"] == "self-signed"
    assert told["ServerCertificate"]["Expired"] is False
    assert "ISRG Root X1" in told["TrustedCa"]["Certificate"][0]["Subject"]


def test_actions_add_and_delete_rows(run: Run) -> None:
    code, out, _ = run("xcommand", "NTP", "Server", "Add", "Address:", "time.example.com")
    assert code == 0
    assert out.startswith("OK\n")
    assert 'NTP Server 1 Address: "time.example.com"' in run("xconfiguration")[1]
    run("xcommand", "NTPServerAdd", "other.example.com")
    assert 'NTP Server 2 Address: "other.example.com"' in run("xconfiguration")[1]
    assert run("xcommand", 'NTP Server Delete: "time.example.com"')[0] == 0
    assert "time.example.com" not in run("xconfiguration")[1]


def test_certificates_and_crls_are_installed_by_actions(run: Run, tmp_path: Path) -> None:
    ca = authority("Root", now=datetime.now(UTC))
    issued = ca.issue("edge.example.com", sans=("dns:edge.example.com",), server=True)
    for name, parts in (
        ("ca", [ca.certificate]),
        ("server", [issued.certificate, issued.key]),
        ("crl", [ca.crl()]),
    ):
        (tmp_path / name).write_bytes(b"".join(pem(part) for part in parts))
    assert run("xcommand", f"Trusted CA Add File: '{tmp_path}/ca'")[0] == 0
    assert run("xcommand", "Server Certificate Install", "File:", f"{tmp_path}/server")[0] == 0
    assert run("xcommand", "CRL", "Upload", f"{tmp_path}/crl")[0] == 0
    told = run("xstatus")[1]
    assert 'Subject: "CN=edge.example.com"' in told
    assert f'File: "{tmp_path}/crl"' in told
    assert run("xcommand", "CRL Remove", "--yes")[0] == 0
    assert run("xcommand", "Trusted CA Reset", "--yes")[0] == 0
    assert run("xcommand", "Trusted CA Add File: /nonexistent")[0] == 2


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["NTP", "Server", "Add"], 2, "NTPServerAddCommandError: Address is missing"),
        (["NTP Server Add Adress: x"], 2, "NTPServerAddCommandError: no parameter"),
        (["NTP Server Delete Address: x"], 2, "NTPServerDeleteCommandError: there is no Address 'x'"),
        (["Default Values Set Level: 4"], 2, "DefaultValuesSetCommandError: Level"),
        (["Frobnicate"], 2, "FrobnicateCommandError: no such command"),
        (["Fips Command: enter"], 3, "FipsCommandError: the appliance has this command"),
        (["Boot"], 3, "systemctl reboot"),
    ],
)
def test_an_action_that_cannot_be_done_is_refused_in_the_appliances_form(
    run: Run, words: list[str], code: int, told: str
) -> None:
    got, out, err = run("xcommand", *words)
    assert (got, out) == (code, "")
    assert told in err


def test_default_values_ask_first_and_spare_by_level(run: Run) -> None:
    run("xconfiguration", "Administration LCDPanel Mode: Off")
    run("xconfiguration", "Log Level: 4")
    assert run("xcommand", "Default Values Set Level: 1")[0] == 2
    assert run("xcommand", "Default Values Set Level: 1", "--yes")[0] == 0
    assert 'LCDPanel Mode: "Off"' in run("xconfiguration", "Administration")[1]
    assert '"1"' in run("xconfiguration", "Log Level")[1]
    assert run("xcommand", "Default Values Set Level: 3", "--yes")[0] == 0
    assert 'LCDPanel Mode: "On"' in run("xconfiguration", "Administration")[1]


def test_actions_are_listed_with_what_can_be_used(run: Run) -> None:
    assert "not yet" in run("xcommand", "?")[1]
    assert "Address(r)" in run("xcommand", "NTP Server Add", "?")[1]
    assert "Level(r): <1..3>" in run("xcommand", "??")[1]


# config --------------------------------------------------------------------------------------------------


def test_a_document_shown_and_loaded_is_nothing_to_do(run: Run, tmp_path: Path) -> None:
    run("xconfiguration", "SIP TLS Port: 5071")
    _, out, _ = run("config", "show")
    file = tmp_path / "document.yaml"
    file.write_text(out)
    assert json.loads(run("config", "load", str(file), "--json")[1])["changed"] is False
    assert json.loads(run("config", "validate", str(file), "--json")[1])["valid"] is True
    run("xconfiguration", "SIP TLS Port: 5072")
    run("xconfiguration", "SIP TLS Mode: Off")
    code, out, _ = run("config", "load", str(file), "--json")
    told = json.loads(out)
    assert (code, told["changed"]) == (0, True)
    assert [c["path"] for c in told["changes"]] == ["SIP TLS Mode", "SIP TLS Port"]
    assert '"5071"' in run("xconfiguration", "SIP TLS Port")[1]


def test_a_part_of_a_document_changes_only_what_it_names(run: Run, tmp_path: Path) -> None:
    run("xconfiguration", "SIP TLS Port: 5071")
    file = tmp_path / "part.yaml"
    file.write_text("settings:\n  SystemUnit:\n    Name: edge\n")
    assert run("config", "load", str(file))[0] == 0
    assert run("config", "show", "SIP TLS")[1] == "settings:\n  SIP:\n    TLS:\n      Port: 5071\n"
    assert run("config", "show", "systemunit", "name")[1] == "settings:\n  SystemUnit:\n    Name: edge\n"
    assert run("config", "show", "nothing")[0] == 2


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("settings:\n  SIP:\n    TLS:\n      Prot: 5061\n", "did you mean 'SIP TLS Port'?"),
        ("settings:\n  SIP:\n    TLS:\n      Port: 1\n", "<1024..65534>"),
        ("settings:\n  SIP:\n    TLS: [1]\n", "SIP"),
        ("setings:\n", "did you mean 'settings'?"),
        ("settings: {", "not YAML"),
        ("settings:\n  NTP:\n    Server:\n      '[1..5]':\n        Address: x\n", "in place of [1..5]"),
        ("settings:\n  NTP:\n    Server:\n      6:\n        Address: x\n", "NTP Server 6 Address"),
        ("trust:\n  entries: [x]\n", "trust"),
    ],
)
def test_a_document_with_a_fault_is_refused_whole(run: Run, tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text(text)
    for verb in ("validate", "load"):
        code, out, err = run("config", verb, str(file))
        assert code in (2, 3)
        assert out == ""
        assert told in err
    assert '"1"' in run("xstatus", "Configuration", "Generation")[1]


@pytest.fixture
def objects(run: Run, tmp_path: Path) -> tuple[str, str]:
    """The digests of a certificate and of a CRL that the store holds."""
    ca = authority("Root", now=datetime.now(UTC))
    (tmp_path / "ca.pem").write_bytes(pem(ca.certificate))
    (tmp_path / "crl.pem").write_bytes(pem(ca.crl()))
    assert run("trust", "add", str(tmp_path / "ca.pem"))[0] == 0
    assert run("crl", "upload", str(tmp_path / "crl.pem"), "--yes")[0] == 0
    return hashlib.sha256(der(ca.certificate)).hexdigest(), json.loads(
        run("config", "show", "crl", "--json")[1]
    )["crl"]["manual"][0]["digest"]


WHEN = "2026-01-01T00:00:00+00:00"
WRONG_KIND = {
    "crl": ("crl:\n  manual:\n  - {{digest: {0}, file: x, uploaded: '{2}'}}\n", "CRL"),
    "trust": ("trust:\n  entries:\n  - {{digest: {1}, added: '{2}', source: x}}\n", "certificate"),
    "trust crls": (
        "trust:\n  entries: []\n  crls:\n  - {{digest: {0}, added: '{2}', source: x}}\n",
        "no CRL",
    ),
    "server": (
        "certificates:\n  server: {{certificate: {1}, key: 'sealed:{3}', public_key: '{3}', source: file,"
        " installed: '{2}'}}\n",
        "certificate",
    ),
    "another key": (
        "certificates:\n  server: {{certificate: {0}, key: 'sealed:{3}', public_key: '{3}', source: file,"
        " installed: '{2}'}}\n",
        "public key",
    ),
}


@pytest.mark.parametrize("section", WRONG_KIND)
def test_an_object_of_another_kind_is_refused(
    run: Run, tmp_path: Path, objects: tuple[str, str], section: str
) -> None:
    text, told = WRONG_KIND[section]
    file = tmp_path / "document.yaml"
    file.write_text(text.format(*objects, WHEN, "ab" * 16))
    for verb in ("validate", "load"):
        code, out, err = run("config", verb, str(file))
        assert (code, out) == (2, "")
        assert told in err


def test_objects_of_their_own_kind_are_taken(run: Run, tmp_path: Path, objects: tuple[str, str]) -> None:
    file = tmp_path / "document.yaml"
    (certificate, crl) = objects
    own = WRONG_KIND["crl"][0].format(crl, "", WHEN) + WRONG_KIND["trust"][0].format("", certificate, WHEN)
    file.write_text(own)
    assert run("config", "load", str(file), "--yes")[0] == 0


def test_a_secret_in_a_document_is_sealed_and_its_text_is_kept_nowhere(
    run: Run, root: Path, tmp_path: Path
) -> None:
    file = tmp_path / "part.yaml"
    file.write_text("settings:\n  SNMP:\n    V3PrivacyPassword: correct-horse\n")
    code, out, err = run("config", "load", str(file))
    assert code == 0
    assert "correct-horse" not in out + err
    _, shown, _ = run("config", "show")
    assert "V3PrivacyPassword: sealed:" in shown
    written = b"".join(path.read_bytes() for path in root.rglob("*") if path.is_file())
    assert b"correct-horse" not in written
    whole = tmp_path / "whole.yaml"
    whole.write_text(shown)
    assert json.loads(run("config", "load", str(whole), "--json")[1])["changed"] is False


def test_a_sealed_value_of_another_host_is_reported_and_left_as_it_is(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "part.yaml"
    file.write_text("settings:\n  SNMP:\n    V3PrivacyPassword: sealed:00ff\n    V3UserName: snmp\n")
    code, out, _ = run("config", "load", str(file), "--json")
    told = json.loads(out)
    assert (code, told["changed"]) == (0, True)
    assert told["warnings"] == ["SNMP V3PrivacyPassword: sealed by another host, left as it is here"]
    assert '""' in run("xconfiguration", "SNMP V3PrivacyPassword")[1]


def test_a_store_changed_by_hand_is_exit_7_and_the_remedy_takes_it_over(run: Run, root: Path) -> None:
    run("xconfiguration", "SIP TLS Port: 5071")
    current = root / "var/lib/xsec/config/current"
    current.write_text(current.read_text().replace("5071", "5072"))
    code, _, err = run("xconfiguration", "SIP TLS Port")
    assert code == 7
    assert f"config load {current}" in err
    assert run("config", "load", str(current))[0] == 0
    assert '"5072"' in run("xconfiguration", "SIP TLS Port")[1]


def test_an_edit_is_loaded_and_a_refused_one_is_kept(
    run: Run, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("xconfiguration", "SIP TLS Port: 5071")
    monkeypatch.setenv("VISUAL", "sed -i s/5071/5072/")
    assert run("config", "edit")[0] == 0
    assert '"5072"' in run("xconfiguration", "SIP TLS Port")[1]
    monkeypatch.setenv("VISUAL", "sed -i s/5072/1/")
    code, _, err = run("config", "edit")
    kept = [file.name for file in (root / "var/lib/xsec").glob("edit-*")]
    assert (code, len(kept)) == (2, 1)
    assert kept[0] in err

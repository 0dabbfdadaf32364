"""The demo, run as an operator runs it: every fact, nothing left, also when it is cut short."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

import pytest

from xsec import cli
from xsec.commands.options import Call
from xsec.errors import ExitCode, Refused
from xsec.host import Host
from xsec.lab import demo as lab
from xsec.lab.play import BROKEN, CIPHERS, SUITES
from xsec.lab.scratch import processes
from xsec.output.result import Result

TRANSCRIPT = Path(__file__).parent.parent / "transcripts" / "demo.txt"
HANG = 120  # seconds after which it is taken to hang; it takes a few
COMMAND = (sys.executable, "-m", "xsec.cli", "demo")

POLICY = (
    *("tls", "set", "https", "--minimum-version", "TLSv1.2"),
    *("--ciphers", CIPHERS, "--ciphersuites", ":".join(SUITES)),
)
FACTS = (
    "alice's certificate is accepted and gives the user name alice",
    "TLSv1.0 is refused",
    "TLSv1.1 is refused",
    "TLSv1.2 with the configured suites",
    "TLSv1.2 with only other suites",
    "TLSv1.3 with the configured suites",
    "TLSv1.3 with only other suites",
    "the served certificate and chain, TLSv1.2",
    "the served certificate and chain, TLSv1.3",
    "a client without a certificate, TLSv1.2",
    "a client without a certificate, TLSv1.3",
    "alice, TLSv1.2",
    "alice, TLSv1.3",
    "bob, TLSv1.3",
    "a client that trusts the demo root takes the service for vcs.demo.example",
    "alice is refused as revoked, with the reason",
    "alice, revoked, TLSv1.2",
    "alice, revoked, TLSv1.3",
    "bob, still, TLSv1.3",
    "the mistake is found by handshakes, and the service stays as it was",
    "meanwhile the old service answered bob every time",
    "after the rollback the policy before the mistake is in force",
    "nothing is left: no process, no file",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A demo that ended."""

    status: int
    told: Any
    talk: str
    folder: Path


def run(folder: Path, *options: str) -> Run:
    done = subprocess.run(
        [*COMMAND, "--json", *options],
        capture_output=True,
        text=True,
        timeout=HANG,
        env={**os.environ, "TMPDIR": str(folder)},
        check=False,
    )
    return Run(
        status=done.returncode,
        told=json.loads(done.stdout) if done.stdout else {},
        talk=done.stderr,
        folder=folder,
    )


@pytest.fixture(scope="module")
def nginx(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return run(tmp_path_factory.mktemp("nginx"), "--daemon", "nginx")


@pytest.fixture(scope="module")
def builtin(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return run(tmp_path_factory.mktemp("builtin"), "--daemon", "builtin")


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder for temporary files that must be empty of programs in the end, whatever the test found."""
    yield tmp_path
    for number in processes(tmp_path):
        os.kill(number, signal.SIGKILL)


def check(ran: Run, what: str) -> None:
    found = [fact for fact in ran.told["facts"] if fact["what"].startswith(what)]
    assert found, f"no such fact; the talk was:\n{ran.talk}"
    assert all(fact["proven"] for fact in found), found


@pytest.mark.needs("nginx")
@pytest.mark.parametrize("what", [*FACTS, "nginx -t finds nothing wrong with it"])
def test_it_is_proven_on_nginx(nginx: Run, what: str) -> None:
    check(nginx, what)


@pytest.mark.parametrize("what", FACTS)
def test_it_is_proven_on_the_builtin_server(builtin: Run, what: str) -> None:
    check(builtin, what)


@pytest.mark.needs("nginx")
def test_it_exits_0_only_because_every_fact_was_proven(nginx: Run) -> None:
    assert nginx.status == 0, nginx.talk
    assert nginx.told["proven"] == len(nginx.told["facts"])
    assert nginx.told["failed"] == 0


@pytest.mark.needs("nginx")
def test_it_shows_each_step_as_a_command(nginx: Run) -> None:
    for command in nginx.told["commands"]:
        assert f"$ {command}\n" in nginx.talk
    assert "xsec crl upload crl-2.pem" in nginx.told["commands"]


@pytest.mark.needs("nginx")
def test_it_reads_as_the_transcript_does(nginx: Run, pytestconfig: pytest.Config) -> None:
    port = nginx.told["address"].rpartition(":")[2]
    talk = re.sub(r"/\S+/xsec-demo-\w+", "FOLDER", nginx.talk).replace(port, "PORT")
    talk = re.sub(r"\d+ handshakes", "N handshakes", talk)
    if pytestconfig.getoption("--update-golden"):
        TRANSCRIPT.write_text(talk)
    assert talk == TRANSCRIPT.read_text()


@pytest.mark.needs("nginx")
def test_it_leaves_nothing(nginx: Run) -> None:
    assert list(nginx.folder.iterdir()) == []
    assert not processes(nginx.folder)


def test_without_nginx_it_says_who_carries_the_service(builtin: Run) -> None:
    assert builtin.told["daemon"] == "builtin"
    assert "the built-in TLS server carries HTTPS" in builtin.talk


@pytest.mark.needs("nginx")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("moment", ["xsec setup", "xsec apply", "A mistake"])
def test_cut_short_it_leaves_nothing(folder: Path, how: signal.Signals, moment: str) -> None:
    with subprocess.Popen(
        COMMAND,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(folder)},
    ) as running:
        assert running.stderr is not None
        for line in running.stderr:
            if moment in line:
                break
        time.sleep(0.2)  # into the command that the line announces
        running.send_signal(how)
        running.stderr.read()
        assert running.wait(HANG) == ExitCode.INTERRUPTED
    assert list(folder.iterdir()) == []
    assert not processes(folder)


@pytest.mark.needs("nginx")
def test_kept_it_says_how_to_look_and_how_to_end(folder: Path) -> None:
    ran = run(folder, "--keep")
    assert ran.status == 0, ran.talk
    kept = Path(ran.told["kept"])
    assert (kept / "root" / "var" / "lib" / "xsec" / "config" / "current").is_file()
    assert processes(kept)
    ending = ran.told["hints"][-1].removeprefix("to end it: ")
    subprocess.run(["/bin/sh", "-c", ending], check=True)
    end = time.monotonic() + HANG
    while processes(kept) and time.monotonic() < end:
        time.sleep(0.05)
    assert not processes(kept)
    assert list(folder.iterdir()) == []


@pytest.mark.needs("nginx")
@pytest.mark.parametrize(
    ("left_out", "fact"),
    [
        (("crl", "upload", "crl-2.pem"), "alice is refused as revoked, with the reason"),
        (("crl", "upload", "crl-2.pem"), "alice, revoked, TLSv1.3"),
        (("certauth", "set", "--mode", "Validation"), "a client without a certificate, TLSv1.3"),
        (("cert", "install", "server.pem", "--key", "server.key"), "the served certificate and chain"),
        (("cert", "install", "server.pem", "--key", "server.key"), "a client that trusts the demo root"),
        (POLICY, "TLSv1.2 with only other suites"),
        (POLICY, "TLSv1.3 with only other suites"),
        (("tls", "set", "https", "--ciphers", BROKEN), "the mistake is found by handshakes"),
    ],
)
def test_what_was_not_done_is_not_proven(folder: Path, left_out: tuple[str, ...], fact: str) -> None:
    def typed(root: str, words: Sequence[str]) -> Result:
        if tuple(PurePath(word).name for word in words) == left_out:
            return Result()
        call = Call()
        call.root = root
        answer = cli.root.main(args=list(words), prog_name="xsec", obj=call, standalone_mode=False)
        assert isinstance(answer, Result)
        return answer

    told = lab.demo(Host(), typed, keep=False, program="nginx", within=folder)
    assert told.exit_code is ExitCode.NEGATIVE
    assert not [found for found in told.facts if found.what.startswith(fact) and found.proven]


def test_a_command_that_fails_ends_it_with_the_answer_no_and_nothing_left(folder: Path) -> None:
    def typed(root: str, words: object) -> Result:
        raise Refused("not today")

    told = lab.demo(Host(), typed, keep=False, within=folder)
    assert told.exit_code is ExitCode.NEGATIVE
    assert (told.facts[0].proven, told.facts[0].found) == (False, "not today")
    assert list(folder.iterdir()) == []


def test_a_bug_in_it_leaves_nothing_even_when_it_was_to_be_kept(folder: Path) -> None:
    def typed(root: str, words: object) -> Result:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        lab.demo(Host(), typed, keep=True, within=folder)
    assert list(folder.iterdir()) == []

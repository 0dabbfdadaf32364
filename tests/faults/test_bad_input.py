"""Malformed input to every command that takes some: one error line with the place, nothing changed."""

from __future__ import annotations

import os
import random
import re
import subprocess
import time
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.faults import malformed, oracle
from tests.faults.cases import cut, inputs, job
from tests.faults.conftest import Row
from tests.faults.driver import Ran, clone, make_store, run

SECONDS = 10
# a line, an octet, a block, or the path of a setting or a part
PLACE = re.compile(
    r"\b(line|octet|block) \d|error: (Management|SystemUnit|xsec) |no setting '|unknown part '"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taker:
    """A command that takes a file at `{x}`; a `judge` was asked about it and may answer no."""

    args: tuple[str, ...]
    kind: str
    judge: bool = False

    @property
    def id(self) -> str:
        return " ".join(word for word in self.args if not word.startswith(("{", "/")))


TAKERS = (
    Taker(args=cut("trust add {x} --yes"), kind="certificate"),
    Taker(args=cut("cert install {x} --key {in}/server.key --yes"), kind="certificate"),
    Taker(args=cut("cert install {in}/server.pem --key {x} --yes"), kind="key"),
    Taker(args=cut("cert lint {x}"), kind="certificate", judge=True),
    Taker(args=cut("crl upload {x} --yes"), kind="crl"),
    Taker(args=cut("crl show {x}"), kind="crl"),
    Taker(args=cut("crl check {x}"), kind="certificate", judge=True),
    Taker(args=cut("verify {x} --trust {in}/root.pem"), kind="certificate", judge=True),
    Taker(args=cut("verify {in}/server.pem --trust {x}"), kind="certificate", judge=True),
    Taker(
        args=cut("verify {in}/server.pem --trust {in}/root.pem --revocation require --crls {x}"),
        kind="crl",
        judge=True,
    ),
    Taker(args=cut("client-cert test {x}"), kind="certificate", judge=True),
    Taker(args=cut("config load {x} --yes"), kind="document"),
    Taker(args=cut("config validate {x}"), kind="document", judge=True),
    Taker(args=cut("xconfiguration --load {x} --yes"), kind="dump"),
)
# what is answered otherwise, and why
OTHERWISE = {
    "schema later": {3},  # well-formed: this xsec is too old for it
    "trust no list": {2, 3},
    "trust unknown object": {3},  # well-formed: the store has no such object
    "certificates garbage": {2, 3},
    "crl garbage": {2, 3},
    "sealed of nowhere": {0},  # a document of another host: the secret here stays, with a warning
}


def texts(kind: str) -> dict[str, bytes]:
    match kind:
        case "document":
            return malformed.documents()
        case "dump":
            return malformed.dumps()
        case _:
            return malformed.blobs(kind)


@pytest.fixture(scope="module")
def base(area: Path) -> Path:
    root = area / "bad-input-base"
    root.mkdir()
    make_store(root)
    assert run(job(cut("trust add {in}/root.pem --yes"), root, inputs(area))).code == 0
    return root


@pytest.fixture
def root(base: Path, folder: Path) -> Path:
    made = folder / "root"
    clone(base, made)
    return made


def state(root: Path) -> dict[str, tuple[int, bytes]]:
    """All that a refused command may not change."""
    return oracle.inventory(root / "var/lib/xsec", without=("log", "status", "cache", "lock"))


def check(ran: Ran, seconds: float, *, place: str, judge: bool = False) -> list[str]:
    """What is wrong with the answer to malformed input."""
    wrong = oracle.rude(ran)
    if ran.code not in ({1, 2} if judge else {2}):
        wrong.append(f"exit {ran.code}")
    lines = ran.text.splitlines()
    errors = [line for line in lines if line.startswith("xsec: error: ")]
    if ran.code != 1 and len(errors) != 1:
        wrong.append(f"{len(errors)} error lines")
    extra = [line for line in lines if not line.startswith("xsec: ")]
    if extra:
        wrong.append(f"a line that is not ours: {extra[0][:80]!r}")
    if any(len(line) > 2000 for line in lines):
        wrong.append("an endless line")
    if place and ran.code != 1 and place not in ran.text and not PLACE.search(ran.text):
        wrong.append("the message does not name the place")
    if seconds > SECONDS:
        wrong.append(f"took {seconds:.1f} s")
    return wrong


def timed(root: Path, place: Path, args: tuple[str, ...], stdin: bytes = b"") -> tuple[Ran, float]:
    start = time.monotonic()
    try:
        ran = run(replace(job(args, root, place), stdin=stdin), seconds=SECONDS)
    except TimeoutError:
        ran = Ran(code=-9, out=b"", err=b"hung")
    return ran, time.monotonic() - start


@pytest.mark.parametrize("taker", [pytest.param(taker, id=taker.id) for taker in TAKERS])
def test_a_malformed_file_is_refused_with_its_place_and_changes_nothing(
    taker: Taker, root: Path, folder: Path, place: Path, row: Row, full: bool
) -> None:
    before, wrong = state(root), []
    chosen = texts(taker.kind)
    names = list(chosen) if full else random.Random(len(taker.id)).sample(list(chosen), 4)  # noqa: S311
    for name in names:
        file = folder / "input"
        file.write_bytes(chosen[name])
        args = tuple(word.replace("{x}", str(file)) for word in taker.args)
        ran, seconds = timed(root, place, args)
        found = check(ran, seconds, place="input", judge=taker.judge)
        if taker.kind == "document" and ran.code in OTHERWISE.get(name, ()):
            found = oracle.rude(ran)
        if name == "PEM one block bad" and ran.code == 0 and b" is left out: " in ran.out:
            found = oracle.rude(ran)  # what is good suffices, and what was left out is told
        if state(root) != before:
            found.append("something was changed")
            before = state(root)
        wrong += [f"{name}: {what} [{ran.code}: {ran.text.strip()[:200]!r}]" for what in found]
    row.tell(f"bad input, {taker.id}: {len(names)} files, {len(wrong)} wrong")
    assert not wrong, "\n" + "\n".join(wrong)


@pytest.mark.parametrize("taker", [pytest.param(taker, id=taker.id) for taker in TAKERS])
def test_garbage_on_standard_input_is_refused(taker: Taker, root: Path, place: Path, row: Row) -> None:
    args = tuple(word.replace("{x}", "-") for word in taker.args)
    if taker.args[0] == "xconfiguration":
        args = (*args[:2], "-", *args[3:])
    before, wrong = state(root), []
    for name, data in {
        "garbage": malformed.blobs("certificate")["garbage"],
        "escape": malformed.ESCAPE,
    }.items():
        ran, seconds = timed(root, place, args, data)
        found = check(ran, seconds, place="", judge=taker.judge)
        wrong += [f"{name}: {what} [{ran.code}: {ran.text.strip()[:200]!r}]" for what in found]
    assert not wrong, "\n" + "\n".join(wrong)
    assert state(root) == before


@pytest.mark.parametrize("taker", [pytest.param(taker, id=taker.id) for taker in TAKERS])
def test_a_name_that_is_no_file_is_refused(
    taker: Taker, root: Path, folder: Path, place: Path, row: Row
) -> None:
    (folder / "folder").mkdir()
    before, wrong = state(root), []
    for name in malformed.NAMES:
        path = f"{folder}/{name}" if name else ""
        args = tuple(word.replace("{x}", path) for word in taker.args)
        ran, seconds = timed(root, place, args)
        found = check(ran, seconds, place="")
        wrong += [f"{name[:40]!r}: {what} [{ran.code}: {ran.text.strip()[:200]!r}]" for what in found]
    assert not wrong, "\n" + "\n".join(wrong)
    assert state(root) == before


def test_a_pipe_is_read_and_one_that_nobody_writes_to_ends_the_command(
    root: Path, folder: Path, place: Path, full: bool
) -> None:
    os.mkfifo(folder / "fifo")
    writer = subprocess.Popen(
        ["/bin/sh", "-c", 'exec cat "$0" > "$1"', str(place / "other.pem"), str(folder / "fifo")]
    )
    ran = run(job(("trust", "add", str(folder / "fifo"), "--yes"), root, place), seconds=20)
    assert writer.wait(20) == 0
    assert ran.code == 0, ran.text
    if full:  # the patience is half a minute
        ran = run(job(("trust", "add", str(folder / "fifo"), "--yes"), root, place), seconds=45)
        assert check(ran, 0, place="fifo") == []


@pytest.mark.parametrize(
    "args",
    [
        pytest.param(cut("certauth set --yes --regex"), id="certauth set"),
        pytest.param(cut("client-cert test {in}/alice.pem --regex"), id="client-cert test"),
    ],
)
def test_a_malformed_pattern_is_refused(args: tuple[str, ...], root: Path, place: Path, row: Row) -> None:
    before, wrong = state(root), []
    for name, pattern in malformed.PATTERNS.items():
        if not pattern and args[0] == "client-cert":
            continue  # the same as not given
        ran, seconds = timed(root, place, (*args, pattern))
        found = check(ran, seconds, place="", judge=args[0] == "client-cert")
        wrong += [f"{name}: {what} [{ran.code}: {ran.text.strip()[:200]!r}]" for what in found]
    row.tell(f"bad input, patterns to {args[0]}: {len(malformed.PATTERNS)}, {len(wrong)} wrong")
    assert not wrong, "\n" + "\n".join(wrong)
    assert state(root) == before


@pytest.mark.parametrize("option", ["--ciphers", "--ciphersuites", "--minimum-version"])
def test_a_malformed_cipher_string_is_refused(option: str, root: Path, place: Path, row: Row) -> None:
    before, wrong = state(root), []
    for name, text in malformed.CIPHERS.items():
        ran, seconds = timed(root, place, ("tls", "set", "--all", "--yes", option, text))
        wrong += [
            f"{name}: {what} [{ran.code}: {ran.text.strip()[:200]!r}]"
            for what in check(ran, seconds, place="")
        ]
    row.tell(f"bad input, tls set {option}: {len(malformed.CIPHERS)}, {len(wrong)} wrong")
    assert not wrong, "\n" + "\n".join(wrong)
    assert state(root) == before


ODD = (
    *("", " ", "\x1b[31m", "a\nb", "\udcff", "-", "--", "?" * 5000, "0", "-1", "99999999999999999999", "NaN"),
    *("'", '"', "\u202e", "%s%n", "../..", "sealed:x", "//", "//\x1b//", ":", "a:", "[", "*"),
)
WORDS = (
    cut("rollback --yes"),
    cut("diff"),
    cut("history --last"),
    cut("history --root"),
    cut("history --output"),
    cut("history --at"),
    cut("config show"),
    cut("xconfiguration"),
    cut("xconfiguration Management Interface Port:"),
    cut("xconfiguration --value-source"),
    cut("xstatus"),
    cut("xcommand"),
    cut("trust show"),
    cut("trust remove --yes"),
    cut("trust add --for"),
    cut("cert"),
    cut("crl show"),
    cut("alarm show"),
    cut("alarm acknowledge"),
    cut("log event --since"),
    cut("log configuration --last"),
    cut("help"),
    cut("tls show"),
    cut("tls expand"),
    cut("connections show"),
    cut("service show"),
    cut("completion"),
    (),
)


@pytest.mark.parametrize("words", [pytest.param(words, id=" ".join(words) or "xsec") for words in WORDS])
def test_an_odd_word_is_answered_without_a_bug(
    words: tuple[str, ...], root: Path, place: Path, row: Row, full: bool
) -> None:
    before, wrong = oracle.look(root).content, []
    for word in ODD if full else random.Random(len(words)).sample(ODD, 3):  # noqa: S311
        ran, seconds = timed(root, place, (*words, word))
        found = oracle.rude(ran)
        if ran.code not in {0, 1, 2, 3}:
            found.append(f"exit {ran.code}")
        if ran.code in {2, 3} and not ran.text.startswith(("xsec: error:", "xsec: ")):
            found.append("no error line")
        if seconds > SECONDS:
            found.append(f"took {seconds:.1f} s")
        wrong += [f"{word[:20]!r}: {what} [{ran.code}: {ran.text.strip()[:200]!r}]" for what in found]
    assert not wrong, "\n" + "\n".join(wrong)
    if ":" not in "".join(words):
        assert oracle.look(root).content == before


@pytest.mark.parametrize(
    "taker", [pytest.param(t, id=t.id) for t in TAKERS if t.kind in {"certificate", "crl", "key"}]
)
def test_a_mutated_file_is_answered_without_a_bug(
    taker: Taker, root: Path, folder: Path, place: Path, row: Row, full: bool
) -> None:
    whole = getattr(malformed.good(), taker.kind)
    args = tuple(word.replace("{x}", str(folder / "input")) for word in taker.args)
    if "--yes" in args:
        args = (*args, "--dry-run")
    wrong, codes = [], set()
    for number, data in enumerate(malformed.mutants(whole, 400 if full else 3, seed=len(taker.id))):
        (folder / "input").write_bytes(data)
        ran, seconds = timed(root, place, args)
        codes.add(ran.code)
        found = oracle.rude(ran)
        if ran.code not in {0, 1, 2, 3}:
            found.append(f"exit {ran.code}")
        if seconds > SECONDS:
            found.append(f"took {seconds:.1f} s")
        wrong += [f"mutant {number}: {what} [{ran.code}: {ran.text.strip()[:200]!r}]" for what in found]
    row.tell(f"mutants to {taker.id}: {400 if full else 3}, exit codes {sorted(codes)}, {len(wrong)} wrong")
    assert not wrong, "\n" + "\n".join(wrong)

"""Every command that changes the store, with what it needs beforehand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from pathlib import Path

from tests.faults.driver import NOON, Job, NoonHost, make_store, run
from xsec.lab import pki
from xsec.state.document import Document, Origin

START = NOON - timedelta(days=1)
PORT = ("xconfiguration", "Management", "Interface", "Port:")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One changing command; `{in}` in its words is the folder of the files that it reads."""

    name: str
    args: tuple[str, ...]
    before: tuple[tuple[str, ...], ...] = ()
    stdin: bytes = b""
    empty: bool = False
    """Starts from a host without a store."""
    loose: bool = False
    """Makes new keys each time: digests are not compared."""
    act: Callable[[Path], None] | None = None
    """What is done in place of a command line."""

    def job(self, root: Path, place: Path, *, broken: str = "") -> Job:
        """The case as a run below `root`, with its input files in `place`."""
        return replace(job(self.args, root, place, broken=broken), stdin=self.stdin, act=self.act)


def cut(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def commit_alone(root: Path) -> None:
    """A commit by the store, without the log and the alarms that follow it and would sync the disk, too."""
    host = NoonHost(root=str(root), command="commit")
    with host.store.locked():
        current = host.store.current()
        leaf = host.schema.find(("Management", "Interface", "Port"))
        new = Document(
            generation=host.store.next_number(current.generation),
            origin=Origin(time=NOON, user="root", command="commit"),
            values={**current.values, leaf.key: 8443},
            spelling={**current.spelling, leaf.key: leaf.words},
            sections=current.sections,
        )
        host.store.commit(new)


ALONE = Case(name="the commit alone", args=(), act=commit_alone)
CASES = (
    Case(name="xconfiguration set", args=(*PORT, "8443")),
    Case(
        name="xconfiguration secret",
        args=cut("xconfiguration --value-source file:{in}/secret Login Remote LDAP VCS BindPassword"),
    ),
    Case(
        name="xconfiguration --default",
        args=cut("xconfiguration --default Management Interface Port"),
        before=((*PORT, "8443"),),
    ),
    Case(name="xconfiguration --load", args=cut("xconfiguration --load {in}/dump.txt")),
    Case(name="config load", args=cut("config load {in}/document.yaml --yes"), before=((*PORT, "8443"),)),
    Case(name="rollback", args=cut("rollback 2 --yes"), before=((*PORT, "8443"), (*PORT, "9443"))),
    Case(name="setup", args=cut("setup --yes"), empty=True, loose=True),
    Case(name="trust add", args=cut("trust add {in}/root.pem {in}/other.pem --yes")),
    Case(
        name="trust remove",
        args=cut("trust remove 1 --yes"),
        before=(cut("trust add {in}/root.pem {in}/other.pem --yes"),),
    ),
    Case(name="trust reset", args=cut("trust reset --yes"), before=(cut("trust add {in}/root.pem --yes"),)),
    Case(
        name="cert install",
        args=cut("cert install {in}/server.pem --key {in}/server.key --yes"),
        before=(cut("trust add {in}/root.pem --yes"),),
    ),
    Case(
        name="cert rollback",
        args=cut("cert rollback --yes"),
        before=(
            cut("trust add {in}/root.pem --yes"),
            cut("cert install {in}/server.pem --key {in}/server.key --yes"),
            cut("cert install {in}/second.pem --key {in}/second.key --yes"),
        ),
    ),
    Case(
        name="crl upload",
        args=cut("crl upload {in}/root.crl --yes"),
        before=(cut("trust add {in}/root.pem --yes"),),
    ),
    Case(
        name="crl remove",
        args=cut("crl remove --yes"),
        before=(cut("trust add {in}/root.pem --yes"), cut("crl upload {in}/root.crl --yes")),
    ),
    Case(
        name="certauth set", args=cut("certauth set --crl-check All --format user-#captureCommonName# --yes")
    ),
    Case(name="tls set", args=cut("tls set --all --minimum-version TLSv1.3 --yes")),
    Case(
        name="client-cert test --save",
        args=cut("client-cert test {in}/alice.pem --format user-#captureCommonName# --save --yes"),
        before=(cut("trust add {in}/root.pem --yes"),),
    ),
    Case(
        name="alarm acknowledge",
        args=cut("alarm acknowledge 70301"),
        before=(cut("tls set --all --minimum-version TLSv1.0 --yes --force"),),
    ),
    Case(name="xcommand", args=cut("xcommand NTP Server Add Address: time.example.com --yes")),
)


@cache
def inputs(folder: Path) -> Path:
    """The files that the commands read."""
    place = folder / "in"
    place.mkdir()
    root = pki.authority("Root", key=pki.seeded_key("root"), now=START)
    other = pki.authority("Other", key=pki.seeded_key("other"), now=START)
    server = root.issue("host.example.com", sans=("host.example.com",), server=True)
    second = root.issue("second.example.com", sans=("second.example.com",), server=True)
    alice = root.issue("alice", client=True)
    texts = {
        "root.pem": pki.pem(root.certificate),
        "other.pem": pki.pem(other.certificate),
        "server.pem": server.pem,
        "server.key": server.key_pem,
        "second.pem": second.pem,
        "second.key": second.key_pem,
        "alice.pem": alice.pem,
        "root.crl": pki.pem(root.crl((alice,))),
        "secret": b"hunter2-canary\n",
        "dump.txt": b'*c xConfiguration Management Interface Port: "7443"\n',
        "document.yaml": b"settings:\n  Management:\n    Interface:\n      Port: 7443\n",
    }
    for name, data in texts.items():
        (place / name).write_bytes(data)
    return place


def job(args: tuple[str, ...], root: Path, place: Path, *, broken: str = "") -> Job:
    """A command line of a case as a job."""
    words = tuple(word.replace("{in}", str(place)) for word in args)
    return Job(args=words, root=root, broken=broken)


def prepared(case: Case, folder: Path, place: Path) -> Path:
    """A root in the state in which the case begins."""
    root = folder / "base"
    root.mkdir()
    if not case.empty:
        make_store(root)
    for args in case.before:
        ran = run(job(args, root, place))
        if ran.code != 0:
            raise RuntimeError(f"{' '.join(args)}: exit {ran.code}: {ran.text}")
    return root

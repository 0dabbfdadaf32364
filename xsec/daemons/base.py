"""What every plug-in is: a pure rendering of a listener into files of a program, and facts about the program.

The apply engine (`enforce`) writes, checks, starts, reloads, proves and undoes; plug-ins do none of that.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from pathlib import PurePosixPath
from typing import Protocol

from xsec.errors import InvalidValue, Refused
from xsec.pki import pem
from xsec.pki.server import KEY_PATH, Identity
from xsec.ports import Owner
from xsec.state.snapshot import Reading, Sealed, Tree
from xsec.tls.dh import FFDHE3072
from xsec.tls.profile import ServiceProfile

CERTIFICATE, KEY, GROUP, CLIENTS, CRL = map(
    PurePosixPath, ("certificate.pem", "key.pem", "group.pem", "clients.pem", "crl.pem")
)
"""Names of the files in a rendering's folder."""
ROOT_USER = Owner(uid=0, gid=0)
_PLUGINS = {"nginx": "xsec.daemons.nginx", "builtin": "xsec.daemons.builtin"}
"""The programs there are, by name; a plug-in is loaded when it is used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientPolicy:
    """What a listener asks of clients: a certificate below one of `anchors`, not revoked by `crls` (DER).

    Without `crls` the program checks no revocation; that is decided, and told, by the engine.
    """

    required: bool = False
    anchors: tuple[bytes, ...] = ()
    crls: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """One service as a program is to carry it.

    `address` is an IP address, or `*` for all of IPv4.  `strict_transport` sends HSTS (RFC 6797).
    """

    service: str
    enabled: bool
    address: str
    port: int
    profile: ServiceProfile
    identity: Identity
    clients: ClientPolicy
    strict_transport: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFile:
    """A private key as content of a file: opened only when it is written, shown nowhere."""

    sealed: Sealed
    path: str
    """The store path that the sealed value is bound to."""
    public_key_digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A file that a program is to be given."""

    path: PurePosixPath
    content: bytes | KeyFile
    mode: int = 0o644
    owner: Owner = ROOT_USER


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A rendering: a folder of its own that never changes, and the files whose replacement switches to it.

    `missing` are files of the program's own that are made only where there are none.
    """

    daemon: str
    folder: PurePosixPath
    files: tuple[Rendered, ...]
    pointers: tuple[Rendered, ...]
    missing: tuple[Rendered, ...] = ()
    needs: tuple[PurePosixPath, ...] = ()
    """Folders that must be there before the program starts."""

    @property
    def digest(self) -> str:
        """The name of the folder, made of all that is in it."""
        return self.folder.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """Where the program stands on this host.  `root` is the folder on disk that stands for `/`."""

    program: str
    root: str
    main: PurePosixPath
    pid_file: PurePosixPath
    main_is_own: bool = True

    def place(self, path: PurePosixPath) -> str:
        """A path as the program must name it."""
        return f"{self.root.rstrip('/')}{path}"

    def beside(self, folder: PurePosixPath) -> Installation:
        """The same program with a configuration and process number of its own in `folder`."""
        return replace(
            self, main=folder / self.main.name, pid_file=folder / self.pid_file.name, main_is_own=True
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Where a shadow listens: `port` is exactly as the candidate, `probe_port` also trusts the probe's CA.

    `probe_clients` is the client policy with the probe's authority and CRL added; None when clients are
    not asked for a certificate.
    """

    folder: PurePosixPath
    port: int
    probe_port: int = 0
    probe_clients: ClientPolicy | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """How the program is started.  `stays` says that it does not put itself into the background."""

    argv: tuple[str, ...]
    stays: bool


class Daemon(Protocol):
    """A program that can carry services."""

    @property
    def name(self) -> str: ...

    @property
    def services(self) -> tuple[str, ...]:
        """Identifiers of the services it can carry."""

    @property
    def folder(self) -> PurePosixPath:
        """Below it each rendering has a folder of its own."""

    def program(self) -> str:
        """Its path, or its name in the system's folders."""

    def installation(self, program: str, root: str, main: bytes | None) -> Installation:
        """Where it stands, given the octets of its main configuration file, None when there is none."""

    def main_file(self) -> PurePosixPath:
        """Its main configuration file."""

    def render(self, listener: Listener, where: Installation) -> Candidate:
        """The files for a listener: pure, and the same for the same arguments."""

    def rehearsal(
        self, listener: Listener, candidate: Candidate, where: Installation, stage: Stage
    ) -> tuple[Rendered, ...]:
        """The files of a shadow instance in `stage.folder`, over the candidate's own folder."""

    def check(self, where: Installation) -> tuple[str, ...]:
        """The command with which the program checks its configuration; empty when it has none."""

    def start(self, where: Installation) -> Start:
        """The command that starts it."""

    def serving(self, children: Sequence[tuple[int, str]]) -> frozenset[int]:
        """Which of a master's children take new connections."""

    def owns(self, content: bytes) -> bool:
        """Whether a file at one of its places was written by xsec (TL-7)."""

    def log(self) -> PurePosixPath | None:
        """Where the program says why it does not take a reload; None when it does not."""

    def refusal(self, said: bytes) -> str:
        """Why a reload was refused, from what the log gained since; empty while nothing is final."""

    def is_master(self, command: str, where: Installation) -> bool:
        """Whether a command line is that of the master with the configuration of `where`, not of another."""


def daemon(name: str) -> Daemon:
    """The plug-in of a program."""
    if name not in _PLUGINS:
        raise InvalidValue(f"no daemon {name!r}", allowed=f"one of {', '.join(_PLUGINS)}")
    plugin: Daemon = importlib.import_module(_PLUGINS[name]).DAEMON
    return plugin


# What a program was given ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What was last applied and proven for one service: known by the digest of its files (SY-6).

    `inputs` are the settings and parts it was made of, as texts by path; `files` the SHA-256 of each file by
    path; `choice` is `fail-closed` or `without-crl` when the operator had to choose (RV-3).
    """

    service: str
    daemon: str
    digest: str
    generation: int
    time: datetime
    files: Mapping[str, str]
    inputs: Mapping[str, str]
    pointers: tuple[str, ...] = ()
    choice: str = ""
    proofs: tuple[Tree, ...] = ()
    notes: tuple[str, ...] = ()


def _parse(tree: Tree) -> dict[str, Applied]:
    return {name: applied_from(name, item) for name, item in tree.items()}


def applied_from(service: str, item: Tree) -> Applied:
    """The record of one service, as `applied_tree` wrote it."""
    return Applied(
        service=service,
        daemon=item["daemon"],
        digest=item["digest"],
        generation=item["generation"],
        time=datetime.fromisoformat(item["time"]),
        files=dict(item["files"]),
        inputs=dict(item["inputs"]),
        pointers=tuple(item["pointers"]),
        choice=item["choice"],
        proofs=tuple(item["proofs"]),
        notes=tuple(item["notes"]),
    )


def applied_tree(item: Applied) -> Tree:
    """The record of one service as a tree."""
    return {
        "daemon": item.daemon,
        "digest": item.digest,
        "generation": item.generation,
        "time": item.time.isoformat(timespec="seconds"),
        "files": dict(item.files),
        "inputs": dict(item.inputs),
        "pointers": list(item.pointers),
        "choice": item.choice,
        "proofs": list(item.proofs),
        "notes": list(item.notes),
    }


def _format(applied: dict[str, Applied]) -> Tree:
    return {name: applied_tree(item) for name, item in applied.items()}


APPLIED: Reading[dict[str, Applied]] = Reading("applied", parse=_parse, format=_format, empty={})

# What was seen of the files on disk ------------------------------------------------------------------------

DRIFT: Reading[dict[str, str]] = Reading(
    "drift", parse=lambda tree: dict(tree), format=lambda drift: dict(drift), empty={}
)
"""Files of xsec's that were found changed by hand: path to what was found (`changed`, `missing`)."""


# Parts of a rendering that every program is given -----------------------------------------------------------


def material(listener: Listener) -> tuple[Rendered, ...]:
    """Certificate, key, group and what clients are checked by, as files that are not in a folder yet."""
    identity = listener.identity
    key = KeyFile(sealed=identity.key, path=KEY_PATH, public_key_digest=identity.public_key_digest)
    return (
        Rendered(path=CERTIFICATE, content=_pem("CERTIFICATE", (identity.certificate, *identity.chain))),
        Rendered(path=KEY, content=key, mode=0o600),
        Rendered(path=GROUP, content=FFDHE3072),
        *client_files(listener.clients),
    )


def client_files(policy: ClientPolicy) -> tuple[Rendered, ...]:
    """What clients are checked by: files only for what the policy asks."""
    found = []
    if policy.required:
        found.append(Rendered(path=CLIENTS, content=_pem("CERTIFICATE", policy.anchors)))
    if policy.crls:
        found.append(Rendered(path=CRL, content=_pem("X509 CRL", policy.crls)))
    return tuple(found)


def placed(files: Iterable[Rendered], folder: PurePosixPath) -> tuple[Rendered, ...]:
    """The files in a folder."""
    return tuple(replace(item, path=folder / item.path) for item in files)


def folder_name(files: Iterable[Rendered], *texts: bytes) -> str:
    """A name made of the content of files, a key by its public half, and of other texts, in order."""
    parts = [
        item.content.public_key_digest.encode() if isinstance(item.content, KeyFile) else item.content
        for item in files
    ]
    return sha256(b"".join(sha256(part).digest() for part in (*parts, *texts))).hexdigest()[:16]


def _pem(label: str, items: Iterable[bytes]) -> bytes:
    return b"".join(pem.write(label, der) for der in items)


def safe(path: str) -> str:
    """A path that can stand in a program's configuration; `Refused` where no quoting helps."""
    wrong = next((c for c in path if not (c.isalnum() and c.isascii()) and c not in "/._-+@ ~"), None)
    if wrong is not None:
        raise Refused(
            f"the character {wrong!r} in a path cannot be written into a daemon's configuration",
            where=path,
            remedy="use --root with a folder named with letters, digits and / . _ - + @ ~",
        )
    return path

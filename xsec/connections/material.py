"""What `verify` is given, taken apart without judging it: what is malformed is for the validator to tell."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from xsec.connections import answers
from xsec.connections.verify import Decision, Question, decide, read_crls
from xsec.errors import InvalidValue
from xsec.pki import chain, pem
from xsec.pki import der as structure
from xsec.pki.path.build import Anchors
from xsec.pki.trust import TRUST
from xsec.revocation.manual import MANUAL
from xsec.revocation.policy import OFF, REQUIRED
from xsec.state.snapshot import Snapshot

MAXIMUM_FILE_OCTETS = 512 << 20

_CERTIFICATES = ("CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE")
_CRLS = ("X509 CRL",)

Read = Callable[[str], bytes]


class Host(NamedTuple):
    """The host's own material: its trust list and its manual CRLs, empty where xsec is not set up."""

    anchors: tuple[bytes, ...]
    intermediates: tuple[bytes, ...]
    crls: tuple[tuple[bytes, str], ...]


def of_host(snapshot: Snapshot) -> Host:
    """The trust list, whatever connection kinds its entries are for, and the manual CRLs.

    A chain must reach a self-signed certificate of the list; others only fill gaps in it (TR-5).
    """
    entries = [entry.der for entry in snapshot[TRUST].entries]
    roots = dict.fromkeys(der for der in entries if chain.is_self_signed(der))
    return Host(
        tuple(roots),
        tuple(der for der in entries if der not in roots),
        tuple((crl.der, crl.file) for crl in snapshot[MANUAL].crls),
    )


def split(data: bytes, name: str, labels: tuple[str, ...]) -> list[bytes]:
    """The objects of a file in order: PEM blocks of these labels, or DER one after another.

    An empty file holds none.  Octets that are neither are one object, which the validator refuses.
    """
    if pem.is_pem(data):
        return [block.der for block in pem.blocks(data, name) if block.label in labels]
    if not data.strip():
        return []
    try:
        return [structure.octets(data, item) for item in structure.elements(data, 0, len(data))]
    except structure.NotDer:
        return [data]


def certificates(data: bytes, name: str) -> list[bytes]:
    """The certificates of a file."""
    return split(data, name, _CERTIFICATES)


def judge(read: Read, host: Callable[[], Host], options: Mapping[str, Any]) -> Decision:
    """The decision on the first certificate of a file; those after it are offered as intermediates.

    `options` are those of `xsec verify`; without `trust` the host's own material counts.
    """
    target, *presented = _target(read(options["certificate"]), options["certificate"])
    own = host() if options["trust"] is None else Host((), (), ())
    anchors = own.anchors if options["trust"] is None else _files(read, options["trust"], _CERTIFICATES)
    crls = (
        own.crls if options["crls"] is None else [(der, "") for der in _files(read, options["crls"], _CRLS)]
    )
    found, notes = read_crls(crls)
    asked = options["revocation"] or ("require" if options["crls"] is not None else "off")
    question = Question(
        certificate=target,
        intermediates=(
            *presented,
            *_files(read, options["intermediates"], _CERTIFICATES),
            *own.intermediates,
        ),
        inputs=answers.inputs(
            options["at"],
            purpose=options["purpose"],
            host=options["host"],
            policies=[oid for text in options["policy"] for oid in text.split(",") if oid],
            explicit_policy=options["explicit_policy"],
            inhibit_mapping=options["inhibit_mapping"],
            inhibit_any_policy=options["inhibit_any_policy"],
            max_depth=options["max_depth"],
            profile=options["profile"],
        ),
        revocation=REQUIRED if asked == "require" else OFF,
    )
    return answers.noted(decide(question, Anchors(anchors), found), notes)


def _target(data: bytes, name: str) -> list[bytes]:
    """The certificates of the file that is judged: broken PEM is a certificate that cannot be read."""
    try:
        return certificates(data, name) or [b""]
    except InvalidValue:
        return [data]


def _files(read: Read, names: tuple[str, ...] | None, labels: tuple[str, ...]) -> list[bytes]:
    found: list[bytes] = []
    for name in names or ():
        data = read(name)
        inside = split(data, name, labels)
        if data.strip() and not inside:
            what = "CRL" if labels is _CRLS else "certificate"
            raise InvalidValue(f"the file holds no {what}", where=name, allowed=f"{what}s in PEM or DER")
        found += inside
    return found

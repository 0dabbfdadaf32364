"""Structural rules of RFC 5280 that many real certificates break: `strict` rejects, otherwise a warning."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa

from xsec.pki import der as structure
from xsec.pki import extensions as ext
from xsec.pki import names, signatures
from xsec.pki.parse import CertificateView
from xsec.pki.path.constraints import BadName, prepare_base

Finding = tuple[str, int, str, str]
"""Code, depth, detail, RFC section."""

_LABELS = re.compile(
    r"(?:\*\.)?(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*"
)
_ADDRESS = re.compile(r"[0-9]+(?:\.[0-9]+){3}")

_EC = bytes.fromhex("2a8648ce3d0201")

_NEVER_CRITICAL = {
    ext.AUTHORITY_KEY_IDENTIFIER: ("authority_key_identifier_critical", "RFC 5280, 4.2.1.1"),
    ext.SUBJECT_KEY_IDENTIFIER: ("subject_key_identifier_critical", "RFC 5280, 4.2.1.2"),
    ext.AUTHORITY_INFORMATION_ACCESS: ("authority_information_access_critical", "RFC 5280, 4.2.2.1"),
}
_ALWAYS_CRITICAL = {
    ext.NAME_CONSTRAINTS: ("name_constraints_not_critical", "RFC 5280, 4.2.1.10"),
    ext.POLICY_CONSTRAINTS: ("policy_constraints_not_critical", "RFC 5280, 4.2.1.11"),
    ext.INHIBIT_ANY_POLICY: ("inhibit_any_policy_not_critical", "RFC 5280, 4.2.1.14"),
}

Rule = Callable[[CertificateView, bool], Iterator[tuple[str, str, str]]]
"""A rule on one certificate and whether it is the anchor: code, detail, section."""


def findings(path: Sequence[CertificateView], trusted: bool) -> Iterator[Finding]:
    """What is wrong with the structure of each certificate, from the end entity up; the anchor is last."""
    last = len(path) - 1
    for depth, view in enumerate(path):
        for code, detail, ref in _of(view, depth == 0 or trusted, depth == last and not trusted):
            yield code, depth, detail, ref


@lru_cache(maxsize=2048)
def _of(view: CertificateView, end_entity: bool, anchor: bool) -> tuple[tuple[str, str, str], ...]:
    """The findings on one certificate in its place: the same CAs stand in path after path."""
    rules = (*_COMMON, *(_END_ENTITY if end_entity else _AUTHORITY))
    return tuple(finding for rule in rules for finding in rule(view, anchor))


def _serial(view: CertificateView, anchor: bool) -> Iterator[tuple[str, str, str]]:
    """Nobody looks an anchor up by its number, and old roots have the number 0."""
    if not anchor and (view.serial <= 0 or view.serial.bit_length() > 160):
        yield "serial_number_out_of_range", "is positive and at most 20 octets", "RFC 5280, 4.1.2.2"


def _criticality(view: CertificateView, anchor: bool) -> Iterator[tuple[str, str, str]]:
    for oid, (code, ref) in _NEVER_CRITICAL.items():
        if oid in view.extensions and view.extensions[oid].critical:
            yield code, "must not be critical", ref
    for oid, (code, ref) in _ALWAYS_CRITICAL.items():
        if oid in view.extensions and not view.extensions[oid].critical:
            yield code, "must be critical", ref


def _key(view: CertificateView, anchor: bool) -> Iterator[tuple[str, str, str]]:
    """Keys and digests below 112 bits of security (NIST SP 800-57; OpenSSL's level 2)."""
    key = view.public_key
    if isinstance(key, rsa.RSAPublicKey | dsa.DSAPublicKey):
        if key.key_size < 2048 or key.key_size % 8:
            yield "key_too_small", f"a key of {key.key_size} bits", "NIST SP 800-57"
    elif isinstance(key, ec.EllipticCurvePublicKey) and key.curve.key_size < 224:
        yield "key_too_small", f"a key on {key.curve.name}", "NIST SP 800-57"
    if _spelt_out(view):
        yield "ec_key_explicit_params", "the curve is spelt out instead of named", "RFC 5480, 2.1.1"
    digest = "" if anchor or view.certificate is None else signatures.digest(view.certificate)
    if digest == "sha1":
        yield "md_too_weak", "signed with SHA-1", "RFC 9155"


def _spelt_out(view: CertificateView) -> bool:
    """Whether an EC key carries the parameters of its curve (CVE-2020-0601 came of them)."""
    info = view.public_key_info
    algorithm = structure.children(info, structure.children(info, structure.element(info, 0, len(info)))[0])
    return structure.content(info, algorithm[0]) == _EC and algorithm[-1].tag == structure.SEQUENCE


def _version(view: CertificateView, anchor: bool) -> Iterator[tuple[str, str, str]]:
    if view.version != 3 and len(view.extensions):
        yield "extensions_require_version_3", f"extensions in version {view.version}", "RFC 5280, 4.1.2.9"


def _issuer(view: CertificateView, anchor: bool) -> Iterator[tuple[str, str, str]]:
    if not view.issuer:
        yield "issuer_name_empty", "the issuer has no name", "RFC 5280, 4.1.2.4"


def _authority_key(view: CertificateView, anchor: bool) -> Iterator[tuple[str, str, str]]:
    """An anchor may lack it: it ends the path, whoever else may have issued a certificate for it."""
    found = view.extensions.known(ext.AUTHORITY_KEY_IDENTIFIER)
    if (found is None or found.key_identifier is None) and not anchor:
        yield "missing_authority_key_identifier", "a hint of the issuer's key", "RFC 5280, 4.2.1.1"


def _alternative_name(view: CertificateView, anchor: bool) -> Iterator[tuple[str, str, str]]:
    found = view.extensions.get(ext.SUBJECT_ALTERNATIVE_NAME)
    if found is not None and not view.subject and not found.critical:
        yield "subject_alt_name_not_critical", "is critical when the subject is empty", "RFC 5280, 4.2.1.6"
    for name in view.extensions.known(ext.SUBJECT_ALTERNATIVE_NAME) or ():
        text = name.text.lower()
        if name.kind == names.DNS and (_ADDRESS.fullmatch(text) or not _LABELS.fullmatch(text)):
            yield "malformed_dns_name", f"{name} is no DNS name", "RFC 5280, 4.2.1.6"


def _only_an_authority(view: CertificateView, anchor: bool) -> Iterator[tuple[str, str, str]]:
    if view.is_authority:
        return
    if ext.NAME_CONSTRAINTS in view.extensions:
        yield "name_constraints_without_ca", "only a CA may have them", "RFC 5280, 4.2.1.10"
    if ext.KEY_CERT_SIGN in (view.extensions.known(ext.KEY_USAGE) or ()):
        yield "key_cert_sign_without_ca", "keyCertSign asks for cA", "RFC 5280, 4.2.1.3"


def _identified(view: CertificateView, anchor: bool) -> Iterator[tuple[str, str, str]]:
    if not view.subject:
        yield "subject_name_empty", "a CA has a name", "RFC 5280, 4.1.2.6"
    if ext.SUBJECT_KEY_IDENTIFIER not in view.extensions:
        yield "missing_subject_key_identifier", "every CA has one", "RFC 5280, 4.2.1.2"


def _authority(view: CertificateView, anchor: bool) -> Iterator[tuple[str, str, str]]:
    found = view.extensions.get(ext.BASIC_CONSTRAINTS)
    if not view.is_authority:
        yield "basic_constraints_missing", "a CA says cA", "RFC 5280, 4.2.1.9"
    elif found is not None and not found.critical:
        yield "basic_constraints_not_critical", "must be critical in a CA", "RFC 5280, 4.2.1.9"
    usage = view.extensions.known(ext.KEY_USAGE)
    if usage is not None and ext.KEY_CERT_SIGN not in usage:
        yield "keyusage_no_certsign", "keyUsage lacks keyCertSign", "RFC 5280, 4.2.1.3"


def _bases(view: CertificateView, anchor: bool) -> Iterator[tuple[str, str, str]]:
    """A domain of a DNS constraint has no leading dot, unlike that of a URI."""
    subtrees = view.extensions.known(ext.NAME_CONSTRAINTS)
    for base in (*subtrees.permitted[:1000], *subtrees.excluded[:1000]) if subtrees else ():
        try:
            prepare_base(base)
        except BadName as error:
            yield "unsupported_constraint_syntax", str(error), "RFC 5280, 4.2.1.10"
        if base.kind == names.DNS and base.value.startswith(b"."):
            yield "malformed_constraint", f"{base} begins with a dot", "RFC 5280, 4.2.1.10"


_COMMON: tuple[Rule, ...] = (
    _key,
    _serial,
    _criticality,
    _version,
    _issuer,
    _authority_key,
    _alternative_name,
)
_END_ENTITY: tuple[Rule, ...] = (_only_an_authority,)
_AUTHORITY: tuple[Rule, ...] = (_identified, _authority, _bases)

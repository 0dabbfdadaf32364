"""Name constraints (RFC 5280, 4.2.1.10): every name form, collected down a path, fail closed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from xsec.pki import der as structure
from xsec.pki import extensions as ext
from xsec.pki import names, values
from xsec.pki.names import DIRECTORY, DNS, EMAIL, IP, OTHER, URI, GeneralName
from xsec.pki.parse import CertificateView
from xsec.pki.path.budget import Budget

_HOST = re.compile(
    r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*"
)
_AUTHORITY = re.compile(r"[a-z][a-z0-9+.-]*://(?:[^/?#@]*@)?([^/?#@:]+)(?::[0-9]*)?(?:[/?#].*)?")

_SMTP_UTF8_MAILBOX = "1.3.6.1.5.5.7.8.9"
_UTF8_STRING = 0x0C

SUPPORTED = frozenset((DNS, EMAIL, URI, IP, DIRECTORY))


class BadName(ValueError):
    """A name or base is not of the form its kind has, so that nothing can be said about it."""


Prepared = tuple[int, object]
"""A kind and a name or base in a form that compares quickly."""


def is_host(text: str) -> bool:
    """Whether the text is labels with dots between (underscores included, as hosts have them)."""
    return len(text) <= 253 and _HOST.fullmatch(text) is not None


def prepare_name(name: GeneralName) -> Prepared:
    """A name as it is compared with bases; `BadName` when it is malformed."""
    match name.kind:
        case names.DNS:
            return DNS, _dns_name(name.text)
        case names.EMAIL:
            local, _, host = name.text.rpartition("@")
            return EMAIL, _mailbox(name, local, host.lower())
        case names.URI:
            return URI, _uri_host(name)
        case names.IP:
            return IP, name.value
        case names.DIRECTORY:
            return DIRECTORY, names.normal(name.value)
        case _:
            return name.kind, name.value


def _mailbox(name: GeneralName, local: str, host: str) -> tuple[str, str]:
    """Local part, which is compared as it stands, and host in A-labels."""
    if not local or "@" in local.replace('\\"', "") or not is_host(host):
        raise BadName(f"{name} is no mailbox")
    return local, host


def _a_labels(host: str) -> str:
    """The host in A-labels; an empty text for U-labels of which IDNA 2003 and 2008 may think differently."""
    host = host.lower()
    if host.isascii() or len(host) > 253:
        return host
    try:
        found = host.encode("idna")
        return found.decode("ascii") if found.decode("idna") == host else ""
    except UnicodeError:
        return ""


def _utf8_mailbox(name: GeneralName) -> tuple[str, str] | None:
    """The mailbox of an otherName that is a SmtpUTF8Mailbox (RFC 9598, 3); None for one of another type.

    A type that cannot be read may be this one.
    """
    data = name.value
    try:
        kind, *rest = structure.elements(data, 0, len(data))
        if values.oid(data, kind) != _SMTP_UTF8_MAILBOX:
            return None
        [tagged] = rest
        values.expect(tagged, 0xA0)
        [inner] = structure.children(data, tagged)
        values.expect(inner, _UTF8_STRING)
        text = structure.content(data, inner).decode("utf-8")
    except (ValueError, IndexError):
        raise BadName(f"{name} is no mailbox in UTF-8") from None
    if "\ufeff" in text:
        raise BadName(f"{name} has a byte order mark")
    local, _, host = text.rpartition("@")
    return _mailbox(name, local, _a_labels(host))


def _dns_name(text: str) -> str:
    host = text.lower().removesuffix(".")
    if not is_host(host.removeprefix("*.")):
        raise BadName(f"dns:{text} is no DNS name")
    return host


def _uri_host(name: GeneralName) -> str:
    """The host of a URI's authority: without one, and for an address, the RFC demands rejection."""
    found = _AUTHORITY.fullmatch(name.text.lower())
    host = found[1].removesuffix(".") if found else ""
    if not is_host(host) or host.rpartition(".")[2].isdigit():
        raise BadName(f"{name} has no host name")
    return host


def prepare_base(base: GeneralName) -> Prepared:
    """A base as it is compared with names; `BadName` when it is malformed."""
    match base.kind:
        case names.DNS:
            return DNS, _dns_base(base)
        case names.EMAIL:
            local, at, host = base.text.rpartition("@")
            if (at and not local) or not is_host((host if at else host.removeprefix(".")).lower()):
                raise BadName(f"{base} is no mailbox, host or domain")
            return EMAIL, (local if at else None, host.lower())
        case names.URI:
            host = base.text.lower()
            if not is_host(host.removeprefix(".")):
                raise BadName(f"{base} is no host or domain")
            return URI, host
        case names.IP:
            return IP, _range(base.value)
        case names.DIRECTORY:
            return DIRECTORY, names.normal(base.value)
        case _:
            return base.kind, base.value


def _dns_base(base: GeneralName) -> str:
    """The domain; a leading dot, which OpenSSL and many CAs know, asks for a subdomain."""
    host = base.text.lower()
    if host and not is_host(host.removeprefix(".")):
        raise BadName(f"{base} is no domain")
    return host


def _range(value: bytes) -> tuple[int, int, int]:
    """Octets of an address, the network, and the mask."""
    half = len(value) // 2
    mask = int.from_bytes(value[half:], "big")
    return half, int.from_bytes(value[:half], "big") & mask, mask


# Matching ------------------------------------------------------------------------------------------------


def _in_domain(host: str, base: str) -> bool:
    if base.startswith("."):
        return host.endswith(base)
    return not base or host == base or host.endswith(f".{base}")


def _may_be_in_domain(host: str, base: str) -> bool:
    """Whether some name that a presented name stands for lies in the base: a wildcard stands for many."""
    if _in_domain(host, base):
        return True
    # `*.example.com` may stand for `www.example.com`, which lies in the base `www.example.com`
    return host.startswith("*.") and base.removeprefix(".").partition(".")[2] == host[2:]


def _mailbox_in(mailbox: tuple[str, str], base: tuple[str | None, str]) -> bool:
    local, host = base
    if local is not None:
        return mailbox == base
    return mailbox[1].endswith(host) if host.startswith(".") else mailbox[1] == host


def _host_in(host: str, base: str) -> bool:
    return host.endswith(base) if base.startswith(".") else host == base


def _address_in(address: bytes, base: tuple[int, int, int]) -> bool:
    size, network, mask = base
    return len(address) == size and int.from_bytes(address, "big") & mask == network


def _below(name: names.Name, base: names.Name) -> bool:
    return name[: len(base)] == base


_PERMITTED = {DNS: _in_domain, EMAIL: _mailbox_in, URI: _host_in, IP: _address_in, DIRECTORY: _below}
_EXCLUDED = {**_PERMITTED, DNS: _may_be_in_domain}


# Collecting ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Set:
    """The bases of one certificate, by kind."""

    permitted: dict[int, list[object]]
    excluded: dict[int, list[object]]


class Constraints:
    """What the certificates above allow; each one's permitted subtrees must hold, and no excluded one."""

    __slots__ = ("_budget", "_sets", "fault")

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._sets: list[_Set] = []
        self.fault = ""

    def __bool__(self) -> bool:
        return bool(self._sets) or bool(self.fault)

    def add(self, subtrees: ext.Subtrees) -> None:
        """Apply a certificate's constraints to those below; a malformed base is kept as `fault`."""
        self._budget.compare(len(subtrees.permitted) + len(subtrees.excluded))
        try:
            self._sets.append(
                _Set(permitted=_by_kind(subtrees.permitted), excluded=_by_kind(subtrees.excluded))
            )
        except BadName as error:
            self.fault = str(error)

    def violation(self, presented: Iterable[GeneralName]) -> tuple[str, str] | None:
        """Code and reason of the first name that is not allowed, or None."""
        if self.fault:
            return "unsupported_constraint_syntax", self.fault
        constrained = {kind for item in self._sets for kind in (*item.permitted, *item.excluded)}
        for name in presented:
            found = self._judge(name) if name.kind in constrained else None
            if found is None and name.kind == OTHER and EMAIL in constrained:
                found = self._judge_mailbox(name)
            if found:
                return found
        return None

    def _judge(self, name: GeneralName) -> tuple[str, str] | None:
        if name.kind not in SUPPORTED:
            return self._unsupported(name)
        try:
            kind, value = prepare_name(name)
        except BadName as error:
            return "unsupported_name_syntax", str(error)
        return self._held(name, kind, value)

    def _judge_mailbox(self, name: GeneralName) -> tuple[str, str] | None:
        """Hold a SmtpUTF8Mailbox against the constraints on rfc822Names (RFC 9598, 6)."""
        try:
            mailbox = _utf8_mailbox(name)
        except BadName as error:
            return "unsupported_name_syntax", str(error)
        return None if mailbox is None else self._held(name, EMAIL, mailbox)

    def _held(self, name: GeneralName, kind: int, value: object) -> tuple[str, str] | None:
        for item in self._sets:
            excluded, permitted = item.excluded.get(kind, ()), item.permitted.get(kind)
            self._budget.compare(len(excluded) + len(permitted or ()))
            matches = _EXCLUDED[kind]
            if any(matches(value, base) for base in excluded):  # type: ignore[operator]  # prepared by kind
                return "excluded_violation", f"{name} lies in an excluded subtree"
            matches = _PERMITTED[kind]
            if permitted is not None and not any(matches(value, base) for base in permitted):  # type: ignore[operator]  # prepared by kind
                return "permitted_violation", f"{name} lies in no permitted subtree"
        return None

    def _unsupported(self, name: GeneralName) -> tuple[str, str] | None:
        """Reject a name of a form that is constrained and cannot be compared.

        An excluded otherName of another type says nothing about this one (as OpenSSL).
        """
        for item in self._sets:
            bases = item.excluded.get(name.kind, [])
            self._budget.compare(len(bases) + 1)
            related = any(_may_concern(name, base) for base in bases)
            if related or name.kind in item.permitted:
                return "unsupported_constraint_type", f"a constraint on {names.KINDS[name.kind]} names"
        return None


def _may_concern(name: GeneralName, base: object) -> bool:
    if name.kind != OTHER or not isinstance(base, bytes):
        return True
    return _type_of(name.value) == _type_of(base)


def _type_of(other_name: bytes) -> bytes:
    try:
        return structure.content(other_name, structure.element(other_name, 0, len(other_name)))
    except structure.NotDer:
        return b""


def _by_kind(bases: Iterable[GeneralName]) -> dict[int, list[object]]:
    found: dict[int, list[object]] = {}
    for base in bases:
        kind, value = prepare_base(base)
        found.setdefault(kind, []).append(value)
    return found


def names_in(view: CertificateView) -> list[GeneralName]:
    """Every name a certificate has: the subject, its alternative names, and old-style mailboxes.

    The emailAddress of the subject counts when no alternative name is a mailbox (RFC 5280, 4.2.1.10).
    """
    alternative = list(view.value(ext.SUBJECT_ALTERNATIVE_NAME) or ())
    if view.subject:
        alternative.append(GeneralName(DIRECTORY, view.subject_name))
        if not any(name.kind == EMAIL for name in alternative):
            mailboxes = names.texts(view.subject_name, names.EMAIL_ADDRESS)
            alternative += (GeneralName(EMAIL, box.encode("utf-8")) for box in mailboxes)
    return alternative

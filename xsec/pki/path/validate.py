"""Path validation by RFC 5280, section 6, with the policy graph of RFC 9618 and anchors of RFC 5937.

Every check is made even after one failed, so that the evidence is complete; `duties` says, apart from the
checks, which must have been made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, unique

from xsec.pki import extensions as ext
from xsec.pki.extensions import ANY_POLICY, ANY_USAGE
from xsec.pki.parse import CertificateView, Unreadable
from xsec.pki.path.budget import Budget
from xsec.pki.path.constraints import Constraints, names_in
from xsec.pki.path.policy import PolicyGraph, constrained
from xsec.pki.path.reference import Reference, matching, mismatch
from xsec.pki.path.strict import findings
from xsec.pki.verdict import Check, Duty, Outcome


@unique
class Purpose(Enum):
    """What the end entity is to be: `ANY` asks for no purpose."""

    SERVER = "server"
    CLIENT = "client"
    ANY = "any"


@unique
class Profile(Enum):
    """`STRICT` rejects for structural findings that `DEFAULT` only warns of."""

    DEFAULT = "default"
    STRICT = "strict"


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What RFC 5280, 6.1.1 calls the inputs, except path and anchor.

    `policies` is the user-initial-policy-set in dotted form.  `maximum_depth` limits the intermediates that
    are not self-issued.
    """

    at: datetime
    purpose: Purpose = Purpose.ANY
    reference: Reference | None = None
    policies: frozenset[str] = frozenset((ANY_POLICY,))
    explicit_policy: bool = False
    inhibit_mapping: bool = False
    inhibit_any_policy: bool = False
    maximum_depth: int | None = None
    profile: Profile = Profile.DEFAULT


@dataclass(frozen=True, slots=True)
class Path:
    """Certificates from the end entity up, and the anchor they end at.

    `trusted` says that the end entity itself is in the trust list: then it is its own anchor.
    """

    certificates: tuple[CertificateView, ...]
    anchor: CertificateView
    trusted: bool = False


_EACH = (
    "certificate_signature_failure", "cert_not_yet_valid", "cert_has_expired", "invalid_extension",
    "unhandled_critical_extension", "name_constraints", "no_explicit_policy",
)  # fmt: skip
_AUTHORITY = ("invalid_ca", "keyusage_no_certsign", "path_length_exceeded")
_ANCHOR = (
    "trust_anchor", "cert_not_yet_valid", "cert_has_expired", "invalid_extension",
    "unhandled_critical_extension", "invalid_ca",
)  # fmt: skip

_USAGE = {Purpose.SERVER: "1.3.6.1.5.5.7.3.1", Purpose.CLIENT: "1.3.6.1.5.5.7.3.2"}
_KEY_USES = {
    Purpose.SERVER: {ext.DIGITAL_SIGNATURE, ext.KEY_ENCIPHERMENT, ext.KEY_AGREEMENT},
    Purpose.CLIENT: {ext.DIGITAL_SIGNATURE, ext.KEY_AGREEMENT},
}


def duties(length: int, inputs: Inputs) -> frozenset[Duty]:
    """The checks that a path of `length` certificates below its anchor must have passed."""
    found = {(code, depth) for depth in range(length) for code in _EACH}
    found |= {(code, depth) for depth in range(1, length) for code in _AUTHORITY}
    found |= {(code, length) for code in _ANCHOR}
    if inputs.purpose is not Purpose.ANY:
        found |= {("invalid_purpose", depth) for depth in range(length)}
    if inputs.reference is not None:
        found.add((inputs.reference.code, 0))
    if inputs.maximum_depth is not None:
        found.add(("cert_chain_too_long", length))
    return frozenset(found)


def checks(path: Path, inputs: Inputs, budget: Budget) -> tuple[Check, ...]:
    """Every check of section 6 on a path whose signatures the builder has verified, anchor first."""
    return tuple(_Walk(path, inputs, budget).run())


class _Walk:
    """The state variables of RFC 5280, 6.1.2, on their way down a path."""

    def __init__(self, path: Path, inputs: Inputs, budget: Budget) -> None:
        self.path, self.inputs = path, inputs
        self.length = length = len(path.certificates)
        self.constraints = Constraints(budget)
        self.policies = PolicyGraph(budget)
        self.wanted = inputs.policies
        self.explicit_policy = 0 if inputs.explicit_policy else length + 1
        self.policy_mapping = 0 if inputs.inhibit_mapping else length + 1
        self.inhibit_any = 0 if inputs.inhibit_any_policy else length + 1
        self.path_length: int = length

    def run(self) -> Iterator[Check]:
        yield from self._anchor()
        for depth in range(self.length - 1, -1, -1):
            view = self.path.certificates[depth]
            yield from self._basic(view, depth)
            yield self._names(view, depth)
            yield from self._policies(view, depth)
            if depth:
                yield from self._authority(view, depth)
            if self.inputs.purpose is not Purpose.ANY:
                yield self._purpose(view, depth)
        if self.inputs.reference is not None:
            yield self._reference(self.inputs.reference)
        yield from self._structure()

    # The anchor (RFC 5280, 6.1.1 d; RFC 5937) ---------------------------------------------------------

    def _anchor(self) -> Iterator[Check]:
        view, depth = self.path.anchor, self.length
        yield Check("trust_anchor", depth, Outcome.PASSED, "is in the trust list", "RFC 5280, 6.1.1")
        if self.inputs.maximum_depth is not None:
            count = sum(not item.self_issued for item in self.path.certificates[1:])
            yield _told(
                count <= self.inputs.maximum_depth,
                "cert_chain_too_long",
                depth,
                f"{count} intermediates of at most {self.inputs.maximum_depth}",
                "RFC 5280, 6.1",
            )
        yield from _dates(view, depth, self.inputs.at)
        if self.path.trusted:
            # the end entity is trusted as such: what it may not issue does not matter
            for code in ("invalid_extension", "unhandled_critical_extension", "invalid_ca"):
                yield Check(code, depth, Outcome.PASSED, "vouches for itself only")
            return
        faults = [oid for oid, _ in view.extensions.faults() if oid in _RESTRICTING or not oid]
        yield _told(
            not faults,
            "invalid_extension",
            depth,
            f"cannot be read: {', '.join(faults)}",
            "RFC 5937, 3.2",
            quiet=True,
        )
        yield _unhandled(view, depth)
        constraints = view.extensions.known(ext.BASIC_CONSTRAINTS)
        usage = view.extensions.known(ext.KEY_USAGE)
        is_ca = view.may_anchor and (usage is None or ext.KEY_CERT_SIGN in usage)
        yield _told(
            is_ca,
            "invalid_ca",
            depth,
            "the anchor's own extensions do not say that it is a CA: it vouches for itself only",
            "RFC 5937, 3.2; RFC 5280, 4.2.1.9",
            quiet=True,
        )
        if constraints is not None and constraints.path_length is not None:
            self.path_length = min(self.path_length, constraints.path_length)
        policies = view.extensions.known(ext.CERTIFICATE_POLICIES)
        if policies is not None:
            self.wanted = constrained(policies, self.wanted)
        self._restrict(view)

    def _restrict(self, view: CertificateView) -> None:
        """Apply name and policy constraints of a certificate to those below it."""
        subtrees = view.extensions.known(ext.NAME_CONSTRAINTS)
        if subtrees is not None:
            self.constraints.add(subtrees)
        limits = view.extensions.known(ext.POLICY_CONSTRAINTS)
        if limits is not None:
            if limits.require_explicit_policy is not None:
                self.explicit_policy = min(self.explicit_policy, limits.require_explicit_policy)
            if limits.inhibit_policy_mapping is not None:
                self.policy_mapping = min(self.policy_mapping, limits.inhibit_policy_mapping)
        skip = view.extensions.known(ext.INHIBIT_ANY_POLICY)
        if skip is not None:
            self.inhibit_any = min(self.inhibit_any, skip)

    # Every certificate (6.1.3) ------------------------------------------------------------------------

    def _basic(self, view: CertificateView, depth: int) -> Iterator[Check]:
        # the builder yields no path with a signature that it has not verified
        yield _told(
            view.algorithms_agree,
            "certificate_signature_failure",
            depth,
            "inner and outer signature algorithm differ",
            "RFC 5280, 6.1.3 (a)(1)",
            quiet=True,
        )
        yield from _dates(view, depth, self.inputs.at)
        yield _unhandled(view, depth)
        faults = [f"{oid}: {why}" if oid else why for oid, why in view.extensions.faults()]
        yield _told(not faults, "invalid_extension", depth, "; ".join(faults), "RFC 5280, 4.2", quiet=True)

    def _names(self, view: CertificateView, depth: int) -> Check:
        ref = "RFC 5280, 6.1.3 (b) and (c)"
        if not self.constraints or (view.self_issued and depth):
            return Check("name_constraints", depth, Outcome.PASSED, "", ref)
        try:
            presented = names_in(view)
        except Unreadable as error:
            return Check("name_constraints", depth, Outcome.FAILED, f"names cannot be read: {error}", ref)
        if depth == 0 and self.inputs.reference is not None:
            presented.append(self.inputs.reference.general_name)
        found = self.constraints.violation(presented)
        if found:
            return Check(found[0], depth, Outcome.FAILED, found[1], ref)
        return Check("name_constraints", depth, Outcome.PASSED, "every name is permitted", ref)

    def _policies(self, view: CertificateView, depth: int) -> Iterator[Check]:
        allowed = self.inhibit_any > 0 or bool(depth and view.self_issued)
        self.policies.add(view.extensions.known(ext.CERTIFICATE_POLICIES), any_allowed=allowed)
        held = self.explicit_policy > 0 or self.policies.alive
        mapped = view.extensions.known(ext.POLICY_MAPPINGS) if depth else None
        if mapped and (ANY_POLICY in mapped or any(ANY_POLICY in found for found in mapped.values())):
            yield Check(
                "invalid_policy_extension",
                depth,
                Outcome.FAILED,
                "anyPolicy is mapped",
                "RFC 5280, 6.1.4 (a)",
            )
        if depth == 0:
            held = held and self._final_policies(view)
        yield _told(
            held,
            "no_explicit_policy",
            depth,
            "an explicit policy is required and none of those wanted is valid for the path",
            "RFC 5280, 6.1.5 (g)" if depth == 0 else "RFC 5280, 6.1.3 (f)",
            quiet=True,
        )
        if mapped:
            self.policies.map(mapped, allowed=self.policy_mapping > 0)

    def _final_policies(self, view: CertificateView) -> bool:
        """Whether explicit_policy or the user-constrained-policy-set lets pass (RFC 5280, 6.1.5)."""
        explicit = self.explicit_policy - (self.explicit_policy > 0)
        limits = view.extensions.known(ext.POLICY_CONSTRAINTS)
        if limits is not None and limits.require_explicit_policy == 0:
            explicit = 0
        return explicit > 0 or bool(constrained(self.policies.authority_constrained(), self.wanted))

    # Preparing for the next certificate (6.1.4) ---------------------------------------------------------

    def _authority(self, view: CertificateView, depth: int) -> Iterator[Check]:
        if not view.self_issued:
            self.explicit_policy -= self.explicit_policy > 0
            self.policy_mapping -= self.policy_mapping > 0
            self.inhibit_any -= self.inhibit_any > 0
        self._restrict(view)
        yield _told(
            view.is_authority,
            "invalid_ca",
            depth,
            "basicConstraints do not say cA",
            "RFC 5280, 6.1.4 (k)",
            quiet=True,
        )
        room = view.self_issued or self.path_length > 0
        yield _told(
            room,
            "path_length_exceeded",
            depth,
            "one CA more than those above allow",
            "RFC 5280, 6.1.4 (l)",
            quiet=True,
        )
        if not view.self_issued:
            self.path_length -= 1
        constraints = view.extensions.known(ext.BASIC_CONSTRAINTS)
        if constraints is not None and constraints.path_length is not None:
            self.path_length = min(self.path_length, constraints.path_length)
        usage = view.extensions.known(ext.KEY_USAGE)
        yield _told(
            usage is None or ext.KEY_CERT_SIGN in usage,
            "keyusage_no_certsign",
            depth,
            "keyUsage lacks keyCertSign",
            "RFC 5280, 6.1.4 (n)",
            quiet=True,
        )

    # The purpose and the name -------------------------------------------------------------------------

    def _purpose(self, view: CertificateView, depth: int) -> Check:
        """Purposes nest: every certificate that limits them must allow this one (as browsers do)."""
        purpose, ref = self.inputs.purpose, "RFC 5280, 4.2.1.12"
        extended = view.extensions.known(ext.EXTENDED_KEY_USAGE)
        if extended is not None and not extended & {_USAGE[purpose], ANY_USAGE}:
            detail = f"extendedKeyUsage does not allow {purpose.value} authentication"
            return Check("invalid_purpose", depth, Outcome.FAILED, detail, ref)
        usage = view.extensions.known(ext.KEY_USAGE) if depth == 0 else None
        if usage is not None and not usage & _KEY_USES[purpose]:
            detail = f"keyUsage allows nothing that a TLS {purpose.value} does"
            return Check("invalid_purpose", depth, Outcome.FAILED, detail, "RFC 5280, 4.2.1.3")
        return Check("invalid_purpose", depth, Outcome.PASSED, f"may serve as {purpose.value}", ref)

    def _reference(self, reference: Reference) -> Check:
        view, ref = self.path.certificates[0], "RFC 9525, 6"
        name = matching(reference, view)
        if name is None:
            return Check(
                reference.code, 0, Outcome.FAILED, f"{reference.text}: {mismatch(reference, view)}", ref
            )
        return Check(reference.code, 0, Outcome.PASSED, f"{reference.text} matches {name}", ref)

    def _structure(self) -> Iterator[Check]:
        outcome = Outcome.FAILED if self.inputs.profile is Profile.STRICT else Outcome.WARNED
        for code, depth, detail, ref in findings(
            (*self.path.certificates, self.path.anchor), self.path.trusted
        ):
            yield Check(code, depth, outcome, detail, ref)


_RESTRICTING = frozenset(
    (
        ext.BASIC_CONSTRAINTS,
        ext.KEY_USAGE,
        ext.NAME_CONSTRAINTS,
        ext.POLICY_CONSTRAINTS,
        ext.INHIBIT_ANY_POLICY,
        ext.CERTIFICATE_POLICIES,
    )
)


def _told(good: bool, code: str, depth: int, detail: str, ref: str, *, quiet: bool = False) -> Check:
    """A check with its outcome; `quiet` shows the detail only when it failed."""
    outcome = Outcome.PASSED if good else Outcome.FAILED
    return Check(code, depth, outcome, "" if good and quiet else detail, ref)


def _unhandled(view: CertificateView, depth: int) -> Check:
    """What is critical and not understood rejects, in an anchor too (as OpenSSL)."""
    found = [item.oid for item in view.extensions.values() if item.critical and item.oid not in ext.PROCESSED]
    return _told(
        not found, "unhandled_critical_extension", depth, ", ".join(found), "RFC 5280, 4.2", quiet=True
    )


def _dates(view: CertificateView, depth: int, at: datetime) -> Iterator[Check]:
    """Both ends belong to the period (RFC 5280, 4.1.2.5); an anchor's unreadable times are told."""
    starts, ends, ref = view.not_before, view.not_after, "RFC 5280, 6.1.3 (a)(2)"
    if starts is None or ends is None:
        for code in ("cert_not_yet_valid", "cert_has_expired"):
            yield Check(code, depth, Outcome.WARNED, "the anchor's dates cannot be read", ref)
        return
    early, late = at < starts, at > ends
    yield _told(not early, "cert_not_yet_valid", depth, f"from {_time(starts)}", ref)
    yield _told(not late, "cert_has_expired", depth, f"until {_time(ends)}", ref)


def _time(moment: datetime) -> str:
    """As RFC 3339; strftime takes ten times as long, and every path tells its dates."""
    return f"{moment.isoformat()[:19]}Z"


Validator = Callable[[Path], tuple[Check, ...]]

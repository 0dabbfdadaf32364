"""Who signed a CRL: a key of its issuer, certified below the same anchor (RFC 5280, 6.3.3 f and g)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from xsec.pki import extensions as ext
from xsec.pki import signatures
from xsec.pki.parse import CertificateView, shown
from xsec.pki.path.budget import Budget
from xsec.pki.path.build import PathFinder
from xsec.pki.path.validate import Path
from xsec.revocation.crl import CrlView


class Signer(NamedTuple):
    """The key that signed a CRL; without one, code and reason why it is not authentic."""

    key: bytes | None
    code: str = ""
    detail: str = ""


Trusted = Callable[[Path], bool]
"""Whether a path to a CRL issuer holds: section 6, and its own revocation."""


class Signers:
    """Finds the signers of CRLs for one decision; signature checks are remembered."""

    def __init__(self, finder: PathFinder, budget: Budget) -> None:
        self._finder = finder
        self._budget = budget
        self._verified: dict[tuple[str, bytes], str] = {}

    def find(self, crl: CrlView, path: Path, depth: int, trusted: Trusted) -> Signer:
        """The signer of a CRL for the certificate at `depth` of `path`.

        `trusted` judges the path of a CRL issuer that is not above the certificate anyway.
        """
        if not crl.algorithms_agree:
            return Signer(None, "crl_signature_failure", "inner and outer signature algorithm differ")
        fault = Signer(None, "unable_to_get_crl_issuer", f"no certificate of {shown(crl.issuer_name)}")
        for view in self._candidates(crl, path, depth):
            found = self._judge(crl, view, path, depth, trusted)
            if found.key is not None:
                return found
            if fault.code in ("unable_to_get_crl_issuer", "akid_skid_mismatch"):
                fault = found
        return fault

    def _candidates(self, crl: CrlView, path: Path, depth: int) -> Iterator[CertificateView]:
        """Certificates with the issuer's name: those above first, each group by key identifier first."""
        above = [view for view in path.certificates[depth + 1 :] if view.subject == crl.issuer]
        above += [view for view in (path.anchor,) if view.subject == crl.issuer]
        seen = {view.der for view in above}
        others = [
            view
            for members in self._finder.pool.nodes.get(crl.issuer, {}).values()
            for view in members
            if view.der not in seen
        ]
        # a CRL may be signed by the very certificate whose status is asked, or one below it (self-issued)
        others += [
            view
            for view in path.certificates[: depth + 1]
            if view.subject == crl.issuer and all(view.der != other.der for other in others)
        ]
        self._budget.step(1 + len(others))
        for group in (above, others):
            yield from sorted(group, key=lambda view: _identified(crl, view) is not True)

    def _judge(self, crl: CrlView, view: CertificateView, path: Path, depth: int, trusted: Trusted) -> Signer:
        if _identified(crl, view) is False:
            return Signer(None, "akid_skid_mismatch", "the CRL names another key of its issuer")
        fault = self._signature_fault(crl, view)
        if fault:
            return Signer(None, "crl_signature_failure", fault)
        usage = view.extensions.known(ext.KEY_USAGE)
        if usage is not None and ext.CRL_SIGN not in usage:
            return Signer(None, "keyusage_no_crl_sign", f"{view.title}: keyUsage lacks cRLSign")
        if view.der == path.anchor.der or any(view is other for other in path.certificates[depth + 1 :]):
            return Signer(view.public_key_info)
        for found in self._finder.paths(view):
            if found.anchor.node == path.anchor.node and trusted(found):
                return Signer(view.public_key_info)
        return Signer(
            None,
            "crl_path_validation_error",
            f"no valid path from the CRL issuer {view.title} to the same anchor",
        )

    def _signature_fault(self, crl: CrlView, view: CertificateView) -> str:
        key = (crl.digest, view.public_key_info)
        if key not in self._verified:
            self._budget.signature()
            if view.public_key is None:
                self._verified[key] = "the issuer's key cannot be read"
            else:
                self._verified[key] = signatures.fault(crl.crl, crl.tbs, view.public_key)
        return self._verified[key]


def _identified(crl: CrlView, view: CertificateView) -> bool | None:
    """Whether the CRL's AKI names this certificate's key; None when one of them does not tell (5.2.1)."""
    wanted = crl.authority_key
    if wanted is None:
        return None
    own = view.extensions.known(ext.SUBJECT_KEY_IDENTIFIER)
    if wanted.key_identifier is not None and own is not None:
        return bool(wanted.key_identifier == own)
    if wanted.serial is not None:
        return wanted.serial == view.serial
    return None

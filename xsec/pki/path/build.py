"""Candidate paths from an end entity to the trust anchors, the likeliest first, within a budget.

Depth first over nodes, a node being a name with a key; each step goes from one certificate of a node to the
node that signed it.  Key identifiers and the distance to an anchor only order the search (RFC 4158): an edge
is one whose signature verifies.  A node that proved to be a dead end is not entered again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from itertools import islice

from xsec.pki import der as structure
from xsec.pki import extensions as ext
from xsec.pki import names, signatures
from xsec.pki.names import Name
from xsec.pki.parse import CertificateView, Unreadable, anchor, certificate, shown
from xsec.pki.path.budget import Budget
from xsec.pki.path.validate import Path

Node = tuple[Name, bytes]
_FAR = 1 << 20


class Anchors:
    """The trust anchors by name.  A list of thousands loads lazily: only those a path names are parsed."""

    def __init__(self, certificates: Iterable[bytes]) -> None:
        self._by_name: dict[Name, list[bytes]] = {}
        self._all: set[bytes] = set()
        self.unreadable: list[str] = []
        for der in dict.fromkeys(certificates):
            try:
                name = names.normal(structure.names_of(der).subject)
            except (structure.NotDer, IndexError):
                self.unreadable.append(f"trust anchor {_digest(der)} is no certificate: left out")
                continue
            self._all.add(der)
            self._by_name.setdefault(name, []).append(der)

    def __len__(self) -> int:
        return len(self._all)

    def __contains__(self, der: object) -> bool:
        return der in self._all

    def knows(self, name: Name) -> bool:
        """Whether an anchor has the name."""
        return name in self._by_name

    @property
    def names(self) -> Iterable[Name]:
        """The names of all anchors."""
        return self._by_name

    def named(self, name: Name) -> list[CertificateView]:
        """The readable anchors of a name, in the order of the trust list."""
        found = []
        for der in self._by_name.get(name, ()):
            try:
                found.append(anchor(der))
            except Unreadable as error:
                told = f"trust anchor {_digest(der)} cannot be read: {error}"
                if told not in self.unreadable:
                    self.unreadable.append(told)
        return found


class Pool:
    """Certificates that may stand between; an unreadable one is left out and told."""

    def __init__(self, certificates: Iterable[bytes]) -> None:
        self.nodes: dict[Name, dict[Node, list[CertificateView]]] = {}
        self.unreadable: list[str] = []
        self.members: list[CertificateView] = []
        for der in dict.fromkeys(certificates):
            try:
                view = certificate(der)
            except Unreadable as error:
                self.unreadable.append(f"offered certificate {_digest(der)} is left out: {error}")
                continue
            self.members.append(view)
            self.nodes.setdefault(view.subject, {}).setdefault(view.node, []).append(view)

    def distances(self, anchors: Anchors) -> dict[Name, int]:
        """How many certificates at least lie between a name and an anchor, by names alone."""
        issued: dict[Name, set[Name]] = {}
        for view in self.members:
            issued.setdefault(view.issuer, set()).add(view.subject)
        found: dict[Name, int] = {}
        layer = [name for name in issued if anchors.knows(name)]
        distance = 0
        while layer:
            distance += 1
            below = {subject for name in layer for subject in issued.get(name, ()) if subject not in found}
            found.update(dict.fromkeys(below, distance))
            layer = list(below)
        return found


def _digest(der: bytes) -> str:
    return sha256(der).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class DeadEnd:
    """A path that does not reach an anchor: certificates from the end entity up, and why it ends."""

    certificates: tuple[CertificateView, ...]
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class _Edge:
    """A step: a certificate of the node, and the anchor or the node that may have signed it."""

    view: CertificateView
    issuer: CertificateView
    node: Node | None


class _Open:
    """What is known of the nodes on the current path: where each stands, and which dead ends hang on it."""

    __slots__ = ("cut", "dead", "place")

    def __init__(self) -> None:
        self.place: set[Node] = set()
        self.dead: dict[Node, int] = {}  # from which depth on the node is a dead end
        self.cut = False  # whether the limit of length cut the search below the node at hand


class PathFinder:
    """Finds paths for one decision; signature checks are remembered and counted once."""

    def __init__(self, anchors: Anchors, pool: Pool, *, at: datetime, budget: Budget) -> None:
        self.anchors = anchors
        self.pool = pool
        self.at = at
        self.budget = budget
        self._verified: dict[tuple[bytes, bytes], str] = {}
        self._distances = pool.distances(anchors)

    def signature_fault(self, view: CertificateView, issuer: CertificateView) -> str:
        """Why `issuer`'s key did not sign the certificate; an empty text when it did."""
        key = (view.der, issuer.public_key_info)
        found = self._verified.get(key)
        if found is None:
            self.budget.signature()
            if view.certificate is None or issuer.public_key is None:
                found = "the key cannot be read"
            else:
                found = signatures.fault(view.certificate, view.tbs, issuer.public_key)
            self._verified[key] = found
        return found

    def paths(self, target: CertificateView) -> Iterator[Path]:
        """Every path whose signatures verify and whose CA certificates may be CAs at this moment."""
        yield from self._through((), [target], _Open())
        if target.der in self.anchors:
            # last, so that a CRL of its issuer has had its say
            yield Path((target,), anchor(target.der), trusted=True)

    def _through(
        self, below: tuple[CertificateView, ...], views: list[CertificateView], state: _Open
    ) -> Iterator[Path]:
        """The paths that go on from one of the certificates of a node."""
        for edge in self._edges(views, len(below)):
            self.budget.step()
            if edge.node is None:
                if not self.signature_fault(edge.view, edge.issuer):
                    yield Path((*below, edge.view), edge.issuer)
            else:
                yield from self._enter((*below, edge.view), edge, edge.node, state)

    def _enter(
        self, path: tuple[CertificateView, ...], edge: _Edge, node: Node, state: _Open
    ) -> Iterator[Path]:
        if node in state.place or node == path[0].node or len(path) >= state.dead.get(node, _FAR):
            return
        # this certificate's issuer and the anchor still have to find room
        if len(path) + 2 > self.budget.limits.certificates:
            state.cut = True
            return
        if self.signature_fault(edge.view, edge.issuer):
            return
        found, before, cut = False, set(state.dead), state.cut
        state.place.add(node)
        state.cut = False
        for path_found in self._through(path, self._usable(node), state):
            found = True
            yield path_found
        state.place.remove(node)
        if found:
            # a dead end below may have been one only because it led back to this node
            state.dead = {other: depth for other, depth in state.dead.items() if other in before}
        else:
            state.dead[node] = len(path) if state.cut else 0
        state.cut = state.cut or cut

    def _usable(self, node: Node) -> list[CertificateView]:
        return [view for view in self.pool.nodes[node[0]][node] if self._may_issue(view)]

    def _may_issue(self, view: CertificateView) -> bool:
        """Whether the certificate by itself can stand in a valid path as a CA at this moment."""
        starts, ends = view.not_before, view.not_after
        if starts is None or ends is None or not starts <= self.at <= ends or not view.is_authority:
            return False
        usage = view.extensions.known(ext.KEY_USAGE)
        return usage is None or ext.KEY_CERT_SIGN in usage

    # Order --------------------------------------------------------------------------------------------

    def _edges(self, views: list[CertificateView], depth: int) -> list[_Edge]:
        """The steps from a node, anchors before others, matching key identifiers first, then the nearest."""
        ranked: list[tuple[tuple[int, int, int], int, _Edge]] = []
        for view in views:
            wanted = _wanted(view)
            for found in self.anchors.named(view.issuer):
                if found.der != view.der:
                    ranked.append(((_mismatch(wanted, found), 0, 0), len(ranked), _Edge(view, found, None)))
            nodes = self.pool.nodes.get(view.issuer, {})
            self.budget.step(len(nodes))
            for node, members in nodes.items():
                distance = self._distance(node, members)
                if distance < _FAR and node != view.node:
                    rank = (_mismatch(wanted, members[0]), distance, 1)
                    ranked.append((rank, len(ranked), _Edge(view, members[0], node)))
        ranked.sort(key=lambda item: item[:2])
        return [edge for _, _, edge in ranked]

    def _distance(self, node: Node, members: list[CertificateView]) -> int:
        """The least number of certificates from this node to an anchor, by names alone."""
        if len(members) > 1:
            self.budget.step(len(members))
        found = _FAR
        for view in members:
            if self.anchors.knows(view.issuer):
                return 1
            found = min(found, 1 + self._distances.get(view.issuer, _FAR))
        return found

    # Explaining ---------------------------------------------------------------------------------------

    def explain(self, target: CertificateView, *, limit: int = 8) -> Iterator[Path | DeadEnd]:
        """Why there is no path: paths with certificates that may not be CAs, and where others end.

        For evidence only: nothing here is ever accepted.
        """
        yield from islice(self._ends((target,)), limit)

    def _ends(self, path: tuple[CertificateView, ...]) -> Iterator[Path | DeadEnd]:
        view = path[-1]
        if len(path) >= self.budget.limits.certificates:
            yield DeadEnd(path, "cert_chain_too_long", f"more than {len(path)} certificates")
            return
        named = [(found, True) for found in self.anchors.named(view.issuer) if found.der != view.der]
        named += [
            (found, False)
            for members in self.pool.nodes.get(view.issuer, {}).values()
            for found in members
            if all(found.node != other.node for other in path)
        ]
        wanted = _wanted(view)
        named.sort(key=lambda item: _mismatch(wanted, item[0]))
        self.budget.step(1 + len(named))
        went_on = False
        for found, is_anchor in named:
            if self.signature_fault(view, found):
                continue
            went_on = True
            if is_anchor:
                yield Path(path, found)
            else:
                yield from self._ends((*path, found))
        if not went_on:
            yield self._dead_end(path, [found for found, _ in named])

    def _dead_end(self, path: tuple[CertificateView, ...], named: list[CertificateView]) -> DeadEnd:
        view = path[-1]
        if named:
            why = self.signature_fault(view, named[0])
            return DeadEnd(
                path, "certificate_signature_failure", f"{named[0].title} has the issuer's name, but {why}"
            )
        if view.self_issued and len(path) == 1:
            return DeadEnd(path, "depth_zero_self_signed_cert", "is its own issuer and not in the trust list")
        if view.self_issued:
            return DeadEnd(
                path, "self_signed_cert_in_chain", f"the root {view.title} is not in the trust list"
            )
        return DeadEnd(path, "unable_to_get_issuer_cert_locally", f"missing issuer: {describe_issuer(view)}")


def describe_issuer(view: CertificateView) -> str:
    """The issuer that a certificate asks for: its name, and its key identifier when that is told."""
    key = view.extensions.known(ext.AUTHORITY_KEY_IDENTIFIER)
    told = f" (key identifier {key.key_identifier.hex(':')})" if key and key.key_identifier else ""
    return f"{shown(view.issuer_name) or '(no name)'}{told}"


def _wanted(view: CertificateView) -> bytes | None:
    key = view.extensions.known(ext.AUTHORITY_KEY_IDENTIFIER)
    return key.key_identifier if key else None


def _mismatch(wanted: bytes | None, issuer: CertificateView) -> int:
    """0 when the key identifiers match, 1 when one is not told, 2 when they differ: a hint, no more."""
    own = issuer.extensions.known(ext.SUBJECT_KEY_IDENTIFIER)
    if wanted is None or own is None:
        return 1
    return 0 if own == wanted else 2

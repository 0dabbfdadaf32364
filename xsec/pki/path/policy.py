"""Certificate policies by the graph of RFC 9618, which grows with the path and not exponentially."""

from __future__ import annotations

from collections.abc import Mapping

from xsec.pki.extensions import ANY_POLICY
from xsec.pki.path.budget import Budget

_NO_POLICIES: frozenset[str] = frozenset()


class _Node:
    """A policy at one depth: what it may be called below, and the policies above that it stands for."""

    __slots__ = ("expected", "parents")

    def __init__(self, expected: frozenset[str], parents: frozenset[str]) -> None:
        self.expected = expected
        self.parents = parents


class PolicyGraph:
    """valid_policy_graph: one mapping of policy to node for each certificate; `alive` until it is NULL.

    Nodes without children need not be deleted: what counts is whether the lowest level is empty, and which
    nodes it leads up to.
    """

    __slots__ = ("_budget", "_levels", "alive")

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._levels: list[dict[str, _Node]] = [{ANY_POLICY: _Node(frozenset((ANY_POLICY,)), _NO_POLICIES)}]
        self.alive = True

    def add(self, policies: frozenset[str] | None, *, any_allowed: bool) -> None:
        """Process a certificate's policies (RFC 9618, 5.2; RFC 5280, 6.1.3 d and e); None: it has none."""
        if policies is None:
            self.alive = False
        if policies is None or not self.alive:
            return
        above = self._levels[-1]
        parents: dict[str, set[str]] = {}
        for policy, node in above.items():
            self._budget.policy(len(node.expected))
            for name in node.expected:
                parents.setdefault(name, set()).add(policy)
        level: dict[str, _Node] = {}
        for policy in policies - {ANY_POLICY}:
            found = parents.get(policy) or ({ANY_POLICY} if ANY_POLICY in above else set())
            self._put(level, policy, found)
        if ANY_POLICY in policies and any_allowed:
            for policy, found in parents.items():
                if policy not in level:
                    self._put(level, policy, found)
        self._levels.append(level)
        self.alive = bool(level)

    def _put(self, level: dict[str, _Node], policy: str, parents: set[str]) -> None:
        if parents:
            self._budget.policy(1 + len(parents))
            level[policy] = _Node(frozenset((policy,)), frozenset(parents))

    def map(self, mappings: Mapping[str, frozenset[str]], *, allowed: bool) -> None:
        """Process a certificate's policy mappings (RFC 5280, 6.1.4 b)."""
        if not self.alive:
            return
        level = self._levels[-1]
        for policy, mapped in mappings.items():
            self._budget.policy(len(mapped))
            if not allowed:
                level.pop(policy, None)
            elif policy in level:
                level[policy].expected = mapped
            elif ANY_POLICY in level:
                level[policy] = _Node(mapped, frozenset((ANY_POLICY,)))
        self.alive = bool(level)

    def authority_constrained(self) -> frozenset[str]:
        """The policies, in the anchor's terms, that hold for the whole path (RFC 5280, 6.1.5 g)."""
        if not self.alive:
            return _NO_POLICIES
        if ANY_POLICY in self._levels[-1]:
            return frozenset((ANY_POLICY,))
        found: set[str] = set()
        reached = set(self._levels[-1])
        for level in reversed(self._levels):
            above: set[str] = set()
            for policy in reached:
                parents = level[policy].parents
                self._budget.policy(1 + len(parents))
                if policy != ANY_POLICY and ANY_POLICY in parents:
                    found.add(policy)
                above |= parents - {ANY_POLICY}
            reached = above
        return frozenset(found)


def constrained(authority: frozenset[str], wanted: frozenset[str]) -> frozenset[str]:
    """user-constrained-policy-set: what the authorities grant and the user asked for."""
    if ANY_POLICY in wanted:
        return authority
    return wanted if ANY_POLICY in authority else authority & wanted

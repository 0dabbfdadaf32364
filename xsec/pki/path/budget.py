"""How much work one decision may cost (rules.md PA-1)."""

from __future__ import annotations

from dataclasses import dataclass


class BudgetExhausted(Exception):
    """A decision needed more work than it may cost; it is a rejection, never an answer."""

    def __init__(self, what: str, limit: int) -> None:
        super().__init__(f"more than {limit} {what}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The most that one decision may use of each kind of work."""

    signatures: int = 100  # as Go and rustls-webpki
    comparisons: int = 250_000  # every name times every base, as rustls-webpki
    steps: int = 200_000
    policies: int = 10_000  # nodes and edges of the policy graph together
    entries: int = 50_000_000  # CRL entries walked: a list of a million is a normal input (CR-8)
    certificates: int = 10  # in a path, the anchor included


class Budget:
    """The one counter of a decision, shared by path building, validation and revocation."""

    __slots__ = ("comparisons", "entries", "limits", "policies", "signatures", "steps")

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self.signatures = self.comparisons = self.steps = self.policies = self.entries = 0

    def signature(self) -> None:
        """Count a signature check before it is made."""
        self.signatures += 1
        if self.signatures > self.limits.signatures:
            raise BudgetExhausted("signature checks", self.limits.signatures)

    def compare(self, count: int) -> None:
        """Count comparisons of names before they are made."""
        self.comparisons += count
        if self.comparisons > self.limits.comparisons:
            raise BudgetExhausted("name comparisons", self.limits.comparisons)

    def step(self, count: int = 1) -> None:
        """Count steps of path building, loop checks included."""
        self.steps += count
        if self.steps > self.limits.steps:
            raise BudgetExhausted("steps of path building", self.limits.steps)

    def policy(self, count: int) -> None:
        """Count nodes and edges of the policy graph."""
        self.policies += count
        if self.policies > self.limits.policies:
            raise BudgetExhausted("policy nodes", self.limits.policies)

    def entry(self, count: int) -> None:
        """Count CRL entries that are walked one by one."""
        self.entries += count
        if self.entries > self.limits.entries:
            raise BudgetExhausted("CRL entries", self.limits.entries)

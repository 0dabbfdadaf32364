"""Bytes that are never the same twice, and the same in every run."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass


@dataclass(slots=True)
class CountingEntropy:
    """`Entropy` from a counter: deterministic, distinct."""

    seed: str = ""
    count: int = 0

    def bytes(self, count: int) -> bytes:
        self.count += 1
        return hashlib.shake_256(f"{self.seed}:{self.count}".encode()).digest(count)

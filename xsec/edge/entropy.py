"""Random bytes from the kernel."""

from __future__ import annotations

import os


class SystemEntropy:
    """Bytes fit for nonces, serial numbers and identifiers."""

    def bytes(self, count: int) -> bytes:
        return os.urandom(count)

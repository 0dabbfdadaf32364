"""Bytes that never print."""

from __future__ import annotations

from typing import NoReturn


class Secret:
    """A private key, PIN or password on its way from where it is kept to where it is used.

    It has no text, no formatting with a specification, no pickle and no equality, and is wiped on request;
    Python may have copied it meanwhile, so no promise beyond that is made.
    """

    __slots__ = ("_data",)

    def __init__(self, data: bytes | bytearray) -> None:
        self._data = bytearray(data)

    def reveal(self) -> bytes:
        """The bytes themselves: call it where they are used, and nowhere else."""
        return bytes(self._data)

    def wipe(self) -> None:
        """Overwrite the bytes in place."""
        for index in range(len(self._data)):
            self._data[index] = 0

    def __len__(self) -> int:
        return len(self._data)

    def __repr__(self) -> str:
        return "***"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return "***"

    def __eq__(self, other: object) -> NoReturn:
        raise TypeError("a secret is not compared")

    __hash__ = None  # type: ignore[assignment]  # unhashable, as an object without equality should be

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not pickled")

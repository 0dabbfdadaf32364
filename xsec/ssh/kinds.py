"""Lists of SSH algorithms as a value space (SS-1, SS-2)."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from xsec.errors import InvalidValue
from xsec.state.kinds import String


class Algorithms(String):
    """Names separated by commas, each known, none twice, in order of preference.

    `spellings` are names as the appliance's guide prints them, which no implementation knows; they are
    read as the algorithm that is meant.
    """

    def __init__(self, *names: str, spellings: Mapping[str, str] | None = None) -> None:
        super().__init__(0, 2048)
        self.names = names
        self.spellings = {key.casefold(): name for key, name in (spellings or {}).items()}

    def parse(self, text: str) -> str:
        super().parse(text)
        chosen: dict[str, None] = {}
        for word in text.split(","):
            name = self._meant(word.strip())
            if name not in self.names:
                raise InvalidValue(
                    f"{name!r} names no algorithm", allowed=f"one or more of {', '.join(self._near(name))}"
                )
            chosen[name] = None
        return ",".join(chosen)

    def _meant(self, word: str) -> str:
        folded = word.casefold()
        return self.spellings.get(folded) or next((n for n in self.names if n.casefold() == folded), word)

    def _near(self, name: str) -> tuple[str, ...]:
        # an algorithm on SHA-1, CBC or 3DES may be chosen, but is not what a slip of the pen is led to
        sound = [n for n in self.names if not any(weak in n for weak in ("sha1", "cbc", "3des"))]
        return tuple(difflib.get_close_matches(name, sound, n=3, cutoff=0.4)) or tuple(sound)

    def describe(self) -> str:
        return "<S: 0,2048> names separated by commas"

    def complete(self) -> tuple[str, ...]:
        return self.names

    def notes(self, text: str) -> tuple[str, ...]:
        said: list[str] = []
        seen: set[str] = set()
        for word in (part.strip() for part in text.split(",")):
            name = self._meant(word)
            if name != word:
                said.append(f"{word} is read as {name}")
            if name in seen:
                said.append(f"{name} is named twice and counts once")
            seen.add(name)
        return tuple(said)

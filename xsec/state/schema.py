"""Settings: one declaration serves validation, both command languages, completion, help and the reference."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from typing import Any, Generic, Protocol, TypeVar

from xsec.errors import InvalidValue
from xsec.state.kinds import Kind

T = TypeVar("T")
Words = tuple[str, ...]
Folded = tuple[str, ...]

_INDEX = re.compile(r"\[1\.\.(n|\d+)\]")
_UNBOUNDED = 10_000  # `[1..n]`: a bound all the same, since everything read from outside has one


class Values(Protocol):
    """What holds the values of settings: a snapshot."""

    def value(self, leaf: Leaf[T]) -> T: ...


class Setting(Generic[T]):
    """One setting, declared once.

    `path` is what xConfiguration calls it; a word `[1..5]` or `[1..n]` is an index.  `option` is what the
    page command calls it.  `restart` names the service that must restart before the value is in force
    (SY-6).  `used_by` names daemons or `xsec`; empty means recorded only.  `local` values belong to one
    peer of a cluster.  `own` marks xsec's additions to the appliance's tree.  `other` tells what another
    source gives as default or value space (SY-10).  `page` is the page command that sets it.
    """

    __slots__ = (
        "default", "folded", "help", "kind", "local", "option", "other", "own", "page", "path", "restart",
        "secret", "used_by", "words",
    )  # fmt: skip

    def __init__(
        self,
        *,
        path: str,
        kind: Kind[T],
        default: T,
        help: str,
        option: str = "",
        restart: str = "",
        secret: bool = False,
        local: bool = False,
        used_by: tuple[str, ...] = (),
        own: bool = False,
        other: str = "",
        page: str = "",
    ) -> None:
        self.path = path
        self.words: Words = tuple(path.split())
        self.folded: Folded = tuple(word.casefold() for word in self.words)
        self.kind = kind
        self.default = default
        self.help = help
        self.option = option
        self.restart = restart
        self.secret = secret
        self.local = local
        self.used_by = used_by
        self.own = own
        self.other = other
        self.page = page

    def __repr__(self) -> str:
        return f"Setting({self.path})"

    @property
    def indexed(self) -> bool:
        """Whether the path holds an index, so that the setting stands for several."""
        return "[" in self.path

    def at(self, *indexes: int) -> Leaf[T]:
        """The one setting that the indexes choose."""
        numbers = iter(map(str, indexes))
        return Leaf(self, tuple(next(numbers) if _INDEX.fullmatch(w) else w for w in self.words))

    def read(self, snapshot: Values) -> T:
        """The value in force in `snapshot`; called by `snapshot[SETTING]`."""
        return snapshot.value(Leaf(self, self.words))


class Leaf(Generic[T]):
    """A setting with its indexes filled in: a concrete path with its value space."""

    __slots__ = ("key", "setting", "words")

    def __init__(self, setting: Setting[T], words: Words) -> None:
        self.setting = setting
        self.words = words
        self.key: Folded = tuple(word.casefold() for word in words)

    @property
    def path(self) -> str:
        return " ".join(self.words)

    def read(self, snapshot: Values) -> T:
        """The value in force in `snapshot`."""
        return snapshot.value(self)

    def parse(self, text: str) -> T:
        """The value of a text; `InvalidValue` names the path, what is allowed and how to see more."""
        try:
            return self.setting.kind.parse(text)
        except InvalidValue as error:
            raise InvalidValue(
                f"{self.path}: {error.what}",
                where=error.where,
                allowed=error.allowed or self.setting.kind.describe(),
                remedy=error.remedy or f"xsec xconfiguration {self.path} '?'",
            ) from None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Leaf) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    def __repr__(self) -> str:
        return f"Leaf({self.path})"


class Schema:
    """All settings of this version, by path."""

    def __init__(self, settings: Iterable[Setting[Any]]) -> None:
        self.settings: tuple[Setting[Any], ...] = tuple(settings)
        self._tree: dict[str, Any] = {}
        self._spelled = {word.casefold(): word for setting in self.settings for word in setting.words}
        for setting in self.settings:
            node = self._tree
            for word in setting.folded:
                node = node.setdefault(word, {})
            if "" in node:
                raise ValueError(f"two settings share the path {setting.path}")
            node[""] = setting

    def find(self, words: Words) -> Leaf[Any]:
        """The setting at an exact path, case aside; `InvalidValue` with the nearest name otherwise."""
        index = next((word for word in words if _INDEX.fullmatch(word)), None)
        if index is not None:
            raise InvalidValue(
                f"{' '.join(words)}: a number stands in place of {index}", allowed=index.strip("[]")
            )
        node: Any = self._tree
        canonical: list[str] = []
        for word in words:
            step = self._step(node, word)
            if step is None:
                break
            name, node = step
            canonical.append(name)
        setting = node.get("") if isinstance(node, dict) and len(canonical) == len(words) else None
        if setting is None:
            raise InvalidValue(
                f"no setting {' '.join(words)!r}", remedy=self._nearest(words), allowed=self._below(node)
            )
        spelled = tuple(
            given if _INDEX.fullmatch(word) else word
            for word, given in zip(setting.words, words, strict=True)
        )
        return Leaf(setting, spelled)

    def _step(self, node: dict[str, Any], word: str) -> tuple[str, dict[str, Any]] | None:
        folded = word.casefold()
        if folded in node and folded:
            return folded, node[folded]
        for name, below in node.items():
            match = _INDEX.fullmatch(name)
            if match and word.isascii() and word.isdigit() and len(word) <= 5 and word == str(int(word)):
                top = _UNBOUNDED if match[1] == "n" else int(match[1])
                if 1 <= int(word) <= top:
                    return name, below
        return None

    def _nearest(self, words: Words) -> str:
        wanted = " ".join(words).casefold()
        names = {setting.path.casefold(): setting.path for setting in self.settings}
        close = difflib.get_close_matches(wanted, names, n=1)
        return (
            f"did you mean {names[close[0]]!r}?"
            if close
            else f"xsec xconfiguration //{words[-1] if words else ''}"
        )

    def _below(self, node: object) -> str:
        names = sorted(self._spelled[name] for name in node if name) if isinstance(node, dict) else []
        return f"one of {', '.join(names)}" if 0 < len(names) <= 12 else ""

    def under(self, words: Words) -> Iterator[Setting[Any]]:
        """Settings whose path begins with `words` (indexes given as numbers or as declared), in order."""
        for setting in self.settings:
            if len(setting.words) >= len(words) and all(
                mine.casefold() == given.casefold()
                or (_INDEX.fullmatch(mine) is not None and given.isdigit())
                for mine, given in zip(setting.words, words, strict=False)
            ):
                yield setting

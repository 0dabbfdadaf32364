"""Actions of xCommand: finding one by its words, and checking its parameters."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from xsec.console.grammar import Request, Words
from xsec.errors import InvalidValue, Refused
from xsec.state.kinds import Kind
from xsec.state.plan import Plan
from xsec.state.snapshot import Snapshot

Arguments = Mapping[str, Any]


class Parameter:
    """A parameter with its value space."""

    __slots__ = ("kind", "name", "required")

    def __init__(self, name: str, kind: Kind[Any], *, required: bool = False) -> None:
        self.name = name
        self.kind = kind
        self.required = required


class Moment:
    """What an action needs beside its parameters: the time, a new random identifier, and whether to force."""

    __slots__ = ("force", "identifier", "now")

    def __init__(self, now: datetime, *, identifier: str, force: bool) -> None:
        self.now = now
        self.identifier = identifier
        self.force = force


Planner = Callable[[Snapshot, Arguments, Moment], Plan]


class Action:
    """One action.

    `files` are the parameters that name a file: its contents take the name's place before `plan` runs.

    `plan` works the change out; without one the appliance has the action and xsec does not have it yet:
    `instead` then names the page command that does the same, if there is one.
    """

    __slots__ = ("files", "help", "instead", "name", "own", "parameters", "plan", "question")

    def __init__(
        self,
        name: str,
        *,
        help: str = "",
        parameters: tuple[Parameter, ...] = (),
        plan: Planner | None = None,
        question: str = "",
        instead: str = "",
        files: tuple[str, ...] = (),
        own: bool = False,
    ) -> None:
        self.name = name
        self.help = help
        self.parameters = parameters
        self.plan = plan
        self.question = question
        self.instead = instead
        self.files = files
        self.own = own

    @property
    def joined(self) -> str:
        """The name run together, as errors and older appliances write it."""
        return self.name.replace(" ", "")

    def work_out(self, snapshot: Snapshot, arguments: Arguments, moment: Moment) -> Plan:
        """The plan; `Refused` for an action that xsec does not have yet."""
        if self.plan is None:
            raise Refused(
                f"{self.joined}CommandError: the appliance has this command, xsec does not have it yet",
                remedy=self.instead or "xsec xcommand '?' marks those that can be used",
            )
        return self.plan(snapshot, arguments, moment)

    def refuse(self, text: str, *, allowed: str = "") -> InvalidValue:
        """The appliance's form of an error."""
        return InvalidValue(
            f"{self.joined}CommandError: {text}", allowed=allowed, remedy=f"xsec xcommand {self.name} '?'"
        )


def find(actions: Iterable[Action], words: Words) -> tuple[Action, Words]:
    """The action that the first words name, and the words left over.

    Words may be run together, and each may be cut short where the whole stays unique.
    """
    known = tuple(actions)
    joined = {action.joined.casefold(): action for action in known}
    for count in range(len(words), 0, -1):
        action = joined.get("".join(words[:count]).casefold())
        if action is not None:
            return action, words[count:]
    for count in range(len(words), 0, -1):
        found = [action for action in known if _cut_short(action, words[:count])]
        if len(found) == 1:
            return found[0], words[count:]
        if found:
            names = ", ".join(action.name for action in found)
            raise InvalidValue(f"{' '.join(words)!r} is not unique", allowed=f"one of {names}")
    close = difflib.get_close_matches("".join(words).casefold(), joined, n=1)
    raise InvalidValue(
        f"{''.join(words)}CommandError: no such command",
        remedy=f"did you mean {joined[close[0]].name!r}?" if close else "xsec xcommand '?'",
    )


def _cut_short(action: Action, words: Words) -> bool:
    parts = action.name.casefold().split()
    return len(parts) == len(words) and all(
        part.startswith(word.casefold()) for part, word in zip(parts, words, strict=True)
    )


def call(actions: Iterable[Action], request: Request) -> tuple[Action, dict[str, Any]]:
    """The action of a line and its typed parameters; an error in the appliance's form otherwise."""
    pairs = list(request.pairs)
    words = request.words
    bare: list[str] = []
    if pairs and len(pairs) == 1 and _is_whole(actions, (*words, *pairs[0][0])):
        # `Admin Account Delete: "x"`: the one required parameter without its name
        words, bare, pairs = (*words, *pairs[0][0]), [pairs[0][1]], []
    action, rest = find(actions, words)
    bare += rest
    if action.plan is None:
        return action, {}
    return action, _arguments(action, pairs, bare)


def _is_whole(actions: Iterable[Action], words: Words) -> bool:
    joined = "".join(words).casefold()
    return any(action.joined.casefold() == joined for action in actions)


def _arguments(action: Action, pairs: list[tuple[Words, str]], bare: list[str]) -> dict[str, Any]:
    by_name = {parameter.name.casefold(): parameter for parameter in action.parameters}
    texts: dict[str, str] = {}
    for name, text in pairs:
        parameter = by_name.get("".join(name).casefold())
        if parameter is None:
            raise action.refuse(f"no parameter {' '.join(name)!r}", allowed=_names(action))
        if parameter.name in texts:
            raise action.refuse(f"{parameter.name} is given twice")
        texts[parameter.name] = text
    required = [parameter for parameter in action.parameters if parameter.required]
    if bare:
        if len(bare) > 1 or len(required) != 1 or required[0].name in texts:
            raise action.refuse("a value stands without a name", allowed=_names(action))
        texts[required[0].name] = bare[0]
    for parameter in required:
        if parameter.name not in texts:
            raise action.refuse(f"{parameter.name} is missing", allowed=_names(action))
    return {name: _parse(action, by_name[name.casefold()], text) for name, text in texts.items()}


def _parse(action: Action, parameter: Parameter, text: str) -> object:
    try:
        value: object = parameter.kind.parse(text)
    except InvalidValue as error:
        raise action.refuse(
            f"{parameter.name}: {error.what}", allowed=error.allowed or parameter.kind.describe()
        ) from None
    return value


def _names(action: Action) -> str:
    return usage(action) or "no parameters"


def usage(action: Action) -> str:
    """The parameters with their value spaces; `(r)` marks those that are required."""
    return "  ".join(
        f"{parameter.name}{'(r)' if parameter.required else ''}: {parameter.kind.describe()}"
        for parameter in action.parameters
    )

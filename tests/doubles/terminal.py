"""A person with prepared answers, or none at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field


@dataclass(slots=True)
class ScriptedTerminal:
    """`Terminal` with answers in order; without any it is not a terminal, and a question fails the test.

    `asked` are the questions, `said` the talk; `editor` is called with the path in place of an editor.
    """

    answers: Sequence[str] = ()
    interactive: bool = field(default=False)
    asked: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    editor: Callable[[str], None] | None = None

    def __post_init__(self) -> None:
        self.answers = list(self.answers)
        self.interactive = self.interactive or bool(self.answers)

    def _answer(self, question: str) -> str:
        self.asked.append(question)
        if not self.answers:
            raise AssertionError(f"nobody prepared an answer to {question!r}")
        first, *self.answers = self.answers
        return first

    def confirm(self, question: str) -> bool:
        return self._answer(question) in {"y", "yes"}

    def ask(self, question: str, default: str) -> str:
        return self._answer(question) or default

    def read_secret(self, prompt: str) -> bytearray:
        return bytearray(self._answer(prompt).encode())

    def edit(self, path: str) -> None:
        self.asked.append(f"edit {path}")
        if self.editor is None:
            raise AssertionError(f"nobody prepared an editor for {path}")
        self.editor(path)

    def say(self, text: str) -> None:
        self.said.append(text)

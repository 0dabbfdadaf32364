"""Every failure xsec reports, by category; the category decides the exit code."""

from __future__ import annotations

from enum import IntEnum, unique
from typing import ClassVar


@unique
class ExitCode(IntEnum):
    """What a calling script may rely on (docs/exit-codes.md)."""

    OK = 0
    NEGATIVE = 1
    USAGE = 2
    REFUSED = 3
    CONFLICT = 4
    FORBIDDEN = 5
    UNAVAILABLE = 6
    DAMAGED = 7
    ROLLED_BACK = 8
    BUG = 70
    INTERRUPTED = 130
    BROKEN_PIPE = 141


class XsecError(Exception):
    """A failure with a cause that the operator can act on.

    `what` says what is wrong with the thing in hand, in lower case and without a full stop; `where` is the
    place (file and line, setting path, offset); `allowed` the value space; `remedy` a command to type.
    None of the four may hold a secret.
    """

    exit_code: ClassVar[ExitCode] = ExitCode.BUG

    def __init__(self, what: str, *, where: str = "", allowed: str = "", remedy: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.allowed = allowed
        self.remedy = remedy


class Negative(XsecError):
    """The question was answered and the answer is no."""

    exit_code = ExitCode.NEGATIVE


class InvalidValue(XsecError):
    """A value or a file lies outside the space that is allowed."""

    exit_code = ExitCode.USAGE


class Refused(XsecError):
    """A rule or a missing prerequisite forbids the change; nothing was changed."""

    exit_code = ExitCode.REFUSED


class Conflict(XsecError):
    """Someone else changed or holds it; trying again may succeed."""

    exit_code = ExitCode.CONFLICT


class Forbidden(XsecError):
    """Not allowed for this user or in this mode."""

    exit_code = ExitCode.FORBIDDEN


class Unavailable(XsecError):
    """Network, daemon, disk or token did not serve; it may pass by itself."""

    exit_code = ExitCode.UNAVAILABLE


class Uncertain(Unavailable):
    """An error came after the change was made durable in part: it may be in force (rules.md DU-2)."""


class Damaged(XsecError):
    """Stored data does not verify, or belongs to another host."""

    exit_code = ExitCode.DAMAGED


class RolledBack(XsecError):
    """It was applied, failed its proof, and was undone."""

    exit_code = ExitCode.ROLLED_BACK

"""The words every command shares: --output, --root, --at, and what a changing command takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from xsec.errors import InvalidValue
from xsec.output.result import Result

if TYPE_CHECKING:
    from xsec.host import Host

F = TypeVar("F", bound=Callable[..., Any])
FORMATS = ("table", "json", "yaml")


class Call:
    """One call of xsec: how to answer, for which root, at which moment."""

    __slots__ = ("at", "format", "root")

    def __init__(self) -> None:
        self.format = "table"
        self.root = ""
        self.at = ""

    def host(self, command: str) -> Host:
        """The host that the command manages."""
        import os

        from xsec.host import Host

        root = self.root or os.environ.get("XSEC_ROOT") or "/"
        if not os.path.isdir(root):  # noqa: PTH112  (pathlib is dear at start)
            raise InvalidValue(f"{root}: not a folder", allowed="--root DIR of a folder that exists")
        return Host(root=os.path.abspath(root), at=_moment(self.at), command=command)  # noqa: PTH100


def _moment(text: str) -> Any:
    if not text:
        return None
    from xsec.state import moment

    return moment.parse(text, "--at")


class Change:
    """How a change is to be made."""

    __slots__ = ("apply", "dry_run", "force", "yes")

    def __init__(
        self, *, dry_run: bool = False, yes: bool = False, force: bool = False, apply: bool = False
    ) -> None:
        self.dry_run = dry_run
        self.yes = yes
        self.force = force
        self.apply = apply


def _keep(name: str) -> Callable[[click.Context, click.Parameter, Any], None]:
    def callback(ctx: click.Context, param: click.Parameter, value: Any) -> None:
        if value is not None:
            setattr(ctx.find_root().obj, name, value)

    return callback


def _json(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value:
        ctx.find_root().obj.format = "json"


def common() -> list[click.Parameter]:
    """The options that every command and group takes."""
    return [
        click.Option(
            ["--output"],
            type=click.Choice(FORMATS),
            callback=_keep("format"),
            expose_value=False,
            help="Form of the answer on stdout.",
        ),
        click.Option(
            ["--json"], is_flag=True, callback=_json, expose_value=False, help="Short for --output json."
        ),
        click.Option(
            ["--root"],
            metavar="DIR",
            callback=_keep("root"),
            expose_value=False,
            help="Manage the host whose / is DIR (also XSEC_ROOT).",
        ),
        click.Option(
            ["--at"],
            metavar="TIME",
            callback=_keep("at"),
            expose_value=False,
            help="Judge at another moment, such as 2026-01-31T12:00:00Z.",
        ),
    ]


class Group(click.Group):
    """A group of commands that takes the common options."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params += common()


class Command(click.Command):
    """A command that takes the common options and is given the host."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params += common()

    def invoke(self, ctx: click.Context) -> Any:
        call: Call = ctx.find_root().obj
        ctx.obj = call.host(ctx.command_path)
        result = super().invoke(ctx)
        return result if isinstance(result, Result) else Result(result)


def group(name: str, **kwargs: Any) -> Callable[[Callable[..., Any]], Group]:
    """Make a function the group `name` of the command line."""
    kwargs.setdefault("cls", Group)
    return click.group(name, **kwargs)


def command(
    parent: click.Group | None, name: str, **kwargs: Any
) -> Callable[[Callable[..., Any]], click.Command]:
    """Make a function the command `name` below `parent`; at the top when that is None."""
    kwargs.setdefault("cls", Command)
    if parent is None:
        return click.command(name, **kwargs)
    return parent.command(name, **kwargs)


def changing(function: F) -> F:
    """Give a command --dry-run, --yes, --force and --apply; it receives them as `change`."""

    def gather(ctx: click.Context, param: click.Parameter, value: bool) -> None:
        change = ctx.params.setdefault("change", Change())
        setattr(change, param.name or "", value)

    texts = (
        ("--apply", "Apply to the daemons and prove it, too."),
        ("--force", "Override the one refusal that named it; this is logged."),
        ("--yes", "Answer yes to the confirmation."),
        ("--dry-run", "Show what would change; change nothing."),
    )
    for name, text in texts:
        option = click.option(
            name, is_flag=True, default=False, callback=gather, expose_value=False, help=text
        )
        function = option(function)
    return function

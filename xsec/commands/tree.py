"""The whole command tree, for completion and the reference: loads every command."""

from __future__ import annotations

from collections.abc import Iterator

import click

WIDTHS = (80, 100)
"""Columns of a terminal that help is laid out for: click uses 100 at most, and 80 where it cannot tell."""


def walk(root: click.Command) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Each command with the words that lead to it, groups before what lies below them."""
    yield from _walk(root, (root.name or "xsec",), click.Context(root, info_name=root.name))


def _walk(
    command: click.Command, path: tuple[str, ...], ctx: click.Context
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield path, command
    if not isinstance(command, click.Group):
        return
    for name in command.list_commands(ctx):
        below = command.get_command(ctx, name)
        if below is not None and not below.hidden:
            yield from _walk(below, (*path, name), click.Context(below, info_name=name, parent=ctx))


def help_of(root: click.Command, path: tuple[str, ...], columns: int) -> str:
    """What `--help` prints for a command on a terminal of so many columns."""
    command, ctx = root, _context(root, path[0], None, columns)
    for name in path[1:]:
        below = command.get_command(ctx, name) if isinstance(command, click.Group) else None
        if below is None:
            raise LookupError(" ".join(path))
        command, ctx = below, _context(below, name, ctx, columns)
    return f"{command.get_help(ctx)}\n"


def _context(command: click.Command, name: str, parent: click.Context | None, columns: int) -> click.Context:
    extra = dict(command.context_settings)
    # click leaves a margin of two columns, as it does on a terminal
    return click.Context(command, info_name=name, parent=parent, **{**extra, "terminal_width": columns - 2})


def words_after(root: click.Command) -> dict[str, tuple[str, ...]]:
    """What may follow each command: names of commands and options."""
    told: dict[str, tuple[str, ...]] = {}
    for path, command in walk(root):
        ctx = click.Context(command, info_name=path[-1])
        names = tuple(command.list_commands(ctx)) if isinstance(command, click.Group) else ()
        options = [name for p in command.params if isinstance(p, click.Option) for name in p.opts]
        told[" ".join(path)] = (*names, *(name for name in options if name.startswith("--")), "--help")
    return told

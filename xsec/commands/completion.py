"""Completion scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from xsec.commands.options import command
from xsec.output.result import Raw, Result

if TYPE_CHECKING:
    from xsec.host import Host


@command(None, "completion", short_help="Print the completion script of a shell.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> Result:
    """Print the completion script of SHELL; it holds every name and path and starts nothing.

    \b
    xsec completion bash > /usr/share/bash-completion/completions/xsec
    xsec completion zsh > /usr/local/share/zsh/site-functions/_xsec
    xsec completion fish > ~/.config/fish/completions/xsec.fish
    """  # noqa: D301  (click wants the control character)
    from xsec.commands import tree
    from xsec.console import completion as text

    host: Host = ctx.obj
    script = text.script(shell, _candidates(tree.words_after(ctx.find_root().command), host))
    return Result({"shell": shell, "script": script}, lambda: [Raw(script.encode())])


def _candidates(commands: dict[str, tuple[str, ...]], host: Host) -> dict[str, tuple[str, ...]]:
    """Names and options of commands, paths of settings, elements and actions."""
    from xsec.console import completion as text
    from xsec.lifecycle.actions import ACTIONS
    from xsec.lifecycle.status import ELEMENTS

    told = dict(commands)
    added = text.settings(host.schema)
    added["xsec xstatus"] = tuple(element.name for element in ELEMENTS)
    for action in ACTIONS:
        words = action.name.split()
        for count, word in enumerate(words):
            path = " ".join(("xsec", "xcommand", *words[:count])).casefold()
            added[path] = tuple(dict.fromkeys((*added.get(path, ()), word)))
    return told | {path: (*words, *told.get(path, ())) for path, words in added.items()}

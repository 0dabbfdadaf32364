"""The command tree, and the only place where an error becomes text and an exit code."""

from __future__ import annotations

import importlib
import os
import re
import resource
import shlex
import sys
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Any, NoReturn

import click

from xsec.commands.index import COMMANDS
from xsec.commands.options import Call, Group
from xsec.errors import ExitCode, Unavailable, XsecError
from xsec.output.result import Result


class Root(Group):
    """Loads a command's module when the command runs; help and completion read only the index."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        module = importlib.import_module(f"xsec.commands.{entry[0]}")
        found: click.Command = getattr(module, entry[1])
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            import difflib

            close = difflib.get_close_matches(args[0], COMMANDS, n=1)
            hint = f"did you mean {close[0]!r}?" if close else "xsec --help lists them"
            ctx.fail(f"no command {args[0]!r}; {hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry[2]) for name, entry in COMMANDS.items()])


@click.group(
    "xsec",
    cls=Root,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: xsec help exit-codes.",
)
@click.version_option(package_name="xsec", message="xsec %(version)s")
@click.pass_context
def root(ctx: click.Context) -> Any:
    """TLS, PKI and SSH security of this host: enforced, proven, explained."""
    page = root.get_command(ctx, "status") if ctx.invoked_subcommand is None else None
    return page.invoke(ctx) if page is not None else None


def main() -> NoReturn:
    """Run the command line of the process and end it with the exit code."""
    _open_streams()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core of any command could hold a key (SE-4)
    for name in [name for name in os.environ if name.startswith("OPENSSL_")]:
        del os.environ[name]  # they name modules that OpenSSL would load into this process
    code = int(run(sys.argv[1:]))
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    # what a full stderr still holds must not become an exit code of its own when the interpreter ends
    os._exit(code)


def _open_streams() -> None:
    """Give each standard stream that the caller closed the null device, so that no file takes its number."""
    for fd in (0, 1, 2):
        try:
            os.fstat(fd)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    if sys.stdin is None:
        sys.stdin = os.fdopen(0, closefd=False)
    if sys.stdout is None:
        sys.stdout = os.fdopen(1, "w", closefd=False)
    if sys.stderr is None:
        sys.stderr = os.fdopen(2, "w", closefd=False)


def run(args: Sequence[str], call: Call | None = None) -> int:
    """Run one command line; returns the exit code.  A `call` of one's own brings a host of one's own."""
    os.umask(0o077)
    call = call or Call()
    try:
        return _run(list(args), call)
    except XsecError as error:
        return _tell(call, error.exit_code, error.what, error.where, error.allowed, error.remedy)
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.Abort:
        return _tell(call, ExitCode.INTERRUPTED, "interrupted", remedy="xsec history tells what is in force")
    except click.exceptions.NoArgsIsHelpError as error:
        sys.stderr.write(f"{error.ctx.get_help()}\n")
        return ExitCode.USAGE
    except click.UsageError as error:
        path = error.ctx.command_path if error.ctx else "xsec"
        return _tell(call, ExitCode.USAGE, error.format_message(), remedy=f"{path} --help")
    except click.ClickException as error:
        return _tell(call, ExitCode.USAGE, error.format_message())
    except KeyboardInterrupt:
        return _tell(call, ExitCode.INTERRUPTED, "interrupted", remedy="xsec history tells what is in force")
    except (BrokenPipeError, SystemExit):
        # click itself ends the process, with the status that means "no", when its help meets a closed pipe;
        # the reader went away: point stdout elsewhere so that the interpreter's own flush stays quiet
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return ExitCode.BROKEN_PIPE
    except Exception as error:  # noqa: BLE001  (a bug must not look like the answer "no")
        return _bug(call, error)


def _run(args: list[str], call: Call) -> int:
    result = root.main(args=args, prog_name="xsec", obj=call, standalone_mode=False)
    if isinstance(result, int):
        return result
    return show(call, result) if isinstance(result, Result) else ExitCode.OK


def show(call: Call, result: Result) -> int:
    """Print what a command returned, once, in the form asked for."""
    from xsec.output import render

    for note in result.notes:
        _say(f"xsec: {_for_root(call, note)}")
    if call.format == "json":
        _out(render.as_json(result.data).encode() + b"\n")
    elif call.format == "yaml":
        _out(render.as_yaml(result.data).encode() + b"\n")
    else:
        tty = sys.stdout.isatty()
        blocks = result.view() if result.view is not None else ()
        color = tty and "NO_COLOR" not in os.environ
        width = os.get_terminal_size(1).columns if tty else None
        typed = partial(_for_root, call)
        _out(render.as_text(blocks, width=width, color=color, typed=typed))
    return result.exit_code


def _out(data: bytes) -> None:
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        reason = os.strerror(error.errno or 0).lower()
        raise Unavailable(f"the answer could not be written: {reason}", remedy="xsec history") from None


def _for_root(call: Call, text: str) -> str:
    """Commands in a text as they are typed for the root that this call manages."""
    if not call.root:
        return text
    return re.sub(r"\bxsec (?=[a-z])", lambda _: f"xsec --root {shlex.quote(call.root)} ", text)


_LONGEST = 1000  # characters of one message: a value that was given may be a megabyte


def _say(text: str) -> None:
    from xsec.output.escape import printable

    # a closed stderr does not change what was done
    with suppress(OSError, ValueError):
        sys.stderr.write(f"{printable(text, limit=_LONGEST)}\n")
        sys.stderr.flush()


def _tell(call: Call, code: int, what: str, where: str = "", allowed: str = "", remedy: str = "") -> int:
    place = f" ({where})" if where and where not in what else ""
    _say(f"xsec: error: {what}{place}")
    if allowed:
        _say(f"xsec: allowed: {allowed}")
    if remedy:
        _say(f"xsec: hint: {_for_root(call, remedy)}")
    if call.format != "table":
        from xsec.output import render

        told = {
            "error": {
                "what": what,
                "where": where,
                "allowed": allowed,
                "remedy": remedy,
                "exit_code": int(code),
            }
        }
        text = render.as_json(told) if call.format == "json" else render.as_yaml(told)
        with suppress(BrokenPipeError, Unavailable):
            _out(text.encode() + b"\n")
    return int(code)


def _bug(call: Call, error: Exception) -> int:
    """A bug of ours: where it is, without its text, which may hold a secret (SE-3)."""
    import traceback

    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if f"{os.sep}xsec{os.sep}" in frame.filename] or frames
    place = ", ".join(f"{os.path.basename(f.filename)}:{f.lineno} {f.name}" for f in ours[-3:])  # noqa: PTH119
    return _tell(
        call,
        ExitCode.BUG,
        f"a bug in xsec: {type(error).__name__} at {place}",
        remedy="report it with this line",
    )


def _log_bug(call: Call, frames: str) -> None:
    """Keep the way to the bug in the event log, where there is one; the exception's text stays out of it."""
    with suppress(Exception):
        from xsec.state.log import Log

        host = call.host("xsec")
        if host.store.exists():
            Log(host.files, "event").append(
                "Bug", actor=host.actor, now=host.clock.now(), fields={"detail": frames}
            )


if __name__ == "__main__":
    main()

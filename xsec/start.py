"""Entry point: one value out of the cache, help out of a table; for anything else the command line.

This file is compiled at each start and imports nothing that is not in every Python already: keep it short.
"""

import os
import sys


def quick(words: "list[str]") -> "str | None":
    """The answer that needs no command line parser, or None on any doubt."""
    try:
        if words and words[-1] in ("--help", "-h"):
            return table(words[:-1])
        root = os.environ.get("XSEC_ROOT", "")
        if len(words) > 2 and words[0] == "--root":
            root, words = words[1], words[2:]
        if len(words) < 2 or words[0] != "xconfiguration":
            return None
        if len(words) > 3 and words[1] == "--root":
            return cached(words[3:], words[2])
        return cached(words[1:], root)
    except (OSError, ValueError, EOFError, TypeError, AttributeError):
        return None


def cached(words: "list[str]", root: str) -> "str | None":
    """The line to print when the words are an exact path with a plain, current cache of our own."""
    import marshal

    name = f"{root}/var/lib/xsec/cache/values-{sys.implementation.cache_tag}.marshal"
    handle = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    own = os.fstat(handle)
    # marshal is not safe on hostile bytes: a plain file (0o100000) of ours that nobody else can write to
    if own.st_uid != os.geteuid() or own.st_mode & 0o170022 != 0o100000:
        return None
    now = os.stat(f"{root}/var/lib/xsec/config/current", follow_symlinks=False)
    key, plain, values = marshal.loads(os.read(handle, own.st_size))  # noqa: S302
    if not plain or key != (now.st_mtime_ns, now.st_ctime_ns, now.st_size, now.st_ino):
        return None
    line = values.get(" ".join(words).casefold())
    return line if isinstance(line, str) else None


def table(words: "list[str]") -> "str | None":
    """The help of a command from the table, where the source that it was made from has not changed."""
    columns = os.environ.get("COLUMNS", "")
    width = int(columns) if columns else os.get_terminal_size(1).columns if os.isatty(1) else 80
    if width < 80:
        return None
    home = __file__.rpartition("/")[0]
    handle = os.open(f"{home}/data/help.txt", os.O_RDONLY | os.O_CLOEXEC)
    text = os.read(handle, os.fstat(handle).st_size).decode()
    _, mark, rest = text.partition(f"\x1e{100 if width >= 100 else 80} {' '.join(('xsec', *words))}\n")
    sources, _, rest = rest.partition("\n")
    for source in sources.split():
        name, _, size = source.partition("=")
        if os.stat(f"{home}/{name}").st_size != int(size):
            return None
    return rest.partition("\x1e")[0] if mark else None


def find_packages() -> None:
    """Put xsec and what it needs on the path: without `site` where all lies in one folder, else with it."""
    home = __file__.rpartition("/")[0].rpartition("/")[0]
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    beside = f"{sys.executable.rpartition('/')[0].rpartition('/')[0]}/lib/{version}/site-packages"
    for folder in (home, beside):
        if os.path.isdir(f"{folder}/click"):
            sys.path += [folder] if folder == home else [home, folder]
            return
    import site

    site.main()
    if home not in sys.path:
        sys.path.append(home)


def fail(module: str) -> None:
    """Say which package this Python lacks, and end as every bug does."""
    if sys.stderr is not None:
        sys.stderr.write(
            f"xsec: error: {sys.executable} has no package {module}: install xsec with it again\n"
        )
        sys.stderr.flush()
    os._exit(70)


def main() -> None:
    """Answer, or hand over to `xsec.cli`."""
    answer = None if sys.stdout is None else quick(sys.argv[1:])
    if answer is None:
        find_packages()
        try:
            from xsec.cli import main as run
        except ModuleNotFoundError as error:
            fail(error.name or "")
            raise
        run()
    try:
        sys.stdout.write(answer)
        sys.stdout.flush()
    except OSError:
        os._exit(141)


if __name__ == "__main__":
    main()

"""Completion scripts that need no Python: every name and path stands in them."""

from __future__ import annotations

from collections.abc import Mapping

from xsec.console.paths import Node, Paths
from xsec.errors import InvalidValue
from xsec.state.schema import Schema

Candidates = Mapping[str, tuple[str, ...]]
"""What may follow a line so far: its words in lower case, every number as `#`, to the words offered."""

SHELLS = ("bash", "zsh", "fish")

_BASH = """\
# bash completion for xsec: source it, or put it into /usr/share/bash-completion/completions/xsec
_xsec_next() {{
    case $1 in
{cases}
    *) REPLY= ;;
    esac
}}
_xsec() {{
    local path=$1 word current=${{COMP_WORDS[COMP_CWORD]}} at
    for ((at = 1; at < COMP_CWORD; at++)); do
        word=${{COMP_WORDS[at],,}}
        case $word in
        -* | :) continue ;;
        *[!0-9]*) ;;
        *) word='#' ;;
        esac
        path="$path ${{word%:}}"
    done
    [[ $current == : ]] && current=
    _xsec_next "$path"
    COMPREPLY=()
    for word in $REPLY; do
        [[ $word == -* && $current != -* ]] && continue
        [[ ${{word,,}} == "${{current,,}}"* ]] && COMPREPLY+=("$word")
    done
    return 0
}}
_xsec_xsec() {{ _xsec xsec; }}
_xsec_xconfiguration() {{ _xsec 'xsec xconfiguration'; }}
_xsec_xstatus() {{ _xsec 'xsec xstatus'; }}
_xsec_xcommand() {{ _xsec 'xsec xcommand'; }}
for _xsec_name in xsec xconfiguration xstatus xcommand; do
    complete -o default -F "_xsec_$_xsec_name" "$_xsec_name"
done
unset _xsec_name
"""

_ZSH = """\
#compdef xsec xconfiguration xstatus xcommand
# zsh completion for xsec: put it into a folder of $fpath as _xsec, or source it after compinit
_xsec_next() {{
    case $1 in
{cases}
    (*) REPLY= ;;
    esac
}}
_xsec() {{
    local path=xsec word REPLY
    local -a offered
    [[ ${{words[1]:t}} == xsec ]] || path="xsec ${{words[1]:t}}"
    for word in ${{words[2,CURRENT-1]}}; do
        word=${{${{word:l}}%:}}
        [[ $word == -* || -z $word ]] && continue
        [[ $word == <-> ]] && word='#'
        path="$path $word"
    done
    _xsec_next "$path"
    offered=(${{=REPLY}})
    [[ $PREFIX == -* ]] || offered=(${{offered:#-*}})
    if (( $#offered )); then
        compadd -M 'm:{{a-zA-Z}}={{A-Za-z}}' -- $offered
    else
        _files
    fi
}}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    _xsec "$@"
else
    compdef _xsec xsec xconfiguration xstatus xcommand
fi
"""

_FISH = """\
# fish completion for xsec: put it into ~/.config/fish/completions/xsec.fish, or source it
function __xsec_next
    switch $argv[1]
{cases}
    end
end
function __xsec
    set -l tokens (commandline -opc)
    set -l path xsec
    test (basename -- $tokens[1]) = xsec; or set path "xsec "(basename -- $tokens[1])
    for word in $tokens[2..-1]
        set word (string lower -- $word | string trim --right --chars=:)
        string match -q -- '-*' $word; and continue
        string match -qr '^[0-9]+$' -- $word; and set word '#'
        set path "$path $word"
    end
    __xsec_next $path
end
for name in xsec xconfiguration xstatus xcommand
    complete -c $name -a '(__xsec)'
end
"""


def settings(schema: Schema) -> dict[str, tuple[str, ...]]:
    """What may follow `xconfiguration`: words of paths, names with their colon, and values of a few words."""
    told: dict[str, tuple[str, ...]] = {}
    _walk(Paths(schema).root, "xsec xconfiguration", told)
    return told


def _walk(node: Node, path: str, told: dict[str, tuple[str, ...]]) -> None:
    words: list[str] = []
    for below in node.below.values():
        index = below.word.startswith("[")
        word = "1" if index else below.word
        words.append(f"{word}:" if below.setting is not None and not below.below else word)
        _walk(below, f"{path} {'#' if index else word.casefold()}", told)
    if node.setting is not None:
        words += [value for value in node.setting.kind.complete() if _is_plain(value)]
    if words:
        told[path] = tuple(words)


def _is_plain(word: str) -> bool:
    """Whether a word means itself in all three shells, outside and inside quotes."""
    return word.isascii() and word.replace("-", "").replace("_", "").replace(".", "").isalnum()


def script(shell: str, candidates: Candidates) -> str:
    """The completion script of a shell."""
    told = {
        path: " ".join(word for word in words if _is_plain(word.removesuffix(":").lstrip("-")))
        for path, words in candidates.items()
    }
    match shell:
        case "bash":
            cases = "\n".join(f"    '{path}') REPLY='{words}' ;;" for path, words in told.items())
            return _BASH.format(cases=cases)
        case "zsh":
            cases = "\n".join(f"    ('{path}') REPLY='{words}' ;;" for path, words in told.items())
            return _ZSH.format(cases=cases)
        case "fish":
            cases = "\n".join(
                f"        case '{path}'\n            string split ' ' -- '{words}'"
                for path, words in told.items()
            )
            return _FISH.format(cases=cases)
        case _:
            raise InvalidValue(f"no completion for {shell!r}", allowed=f"one of {', '.join(SHELLS)}")

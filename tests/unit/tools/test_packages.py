"""tools/packages never stops `make`: what a host cannot install is told (a demo needs no package)."""

from __future__ import annotations

import subprocess
from pathlib import Path

SCRIPT = Path(__file__).parents[3] / "tools" / "packages"


def run(
    folder: Path, *packages: str, uid: int = 0, online: bool = False, known: str = ""
) -> tuple[int, str, str]:
    """The script among doubles of Debian's programs: its status, what it told, and the apt-get calls.

    `known` are packages that there are; installing needs `online`, and fails whole for an unknown one.
    """
    programs, installed = folder / "bin", folder / "installed"
    programs.mkdir()
    doubles = {
        "id": f"echo {uid}",
        "dpkg-query": f'for name; do :; done; grep -qx "$name" {installed} && echo install ok installed',
        "apt-get": f"""
echo "$@" >>{folder}/calls
{"" if online else "echo cannot resolve >&2; exit 100"}
set -- $(echo "$@" | sed -n 's/.* install //p')
for name; do case " {known} " in *" $name "*) ;; *) echo "no package $name" >&2; exit 100 ;; esac; done
for name; do echo "$name" >>{installed}; done""",
    }
    for name, text in doubles.items():
        (programs / name).write_text(f"#!/bin/sh\n{text}\n")
        (programs / name).chmod(0o755)
    installed.touch()
    (folder / "calls").touch()
    done = subprocess.run(
        ["/bin/sh", str(SCRIPT), *packages],
        env={
            "PATH": f"{programs}:/usr/bin:/bin",
            "POLICY_RC_D": str(folder / "policy"),
            "TMPDIR": str(folder),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert not (folder / "policy").exists()
    assert not list(folder.glob("tmp.*"))
    return done.returncode, done.stderr, (folder / "calls").read_text()


def test_root_without_network_is_told_what_is_missing_and_goes_on(tmp_path: Path) -> None:
    status, told, calls = run(tmp_path, "nginx-light", "strace")
    assert status == 0
    assert "apt-get could not install: nginx-light strace : " in told
    assert "cannot resolve" in told
    assert "To install them: apt-get install nginx-light strace" in told
    assert calls.count(" install ") == 1  # without network no package is tried by itself


def test_a_package_that_a_release_does_not_have_keeps_no_other_away(tmp_path: Path) -> None:
    status, told, _ = run(tmp_path, "nginx-light", "hyperfine", online=True, known="nginx-light")
    assert status == 0
    assert "could not install: hyperfine : " in told
    assert (tmp_path / "installed").read_text() == "nginx-light\n"


def test_with_a_network_everything_is_installed_at_once_and_nothing_is_missing(tmp_path: Path) -> None:
    status, told, calls = run(tmp_path, "nginx-light", "strace", online=True, known="nginx-light strace")
    assert (status, told) == (0, "installing: nginx-light strace\n")
    assert calls.count(" install ") == 1


def test_others_than_root_are_told_what_to_type_and_nothing_is_tried(tmp_path: Path) -> None:
    status, told, calls = run(tmp_path, "strace", uid=1000)
    assert (status, calls) == (0, "")
    assert "sudo apt-get install strace" in told

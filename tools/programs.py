"""Find the programs the tests need besides Python, PostgreSQL and Chromium; install them where allowed.

``python tools/programs.py [postgres] [chromium]``, both when none is named. Standard library only. The
tests import the two ``find_`` functions, so that what was looked for and what is used are the same.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

POSTGRES_PROGRAMS = ("initdb", "pg_ctl", "postgres", "pg_dump", "pg_restore", "psql")
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
# Debian's postgresql package makes and starts a server of its own when it is installed; the tests bring
# theirs. The file says no while the package is being installed and is gone afterwards.
NO_MAIN_CLUSTER = Path("/etc/postgresql-common/createcluster.d/quartiersraum-tests.conf")


def find_postgres() -> Path | None:
    """The newest folder that holds the server's programs and, beside it, the extension btree_gist."""
    folders = [Path(name).resolve().parent for name in filter(None, [shutil.which("initdb")])]
    folders += [*Path("/usr/lib/postgresql").glob("*/bin"), *Path("/usr").glob("pgsql-*/bin")]
    folders += [Path("/usr/local/bin"), Path("/usr/bin"), Path("/opt/homebrew/bin")]
    good = [folder for folder in dict.fromkeys(folders) if _complete(folder)]
    return max(good, key=_version, default=None)


def find_chromium() -> str | None:
    """A Chromium or Chrome that can be started; ``CHROMIUM`` in the environment names another."""
    named = os.environ.get("CHROMIUM")
    if named:
        return shutil.which(named)
    for name in CHROMIUM_NAMES:
        found = shutil.which(name) or shutil.which(name, path="/usr/bin:/usr/local/bin:/opt/google/chrome")
        if found and not _waits_for_snap(Path(found)):
            return found
    own = Path.home() / ".cache" / "ms-playwright"
    return max(map(str, own.glob("chromium-*/chrome-linux*/chrome")), default=None)


def _complete(folder: Path) -> bool:
    if not all((folder / name).exists() for name in POSTGRES_PROGRAMS):
        return False
    shares = [folder.parent / "share", Path("/usr/share/postgresql") / folder.parent.name]
    shares += [folder.parent / "share" / "postgresql", Path("/usr/share/pgsql")]
    return any((share / "extension" / "btree_gist.control").exists() for share in shares)


def _version(folder: Path) -> tuple[int, ...]:
    said = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True).stdout
    return tuple(int(part) for part in re.findall(r"\d+", said)[:2])


def _waits_for_snap(program: Path) -> bool:
    """Ubuntu's chromium-browser is a shell script that only tells how to install the snap."""
    try:
        with program.open("rb") as file:
            start = file.read(4000)
    except OSError:
        return True
    return start.startswith(b"#!") and b"snap" in start and not Path("/snap/bin/chromium").exists()


def main(wanted: list[str]) -> int:
    finders: dict[str, Callable[[], object]] = {"postgres": find_postgres, "chromium": find_chromium}
    packages = {"postgres": "postgresql", "chromium": "chromium"}
    missing = [name for name in (wanted or list(finders)) if finders[name]() is None]
    if not missing:
        return 0
    fault = install([packages[name] for name in missing])
    missing = [name for name in missing if finders[name]() is None]
    if not missing:
        return 0
    sentences = {
        "postgres": "PostgreSQL's server programs with the extension btree_gist (Debian, Ubuntu: postgresql; "
        "Fedora: postgresql-server postgresql-contrib)",
        "chromium": "Chromium or Google Chrome (Debian: chromium; or say where it is: CHROMIUM=/path make test)",
    }
    print("The tests need " + " and ".join(sentences[name] for name in missing) + ".", file=sys.stderr)
    if fault:
        print(fault, file=sys.stderr)
    print("Everything that works without them runs with: make test-sqlite", file=sys.stderr)
    return 1


def install(packages: list[str]) -> str:
    """Ask apt-get for `packages`; empty when it did, otherwise why not, in one sentence."""
    apt = shutil.which("apt-get")
    if apt is None:
        return "There is no apt-get here, so they were not installed by themselves."
    become: list[str] = []
    if os.geteuid() != 0:
        sudo = shutil.which("sudo")
        if sudo is None or subprocess.run([sudo, "-n", "true"], capture_output=True).returncode != 0:
            return f"Installing needs root: sudo apt-get install {' '.join(packages)}"
        become = [sudo, "-n"]
    print(f"Installing {' and '.join(packages)} with apt-get; this takes a minute or two …", file=sys.stderr)
    with_postgres = "postgresql" in packages
    try:
        if with_postgres:
            _as_root([*become, "mkdir", "-p", str(NO_MAIN_CLUSTER.parent)])
            _as_root([*become, "tee", str(NO_MAIN_CLUSTER)], "create_main_cluster = false\n")
        quiet = ["env", "DEBIAN_FRONTEND=noninteractive", apt, "-q", "-y", "-o", "Dpkg::Use-Pty=0"]
        said = _as_root([*become, *quiet, "update"])
        said = _as_root([*become, *quiet, "install", "--no-install-recommends", *packages]) and said
    finally:
        if with_postgres:
            _as_root([*become, "rm", "-f", str(NO_MAIN_CLUSTER)])
    return f"apt-get could not install them: {said}" if said else ""


def _as_root(command: list[str], text: str = "") -> str:
    """Run; empty when it went well, otherwise the last lines it said."""
    done = subprocess.run(command, input=text, capture_output=True, text=True)
    return "" if done.returncode == 0 else "\n".join((done.stdout + done.stderr).strip().splitlines()[-3:])


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)

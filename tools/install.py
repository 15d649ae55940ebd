"""Install what the house (or, with ``--dev``, its tests) needs into ``.venv``; quick when all is there.

Standard library only, because it runs before anything is installed; and written so that an old Python
can at least read it and say that it is too old.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
OLDEST = (3, 11)


class Trouble(Exception):
    """What went wrong and what to do about it, in a sentence or two."""


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main(arguments: list[str]) -> int:
    if sys.version_info < OLDEST:
        return with_newer_python(arguments)
    try:
        # Two makes at once (a test run beside a running house) must not write one .venv together.
        with Path(__file__).open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            make_venv()
            install("requirements.txt", "the house")
            if "--dev" in arguments:
                install("requirements-dev.txt", "the tests")
            browser_files(arguments)
            translations()
    except Trouble as trouble:
        say(str(trouble))
        return 1
    except KeyboardInterrupt:
        say("Stopped. What is installed so far stays; the next start goes on from there.")
        return 130
    return 0


def with_newer_python(arguments: list[str]) -> int:
    """Debian's and macOS's ``python3`` may be old while a newer one stands beside it."""
    for minor in range(19, OLDEST[1] - 1, -1):
        newer = shutil.which(f"python3.{minor}")
        if newer and os.path.realpath(newer) != os.path.realpath(sys.executable):
            works = subprocess.call([newer, "-c", "import venv, ensurepip"], stderr=subprocess.DEVNULL) == 0
            if works:
                os.execv(newer, [newer, __file__, *arguments])
    say(
        f"Python {OLDEST[0]}.{OLDEST[1]} or newer is needed; {sys.executable} is {sys.version.split()[0]}. "
        "Install a newer one, or name it: make run PYTHON=/path/to/python3"
    )
    return 1


def make_venv() -> None:
    """A virtual environment that works; one left behind by a removed Python is made again."""
    if PYTHON.exists():
        probe = f"import sys, pip; sys.exit(sys.version_info < {OLDEST})"
        if subprocess.run([PYTHON, "-c", probe], capture_output=True).returncode == 0:
            return
        say("The Python in .venv no longer works; making it again …")
    else:
        say(f"Making .venv with Python {sys.version.split()[0]} …")
    done = subprocess.run([sys.executable, "-m", "venv", "--clear", VENV], capture_output=True, text=True)
    if done.returncode != 0:
        shutil.rmtree(VENV, ignore_errors=True)
        if "ensurepip" in done.stdout + done.stderr:
            package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
            raise Trouble(
                f"This Python has no working venv. On Debian and Ubuntu: sudo apt-get install python3-venv (or {package})."
            )
        raise Trouble(f"Could not make .venv: {last_lines(done.stdout + done.stderr, 3)}")


def install(name: str, purpose: str) -> None:
    """Exactly the versions and files in `name`; nothing to do while the file is the one last installed."""
    wanted = ROOT / name
    if not wanted.exists():
        raise Trouble(f"{name} is missing from the checkout.")
    stamp = VENV / f"installed-{name}"
    digest = hashlib.sha256(wanted.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text().strip() == digest:
        return
    say(f"Installing the packages of {purpose} ({name}); this takes a minute the first time …")
    command = [str(PYTHON), "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]
    done = subprocess.run(
        [*command, "--require-hashes", "-r", str(wanted)], stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    if done.returncode != 0:
        raise Trouble(
            f"Could not install {name}. Is there a network, or a package index that pip knows? pip says:\n"
            + last_lines(done.stdout + done.stderr, 12)
        )
    stamp.write_text(digest + "\n")


def browser_files(arguments: list[str]) -> None:
    """Fonts, styles and scripts the pages use; tools/assets.py knows which, and whether anything is to do."""
    command = [str(PYTHON), str(ROOT / "tools" / "assets.py"), *(word for word in arguments if word == "--dev")]
    if subprocess.run(command, stdin=subprocess.DEVNULL).returncode != 0:
        raise Trouble("The browser files could not be put in place; the lines above say why.")


def translations() -> None:
    """Machine-readable catalogues beside the readable ones, where those are newer."""
    folder = ROOT / "app" / "translations"
    stale = [
        po
        for po in folder.glob("*/LC_MESSAGES/*.po")
        if not po.with_suffix(".mo").exists() or po.with_suffix(".mo").stat().st_mtime < po.stat().st_mtime
    ]
    for po in stale:
        command = [str(VENV / "bin" / "pybabel"), "--quiet", "compile", "-i", str(po)]
        command += ["-o", str(po.with_suffix(".mo"))]
        done = subprocess.run([*command, "-l", po.parent.parent.name], capture_output=True, text=True)
        if done.returncode != 0:
            where = po.relative_to(ROOT)
            raise Trouble(f"{where} could not be compiled: {last_lines(done.stdout + done.stderr, 4)}")


def last_lines(text: str, count: int) -> str:
    return "\n".join(text.strip().splitlines()[-count:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Compile the three requirement files from pyproject.toml: exact versions, hashes, for every platform, no addresses.

    python tools/requirements.py                 keep what is pinned, add and remove what pyproject.toml says
    python tools/requirements.py --upgrade       newest allowed versions
    python tools/requirements.py --upgrade-package flask

Development may not disagree with production, so its file is compiled with the other as a constraint.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OWN = ROOT / ".venv" / "compiler"
SOURCES = {
    "requirements.txt": ["pyproject.toml"],
    "requirements-dev.txt": ["pyproject.toml", "--group", "dev", "--constraint", "requirements.txt"],
    "requirements-node.txt": ["--group", "node"],
}


def main(arguments: list[str]) -> int:
    uv = compiler()
    if uv is None:
        print("uv is needed to compile requirements, and could not be installed beside .venv.", file=sys.stderr)
        return 1
    for name, sources in SOURCES.items():
        command = [uv, "pip", "compile", *arguments, "--quiet", "--universal", "--generate-hashes", "--python-version", "3.11"]
        command += ["--no-emit-index-url", "--no-emit-find-links", "--no-annotate", "--no-header", "--no-config"]
        before = (ROOT / name).read_text() if (ROOT / name).exists() else ""
        done = subprocess.run([*command, "--output-file", name, *sources], cwd=ROOT, capture_output=True, text=True)
        if done.returncode != 0:
            print(f"{name} could not be compiled:\n{done.stderr.strip()}", file=sys.stderr)
            return 1
        text = (ROOT / name).read_text()
        if "://" in text:
            (ROOT / name).write_text(before)
            print(f"{name} would name an address; it was left as it was.", file=sys.stderr)
            return 1
        old, new = pins(before), pins(text)
        for package in sorted(old.keys() | new.keys()):
            if old.get(package) != new.get(package):
                print(f"{name}: {package} {old.get(package, 'new')} -> {new.get(package, 'gone')}")
    print("requirements are up to date")
    return 0


def pins(text: str) -> dict[str, str]:
    return dict(re.findall(r"^([A-Za-z0-9._-]+)==(\S+)", text, re.MULTILINE))


def compiler() -> str | None:
    """uv from the machine, or one of our own in a corner of .venv, where it disturbs nothing."""
    found = shutil.which("uv") or shutil.which("uv", path=str(OWN / "bin"))
    if found:
        return found
    print("Installing uv for this …", flush=True)
    pip = [str(OWN / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "uv"]
    for command in ([sys.executable, "-m", "venv", str(OWN)], pip):
        if subprocess.run(command).returncode != 0:
            return None
    return shutil.which("uv", path=str(OWN / "bin"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Style, types and floors hold; run as programs, the way a developer runs them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from config import ROOT

BIN = Path(sys.executable).parent


@pytest.mark.parametrize(
    "command",
    [["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy"], ["lint-imports"]],
    ids=["ruff", "format", "mypy", "floors"],
)
def test_the_code_passes(command: list[str]) -> None:
    ran = subprocess.run([BIN / command[0], *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout[-6000:] + ran.stderr[-2000:]


def _tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.fail("these checks look at what git tracks, and this is not a git checkout")
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def test_no_file_names_the_host_of_a_package_registry() -> None:
    hosts = re.compile(
        r"|".join([r"pypi\." + "org", r"pythonhosted\." + "org", r"registry\.npmjs\." + "org", r"deb\.debian\." + "org"])
    )
    named = [file for file in _tracked() if file.suffix not in {".png", ".woff2", ".ttf"} and hosts.search(_text(file))]
    assert named == []


def test_every_requirement_is_pinned_with_a_hash() -> None:
    for file in ROOT.glob("requirements*.txt"):
        text = file.read_text(encoding="utf-8").replace("\\\n", " ")
        for line in filter(None, (line.split("#")[0].strip() for line in text.splitlines())):
            assert "==" in line and "--hash=sha256:" in line, f"{file.name}: {line[:80]}"


def test_nothing_is_left_for_later() -> None:
    later = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b|NotImplemented" + "Error")
    found = [file for file in _tracked() if file.suffix in {".py", ".html", ".js", ".css"} and later.search(_text(file))]
    assert found == []


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8", errors="replace")

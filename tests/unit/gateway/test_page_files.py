"""The page as files: complete, unchanged since it was fetched, and asking nobody else."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[3]
STATIC = REPOSITORY / "services/gateway/src/sauda_gateway/static"
OURS = sorted(
    path
    for path in STATIC.rglob("*")
    if path.suffix in (".js", ".css", ".html") and "vendor" not in path.parts
)
NAMED = {
    ".js": re.compile(r"""(?:\bfrom|\bimport\()\s*["'](\.[^"']+)["']"""),
    ".css": re.compile(r"""url\("([^"]+)"\)"""),
    ".html": re.compile(r"""(?:href|src)="([^"]+)\""""),
}


def check(root: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, str(root / "scripts/vendor"), "--check"], capture_output=True, text=True, check=False
    )


def test_the_libraries_are_those_that_were_fetched() -> None:
    assert check(REPOSITORY).stderr == ""


def test_a_library_that_was_changed_is_named(tmp_path: Path) -> None:
    vendor = STATIC.relative_to(REPOSITORY) / "vendor"
    for part in ("scripts", vendor):
        (tmp_path / part).mkdir(parents=True)
    (tmp_path / "scripts/vendor").write_text((REPOSITORY / "scripts/vendor").read_text())
    (tmp_path / vendor / "hashes.json").write_text(
        f'{{"preact": {{"files": {{"{vendor}/preact.js": "{"0" * 64}"}}}}}}'
    )
    (tmp_path / vendor / "preact.js").write_text("changed")

    done = check(tmp_path)

    assert done.returncode == 1
    assert "preact.js is not the file that was fetched" in done.stderr


@pytest.mark.parametrize("path", OURS, ids=lambda path: str(path.relative_to(STATIC)))
def test_what_a_file_asks_for_is_there(path: Path) -> None:
    missing = [
        one for one in NAMED[path.suffix].findall(path.read_text()) if not (path.parent / one).exists()
    ]

    assert missing == []


def test_every_library_has_its_licence() -> None:
    names = {path.stem for path in (STATIC / "vendor/licences").iterdir()}
    assert {"preact", "htm", "lightweight-charts", "dagrejs-dagre", "lucide-static"} <= names

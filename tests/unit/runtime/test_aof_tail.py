"""Only an unfinished end is taken off Redis' file; a broken file is left for its owner to look at."""

import subprocess
from pathlib import Path

import pytest

from sauda.runtime.aof_tail import LARGEST_TAIL, MANIFEST, check_tool, mending


@pytest.fixture
def tool(tmp_path: Path) -> Path:
    """A tool that says what it finds as Redis' own does, and writes down that it was told to cut."""
    (tmp_path / MANIFEST).parent.mkdir()
    (tmp_path / MANIFEST).touch()
    (tmp_path / MANIFEST).with_name("x").touch()
    made = tmp_path / "redis-check-aof"
    made.write_text(
        '#!/bin/sh\n[ "$1" = --fix ] && { read answer; echo "$answer" >fixed; exit 0; }\n'
        'echo "AOF analyzed: filename=x, size=9, ok_up_to=1, ok_up_to_line=1, diff=$(cat found)"\n'
    )
    made.chmod(0o755)
    return made


@pytest.mark.parametrize(("found", "cut"), [(0, False), (285, True), (LARGEST_TAIL + 1, False)])
def test_only_an_unfinished_end_is_cut(tool: Path, found: int, cut: bool) -> None:
    (tool.parent / "found").write_text(str(found))

    subprocess.run(["sh", "-c", mending(str(tool))], cwd=tool.parent, check=True)

    assert (tool.parent / "fixed").exists() == cut


def test_damage_with_finished_transactions_behind_it_is_not_cut(tool: Path) -> None:
    (tool.parent / "found").write_text("40")
    rest = b"*1\r\n$5\r\nMUL\0I\r\n*1\r\n$4\r\nEXEC\r\n*2\r\n$3\r\nDEL\r\n"
    (tool.parent / MANIFEST).with_name("x").write_bytes(b"what is whole" + rest)

    subprocess.run(["sh", "-c", mending(str(tool))], cwd=tool.parent, check=True)

    assert not (tool.parent / "fixed").exists()


def test_a_server_without_a_file_starts_as_it_is(tool: Path) -> None:
    (tool.parent / MANIFEST).unlink()

    subprocess.run(["sh", "-c", mending(str(tool))], cwd=tool.parent, check=True)

    assert not (tool.parent / "fixed").exists()


def test_the_tool_is_the_one_beside_the_server(tool: Path) -> None:
    assert check_tool(str(tool.with_name("redis-server"))) == str(tool)
    assert check_tool(str(tool.with_name("valkey-server"))) is None
    assert check_tool(str(tool)) is None

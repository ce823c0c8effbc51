"""``alembic-proof doctor``, in this process."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support.project import LIBRARY
from support.written import Written

from alembic_proof.cli.doctor import main
from alembic_proof.doctor.checks import ORDER
from alembic_proof.doctor.registry import STAGES


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Written:
    """A project on SQLite, in the working directory."""
    table = 'sa.Table("t", metadata, sa.Column("id", sa.Integer, primary_key=True))\n'
    project = Written(tmp_path / "shop", f"sqlite:///{tmp_path}/x.db", table)
    monkeypatch.chdir(project.path)
    return project


def test_all_of_it(written: Written, capsys: pytest.CaptureFixture[str]) -> None:
    """Every check, the three questions, and nothing of the process is changed afterwards."""
    before = (Path.cwd(), dict(os.environ))
    assert main([]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "The models register 1 tables: t" in lines
    assert "0 PROBLEM, 0 unknown" in lines[-1]
    assert [check.id for check in ORDER if any(check.id in re.split("[ ,]+", line) for line in lines)] == [
        c.id for c in ORDER
    ]
    assert (Path.cwd(), dict(os.environ)) == before


@pytest.mark.parametrize(
    ("arguments", "stages", "questions"),
    [
        (["--no-live"], ["static", "probe", "scratch"], False),
        (["--only", "static"], ["static"], False),
        (["--only", "static", "live"], ["static", "live"], False),
    ],
)
def test_a_part_of_it(
    written: Written,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    stages: list[str],
    questions: bool,
) -> None:
    """As JSON."""
    assert main([*arguments, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert [stage for stage in STAGES if stage in {check["stage"] for check in report["checks"]}] == stages
    assert bool(report["questions"]) is questions


def test_where_it_leads(written: Written, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The places that env.py asks for, for a doctor that asks from another directory."""
    assert main(["--where"]) == 0
    assert json.loads(capsys.readouterr().out) == [f"sqlite: {tmp_path}/x.db"]
    (written.path / "migrations/env.py").write_text("raise OSError\n")
    assert main(["--where"]) == 2


@pytest.mark.parametrize(
    ("name", "ids"),
    [
        ("all", [check.id for check in ORDER]),
        ("live", [check.id for check in ORDER if check.stage == "live"]),
        ("files-parse", ["files-parse"]),
    ],
)
def test_explanations(capsys: pytest.CaptureFixture[str], name: str, ids: list[str]) -> None:
    """Each in turn."""
    assert main(["--explain", name]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines if re.match(r"[a-z-]+ \((static|probe|scratch|live): ", line)] == ids


def test_without_docstrings(written: Written) -> None:
    """With -OO, Python leaves out what the titles of the checks are."""
    command = [sys.executable, "-OO", "-m", "alembic_proof", "doctor", "--only", "static"]
    environment = {**os.environ, "PYTHONPATH": str(LIBRARY)}
    done = subprocess.run(command, cwd=written.path, env=environment, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr


def test_packing(tmp_path: Path) -> None:
    """Writes a file."""
    assert main(["--pack", str(tmp_path / "doctor.pyz")]) == 0
    assert (tmp_path / "doctor.pyz").is_file()

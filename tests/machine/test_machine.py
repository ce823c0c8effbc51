"""Autogenerate on random pairs of schemas with rows: a fixed few here, thousands by ``python -m tests.machine``."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from support.databases import DATABASES, make_database

from machine.bench import Bench
from machine.findings import ALL, Result, report, search

PAIRS = {"sqlite": 40, "postgresql": 20, "mysql": 20}
ROOT = Path(__file__).parents[2]


def run(kind: str, directory: Path, allowed: frozenset[str], settings: str = "") -> tuple[Result, list[str]]:
    """Try pairs on a database; return the result, and a text for each way in which some failed."""
    with make_database(kind, directory) as work, make_database(kind, directory) as other:
        bench = Bench(directory, kind, work, other, settings)
        try:
            result = search(bench, PAIRS[kind], 1, allowed)
            return result, [report(finding, kind) for finding in result.findings.values()]
        finally:
            bench.close()


@pytest.mark.parametrize("kind", DATABASES)
def test_pairs(kind: str, tmp_path: Path) -> None:
    """Both schemas become what their models are, no value is lost, and alembic check is quiet."""
    result, failures = run(kind, tmp_path, ALL)
    assert not failures, "\n\n".join(failures)
    assert result.pairs == PAIRS[kind]
    assert len(result.changes) > 10  # kinds of them


def test_a_fault_is_found_and_made_small(tmp_path: Path) -> None:
    """Without one of its plug-ins, autogenerate does not see that a primary key has changed: nothing else is left."""
    _, failures = run("sqlite", tmp_path, frozenset({"primary key", "composite keys"}), 'off = ["keys"]')
    text = "\n".join(failures)
    assert "second, schema: constraint, another" in text
    assert text.count("Table(") == 2 * len(failures)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_a_summary(number: signal.Signals) -> None:
    """A run of thousands of pairs says what it has tried so far."""
    command = [sys.executable, "-m", "tests.machine", "--database", "sqlite", "--pairs", "100000", "--no-shrink"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "sqlite: from seed 0 on\n"
        process.send_signal(number)
        text = process.stdout.read()
    assert process.returncode == 0
    assert "pairs from seed 0 in" in text

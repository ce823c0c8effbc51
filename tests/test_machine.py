"""Autogenerate on random pairs of schemas with rows: a fixed few here, thousands by ``python -m tests.machine``."""

import importlib
import shutil
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import DATABASES, Project, make_database
from machine.bench import Bench
from machine.findings import ALL, Result, report, search, shrunk

PAIRS = {"sqlite": 60, "postgresql": 30, "mysql": 30}


@pytest.fixture(scope="module")
def machine_project(pristine: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """One project for all databases, as its package can be imported once."""
    copy = tmp_path_factory.mktemp("machine") / "shop"
    shutil.copytree(pristine.path, copy)
    return Project(copy, pristine.home)


def run(project: Project, kind: str, directory: Path, pairs: int, allowed: frozenset[str]) -> tuple[Result, list[str]]:
    """Try pairs on a database; return what came out, and a text for each way in which some failed."""
    database = contextmanager(make_database)
    with database(kind, directory) as work, database(kind, directory) as other:
        bench = Bench(project, kind, work, other)
        try:
            result = search(bench, pairs, 1, allowed)
            return result, [report(shrunk(bench, finding)) for finding in result.findings.values()]
        finally:
            bench.close()


@pytest.mark.parametrize("kind", DATABASES)
def test_pairs(machine_project: Project, kind: str, tmp_path: Path) -> None:
    """Both schemas come out as their models are built, no value is lost, and alembic check is quiet."""
    result, failures = run(machine_project, kind, tmp_path, PAIRS[kind], ALL)
    assert result.pairs == PAIRS[kind]
    assert len(result.changes) > 10  # kinds of them
    assert not failures, "\n\n".join(failures)


def test_a_fault_is_found_and_made_small(
    machine_project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without one of its plug-ins, autogenerate does not see that a primary key has changed: nothing else is left."""
    allowed = frozenset({"primary key", "composite keys"})
    with monkeypatch.context() as broken:
        broken.syspath_prepend(machine_project.path / "src")
        autogenerate = importlib.import_module(f"{machine_project.package}.db.autogenerate")
        broken.setattr(autogenerate, "PLUGINS", [name for name in autogenerate.PLUGINS if name != "keys"])
        _, failures = run(machine_project, "sqlite", tmp_path, 40, allowed)
    text = "\n".join(failures)
    assert "second, schema: constraint, another" in text
    assert text.count("Table(") == 2 * len(failures)

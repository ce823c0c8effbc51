"""Checks of what lies around a project."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from types import ModuleType

import pytest
from support.plain import INI, plain_project
from support.reports import outcomes

from alembic_proof.doctor.checks.surroundings import alembic_uses_this_configuration, libraries_are_not_hidden
from alembic_proof.doctor.findings import Note, Problem, Severity
from alembic_proof.doctor.project import Project

Lay = Callable[[dict[str, str]], Project]
RUNS, ENDS = "code-that-runs-is-the-projects", "database-outlives-the-command"


def test_alembic_config_leads_elsewhere(lay: Lay, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whichever of the two is examined; following the fix ends it."""
    other = tmp_path / "other/alembic.ini"
    other.parent.mkdir()
    other.write_text(INI)
    monkeypatch.chdir(lay({}).root)
    assert not list(alembic_uses_this_configuration.find(lay({})))
    monkeypatch.setenv("ALEMBIC_CONFIG", str(other))
    (finding,) = alembic_uses_this_configuration.find(lay({}))
    assert (finding.where, finding.fix) == ("alembic.ini", "unset ALEMBIC_CONFIG")
    assert f"leads alembic to {other}, not to this file" in finding.message
    (finding,) = alembic_uses_this_configuration.find(Project(other))
    assert finding.where == str(other)
    assert f"to this file, and not to {tmp_path}/alembic.ini" in finding.message
    monkeypatch.chdir(other.parent)
    assert not list(alembic_uses_this_configuration.find(Project(other)))
    monkeypatch.delenv("ALEMBIC_CONFIG")
    assert not list(alembic_uses_this_configuration.find(lay({})))


@pytest.mark.parametrize(
    ("file", "on_path", "kind", "renamed"),
    [
        ("sqlalchemy.py", True, Problem, "sqlalchemy.py"),
        ("alembic/__init__.py", True, Problem, "alembic"),
        ("src/alembic.py", False, Note, "src/alembic.py"),
        ("alembic/env.py", True, None, ""),  # no package: import passes over it
        ("models.py", True, None, ""),
    ],
)
def test_libraries_are_not_hidden(
    lay: Lay, monkeypatch: pytest.MonkeyPatch, file: str, on_path: bool, kind: type | None, renamed: str
) -> None:
    """It is a problem where import finds it now."""
    project = lay({file: ""})
    if on_path:
        monkeypatch.syspath_prepend(str(project.root))
    findings = list(libraries_are_not_hidden.find(project))
    assert [type(finding) for finding in findings] == [kind] * bool(kind)
    assert [finding.where for finding in findings] == [file] * bool(kind)
    assert [finding.fix for finding in findings] == [f"rename {renamed}"] * bool(kind)


@pytest.mark.parametrize(
    ("place", "distributions", "severity", "words"),
    [
        ("", [], Severity.OK, ""),
        ("lib/site-packages", ["shop-service"], Severity.PROBLEM, "pip install -e ."),
        ("lib/site-packages", ["another-shop"], Severity.OK, ""),  # a library of the same name
        ("elsewhere", [], Severity.PROBLEM, "off the path"),
    ],
)
def test_code_that_runs_is_the_projects(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    place: str,
    distributions: list[str],
    severity: Severity,
    words: str,
) -> None:
    """Not a copy that was installed, or that another path leads to."""
    files = {"src/shop/__init__.py": "", "pyproject.toml": '[project]\nname = "shop.service"\n'}
    project = plain_project(tmp_path / "work", files=files)
    used = (tmp_path / place if place else project.root / "src") / "shop/__init__.py"
    used.parent.mkdir(parents=True, exist_ok=True)
    used.write_text("")
    module = ModuleType("shop")
    module.__file__ = str(used)
    monkeypatch.setitem(sys.modules, "shop", module)
    monkeypatch.setattr(metadata, "packages_distributions", lambda: {"shop": distributions})
    outcome = outcomes(project, RUNS)[RUNS]
    assert outcome.severity is severity
    for finding in outcome.findings:
        assert finding.where == "src/shop"
        assert f"import shop finds the copy in {used.parent}: what is edited in src/shop" in finding.message
        assert words in finding.fix


@pytest.mark.parametrize(
    ("url", "severity"),
    [
        ("sqlite:///%(here)s/a.db", Severity.OK),
        ("sqlite://", Severity.PROBLEM),
        ("sqlite:///:memory:", Severity.PROBLEM),
        ("sqlite:///file:x?mode=memory&uri=true", Severity.PROBLEM),
    ],
)
def test_database_outlives_the_command(tmp_path: Path, url: str, severity: Severity) -> None:
    """One in memory does not."""
    project = plain_project(tmp_path, files={"alembic.ini": INI.replace("sqlite:///%(here)s/a.db", url)})
    assert outcomes(project, ENDS)[ENDS].severity is severity

"""Checks of what lies around a project: the environment, the path on which modules are found, and the database."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from importlib.machinery import PathFinder
from pathlib import Path

from ...errors import NotApplicableError, UndeterminedError
from ..configuration import find_config
from ..findings import Finding, Note, Problem
from ..project import Project
from ..registry import check
from ..world import copied_packages


@check("alembic-uses-this-configuration", "static")
def alembic_uses_this_configuration(project: Project) -> Iterable[Finding]:
    """The environment leads alembic to no other project

    ALEMBIC_CONFIG wins over the alembic.ini of the working directory: alembic upgrade then migrates another database.
    """
    named = project.environment.get("ALEMBIC_CONFIG")
    if not named:
        return
    used, here = Path(named).resolve(), _own_config()
    if used != project.configuration.file:
        message = f"ALEMBIC_CONFIG in the environment leads alembic to {used}, not to this file"
        yield Problem(project.name(project.configuration.file), message, "unset ALEMBIC_CONFIG")
    elif here not in (None, used):
        message = f"ALEMBIC_CONFIG in the environment leads alembic to this file, and not to {here}"
        yield Problem(str(used), message, "unset ALEMBIC_CONFIG")


def _own_config() -> Path | None:
    """Return the configuration of the working directory itself."""
    files = [Path.cwd() / name for name in ("alembic.ini", "pyproject.toml")]
    found = find_config(Path.cwd()) if any(file.is_file() for file in files) else None
    return found if found in files else None


_LIBRARIES = ("alembic", "sqlalchemy")


@check("libraries-are-not-hidden", "static", essential=True)
def libraries_are_not_hidden(project: Project) -> Iterable[Finding]:
    """No file of the project has the name of a library that it needs

    A sqlalchemy.py, or a directory alembic/ with an __init__.py, is what import finds, wherever it comes first.
    """
    for name in _LIBRARIES:
        for path in _namesakes(project, name):
            spec = PathFinder.find_spec(name, [entry for entry in sys.path if entry])
            found = spec is not None and spec.origin is not None and Path(spec.origin).resolve() == path.resolve()
            message = f"it has the name of the library {name}: import {name} finds this file"
            kind = Problem if found else Note
            where = "" if found else " where its directory comes first, as with python -m alembic"
            renamed = path.parent if path.name == "__init__.py" else path
            yield kind(project.name(path), message + where, f"rename {project.name(renamed)}")


def _namesakes(project: Project, library: str) -> Iterator[Path]:
    """Yield the files of a project that import would take for a library."""
    for base in dict.fromkeys((project.root, project.sources, project.configuration.file.parent)):
        paths = (base / f"{library}.py", base / library / "__init__.py")
        yield from (path for path in paths if path.is_file() and project.is_inside(str(path)))


@check("code-that-runs-is-the-projects", "probe")
def code_that_runs_is_the_projects(project: Project) -> Iterable[Finding]:
    """The models that env.py imports are the ones that lie in the project

    A package that was installed as a copy stays as it was: what is edited in the project is not what alembic runs.
    """
    for name, (used, edited) in copied_packages(project).items():
        message = f"import {name} finds the copy in {used}: what is edited in {project.name(edited)} is not what runs"
        fix = (
            "pip install -e .  (in place of the copy)" if "site-packages" in str(used) else f"take {used} off the path"
        )
        yield Problem(project.name(edited), message, fix)


@check("database-outlives-the-command", "probe")
def database_outlives_the_command(project: Project) -> Iterable[Finding]:
    """The database is still there when the command has ended

    An SQLite database in memory is a new, empty one in every process: alembic upgrade succeeds, and nothing is left.
    """
    from ...url import in_memory

    try:
        databases = project.live()
    except UndeterminedError as reason:
        raise NotApplicableError(str(reason)) from None
    for _, url in databases:
        if url.get_backend_name() == "sqlite" and in_memory(url):
            message = "it leads to an SQLite database in memory, which ends with each command"
            where = project.name(project.env)
            if re.match(r"sqlite\b(?!.*/\w)", project.options.get("sqlalchemy.url", "")):
                where = project.place_of_option("sqlalchemy.url")
            yield Problem(where, message, "name a file: sqlite:///app.db")

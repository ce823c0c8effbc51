"""Which world is examined: the files, the interpreter, the packages and the database. The report begins with it."""

from __future__ import annotations

import contextlib
import sys
from importlib import metadata
from pathlib import Path

from .project import Project


def world(project: Project) -> dict[str, str]:
    """Return what is examined, by kind: what the text of the files tells, and the interpreter that runs."""
    libraries = ", ".join(f"{name} {_version(name)}" for name in ("alembic", "sqlalchemy"))
    configuration = project.configuration
    section = "" if configuration.section == "alembic" else f" [{configuration.section}]"
    return {
        "project": str(project.root),
        "configuration": project.name(configuration.file) + section,
        "env.py": project.name(project.env),
        "python": f"{sys.executable} ({'.'.join(map(str, sys.version_info[:3]))}), {libraries}",
    }


def loaded_world(project: Project) -> dict[str, str]:
    """Return what is known once env.py has run: from where the project's packages come, and the database."""
    found = {"package": ", ".join(f"{name} from {place}" for name, place in packages(project).items())}
    with contextlib.suppress(Exception, SystemExit):
        from ..url import masked

        found["database"] = ", ".join(masked(url) for _, url in project.live())
    return {kind: text for kind, text in found.items() if text}


def packages(project: Project) -> dict[str, str]:
    """Return the packages of the project that are loaded, each with its directory or file."""
    files = {
        name: module.__file__
        for name, module in list(sys.modules.items())
        if "." not in name and getattr(module, "__file__", None) and project.has_module(name)
    }
    places = {name: Path(file) for name, file in files.items() if file}
    return {name: project.name(file.parent if file.name == "__init__.py" else file) for name, file in places.items()}


def _version(library: str) -> str:
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return "is missing"

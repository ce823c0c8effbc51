"""Which world is examined: the files, the interpreter, the packages and the database. The report begins with it."""

from __future__ import annotations

import contextlib
import re
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


def copied_packages(project: Project) -> dict[str, tuple[Path, Path]]:
    """Return the packages that run from elsewhere though the project has them: where each is, and where it was meant.

    What another distribution installed under the same name is no copy.
    """
    found = {}
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if "." not in name and file and not project.is_inside(file):
            used = Path(file)
            bases = (project.sources, project.root)
            edited = next((base / _tail(used) for base in bases if (base / _tail(used)).is_file()), None)
            if edited and not edited.samefile(used) and _is_copy(project, name, used):
                found[name] = (used.parent, edited.parent) if used.name == "__init__.py" else (used, edited)
    return found


def _tail(file: Path) -> Path:
    """Return the part of a path below the directory on sys.path: ``shop/__init__.py``, or ``shop.py``."""
    return Path(file.parent.name, file.name) if file.name == "__init__.py" else Path(file.name)


def _is_copy(project: Project, name: str, used: Path) -> bool:
    """Tell whether a module is the project's own, installed or found elsewhere, and no library of the same name."""
    if "site-packages" not in used.parts and "dist-packages" not in used.parts:
        return not used.is_relative_to(sys.base_prefix) and not used.is_relative_to(Path(__file__).parents[2])
    text = project.pyproject.read_text("utf-8", errors="replace") if project.pyproject.is_file() else ""
    named = re.search(r"^name\s*=\s*[\"']([^\"']+)", text, re.MULTILINE)
    own = {_normalized(named[1] if named else name), _normalized(name)}
    return bool(own & {_normalized(each) for each in metadata.packages_distributions().get(name, ())})


def _normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _version(library: str) -> str:
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return "is missing"

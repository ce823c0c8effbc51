"""Which world is examined."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from alembic_proof.doctor import world
from alembic_proof.doctor.project import Project

Lay = Callable[[dict[str, str]], Project]


def test_what_is_known_before_anything_runs(lay: Lay) -> None:
    """The files, and the interpreter with its libraries."""
    project = lay({"migrations/env.py": ""})
    told = world.world(project)
    assert told["project"] == str(project.root)
    assert (told["configuration"], told["env.py"]) == ("alembic.ini", "migrations/env.py")
    assert told["python"].startswith(f"{sys.executable} (3.")
    assert "alembic 1." in told["python"]
    assert "sqlalchemy " in told["python"]


def test_another_section_is_named(lay: Lay) -> None:
    """As one ini may have several."""
    root = lay({"migrations/env.py": ""}).root
    assert world.world(Project(root / "alembic.ini", "orders"))["configuration"] == "alembic.ini [orders]"


def test_a_library_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Has no version."""
    assert world._version("no-such-library") == "is missing"


def test_from_where_the_packages_come(lay: Lay, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the project, or from a copy elsewhere; modules of libraries are left out."""
    project = lay({"src/shop/__init__.py": "", "app.py": "", "migrations/env.py": ""})
    for name, file in (("shop", "/lib/site-packages/shop/__init__.py"), ("app", str(project.root / "app.py"))):
        module = ModuleType(name)
        module.__file__ = str(Path(file))
        monkeypatch.setitem(sys.modules, name, module)
    assert world.packages(project) == {"shop": "/lib/site-packages/shop", "app": "app.py"}

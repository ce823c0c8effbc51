"""What the owner of a generated project gets to own is little, and reads like anybody's Alembic project."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from support.project import REPOSITORY, Project

Bake = Callable[..., Project]
PYTHON, README, ENV = 320, 120, 60  # lines at most
WITH_FRAMEWORK = 520  # with application, resource and their tests


@pytest.mark.parametrize(
    ("database", "framework"),
    [
        ("sqlite", "none"),
        ("postgresql", "none"),
        ("mysql", "none"),
        ("mysql", "fastapi"),
        ("mysql", "fastapi-async"),
        ("mysql", "flask"),
    ],
)
def test_a_project_is_thin(bake: Bake, database: str, framework: str) -> None:
    """All of its Python, tests included; env.py; README."""
    project = bake(database=database, framework=framework).path
    lines = {
        path.relative_to(project).as_posix(): len(path.read_text(encoding="utf-8").splitlines())
        for path in (*project.rglob("*.py"), project / "README.md")
    }
    assert lines.pop("README.md") <= README
    assert lines["migrations/env.py"] <= ENV
    assert sum(lines.values()) <= (PYTHON if framework == "none" else WITH_FRAMEWORK), lines


def test_env_py_is_what_every_user_of_alembic_recognises() -> None:
    """The metadata's import, the URL, both functions, and the if/else that calls them; not a line of Jinja's."""
    env = (REPOSITORY / "{{cookiecutter.project_slug}}/migrations/env.py").read_text(encoding="utf-8")
    assert "{%" not in env
    for line in (
        "from {{ cookiecutter.__package_name }}.models import Base",
        "from {{ cookiecutter.__package_name }}.settings import database_url",
        "target_metadata = Base.metadata",
        "def run_migrations_offline() -> None:",
        "def run_migrations_online() -> None:",
        "if context.is_offline_mode():\n    run_migrations_offline()\nelse:\n    run_migrations_online()\n",
    ):
        assert line in env


def test_models_are_registered_at_any_depth(project: Project) -> None:
    """In a package of the package, and in a file whose name is no identifier; an editor's hidden file is no model."""
    model = "from shop.models.base import Base\nfrom sqlalchemy.orm import Mapped, mapped_column\n\n\nclass X(Base):\n"
    model += '    __tablename__ = "NAME"\n    id: Mapped[int] = mapped_column(primary_key=True)\n'
    project.write("src/shop/models/deep/__init__.py", model.replace("NAME", "deep"))
    project.write("src/shop/models/deep/er/further.py", model.replace("NAME", "further"))
    project.write("src/shop/models/odd-name.py", model.replace("NAME", "odd"))
    project.write("src/shop/models/.#book.py", "raise SystemExit('hidden')")
    project.write("src/shop/models/.cache/x.py", "raise SystemExit('hidden')")
    output = project.ok("python", "-c", "from shop.models import Base; print(*sorted(Base.metadata.tables))")
    assert output.split() == ["author", "book", "deep", "further", "odd"]


def test_no_file_says_what_another_one_says_too(project: Project) -> None:
    """The version of the library is in pyproject.toml, twice, and in the name of the wheel: the same."""
    (wheel,) = (project.path / "vendor").iterdir()
    text = (project.path / "pyproject.toml").read_text(encoding="utf-8")
    versions = re.findall(r"\d+\.\d+\.\d+\+h[0-9a-f]+", text)
    assert versions == [wheel.name.split("-")[1]] * 2

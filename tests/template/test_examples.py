"""The example models can be deleted and changed, as the README says: everything else goes on."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from support.project import Project

Render = Callable[..., Project]
PYTEST = ("pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist")
FRAMEWORKS = ["none", "fastapi", "fastapi-async", "flask"]
MODEL = """\
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base


class Parcel(Base):
    __tablename__ = "parcel"

    id: Mapped[int] = mapped_column(primary_key=True)
"""


def with_dotenv(project: Project) -> Project:
    """Return the project with a .env, which the hook writes."""
    project.write(".env", (project.path / ".env.example").read_text(encoding="utf-8"))
    return project


def without_examples(project: Project) -> Project:
    """Return the project after somebody has done what its README says about the examples."""
    readme = (project.path / "README.md").read_text(encoding="utf-8")
    sentences = readme.partition("The models are examples.")[2].partition("\n\n")[0]
    files = re.findall(r"`((?:src|tests)/\S+\.py)`", sentences)
    assert len(files) >= 3
    for file in files:
        (project.path / file).unlink()
    app = project.sources / "app.py"
    if "`app.py`" in sentences:
        lines = [line for line in app.read_text("utf-8").splitlines(True) if "(authors." not in line]
        app.write_text("".join(lines).replace("from . import authors, db", "from . import db"), "utf-8")
    rest = [path for folder in ("src", "tests") for path in (project.path / folder).rglob("*.py")]
    assert not [path for path in rest if re.search("author|book", path.read_text("utf-8"))]
    return project


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_without_them_the_tests_pass(render: Render, framework: str) -> None:
    """Those of revisions are skipped, and say that there are none; the application starts."""
    project = without_examples(with_dotenv(render(project_name="Shop", framework=framework)))
    output = project.ok(*PYTEST, "-rs", "-k", "not the_doctor")  # which wants the wheel that the hook writes
    assert "there are no models and no revisions yet" in output
    assert framework == "none" or "passed" in output
    project.ok("ruff", "check", ".")
    project.ok("ruff", "format", "--check", ".")


def test_without_them_the_commands_go_on(project: Project) -> None:
    """No model and no revision is a state that is told, and no fault; then comes the first model."""
    without_examples(project)
    doctor = project.doctor()
    assert doctor.returncode == 0, doctor.stdout
    assert "there are no models and no revisions yet" in doctor.stdout
    assert " 0 PROBLEM, 0 unknown" in doctor.stdout
    project.alembic("upgrade head", "check", "current")
    assert "The models have no table" in project.refused()
    project.write("src/shop/models/parcel.py", MODEL)
    text = project.change("first tables")
    assert "create_table('parcel'" in text
    assert "first tables" in text


def test_tables_that_a_revision_has_created_are_dropped(project: Project) -> None:
    """By the next one, which asks first."""
    project.change("first tables")
    without_examples(project)
    doctor = project.doctor("--no-live")
    assert "shop.models: no model is left there, and revisions made tables" in doctor.stdout
    assert "set it: target_metadata" not in doctor.stdout
    project.write("src/shop/models/parcel.py", MODEL)
    assert "-x allow-drop" in project.refused("no-rename")
    text = project.change("our own", "no-rename", "allow-drop")
    assert text.count("# destroys data") >= 2
    assert "passed" in project.ok(*PYTEST, "tests/test_migrations.py")


def test_a_column_that_is_renamed_breaks_no_test_of_the_migrations(project: Project) -> None:
    """They know no column of the examples."""
    for path in (project.path / "src").rglob("*.py"):
        path.write_text(path.read_text("utf-8").replace("pages", "sheets").replace("email", "mail"), "utf-8")
    assert "failed" not in project.ok(*PYTEST, "tests/test_migrations.py")


def test_models_that_are_not_found_are_a_fault(project: Project) -> None:
    """Another Base than the one that env.py hands over: this is no project that has not begun."""
    base = Path(project.sources / "models/base.py").read_text("utf-8")
    project.write("src/shop/models/other.py", base)
    for name in ("author", "book"):
        project.edit(f"src/PACKAGE/models/{name}.py", "from .base import Base", "from .other import Base")
    doctor = project.doctor("--no-live")
    assert doctor.returncode == 1, doctor.stdout
    assert "no models and no revisions yet" not in doctor.stdout

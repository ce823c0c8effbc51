"""The projects that are measured: a generated one, and one of ``alembic init``, with the same models."""

from collections.abc import Callable, Iterator
from pathlib import Path

from .measuring import REPOSITORY, run

BASE = "from sqlalchemy.orm import DeclarativeBase\n\n\nclass Base(DeclarativeBase):\n    pass\n"


def before(n: int) -> int:
    """Return the number of the model to which each refers: the one before."""
    return max(n - 1, 0)


def models(number: int, base: str, target: Callable[[int], int] = before) -> str:
    """Return the source of this many models; base brings Base, target says to which one each refers."""

    def parts() -> Iterator[str]:
        yield "from sqlalchemy import CheckConstraint, ForeignKey, String\n"
        yield f"from sqlalchemy.orm import Mapped, mapped_column\n{base}\n"
        for n in range(number):
            yield f"""
class T{n}(Base):
    __tablename__ = "t{n}"
    __table_args__ = (
        CheckConstraint("amount > 0", name="positive_{n}"),
        CheckConstraint("name IN ('new', 'used')", name="known_{n}"),  # which PostgreSQL writes in other words
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(20), unique=True)
    name: Mapped[str] = mapped_column(String(50), index=True, server_default="new")
    amount: Mapped[int | None]
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("t{target(n)}.id"))
"""

    return "".join(parts())


def generated(directory: Path, tables: int, target: Callable[[int], int] = before) -> Path:
    """Bake a project from the template, with this many models in place of the examples."""
    run("cookiecutter", "--no-input", "-o", directory, REPOSITORY, "project_name=Ours", cwd=directory)
    project = directory / "ours"
    for example in ("author", "book"):
        (project / f"src/ours/models/{example}.py").unlink()
    (project / "tests/test_models.py").unlink()
    (project / "src/ours/models/many.py").write_text(models(tables, "from .base import Base\n", target))
    return project


def plain(directory: Path, tables: int) -> Path:
    """Make a project with `alembic init`, and in it what its documentation says: URL, metadata, and batch mode."""
    project = directory / "plain"
    project.mkdir()
    run("alembic", "init", "migrations", cwd=project)
    (project / "models.py").write_text(models(tables, BASE))
    set_url(project, "sqlite:///plain.db")
    env = project / "migrations/env.py"
    text = env.read_text().replace("target_metadata = None", "from models import Base\ntarget_metadata = Base.metadata")
    text = text.replace("target_metadata=target_metadata\n", "target_metadata=target_metadata, render_as_batch=True\n")
    env.write_text(text)
    return project


def set_url(project: Path, url: str) -> None:
    """Name the database of a project of `alembic init`."""
    ini = project / "alembic.ini"
    ini.write_text(ini.read_text().replace("driver://user:pass@localhost/dbname", url))

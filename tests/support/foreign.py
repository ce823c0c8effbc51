"""Projects that the template did not make: what ``alembic init`` and half an hour of work come to."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .breaking import ENV, INI, Break, several, write
from .project import BIN, LIBRARY, Project
from .reports import report_of

MODELS = """\
from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, String, Table, func, text
from sqlalchemy.orm import declarative_base, relationship

Base = declarative_base()
class Author(Base):
    __tablename__ = "author"
    id = Column(Integer, primary_key=True)
    name = Column(String(80), nullable=False)
    books = relationship("Book", back_populates="author")

class Book(Base):
    __tablename__ = "book"
    id = Column(Integer, primary_key=True)
    title = Column(String(200), nullable=False, index=True)
    pages = Column(Integer)
    author_id = Column(ForeignKey("author.id"), nullable=False)
    author = relationship("Author", back_populates="books")
    __table_args__ = (
        CheckConstraint("pages > 0", name="pages_positive"),
        Index("ix_long", "author_id", sqlite_where=text("pages > 500")),
    )
"""
MAIN = """\
from pathlib import Path
from sqlalchemy import create_engine
from models import Author

engine = create_engine(f"sqlite:///{Path(__file__).parent}/app.db")
"""


@dataclass(frozen=True)
class Foreign(Project):
    """A project whose modules lie at its root, and nothing of it is on the path."""

    variables: dict[str, str] = field(default_factory=dict)
    tools: Path = BIN  # where its python, and what is installed for it, lies

    @property
    def package(self) -> str:
        """It has none."""
        return ""

    @property
    def config(self) -> str:
        """The file that leads Alembic to its revisions."""
        names = ("pyproject.toml", "alembic.ini", "*/alembic.ini")
        return next(str(path.relative_to(self.path)) for name in names for path in self.path.glob(name))

    def environment(self, **variables: str) -> dict[str, str]:
        """Return a bare environment, with what this project expects in it, and the library on the path."""
        bare = super().environment(PATH=f"{self.tools}{os.pathsep}/usr/bin{os.pathsep}/bin")
        own = {**self.variables, **variables}
        imports = os.pathsep.join(filter(None, [own.pop("PYTHONPATH", ""), str(LIBRARY)]))
        return {**bare, **own, "PYTHONPATH": imports}

    def migrate(self, *arguments: str) -> str:
        """Run alembic, or what Flask-Migrate has in its place."""
        flask = self.config.startswith("migrations")
        return self.ok(*(("flask", "db") if flask else ("alembic", "-c", self.config)), *arguments)

    def autogenerate(self) -> None:
        """Make the first revision as everybody does, unless there is one."""
        if not list(self.path.rglob("versions/*.py")):
            self.migrate("revision", "--autogenerate", "-m", "tables", "--rev-id", "first")

    def prove(self) -> None:
        """Let Alembic itself say that the project is sound."""
        self.autogenerate()
        if self.config.startswith("migrations"):
            output = self.migrate("upgrade", "heads") + self.migrate("check")
        else:
            output = self.alembic(*(f"-c {self.config} {command}" for command in ("upgrade heads", "check")))
        assert "No new upgrade operations detected" in output

    def copy(self, path: Path) -> Foreign:
        """Return a copy of it."""
        shutil.copytree(self.path, path)
        return Foreign(path, self.home)

    def files(self) -> set[Path]:
        """Return every file and directory of it."""
        return {path for path in self.path.rglob("*") if "__pycache__" not in path.parts}

    def examine(self, *arguments: str, cwd: Path | None = None) -> dict[str, Any]:
        """Return the doctor's report."""
        config = str(self.path / self.config) if cwd else self.config
        doctor = ["doctor", "--config", config, "--json", *arguments]
        forked = self.tools == BIN
        command = ["alembic-proof", *doctor] if forked else ["python", "-m", "alembic_proof", *doctor]
        return report_of(self.run(*command, cwd=str(cwd or self.path)))


def init(
    template: str, metadata: str = "Base.metadata", nothing: str = "None", driver: str = "sqlite"
) -> Break[Project]:
    """Begin with one of Alembic's templates, and do what its comments say."""

    def act(project: Project) -> None:
        shutil.rmtree(project.path / "migrations", ignore_errors=True)
        (project.path / INI).unlink(missing_ok=True)
        project.ok("alembic", "init", "-t", template, "migrations")
        project.edit(INI, "driver://user:pass@localhost/dbname", f"{driver}:///%(here)s/app.db")
        project.edit(ENV, f"target_metadata = {nothing}", f"from models import Base\n\ntarget_metadata = {metadata}")

    return act


def environ(**variables: str) -> Break[Foreign]:
    """Let the project expect these variables; {} stands for its directory."""
    return lambda project: project.variables.update({name: v.format(project.path) for name, v in variables.items()})


def make_plain(path: Path, home: Path, tools: Path = BIN) -> Foreign:
    """Write a project without a revision."""
    path.mkdir(parents=True)
    project = Foreign(path, home, tools=tools)
    several(write("models.py", MODELS), write("main.py", MAIN), init("generic"))(project)
    return project

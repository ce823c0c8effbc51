"""Ways to break a project, or to write it unusually: each returns a function that does it to a project."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from .project import Project

P = TypeVar("P", bound=Project)
Break = Callable[[P], object]

ENV, INI, MAKO, VERSIONS = "migrations/env.py", "alembic.ini", "migrations/script.py.mako", "migrations/versions"
DISPATCH = """\
if context.is_offline_mode():
    run_migrations_offline()
else:
    run_migrations_online()
"""
INDENTED = DISPATCH.replace("\n", "\n    ")
UNDER_MAIN = 'if __name__ == "__main__":\n    run_migrations_online()\n'
ONLY_OFFLINE = "if context.is_offline_mode():\n    run_migrations_offline()\n"
ONLY_ONLINE = "if not context.is_offline_mode():\n    run_migrations_online()\n"
HELPER = """\
from alembic import context


def run(a, b):
    (a if context.is_offline_mode() else b)()
"""
VARIABLE = """\
offline = context.is_offline_mode()
if offline:
    run_migrations_offline()
if not offline:
    run_migrations_online()
"""


def edit(file: str, old: str, new: str) -> Break[Project]:
    """Replace a text in a file."""
    return lambda project: project.edit(file, old, new)


def write(file: str, *lines: str) -> Break[Project]:
    """Write a file."""
    return lambda project: project.write(file, "".join(f"{line}\n" for line in lines))


def append(file: str, text: str) -> Break[Project]:
    """Write more at the end of a file."""

    def act(project: Project) -> None:
        whole = (project.path / file).read_text("utf-8")
        project.write(file, f"{whole}\n{text}\n")

    return act


def move(file: str, to: str) -> Break[Project]:
    """Move a file or directory to somewhere else in the project."""

    def act(project: Project) -> None:
        target = project.write(to, "")
        target.unlink()
        source = file.replace("PACKAGE", project.package) if "PACKAGE" in file else file
        (project.path / source).rename(target)

    return act


def run(*command: str) -> Break[Project]:
    """Run a command, which succeeds."""
    return lambda project: project.ok(*command)


def revisions(**follows: str | None) -> Break[Project]:
    """Write revisions by hand: the id of each, and of the one that it follows."""

    def act(project: Project) -> None:
        for revision, before in follows.items():
            project.revision(revision, before, "pass")

    return act


def chain(*upgrades: str) -> Break[Project]:
    """Write revisions by hand, each after the one before: r0, r1, ..."""

    def act(project: Project) -> None:
        for number, upgrade in enumerate(upgrades):
            project.revision(f"r{number}", f"r{number - 1}" if number else None, upgrade)

    return act


def several(*acts: Break[P]) -> Break[P]:
    """Do one thing after another."""

    def act(project: P) -> None:
        for each in acts:
            each(project)

    return act


FIRST = f"{VERSIONS}/first.py"
_written: dict[str, dict[Path, bytes]] = {}  # by the state of a project, the files of its first revision


def first_revision(project: Project) -> None:
    """Autogenerate a revision with all the tables; for a project in the same state again, copy its files."""
    before = {path.relative_to(project.path): path.read_bytes() for path in project.path.rglob("*") if path.is_file()}
    state = hashlib.sha256(repr(sorted(before.items())).encode()).hexdigest()
    if state not in _written:
        project.ok("alembic", "revision", "--autogenerate", "-m", "first", "--rev-id", "a0")
        versions = project.path / VERSIONS
        next(versions.glob("*_a0_first.py")).rename(versions / "first.py")
        after = (path.relative_to(project.path) for path in project.path.rglob("*") if path.is_file())
        _written[state] = {path: (project.path / path).read_bytes() for path in after if path not in before}
    for path, content in _written[state].items():
        (project.path / path).write_bytes(content)


# Places in a baked project.
MODELS, BOOK, AUTHOR = "src/PACKAGE/models/", "src/PACKAGE/models/book.py", "src/PACKAGE/models/author.py"
BASE, REGISTRY = f"{MODELS}base.py", f"{MODELS}__init__.py"
SETTINGS, DB, PYPROJECT = "src/PACKAGE/settings.py", "src/PACKAGE/db.py", "pyproject.toml"
CONFIG, METADATA = "config = context.config", "target_metadata = Base.metadata\n"
CONNECT = "with connect(config, database_url) as connection:"
CONFIGURE = "context.configure(connection=connection,"
OPTIONS = "**options(connection, target_metadata=target_metadata)"
PAGES = "    pages: Mapped[int]\n"
YEAR = edit(BOOK, PAGES, f"{PAGES}    year: Mapped[int | None]\n")
OWN_URL = """\
import sqlalchemy
    with sqlalchemy.create_engine("sqlite:///own.db").connect() as connection:"""
NO_LOCK = """\
import sqlalchemy
    with sqlalchemy.create_engine(database_url()).connect() as connection:"""


def handing(options: str) -> Break[Project]:
    """Hand options of the project's own to options(), which composes them with the library's."""
    return edit(ENV, OPTIONS, OPTIONS.replace("target_metadata)", f"target_metadata, {options})"))


def overriding(options: str) -> Break[Project]:
    """Override what options() returns."""
    return edit(ENV, OPTIONS, f"{OPTIONS} | {{{options}}}")


def with_version_table(names: str) -> Break[Project]:
    """Give another version table to connect() and to options()."""
    connect = CONNECT.replace("database_url)", f"database_url, {names})")
    return several(edit(ENV, CONNECT, connect), handing(names))


def before_configure(*lines: str) -> Break[Project]:
    """Write lines into env.py that run before context.configure(), online."""
    return edit(ENV, CONFIGURE, "".join(f"{line}\n        " for line in lines) + CONFIGURE)


def unregistered(*modules: str) -> Break[Project]:
    """Let neither the package of the models nor the library import some of its modules."""
    return several(
        edit(REGISTRY, 'any(part.startswith(".") for part in _parts)', f"_parts[-1] in {modules!r}"),
        edit(PYPROJECT, 'models = ["shop.models"]', "models = []"),
    )

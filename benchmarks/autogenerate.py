"""What the library's rules add to `alembic revision --autogenerate` over many tables: seconds, and statements executed.

The same project, models and database twice: with env.py as it is generated, and with Alembic's own options in it.
First where all tables are new, in a long chain and with random references; then where nothing changed; then where a
model has one column more.
"""

import re
import shutil
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from random import Random

from .measuring import Figure, databases, ratio, run
from .projects import before, generated

TABLES = 1000
STATEMENTS = 8  # of our own, however many tables there are
COLUMN = "    note: Mapped[str | None]\n"
# Runs alembic, and writes down how many statements it executed.
COUNTED = """\
import pathlib, sys
from alembic.config import main
from sqlalchemy import event
from sqlalchemy.engine import Engine

executed = []
event.listen(Engine, "before_cursor_execute", lambda *arguments: executed.append(arguments[2]))
main(sys.argv[1:])
pathlib.Path("executed").write_text(str(len(executed)))
"""


def first_revision(directory: Path, kind: str, url: str, runs: int, times: int) -> Iterator[Figure]:
    """Yield the ratios of the seconds for the first revision of a project."""
    random = Random(7)
    shapes = {"in a chain": (2 * TABLES, before), "at random": (TABLES, lambda _: random.randrange(TABLES))}
    for shape, (tables, target) in shapes.items():
        root = directory / shape.replace(" ", "_")
        root.mkdir()
        ours = generated(root, tables, target)
        (ours / ".env").write_text(f"DATABASE_URL={url}\n")
        plain = plain_copy(ours)
        name = f"autogenerate / with Alembic's own options, {kind}, {tables} new tables that refer to others {shape}"
        yield ratio(name, 1.05, partial(_seconds, ours), partial(_seconds, plain), runs, times)


def _seconds(project: Path, _: int) -> float:
    return autogenerate(project)


def measure(directory: Path, runs: int, times: int) -> Iterator[Figure]:
    """Yield, for each database and change, the ratio of the seconds, and the number of statements."""
    with databases(directory) as urls:
        for kind, url in urls.items():
            root = directory / kind
            root.mkdir()
            yield from first_revision(root, kind, url, runs, times)
            ours = generated(root, TABLES)
            (ours / ".env").write_text(f"DATABASE_URL={url}\n")
            run("alembic", "revision", "--autogenerate", "-m", "all", cwd=ours)
            run("alembic", "upgrade", "head", cwd=ours)
            plain = plain_copy(ours)
            yield from compare(f"{kind}, {TABLES} tables, nothing changed", ours, plain, runs, times)
            for project in (ours, plain):
                with (project / "src/ours/models/many.py").open("a") as models:
                    models.write(COLUMN)
            yield from compare(f"{kind}, {TABLES} tables, one column more", ours, plain, runs, times)


def compare(case: str, ours: Path, plain: Path, runs: int, times: int) -> Iterator[Figure]:
    """Yield the two figures of one case."""
    name = f"autogenerate / with Alembic's own options, {case}"
    yield ratio(name, 1.1, lambda _: autogenerate(ours), lambda _: autogenerate(plain), runs, times)
    mine, theirs = (int((project / "executed").read_text()) for project in (ours, plain))
    yield Figure(f"statements more than Alembic's own, {case}", mine - theirs, STATEMENTS, f"{mine} / {theirs}")


def plain_copy(project: Path) -> Path:
    """Copy a project, and let its env.py hand only Alembic's own options to Alembic."""
    plain = project.with_name("plain")
    shutil.copytree(project, plain)
    env = plain / "migrations/env.py"
    own = "target_metadata=target_metadata, compare_server_default=True, render_as_batch=True"
    text, count = re.subn(r"\*\*options\(connection, target_metadata=target_metadata\)", own, env.read_text())
    assert count == 1
    env.write_text(text)
    return plain


def autogenerate(project: Path) -> float:
    """Autogenerate a revision, delete it if one was written, and return the seconds."""
    versions = project / "migrations/versions"
    before = {*versions.glob("*.py")}
    seconds = run(sys.executable, "-c", COUNTED, "revision", "--autogenerate", "-m", "more", cwd=project)
    for revision in {*versions.glob("*.py")} - before:
        revision.unlink()
    return seconds

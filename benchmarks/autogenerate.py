"""What our rules add to `alembic revision --autogenerate` over many tables: seconds, and statements executed.

The same project, models and database twice: with env.py as it is generated, and with Alembic's own options in it.
Whole processes, the two sides in turn, the best of several runs of each; first where nothing changed, then where a
model has one column more. SQLite, and PostgreSQL where TEST_POSTGRESQL_URL names a database. Exits with 1 above a
limit. Run it with the interpreter of an environment that has the development dependencies:
``python benchmarks/autogenerate.py [--runs 5] [--tables 1000]``.
"""

import argparse
import contextlib
import os
import re
import shutil
import sys
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

from generate import our_project, ratios, run
from sqlalchemy import NullPool, create_engine, make_url

TIMES = 1.1
STATEMENTS = 8  # of our own, however many tables there are

HEAD = """\
from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base
"""
TABLE = """

class T{n}(Base):
    __tablename__ = "t{n}"
    __table_args__ = (
        CheckConstraint("amount > 0", name="positive"),
        CheckConstraint("name IN ('new', 'used')", name="known"),  # which PostgreSQL writes in other words
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(20), unique=True)
    name: Mapped[str] = mapped_column(String(50), index=True, server_default="new")
    amount: Mapped[int | None]
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("t{parent}.id"))
"""
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


@contextlib.contextmanager
def databases(root: Path) -> Iterator[dict[str, str]]:
    """Yield the URL of an empty database of each kind; they are gone afterwards."""
    urls = {"SQLite": f"sqlite:///{(root / 'many.db').as_posix()}"}
    server = os.environ.get("TEST_POSTGRESQL_URL")
    if server is None:
        yield urls
        return
    name = f"autogenerate_{uuid.uuid4().hex[:12]}"
    url = make_url(server).set(database=name).render_as_string(hide_password=False)
    if url.startswith("postgresql://"):
        url = url.replace("postgresql:", "postgresql+psycopg:", 1)
        server = server.replace("postgresql:", "postgresql+psycopg:", 1)
    with create_engine(server, poolclass=NullPool, isolation_level="AUTOCOMMIT").connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
        try:
            yield {**urls, "PostgreSQL": url}
        finally:
            connection.exec_driver_sql(f"DROP DATABASE {name}")


def with_tables(project: Path, number: int) -> Path:
    """Replace the models of a project by generated ones, and return their file."""
    for model in ("author", "book", "many"):
        (project / f"src/ours/models/{model}.py").unlink(missing_ok=True)
    models = project / "src/ours/models/many.py"
    models.write_text(HEAD + "".join(TABLE.format(n=n, parent=max(n - 1, 0)) for n in range(number)))
    return models


def plain_copy(project: Path) -> Path:
    """Copy a project, and let its env.py hand to Alembic none of our rules."""
    plain = project.with_name("plain")
    shutil.copytree(project, plain)
    env = plain / "migrations/env.py"
    text = env.read_text().replace("autogenerate.PLUGINS", '["alembic.autogenerate.*"]')
    env.write_text(re.sub(r'    "(include_object|render_item|process_revision_directives)": .*\n', "", text))
    return plain


def autogenerate(project: Path) -> float:
    """Autogenerate a revision, delete it if one was written, and return the seconds."""
    there = {*(project / "migrations/versions").glob("*.py")}
    seconds = run(sys.executable, "-c", COUNTED, "revision", "--autogenerate", "-m", "more", cwd=project)
    for revision in {*(project / "migrations/versions").glob("*.py")} - there:
        revision.unlink()
    return seconds


def measure(what: str, ours: Path, plain: Path, runs: int) -> bool:
    """Compare the two projects, print a line, and tell whether both limits are kept."""
    (best, base, times), busy = ratios(lambda _: autogenerate(ours), lambda _: autogenerate(plain), runs)
    mine, theirs = (int((project / "executed").read_text()) for project in (ours, plain))
    print(
        f"{times:5.2f}  {what} / with Alembic's own options ({TIMES}): {best:.2f} s / {base:.2f} s; "
        f"processor time {busy:.2f}; {mine} statements / {theirs} (at most {STATEMENTS} more)",
        flush=True,
    )
    return times <= TIMES and mine - theirs <= STATEMENTS


def main() -> int:
    """Measure, print a line for each database and change, and return 1 if a limit is not kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--tables", type=int, default=1000)
    arguments = parser.parse_args()
    kept = []
    with tempfile.TemporaryDirectory() as directory, databases(Path(directory)) as urls:
        for kind, url in urls.items():
            root = Path(directory) / kind
            root.mkdir()
            ours = our_project(root, 0)
            with_tables(ours, arguments.tables)
            (ours / ".env").write_text(f"DATABASE_URL={url}\n")
            run("alembic", "revision", "--autogenerate", "-m", "all", cwd=ours)
            run("alembic", "upgrade", "head", cwd=ours)
            plain = plain_copy(ours)
            what = f"{kind}, {arguments.tables} tables, "
            kept.append(measure(f"{what}nothing changed", ours, plain, arguments.runs))
            for project in (ours, plain):
                with (project / "src/ours/models/many.py").open("a") as models:
                    models.write(COLUMN)
            kept.append(measure(f"{what}one column more", ours, plain, arguments.runs))
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())

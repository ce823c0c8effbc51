"""Commands whose output nobody reads any more, as of ``| head -1``, or who have none at all."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.lab import Lab
from support.project import REPOSITORY

ENV = """\
from alembic import context
from sqlalchemy import Column, Integer, MetaData, Table, make_url

from alembic_proof import connect, options

print("env.py")
url, models = context.config.get_main_option("sqlalchemy.url"), MetaData()
for number in range(3 if "more" in context.get_x_argument() else 2):
    Table(f"t{number}", models, Column("id", Integer, primary_key=True))
if context.is_offline_mode():
    context.configure(url=url, **options(url, target_metadata=models))
    with context.begin_transaction():
        context.run_migrations()
else:
    with connect(context.config, lambda: make_url(url)) as connection:
        context.configure(connection=connection, **options(connection, target_metadata=models))
        with context.begin_transaction():
            context.run_migrations()
"""
REVISION = ["-x", "more", "revision", "--autogenerate", "-m", "more"]


@pytest.fixture
def migrated(lab_sqlite: Lab) -> Lab:
    """A project at its first revision, whose env.py prints a line."""
    (lab_sqlite.directory / "migrations/env.py").write_text(ENV, "utf-8")
    with (lab_sqlite.directory / "alembic.ini").open("a", encoding="utf-8") as ini:
        ini.write(f"sqlalchemy.url = {lab_sqlite.url}\n")
    create = "op.create_table('t{}', sa.Column('id', sa.Integer(), primary_key=True))"
    lab_sqlite.write("one", None, "\n".join(create.format(number) for number in (0, 1)))
    lab_sqlite.write("two", "one", "print('two')", "print('two')")
    assert run(lab_sqlite.directory, ["upgrade", "head"], subprocess.DEVNULL) == (0, "")
    return lab_sqlite


def run(directory: Path, arguments: list[str], output: int | None) -> tuple[int, str]:
    """Run a command with its output to a descriptor, None for none at all; return its exit code and its errors."""
    path = os.pathsep.join([str(REPOSITORY / "src"), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONUNBUFFERED": ""}
    command = [sys.executable, "-m", "alembic", *arguments]
    if output is None:  # as >&- of a shell
        command = [sys.executable, "-c", "import os, sys; os.close(1); os.execv(sys.argv[1], sys.argv[1:])", *command]
    done = subprocess.run(
        command, cwd=directory, env=environment, stdout=output, stderr=subprocess.PIPE, text=True, check=False
    )
    return done.returncode, done.stderr


COMMANDS = [(["check"], False), (["upgrade", "head", "--sql"], False), (REVISION, False), (REVISION, True)]


@pytest.mark.parametrize(("arguments", "is_closed"), COMMANDS)
def test_a_reader_that_has_left(migrated: Lab, arguments: list[str], is_closed: bool) -> None:
    """The command does all that it has to do, and says nothing of it: the revision is written."""
    before = set(migrated.versions.glob("*.py"))
    reading, writing = os.pipe()
    os.close(reading)
    try:
        assert run(migrated.directory, arguments, None if is_closed else writing) == (0, "")
    finally:
        os.close(writing)
    assert len(set(migrated.versions.glob("*.py")) - before) == (arguments is REVISION)


def test_a_reader_of_all(migrated: Lab) -> None:
    """What is read is as ever."""
    reading, writing = os.pipe()
    assert run(migrated.directory, ["upgrade", "head", "--sql"], writing) == (0, "")
    os.close(writing)
    with open(reading, encoding="utf-8") as output:
        text = output.read()
    assert text.startswith("env.py\nBEGIN;\n")
    assert text.rstrip().endswith("COMMIT;")

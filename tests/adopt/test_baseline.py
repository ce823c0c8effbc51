"""What a baseline is made from, and where it is tried out."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from alembic.util import CommandError
from sqlalchemy import create_engine, inspect, make_url
from support.databases import rows
from support.written import Written

from alembic_proof.adopt import baseline
from alembic_proof.doctor.project import Project
from alembic_proof.schema import read

MODELS = 'sa.Table("book", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("t", sa.Text))'


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Written]:
    """A function that writes a project on a database."""

    def make(url: str, models: str = MODELS) -> Written:
        monkeypatch.delenv("TEST_DATABASE_URL", raising=False)
        if "sqlite" not in url:
            monkeypatch.setenv("TEST_DATABASE_URL", url)
        return Written(tmp_path / "shop", url, models)

    return make


def test_the_database_is_not_connected_to(make: Callable[..., Written], sqlite: str) -> None:
    """Only its URL is determined: SQLite would create the file."""
    project = Project(make(sqlite).ini)
    with project.sandbox:
        run, url = baseline.run_env(project)
    assert url.database == make_url(sqlite).database
    assert list(run.tables) == ["book"]
    assert not os.path.exists(str(url.database))


def test_several_databases(make: Callable[..., Written], sqlite: str) -> None:
    """Adopt is for one."""
    shop = make(sqlite)
    env = shop.path / "migrations/env.py"
    text = env.read_text("utf-8")
    run = "            context.run_migrations()\n"
    env.write_text(text.replace(run, run * 2), "utf-8")
    project = Project(shop.ini)
    with project.sandbox, pytest.raises(CommandError, match=r"calls run_migrations\(\) for 2 databases"):
        baseline.run_env(project)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (
            "config.db_url",
            r"env\.py:\d+: AttributeError: 'Config' object has no attribute 'db_url': another program than",
        ),
        ("import missing_library", r"missing_library is not installed for .*\(migrations/env\.py:\d+ imports it\)"),
        ("1 / 0", r"env\.py:\d+: ZeroDivisionError: division by zero: "),
    ],
)
def test_env_fails(make: Callable[..., Written], sqlite: str, line: str, words: str) -> None:
    """It says where, and what to do, as the doctor does."""
    shop = make(sqlite)
    env = shop.path / "migrations/env.py"
    env.write_text(
        env.read_text("utf-8").replace("config = context.config\n", f"config = context.config\n{line}\n"), "utf-8"
    )
    project = Project(shop.ini)
    with project.sandbox, pytest.raises(CommandError, match=rf"(?s){words}.*Nothing was written\.$"):
        baseline.run_env(project)


def test_the_application_makes_its_tables(make: Callable[..., Written], sqlite: str) -> None:
    """When env.py imports it: the scratch database would not be empty, nor any new one."""
    shop = make(sqlite, f"{MODELS}\nmetadata.create_all(sa.create_engine({sqlite!r}))")
    project = Project(shop.ini)
    said = r"makes book in an empty database when it is run, as create_all\(\) is called \(migrations/env\.py:\d+\)"
    with project.sandbox, pytest.raises(CommandError, match=said):
        baseline.run_env(project)


def test_a_schema_that_is_another_database(make: Callable[..., Written], mysql: str) -> None:
    """Trying the baseline out would change it."""
    project = Project(make(mysql, MODELS[:-1] + ', schema="other")').ini)
    with project.sandbox, pytest.raises(CommandError, match=r"put other\.book into a schema"):
        baseline.run_env(project)


def test_what_exists(make: Callable[..., Written], database: str) -> None:
    """The revision, and on request the tables of the models, with the names that they have."""
    project = Project(make(database).ini)
    rows(database, "CREATE TABLE book (id INTEGER NOT NULL, t TEXT, CONSTRAINT my_name PRIMARY KEY (id))")
    rows(database, "CREATE TABLE theirs (id INTEGER)")
    with project.sandbox:
        run, url = baseline.run_env(project)
        existing = baseline.examine(run, url, reflect=True)
        assert existing.heads == set()
        assert list(existing.reflected.tables) == ["book"]
        if "mysql" not in database:
            assert existing.reflected.tables["book"].primary_key.name == "my_name"
        assert not baseline.examine(run, url, reflect=False).reflected.tables
    with create_engine(database).connect() as connection:
        assert set(inspect(connection).get_table_names()) == {"book", "theirs"}


def test_extensions_come_first(make: Callable[..., Written], postgresql: str, tmp_path: Path) -> None:
    """Autogenerate leaves them out, and tables may need them."""
    project = Project(make(postgresql).ini)
    rows(postgresql, "CREATE EXTENSION IF NOT EXISTS pgcrypto")
    with project.sandbox:
        run, url = baseline.run_env(project)
        script = baseline.write(project, baseline.examine(run, url, reflect=False), tmp_path)
        text = Path(script.path).read_text("utf-8")
        assert text.index("CREATE EXTENSION IF NOT EXISTS pgcrypto") < text.index("op.create_table(")
        assert "book" in read(run.database)


def test_a_baseline_that_does_not_build(make: Callable[..., Written], sqlite: str, tmp_path: Path) -> None:
    """It says why."""
    shop = make(sqlite, MODELS[:-1] + ', sa.Column("x", sa.Integer, sa.Computed("no_such_function(id)")))')
    rows(sqlite, "CREATE TABLE book (id INTEGER)")
    project = Project(shop.ini)
    with project.sandbox:
        run, url = baseline.run_env(project)
        existing = baseline.examine(run, url, reflect=False)
        with pytest.raises(CommandError, match=r"does not build an empty database: .*no_such_function"):
            baseline.write(project, existing, tmp_path)


POOLED = """\
import sys
import sqlalchemy as sa
from alembic import context

application = sys.modules["application_of_a_test"]
if not hasattr(application, "engine"):
    application.engine = sa.create_engine("URL")
metadata = sa.MetaData()
sa.Table("book", metadata, sa.Column("id", sa.Integer, primary_key=True))
with application.engine.connect() as connection:
    context.configure(connection=connection, target_metadata=metadata)
    with context.begin_transaction():
        context.run_migrations()
"""


def test_an_engine_that_outlives_env(
    make: Callable[..., Written], database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Flask's does: after the sandbox it leads to its own database again, under its own name."""
    shop = make(database)
    (shop.path / "migrations/env.py").write_text(POOLED.replace("URL", database), "utf-8")
    application = ModuleType("application_of_a_test")
    monkeypatch.setitem(sys.modules, "application_of_a_test", application)
    rows(database, "CREATE TABLE own (id INTEGER)")
    project = Project(shop.ini)
    with project.sandbox:
        run, _ = baseline.run_env(project)
    baseline.leave_sandbox(run)
    project.alembic("stamp", project.config(), "base")
    with application.engine.connect() as connection:
        assert set(inspect(connection).get_table_names()) == {"own", "alembic_version"}
    application.engine.dispose()

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
    shop = make(sqlite)
    assert baseline.database_of(Project(shop.ini)).database == make_url(sqlite).database
    assert not os.path.exists(str(make_url(sqlite).database))


def test_several_databases(make: Callable[..., Written], sqlite: str) -> None:
    """Adopt is for one."""
    shop = make(sqlite)
    env = shop.path / "migrations/env.py"
    text = env.read_text("utf-8")
    twice = text.replace("            context.run_migrations()\n", "            context.run_migrations()\n" * 2)
    env.write_text(twice, "utf-8")
    with pytest.raises(CommandError, match=r"calls run_migrations\(\) for 2 databases"):
        baseline.database_of(Project(shop.ini))


def test_what_exists(make: Callable[..., Written], database: str) -> None:
    """The revision, and on request the tables of the models, with the names that they have."""
    shop = make(database)
    rows(database, "CREATE TABLE book (id INTEGER NOT NULL, t TEXT, CONSTRAINT my_name PRIMARY KEY (id))")
    rows(database, "CREATE TABLE theirs (id INTEGER)")
    existing = baseline.examine(Project(shop.ini), reflect=True)
    assert existing.heads == ()
    assert {"alembic_version", "alembic_unfinished"} <= existing.own_tables
    assert list(existing.reflected.tables) == ["book"]
    if "mysql" not in database:
        assert existing.reflected.tables["book"].primary_key.name == "my_name"
    assert not baseline.examine(Project(shop.ini)).reflected.tables
    with create_engine(database).connect() as connection:
        assert set(inspect(connection).get_table_names()) == {"book", "theirs"}


def test_extensions_come_first(make: Callable[..., Written], postgresql: str) -> None:
    """Autogenerate leaves them out, and tables may need them."""
    shop = make(postgresql)
    rows(postgresql, "CREATE EXTENSION IF NOT EXISTS pgcrypto")
    project = Project(shop.ini)
    with baseline.written(project, baseline.examine(project)) as draft:
        text = Path(draft.script.path).read_text("utf-8")
        assert text.index("CREATE EXTENSION IF NOT EXISTS pgcrypto") < text.index("op.create_table(")
        assert "book" in read(draft.scratch)


def test_a_schema_that_is_another_database(make: Callable[..., Written], mysql: str) -> None:
    """Trying the baseline out would change it."""
    shop = make(mysql, MODELS[:-1] + ', schema="other")')
    with pytest.raises(CommandError, match=r"put other\.book into a schema"):
        baseline.examine(Project(shop.ini))


def test_a_baseline_that_does_not_build(make: Callable[..., Written], sqlite: str) -> None:
    """Nothing is left of it."""
    shop = make(sqlite, MODELS[:-1] + ', sa.Column("x", sa.Integer, sa.Computed("no_such_function(id)")))')
    rows(sqlite, "CREATE TABLE book (id INTEGER)")
    project = Project(shop.ini)
    with (
        pytest.raises(CommandError, match=r"does not build an empty database: .*no_such_function"),
        baseline.written(project, baseline.examine(project)),
    ):
        pass
    assert not list(shop.versions.iterdir())


POOLED = """\
import sys
from types import ModuleType
from alembic import context
import sqlalchemy as sa

application = sys.modules.setdefault("application_of_a_test", ModuleType("application_of_a_test"))
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
    """As Flask's does: its pool hands out no connection to the scratch database after that, and none to its own before."""
    shop = make(database)
    (shop.path / "migrations/env.py").write_text(POOLED.replace("URL", database), "utf-8")
    monkeypatch.setitem(sys.modules, "application_of_a_test", ModuleType("application_of_a_test"))
    rows(database, "CREATE TABLE book (id INTEGER NOT NULL PRIMARY KEY)")
    own = make_url(database).database
    assert baseline.database_of(Project(shop.ini)).database == own
    project = Project(shop.ini)
    existing = baseline.examine(project, reflect=True)
    assert list(existing.reflected.tables) == ["book"]
    with baseline.written(project, existing) as draft:
        assert "book" in read(draft.scratch)
    assert list(baseline.examine(Project(shop.ini), reflect=True).reflected.tables) == ["book"]
    with create_engine(database).connect() as connection:
        assert inspect(connection).get_table_names() == ["book"]

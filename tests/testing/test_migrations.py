"""Migrations under test run on a scratch database, with the driver of the project, or not at all."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from sqlalchemy import make_url
from support.written import Written

from alembic_proof.doctor.project import Project
from alembic_proof.testing.migrations import NotScratchError, OtherKindError, project_config, project_database

MODELS = 'sa.Table("book", metadata, sa.Column("id", sa.Integer, primary_key=True))'
PLAIN = """\
from alembic import context
from sqlalchemy import MetaData, create_engine

with create_engine({url}).connect() as connection:
    context.configure(connection=connection, target_metadata=MetaData())
    with context.begin_transaction():
        {run}
"""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Written:
    """A project with a model and no revision."""
    monkeypatch.delenv("TEST_DATABASE_URL", raising=False)
    return Written(tmp_path / "shop", "sqlite:///own.db", MODELS)


def plain(shop: Written, url: str, run: str = "context.run_migrations()") -> None:
    """Let env.py connect to a URL, which is code, by itself."""
    (shop.path / "pyproject.toml").unlink()
    (shop.path / "migrations/env.py").write_text(PLAIN.format(url=url, run=run), "utf-8")
    shop.revision("r1", None, "pass")


def test_the_variable_names_it_meanwhile(shop: Written) -> None:
    """Afterwards it does not, and the database does not exist any more."""
    with project_database(Project(shop.ini)) as url:
        assert os.environ["SHOP_URL"] == url
    assert "SHOP_URL" not in os.environ
    assert not os.path.exists(str(make_url(url).database))


def test_the_first_revision_is_generated(shop: Written, tmp_path: Path) -> None:
    """Once, in the directory that is given."""
    for _ in range(2):
        project = Project(shop.ini)
        with project_database(project) as url:
            config = project_config(project, url, tmp_path)
            [script] = project.script_directory(config).walk_revisions()
            assert Path(script.path).parent == tmp_path
    assert len(list(tmp_path.glob("*.py"))) == 1


# The project's own URL, and the driver with which the scratch database is used.
DRIVERS = {
    "sqlite+aiosqlite:///own.db": "sqlite+aiosqlite",
    "sqlite:///own.db": "sqlite",
    "driver://user:pass@localhost/dbname": "sqlite",
    "no URL": "sqlite",
}


@pytest.mark.parametrize("own", DRIVERS)
def test_the_driver_is_the_projects(shop: Written, tmp_path: Path, own: str) -> None:
    """An asynchronous env.py cannot use a synchronous driver."""
    plain(shop, 'context.config.get_main_option("sqlalchemy.url").replace("+aiosqlite", "")')
    shop.ini.write_text(f"{shop.ini.read_text()}sqlalchemy.url = {own}\n")
    project = Project(shop.ini)
    with project_database(project) as url:
        configured = make_url(project_config(project, url, tmp_path).get_main_option("sqlalchemy.url") or "")
    assert configured.drivername == DRIVERS[own]
    assert configured.database == make_url(url).database


def test_another_kind_of_database_is_refused(shop: Written, tmp_path: Path) -> None:
    """Revisions for a server that run on SQLite prove nothing, and nobody would see it."""
    plain(shop, 'context.config.get_main_option("sqlalchemy.url")')
    shop.ini.write_text(f"{shop.ini.read_text()}sqlalchemy.url = postgresql+psycopg://u:secret@h/d\n")
    project = Project(shop.ini)
    with project_database(project) as url, pytest.raises(OtherKindError) as error:
        project_config(project, url, tmp_path)
    assert str(error.value) == (
        "alembic.ini:4 names a postgresql database, and the tests would run on sqlite: set TEST_DATABASE_URL to a "
        "database on such a server."
    )


def test_modules_are_found_from_everywhere(shop: Written, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative prepend_sys_path means the project, as for alembic, which is started there; pytest may not be."""
    plain(shop, '__import__("models_of_shop") and context.config.get_main_option("sqlalchemy.url")')
    (shop.path / "models_of_shop.py").write_text("")
    shop.ini.write_text(f"{shop.ini.read_text()}sqlalchemy.url = sqlite:///own.db\nprepend_sys_path = .\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    project = Project(shop.ini)
    with project_database(project) as url:
        assert project_config(project, url, tmp_path)


def test_another_database_is_refused(shop: Written, tmp_path: Path) -> None:
    """With a sentence that says how env.py can be led to the scratch database."""
    own = tmp_path / "own.db"
    plain(shop, repr(f"sqlite:///{own}"))
    project = Project(shop.ini)
    with project_database(project) as url, pytest.raises(NotScratchError) as error:
        project_config(project, url, tmp_path)
    assert str(error.value).startswith(f"migrations/env.py connects to sqlite:///{own}, not to the scratch database")
    assert "database-variable" in str(error.value)


def test_an_env_without_migrations_is_refused(shop: Written, tmp_path: Path) -> None:
    """The doctor explains it."""
    plain(shop, '"sqlite://"', "pass")
    project = Project(shop.ini)
    with project_database(project) as url, pytest.raises(NotScratchError, match="without run_migrations"):
        project_config(project, url, tmp_path)

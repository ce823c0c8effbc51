"""Every test gets a database of its own, and only migrations make its tables."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, NullPool, create_engine

from {{ cookiecutter.__package_name }}.db import doctor

PROJECT = doctor.Project(Path(__file__).parents[1] / "alembic.ini")
SERVER = os.environ.get("TEST_DATABASE_URL", "sqlite:")


def pytest_report_header() -> str:
    """Say on which database the tests run."""
    return f"migrations run on: {SERVER.partition(':')[0]} (TEST_DATABASE_URL names a server)"


@contextmanager
def empty_database() -> Iterator[str]:
    """An empty database, on the server that TEST_DATABASE_URL names or else an SQLite file; DATABASE_URL names it."""
    if PROJECT.foreign and PROJECT.revisions:
        pytest.skip(PROJECT.foreign)
    with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        try:
            url = stack.enter_context(doctor.scratch_database())
        except doctor.Unknown as reason:
            pytest.exit(str(reason), returncode=1)
        patch.setenv("DATABASE_URL", url)
        yield url


def with_revisions(directory: Path) -> Config:
    """The project's migrations; as long as there are none, the one that autogenerate would write, in this directory."""
    config = Config(PROJECT.ini)
    config.attributes["allow-drop"] = True  # rows that revisions insert may go with this database
    if not ScriptDirectory.from_config(config).get_heads():
        config.set_main_option("version_locations", str(directory).replace("%", "%%"))
        if not list(directory.glob("*.py")):
            command.revision(config, "first tables", autogenerate=True)
    return config


@pytest.fixture
def database_url() -> Iterator[str]:
    """An empty database for one test: its URL."""
    with empty_database() as url:
        yield url


@pytest.fixture
def alembic_engine(database_url: str) -> Engine:
    """The engine that pytest-alembic hands to env.py."""
    return create_engine(database_url, poolclass=NullPool)


@pytest.fixture
def alembic_config(database_url: str, tmp_path: Path) -> Config:
    """What pytest-alembic is to run: the project's migrations."""
    return with_revisions(tmp_path)

"""The databases of the tests. Only migrations make their tables, and no test leaves rows behind."""

from collections.abc import Iterator

import pytest
from alembic.config import Config
from alembic_proof.testing.sessions import rolled_back
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from {{ cookiecutter.__package_name }} import db


@pytest.fixture
def session(migrated_database: str) -> Iterator[Session]:
    """A session on a database at the newest revision. What the test writes and commits is rolled back after it."""
    with rolled_back(db.engine()) as session:  # DATABASE_URL is that of migrated_database
        yield session


@pytest.fixture
def alembic_config(migration_config: Config) -> Config:
    """What pytest-alembic runs: the project's revisions, or what autogenerate would write as the first one."""
    return migration_config


@pytest.fixture
def alembic_engine(migration_engine: Engine) -> Engine:
    """Where pytest-alembic runs it: an empty database."""
    return migration_engine

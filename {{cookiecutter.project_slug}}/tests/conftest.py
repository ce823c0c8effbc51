"""Every test gets a database of its own, and only migrations make its tables: see ``pytest --fixtures``."""

import pytest
from alembic.config import Config
from sqlalchemy import Engine


@pytest.fixture
def alembic_config(migration_config: Config) -> Config:
    """What pytest-alembic runs: the project's revisions, or what autogenerate would write as the first one."""
    return migration_config


@pytest.fixture
def alembic_engine(migration_engine: Engine) -> Engine:
    """Where pytest-alembic runs it: an empty database."""
    return migration_engine

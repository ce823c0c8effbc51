"""The migrations have one head, lead to what the models describe, and keep the rows; and nothing is wired wrongly."""

import pytest
from alembic.config import Config
from alembic_proof.testing.tests import (
    test_rows_survive,
{% if cookiecutter.database != "sqlite" %}
    test_server_is_of_the_projects_kind,
{% endif %}
    test_the_doctor_finds_nothing,
)
from pytest_alembic.tests import (
    test_model_definitions_match_ddl,
    test_single_head_revision,
    test_up_down_consistency,
    test_upgrade,
)
from sqlalchemy import Engine

__all__ = [
    "test_model_definitions_match_ddl",
    "test_rows_survive",
{% if cookiecutter.database != "sqlite" %}
    "test_server_is_of_the_projects_kind",
{% endif %}
    "test_single_head_revision",
    "test_the_doctor_finds_nothing",
    "test_up_down_consistency",
    "test_upgrade",
]


@pytest.fixture
def alembic_config(migration_config: Config) -> Config:
    """What pytest-alembic runs: the project's revisions, or what autogenerate would write as the first one."""
    return migration_config


@pytest.fixture
def alembic_engine(migration_engine: Engine) -> Engine:
    """Where pytest-alembic runs it: an empty database."""
    return migration_engine

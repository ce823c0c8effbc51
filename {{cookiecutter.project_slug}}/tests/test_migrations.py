"""The migrations have one head, lead to what the models describe, and keep the rows; and nothing is wired wrongly."""

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

"""What the tests ask for by name. Migrations make every table in a test database, and nothing else does."""

from collections.abc import Iterator

import pytest
from alembic_proof.testing.sessions import rolled_back
from sqlalchemy.orm import Session

from {{ cookiecutter.__package_name }} import db


@pytest.fixture
def session(migrated_database: str) -> Iterator[Session]:
    """A session on a database at the newest revision. After the test, all that it wrote is rolled back."""
    with rolled_back(db.engine()) as session:
        yield session

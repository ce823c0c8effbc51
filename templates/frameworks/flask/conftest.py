"""What the tests ask for by name. Migrations make every table in a test database, and nothing else does."""

from collections.abc import Iterator

import pytest
from alembic_proof.testing.sessions import rolled_back
from flask.testing import FlaskClient
from sqlalchemy.orm import Session, sessionmaker

from {{ cookiecutter.__package_name }} import db
from {{ cookiecutter.__package_name }}.app import create_app


@pytest.fixture
def session(migrated_database: str) -> Iterator[Session]:
    """A session on a database at the newest revision. After the test, all that it wrote is rolled back."""
    with rolled_back(db.engine()) as session:
        yield session


@pytest.fixture
def client(session: Session, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    """A client of the application, which works in the same transaction as the session of the test."""
    sessions = sessionmaker(session.bind, join_transaction_mode="create_savepoint")
    monkeypatch.setattr(db, "sessions", lambda: sessions)
    return create_app().test_client()

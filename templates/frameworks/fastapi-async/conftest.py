"""What the tests ask for by name. Migrations make every table in a test database, and nothing else does."""

from collections.abc import AsyncIterator

import pytest
from alembic_proof.testing.sessions import rolled_back_async
from httpx2 import ASGITransport, AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from {{ cookiecutter.__package_name }} import db
from {{ cookiecutter.__package_name }}.app import create_app


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """What runs tests and fixtures that are ``async``: one event loop for all of them."""
    return "asyncio"


@pytest.fixture
async def session(migrated_database: str) -> AsyncIterator[AsyncSession]:
    """A session on a database at the newest revision. After the test, all that it wrote is rolled back."""
    async with rolled_back_async(db.engine(), expire_on_commit=False) as session:
        yield session
    await db.engine().dispose()


@pytest.fixture
async def client(session: AsyncSession, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[AsyncClient]:
    """A client of the application, which works in the same transaction as the session of the test."""
    sessions = async_sessionmaker(session.bind, join_transaction_mode="create_savepoint", expire_on_commit=False)
    monkeypatch.setattr(db, "sessions", lambda: sessions)
    async with AsyncClient(transport=ASGITransport(create_app()), base_url="http://test") as client:
        yield client

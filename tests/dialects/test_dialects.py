"""Every database has all that the others have."""

from __future__ import annotations

from importlib.util import find_spec

import pytest
from sqlalchemy import make_url

from alembic_proof import dialects
from alembic_proof.dialects import KNOWN, Dialect, get


@pytest.mark.parametrize(
    ("name", "expected"),
    [("sqlite", "sqlite"), ("postgresql", "postgresql"), ("mysql", "mysql"), ("mariadb", "mysql")],
)
def test_get(name: str, expected: str) -> None:
    """By SQLAlchemy's name."""
    assert get(name).name == expected
    assert name in KNOWN


def test_an_unknown_name() -> None:
    """A KeyError, for the caller to turn into a sentence."""
    with pytest.raises(KeyError):
        get("oracle")
    assert "oracle" not in KNOWN


@pytest.mark.parametrize("dialect", dict.fromkeys(map(get, KNOWN)), ids=lambda dialect: dialect.name)
def test_its_drivers_are_synchronous(dialect: Dialect) -> None:
    """And are what SQLAlchemy calls them; at least the first one can be installed in the tests."""
    for driver in dialect.drivers:
        assert not make_url(f"{dialect.name}+{driver}://").get_dialect().is_async
    assert find_spec(next(iter(dialect.drivers.values())))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("sqlite", {"render_as_batch": True, "transactional_ddl": True}),
        ("postgresql", {"transaction_per_migration": True}),
        ("mariadb", {"transaction_per_migration": True}),
    ],
)
def test_configure_options(name: str, expected: dict[str, bool]) -> None:
    """What context.configure() is given for a database."""
    assert get(name).configure_options() == expected


@pytest.mark.parametrize(
    ("name", "driver", "expected"),
    [
        ("postgresql", "psycopg", {"connect_timeout": 5}),
        ("postgresql", "psycopg2", {"connect_timeout": 5}),
        ("postgresql", "asyncpg", {"timeout": 5}),
        ("postgresql", "pg8000", {}),
        ("mysql", "pymysql", {"connect_timeout": 5, "read_timeout": 5}),
        ("mariadb", "mysqldb", {"connect_timeout": 5, "read_timeout": 5}),
        ("mysql", "asyncmy", {"connect_timeout": 5, "read_timeout": 5}),
        ("mysql", "mysqlconnector", {}),
        ("sqlite", "pysqlite", {}),
    ],
)
def test_connect_timeouts(name: str, driver: str, expected: dict[str, int]) -> None:
    """In the words of each driver: one that it does not know would be an error."""
    assert dialects.get(name).connect_timeouts(driver, 5) == expected

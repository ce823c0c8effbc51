"""How the library waits for a lock, and speaks to a driver."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator

import pytest
from alembic.util import CommandError
from sqlalchemy import Connection, NullPool, create_engine

from alembic_proof.dialects import base


@pytest.fixture
def connection(sqlite: str) -> Iterator[Connection]:
    """A connection to an empty database."""
    with create_engine(sqlite, poolclass=NullPool).connect() as connected:
        yield connected


@pytest.mark.parametrize(("refusals", "announcements"), [(0, 0), (2, 1)])
def test_wait(
    connection: Connection,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    refusals: int,
    announcements: int,
) -> None:
    """Until the lock is there; who waits says so, once."""
    monkeypatch.setattr(time, "sleep", lambda _: None)
    results = iter([False] * refusals + [True])
    with caplog.at_level(logging.INFO):
        base.wait(lambda: next(results), connection, 60)
    assert next(results, "all were used") == "all were used"
    assert caplog.text.count("waiting for it, at most 60 seconds") == announcements


def test_a_wait_has_an_end(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which says of what database, and what to do."""
    clock = iter(range(0, 1000, 2))
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    monkeypatch.setattr(time, "sleep", lambda _: None)
    with pytest.raises(CommandError, match=r"Another process has been migrating sqlite:.* for more than 5 seconds"):
        base.wait(lambda: False, connection, 5)


def test_listening(connection: Connection) -> None:
    """The functions are called at their events, and not any more afterwards."""
    events: list[str] = []
    with base.listening(connection, begin=lambda _: events.append("begin"), commit=lambda _: events.append("commit")):
        connection.begin()
        connection.commit()
    assert events == ["begin", "commit"]
    connection.begin()
    assert events == ["begin", "commit"]


def test_is_autocommit(connection: Connection) -> None:
    """As Alembic's autocommit_block() sets it."""
    assert not base.is_autocommit(connection)
    assert base.is_autocommit(connection.execution_options(isolation_level="AUTOCOMMIT"))


def test_send(connection: Connection) -> None:
    """Rows, or none; no transaction of SQLAlchemy's begins."""
    assert base.send(connection, "CREATE TABLE t (x INT)") == []
    assert base.send(connection, "INSERT INTO t VALUES (1), (2)") == []
    assert base.send(connection, "SELECT x FROM t ORDER BY x") == [(1,), (2,)]
    assert not connection.in_transaction()

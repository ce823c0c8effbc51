"""What a web application makes of the database's errors."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import exc, make_url
from sqlalchemy.ext.asyncio import create_async_engine
from support.databases import rows

from alembic_proof.errors import DatabaseNotReady, SettingsError
from alembic_proof.serving import Message, Receive, Send, StartupErrors, trouble

TABLE = "CREATE TABLE t (i INTEGER NOT NULL UNIQUE CHECK (i > 0), c VARCHAR(3))"


@pytest.fixture
def table(database: str) -> str:
    """A database with a table and a row in it."""
    rows(database, TABLE)
    rows(database, "INSERT INTO t VALUES (1, 'a')")
    return database


def raised(url: str, statement: str, **values: Any) -> BaseException:
    """Return the error of a statement."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with pytest.raises(Exception) as error, engine.begin() as connection:  # noqa: PT011
        connection.execute(sa.text(statement), values)
    return error.value


@pytest.mark.parametrize(
    ("statement", "values", "kind"),
    [
        ("INSERT INTO t (i) VALUES (1)", {}, "conflict"),
        ("INSERT INTO t (i) VALUES (NULL)", {}, "conflict"),
        ("INSERT INTO t (i) VALUES (-1)", {}, "conflict"),  # a CHECK: on MariaDB an OperationalError
        ("INSERT INTO t (i, c) VALUES (2, :c)", {"c": "\ud800"}, "value"),
        ("INSERT INTO nowhere VALUES (1)", {}, None),
        ("NONSENSE", {}, None),
    ],
)
def test_what_a_statement_raises(table: str, statement: str, values: dict[str, Any], kind: str | None) -> None:
    """A constraint, a value that no database takes, and faults of the program."""
    assert trouble(raised(table, statement, **values)) == kind


@pytest.mark.parametrize("value", ["long value", "\0"])
def test_a_value_that_a_column_cannot_hold(value: str, request: pytest.FixtureRequest) -> None:
    """On PostgreSQL; SQLite takes any, and MariaDB the second one."""
    url = request.getfixturevalue("postgresql")
    rows(url, TABLE)
    assert trouble(raised(url, "INSERT INTO t (i, c) VALUES (2, :c)", c=value)) == "value"


@pytest.mark.parametrize("driver", ["postgresql+psycopg", "postgresql+psycopg2", "mysql+pymysql"])
def test_nobody_answers(driver: str) -> None:
    """Where a server should be."""
    assert trouble(raised(f"{driver}://app@127.0.0.1:1/shop", "SELECT 1")) == "unavailable"


@pytest.mark.parametrize("driver", ["postgresql+psycopg", "postgresql+asyncpg", "mysql+asyncmy", "mysql+aiomysql"])
def test_nobody_answers_an_asynchronous_driver(driver: str) -> None:
    """Some have errors that SQLAlchemy does not know."""

    async def connect() -> None:
        async with create_async_engine(f"{driver}://app@127.0.0.1:1/shop").connect():
            pass

    with pytest.raises(Exception) as error:  # noqa: PT011
        asyncio.run(connect())
    assert trouble(error.value) == "unavailable"


KILL = {"postgresql": "SELECT pg_terminate_backend({})", "mysql": "KILL {}"}
WHO = {"postgresql": "SELECT pg_backend_pid()", "mysql": "SELECT CONNECTION_ID()"}


@pytest.mark.parametrize("kind", KILL)
@pytest.mark.parametrize("last", ["SELECT 1", "COMMIT"])
def test_a_connection_that_is_lost(kind: str, last: str, request: pytest.FixtureRequest) -> None:
    """In the middle of a transaction, and at its end."""
    url = request.getfixturevalue(kind)
    engine = sa.create_engine(url)
    with pytest.raises(exc.DBAPIError) as error, engine.connect() as connection:  # noqa: PT012
        rows(url, KILL[kind].format(connection.execute(sa.text(WHO[kind])).scalar_one()))
        if last == "COMMIT":
            connection.commit()
        connection.execute(sa.text(last))
    engine.dispose()
    assert trouble(error.value) == "unavailable"


@pytest.mark.parametrize("kind", KILL)
def test_a_lock_that_is_not_to_be_had(kind: str, request: pytest.FixtureRequest) -> None:
    """Within the time that is set."""
    url = request.getfixturevalue(kind)
    rows(url, TABLE)
    rows(url, "INSERT INTO t VALUES (1, 'a')")
    limit = {"postgresql": "SET lock_timeout = 1", "mysql": "SET innodb_lock_wait_timeout = 1"}[kind]
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as holder:
        holder.execute(sa.text("UPDATE t SET c = 'b'"))
        with pytest.raises(exc.DBAPIError) as error, engine.begin() as waiting:  # noqa: PT012
            waiting.execute(sa.text(limit))
            waiting.execute(sa.text("UPDATE t SET c = 'c'"))
    assert trouble(error.value) == "unavailable"


def test_a_locked_file(sqlite: str) -> None:
    """Of SQLite."""
    rows(sqlite, TABLE)
    engine = sa.create_engine(make_url(sqlite).update_query_dict({"timeout": "0"}), poolclass=sa.NullPool)
    with engine.begin() as holder:
        holder.execute(sa.text("INSERT INTO t VALUES (1, 'a')"))
        with pytest.raises(exc.DBAPIError) as error, engine.begin() as waiting:
            waiting.execute(sa.text("INSERT INTO t VALUES (2, 'a')"))
    assert trouble(error.value) == "unavailable"


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (exc.TimeoutError("no connection of the pool"), "unavailable"),
        (ConnectionResetError(), "unavailable"),
        (UnicodeEncodeError("latin-1", "한", 0, 1, "ordinal not in range(256)"), None),
        (exc.NoResultFound(), None),
        (ValueError(), None),
    ],
)
def test_other_errors(error: Exception, kind: str | None) -> None:
    """Of the pool, of the network, of the program."""
    assert trouble(error) == kind


def started(error: BaseException | None) -> list[Message]:
    """Return what a server hears of an application that starts, or fails with an error, as Starlette does it."""
    heard: list[Message] = []

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        if error is None:
            await send({"type": "lifespan.startup.complete"})
            return
        await send({"type": "lifespan.startup.failed", "message": f"Traceback\n{error}"})
        raise error

    async def receive() -> Message:
        return {"type": "lifespan.startup"}

    async def send(message: Message) -> None:
        heard.append(message)

    async def serve() -> None:
        await StartupErrors(app)({"type": "lifespan"}, receive, send)

    if error is None:
        asyncio.run(serve())
    else:
        with pytest.raises(type(error)):
            asyncio.run(serve())
    return heard


@pytest.mark.parametrize("error", [DatabaseNotReady("It is behind."), SettingsError("It is behind.")])
def test_a_start_that_is_refused_is_one_sentence(error: Exception) -> None:
    """And the error goes on, for whoever runs the application without a server."""
    assert started(error) == [{"type": "lifespan.startup.failed", "message": "It is behind."}]


def test_another_error_at_the_start_keeps_its_traceback() -> None:
    """It is one of the program."""
    assert started(ZeroDivisionError("x")) == [{"type": "lifespan.startup.failed", "message": "Traceback\nx"}]


def test_a_start_that_succeeds() -> None:
    """The server hears it as ever."""
    assert started(None) == [{"type": "lifespan.startup.complete"}]


def test_a_request_passes() -> None:
    """Untouched."""
    seen: list[str] = []

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        seen.append(scope["type"])

    asyncio.run(StartupErrors(app)({"type": "http"}, None, None))  # type: ignore[arg-type]
    assert seen == ["http"]

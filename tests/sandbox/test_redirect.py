"""Every connection of a process leads to scratch databases, as long as a sandbox is open."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, event, make_url
from sqlalchemy.ext.asyncio import create_async_engine
from support.databases import make_database

from alembic_proof.errors import NoScratchDatabaseError, UndeterminedError
from alembic_proof.sandbox import SCRATCH_VARIABLE, Sandbox, engine
from alembic_proof.sandbox.redirect import explain, place_of

PG, MY = "postgresql+psycopg://u:s3cret@", "mysql+pymysql://u:s3cret@"


@pytest.mark.parametrize(
    ("url", "place"),
    [
        (f"{PG}db.example/shop", "postgresql: shop at db.example:5432"),
        (f"{PG}localhost/shop", "postgresql: shop at 127.0.0.1:5432"),
        (f"{PG}/shop", "postgresql: shop at 127.0.0.1:5432"),
        (f"{PG}[::1]:6432/shop", "postgresql: shop at 127.0.0.1:6432"),
        (f"{PG}/shop?host=/var/run/pg", "postgresql: shop at /var/run/pg:5432"),
        ("postgresql+psycopg2://u:s3cret@h/shop", "postgresql: shop at h:5432"),
        ("postgresql+asyncpg://u:s3cret@h/shop", "postgresql: shop at h:5432"),
        (f"{MY}h/shop", "mysql: shop at h:3306"),
        (f"{MY}h:3307/shop?charset=utf8mb4", "mysql: shop at h:3307"),
        ("sqlite://", "sqlite: :memory:"),
        ("sqlite:////srv/shop.db", "sqlite: /srv/shop.db"),
        ("sqlite:///shop.db", f"sqlite: {os.path.abspath('shop.db')}"),
        ("sqlite:///file:/srv/shop.db?uri=true&mode=ro", "sqlite: /srv/shop.db"),
        ("sqlite+aiosqlite:////srv/shop.db", "sqlite: /srv/shop.db"),
    ],
)
def test_a_place_has_one_spelling(url: str, place: str) -> None:
    """Without a password, whatever the driver."""
    assert Sandbox().place(url) == place
    assert "s3cret" not in place


def test_the_arguments_of_a_driver_lead_to_the_same_place_as_a_url() -> None:
    """As an engine hands them to do_connect."""
    url = make_url(f"{PG}db.example/shop")
    dialect = url.get_dialect()()
    assert place_of(dialect, [], {"dbname": "shop", "host": "db.example", "port": 5432}) == Sandbox().place(url)


def read(connection: Connection) -> str:
    """Return the file of an SQLite database."""
    return str(connection.exec_driver_sql("PRAGMA database_list").one()[2])


def test_a_connection_leads_to_a_scratch_database(tmp_path: Path) -> None:
    """The same one for the same place, another one for another, and nothing is written where it was meant to lead."""
    with Sandbox() as sandbox:
        files = []
        for name in ("a", "a", "b"):
            with create_engine(f"sqlite:///{tmp_path}/{name}.db").begin() as connection:
                connection.exec_driver_sql("CREATE TABLE IF NOT EXISTS t (i INTEGER)")
                files.append(read(connection))
                target = sandbox.target(connection)
                assert target.place == f"sqlite: {tmp_path}/{name}.db"
                assert make_url(target.url).database == files[-1]
        assert files[0] == files[1] != files[2]
        assert list(sandbox.requests) == [f"sqlite: {tmp_path}/a.db", f"sqlite: {tmp_path}/b.db"]
    assert not list(tmp_path.iterdir())
    assert not any(map(os.path.exists, files))


def test_an_engine_of_our_own_leads_where_it_is_meant_to(tmp_path: Path) -> None:
    """It has no target."""
    path = tmp_path / "own.db"
    with Sandbox() as sandbox, engine(f"sqlite:///{path}").connect() as connection:
        assert read(connection) == str(path)
        with pytest.raises(KeyError):
            sandbox.target(connection)
    assert not sandbox.requests


def test_a_closed_sandbox_redirects_nothing(tmp_path: Path) -> None:
    """Neither does one that was left by an error."""
    with pytest.raises(ZeroDivisionError), Sandbox():
        raise ZeroDivisionError
    with create_engine(f"sqlite:///{tmp_path}/x.db").connect() as connection:
        assert read(connection) == f"{tmp_path}/x.db"


def test_the_options_of_an_engine_are_kept(tmp_path: Path) -> None:
    """All but those that say where it leads."""
    options: dict[str, Any] = {"isolation_level": None, "timeout": 3.5}
    with (
        Sandbox() as sandbox,
        create_engine(f"sqlite:///{tmp_path}/x.db", connect_args=options).connect() as connection,
    ):
        raw: Any = connection.connection.dbapi_connection
        assert raw.isolation_level is None
    assert sandbox.requests[f"sqlite: {tmp_path}/x.db"].parameters["timeout"] == 3.5


def test_other_listeners_are_called(tmp_path: Path) -> None:
    """Such as a project's own, which sets a PRAGMA on each connection."""
    own = create_engine(f"sqlite:///{tmp_path}/x.db")
    event.listen(own, "connect", lambda connection, _: connection.execute("PRAGMA foreign_keys=ON"))
    with Sandbox(), own.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


def test_an_asynchronous_engine_is_redirected(tmp_path: Path) -> None:
    """aiosqlite: the event is sent to its synchronous engine."""

    async def run(sandbox: Sandbox) -> str:
        own = create_async_engine(f"sqlite+aiosqlite:///{tmp_path}/x.db")
        async with own.begin() as connection:
            await connection.exec_driver_sql("CREATE TABLE t (i INTEGER)")
            url = await connection.run_sync(lambda inner: sandbox.target(inner).url)
        await own.dispose()
        return url

    with Sandbox() as sandbox:
        url = asyncio.run(run(sandbox))
        with engine(url).connect() as connection:
            assert connection.exec_driver_sql("SELECT name FROM sqlite_master").scalar() == "t"
    assert not list(tmp_path.iterdir())


def test_a_creator_function_is_refused(tmp_path: Path) -> None:
    """SQLAlchemy does not tell where it leads."""
    own = create_engine("sqlite://", creator=lambda: sqlite3.connect(tmp_path / "x.db"))
    with Sandbox(), pytest.raises(NoScratchDatabaseError, match="creator"):
        own.connect()


def test_a_server_needs_a_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite cannot stand in for it."""
    monkeypatch.delenv(SCRATCH_VARIABLE, raising=False)
    with Sandbox() as sandbox, pytest.raises(NoScratchDatabaseError) as error:
        create_engine(f"{PG}db.example/shop").connect()
    assert explain(error.value) == (
        "it connects to postgresql: shop at db.example:5432: set TEST_DATABASE_URL to a database on such a server"
    )
    assert list(sandbox.requests) == ["postgresql: shop at db.example:5432"]
    monkeypatch.setenv(SCRATCH_VARIABLE, "mysql://root:secret@h/d")
    with Sandbox(), pytest.raises(NoScratchDatabaseError, match=r"5432 \(TEST_DATABASE_URL leads to mysql\)$"):
        create_engine(f"{PG}db.example/shop").connect()


def test_while_connections_are_forbidden_none_is_opened(tmp_path: Path) -> None:
    """The error names who asked; an engine of our own still connects, and afterwards the others do."""
    own = create_engine(f"sqlite:///{tmp_path}/x.db")
    with Sandbox() as sandbox:
        with sandbox.forbidding("versions/a1.py"):
            with pytest.raises(
                NoScratchDatabaseError, match=r"versions/a1\.py opens a connection of its own, to sqlite"
            ):
                own.connect()
            engine("sqlite://").connect().close()
        own.connect().close()


def test_another_database_stands_in_for_a_place(tmp_path: Path) -> None:
    """As long as it is asked to."""
    with Sandbox() as sandbox:

        def leads_to() -> tuple[str, str]:
            with create_engine(f"sqlite:///{tmp_path}/x.db").connect() as connection:
                return sandbox.target(connection)

        first = leads_to()
        other = sandbox.database("sqlite")
        with sandbox.standing_in(first[1], other):
            assert leads_to() == (other, first[1])
        assert leads_to() == first


def test_a_variable_names_a_scratch_database(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which is where its URL leads, and afterwards it has its old value."""
    monkeypatch.delenv(SCRATCH_VARIABLE, raising=False)
    monkeypatch.setenv("APP_URL", "sqlite:///app.db")
    with Sandbox() as sandbox:
        place = sandbox.name_in_environment("APP_URL")
        url = os.environ["APP_URL"]
        assert sandbox.place(url) == place
        with create_engine(url).connect() as connection:
            assert sandbox.target(connection) == (url, place)
    assert os.environ["APP_URL"] == "sqlite:///app.db"


DRIVERS = {
    "postgresql": ["psycopg", "psycopg2", "asyncpg"],
    "mysql": ["pymysql"],
}


@pytest.mark.parametrize(("kind", "driver"), [(kind, driver) for kind in DRIVERS for driver in DRIVERS[kind]])
def test_on_a_server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: str, driver: str) -> None:
    """Whatever the driver, and whatever the options of a server that does not exist."""
    query = "?sslmode=require" if driver.startswith("psycopg") else ""
    url = f"{kind}+{driver}://u:s3cret@db.example/shop{query}"
    statement = "SELECT current_database()" if kind == "postgresql" else "SELECT DATABASE()"

    def ask(connection: Connection, sandbox: Sandbox) -> tuple[str, str]:
        return connection.exec_driver_sql(statement).scalar_one(), sandbox.target(connection).url

    async def ask_async(sandbox: Sandbox) -> tuple[str, str]:
        own = create_async_engine(url)
        async with own.connect() as connection:
            answer = await connection.run_sync(ask, sandbox)
        await own.dispose()
        return answer

    with make_database(kind, tmp_path) as server:
        monkeypatch.setenv(SCRATCH_VARIABLE, server)
        with Sandbox() as sandbox:
            if driver == "asyncpg":
                name, scratch = asyncio.run(ask_async(sandbox))
            else:
                with create_engine(url).connect() as connection:
                    name, scratch = ask(connection, sandbox)
            assert name == make_url(scratch).database != make_url(server).database
            assert list(sandbox.requests) == [f"{kind}: shop at db.example:{5432 if kind == 'postgresql' else 3306}"]


def test_a_server_that_refuses_is_asked_directly(monkeypatch: pytest.MonkeyPatch, postgresql: str) -> None:
    """Why it refuses is asked outside of the sandbox, or it would be asked for ever."""
    url = make_url(postgresql).set(username="nobody_here")
    monkeypatch.setenv("TEST_DATABASE_URL", url.render_as_string(hide_password=False))
    with Sandbox(), pytest.raises(UndeterminedError, match="nobody_here"):
        create_engine(postgresql).connect()

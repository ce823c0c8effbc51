"""Scratch databases are created and dropped, and engines that only read cannot write."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url
from sqlalchemy.exc import DBAPIError
from support.databases import make_database, rows

from alembic_proof.errors import UndeterminedError
from alembic_proof.sandbox import SCRATCH_VARIABLE, engine, exists, read_only_engine, scratch_database
from alembic_proof.sandbox.scratch import Server, is_direct, scratch_file

CATALOGUES = {
    "postgresql": "SELECT datname FROM pg_database",
    "mysql": "SELECT schema_name FROM information_schema.schemata",
}


def test_without_a_server_it_is_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of SQLite, in a temporary directory."""
    monkeypatch.delenv(SCRATCH_VARIABLE, raising=False)
    with scratch_database() as url:
        rows(url, "CREATE TABLE t (i INTEGER)")
    assert url.startswith("sqlite:///")
    assert not os.path.exists(str(make_url(url).database))


def test_a_scratch_file_waits_for_no_disk(tmp_path: Path) -> None:
    """It need not survive a power cut; any other database is to."""
    query = "PRAGMA synchronous"
    with scratch_file() as url, engine(url).connect() as connection:
        assert connection.exec_driver_sql(query).scalar() == 0
    with engine(f"sqlite:///{tmp_path}/x.db").connect() as connection:
        assert connection.exec_driver_sql(query).scalar() == 2


@pytest.mark.parametrize("kind", CATALOGUES)
def test_on_a_server_it_is_dropped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: str) -> None:
    """Also after an error."""
    names = []
    with make_database(kind, tmp_path) as server:
        monkeypatch.setenv(SCRATCH_VARIABLE, server)

        def fail() -> None:
            with scratch_database() as url:
                names.append(make_url(url).database)
                rows(url, "CREATE TABLE t (i INTEGER)")
                assert names[0] in existing()
                raise ZeroDivisionError

        def existing() -> set[str]:
            return {name for (name,) in rows(server, CATALOGUES[kind])}

        with pytest.raises(ZeroDivisionError):
            fail()
        assert names[0] not in existing()


def test_a_connection_does_not_keep_a_scratch_database(monkeypatch: pytest.MonkeyPatch, postgresql: str) -> None:
    """PostgreSQL refuses to drop one in use, unless it is told to close the connections."""
    monkeypatch.setenv(SCRATCH_VARIABLE, postgresql)
    with scratch_database() as url:
        connection = engine(url).connect()
        connection.exec_driver_sql("SELECT 1")
    assert make_url(url).database not in {name for (name,) in rows(postgresql, CATALOGUES["postgresql"])}
    connection.invalidate()


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("", "is empty"),
        ("garbage", "is not a URL"),
        ("sqlite:///x.db", "it names no server"),
        ("postgresql://u:s3cret@127.0.0.1:1/d", "no server answers at 127.0.0.1:1"),
        ("oracle://u:s3cret@h/d", "unknown database"),
    ],
)
def test_a_server_that_cannot_be_used(monkeypatch: pytest.MonkeyPatch, value: str, reason: str) -> None:
    """The error names the variable, and no password."""
    monkeypatch.setenv(SCRATCH_VARIABLE, value)
    with pytest.raises(UndeterminedError) as error, scratch_database():
        pass
    assert str(error.value).startswith("TEST_DATABASE_URL in the environment cannot be used: ")
    assert reason in str(error.value)
    assert "s3cret" not in str(error.value)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (None, ""),
        ("", ""),
        ("postgres://h/d", "postgresql"),
        ("postgresql+psycopg2://h/d", "postgresql"),
        ("mariadb+pymysql://h/d", "mysql"),
        ("mysql://h/d", "mysql"),
        ("sqlite://", ""),
    ],
)
def test_the_kind_of_the_server(monkeypatch: pytest.MonkeyPatch, value: str | None, kind: str) -> None:
    """One name for each."""
    monkeypatch.delenv(SCRATCH_VARIABLE, raising=False)
    if value is not None:
        monkeypatch.setenv(SCRATCH_VARIABLE, value)
    assert Server.named().kind == kind


def test_a_project_names_its_server_in_its_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The environment wins; "sqlite://" says that files will do; compose.yaml is how to start it."""
    monkeypatch.delenv(SCRATCH_VARIABLE, raising=False)
    (tmp_path / ".env").write_text(f"{SCRATCH_VARIABLE}=postgresql://u:s3cret@127.0.0.1:1/d\n")
    (tmp_path / "compose.yaml").write_text("services: {}\n")
    assert Server.named(None).text is None
    server = Server.named(tmp_path)
    assert server.kind == "postgresql"
    with pytest.raises(UndeterminedError) as error, scratch_database("shop", server):
        pass
    assert f"{SCRATCH_VARIABLE} in {tmp_path}/.env cannot be used: no connection to postgresql" in str(error.value)
    assert "docker compose up -d --wait starts it, if it is the one of compose.yaml" in str(error.value)
    assert "s3cret" not in str(error.value)
    for value in ("sqlite://", "mysql://h/d"):
        monkeypatch.setenv(SCRATCH_VARIABLE, value)
        assert Server.named(tmp_path).text == (None if value == "sqlite://" else value)
    monkeypatch.delenv(SCRATCH_VARIABLE)
    monkeypatch.setitem(sys.modules, "dotenv.parser", None)
    assert Server.named(tmp_path).text is None  # nobody can know, and most of what needs a server does without


def test_an_engine_is_returned_as_it_is() -> None:
    """Where a URL or an engine may be given."""
    own = create_engine("sqlite://")
    assert engine(own) is own
    assert not is_direct(own.dialect)
    assert is_direct(engine("sqlite://").dialect)


def test_reading_creates_no_file(tmp_path: Path) -> None:
    """Neither does asking whether there is a database."""
    url = make_url(f"sqlite:///{tmp_path}/x.db")
    assert not exists(url)
    rows(str(url), "CREATE TABLE t (i INTEGER)")
    assert exists(url)
    assert exists(make_url("postgresql://h/d"))


def test_a_reading_engine_cannot_write(database: str) -> None:
    """On any database; and no sandbox redirects it."""
    rows(database, "CREATE TABLE t (i INTEGER)")
    reader = read_only_engine(make_url(database))
    assert is_direct(reader.dialect)
    with reader.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM t").scalar() == 0
    with pytest.raises(DBAPIError, match=r"(?i)read.?only"), reader.begin() as connection:
        connection.exec_driver_sql("INSERT INTO t VALUES (1)")
    assert rows(database, "SELECT count(*) FROM t") == [(0,)]

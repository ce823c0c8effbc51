"""Why there is no connection: no server, no database, or what the driver says; and the command that helps."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest
from sqlalchemy import URL, NullPool, create_engine, make_url
from support.databases import make_database, rows

from alembic_proof.connecting import why_not


def told(url: URL | str, project: Path | None = None) -> str:
    """Return what is said where connecting to a URL fails."""
    url = make_url(url)
    try:
        create_engine(url, poolclass=NullPool).connect()
    except Exception as error:
        return why_not(url, error, project)
    raise AssertionError(f"{url} can be connected to")


@pytest.mark.parametrize("driver", ["postgresql+psycopg", "postgresql+psycopg2", "mysql+pymysql"])
def test_no_server(tmp_path: Path, driver: str) -> None:
    """Where the project has a compose.yaml, that may start it."""
    assert re.match(
        r"no server answers at 127\.0\.0\.1:1 \(.*\): start it, or correct", told(f"{driver}://u:p@127.0.0.1:1/d")
    )
    (tmp_path / "compose.yaml").touch()
    sentence = told(f"{driver}://u:s3cret@127.0.0.1:1/d", tmp_path)
    assert sentence.endswith("docker compose up -d --wait starts it, if it is the one of compose.yaml")
    assert "s3cret" not in sentence


@pytest.mark.parametrize("driver", ["postgresql+psycopg", "postgresql+psycopg2", "mysql+pymysql"])
def test_no_database(tmp_path: Path, driver: str) -> None:
    """The command makes it, as printed."""
    with make_database(driver.partition("+")[0], tmp_path) as existing:
        name = f"{make_url(existing).database}_none"  # each test's own: another one may run at the same time
        url = make_url(existing).set(drivername=driver, database=name)
        sentence = told(url)
        assert sentence.startswith(f"the server has no database {name}. Create it: ")
        command = sentence.partition("Create it: ")[2].partition("; or correct the URL")[0]
        assert command == {
            "p": f"createdb -h 127.0.0.1 -p 5432 -U postgres {name}",
            "m": f"mariadb -h 127.0.0.1 -P 3306 -u root -e 'CREATE DATABASE `{name}`'",
        }[driver[0]].replace("5432", str(url.port)).replace("3306", str(url.port))
        try:
            if subprocess.run(["which", shlex.split(command)[0]], capture_output=True).returncode == 0:
                subprocess.run(shlex.split(command), check=True)
                assert rows(url.render_as_string(hide_password=False), "SELECT 1") == [(1,)]
        finally:
            rows_outside(existing, f"DROP DATABASE IF EXISTS {name}")


def rows_outside(url: str, statement: str) -> None:
    """Run a statement that cannot be in a transaction."""
    with create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT").connect() as connection:
        connection.exec_driver_sql(statement)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("", "is a directory; name a file in it"),
        ("missing/shop.db", "missing; create it, or correct the URL"),
        ("shop.db", ""),
    ],
)
def test_a_file_of_sqlite(tmp_path: Path, path: str, words: str) -> None:
    """What is wrong with its path is said, besides what SQLite says."""
    url = make_url(f"sqlite:///{tmp_path}/{path}".rstrip("/"))
    told = why_not(url, Exception("unable to open database file"))
    assert told.startswith("unable to open database file")
    assert words in told
    assert bool(words) is (str(tmp_path) in told)


def test_whatever_else(tmp_path: Path, postgresql: str) -> None:
    """It is what the driver says, on one line."""
    url = make_url(postgresql).set(username="nobody_here")
    assert "nobody_here" in told(url)
    assert "\n" not in told(url)
    assert "start it" not in told(url)

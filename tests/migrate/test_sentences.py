"""Which errors become sentences, and which do not."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from alembic.util import CommandError
from sqlalchemy import MetaData, make_url
from sqlalchemy.exc import DBAPIError
from support.lab import Lab

from alembic_proof.errors import SettingsError, error_codes
from alembic_proof.migrate.sentences import as_sentences

PG, MYSQL, SQLITE, ORACLE = (
    make_url(f"{name}://").get_dialect()() for name in ("postgresql", "mysql+pymysql", "sqlite", "oracle")
)
IN_USE, FORBIDDEN = "Gave up waiting for a table in use", "The database's user may not do this: ALTER TABLE t"


class Failure(Exception):
    """An error of a driver."""

    def __init__(self, *args: Any, **attributes: Any) -> None:
        super().__init__(*args)
        vars(self).update(attributes)


def raised(dialect: Any, error: BaseException) -> str:
    """Return what is said of an error, or "as it is"."""
    try:
        with as_sentences(dialect):
            raise error
    except CommandError as sentence:
        return str(sentence)
    except type(error):
        return "as it is"


@pytest.mark.parametrize(
    ("dialect", "error", "sentence"),
    [
        (PG, Failure("canceling statement", sqlstate="55P03"), IN_USE),  # psycopg, asyncpg
        (PG, Failure("canceling statement", pgcode="55P03"), IN_USE),  # psycopg2
        (PG, Failure("permission denied", sqlstate="42501"), FORBIDDEN),
        (PG, Failure("no such table", sqlstate="42P01"), "as it is"),
        (PG, Failure({"C": "55P03"}), "as it is"),  # pg8000
        (MYSQL, Failure(1205, "Lock wait timeout exceeded"), IN_USE),
        (MYSQL, Failure(1142, "ALTER command denied to user"), FORBIDDEN),
        (MYSQL, Failure(1044, "Access denied for user"), FORBIDDEN),
        (MYSQL, Failure(1146, "Table doesn't exist"), "as it is"),
        (SQLITE, Failure("database is locked"), IN_USE),
        (SQLITE, Failure("attempt to write a readonly database"), FORBIDDEN),
        (SQLITE, Failure("no such table: t"), "as it is"),
        (MYSQL, Failure("database is locked"), "as it is"),
        (ORACLE, Failure(1205), "as it is"),
        (None, Failure(1205), "as it is"),
    ],
)
def test_errors_of_a_database(dialect: Any, error: Failure, sentence: str) -> None:
    """Each database has its own code for what somebody can do something about."""
    said = raised(dialect, DBAPIError("ALTER TABLE t", None, error))
    assert said.startswith(sentence)
    assert sentence == "as it is" or "ALTER TABLE t" in said


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (SettingsError("SHOP_URL is not set."), "SHOP_URL is not set."),
        (CommandError("of Alembic's"), "of Alembic's"),
        (ZeroDivisionError(), "as it is"),
        (KeyboardInterrupt(), "as it is"),
    ],
)
def test_other_errors(error: BaseException, sentence: str) -> None:
    """Those of the settings are sentences already."""
    assert raised(PG, error) == sentence


@pytest.mark.parametrize(
    ("error", "codes"),
    [
        (None, set()),
        (Failure(), set()),
        (Failure("text"), {"text"}),
        (Failure("text", sqlstate="1", pgcode="2"), {"text", "1", "2"}),
        (Failure("text", sqlstate=None), {"text"}),
        (SimpleNamespace(sqlstate="1"), {"1"}),
        (Failure({"C": "1"}), set()),
    ],
)
def test_error_codes(error: Any, codes: set[str]) -> None:
    """Whatever a driver has, and nothing where it has nothing."""
    assert error_codes(error) == codes


def test_a_database_that_is_behind(lab_sqlite: Lab) -> None:
    """Alembic says so when a revision is to be written; where the database is, and what to do, are added."""
    lab_sqlite.write("r1", None, "pass")
    assert lab_sqlite.refused(MetaData()) == (
        "Target database is not up to date: it is at revision none, and the newest is r1. Run alembic upgrade head "
        "first, then this command again."
    )

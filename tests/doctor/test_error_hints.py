"""What to do about an error: by its code, its type or its text."""

from __future__ import annotations

from configparser import InterpolationSyntaxError

import pytest
from alembic.util import CommandError
from sqlalchemy.exc import IntegrityError, MissingGreenlet, ProgrammingError

from alembic_proof.doctor.error_hints import CODES, TEXTS, hint
from alembic_proof.errors import SettingsError


class ServerError(Exception):
    """An error of psycopg or asyncpg, as far as it matters."""

    def __init__(self, sqlstate: str) -> None:
        super().__init__("un message en français")
        self.sqlstate = sqlstate


class Psycopg2Error(Exception):
    """An error of psycopg2, as far as it matters."""

    def __init__(self, pgcode: str) -> None:
        super().__init__("eine deutsche Meldung")
        self.pgcode = pgcode


class MultipleHeads(Exception):
    """Alembic's, as far as it matters."""


def mysql_error(number: int) -> Exception:
    """Return an error of PyMySQL."""
    kind = type("OperationalError", (Exception,), {"__module__": "pymysql.err"})
    error: Exception = kind(number, "ein Fehler")
    return error


def chained(error: Exception) -> Exception:
    """Return an error that was raised from another one."""
    outer = RuntimeError("outer")
    outer.__cause__ = error
    return outer


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ServerError("23502"), "nullable=True, fill it"),
        (ServerError("23514"), "existing rows do not satisfy"),
        (ServerError("42P07"), "created twice"),
        (ServerError("42P01"), "a revision before this one create it"),
        (ServerError("3F000"), "create the schema"),
        (ServerError("55P03"), "op.get_bind()"),
        (Psycopg2Error("25001"), "autocommit_block"),
        (Psycopg2Error("28P01"), "hide_password"),
        (mysql_error(1062), "remove the duplicates"),
        (mysql_error(1146), "a revision before this one create it"),
        (mysql_error(4025), "existing rows do not satisfy"),
        (mysql_error(1205), "op.get_bind()"),
        (IntegrityError("INSERT", {}, ServerError("23503")), "existing rows do not satisfy"),
        (chained(ProgrammingError("SELECT", {}, mysql_error(1060))), "created twice"),
        (MissingGreenlet("greenlet_spawn has not been called"), "give it a synchronous driver"),
        (MultipleHeads("two"), "alembic merge heads"),
    ],
)
def test_a_code_or_a_type_decides(error: Exception, words: str) -> None:
    """Whatever the language of the server's messages."""
    assert words in hint(error)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ValueError(1062), "correct it"),  # a number is a code only from a driver of MySQL
        (ServerError("99999"), "correct it"),
        (RuntimeError("boom"), "correct it"),
        (CommandError("off names rename: did you mean renames?"), "do what this sentence says"),
        (SettingsError("SHOP_URL is empty: give it a URL."), "do what this sentence says"),
        (AttributeError("module 'x' has no attribute '_ARRAY'"), "sqlalchemy[asyncio]"),
        (InterpolationSyntaxError("url", "alembic", "'%' must be followed by '%' or '('"), "create_engine(url)"),
        (ValueError("'file_template' ... bad interpolation"), "%%(year)d"),
        (KeyError("year"), "%%(year)d"),
        (KeyError("url"), "the URL is missing"),
        (KeyError("APP_DSN"), "the URL is missing"),
        (KeyError("formatters"), "logging sections of alembic init"),
        (ValueError("Can't load plugin: sqlalchemy.dialects:postgres"), "postgresql:// instead"),
        (ValueError("Can't load plugin: sqlalchemy.dialects:postgresql.foo"), "correct it"),
        (ServerError("42710"), "correct it"),
        (RuntimeError('type "mood" already exists'), "DROP TYPE name"),
        (RuntimeError('relation "ix" already exists'), "created twice"),
        (RuntimeError('type "mood" does not exist'), "create the type first"),
        (RuntimeError("value too long for type character varying(32)"), "shorten the revision id"),
        (RuntimeError("value too long for type character varying(3)"), "existing rows do not satisfy"),
        (RuntimeError("UNIQUE constraint failed: t.x"), "remove the duplicates"),
        (RuntimeError("duplicate key value: pg_type_typname_nsp_index"), "at the same time"),
        (RuntimeError("Constraint must have a name"), "naming_convention"),
        (RuntimeError('near "ALTER": syntax error'), "batch_alter_table"),
        (NameError("name 'Text' is not defined"), "import it there"),
        (UnboundLocalError("cannot access local variable 'x'"), "correct it"),
        (ImportError("cannot import name 'settings' from 'shop'"), "pip install -e ."),
        (ModuleNotFoundError("No module named 'greenlet'"), "sqlalchemy[asyncio]"),
        (AttributeError("'NoneType' object has no attribute 'fetchall'"), "is_offline_mode()"),
    ],
)
def test_a_text_decides_otherwise(error: Exception, words: str) -> None:
    """The first pattern that matches."""
    assert words in hint(error)


def test_the_line_that_raised_it_counts() -> None:
    """Alembic asserts without a message."""
    self = type("Context", (), {"_transaction": None})()
    with pytest.raises(AssertionError) as error:
        assert self._transaction is not None
    error.value.args = ()
    assert "commit it there" in hint(error.value)


def test_every_hint_is_an_instruction() -> None:
    """Not a sentence with a full stop, as more follows it."""
    for fix in (*CODES.values(), *TEXTS.values()):
        assert fix
        assert not fix.endswith(".")

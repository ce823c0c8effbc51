"""What to do about an error: by its code, its type or its text."""

from __future__ import annotations

from configparser import InterpolationSyntaxError
from pathlib import Path

import alembic.op
import pytest
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy.exc import (
    ArgumentError,
    IntegrityError,
    InvalidRequestError,
    MissingGreenlet,
    OperationalError,
    ProgrammingError,
)
from support.lab import Lab

from alembic_proof.doctor.error_hints import CODES, NOT_KNOWN, TEXTS, hint
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
        (
            OperationalError("INSERT INTO alembic_version (version_num) ...", {}, Exception("no such table")),
            "take that",
        ),
        (OperationalError("INSERT INTO book ...", {}, Exception("no such table: book")), "a revision before this one"),
        (ArgumentError("Could not resolve all types within mapped annotation: 'X'"), "import the type in this module"),
        (Exception("file is not a database"), "no SQLite database"),
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
        (ValueError(1062), NOT_KNOWN),  # a number is a code only from a driver of MySQL
        (ServerError("99999"), NOT_KNOWN),
        (RuntimeError("boom"), NOT_KNOWN),
        (CommandError("off names rename: did you mean renames?"), "do what this sentence says"),
        (SettingsError("SHOP_URL is empty: give it a URL."), "do what this sentence says"),
        (AttributeError("module 'x' has no attribute '_ARRAY'"), "sqlalchemy[asyncio]"),
        (InterpolationSyntaxError("url", "alembic", "'%' must be followed by '%' or '('"), "create_engine(url)"),
        (ValueError("'file_template' ... bad interpolation"), "%%(year)d"),
        (KeyError("year"), "%%(year)d"),
        (KeyError("url"), "the URL is missing"),
        (EOFError("EOF when reading a line"), "context.get_x_argument()"),
        (ValueError("'x' is not a valid value for path_separator; expected 'os'"), "os, space, newline"),
        (RuntimeError('near "SETT": syntax error'), "correct the SQL"),
        (ArgumentError("Could not parse SQLAlchemy URL from given URL string"), "without quotes"),
        (ArgumentError("Invalid SQLite URL: sqlite://app.db"), "three slashes before a relative path"),
        (KeyError("APP_DSN"), "the URL is missing"),
        (KeyError("formatters"), "logging sections of alembic init"),
        (ValueError("Can't load plugin: sqlalchemy.dialects:postgres"), "postgresql:// instead"),
        (ValueError("Can't load plugin: sqlalchemy.dialects:postgresql.foo"), NOT_KNOWN),
        (ServerError("42710"), NOT_KNOWN),
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
        (UnboundLocalError("cannot access local variable 'x'"), NOT_KNOWN),
        (TypeError("options() takes 1 positional argument but 2 were given"), "give the last argument its name"),
        (TypeError("f() takes from 1 to 2 positional arguments but 3 were given"), "give the last argument its name"),
        (TypeError("connect() got an unexpected keyword argument 'urls'"), "correct the name of this argument"),
        (ModuleNotFoundError("No module named 'shop'", name="shop"), "pip install -e ."),
        (ModuleNotFoundError("No module named 'shop.cart'", name="shop.cart"), "shop is found, and has no module cart"),
        (
            ImportError("cannot import name 'MetaDate' from 'sqlalchemy'", path="/x.py"),
            "in /x.py, and MetaDate is not in it: did you mean MetaData?",
        ),
        (ArgumentError("__table_args__ value must be a tuple, dict, or None"), "a comma before the last parenthesis"),
        (ArgumentError('Type "A.b" can\'t be correctly interpreted for Annotated Declarative Table'), "Mapped[str]"),
        (ArgumentError("Mapper Mapper[A(a)] could not assemble any primary key columns"), "primary_key=True"),
        (InvalidRequestError("Table 'a' is already defined for this MetaData instance."), "another __tablename__"),
        (ImportError("cannot import name 'zzz' from 'sqlalchemy' (/x.py)"), "zzz is not in it: correct the name"),
        (
            ImportError(
                "cannot import name 'a' from partially initialized module 'shop.b' (most likely)", path="/b.py"
            ),
            "shop.b (/b.py) imports this file in turn",
        ),
        (AttributeError("no add_colum", name="add_colum", obj=alembic.op), "did you mean add_column?"),
        (AttributeError("no zzz", name="zzz", obj=alembic.op), NOT_KNOWN),
        (
            RuntimeError("Class X does not have a __table__ or __tablename__ specified"),
            "give the class a __tablename__",
        ),
        (RuntimeError('type "vector" does not exist'), "CREATE EXTENSION IF NOT EXISTS vector"),
        (RuntimeError('type "geography" does not exist'), "CREATE EXTENSION IF NOT EXISTS postgis"),
        (ModuleNotFoundError("No module named 'greenlet'"), "sqlalchemy[asyncio]"),
        (AttributeError("'NoneType' object has no attribute 'fetchall'"), "is_offline_mode()"),
    ],
)
def test_a_text_decides_otherwise(error: Exception, words: str) -> None:
    """The first pattern that matches."""
    assert words in hint(error)


def test_a_package_that_hides_a_module(tmp_path: Path) -> None:
    """What is wanted of it may be in the module."""
    package = tmp_path / "models/__init__.py"
    package.parent.mkdir()
    package.touch()
    error = ImportError("cannot import name 'Base' from 'models' (x)", path=str(package))
    assert "Base is not in it" in hint(error)
    (tmp_path / "models.py").touch()
    assert "the directory models hides models.py beside it" in hint(error)


def test_settings_of_pydantic_that_have_no_value() -> None:
    """They are named; what else is wrong in them is not guessed."""
    errors = [{"loc": ("database_url",), "type": "missing"}, {"loc": ("port",), "type": "int_parsing"}]
    kind = type("ValidationError", (ValueError,), {"__module__": "pydantic_core._pydantic_core"})
    kind.errors = lambda _: errors  # type: ignore[attr-defined]
    assert (
        hint(kind("2 validation errors")) == "set in the environment, or where the settings are read from: database_url"
    )
    errors.pop(0)
    assert hint(kind("1 validation error")) == NOT_KNOWN


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("engine_from_config(section,\n    prefix='')", 'write prefix="sqlalchemy."'),
        ('engine_from_config(section, prefix="db.")', "it looks for db.url in alembic.ini"),
        ('engine_from_config(section, prefix="sqlalchemy.")', "the URL is missing"),
    ],
)
def test_a_prefix_under_which_there_is_no_url(statement: str, words: str) -> None:
    """The statement tells."""
    assert words in hint(KeyError("url"), statement)


def test_the_line_that_raised_it_counts() -> None:
    """Alembic asserts without a message."""
    self = type("Context", (), {"_transaction": None})()
    with pytest.raises(AssertionError) as error:
        assert self._transaction is not None
    error.value.args = ()
    assert "commit it there" in hint(error.value)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"file_template": "%(nothing)s"}, "Alembic knows %%(rev)s"),
        ({"timezone": "Mars/Base"}, "correct timezone in alembic.ini"),
    ],
)
def test_the_name_of_a_new_revision(lab_sqlite: Lab, options: dict[str, str], words: str) -> None:
    """Only when Alembic makes one it reads how, and says nothing of the file where that is written."""
    script = ScriptDirectory(str(lab_sqlite.versions.parent), **options)  # type: ignore[arg-type]
    with pytest.raises((KeyError, CommandError)) as error:
        script.generate_revision("a", "message")
    assert words in hint(error.value)


def test_every_hint_is_an_instruction() -> None:
    """Not a sentence with a full stop, as more follows it."""
    for fix in (*CODES.values(), *TEXTS.values()):
        assert fix
        assert not fix.endswith(".")


def test_what_helps_in_a_circle_of_foreign_keys(lab_postgresql: Lab) -> None:
    """Followed, it does: both tables are there, with both keys."""
    table = "op.create_table('{}', sa.Column('id', sa.Integer(), primary_key=True), sa.Column('other', sa.Integer(){}))"
    key = ", sa.ForeignKey('{}.id')"
    first, second = (table.format(name, key.format(other)) for name, other in (("a", "b"), ("b", "a")))
    path = lab_postgresql.write("one", None, f"{first}\n{second}")
    with pytest.raises(ProgrammingError) as error:
        lab_postgresql.upgrade()
    assert "create both without one of the keys, and then op.create_foreign_key()" in hint(error.value)
    path.unlink()
    later = "op.create_foreign_key('fk_a_b', 'a', 'b', ['other'], ['id'])"
    lab_postgresql.write("one", None, f"{table.format('a', '')}\n{second}\n{later}")
    lab_postgresql.upgrade()
    assert "fk_a_b" in str(lab_postgresql.schema())

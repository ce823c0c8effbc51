"""The database as it will be when its tables and columns have their new names."""

from __future__ import annotations

import inspect as python_inspect
from collections.abc import Iterator
from importlib import import_module

import pytest
from sqlalchemy import Inspector, create_engine, inspect
from sqlalchemy.dialects import sqlite
from support.models import dialect_of

from alembic_proof.autogenerate.renamed_inspector import NewNames, RenamedInspector

SCHEMA = """
CREATE TABLE users (id INTEGER PRIMARY KEY, name VARCHAR(20) CONSTRAINT named CHECK (name <> 'name'),
    UNIQUE (name)
);
CREATE TABLE posts (id INTEGER PRIMARY KEY,
    twice INTEGER GENERATED ALWAYS AS (id * 2),
    user_id REFERENCES users (id)
);
CREATE INDEX by_name ON users (name) WHERE name > 'a';
CREATE VIEW all_users AS SELECT * FROM users;
"""


def names() -> NewNames:
    """Return the names that some things will have."""
    new = NewNames(sqlite.dialect())
    new.add_table(None, "users", "people")
    new.add_column(None, "people", "name", "full name")
    new.add_column(None, "people", "id", "key")
    new.add_column(None, "posts", "id", "number")
    return new


@pytest.fixture
def renamed() -> Iterator[RenamedInspector]:
    """An inspector with new names."""
    with create_engine("sqlite://").connect() as connection:
        for statement in SCHEMA.strip().split(";\n"):
            connection.exec_driver_sql(statement)
        yield RenamedInspector(inspect(connection), names())


def test_names_of_tables(renamed: RenamedInspector) -> None:
    """The new ones; views keep theirs."""
    assert sorted(renamed.get_table_names()) == ["people", "posts"]
    assert [renamed.has_table(name) for name in ("people", "users", "posts")] == [True, False, True]
    assert renamed.get_view_names() == ["all_users"]
    assert renamed.get_schema_names() == ["main"]
    assert renamed.default_schema_name == "main"


def test_what_is_reflected(renamed: RenamedInspector) -> None:
    """Columns, keys, constraints, indexes, and the expressions in them; what is in single quotes is no name."""
    assert [column["name"] for column in renamed.get_columns("people")] == ["key", "full name"]
    assert renamed.get_columns("posts")[1]["computed"]["sqltext"] == "number * 2"
    assert renamed.get_pk_constraint("people")["constrained_columns"] == ["key"]
    (key,) = renamed.get_foreign_keys("posts")
    assert (key["referred_table"], key["referred_columns"]) == ("people", ["key"])
    assert renamed.get_unique_constraints("people")[0]["column_names"] == ["full name"]
    assert renamed.get_check_constraints("people")[0]["sqltext"] == "\"full name\" <> 'name'"
    (index,) = renamed.get_indexes("people")
    assert index["column_names"] == ["full name"]
    assert str(index["dialect_options"]["sqlite_where"]) == "\"full name\" > 'a'"


def test_of_many_tables(renamed: RenamedInspector) -> None:
    """Of all, or of those with these new names."""
    assert set(renamed.get_multi_columns()) == {(None, "people"), (None, "posts")}
    assert set(renamed.get_multi_pk_constraint(filter_names=["people"])) == {(None, "people")}


def test_it_has_the_methods_that_alembic_calls() -> None:
    """With their names, by which Alembic asks the dialect whether they are quick."""
    util = import_module("alembic.autogenerate.compare.util")
    for kind in util._INSP_KEYS:
        for name in (f"get_{kind}", f"get_multi_{kind}"):
            method = getattr(RenamedInspector, name)
            assert method.__name__ == name
            own = list(python_inspect.signature(getattr(Inspector, name)).parameters)
            assert list(python_inspect.signature(method).parameters)[:2] == own[:2]


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("name", '"full name"'),
        ('"name" || `name`', '"full name" || "full name"'),
        ("lower(name)", 'lower("full name")'),
        ("'name' || name", "'name' || \"full name\""),
        ("'it''s name'", "'it''s name'"),
        ("surname", "surname"),
    ],
)
def test_in_sql(sql: str, expected: str) -> None:
    """Whole names only; what is in single quotes is none."""
    assert names().in_sql({"name": "full name"}, sql) == expected


def test_percent_signs_stay_single() -> None:
    """The names that PostgreSQL's drivers take are for its statements; a text of its catalogue has single ones."""
    new = NewNames(dialect_of("postgresql", paramstyle="pyformat"))
    assert new.in_sql({"name": "50% off"}, "name > '%'") == "\"50% off\" > '%'"


def test_the_columns_that_an_index_includes() -> None:
    """They have new names as well."""
    index = {"name": "i", "column_names": ["x"], "dialect_options": {"postgresql_include": ["name", "y"]}}
    found = names().in_reflected((None, "people"), index)
    assert found["dialect_options"]["postgresql_include"] == ["full name", "y"]


def test_old_tables() -> None:
    """By schema and new name."""
    assert names().old_table(None, "people") == "users"
    assert names().old_table("crm", "people") == "people"
    assert names().table(None, "users") == (None, "people")

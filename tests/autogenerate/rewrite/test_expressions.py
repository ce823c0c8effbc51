"""Expressions that somebody wrote, before they are in a revision."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import Integer, MetaData, String, Table
from support.lab import Lab
from support.models import CONVENTION, column

from alembic_proof.prompts import Scripted


def book(*columns: str, name: str = "book") -> MetaData:
    """Return the models: books with a code and a rank; what is named is there, with an exclamation mark not NULL."""
    metadata = MetaData(naming_convention=CONVENTION)
    types = {"code": String(20), "isbn": String(20), "rank": Integer(), "sort": Integer()}
    named = [(each.rstrip("!"), not each.endswith("!")) for each in columns]
    made: list[Any] = [column(each, types[each], nullable=nullable) for each, nullable in named]
    Table(name, metadata, column("id", Integer, primary_key=True), *made)
    return metadata


NEW = ["code", "rank", "isbn!"]
CASES = {
    "a column that is NULL": (NEW, "book.isbn=sql:code", "Here, 2 rows would get none: SELECT code"),
    "a value for each": (NEW, "book.isbn=sql:coalesce(code, 'x')", ""),
    "NULL": (NEW, "book.isbn=sql:NULL", r"Here, 3 rows would get none: SELECT \*"),
    "of a function": (NEW, "book.isbn=sql:nullif(upper(code), 'A')", "Here, 3 rows would get none"),
    "where it is NULL now": (
        ["code!", "rank"],
        "book.code=sql:nullif(coalesce(rank, 5), 3)",
        "Here, 1 row would get none: SELECT code, rank",
    ),
    "where it is a value now": (
        ["code", "rank!"],
        "book.rank=sql:nullif(length(code), 1)",
        "Here, 1 row would get none",
    ),
    "where all are values": (["code", "rank!"], "book.rank=sql:coalesce(length(code), 0)", ""),
}


@pytest.mark.parametrize(("columns", "fill", "said"), CASES.values(), ids=CASES)
def test_a_value_for_each_row(lab: Lab, columns: list[str], fill: str, said: str) -> None:
    """An expression that is NULL for a row that it fills is refused, with a SELECT that shows such rows."""
    lab.change(book("code", "rank"))
    lab.rows("INSERT INTO book (id, code, rank) VALUES (1, 'a', 1), (2, NULL, 3), (3, NULL, NULL)")
    if not said:
        lab.change(book(*columns), f"fill={fill}")
        return
    text = lab.refused(book(*columns), f"fill={fill}")
    assert re.search(f"becomes NOT NULL, and sql:.* is no value for each row. {said}", text), text
    (query,) = re.findall("SELECT .* LIMIT 20", text)
    assert len(lab.rows(query)) == int(said.split("Here, ")[1].split()[0])


def test_after_renames(lab: Lab) -> None:
    """The expression has the new names, and the SELECT those of the database."""
    lab.change(book("code", "rank"))
    lab.rows("INSERT INTO book (id, code) VALUES (1, 'a'), (2, NULL)")
    answers = ("rename=book:work", "rename=work.code:isbn")
    text = lab.refused(book("isbn", "rank", "sort!", name="work"), *answers, "fill=work.sort=sql:length(isbn)")
    (query,) = re.findall("SELECT .* LIMIT 20", text)
    assert lab.rows(query) == [(None,)]


@pytest.mark.parametrize("fill", ["fill=book.rank=sql:sort", "fill=book.rank=sql:own(code)"])
def test_what_nobody_can_tell(lab_postgresql: Lab, fill: str) -> None:
    """What is read is filled as well, or a function may do anything: nothing is said, and nothing is called."""
    lab_postgresql.change(book("code", "rank"))
    lab_postgresql.rows("INSERT INTO book (id) VALUES (1)")
    lab_postgresql.rows("CREATE FUNCTION own(text) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE 'called'; END $$")
    assert lab_postgresql.revision(book("code", "rank!", "sort!"), fill, "fill=book.sort=sql:coalesce(length(code), 1)")


def test_it_is_asked_again(lab_sqlite: Lab) -> None:
    """On a terminal, with why."""
    lab_sqlite.change(book("code", "rank"))
    lab_sqlite.rows("INSERT INTO book (id) VALUES (1)")
    lab_sqlite.asker = asker = Scripted(["sql:code", "sql:coalesce(code, 'x')"])
    lab_sqlite.change(book("code", "rank", "isbn!"))
    assert asker.questions[1].startswith("book.isbn becomes NOT NULL, and sql:code is no value for each row.")
    assert lab_sqlite.rows("SELECT isbn FROM book") == [("x",)]

"""A column becomes NOT NULL where the table has rows."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Boolean, Column, Integer, MetaData, String, Table
from support.lab import Lab
from support.models import CONVENTION

from alembic_proof.prompts import Scripted


def models(*columns: Column[Any]) -> MetaData:
    """Return a table with columns."""
    metadata = MetaData(naming_convention=CONVENTION)
    Table("book", metadata, Column("id", Integer, primary_key=True), Column("title", String(20)), *columns)
    return metadata


def start(lab: Lab, *columns: Column[Any]) -> Lab:
    """Create it, with a row."""
    lab.change(models(*columns))
    lab.rows("INSERT INTO book (id, title) VALUES (1, '흰')")
    return lab


def test_rows_get_the_default_of_the_model(lab: Lab) -> None:
    """Up and down, whatever is in the text, and the rows keep what they had."""
    start(lab)
    text = lab.change(
        models(
            Column("done", Boolean, default=False, nullable=False),
            Column("note", String(30), default="it's 100% \\ :so", nullable=False),
            Column("rank", Integer, default=3, nullable=False),
        )
    )
    assert text.count("sa.update(") == 3
    assert lab.rows("SELECT note, rank FROM book WHERE done = (1 = 0)") == [("it's 100% \\ :so", 3)]
    lab.downgrade()
    assert lab.rows("SELECT title FROM book") == [("흰",)]
    lab.upgrade()


def test_an_existing_column_is_filled_as_well(lab: Lab) -> None:
    """It was nullable, and has a NULL."""
    start(lab, Column("pages", Integer))
    lab.change(models(Column("pages", Integer, default=7, nullable=False)))
    assert lab.rows("SELECT pages FROM book") == [(7,)]


def test_without_a_default_it_stops_and_says_how_to_answer(lab: Lab) -> None:
    """Nothing is written; alembic check is as it was; the answer may be of the wrong kind, and may be right."""
    start(lab)
    changed = models(Column("rank", Integer, nullable=False))
    assert "add_column" in lab.differences(changed)
    assert (
        lab.refused(changed)
        == """There is 1 question, and nobody who can be asked.
book.rank becomes NOT NULL, and the model has no default=. Which value should existing rows get?
    -x fill=book.rank=VALUE
This command has the first answer to it; change what is not so:
    alembic -x fill=book.rank=VALUE revision ...
Nothing was written."""
    )
    message = lab.refused(changed, "fill=book.rank=VALUE")
    assert message == (
        "VALUE in -x fill=book.rank=VALUE stands for the value that existing rows get. Nothing was written."
    )
    message = lab.refused(changed, "fill=book.rank=many")
    assert message == "'many' is no value for book.rank, a column of Integer(). Nothing was written."
    lab.change(changed, "fill=book.rank=12")
    assert lab.rows("SELECT rank FROM book") == [(12,)]


def test_a_function_is_no_default_for_existing_rows(lab_sqlite: Lab) -> None:
    """It is for new ones."""
    start(lab_sqlite)
    changed = models(Column("rank", Integer, default=lambda: 1, nullable=False))
    assert "its default= is a function, for new rows" in lab_sqlite.refused(changed)


@pytest.mark.parametrize(("answer", "expected"), [("41", 41), (None, None)])
def test_somebody_is_asked(lab_sqlite: Lab, answer: str | None, expected: int | None) -> None:
    """And what they say is written; no answer is none."""
    start(lab_sqlite)
    lab_sqlite.asker = asker = Scripted([answer] if answer else [])
    changed = models(Column("rank", Integer, nullable=False))
    if expected is None:
        assert "The input ended before this was answered: book.rank becomes NOT NULL" in lab_sqlite.refused(changed)
    else:
        lab_sqlite.change(changed)
        assert lab_sqlite.rows("SELECT rank FROM book") == [(expected,)]
    assert asker.questions == [
        "book.rank becomes NOT NULL, and the model has no default=. Which value should existing rows get?"
    ]


def test_a_server_default_needs_one_step(lab_sqlite: Lab) -> None:
    """The database gives it to the rows itself."""
    start(lab_sqlite)
    text = lab_sqlite.change(models(Column("rank", Integer, server_default="5", nullable=False)))
    assert "op.execute" not in text
    assert "server_default='5', nullable=False" in text


def test_a_downgrade_fills_as_well(lab: Lab) -> None:
    """Where a column was NOT NULL before, the rows that were added since have no value."""
    lab.change(models(Column("part", Integer, nullable=False)))
    before = lab.schema()
    lab.change(models(Column("part", Integer)))
    lab.rows("INSERT INTO book (id) VALUES (1)")
    lab.downgrade()
    assert lab.schema() == before
    assert lab.rows("SELECT part FROM book") == [(0,)]


def test_a_unique_column_cannot_be_filled_with_one_value(lab_sqlite: Lab) -> None:
    """The downgrade says so."""
    lab_sqlite.change(models(Column("part", Integer, nullable=False, unique=True)))
    text = lab_sqlite.change(models(), "allow-drop")
    assert "# This fails while a row of book has no part: fill it first." in text.partition("def downgrade")[2]

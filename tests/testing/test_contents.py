"""What counts as a loss, and what has only moved."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from alembic_proof.testing.contents import Contents, Loss, TableContents, as_text, losses


def of(columns: str, *rows: str) -> Contents:
    """Return the contents of a database with one table, whose columns and values are separated by blanks."""
    values = [tuple(None if value == "-" else value for value in row.split()) for row in rows]
    return {"book": TableContents(columns.split(), values)}


BEFORE = of("id title", "1 Typee", "2 -")
# What the tables contain afterwards, and the values that are lost by it.
CASES: list[tuple[str, Contents, set[tuple[str, str]]]] = [
    ("nothing changed", BEFORE, set()),
    ("another order", of("title id", "- 2", "Typee 1"), set()),
    ("a column more", of("id title pages", "1 Typee 5", "2 - 6"), set()),
    ("a NULL filled", of("id title", "1 Typee", "2 Omoo"), set()),
    ("a row more", of("id title", "1 Typee", "2 -", "3 Omoo"), set()),
    ("a row deleted", of("id title", "2 -"), {("id", "1"), ("title", "Typee")}),
    ("a value overwritten", of("id title", "1 Omoo", "2 -"), {("title", "Typee")}),
    ("a column dropped", of("id", "1", "2"), {("title", "Typee")}),
    ("the table dropped", {}, {("id", "1"), ("id", "2"), ("title", "Typee")}),
    ("the column renamed", of("id name", "1 Typee", "2 -"), {("title", "Typee")}),
]


@pytest.mark.parametrize(("after", "lost"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_what_is_lost(after: Contents, lost: set[tuple[str, str]]) -> None:
    """Values that were in a row, and are in it no more."""
    assert {(loss.column, loss.value) for loss in losses(BEFORE, after)} == lost


def test_a_renamed_column_has_moved() -> None:
    """A value in a column that did not exist before has moved; one in a column that did has not."""
    loss = Loss("book", "title", "Typee")
    assert loss.is_moved(BEFORE, of("id name", "1 Typee"))
    assert loss.is_moved(BEFORE, {"novel": BEFORE["book"]})
    assert not loss.is_moved(BEFORE, of("id title", "Typee -"))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, None),
        (True, "1"),
        (1.0, "1"),
        (Decimal("1.50"), "1.5"),
        (100, "100"),
        ("흰", "흰"),
        (b"a", "b'a'"),
        (memoryview(b"a"), "b'a'"),
    ],
)
def test_values_as_text(value: Any, text: str | None) -> None:
    """The same text for a boolean that becomes an integer, or a number that becomes a decimal one."""
    assert as_text(value) == text

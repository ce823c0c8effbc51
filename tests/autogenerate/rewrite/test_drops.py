"""Nothing is dropped unless somebody means it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import CheckConstraint, Column, Computed, ForeignKey, Integer, MetaData, String, Table, UniqueConstraint
from support.lab import Lab
from support.models import CONVENTION, column

from alembic_proof.prompts import Scripted


def models(*parts: str) -> MetaData:
    """Return notes; with a label, a computed column, and the pins that are stuck to them, if they are named."""
    metadata = MetaData(naming_convention=CONVENTION)
    columns: dict[str, Column[Any]] = {
        "id": Column("id", Integer, primary_key=True),
        "text": Column("text", String(50), nullable=False),
        "label": Column("label", String(20), index=True),
        "rank": Column("rank", Integer),
        "twice": Column("twice", Integer, Computed("rank * 2", persisted=True)),
    }
    wanted = [column for name, column in columns.items() if name in ("id", "text", "rank", *parts)]
    unique = [UniqueConstraint("label")] if "label" in parts else []
    Table("notes", metadata, *wanted, CheckConstraint("rank > 0", name="ranked"), *unique)
    if "pins" in parts:
        key = column("note_id", ForeignKey("notes.id"), index=True, nullable=False)
        Table("pins", metadata, Column("id", Integer, primary_key=True), key)
    return metadata


ALL = ("label", "twice", "pins")


def start(lab: Lab) -> Lab:
    """Create the tables, with rows, beside a table of somebody else that refers to one of them."""
    lab.change(models(*ALL))
    lab.rows("INSERT INTO notes (id, text, label, rank) VALUES (1, '흰', 'a', 3), (2, 'x', NULL, NULL)")
    lab.rows("INSERT INTO pins (id, note_id) VALUES (7, 1)")
    lab.rows("CREATE TABLE others (id INTEGER PRIMARY KEY, note_id INTEGER REFERENCES notes (id))")
    return lab


def test_a_column_and_a_table_are_dropped_if_somebody_means_it(lab: Lab) -> None:
    """Each is named; the lines say what they do; the downgrade brings both back, without what they held."""
    before = start(lab).schema()
    assert (
        lab.refused(models("twice"))
        == """There are 2 questions, and nobody who can be asked.
pins is in no model that env.py imports, and is dropped with its rows. Is that intended?
    -x allow-drop=pins  that is intended
notes.label is in no model that env.py imports, and is dropped with its values. Is that intended?
    -x allow-drop=notes.label  that is intended
This command has the first answer to each of them; change what is not so:
    alembic -x allow-drop=pins -x allow-drop=notes.label revision ...
Nothing was written."""
    )
    message = lab.refused(models("twice"), "allow-drop=notes.label")
    assert "pins is in no model that env.py imports" in message
    assert "notes.label is" not in message
    assert "\n    alembic -x allow-drop=notes.label -x allow-drop=pins revision ...\n" in message
    text = lab.change(models("twice"), "allow-drop=notes.label", "allow-drop=pins")
    marked = [line.strip() for line in text.splitlines() if line.endswith("  # destroys data")]
    assert [line.partition("(")[0].partition(".")[2] for line in marked] == ["drop_column", "drop_table"]
    assert "destroys data" not in text.partition("def downgrade")[2]
    kept = [(1, "흰", 3, 6), (2, "x", None, None)]
    assert lab.rows("SELECT id, text, rank, twice FROM notes ORDER BY id") == kept
    lab.downgrade()
    assert lab.schema() == before
    assert lab.rows("SELECT id, label FROM notes ORDER BY id") == [(1, None), (2, None)]
    assert lab.rows("SELECT * FROM pins") == []


def test_a_computed_column_is_dropped_without_a_question(lab: Lab) -> None:
    """It can be computed again, and the downgrade does."""
    start(lab)
    text = lab.change(models("label", "pins"))
    assert "drop_column(" in text
    assert "destroys data" not in text
    lab.downgrade()
    assert lab.rows("SELECT id, twice FROM notes ORDER BY id") == [(1, 6), (2, None)]


@pytest.mark.parametrize(
    ("answers", "given", "questions", "refused"),
    [
        (["y", "y"], [], ["pins", "notes.label"], ""),
        (["y", ""], [], ["pins", "notes.label"], "notes.label is in no model that env.py imports"),
        (["n", "Yes"], [], ["pins", "notes.label"], "pins is in no model that env.py imports"),
        (["y"], ["allow-drop=pins"], ["notes.label"], ""),
        ([], ["allow-drop"], [], ""),
    ],
)
def test_somebody_is_asked(
    lab_sqlite: Lab, answers: list[str], given: list[str], questions: list[str], refused: str
) -> None:
    """About each by itself; an empty answer is no; what -x has answered is not asked."""
    start(lab_sqlite)
    asker = Scripted(answers)
    lab_sqlite.asker = asker
    if refused:
        assert refused in lab_sqlite.refused(models("twice"), *given)
    else:
        lab_sqlite.change(models("twice"), *given)
    assert [question.partition(" is in no model that env.py imports")[0] for question in asker.questions] == questions
    assert all(question.endswith(". Is that intended? [y/N]") for question in asker.questions)

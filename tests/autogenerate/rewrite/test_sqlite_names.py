"""On SQLite, keys and constraints without a name are added, dropped and changed; and nothing but a batch is written."""

from __future__ import annotations

import pytest
from sqlalchemy import CheckConstraint, Column, ForeignKey, ForeignKeyConstraint, Integer, MetaData, Table
from sqlalchemy import UniqueConstraint as Unique
from support.lab import Lab


def models(*of_thing: str) -> MetaData:
    """Return a table with constraints that have no names, and no naming convention."""
    metadata = MetaData()
    Table("other", metadata, Column("id", Integer, primary_key=True), Column("x", Integer, unique=True))
    key = "key" in of_thing
    columns = [
        Column("id", Integer, primary_key=True),
        Column("a", Integer, primary_key=key, nullable=False),
        Column("b", Integer),
    ]
    if "column" in of_thing:
        columns.append(Column("n", Integer, ForeignKey("other.x"), unique=True))
    thing = Table("thing", metadata, *columns, CheckConstraint("b > 0"))
    if "foreign key" in of_thing:
        thing.append_constraint(ForeignKeyConstraint(["a"], ["other.id"]))
    if "cascade" in of_thing:
        thing.append_constraint(ForeignKeyConstraint(["a"], ["other.id"], ondelete="CASCADE"))
    if "unique" in of_thing:
        thing.append_constraint(Unique("a", "b"))
    return metadata


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ([], ["foreign key", "unique"]),
        (["foreign key", "unique"], []),
        (["foreign key", "unique"], ["unique"]),
        (["foreign key"], ["unique"]),
        ([], ["column"]),
        (["column"], []),
        ([], ["key"]),
        (["key"], ["foreign key"]),
    ],
)
def test_without_names(lab_sqlite: Lab, old: list[str], new: list[str]) -> None:
    """Up, down and up again; the CHECK, which has no name either, is always there."""
    lab_sqlite.change(models(*old))
    lab_sqlite.rows("INSERT INTO other VALUES (1, 2)")
    lab_sqlite.rows("INSERT INTO thing (id, a, b) VALUES (1, 1, 1)")
    before = without_names(lab_sqlite)
    text = lab_sqlite.change(models(*new), "allow-drop")
    assert "None" not in text[text.index("def upgrade") :].replace("schema=None", "").replace("-> None", "")
    after = without_names(lab_sqlite)
    lab_sqlite.downgrade()
    assert without_names(lab_sqlite) == before
    lab_sqlite.upgrade()
    assert without_names(lab_sqlite) == after
    assert lab_sqlite.rows("SELECT id, a, b FROM thing") == [(1, 1, 1)]
    for each in (before, after):
        assert "CHECK (b > 0)" in each


def without_names(lab: Lab) -> list[str]:
    """Return what the CREATE TABLE is made of, without the names of constraints."""
    ((sql,),) = lab.rows("SELECT sql FROM sqlite_master WHERE name = 'thing'")
    lines = [line.strip().rstrip(", ") for line in str(sql).splitlines()[1:-1]]
    return sorted(line.split(" ", 2)[2] if line.startswith("CONSTRAINT ") else line for line in lines)


def test_a_foreign_key_that_changes(lab_sqlite: Lab) -> None:
    """The old one has no name in the database, the new one gets the name that a convention would give both."""
    lab_sqlite.change(models("foreign key"))
    text = lab_sqlite.change(models("cascade"))
    assert "naming_convention={'fk': 'fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s'}" in text
    assert "FOREIGN KEY(a) REFERENCES other (id) ON DELETE CASCADE" in without_names(lab_sqlite)
    lab_sqlite.downgrade()
    assert "FOREIGN KEY(a) REFERENCES other (id)" in without_names(lab_sqlite)


def test_a_project_that_says_no_batch(lab_sqlite: Lab) -> None:
    """As Flask-Migrate does: SQLite has no other way, and options() wins."""
    lab_sqlite.change(models())
    text = lab_sqlite.revision(models("unique"), render_as_batch=False)
    assert "batch_op.create_unique_constraint" in text


def test_a_project_that_says_no_batch_past_options(lab_sqlite: Lab) -> None:
    """A sentence, before a file that cannot run."""
    lab_sqlite.change(models())
    env = lab_sqlite.directory / "migrations/env.py"
    text = env.read_text("utf-8").replace(
        "connection=connection, **options(connection, target_metadata=metadata, **own)",
        "connection=connection, **options(connection, target_metadata=metadata, **own) | {'render_as_batch': False}",
    )
    env.write_text(text, "utf-8")
    assert "leave render_as_batch to options(). Nothing was written." in lab_sqlite.refused(models("unique"))

"""What a view reads is not dropped or changed under it. C7."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import BigInteger, Column, Computed, Enum, Integer, MetaData, Table
from support.lab import Lab
from support.models import CONVENTION


def models(
    name: str | None = "v", type_: Any = Integer, table: str | None = "book", schema: str | None = None, **more: Any
) -> MetaData:
    """Return a table that a view reads, and one of whose columns has the same name."""
    metadata = MetaData(naming_convention=CONVENTION)
    Table("author", metadata, Column("id", Integer, primary_key=True), Column("v", type_), schema=schema)
    if table:
        columns: list[Column[Any]] = [Column(name, type_)] if name else []
        computed: Column[Any] = Column("c", Integer, Computed("n * 2", persisted=True))
        number: Column[Any] = Column("n", more.get("n", Integer))
        Table(table, metadata, Column("id", Integer, primary_key=True), number, *columns, computed, schema=schema)
    return metadata


def view(lab: Lab, column: str = "v", schema: str = "", kind: str = "VIEW") -> None:
    """Create one that reads both tables."""
    lab.rows(
        f"CREATE {kind} latest AS SELECT b.{column} AS x FROM {schema}book AS b JOIN {schema}author a ON a.id = b.id"
    )


@pytest.mark.parametrize("schema", [None, "shop"])
@pytest.mark.parametrize("kind", ["VIEW", "MATERIALIZED VIEW"])
def test_the_type_of_what_a_view_reads(lab_postgresql: Lab, schema: str | None, kind: str) -> None:
    """C7: said before anything is written; of what it does not read, it changes."""
    lab, prefix = lab_postgresql, f"{schema}." if schema else ""
    lab.change(models(schema=schema))
    view(lab, "n", prefix, kind)
    lab.change(models(type_=BigInteger, schema=schema))
    said = lab.refused(models(type_=BigInteger, schema=schema, n=BigInteger))
    assert f"The view latest reads {prefix}book.n, which gets another type" in said
    assert f'op.execute("DROP {kind} latest")' in said
    lab.rows(f"DROP {kind} latest")
    lab.change(models(type_=BigInteger, schema=schema, n=BigInteger))


def test_an_enum_type_and_a_computed_column(lab_postgresql: Lab) -> None:
    """Which are made anew."""
    lab_postgresql.change(models(type_=Enum("a", "b", name="kind")))
    view(lab_postgresql)
    lab_postgresql.change(models(type_=Enum("a", "b", "c", name="kind")))
    assert "reads book.v" in lab_postgresql.refused(models(type_=Enum("a", name="kind")))
    lab_postgresql.rows("DROP VIEW latest")
    view(lab_postgresql, "c")
    assert "reads book.c" in lab_postgresql.refused(models(type_=Enum("a", "b", "c", name="kind"), n=BigInteger))


def test_a_downgrade_makes_an_enum_type_anew(lab_postgresql: Lab, caplog: pytest.LogCaptureFixture) -> None:
    """The upgrade adds a label in place, and is written; what the downgrade needs is said."""
    lab_postgresql.change(models(type_=Enum("a", "b", name="kind")))
    view(lab_postgresql, "n")
    lab_postgresql.change(models(type_=Enum("a", "b", "c", name="kind")))
    assert "latest" not in caplog.text
    lab_postgresql.rows("DROP VIEW latest")
    view(lab_postgresql)
    lab_postgresql.change(models(type_=Enum("a", "b", "c", "d", name="kind")))
    assert "The view latest reads book.v. The downgrade makes its enum type anew" in caplog.text
    (path,) = lab_postgresql.versions.glob("*_change_3.py")
    before, begin, after = path.read_text("utf-8").partition("def downgrade() -> None:\n")
    path.write_text(f'{before}{begin}    op.execute("DROP VIEW latest")\n{after}', encoding="utf-8")
    lab_postgresql.downgrade()


def test_what_a_view_reads_is_dropped(lab: Lab) -> None:
    """A column of the same name in another table may go."""
    lab.change(models())
    view(lab, "n")
    lab.change(models(None), "allow-drop=book.v")
    lab.rows("SELECT * FROM latest")
    assert "The view latest reads book, which" in lab.refused(models(table=None), "allow-drop=book")
    lab.rows("DROP VIEW latest")
    lab.change(models())
    view(lab)
    assert "The view latest reads book.v, which" in lab.refused(models(None), "allow-drop=book.v")


@pytest.mark.parametrize(
    ("changed", "answer"), [({"name": "w"}, "rename=book.v:w"), ({"table": "buch"}, "rename=book:buch")]
)
def test_what_a_view_reads_is_renamed(lab: Lab, changed: dict[str, Any], answer: str) -> None:
    """Views follow, but not on MariaDB and MySQL."""
    lab.change(models())
    view(lab)
    if lab.engine.dialect.name == "mysql":
        assert "gets another name, after which it would not work" in lab.refused(models(**changed), answer)
    else:
        lab.change(models(**changed), answer)
        lab.rows("SELECT * FROM latest")


def trigger(lab: Lab, event: str, statement: str) -> None:
    """Create one on the table of authors."""
    begin, end = {"sqlite": ("BEGIN ", "; END"), "mysql": ("", "")}.get(lab.engine.dialect.name, ("", ""))
    if lab.engine.dialect.name == "postgresql":
        lab.rows("CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'")
        statement = "EXECUTE FUNCTION f()"
    each = f"AFTER {event} ON author FOR EACH ROW"
    lab.rows(f"CREATE TRIGGER follows {each} {begin}{statement}{end}")


@pytest.mark.parametrize("lab", ["sqlite", "mysql"], indirect=True)
def test_a_trigger_reads_what_is_dropped(lab: Lab) -> None:
    """A column, of its own row or of another table, or that table; what it does not read goes."""
    lab.change(models())
    trigger(lab, "INSERT", "INSERT INTO book (id, v) VALUES (NEW.id, 1)")
    said = lab.refused(models(name=None), "allow-drop=book.v")
    assert "he trigger follows" in said
    assert 'op.execute("DROP TRIGGER follows")' in said
    assert "he trigger follows" in lab.refused(models(table=None), "allow-drop=book")
    lab.rows("DROP TRIGGER follows")
    trigger(lab, "INSERT", "UPDATE book SET n = NEW.id")
    lab.change(models(name=None), "allow-drop=book.v")
    if lab.engine.dialect.name == "sqlite":  # which follows a rename
        lab.change(models(name=None, table="volume"), "rename=book:volume")
    else:
        said = lab.refused(models(name=None, table="volume"), "rename=book:volume")
        assert "The trigger follows reads book, which gets another name, after which it would not work." in said


def test_a_trigger_of_a_column(lab_postgresql: Lab) -> None:
    """PostgreSQL refuses to change what UPDATE OF names."""
    lab_postgresql.change(models())
    trigger(lab_postgresql, "UPDATE OF v", "")
    said = lab_postgresql.refused(models(type_=BigInteger))
    assert "The trigger follows reads author.v, which gets another type" in said
    assert 'op.execute("DROP TRIGGER follows ON author")' in said


def test_a_policy_reads_a_column(lab_postgresql: Lab) -> None:
    """Of its own table, or of another one; that of a table that is dropped goes with it."""
    lab_postgresql.change(models())
    lab_postgresql.rows("CREATE POLICY own ON author USING (v = 1)")
    said = lab_postgresql.refused(models(type_=BigInteger))
    assert "The policy own reads author.v, which gets another type" in said
    assert 'op.execute("DROP POLICY own ON author")' in said
    lab_postgresql.rows("DROP POLICY own ON author")
    lab_postgresql.rows("CREATE POLICY other ON author USING (EXISTS (SELECT FROM book WHERE book.v = 1))")
    for changed in (models(name=None), models(table=None)):
        assert "The policy other reads book" in lab_postgresql.refused(changed, "allow-drop")
    lab_postgresql.rows("DROP POLICY other ON author")
    lab_postgresql.rows("CREATE POLICY own ON book USING (v = 1)")
    lab_postgresql.change(models(table=None), "allow-drop")


@pytest.mark.parametrize("lab", ["sqlite", "mysql"], indirect=True)
def test_the_triggers_of_a_dropped_table(lab: Lab) -> None:
    """They go with it."""
    lab.change(models())
    trigger(lab, "INSERT", "UPDATE book SET n = NEW.v")
    metadata = models()
    metadata.remove(metadata.tables["author"])
    lab.change(metadata, "allow-drop=author")


def test_a_trigger_that_did_not_work_before(lab_sqlite: Lab) -> None:
    """It is no reason to refuse anything."""
    lab_sqlite.change(models())
    trigger(lab_sqlite, "INSERT", "UPDATE missing SET n = NEW.v")
    lab_sqlite.change(models(name=None), "allow-drop=book.v")


def test_a_trigger_of_a_view_reads_what_is_renamed(lab_sqlite: Lab) -> None:
    """SQLite renames the column of the view, but not in the trigger, and refuses that."""
    lab_sqlite.change(models())
    lab_sqlite.rows("CREATE VIEW latest AS SELECT v FROM book")
    body = "INSERT INTO book (v) VALUES (new.v)"
    lab_sqlite.rows(f"CREATE TRIGGER follows INSTEAD OF INSERT ON latest BEGIN {body}; END")
    message = lab_sqlite.refused(models("w"), "rename=book.v:w")
    assert message.startswith("The trigger follows would not work after this revision: no such column: new.v.")

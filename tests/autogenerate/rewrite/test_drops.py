"""Nothing is dropped unless somebody means it."""

from __future__ import annotations

from typing import Any

import pytest
from alembic.util import CommandError
from sqlalchemy import (
    ARRAY,
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    Computed,
    Date,
    DateTime,
    Double,
    Float,
    ForeignKey,
    Integer,
    Interval,
    LargeBinary,
    MetaData,
    Numeric,
    SmallInteger,
    String,
    Table,
    Text,
    Time,
    UniqueConstraint,
    Uuid,
    select,
)
from sqlalchemy.dialects import mysql
from sqlalchemy.dialects.postgresql import BIT, CIDR, INET
from sqlalchemy.exc import DBAPIError, OperationalError
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
pins is in no model that env.py imports, and is dropped with its rows. \
Here, 1 row is in it: SELECT * FROM pins LIMIT 20. Is that intended?
    -x allow-drop=pins  that is intended
notes.label is in no model that env.py imports, and is dropped with its values. \
Here, 1 row has a value: SELECT label FROM notes WHERE label IS NOT NULL LIMIT 20. Is that intended?
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


@pytest.mark.parametrize("said", [(), ("allow-drop=notes.twice",)])
def test_a_computed_column_is_dropped_without_a_question(lab: Lab, said: tuple[str, ...]) -> None:
    """It can be computed again, and the downgrade does. Who says that it may go has not misspelled anything."""
    start(lab)
    text = lab.change(models("label", "pins"), *said)
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


def thing(**types: Any) -> MetaData:
    """Return a table with columns of these types."""
    metadata = MetaData()
    Table("thing", metadata, Column("id", Integer, primary_key=True), *[column(*each) for each in types.items()])
    return metadata


def test_texts_that_are_too_long(lab: Lab) -> None:  # D7
    """Are asked about, with how many there are and the SQL that shows them; if it is meant, they are cut off."""
    lab.change(thing(code=String(13), note=Text()))
    lab.rows("INSERT INTO thing VALUES (1, '흰1:x', 'it''s'), (2, 'ab', 'b'), (3, NULL, NULL)")
    before = lab.schema()
    changed = thing(code=String(3), note=String(20))
    if lab.engine.dialect.name == "sqlite":  # which has no lengths
        assert "destroys data" not in lab.change(changed)
        assert lab.rows("SELECT code FROM thing ORDER BY id") == [("흰1:x",), ("ab",), (None,)]
        return
    message = lab.refused(changed)
    assert "There is 1 question" in message
    assert (
        "thing.code becomes String(length=3), and what is longer is cut off. Here, 1 value would be lost: " in message
    )
    assert "SELECT code FROM thing WHERE code IS NOT NULL AND char_length(code) > 3 LIMIT 20. Is that" in message
    assert "흰" not in message
    text = lab.change(changed, "allow-drop=thing.code")
    assert text.count("# destroys data") == 1
    assert lab.rows("SELECT code, note FROM thing ORDER BY id") == [("흰1:", "it's"), ("ab", "b"), (None, None)]
    lab.downgrade()
    assert lab.schema() == before
    lab.upgrade()


def test_texts_that_fit(lab: Lab) -> None:  # D7
    """Nothing is asked about them: elsewhere, a database that refuses what is too long says so itself."""
    lab.change(thing(code=String(13)))
    lab.rows("INSERT INTO thing VALUES (1, 'abc')")
    assert "destroys data" not in lab.change(thing(code=String(3)))


@pytest.mark.parametrize(
    ("old", "new", "value", "sql"),
    [
        (Integer(), SmallInteger(), "40000", "code < -32768 OR code > 32767"),
        (BigInteger(), Integer(), "-3000000000", "code < -2147483648 OR code > 2147483647"),
        (Numeric(10, 2), Numeric(4, 2), "123.45", "abs(code) >= 100"),
        (Integer(), Numeric(4, 2), "123", "abs(code) >= 100"),
    ],
)
def test_numbers_that_do_not_fit(lab: Lab, old: Any, new: Any, value: str, sql: str) -> None:  # D7
    """Cannot be cut off: it says which they are, and writes nothing. SQLite keeps them."""
    lab.change(thing(code=old))
    lab.rows(f"INSERT INTO thing VALUES (1, {value}), (2, 12), (3, NULL)")
    changed = thing(code=new)
    if lab.engine.dialect.name != "sqlite":
        message = lab.refused(changed)
        assert message.startswith(f"thing.code becomes {new!r}. Here, 1 value does not fit: SELECT code FROM thing")
        assert sql in message
        assert message.endswith(" LIMIT 20. Change them first. Nothing was written.")
        lab.rows("DELETE FROM thing WHERE id = 1")
    lab.change(changed)
    lab.downgrade()
    lab.upgrade()


# On which databases (p, m, s), the types, texts that are kept, and texts that become others.
ALTERED: list[tuple[str, Any, Any, list[str], list[str]]] = [
    ("pm", String(40), Integer(), ["41", "-7", "0"], ["01067", "+05"]),
    ("pm", String(40), Numeric(10, 2), ["7.1", "7.10", "0.5", "-0.50"], ["007.1", "7.125"]),
    ("pm", String(40), Float(53), ["7.125", "0.1"], ["00.1"]),
    ("pm", String(40), Date(), ["2026-01-05"], ["2026-01-05 10:00:00"]),
    (
        "pm",
        String(40),
        DateTime(),
        ["2026-01-05", "2026-01-05T10:00", "2026-01-05 10:00:01"],
        ["2026-01-05 10:00:01.1234567"],
    ),
    ("p", String(40), DateTime(), [], ["2026-01-05T10:00:00+05:00"]),
    (
        "p",
        String(40),
        DateTime(timezone=True),
        ["2026-01-05 10:00+01", "2026-01-05T10:00:00Z"],
        ["2026-01-05 10:00"],
    ),
    ("pm", String(40), Time(), ["10:00", "10:00:01"], []),
    ("p", String(40), Time(), [], ["2026-05-06 10:00"]),
    ("p", String(40), Uuid(), ["12345678123456781234567812345678"], []),
    ("ps", Numeric(20, 4), Float(), ["7.5", "0.1"], []),
    ("p", Numeric(20, 4), Float(), [], ["1234567890123.4567"]),
    ("m", Numeric(20, 4), Float(), ["7.5"], ["1234567890123.4567"]),
    ("pms", BigInteger(), Double(), ["5", "-900719925474099"], []),
    ("pm", BigInteger(), Double(), [], ["9007199254740993"]),
    ("pm", Integer(), Float(24), ["5"], ["123456789"]),
    ("pm", Double(), Float(24), ["0.5"], ["0.1234567890123"]),
    ("pm", Float(24), Double(), ["0.5", "0.1"], []),
    ("pms", Double(), String(40), ["0.5"], []),
    ("s", Double(), String(40), [], ["0.30000000000000004"]),
    ("s", Numeric(20, 4), String(40), ["7.5"], ["1234567890123.4567"]),
    ("m", Float(24), String(40), ["0.5"], ["123456789"]),
]
LABS = {"p": "lab_postgresql", "m": "lab_mysql", "s": "lab_sqlite"}


@pytest.mark.parametrize(
    ("kind", "old", "new", "kept", "altered"), [(kind, *rest) for kinds, *rest in ALTERED for kind in kinds]
)
def test_values_that_become_others(
    request: pytest.FixtureRequest, kind: str, old: Any, new: Any, kept: list[str], altered: list[str]
) -> None:
    """Are asked about, where the database says nothing; others are not."""
    lab: Lab = request.getfixturevalue(LABS[kind])
    lab.change(thing(code=old))
    for value in kept:
        lab.rows(f"INSERT INTO thing (code) VALUES ('{value}')")
    text = lab.change(thing(code=new))
    assert "# destroys data" not in text
    lab.downgrade("-1", "nobody=asked")
    (path,) = (path for path in lab.versions.glob("*.py") if str(lab.head()) in path.name)
    path.unlink()
    for value in altered:
        lab.rows("DELETE FROM thing")
        lab.rows(f"INSERT INTO thing (code) VALUES ('{value}')")
        message = lab.refused(thing(code=new))
        words = "does not keep all of a text" if isinstance(old, String) else "keeps fewer digits"
        assert f"thing.code becomes {new!r}, which {words}" in message
        assert "Here, 1 value would be lost: SELECT code FROM thing" in message
    if altered:
        assert "# destroys data: thing.code" in lab.change(thing(code=new), "allow-drop=thing.code")


@pytest.mark.parametrize("text", ["007", "abc"])
def test_a_downgrade_to_a_number(lab: Lab, text: str) -> None:
    """Asks too; what the database refuses, it refuses itself."""
    lab.change(thing(code=Integer()))
    lab.change(thing(code=String(40)))
    lab.rows(f"INSERT INTO thing (code) VALUES ('{text}')")
    with pytest.raises((CommandError, DBAPIError)) as error:
        lab.downgrade("-1", "nobody=asked")
    asked = isinstance(error.value, CommandError) and "This downgrade cuts off" in str(error.value)
    assert asked is (text == "007" or lab.engine.dialect.name == "sqlite")
    assert lab.rows("SELECT code FROM thing") == [(text,)]


LONG = "'" + "x" * 300 + "'"


@pytest.mark.parametrize(
    ("kind", "old", "new", "bad", "good"),
    [
        ("mysql", mysql.VARBINARY(20), mysql.VARBINARY(3), "x'0102030405'", "x'0102'"),
        ("mysql", mysql.BINARY(5), mysql.BINARY(3), "x'0102030405'", None),
        ("mysql", mysql.BIT(5), mysql.BIT(3), "b'11111'", "b'101'"),
        ("mysql", Text(), mysql.TINYTEXT(), LONG, "'x'"),
        ("mysql", mysql.MEDIUMBLOB(), mysql.TINYBLOB(), LONG, "'x'"),
        ("postgresql", ARRAY(String(20)), ARRAY(String(3)), "ARRAY['x', 'abcdef']", "ARRAY['abc']"),
        ("postgresql", INET(), CIDR(), "'10.0.0.1/8'", "'10.0.0.0/8'"),
    ],
)
def test_what_does_not_fit(
    request: pytest.FixtureRequest, kind: str, old: Any, new: Any, bad: str, good: str | None
) -> None:
    """Of kinds whose lengths nobody compares, the database says so before a revision is written."""
    lab: Lab = request.getfixturevalue(f"lab_{kind}")
    lab.change(thing(code=old))
    lab.rows(f"INSERT INTO thing VALUES (1, {bad}), (2, {good or 'NULL'}), (3, NULL)")
    message = lab.refused(thing(code=new))
    assert message.startswith(f"thing.code becomes {new!r}, but the database cannot convert a value that it has (")
    assert message.endswith(" LIMIT 20. Change such values first. Nothing was written.")
    assert "xxx" not in message
    lab.rows("DELETE FROM thing WHERE id = 1")
    before = lab.rows("SELECT * FROM thing")
    lab.change(thing(code=new))
    lab.downgrade()
    assert lab.rows("SELECT * FROM thing") == before
    lab.upgrade()


@pytest.mark.parametrize(
    ("lab", "has_rows"), [("mysql", False), ("mysql", True), ("postgresql", True)], indirect=["lab"]
)
def test_types_that_the_database_does_not_convert(lab: Lab, has_rows: bool) -> None:
    """It refuses whatever the values are: then none is to be changed first."""
    lab.change(thing(code=Integer))
    if has_rows:
        lab.rows("INSERT INTO thing (id, code) VALUES (1, 5)")
    message = lab.refused(thing(code=Uuid))
    assert message.startswith("thing.code becomes Uuid(), which the database does not make of ")
    assert "Add a column of the new type beside it" in message


@pytest.mark.parametrize("varying", [False, True])
def test_bits(lab_postgresql: Lab, varying: bool) -> None:
    """Get more, which are 0 where the type has a fixed number; and less, if that is meant."""
    lab = lab_postgresql
    few, many = thing(code=BIT(3, varying=varying)), thing(code=BIT(5, varying=varying))
    lab.change(few)
    lab.rows("INSERT INTO thing VALUES (1, B'101'), (2, NULL)")
    query = "SELECT code::text FROM thing ORDER BY id"
    lab.change(many)
    assert lab.rows(query) == [("101" if varying else "10100",), (None,)]
    lab.downgrade()
    assert lab.rows(query) == [("101",), (None,)]
    lab.upgrade()
    lab.rows("INSERT INTO thing VALUES (3, B'11111')")
    assert "which keeps the first 3 bits. Here, 1 value would be lost: " in lab.refused(few)
    lab.change(few, "allow-drop=thing.code")
    assert lab.rows(query) == [("101",), (None,), ("111",)]


def test_a_float_becomes_an_integer(lab: Lab) -> None:  # A3
    """It is asked about, and converted by the database itself."""
    lab.change(thing(size=Float()))
    lab.rows("INSERT INTO thing VALUES (1, 7.9), (2, 7.0), (3, NULL)")
    message = lab.refused(thing(size=Integer()))
    does = "cuts off" if lab.engine.dialect.name == "sqlite" else "rounds"
    assert (
        f"thing.size becomes Integer(), which {does} what is after the point. Here, 1 value would be lost: " in message
    )
    assert "# destroys data" in lab.change(thing(size=Integer()), "allow-drop=thing.size")
    expected = 7 if lab.engine.dialect.name == "sqlite" else 8
    assert lab.rows("SELECT size FROM thing ORDER BY id") == [(expected,), (7,), (None,)]
    lab.downgrade()
    lab.upgrade()


def test_a_float_becomes_a_number_with_few_places(lab: Lab) -> None:
    """It is asked about where a value has more; then PostgreSQL and MariaDB round it."""
    lab.change(thing(size=Float()))
    lab.rows("INSERT INTO thing VALUES (1, 7.9), (2, 7.125), (3, NULL), (4, 0.1)")
    assert "thing" in lab.change(thing(size=Numeric(9, 3)))
    lab.downgrade()
    lab.rows("UPDATE thing SET size = 7.125 WHERE id = 2")
    (path,) = (path for path in lab.versions.glob("*.py") if str(lab.head()) in path.name)
    path.unlink()
    changed = thing(size=Numeric(9, 1))
    message = lab.refused(changed)
    assert "thing.size becomes Numeric(precision=9, scale=1), which rounds to fewer places. Here, 1 value" in message
    lab.change(changed, "allow-drop=thing.size")


def test_a_renamed_column_is_looked_at_by_its_old_name(lab: Lab) -> None:
    """In a renamed table, too."""
    lab.change(thing(code=String(13)))
    lab.rows("INSERT INTO thing VALUES (1, 'abcd')")
    changed = MetaData()
    Table("item", changed, Column("id", Integer, primary_key=True), Column("tag", String(2)))
    renamed = ("rename=thing:item", "rename=item.code:tag")
    if lab.engine.dialect.name != "sqlite":
        assert "item.tag becomes String(length=2)" in lab.refused(changed, *renamed)
    lab.change(changed, *renamed, *(["allow-drop=item.tag"] if lab.engine.dialect.name != "sqlite" else []))
    assert lab.rows("SELECT tag FROM item") == [("abcd" if lab.engine.dialect.name == "sqlite" else "ab",)]


@pytest.mark.parametrize(
    ("old", "new", "values", "number"),
    [
        (String(40), Date(), ["2026-01-05", "2026-01-05 10:00:00", "2026-02-31", "5.1.2026"], 2),
        (String(40), DateTime(), ["2026-01-05", "2026-01-05T10:00", "2026-01-05 10:00:00.123456", "soon"], 1),
        (String(40), Time(), ["10:00", "10:00:01.5", "3", "x"], 2),
        (String(40), Interval(), ["1970-01-02 00:00:00.000000", "3"], 1),
        (String(40), Uuid(), ["12345678123456781234567812345678", "12345678-1234-5678-1234-567812345678", "x"], 1),
        (Text(), JSON(), ['{"a": 1}', "5", "{a", "abc"], 2),
        (LargeBinary(), Text(), [b"abc", b"\xff\xfe"], 1),
        (LargeBinary(), Uuid(), [b"1234567812345678"], 1),
        (Integer(), Date(), [5], 1),
        (Integer(), JSON(), [5], 0),
        (Float(), DateTime(), [1.5], 1),
        (Date(), Integer(), ["2026-01-05"], 1),
        (Date(), JSON(), ["2026-01-05"], 1),
        (Date(), DateTime(), ["2026-01-05"], 0),
        (JSON(), Integer(), ['{"a": 1}', "5"], 1),
        (JSON(), Text(), ['{"a": 1}'], 0),
    ],
)
def test_values_that_the_new_type_cannot_read(
    lab_sqlite: Lab, old: Any, new: Any, values: list[Any], number: int
) -> None:
    """SQLite keeps them in a column of any type: they are counted, and asked about; those that fit can be read."""
    lab = lab_sqlite
    lab.change(thing(code=old))
    with lab.engine.begin() as connection:
        for value in values:
            connection.exec_driver_sql("INSERT INTO thing (code) VALUES (?)", (value,))
    changed = thing(code=new)
    if number:
        found = "1 value may be" if number == 1 else f"{number} values may be"
        message = lab.refused(changed)
        assert f"thing.code becomes {new!r}, which cannot read every value, and SQLite keeps them" in message
        assert f". Here, {found} unreadable: SELECT code FROM thing WHERE code IS NOT NULL AND " in message
        assert "?" not in message.partition("SELECT")[2].partition(" LIMIT 20")[0]
        lab.asker = Scripted(["yes"])
    lab.change(changed)
    query = select(changed.tables["thing"].c.code)
    unreadable = 0
    for place in range(1, len(values) + 1):
        with lab.engine.connect() as connection:
            try:
                value = connection.execute(query.where(changed.tables["thing"].c.id == place)).scalar()
            except (ValueError, TypeError, OperationalError):
                unreadable += 1
            else:
                unreadable += new.python_type is int and isinstance(value, str)
    assert unreadable == number

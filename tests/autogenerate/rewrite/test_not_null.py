"""A column becomes NOT NULL where the table has rows."""

from __future__ import annotations

import enum
import json
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    Date,
    DateTime,
    Enum,
    Float,
    ForeignKey,
    Identity,
    Integer,
    Interval,
    LargeBinary,
    MetaData,
    Numeric,
    String,
    Table,
    Text,
    TypeDecorator,
    Uuid,
    inspect,
    select,
)
from sqlalchemy import text as sql
from support.lab import Lab
from support.models import CONVENTION, column

from alembic_proof.prompts import Scripted


class Kept(TypeDecorator[Any]):
    """A list, as text."""

    impl = String
    cache_ok = True
    python_type = list

    def process_bind_param(self, value: Any, dialect: Any) -> Any:
        """Return the text."""
        return json.dumps(value)

    def process_result_value(self, value: Any, dialect: Any) -> Any:
        """Return the list."""
        return json.loads(value)


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
    assert text.partition("def downgrade")[0].count("sa.update(") == (1 if lab.engine.dialect.name == "sqlite" else 0)
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
    assert message == ("VALUE in -x fill=book.rank=VALUE stands for what existing rows get. Nothing was written.")
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


def test_an_empty_line_is_no_value(lab_sqlite: Lab) -> None:
    """It is soon typed by mistake: the empty text is typed in quotes."""
    start(lab_sqlite)
    lab_sqlite.asker = asker = Scripted(["", "''"])
    lab_sqlite.change(models(Column("part", String(9), nullable=False)))
    assert lab_sqlite.rows("SELECT part FROM book") == [("",)]
    assert asker.questions[1].startswith("An empty line is no value. The empty text is typed as ''.\nbook.part becomes")


def test_a_foreign_key_is_filled_with_what_is_there(lab: Lab) -> None:
    """By the name that the table still has; in a database without rows, any value will do."""

    def shelved(name: str, *more: Column[Any]) -> MetaData:
        metadata = MetaData()
        Table(name, metadata, Column("id", Integer, primary_key=True), Column("room", Integer), Column("wall", Integer))
        Table("book", metadata, Column("id", Integer, primary_key=True), *more)
        return metadata

    lab.change(shelved("shelf"))
    lab.rows("INSERT INTO shelf (id) VALUES (7)")
    lab.rows("INSERT INTO book (id) VALUES (1)")
    key: Any = ForeignKey("shelve.id", name="fk_shelf")
    changed = shelved("shelve", Column("shelf_id", key, nullable=False))
    message = lab.refused(changed, "rename=shelf:shelve", "fill=book.shelf_id=99")
    assert "book.shelf_id refers to shelve.id, and here no row has '99' there: say one that it has." in message
    lab.change(changed, "rename=shelf:shelve", "fill=book.shelf_id=7")
    assert lab.rows("SELECT shelf_id FROM book") == [(7,)]


def test_no_row_is_in_a_table_that_the_same_revision_creates(lab: Lab) -> None:
    """It has none to refer to: it comes in a revision of its own, and is filled."""
    lab.change(models())
    lab.rows("INSERT INTO book (id) VALUES (1)")
    key: Any = ForeignKey("shelf.id", name="fk_shelf")
    changed = models(Column("shelf_id", key, nullable=False))
    Table("shelf", changed, Column("id", Integer, primary_key=True))
    assert lab.refused(changed, "fill=book.shelf_id=1") == (
        "book.shelf_id refers to shelf.id, and here no row has '1' there: create and fill that table in a revision of "
        "its own first, as this one has no row for it yet. Nothing was written."
    )


def test_a_downgrade_fills_no_foreign_key(lab: Lab) -> None:
    """No value would be right: the revision says so, and where no row is in the table it runs."""

    def shelved(is_there: bool) -> MetaData:
        metadata = MetaData()
        shelf: list[Any] = []
        if is_there:
            Table("shelf", metadata, Column("id", Integer, primary_key=True))
            shelf = [Column("shelf_id", ForeignKey("shelf.id", name="fk_shelf"), nullable=False)]
        Table("book", metadata, Column("id", Integer, primary_key=True), *shelf)
        return metadata

    lab.change(shelved(is_there=True))
    before = lab.schema()
    text = lab.change(shelved(is_there=False), "allow-drop")
    assert "# This fails while a row of book has no shelf_id: fill it first." in text.partition("def downgrade")[2]
    lab.downgrade()
    assert lab.schema() == before


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


class Colour(enum.Enum):
    """Two of them."""

    RED = "red"
    BLUE = "it's: 100%"


CONSTANTS: list[tuple[Any, Any, str]] = [
    (Boolean, True, "done"),
    (Integer, -3, "less"),
    (Numeric(10, 2), Decimal("2.50"), "price"),
    (Float, 0.5, "half"),
    (String(30), "it's 100% \\\\ :so", "note"),
    (Text, "it's 100% \\\\ :so", "story"),
    (Date, date(2026, 1, 5), "born"),
    (DateTime, datetime(2026, 1, 5, 3, 4, 5), "seen"),
    (Enum(Colour, name="colour", native_enum=False), Colour.BLUE, "colour"),
    (JSON, {"a": ["it's: 100%"]}, "tags"),
    (LargeBinary, b"\x00\xff:a", "code"),
    (Uuid, UUID("6e8b3b1c-0000-4000-8000-000000000001"), "token"),
    (Interval, timedelta(seconds=90), "wait"),
    (Kept(20), ["a", "b"], "kept"),
]


def test_one_value_in_all_rows_costs_no_scan(lab: Lab) -> None:  # D8
    """The column is added with a default, which is dropped again; on SQLite the rows are filled in one UPDATE."""
    start(lab)
    before = lab.schema()
    changed = models(*[Column(name, type_, default=value, nullable=False) for type_, value, name in CONSTANTS])
    text = lab.revision(changed)
    is_sqlite = lab.engine.dialect.name == "sqlite"
    script = "" if is_sqlite else lab.sql("heads").rpartition("-- Running upgrade")[2]
    lab.upgrade()
    assert lab.differences() == ""
    upgrade = text.partition("def downgrade")[0]
    assert upgrade.count("sa.update(") == (1 if is_sqlite else 0)
    if not is_sqlite:
        assert script.count(" DROP DEFAULT") == len(CONSTANTS)
        assert "SET NOT NULL" not in script
        assert "MODIFY" not in script
    with lab.engine.connect() as connection:
        (row,) = connection.execute(select(changed.tables["book"]))
    assert row[2:] == tuple(value for _, value, _ in CONSTANTS)
    defaults = [column["default"] for column in inspect(lab.engine).get_columns("book")]
    assert [*filter(None, defaults)] in ([], [defaults[0]])  # that of a serial
    lab.downgrade()
    assert lab.schema() == before
    lab.upgrade()


def test_an_expression_as_a_fill(lab: Lab) -> None:  # D5
    """It is evaluated for each row; the database is asked before whether it takes it."""
    start(lab)
    lab.rows("INSERT INTO book (id, title) VALUES (2, 'b')")
    changed = models(column("code", String(40), nullable=False, unique=True), Column("rank", Integer, nullable=False))
    message = lab.refused(changed, "fill=book.rank=sql:no_such_column + 1", "fill=book.code=sql:title")
    assert message.startswith("sql:no_such_column + 1 is no expression for book.rank that the database takes: ")
    assert message.endswith("(A text that begins with sql: is written as sql:'sql:...'.) Nothing was written.")
    assert "is no expression" in lab.refused(changed, "fill=book.rank=sql:(", "fill=book.code=sql:title")
    assert "is UNIQUE: 'x' for all rows" in lab.refused(changed, "fill=book.rank=1", "fill=book.code=x")
    concat = "concat(title, ':%')" if lab.engine.dialect.name == "mysql" else "title || ':%'"
    lab.change(changed, "fill=book.rank=sql:id * 10", f"fill=book.code=sql:{concat}")
    assert lab.rows("SELECT code, rank FROM book ORDER BY id") == [("흰:%", 10), ("b:%", 20)]
    lab.downgrade()
    lab.upgrade()


@pytest.mark.parametrize("answer", [(), ("rename=100%.50%:60%",)])
def test_an_expression_for_names_with_percent_signs(lab: Lab, answer: tuple[str, ...]) -> None:
    """Each is one sign for the database that is asked, with a rename beside it, too; so is one in a CHECK."""

    def named(name: str, *more: Any) -> MetaData:
        metadata = MetaData()
        Table(
            "100%", metadata, Column("id", Integer, primary_key=True, autoincrement=False), Column(name, Integer), *more
        )
        return metadata

    lab.change(named("50%"))
    quoted = "`new%` < id" if lab.engine.dialect.name == "mysql" else '"new%" < id'
    check = CheckConstraint(quoted, name="ck")
    new = named("60%" if answer else "50%", Column("new%", Integer, nullable=False), check)
    with lab.engine.begin() as connection:
        connection.execute(lab.models.tables["100%"].insert().values(id=3))
    assert "cannot have '7' in all rows" in lab.refused(new, *answer, "fill=100%.new%=7")
    lab.change(new, *answer, "fill=100%.new%=sql:1 + 1")


def test_an_expression_of_another_type(lab_postgresql: Lab) -> None:  # D5
    """PostgreSQL says so, without a value having been computed: nextval() takes no number."""
    start(lab_postgresql)
    lab_postgresql.rows("CREATE SEQUENCE numbers")
    changed = models(Column("born", Date, nullable=False))
    message = lab_postgresql.refused(changed, "fill=book.born=sql:nextval('numbers')")
    assert 'column "filled" is of type date but expression is of type bigint' in message
    lab_postgresql.change(models(Column("rank", Integer, nullable=False)), "fill=book.rank=sql:nextval('numbers')")
    assert lab_postgresql.rows("SELECT rank FROM book") == [(1,)]


def test_a_wrong_value_is_asked_again(lab_sqlite: Lab) -> None:  # D3
    """On a terminal, with why."""
    start(lab_sqlite)
    lab_sqlite.asker = asker = Scripted(["many", "41"])
    lab_sqlite.change(models(Column("rank", Integer, nullable=False)))
    assert lab_sqlite.rows("SELECT rank FROM book") == [(41,)]
    assert asker.questions[1].startswith("'many' is no value for book.rank, a column of Integer().\n")


def test_a_default_with_on_update(lab_mysql: Lab) -> None:  # A5
    """The rows get what is an expression in it."""
    default = sql("CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP")
    lab_mysql.change(models(column("seen", DateTime, server_default=default)))
    lab_mysql.rows("INSERT INTO book (id, seen) VALUES (1, NULL)")
    lab_mysql.change(models(column("seen", DateTime, server_default=default, nullable=False)))
    assert lab_mysql.rows("SELECT count(*) FROM book WHERE seen IS NULL") == [(0,)]
    lab_mysql.downgrade()
    lab_mysql.upgrade()


def pairs(has_id: bool) -> MetaData:
    """Return two tables, and one that has pairs of them: with the pair as its key, or with a number."""
    metadata = MetaData(naming_convention=CONVENTION)
    for name in ("a", "b"):
        Table(name, metadata, Column("id", Integer, primary_key=True))
    keys = [
        column(f"{name}_id", ForeignKey(f"{name}.id"), primary_key=not has_id, nullable=False) for name in ("a", "b")
    ]
    Table("ab", metadata, *([Column("id", Integer, primary_key=True)] if has_id else []), *keys)
    return metadata


def test_a_number_becomes_the_key(lab: Lab) -> None:  # C13
    """The database numbers the rows itself, and goes on: nothing is asked."""
    lab.change(pairs(has_id=False))
    before = lab.schema()
    for statement in (
        "INSERT INTO a VALUES (1), (2)",
        "INSERT INTO b VALUES (7)",
        "INSERT INTO ab VALUES (1, 7), (2, 7)",
    ):
        lab.rows(statement)
    lab.change(pairs(has_id=True))
    lab.rows("INSERT INTO ab (a_id, b_id) VALUES (1, 7)")
    assert lab.rows("SELECT id, b_id FROM ab ORDER BY id") == [(1, 7), (2, 7), (3, 7)]
    lab.rows("DELETE FROM ab WHERE id = 3")
    lab.downgrade()
    assert lab.schema() == before
    assert lab.rows("SELECT a_id, b_id FROM ab ORDER BY a_id") == [(1, 7), (2, 7)]
    lab.upgrade()


def test_a_pair_becomes_the_key(lab: Lab) -> None:  # C13
    """The other way round: the downgrade numbers the rows again."""
    lab.change(pairs(has_id=True))
    before = lab.schema()
    for statement in ("INSERT INTO a VALUES (1), (2)", "INSERT INTO b VALUES (7)"):
        lab.rows(statement)
    lab.rows("INSERT INTO ab (id, a_id, b_id) VALUES (5, 1, 7), (6, 2, 7)")
    lab.change(pairs(has_id=False), "allow-drop=ab.id")
    lab.downgrade()
    assert lab.schema() == before
    assert lab.rows("SELECT id, b_id FROM ab ORDER BY id") == [(1, 7), (2, 7)]
    lab.upgrade()


def test_a_unique_column_with_a_server_default(lab: Lab) -> None:  # D5
    """One row may have it, but not two: that is said before the database does."""
    start(lab)
    changed = models(column("code", String(9), server_default="x", nullable=False, unique=True))
    lab.rows("INSERT INTO book (id) VALUES (2)")
    message = lab.refused(changed)
    assert message.startswith("book.code is UNIQUE, and its server_default= would be the value of each of the rows")
    lab.rows("DELETE FROM book WHERE id = 2")
    lab.change(changed)
    assert lab.rows("SELECT code FROM book") == [("x",)]


@pytest.mark.parametrize(
    ("columns", "answers", "expected"),
    [
        ([("b", True), ("c", False)], ("rename=t.a:b", "fill=t.c=sql:b + 1"), (5, 6)),
        (
            [("a", True), ("b", False), ("c", False)],
            ("fill=t.b=sql:c + 1", "fill=t.c=sql:a + 1"),
            (5, 7, 6),
        ),
        (
            [("a", True), ("b", False), ("c", False)],
            ("fill=t.b=sql:c + 1", "fill=t.c=3"),
            (5, 4, 3),
        ),
        (
            [("b", False), ("c", False)],
            ("rename=t.a:b", "fill=t.b=2", "fill=t.c=sql:b + 1"),
            (5, 6),
        ),
    ],
)
def test_what_an_expression_reads(
    lab: Lab, columns: list[tuple[str, bool]], answers: tuple[str, ...], expected: tuple[int, ...]
) -> None:
    """Columns by the names that the models have, and new ones, which are filled before."""
    lab.change(_table(Column("a", Integer)))
    lab.rows("INSERT INTO t VALUES (1, 5)")
    lab.change(_table(*(Column(name, Integer, nullable=nullable) for name, nullable in columns)), *answers)
    assert lab.rows(f"SELECT {', '.join(name for name, _ in columns)} FROM t") == [expected]
    lab.downgrade()
    assert lab.rows("SELECT a FROM t") == [(5,)]
    lab.upgrade()


def test_expressions_that_cannot_be_right(lab: Lab) -> None:
    """One has the old name of a column, and two read each other."""
    lab.change(_table(Column("a", Integer)))
    after = _table(Column("b", Integer), Column("c", Integer, nullable=False))
    said = lab.refused(after, "rename=t.a:b", "fill=t.c=sql:a + 1")
    assert "It runs after the renames: a is b now." in said
    after = _table(Column("a", Integer), *(Column(name, Integer, nullable=False) for name in "bc"))
    said = lab.refused(after, "fill=t.b=sql:c + 1", "fill=t.c=sql:b + 1")
    assert "In t the fills of b, c read each other" in said


def _table(*columns: Column[Any]) -> MetaData:
    metadata = MetaData()
    Table("t", metadata, Column("id", Integer, primary_key=True), *columns)
    return metadata


def test_a_column_is_computed_from_now_on_beside_a_fill(lab: Lab) -> None:
    """It is dropped and added again, in this order."""
    before, after = (
        _table(Column("a", Integer, nullable=nullable), Column("size", Integer), Column("twice", Integer, *computed))
        for nullable, computed in ((True, []), (False, [Computed("size * 2", persisted=True)]))
    )
    lab.change(before)
    lab.rows("INSERT INTO t (size) VALUES (4)")
    lab.change(after, "fill=t.a=3", "allow-drop")
    assert lab.rows("SELECT a, size, twice FROM t") == [(3, 4, 8)]
    assert lab.differences() == ""
    lab.downgrade()
    lab.upgrade()
    assert lab.rows("SELECT a, size, twice FROM t") == [(3, 4, 8)]


@pytest.mark.parametrize("identity", [[], [Identity(always=True)]])
def test_a_surrogate_key_beside_a_fill(lab: Lab, identity: list[Any]) -> None:
    """The database gives the rows their numbers, and the revision gives them the rest."""
    before, after = MetaData(), MetaData()
    Table("t", before, Column("code", String(9), primary_key=True), Column("a", Integer))
    columns = [column("code", String(9), nullable=False), column("a", Integer), column("b", Integer, nullable=False)]
    Table("t", after, Column("id", Integer, *identity, primary_key=True), *columns)
    lab.change(before)
    lab.rows("INSERT INTO t VALUES ('x', 3), ('y', 4)")
    lab.change(after, "fill=t.b=sql:a + 1")
    assert sorted(lab.rows("SELECT id, code, a, b FROM t")) == [(1, "x", 3, 4), (2, "y", 4, 5)]
    lab.downgrade()
    lab.upgrade()
    assert sorted(lab.rows("SELECT id, code, a, b FROM t")) == [(1, "x", 3, 4), (2, "y", 4, 5)]


@pytest.mark.parametrize("type_", [Integer(), String(20)])
def test_a_column_leaves_the_key_beside_a_fill(lab: Lab, type_: Any) -> None:
    """It allows NULL when the key has gone: MariaDB says nothing, and changes nothing, before."""

    def models(is_keyed: bool) -> MetaData:
        metadata = MetaData(naming_convention=CONVENTION)
        columns = [Column("id", type_, primary_key=is_keyed, nullable=not is_keyed, autoincrement=False)]
        columns.append(Column("day", Integer, nullable=is_keyed))
        if not is_keyed:
            columns.append(Column("number", Integer, primary_key=True))
        Table("visit", metadata, *columns)
        return metadata

    lab.change(models(is_keyed=True))
    lab.rows("INSERT INTO visit (id) VALUES ('1')")
    lab.change(models(is_keyed=False), "fill=visit.day=5")
    assert lab.rows("SELECT id, day, number FROM visit") == [(type_.python_type("1"), 5, 1)]
    lab.downgrade()
    lab.upgrade()
    assert lab.differences() == ""


def books(author: str, *columns: Column[Any], **of_book: Any) -> MetaData:
    """Return a table of authors, by a name and with columns, and one of books, with columns that are NOT NULL."""
    metadata = MetaData(naming_convention=CONVENTION)
    Table(author, metadata, Column("id", Integer, primary_key=True), *columns)
    others = [Column(name, type_, nullable=False) for name, type_ in of_book.items()]
    Table("book", metadata, Column("id", Integer, primary_key=True), Column("author_id", Integer), *others)
    return metadata


def start_books(lab: Lab) -> None:
    """Have an author and a book."""
    lab.change(books("author", Column("country", String(20))))
    lab.rows("INSERT INTO author (id, country) VALUES (1, 'Chile')")
    lab.rows("INSERT INTO book (id, author_id) VALUES (7, 1)")


def test_a_column_moves_to_another_table(lab: Lab) -> None:
    """What fills it comes before the table that has it now loses it."""
    start_books(lab)
    value = "fill=book.country=sql:(SELECT a.country FROM author a WHERE a.id = author_id)"
    lab.change(books("author", country=String(20)), value, "allow-drop=author.country")
    assert lab.rows("SELECT country FROM book") == [("Chile",)]


def test_a_column_that_may_be_null_is_filled_where_it_is_said(lab: Lab) -> None:
    """By an expression, which may be NULL for some rows, or a value; so it moves to another table, too."""
    start_books(lab)
    lab.rows("INSERT INTO book (id, author_id) VALUES (8, NULL)")
    changed = books("author")
    for name, type_ in (("country", String(20)), ("pages", Integer())):
        changed.tables["book"].append_column(Column(name, type_))
    value = "fill=book.country=sql:(SELECT a.country FROM author a WHERE a.id = author_id)"
    lab.change(changed, value, "fill=book.pages=9", "allow-drop=author.country")
    assert lab.rows("SELECT country, pages FROM book ORDER BY id") == [("Chile", 9), (None, 9)]
    lab.downgrade()
    lab.upgrade()
    assert lab.differences() == ""


@pytest.mark.parametrize("author", ["author", "writer"])
def test_a_fill_reads_a_table_that_is_renamed(lab: Lab, author: str) -> None:
    """Or of which a column is: by their new names only."""
    start_books(lab)
    renames = ["rename=author.country:land", *([f"rename=author:{author}"] if author != "author" else [])]
    changed = books(author, Column("land", String(20)), country=String(20))
    old = "fill=book.country=sql:(SELECT a.country FROM author a WHERE a.id = author_id)"
    assert "country is land now" in lab.refused(changed, *renames, old)
    lab.change(changed, *renames, old.replace("a.country FROM author", f"a.land FROM {author}"))
    assert lab.rows("SELECT country FROM book") == [("Chile",)]

"""New constraints that rows of the database violate are said when the revision is written."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from alembic.operations import ops
from alembic.util import CommandError
from sqlalchemy import (
    CheckConstraint,
    Column,
    Computed,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
    event,
    text,
)
from sqlalchemy.exc import DBAPIError
from support.lab import Lab
from support.models import CONVENTION, column

Items = Callable[[], dict[str, Any]]


def book(**changes: Any) -> MetaData:
    """Return the models: books and authors; what is given under a name of an item takes its place, or is added."""
    metadata = MetaData(naming_convention=CONVENTION)
    items: dict[str, Any] = {
        "id": column("id", Integer, primary_key=True, autoincrement=False),
        "isbn": Column("isbn", String(20)),
        "shelf": Column("shelf", Integer),
        "place": Column("place", Integer, nullable=False),
        "author_id": Column("author_id", Integer),
    }
    name, authors_name = changes.pop("table", "book"), changes.pop("authors", "author")
    more = changes.pop("more", ())
    authors: list[Any] = [column("id", Integer, primary_key=True), Column("name", String(20)), Column("rank", Integer)]
    authors.append(UniqueConstraint("id", "rank"))
    items |= changes
    Table(authors_name, metadata, *authors)
    Table(name, metadata, *(item for item in items.values() if item is not None))
    for table in more:
        table(metadata)
    return metadata


ROWS = """
INSERT INTO author (id, name) VALUES (1, 'Ann'), (2, 'Bob');
INSERT INTO book (id, isbn, shelf, place, author_id) VALUES
(1, 'a', 1, 1, 1), (2, 'a', 1, 2, 2), (3, 'b', 2, 1, 7), (4, 'c', 2, 1, NULL), (5, NULL, NULL, 1, NULL),
(6, NULL, NULL, 1, NULL), (7, 'B', 3, 3, 1)
"""


def fill(lab: Lab, rows: str = ROWS, **old: Any) -> None:
    """Migrate the database to the first models, and insert rows."""
    lab.revision(book(**old))
    lab.upgrade()
    run(lab, rows)


def run(lab: Lab, statements: str) -> None:
    """Run statements over a connection of their own."""
    with lab.engine.begin() as connection:
        for statement in statements.split(";"):
            if statement.strip():
                connection.exec_driver_sql(statement.strip())


def notes(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what was said of rows."""
    return [record.getMessage() for record in caplog.records if record.name == "alembic.autogenerate.notes"]


def is_taken(lab: Lab) -> bool:
    """Tell whether the database takes the revision."""
    try:
        lab.upgrade()
    except (DBAPIError, CommandError):
        return False
    return True


def fresh(metadata: MetaData) -> None:
    """Add a table that the database does not have."""
    Table("publisher", metadata, Column("id", Integer, primary_key=True))


# MariaDB takes b and B for the same.
TWICE = r"Here, [12] values? (is|are) in more than one row.*: SELECT isbn, count\(\*\) FROM book WHERE isbn IS NOT"
ORPHAN = "Here, 1 row refers to one that does not exist: SELECT author_id FROM book WHERE author_id IS NOT NULL AND"

CASES: dict[str, tuple[Items, str]] = {
    "a UNIQUE": (lambda: {"uq": UniqueConstraint("isbn")}, rf"book gets UNIQUE \(isbn\), which .* {TWICE}"),
    "a UNIQUE that rows satisfy": (lambda: {"uq": UniqueConstraint("id", "isbn")}, ""),
    "a unique index": (lambda: {"ix": Index("ux", "isbn", unique=True)}, TWICE),
    "an index": (lambda: {"ix": Index("ux", "isbn")}, ""),
    "several columns": (
        lambda: {"uq": UniqueConstraint("shelf", "place")},
        r"SELECT shelf, place, count\(\*\) FROM book WHERE shelf IS NOT NULL AND place IS NOT NULL GROUP BY shelf",
    ),
    "NULLs are not equal": (lambda: {"uq": UniqueConstraint("shelf", "isbn", "id")}, ""),
    "a CHECK": (
        lambda: {"ck": CheckConstraint("shelf < 3", name="low")},
        r"book gets CHECK \(shelf < 3\).* Here, 1 row does not satisfy it: SELECT shelf FROM book WHERE NOT \(shelf",
    ),
    "a CHECK of a column": (
        lambda: {"shelf": Column("shelf", Integer, CheckConstraint("shelf < 2", name="low"))},
        "Here, 3 rows do not satisfy it",
    ),
    "a CHECK that rows satisfy": (lambda: {"ck": CheckConstraint("shelf < 4", name="low")}, ""),
    "a foreign key": (
        lambda: {"fk": ForeignKeyConstraint(["author_id"], ["author.id"])},
        rf"book gets FOREIGN KEY \(author_id\) REFERENCES author \(id\), which its rows violate. {ORPHAN}",
    ),
    "a foreign key that rows satisfy": (lambda: {"fk": ForeignKeyConstraint(["place"], ["book.id"])}, ""),
    "a foreign key to the same table": (lambda: {"fk": ForeignKeyConstraint(["author_id"], ["book.id"])}, ""),
    "a foreign key to a new table": (
        lambda: {"fk": ForeignKeyConstraint(["author_id"], ["publisher.id"]), "more": [fresh]},
        r"Here, 4 rows refer to ones that do not exist: SELECT author_id FROM book WHERE author_id IS NOT NULL LIMIT 20"
        r".*insert them after op.create_table\('publisher', ...\) and before the key",
    ),
    "a new column with a foreign key": (
        lambda: {"publisher_id": column("publisher_id", ForeignKey("publisher.id")), "more": [fresh]},
        "",
    ),
    "a primary key": (
        lambda: {
            "id": Column("id", Integer, nullable=False),
            "pk": PrimaryKeyConstraint("place"),
            "place": column("place", Integer, nullable=False, autoincrement=False),
        },
        r"book gets PRIMARY KEY \(place\), which .* Here, 1 value is in more than one row: SELECT place, count",
    ),
    "a greater primary key": (
        lambda: {"place": Column("place", Integer, primary_key=True, autoincrement=False)},
        "",
    ),
    "a new UNIQUE column": (lambda: {"code": Column("code", String(5), unique=True)}, ""),
    "with a new column that is one value": (
        lambda: {
            "code": Column("code", String(5), server_default="x", nullable=False),
            "uq": UniqueConstraint("code", "isbn"),
        },
        "Here, [12] values? (is|are) in more than one row",
    ),
    "with a new column that has a fill": (
        lambda: {
            "code": Column("code", String(5), default="x", nullable=False),
            "uq": UniqueConstraint("code", "isbn"),
        },
        "Here, [12] values? (is|are) in more than one row",
    ),
    "with a column that gets a fill": (
        lambda: {
            "isbn": Column("isbn", String(20), default="c", nullable=False),
            "uq": UniqueConstraint("isbn", "place"),
        },
        "Here, [12] values? (is|are) in more than one row",
    ),
    "with a computed column": (
        lambda: {
            "code": Column("code", Integer, Computed("shelf * 2", persisted=True)),
            "uq": UniqueConstraint("code"),
        },
        "Here, 2 values are in more than one row",
    ),
    "of a longer text": (
        lambda: {"isbn": Column("isbn", String(40)), "uq": UniqueConstraint("isbn")},
        TWICE,
    ),
}


@pytest.mark.parametrize(("items", "said"), CASES.values(), ids=CASES)
def test_what_rows_violate(lab: Lab, caplog: pytest.LogCaptureFixture, items: Items, said: str) -> None:
    """It is said exactly where the database refuses the upgrade, with a SELECT that shows the rows."""
    fill(lab)
    assert lab.revision(book(**items()))
    require(lab, caplog, said)


def require(lab: Lab, caplog: pytest.LogCaptureFixture, said: str) -> None:
    """Hold what was said to what was to be said, to what its SELECT shows, and to what the database takes."""
    told = notes(caplog)
    assert len(told) == bool(said), told
    assert not said or re.search(said, told[0]), told
    for query in re.findall(r"SELECT .* LIMIT 20", "".join(told)):
        assert lab.rows(query)
    assert is_taken(lab) == (not said)


RENAMED: dict[str, tuple[tuple[str, ...], Items, str]] = {
    "a column": (
        ("rename=book.isbn:ean",),
        lambda: {"isbn": None, "ean": Column("ean", String(20)), "uq": UniqueConstraint("ean")},
        r"book gets UNIQUE \(ean\).*: SELECT ean, count\(\*\) FROM \(SELECT isbn AS ean FROM book\) AS book WHERE ean",
    ),
    "a table": (
        ("rename=book:work",),
        lambda: {"table": "work", "uq": UniqueConstraint("shelf", "place")},
        r"work gets UNIQUE \(shelf, place\).* FROM \(SELECT place, shelf FROM book\) AS work",
    ),
    "a table that others refer to": (
        ("rename=author:writer",),
        lambda: {"fk": ForeignKeyConstraint(["author_id"], ["writer.id"]), "authors": "writer"},
        r"REFERENCES writer \(id\).* NOT EXISTS \(SELECT 1 FROM \(SELECT id FROM author\) AS referred",
    ),
    "a column with a fill": (
        ("rename=book.isbn:ean", "fill=book.ean=c"),
        lambda: {
            "isbn": None,
            "ean": Column("ean", String(20), nullable=False),
            "uq": UniqueConstraint("ean", "place"),
        },
        "Here, 1 value is in more than one row",
    ),
    "a new column with an expression": (
        ("fill=book.code=sql:coalesce(isbn, 'n')",),
        lambda: {"code": Column("code", String(20), nullable=False, unique=True)},
        "Here, [23] values are in more than one row each",
    ),
    "a new column that refers, by an expression": (
        ("fill=book.other=sql:place + 1",),
        lambda: {"other": column("other", ForeignKey("author.id"), nullable=False)},
        "PostgreSQL: Here, 2 rows refer to ones that do not exist",  # elsewhere nobody can tell what is stored
    ),
    "a type of another kind": (
        (),
        lambda: {"place": Column("place", String(20), nullable=False), "uq": UniqueConstraint("place")},
        "?",
    ),
}


@pytest.mark.parametrize(("answers", "items", "said"), RENAMED.values(), ids=RENAMED)
def test_what_changes_besides(
    lab: Lab, caplog: pytest.LogCaptureFixture, answers: tuple[str, ...], items: Items, said: str
) -> None:
    """Of what is renamed and filled, rows are looked at as they are now; what nobody can tell is not said: a ?."""
    fill(lab)
    assert lab.revision(book(**items()), *answers)
    everywhere = said.removeprefix("PostgreSQL: ")
    if said == "?" or (said != everywhere and lab.engine.dialect.name != "postgresql"):
        assert not notes(caplog)
    else:
        require(lab, caplog, everywhere)


ON_POSTGRESQL: dict[str, tuple[Items, str]] = {
    "NULLs are equal": (
        lambda: {"uq": UniqueConstraint("isbn", postgresql_nulls_not_distinct=True)},
        r"Here, 2 values are in more than one row each: SELECT isbn, count\(\*\) FROM book GROUP BY isbn HAVING",
    ),
    "a part of the rows": (
        lambda: {"ix": Index("ux", "isbn", unique=True, postgresql_where=text("place < 3"))},
        r"book gets UNIQUE \(isbn\) WHERE place < 3, which .* WHERE isbn IS NOT NULL AND \(place < 3\) GROUP BY isbn",
    ),
    "a part that satisfies it": (
        lambda: {"ix": Index("ux", "isbn", unique=True, postgresql_where=text("place = 1"))},
        "",
    ),
    "an expression": (
        lambda: {"ix": Index("ux", text("lower(isbn)"), unique=True)},
        r"SELECT \(lower\(isbn\)\), count\(\*\) FROM book WHERE \(lower\(isbn\)\) IS NOT NULL",
    ),
    "columns in an order": (
        lambda: {"ix": Index("ux", text("isbn DESC NULLS LAST"), "place", unique=True)},
        "",
    ),
    "an order": (
        lambda: {"ix": Index("ux", text("isbn DESC NULLS LAST"), unique=True)},
        r"SELECT \(isbn\), count",
    ),
    "a key that may not be NULL in part": (
        lambda: {
            "fk": ForeignKeyConstraint(["author_id", "shelf"], ["author.id", "author.rank"], match="FULL"),
        },
        r"Here, 5 rows refer to ones that do not exist: .* NOT \(author_id IS NULL AND shelf IS NULL\) AND NOT EXISTS",
    ),
    "nobody looks at the rows": (
        lambda: {"ck": CheckConstraint("shelf > 5", name="high", postgresql_not_valid=True)},
        "",
    ),
    "CONCURRENTLY": (
        lambda: {"ix": Index("ux", "isbn", unique=True, postgresql_concurrently=True)},
        TWICE,
    ),
}
ON_SQLITE: dict[str, tuple[Items, str]] = {
    "a part of the rows": (
        lambda: {"ix": Index("ux", "isbn", unique=True, sqlite_where=text("place < 3"))},
        r"WHERE isbn IS NOT NULL AND \(place < 3\) GROUP BY isbn",
    ),
    "a part that satisfies it": (
        lambda: {"ix": Index("ux", "isbn", unique=True, sqlite_where=text("place = 1"))},
        "",
    ),
    "an expression": (lambda: {"ix": Index("ux", text("shelf * 2"), unique=True)}, "Here, 2 values are"),
    "a collation of the index": (lambda: {"ix": Index("ux", text("isbn COLLATE NOCASE"), unique=True)}, "2 values"),
}
ON_MYSQL: dict[str, tuple[Items, str]] = {
    "the beginning of a text": (
        lambda: {"ix": Index("ux", "isbn", unique=True, mysql_length={"isbn": 1})},
        r"SELECT LEFT\(isbn, 1\), count",
    ),
}


@pytest.mark.parametrize(
    ("kind", "items", "said"),
    [
        (kind, *case)
        for kind, cases in (("sqlite", ON_SQLITE), ("postgresql", ON_POSTGRESQL), ("mysql", ON_MYSQL))
        for case in cases.values()
    ],
    ids=[
        f"{kind}-{name}"
        for kind, cases in (("sqlite", ON_SQLITE), ("postgresql", ON_POSTGRESQL), ("mysql", ON_MYSQL))
        for name in cases
    ],
)
def test_on_one_database(
    request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture, kind: str, items: Items, said: str
) -> None:
    """What one kind of database has."""
    lab: Lab = request.getfixturevalue(f"lab_{kind}")
    fill(lab)
    assert lab.revision(book(**items()))
    require(lab, caplog, said)


@pytest.mark.parametrize("rows", ["(1, 'b', 1, 1, 1), (2, 'B', 1, 1, 1)", "(1, 'b', 1, 1, 1), (2, 'c', 1, 1, 1)"])
@pytest.mark.parametrize("collation", ["NOCASE", "BINARY"])
def test_a_collation_of_sqlite(lab_sqlite: Lab, caplog: pytest.LogCaptureFixture, rows: str, collation: str) -> None:
    """Two texts are the same to the database, or not, by the collation of their column, whatever it is called."""
    fill(lab_sqlite, f"INSERT INTO book VALUES {rows}", isbn=Column("isbn", String(20, collation)))
    changes = {"isbn": None, "ean": Column("ean", String(20, collation)), "uq": UniqueConstraint("ean")}
    assert lab_sqlite.revision(book(**changes), "rename=book.isbn:ean")
    require(lab_sqlite, caplog, "1 value is" if "B" in rows and collation == "NOCASE" else "")


def test_a_check_without_a_name(lab: Lab, caplog: pytest.LogCaptureFixture) -> None:
    """SQLite rebuilds the table for it."""
    for models in (MetaData(), changed := MetaData()):
        items = (
            [CheckConstraint("a > 0"), CheckConstraint("a > 1")] if models is changed else [CheckConstraint("a > 0")]
        )
        Table("t", models, column("id", Integer, primary_key=True), Column("a", Integer), *items)
        lab.revision(models)
        if models is not changed:
            lab.upgrade()
            run(lab, "INSERT INTO t VALUES (1, 1), (2, 2)")
    require(lab, caplog, r"t gets CHECK \(a > 1\).* Here, 1 row does not satisfy it")


@pytest.mark.parametrize("on_conflict", ["REPLACE", "IGNORE"])
def test_rows_that_sqlite_would_delete(lab_sqlite: Lab, caplog: pytest.LogCaptureFixture, on_conflict: str) -> None:
    """ON CONFLICT counts also where rows are copied into the new table."""
    fill(lab_sqlite)
    assert lab_sqlite.revision(book(uq=UniqueConstraint("isbn", sqlite_on_conflict=on_conflict)))
    (told,) = notes(caplog)
    assert "SQLite would keep one row of each and delete the others without a word, as ON CONFLICT says" in told
    assert is_taken(lab_sqlite)
    assert lab_sqlite.rows("SELECT count(*) FROM book") == [(6,)]


def test_the_equality_of_mariadb(lab_mysql: Lab, caplog: pytest.LogCaptureFixture) -> None:
    """The database is asked: to it, b and B are the same."""
    fill(lab_mysql, "INSERT INTO book VALUES (1, 'b', 1, 1, 1), (2, 'B ', 1, 1, 1)")
    assert lab_mysql.revision(book(uq=UniqueConstraint("isbn")))
    require(lab_mysql, caplog, "1 value is")


def test_the_advice_followed(lab: Lab, caplog: pytest.LogCaptureFixture) -> None:
    """Rows that are changed at the top of upgrade(), or inserted after the new table, are taken."""
    fill(lab)
    changes: dict[str, Any] = {
        "uq": UniqueConstraint("isbn"),
        "ck": CheckConstraint("shelf < 3", name="low"),
        "fk": ForeignKeyConstraint(["author_id"], ["publisher.id"]),
        "more": [fresh],
    }
    text = lab.revision(book(**changes))
    told = notes(caplog)
    assert len(told) == 3
    assert all("The upgrade would fail here" in each for each in told)
    top = [
        'op.execute("UPDATE book SET isbn = NULL WHERE id > 1")',
        'op.execute("UPDATE book SET shelf = 1 WHERE NOT (shelf < 3)")',
    ]
    lines = text.splitlines()
    at = lines.index("    op.create_table('publisher',")
    end = next(number for number, each in enumerate(lines[at:], at) if each == "    )")
    lines.insert(
        end + 1, '    op.execute("INSERT INTO publisher (id) SELECT DISTINCT author_id FROM book WHERE 0 < author_id")'
    )
    begin = lines.index("def upgrade() -> None:") + 2
    lines[begin:begin] = [f"    {each}" for each in top]
    (path,) = (path for path in lab.versions.glob("*.py") if path.read_text("utf-8") == text)
    path.write_text("\n".join(lines), "utf-8")
    lab.upgrade()
    assert lab.differences() == ""
    assert len(lab.rows("SELECT id FROM book")) == 7


def test_a_table_in_a_schema(lab_postgresql: Lab, caplog: pytest.LogCaptureFixture) -> None:
    """Both sides of a key have it; names are quoted where they must be."""

    def models(*items: Any) -> MetaData:
        metadata = MetaData(naming_convention=CONVENTION)
        Table("Shelf", metadata, column("No", Integer, primary_key=True), schema="store")
        Table("Book", metadata, column("id", Integer, primary_key=True), Column("On", Integer), *items, schema="store")
        return metadata

    lab_postgresql.change(models())
    run(lab_postgresql, """INSERT INTO store."Book" ("On") VALUES (1), (1)""")
    lab_postgresql.revision(models(ForeignKeyConstraint(["On"], ["store.Shelf.No"]), UniqueConstraint("On")))
    told = notes(caplog)
    assert len(told) == 2
    assert all(lab_postgresql.rows(query) for each in told for query in re.findall("SELECT .* LIMIT 20", each))
    assert not is_taken(lab_postgresql)


def executed(lab: Lab) -> list[str]:
    """Return a list to which the statements of the laboratory are added."""
    found: list[str] = []

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        found.append(statement)

    event.listen(lab.engine, "before_cursor_execute", note)
    return found


def test_nothing_is_asked_without_a_new_constraint(lab: Lab) -> None:
    """Columns, indexes, new tables with all their keys: no statement more than without this rule."""
    fill(lab)

    def changed() -> MetaData:
        return book(
            code=Column("code", String(5), default="x", nullable=False),
            publisher_id=column("publisher_id", ForeignKey("publisher.id"), index=True),
            isbn=Column("isbn", String(40)),
            more=[fresh],
        )

    counts = []
    for off in ("", 'off = ["violations"]'):
        (lab.directory / "pyproject.toml").write_text(f"[tool.alembic-proof]\n{off}\n", "utf-8")
        before = set(lab.versions.glob("*.py"))
        statements = executed(lab)
        lab.revision(changed())
        counts.append(len(statements))
        (written,) = set(lab.versions.glob("*.py")) - before
        written.unlink()
    assert counts[0] == counts[1]


def test_nothing_is_asked_of_a_key_that_goes(lab: Lab) -> None:
    """A table without a primary key takes any row."""
    fill(lab)
    statements = executed(lab)
    assert lab.revision(book(id=Column("id", Integer, nullable=False)))
    assert not [each for each in statements if "AS counted" in each]


def test_it_reads_a_part_of_a_big_table(lab: Lab) -> None:
    """Each question has a limit, of what it reads and of what it counts."""
    fill(lab)
    statements = executed(lab)
    lab.revision(book(uq=UniqueConstraint("isbn"), fk=ForeignKeyConstraint(["author_id"], ["author.id"])))
    asked = [each for each in statements if "AS counted" in each]
    assert len(asked) == 2
    assert all("LIMIT 100000)" in each and "LIMIT 1001)" in each for each in asked)


def test_switched_off(lab_sqlite: Lab, caplog: pytest.LogCaptureFixture) -> None:
    """As every rule."""
    fill(lab_sqlite)
    (lab_sqlite.directory / "pyproject.toml").write_text('[tool.alembic-proof]\noff = ["violations"]\n', "utf-8")
    assert lab_sqlite.revision(book(uq=UniqueConstraint("isbn")))
    assert not notes(caplog)


def test_nothing_is_said_while_questions_are_open(lab: Lab, caplog: pytest.LogCaptureFixture) -> None:
    """No revision is written, and another answer may change the rows."""
    fill(lab)
    changes = {"uq": UniqueConstraint("isbn"), "place": None, "spot": Column("spot", Integer)}
    assert "1 question" in lab.refused(book(**changes))
    assert not notes(caplog)


def test_sql_of_the_project_may_change_anything(lab: Lab, caplog: pytest.LogCaptureFixture) -> None:
    """After it, nobody can tell what the rows are."""
    fill(lab)

    def clean(context: Any, revision: Any, directives: list[Any]) -> None:
        directives[0].upgrade_ops.ops.insert(0, ops.ExecuteSQLOp("DELETE FROM book"))

    assert "DELETE" in lab.revision(book(uq=UniqueConstraint("isbn")), process_revision_directives=clean)
    assert not notes(caplog)


def test_what_cannot_be_asked_is_not_said(lab_postgresql: Lab, caplog: pytest.LogCaptureFixture) -> None:
    """A question that fails leaves the transaction as it was, and the others are asked."""
    fill(lab_postgresql)
    changes = {
        "ck": CheckConstraint("isbn / 2 > 0", name="wrong"),
        "low": CheckConstraint("shelf < 3", name="low"),
    }
    assert "ck_book_wrong" in lab_postgresql.revision(book(**changes))
    assert [each[:27] for each in notes(caplog)] == ["book gets CHECK (shelf < 3)"]


def test_nothing_is_counted_up(lab_postgresql: Lab, caplog: pytest.LogCaptureFixture) -> None:
    """A function of which nobody knows what it does is not called; and none could change anything."""
    fill(lab_postgresql)
    run(lab_postgresql, "CREATE SEQUENCE codes")
    code = {"code": Column("code", Integer, nullable=False), "uq": UniqueConstraint("code", "place")}
    lab_postgresql.revision(book(**code), "fill=book.code=sql:nextval('codes')")
    assert lab_postgresql.rows("SELECT is_called FROM codes") == [(False,)]
    assert not notes(caplog)


def test_a_foreign_key_that_sqlite_does_not_look_at(lab_sqlite: Lab, caplog: pytest.LogCaptureFixture) -> None:
    """In an env.py without connect(), the upgrade passes, and leaves rows that refer to nothing."""
    env = lab_sqlite.directory / "migrations/env.py"
    connect = 'with connect(config, lambda: config.attributes["url"]) as connection:'
    text = env.read_text("utf-8").replace(connect, 'with config.attributes["connection"].connect() as connection:')
    assert connect not in text
    fill(lab_sqlite)
    env.write_text(text, "utf-8")
    assert lab_sqlite.revision(book(fk=ForeignKeyConstraint(["author_id"], ["author.id"])))
    (told,) = notes(caplog)
    assert told.endswith(
        "SQLite does not look at foreign keys here: the upgrade would pass, and leave such rows: change them at the "
        "top of upgrade() in the new revision, by op.execute()."
    )
    assert is_taken(lab_sqlite)


def test_nulls_become_equal(lab_postgresql: Lab, caplog: pytest.LogCaptureFixture) -> None:
    """Rows that the UNIQUE of before allows may have them."""
    lab = lab_postgresql
    fill(lab, "INSERT INTO book (id, place) VALUES (1, 1), (2, 1)", uq=UniqueConstraint("isbn"))
    lab.revision(book(uq=UniqueConstraint("isbn", postgresql_nulls_not_distinct=True)))
    assert "Here, 1 value is in more than one row" in "".join(notes(caplog))
    assert not is_taken(lab)

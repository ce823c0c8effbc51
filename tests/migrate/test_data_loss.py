"""Going back is safe to try: what a downgrade would destroy is said before anything is changed."""

from __future__ import annotations

from typing import Any

import pytest
from alembic import command
from alembic.util import CommandError
from support.databases import DATABASES
from support.lab import Lab, making_lab

from alembic_proof.prompts import Scripted

NO_ANSWER = "no-rename"  # it answers another question


@pytest.fixture
def library(lab: Lab) -> Lab:
    """Two revisions, the second of which adds book.isbn, and three books, two of which have one."""
    columns = "sa.Column('id', sa.Integer(), primary_key=True), sa.Column('title', sa.String(9))"
    lab.write(
        "r1",
        None,
        f"op.create_table('author', {columns})\nop.create_table('book', {columns})",
        "op.drop_table('book')\nop.drop_table('author')",
    )
    isbn = "op.add_column('book', sa.Column('isbn', sa.String(13)))"
    lab.write("r2", "r1", isbn, "op.drop_column('book', 'isbn')")
    lab.upgrade()
    lab.rows("INSERT INTO author (id, title) VALUES (1, '한강')")
    lab.rows("INSERT INTO book (id, title, isbn) VALUES (1, '흰', '1'), (2, '흰', '2'), (3, '흰', NULL)")
    return lab


def stopped(lab: Lab, revision: str, *answers: str) -> str:
    """Try a downgrade that stops, and return its sentence; the database stays where it is."""
    before = (lab.rows("SELECT version_num FROM alembic_version"), lab.schema())
    with pytest.raises(CommandError) as error:
        lab.downgrade(revision, *(answers or (NO_ANSWER,)))
    assert (lab.rows("SELECT version_num FROM alembic_version"), lab.schema()) == before
    return str(error.value)


def test_without_a_terminal_it_stops_and_says_how_to_go_on(library: Lab) -> None:
    """Each loss is named, a dropped table for its columns; the answer may be given for each, or for all."""
    assert stopped(library, "-1") == (
        "There is 1 question, and nobody who can be asked.\n"
        "This downgrade drops book.isbn, which has 2 values. Go on?\n"
        "    -x allow-drop=book.isbn  that is meant\n"
        "This command has the first answer to it; change what is not so:\n"
        "    alembic -x no-rename -x allow-drop=book.isbn downgrade ...\n"
        "Nothing was changed."
    )
    sentence = stopped(library, "base", "allow-drop=book.isbn")
    assert "drops book, which has 3 rows, and author, which has 1 row. Go on?" in sentence
    assert "isbn" not in stopped(library, "base", "allow-drop=author").partition("If that")[0]
    library.downgrade("-1", "allow-drop=book.isbn")
    assert library.rows("SELECT COUNT(*) FROM book") == [(3,)]
    library.downgrade("base", "allow-drop")
    assert list(library.schema()) == ["alembic_version"]


def test_what_is_empty_is_not_asked_about(library: Lab) -> None:
    """A column without a value, a table without a row."""
    library.rows("UPDATE book SET isbn = NULL")
    library.downgrade("-1", NO_ANSWER)
    library.rows("DELETE FROM book")
    library.rows("DELETE FROM author")
    library.downgrade("base", NO_ANSWER)


@pytest.mark.parametrize(("answer", "revision"), [("y", "r1"), ("n", "r2"), (None, "r2")])
def test_somebody_is_asked(library: Lab, answer: str | None, revision: str) -> None:
    """One question; while it waits, the tables are free."""

    class Asker(Scripted):
        def text(self, question: str) -> str | None:
            library.rows("INSERT INTO book (id, title) VALUES (9, '흰')")
            return super().text(question)

    asker = Asker([answer] if answer else [])
    config = library.config()
    config.attributes["asker"] = asker
    if answer == "y":
        command.downgrade(config, "-1")
    else:
        with pytest.raises(
            CommandError, match=r"^Nothing was changed\.$" if answer else "The input ended before this was answered"
        ):
            command.downgrade(config, "-1")
    assert asker.questions == ["This downgrade drops book.isbn, which has 2 values. Go on? [y/N]"]
    assert library.rows("SELECT version_num FROM alembic_version") == [(revision,)]


def test_the_database_was_moved_while_somebody_thought(library: Lab) -> None:
    """The answer was for other revisions: what these lose, nobody was asked."""

    class Asker(Scripted):
        def text(self, question: str) -> str | None:
            library.rows("UPDATE alembic_version SET version_num = 'r1'")
            return super().text(question)

    config = library.config()
    config.attributes["asker"] = Asker(["y"])
    with pytest.raises(CommandError, match="Another process has moved the database from r2 to r1, after this down"):
        command.downgrade(config, "base")
    assert library.rows("SELECT version_num FROM alembic_version") == [("r1",)]


def test_from_python(library: Lab) -> None:
    """A program that means it says so."""
    config = library.config()
    config.attributes["allow-drop"] = True
    command.downgrade(config, "-1")
    assert library.rows("SELECT version_num FROM alembic_version") == [("r1",)]


def test_nothing_is_asked_about_other_commands(library: Lab) -> None:
    """A stamp changes no table, SQL is only printed, an upgrade drops what its author meant."""
    command.downgrade(library.config(), "r1:base", sql=True)
    assert "DROP TABLE author" in library.output.getvalue()
    command.stamp(library.config(), "r1")
    command.stamp(library.config(), "r2", purge=True)
    library.write("r3", "r2", "op.drop_table('book')")
    command.upgrade(library.config(), "head")


COLUMNS = "sa.Column('id', sa.Integer(), primary_key=True), sa.Column('x', sa.Integer())"


# What a hand-written downgrade() does, and what is lost by it, of the table old with the two rows (1, 1), (2, NULL).
# tests/revisions/test_reader.py has the ways to write it.
@pytest.mark.parametrize(
    ("downgrade", "lost"),
    [
        ("with op.batch_alter_table('old') as b: b.drop_column('x')", "old.x, which has 1 value."),
        ("op.execute('DROP TABLE old')", "old, which has 2 rows."),
        ("op.execute('ALTER TABLE OLD DROP X')", "OLD.X, which has 1 value."),
        ("op.execute('DELETE FROM old WHERE id > 5')", None),
        ("op.execute('ALTER TABLE old RENAME TO new'); op.drop_column('new', 'x')", "old.x, which has 1 value."),
        ("for name in ('old',): op.drop_table(name)", "old, which has 2 rows."),
        (
            "for name in {'old': open}: op.get_bind().exec_driver_sql('SELECT 1'); op.drop_table(name)",
            "something that r1.py:15 names only when it runs.",
        ),
        ("op.execute('DROP TABLE IF EXISTS missing')", None),
        ("op.create_table('a b.c', sa.Column('id', sa.Integer())); op.drop_table('a b.c')", None),
    ],
)
@pytest.mark.parametrize("kind", DATABASES)
def test_hand_written(tmp_path: Any, kind: str, downgrade: str, lost: str | None) -> None:
    """Whatever it is, nothing has run when it stops."""
    with making_lab(kind, tmp_path) as lab:
        rows = "op.execute('INSERT INTO old VALUES (1, 1), (2, NULL)')"
        lab.write(
            "r1",
            None,
            f"op.create_table('old', {COLUMNS})\n{rows}",
            f"op.execute('UPDATE old SET x = x + 1')\n{downgrade}",
        )
        lab.upgrade()
        if lost is None:
            lab.downgrade("base", NO_ANSWER)
            return
        assert f"This downgrade drops {lost}" in stopped(lab, "base")
        assert lab.rows("SELECT id, x FROM old ORDER BY id") == [(1, 1), (2, None)]
        if lost.startswith("something"):
            lab.downgrade("base", "allow-drop=r1.py:15")


NUMERIC, INTEGER, STRING, BOOLEAN = "sa.Numeric(9, 2)", "sa.Integer()", "sa.String(9)", "sa.Boolean()"


# From and to which type a downgrade changes a column, with which values, and how many are cut off; on the databases
# that convert without a word.
@pytest.mark.parametrize(
    ("kinds", "old", "new", "values", "lost"),
    [
        (["sqlite"], STRING, INTEGER, "'1', 'x', '007', NULL", 2),
        (["sqlite"], STRING, INTEGER, "'1', '22', NULL", 0),
        (DATABASES, NUMERIC, INTEGER, "1.50, 2.00, NULL", 1),
        (DATABASES, NUMERIC, INTEGER, "3.00, 2.00, NULL", 0),
        (DATABASES, INTEGER, "sa.BigInteger()", "3, 2", 0),
        (DATABASES, "sa.DateTime()", "sa.Date()", "'2026-01-05 10:00:00', NULL", 1),
        (["sqlite"], INTEGER, BOOLEAN, "0, 1, 5", 1),
        (["sqlite"], INTEGER, BOOLEAN, "0, 1", 0),
    ],
)
@pytest.mark.parametrize("named", [True, False])
def test_a_type_that_cuts_off_values(
    tmp_path: Any, kinds: list[str], old: str, new: str, values: str, lost: int, named: bool
) -> None:
    """It is asked about, with how many; also where the revision does not say which type the column has."""
    for kind in kinds:
        (tmp_path / kind).mkdir()
        with making_lab(kind, tmp_path / kind) as lab:
            rows = ", ".join(f"({value})" for value in values.split(", "))
            lab.write("r1", None, f"op.create_table('t', sa.Column('x', {old}))")
            existing = f"existing_type={old}, " if named else ""
            change = f"with op.batch_alter_table('t') as b: b.alter_column('x', {existing}type_={new})"
            lab.write("r2", "r1", f'op.execute("INSERT INTO t VALUES {rows}")', change)
            lab.upgrade()
            if lost:
                amount = f"{lost} value{'s' if lost > 1 else ''}"
                sentence = f"This downgrade cuts off what does not fit in t.x, which becomes {new[3:-1]}"
                said = stopped(lab, "-1")
                assert sentence in said
                assert f": {amount}. Go on?" in said
                assert "-x allow-drop=t.x downgrade" in said
                lab.downgrade("-1", "allow-drop=t.x")
            else:
                lab.downgrade("-1", NO_ANSWER)


# What follows USING, from and to which type, with which values, and how many are other ones afterwards.
@pytest.mark.parametrize(
    ("using", "old", "new", "values", "lost"),
    [
        ("left(x, 2)", "sa.String(20)", "sa.String(2)", "'hello', 'a', NULL", 1),
        ("left(x, 2)", "sa.String(20)", "sa.String(2)", "'ab', 'a', NULL", 0),
        ("x::varchar(2)", "sa.String(20)", "sa.String(2)", "'hello', 'a%b:c', NULL", 2),
        ("length(x)", "sa.Text()", "sa.Integer()", "'hello', '1'", 1),
        ("length(missing)", "sa.Text()", "sa.Integer()", "'hello', '5'", 2),  # a column that it adds before
        ("CASE x WHEN 'a' THEN 1 ELSE 2 END", "sa.Text()", "sa.Integer()", "'a', 'b'", 0),
        ("CASE x WHEN 'a' THEN 1 END", "sa.Text()", "sa.Integer()", "'a', 'b', NULL", 1),
        ("x::date", "sa.DateTime()", "sa.Date()", "'2026-01-05', '2026-01-05 10:00'", 1),
        ("x AT TIME ZONE 'UTC'", "sa.DateTime()", "sa.DateTime(timezone=True)", "'2026-01-05'", 0),
        ("to_jsonb(x)", "sa.Text()", "postgresql.JSONB()", "'a'", 0),
    ],
)
@pytest.mark.parametrize("in_sql", [False, True])
def test_an_expression_that_cuts_off_values(
    lab_postgresql: Lab, using: str, old: str, new: str, values: str, lost: int, in_sql: bool
) -> None:
    """PostgreSQL refuses what is too long for a type, but not what an expression has made shorter."""
    rows = ", ".join(f"({value})" for value in values.split(", "))
    lab_postgresql.write("r1", None, f"op.create_table('t', sa.Column('x', {old}))")
    change = f"op.alter_column('t', 'x', type_={new}, postgresql_using={using!r})"
    if in_sql:
        type_ = {
            "sa.String(2)": "varchar(2)",
            "sa.Integer()": "int",
            "sa.Date()": "date",
            "sa.DateTime(timezone=True)": "timestamptz",
            "postgresql.JSONB()": "jsonb",
        }[new]
        change = f"op.execute({f'ALTER TABLE t ALTER x TYPE {type_} USING {using}'!r})"
    change = f"from sqlalchemy.dialects import postgresql\n{change}" if "JSONB" in change else change
    lab_postgresql.write(
        "r2", "r1", f'op.get_bind().exec_driver_sql("INSERT INTO t VALUES {rows}")'.replace("%", "%%"), change
    )
    lab_postgresql.upgrade()
    if lost:
        sentence = stopped(lab_postgresql, "-1")
        assert "This downgrade cuts off what does not fit in t.x, which becomes " in sentence
        assert f": {lost} value{'s' if lost > 1 else ''}. Go on?" in sentence
    else:
        lab_postgresql.downgrade("-1", NO_ANSWER)


def test_a_type_that_is_not_known_loses_nothing(lab_postgresql: Lab) -> None:
    """PostgreSQL refuses what it cannot keep, unless an expression has changed it."""
    lab_postgresql.write(
        "r1", None, "op.execute('CREATE DOMAIN word AS text')\nop.create_table('t', sa.Column('x', sa.Text))"
    )
    change = "op.execute('ALTER TABLE t ALTER x TYPE word USING {}')"
    lab_postgresql.write("r2", "r1", "op.execute(\"INSERT INTO t VALUES ('hello')\")", change.format("upper(x)"))
    lab_postgresql.upgrade()
    assert "cuts off what does not fit in t.x, which becomes word: 1 value. Go on?" in stopped(lab_postgresql, "-1")
    lab_postgresql.write("r2", "r1", "pass", change.format("x::word"))
    lab_postgresql.downgrade("-1", NO_ANSWER)


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("ALTER TABLE t MODIFY n DECIMAL(9, 2) NOT NULL", ""),
        ("ALTER TABLE t MODIFY n INT", "cuts off what does not fit in t.n, which becomes INTEGER(): 1 value."),
        ("ALTER TABLE t CHANGE n m DECIMAL(9, 1)", "cuts off what does not fit in t.n, which becomes DECIMAL("),
        ("ALTER IGNORE TABLE t MODIFY x VARCHAR(2)", "cuts off what does not fit in t.x, which becomes VARCHAR("),
        ("ALTER IGNORE TABLE t MODIFY x VARCHAR(9)", ""),
        ("ALTER IGNORE TABLE t ADD UNIQUE (x)", "drops rows of t, which has 2 rows."),
        ("DELETE t FROM t JOIN (SELECT 1) q", "drops rows of t, which has 2 rows."),
        ("/*!40000 DROP TABLE t */", "drops t, which has 2 rows."),
    ],
)
def test_what_mariadb_alone_can_say(lab_mysql: Lab, statement: str, said: str) -> None:
    """Types and options of its own."""
    lab_mysql.write("r1", None, "op.create_table('t', sa.Column('x', sa.String(9)), sa.Column('n', sa.Numeric(9, 2)))")
    lab_mysql.write(
        "r2", "r1", "op.execute(\"INSERT INTO t VALUES ('hello', 1.25), ('a', 2)\")", f"op.execute({statement!r})"
    )
    lab_mysql.upgrade()
    if said:
        assert f"This downgrade {said}" in stopped(lab_mysql, "-1")
    else:
        lab_mysql.downgrade("-1", NO_ANSWER)


def test_a_type_and_a_drop(lab_sqlite: Lab) -> None:
    """Both in one question; what goes with its table or column is said once."""
    columns = "sa.Column('x', sa.String()), sa.Column('y', sa.String()), sa.Column('z', sa.String())"
    row = "op.execute(\"INSERT INTO t VALUES ('a', 'b', 'c')\")"
    lab_sqlite.write("r1", None, f"op.create_table('t', {columns})\n{row}", "op.drop_table('t')")
    alter = "\n".join(f"    b.alter_column('{name}', type_=sa.Integer())" for name in "xy")
    lab_sqlite.write("r2", "r1", "pass", f"with op.batch_alter_table('t') as b:\n{alter}\n    b.drop_column('y')")
    lab_sqlite.upgrade()
    assert (
        "This downgrade drops t.y, which has 1 value, and cuts off what does not fit in t.x, which becomes Integer(): "
        "1 value. Go on?"
    ) in stopped(lab_sqlite, "-1")
    assert "This downgrade drops t, which has 1 row. Go on?" in stopped(lab_sqlite, "base")


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what was said of losses."""
    return [record.getMessage() for record in caplog.records if record.name == "alembic.data_loss"]


@pytest.mark.parametrize(
    ("span", "answers", "expected"),
    [
        ("r2:r1", (), ["Where it runs, this script drops book.isbn with its values."]),
        ("r2:base", (), ["Where it runs, this script drops book with its rows, and drops author with its rows."]),
        ("r2:base", ("allow-drop=author",), ["Where it runs, this script drops book with its rows."]),
        ("r2:base", ("allow-drop",), []),
        ("r2:r1", ("tenant=acme",), ["Where it runs, this script drops book.isbn with its values."]),
    ],
)
def test_what_a_script_destroys(
    library: Lab, caplog: pytest.LogCaptureFixture, span: str, answers: tuple[str, ...], expected: list[str]
) -> None:
    """Where only SQL is printed, nobody can be asked: it is said beside the script, which is as ever."""
    command.downgrade(library.config(*answers), span, sql=True)
    assert told(caplog) == expected
    assert "this script" not in library.output.getvalue()
    assert "alembic_version" in library.output.getvalue()
    command.upgrade(library.config(), "head", sql=True)
    assert told(caplog) == expected


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (f"op.alter_column('t', 'x', existing_type={NUMERIC}, type_={INTEGER})", "t.x, which becomes Integer()"),
        (
            f"op.alter_column('t', 'x', existing_type={STRING}, type_=sa.String(3))",
            "t.x, which becomes String(length=3)",
        ),
        (f"op.alter_column('t', 'x', existing_type={INTEGER}, type_=sa.BigInteger())", ""),
        (f"op.alter_column('t', 'x', type_={INTEGER})", ""),  # from which type, nobody says
        (f"op.alter_column('t', 'x', existing_type={NUMERIC}, type_={INTEGER})\nop.drop_column('t', 'x')", "drops t.x"),
        ("for name in {'t': open}: op.drop_table(name)", "something that r1.py:13 names only when it runs"),
        ("op.alter_column('t', 'x', type_=sa.Text(), postgresql_using='left(x, 2)')", "t.x, which becomes Text()"),
        ("op.execute('DELETE FROM a USING b')", "drops rows of a."),
        ("op.execute('ALTER TABLE t ALTER x TYPE mood USING left(x, 2)')", "t.x, which becomes mood."),
    ],
)
def test_what_else_a_script_destroys(
    lab_postgresql: Lab, caplog: pytest.LogCaptureFixture, change: str, expected: str
) -> None:
    """What is cut off is said by the types, as nothing can be counted."""
    lab_postgresql.write("r1", None, "pass", change)
    command.downgrade(lab_postgresql.config(), "r1:base", sql=True)
    assert len(told(caplog)) == bool(expected)
    assert expected in "".join(told(caplog))


@pytest.mark.parametrize("command_", ["upgrade", "downgrade"])
def test_an_answer_that_matches_nothing(library: Lab, command_: str) -> None:
    """It may be misspelled: nothing runs. What is dropped and empty may be named."""
    run = {"upgrade": command.upgrade, "downgrade": command.downgrade}[command_]
    what = "It drops book.isbn." if command_ == "downgrade" else "It drops nothing that anybody is asked about."
    with pytest.raises(CommandError) as error:
        run(library.config("allow-drop=nope"), "head" if command_ == "upgrade" else "-1")
    assert str(error.value) == (
        f"-x allow-drop=nope matches nothing that this command drops. {what} Nothing was changed."
    )
    library.rows("UPDATE book SET isbn = NULL")
    command.downgrade(library.config("allow-drop=book.isbn"), "-1")
    command.upgrade(library.config("allow-drop"), "head")


def test_many_rows_are_not_counted_to_the_end(library: Lab) -> None:
    """A question is no reason to read a large table."""
    values = ", ".join(f"({n}, 'x')" for n in range(100, 1200))
    library.rows(f"INSERT INTO author (id, title) VALUES {values}")
    assert "author, which has more than 1000 rows" in stopped(library, "base")


def test_a_table_with_a_dot_in_its_name(lab: Lab) -> None:
    """It is none of a schema."""
    columns = "sa.Column('id', sa.Integer()), sa.Column('x', sa.Integer())"
    lab.write("r1", None, f"op.create_table('a b.c', {columns})", "op.drop_table('a b.c')")
    lab.upgrade()
    lab.rows(f"INSERT INTO {lab.engine.dialect.identifier_preparer.quote('a b.c')} (id) VALUES (1)")
    assert "This downgrade drops a b.c, which has 1 row." in stopped(lab, "base")
    lab.downgrade("base")


def test_a_computed_column_has_nothing_of_its_own(lab: Lab) -> None:
    """It can be computed again."""
    computed = "sa.Column('x', sa.Integer(), sa.Computed('y + 1', persisted=True))"
    lab.write("r1", None, f"op.create_table('t', sa.Column('y', sa.Integer()), {computed})")
    batch = "with op.batch_alter_table('t') as batch: batch.drop_column('x')"
    lab.write("r2", "r1", "op.execute('INSERT INTO t (y) VALUES (1)')", batch)
    lab.upgrade()
    lab.downgrade("-1", NO_ANSWER)
    assert lab.rows("SELECT * FROM t") == [(1,)]


@pytest.mark.parametrize("is_begun", [False, True])
def test_a_borrowed_transaction_goes_on(library: Lab, is_begun: bool) -> None:
    """It is neither committed nor rolled back by the question."""
    config = library.config("allow-drop=book.isbn")
    with library.engine.connect() as connection:
        if is_begun:
            connection.exec_driver_sql("UPDATE author SET title = 'x'")
        config.attributes["connection"] = connection
        command.downgrade(config, "-1")
        assert connection.in_transaction() is is_begun
        connection.commit()
    assert library.rows("SELECT title FROM author") == [("x" if is_begun else "한강",)]
    assert library.rows("SELECT version_num FROM alembic_version") == [("r1",)]


def test_alembic_announces_one_context(lab_sqlite: Lab, caplog: pytest.LogCaptureFixture) -> None:
    """The one that migrates: what a downgrade is examined with says nothing."""
    lab_sqlite.write("r1", None, "pass")
    with caplog.at_level("INFO", "alembic.runtime.migration"):
        lab_sqlite.upgrade()
    assert [record.getMessage() for record in caplog.records if "Context impl" in record.getMessage()] == [
        "Context impl CorrectedSQLiteImpl."
    ]

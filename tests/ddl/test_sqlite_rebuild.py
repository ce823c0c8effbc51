"""A table of SQLite that is rebuilt keeps all that the revision does not speak of. Rows C1 and C12."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest
from alembic.util import CommandError
from sqlalchemy import CheckConstraint, Column, Index, Integer, MetaData, String, Table, func, null, text
from support.lab import Lab

# What is in the database; what is still in its CREATE TABLE after any rebuild.
KEPT = {
    "autoincrement": ("id INTEGER PRIMARY KEY AUTOINCREMENT, a VARCHAR(10)", ["AUTOINCREMENT"]),
    "collate": ("id INTEGER PRIMARY KEY, a VARCHAR(10) COLLATE NOCASE, b TEXT COLLATE RTRIM", ["NOCASE", "RTRIM"]),
    "check without a name": (
        "id INTEGER PRIMARY KEY, a VARCHAR(10), b INT CHECK (b > 0), CHECK (b < 100 AND id <> ',')",
        ["b INT CHECK (b > 0)", "CHECK (b < 100 AND id <> ',')"],
    ),
    "check with a name": (
        "id INTEGER PRIMARY KEY, a VARCHAR(10), b INT CONSTRAINT pos CHECK (b > 0), CONSTRAINT s CHECK (thing.b < 100)",
        ["b INT CONSTRAINT pos CHECK (b > 0)", "CONSTRAINT s CHECK (b < 100)"],
    ),
    "on conflict": (
        "id INTEGER PRIMARY KEY ON CONFLICT REPLACE, a VARCHAR(10), "
        "b INT NOT NULL ON CONFLICT IGNORE UNIQUE ON CONFLICT FAIL, c INT, UNIQUE (c, b) ON CONFLICT ROLLBACK",
        [
            "PRIMARY KEY ON CONFLICT REPLACE",
            "NOT NULL ON CONFLICT IGNORE UNIQUE ON CONFLICT FAIL",
            "UNIQUE (c, b) ON CONFLICT ROLLBACK",
        ],
    ),
    "computed": (
        "id INTEGER PRIMARY KEY, a VARCHAR(10), p NUMERIC(10, 2) GENERATED ALWAYS AS (id * 2) STORED, "
        "q AS (id) VIRTUAL",
        ["p NUMERIC(10, 2) GENERATED ALWAYS AS (id * 2) STORED", "q AS (id) VIRTUAL"],
    ),
    "foreign keys": (
        "id INTEGER PRIMARY KEY, a VARCHAR(10), "
        "p INT REFERENCES other ON DELETE SET NULL ON UPDATE SET DEFAULT MATCH FULL DEFERRABLE INITIALLY DEFERRED, "
        "q INT CONSTRAINT fkq REFERENCES other (y) NOT DEFERRABLE, s INT REFERENCES thing(id), "
        "FOREIGN KEY (q) REFERENCES other (x) ON DELETE CASCADE",
        [
            "REFERENCES other ON DELETE SET NULL ON UPDATE SET DEFAULT MATCH FULL DEFERRABLE INITIALLY DEFERRED",
            "CONSTRAINT fkq REFERENCES other (y) NOT DEFERRABLE",
            "REFERENCES thing(id)",
            "FOREIGN KEY (q) REFERENCES other (x) ON DELETE CASCADE",
        ],
    ),
    "defaults": (
        "id INTEGER PRIMARY KEY, a VARCHAR(10), b DEFAULT 'x, '':y%', c DEFAULT -1.5, d DEFAULT (datetime('now')), "
        "e DEFAULT CURRENT_TIMESTAMP, f DEFAULT x'00ff', g DEFAULT \"odd\", h DEFAULT TRUE, i DEFAULT NULL",
        [
            "b DEFAULT 'x, '':y%',",
            "c DEFAULT -1.5,",
            "d DEFAULT (datetime('now')),",
            "e DEFAULT CURRENT_TIMESTAMP,",
            "f DEFAULT x'00ff',",
            'g DEFAULT "odd",',
            "h DEFAULT TRUE,",
            "i DEFAULT NULL",
        ],
    ),
    "types": (
        'id INTEGER PRIMARY KEY, a VARCHAR(10), b, c UNSIGNED BIG INT, d VARYING CHARACTER(255), e "my type" (3)',
        ["b,", "c UNSIGNED BIG INT", "d VARYING CHARACTER(255)", 'e "my type" (3)'],
    ),
    "key": (
        "id VARCHAR(5), b INT, a VARCHAR(10), CONSTRAINT pk PRIMARY KEY (id COLLATE NOCASE DESC, b)",
        ["CONSTRAINT pk PRIMARY KEY (id COLLATE NOCASE DESC, b)"],
    ),
    "names": (
        'id INTEGER PRIMARY KEY, a VARCHAR(10), [b c] INT CHECK ("b c">0), `d` INT, "e""f" INT, UNIQUE ("b c",d)',
        ['[b c] INT CHECK ("b c">0)', "`d` INT", '"e""f" INT', 'UNIQUE ("b c",d)'],
    ),
    "constraints": (
        "id INTEGER CONSTRAINT c1 CONSTRAINT c2 PRIMARY KEY, a VARCHAR(10), b INT CONSTRAINT nn NOT NULL CONSTRAINT u "
        "UNIQUE, UNIQUE (b) CHECK (id > 0), CONSTRAINT foo",
        ["CONSTRAINT c2 PRIMARY KEY", "CONSTRAINT nn NOT NULL CONSTRAINT u UNIQUE", "CHECK (id > 0)", "CONSTRAINT foo"],
    ),
    "comments": (
        "id INTEGER PRIMARY KEY, -- the key, or so\n a VARCHAR(10) /* a name */, b INT -- last (one\n",
        ["-- the key, or so", "/* a name */", "-- last (one"],
    ),
}
CHANGES = {
    "type": "b.alter_column('a', type_=sa.String(20), existing_type=sa.String(10))",
    "not null": "b.alter_column('a', nullable=False, existing_type=sa.String(10))",
    "default": "b.alter_column('a', server_default='it', existing_type=sa.String(10))",
    "rename": "b.alter_column('a', new_column_name='aa', type_=sa.String(20), existing_type=sa.String(10))",
    "add": (
        "b.add_column(sa.Column('new', sa.Integer, sa.CheckConstraint('new > 5'), server_default='7'))\n"
        "    b.create_check_constraint('ck_x', 'new < 50')\n    b.create_unique_constraint('uq_id', ['id'])\n"
        "    b.create_index('i_new', ['new'])"
    ),
    "drop": "b.drop_column('a')",
}
OTHER = "CREATE TABLE other (x INTEGER PRIMARY KEY, y INT UNIQUE)"


def prepare(lab: Lab, *statements: str) -> None:
    """Execute statements, before any revision."""
    for statement in statements:
        lab.rows(statement)


def batch(lab: Lab, change: str, options: str = "") -> None:
    """Change the table in a batch, as a revision does."""
    lab.write("a1", None, f"with op.batch_alter_table('thing'{options}) as b:\n    {change}")
    lab.upgrade()


def created(lab: Lab) -> str:
    """Return the CREATE TABLE of the table."""
    ((sql,),) = lab.rows("SELECT sql FROM sqlite_master WHERE name = 'thing'")
    return str(sql)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("kept", KEPT)
def test_all_else_is_kept(lab_sqlite: Lab, kept: str, change: str) -> None:
    """Whatever is changed. C1, C12."""
    body, texts = KEPT[kept]
    prepare(lab_sqlite, OTHER, f"CREATE TABLE thing ({body})")
    batch(lab_sqlite, CHANGES[change])
    sql = created(lab_sqlite)
    on_a = ("/* a name */", "-- the key, or so", "NOCASE") if change == "drop" and kept != "key" else ()
    assert [text_ for text_ in texts if text_ not in sql and text_ not in on_a] == []
    assert sql.count("CHECK") == body.count("CHECK") + (2 if change == "add" else 0)
    assert ("a VARCHAR(20)" in sql) == (change in ("type", "rename"))


@pytest.mark.parametrize("option", ["WITHOUT ROWID", "STRICT", "STRICT, WITHOUT ROWID"])
def test_options_are_kept(lab_sqlite: Lab, option: str) -> None:
    """What follows the columns."""
    prepare(lab_sqlite, f"CREATE TABLE thing (id INTEGER PRIMARY KEY, a TEXT) {option}")
    batch(lab_sqlite, "b.alter_column('a', nullable=False)")
    assert created(lab_sqlite).endswith(f") {option}")


def models(a: str, counts: bool = True) -> MetaData:
    """Return the models: a table with AUTOINCREMENT."""
    metadata = MetaData()
    columns = (Column("id", Integer, primary_key=True), Column(a, String(10, collation="NOCASE")))
    Table("thing", metadata, *columns, Column("b", Integer), CheckConstraint("b > 0"), sqlite_autoincrement=counts)
    return metadata


@pytest.mark.parametrize("rows", [[], [1, 5]])
def test_no_key_is_given_out_twice(lab_sqlite: Lab, rows: list[int]) -> None:
    """C1: up, down, and with a rename beside. The counter is that of rows that are not there any more."""
    lab_sqlite.change(models("a"))
    for id_ in (*rows, 9):
        lab_sqlite.rows(f"INSERT INTO thing (id, a, b) VALUES ({id_}, 'x', 1)")
    lab_sqlite.rows("DELETE FROM thing WHERE id = 9")
    changed = models("c")
    changed.tables["thing"].c.b.nullable = False
    lab_sqlite.change(changed, "rename=thing.a:c", "fill=thing.b=3")
    assert lab_sqlite.rows("INSERT INTO thing (c, b) VALUES ('y', 1) RETURNING id") == [(10,)]
    lab_sqlite.downgrade()
    lab_sqlite.rows("DELETE FROM thing WHERE id = 10")
    assert lab_sqlite.rows("INSERT INTO thing (a, b) VALUES ('Y', 1) RETURNING id") == [(11,)]
    assert lab_sqlite.rows("SELECT id FROM thing WHERE a = 'y'") == [(11,)]  # C12: NOCASE
    with pytest.raises(Exception, match="CHECK"):
        lab_sqlite.rows("INSERT INTO thing (b) VALUES (0)")


def test_autoincrement_needs_an_integer(lab_sqlite: Lab) -> None:
    """A sentence, and nothing has changed."""
    lab_sqlite.change(models("a"))
    lab_sqlite.write("z9", lab_sqlite.head(), "with op.batch_alter_table('thing') as b:\n"
                     "    b.alter_column('a', new_column_name='z')\n"
                     "    b.alter_column('id', type_=sa.BigInteger())")  # fmt: skip
    before = lab_sqlite.schema()
    with pytest.raises(CommandError, match="id has AUTOINCREMENT and is to become BIGINT"):
        lab_sqlite.upgrade()
    assert lab_sqlite.schema() == before


@pytest.mark.parametrize("change", ["type", "not null", "rename", "add"])
def test_indexes_and_triggers(lab_sqlite: Lab, change: str) -> None:
    """They are made again as they were."""
    statements = [
        "CREATE INDEX i1 ON thing (lower(b))",
        "CREATE UNIQUE INDEX i2 ON thing (id DESC, b COLLATE NOCASE) WHERE b > ''",
        "CREATE INDEX i3 ON thing (b)",
        "CREATE TRIGGER t1 AFTER INSERT ON thing BEGIN INSERT INTO log VALUES (new.b); END",
    ]
    prepare(
        lab_sqlite, "CREATE TABLE log (x)", "CREATE TABLE thing (id INTEGER PRIMARY KEY, a VARCHAR(10), b)", *statements
    )
    lab_sqlite.rows("INSERT INTO thing VALUES (1, 'x', 'y')")
    lab_sqlite.rows("ANALYZE")
    statistics = lab_sqlite.rows("SELECT * FROM sqlite_stat1 ORDER BY idx")
    batch(lab_sqlite, CHANGES[change])
    query = "SELECT sql FROM sqlite_master WHERE type IN ('index', 'trigger') AND name NOT IN ('i_new') AND sql > ''"
    assert sorted(sql for (sql,) in lab_sqlite.rows(query)) == sorted(statements)
    assert lab_sqlite.rows("SELECT x FROM log") == [("y",)]  # no trigger has run
    assert lab_sqlite.rows("SELECT * FROM sqlite_stat1 ORDER BY idx") == statistics


def test_renames_are_followed(lab_sqlite: Lab) -> None:
    """Into CHECKs, computed columns, indexes, views, triggers and foreign keys of other tables; and swapped names."""
    prepare(
        lab_sqlite,
        "CREATE TABLE thing (id INTEGER PRIMARY KEY, a INT UNIQUE CHECK (a > 0), b INT, c AS (a + b), "
        "CHECK (b <> 'a'))",
        "CREATE TABLE child (x INT REFERENCES thing (a))",
        "CREATE VIEW v AS SELECT a, b AS q FROM thing",
        "CREATE INDEX i ON thing (b) WHERE a > 1",
        "CREATE TRIGGER t AFTER UPDATE OF a ON thing BEGIN DELETE FROM child WHERE x = old.a; END",
        "INSERT INTO thing (id, a, b) VALUES (1, 2, 3)",
    )
    batch(
        lab_sqlite,
        "b.alter_column('a', new_column_name='b')\n    b.alter_column('b', new_column_name='a', nullable=False)",
    )
    assert lab_sqlite.rows("SELECT id, a, b, c FROM thing") == [(1, 3, 2, 5)]
    assert lab_sqlite.rows("SELECT * FROM v") == [(2, 3)]
    texts = "\n".join(str(sql) for (sql,) in lab_sqlite.rows("SELECT sql FROM sqlite_master"))
    for part in (
        "b INT UNIQUE CHECK (b > 0)",
        "c AS (b + a)",
        "CHECK (a <> 'a')",
        "REFERENCES thing (b)",
        "ON thing (a) WHERE b > 1",
        "UPDATE OF b",
    ):
        assert part in texts.replace('"', "")


def test_only_a_rename_rebuilds_nothing(lab_sqlite: Lab) -> None:
    """SQLite does that by itself, also in the SQL that is printed."""
    prepare(lab_sqlite, "CREATE TABLE thing (id INTEGER PRIMARY KEY, a VARCHAR(10))")
    (page,) = lab_sqlite.rows("SELECT rootpage FROM sqlite_master WHERE name = 'thing'")
    batch(lab_sqlite, "b.alter_column('a', new_column_name='c', existing_type=sa.String(10))")
    assert lab_sqlite.rows("SELECT rootpage FROM sqlite_master WHERE name = 'thing'") == [page]
    assert "ALTER TABLE thing RENAME COLUMN a TO c" in lab_sqlite.sql()


def test_rows_keep_their_numbers(lab_sqlite: Lab) -> None:
    """A full-text table finds them by these."""
    prepare(
        lab_sqlite,
        "CREATE TABLE thing (a VARCHAR(10), rowid TEXT)",
        "INSERT INTO thing (_rowid_, a) VALUES (7, 'x'), (3, 'y')",
    )
    batch(lab_sqlite, "b.alter_column('a', nullable=False)")
    assert lab_sqlite.rows("SELECT oid, a FROM thing ORDER BY 1") == [(3, "y"), (7, "x")]


def test_no_column_stays(lab_sqlite: Lab) -> None:
    """The rows do."""
    prepare(lab_sqlite, "CREATE TABLE thing (a VARCHAR(10))", "INSERT INTO thing (rowid, a) VALUES (7, 'x'), (3, 'y')")
    batch(lab_sqlite, "b.add_column(sa.Column('z', sa.Integer)); b.drop_column('a')")
    assert lab_sqlite.rows("SELECT rowid, z FROM thing ORDER BY 1") == [(3, None), (7, None)]


@pytest.mark.parametrize(
    ("change", "options", "part", "is_there"),
    [
        ("b.drop_column('b')", "", "CHECK (a <> b)", False),  # as on PostgreSQL
        ("b.drop_column('b')", "", "UNIQUE (a, b)", False),
        ("b.drop_constraint('named')", "", "named", False),
        ("b.alter_column('c', type_=sa.Integer())", "", "c IN (0, 1)", False),  # of the type that goes
        ("b.alter_column('c', nullable=False)", "", "c IN (0, 1)", True),
        ("b.alter_column('a', nullable=False)", ", table_args=[sa.CheckConstraint('a <> 1')]", "CHECK (a <> b)", False),
        ("b.alter_column('a', nullable=False)", ", table_args=[sa.CheckConstraint('a <> 1')]", "CHECK (a <> 1)", True),
        ("pass", ", recreate='always', table_kwargs={'sqlite_autoincrement': True}", "KEY AUTOINCREMENT", True),
        ("pass", ", recreate='always', table_kwargs={'sqlite_with_rowid': False}", "WITHOUT ROWID", True),
        (
            "b.drop_constraint('uq_thing_a')",
            ", naming_convention={'uq': 'uq_%(table_name)s_%(column_0_name)s'}",
            "UNIQUE (a, b)",
            False,
        ),
        (
            "b.alter_column('a', nullable=False)",
            ", naming_convention={'uq': 'uq_%(table_name)s_%(column_0_name)s'}",
            "CONSTRAINT uq_thing_a UNIQUE (a, b)",
            True,
        ),
        ("b.drop_constraint('named')\n    b.create_check_constraint('named', 'a < 9')", "", "(a < 9)", True),
        ("b.drop_constraint('named')\n    b.create_check_constraint('named', 'a < 9')", "", "(a < 7)", False),
        ("b.create_index('i', [sa.text('a DESC')])\n    b.alter_column('a', nullable=False)", "", "CREATE TABLE", True),
        ("b.alter_column('a', server_default=sa.text(\"'x' || 'y'\"))", "", "CREATE TABLE", True),
    ],
)
def test_what_a_batch_says_wins(lab_sqlite: Lab, change: str, options: str, part: str, is_there: bool) -> None:
    """It drops, adds, or gives the whole."""
    prepare(
        lab_sqlite,
        "CREATE TABLE thing (id INTEGER PRIMARY KEY, a INT, b INT, c BOOLEAN, CHECK (a <> b), CHECK (c IN (0, 1)), "
        "UNIQUE (a, b), CONSTRAINT named CHECK (a < 7))",
    )
    if "||" in change:
        with pytest.raises(Exception, match="syntax error"):  # SQLite wants parentheses: so with Alembic alone
            batch(lab_sqlite, change, options)
        return
    batch(lab_sqlite, change, options)
    assert (part in created(lab_sqlite)) == is_there


@pytest.mark.parametrize("default", [func.now(), text("CURRENT_TIMESTAMP"), "2026-01-02", null(), None])
def test_any_default(lab_sqlite: Lab, default: Any) -> None:
    """One may come, and another one after it."""
    for after in (None, default, "x", default):
        models = MetaData()
        Table("thing", models, Column("id", Integer, primary_key=True), Column("a", String(30), server_default=after))
        if lab_sqlite.revision(models):
            lab_sqlite.upgrade()
        assert lab_sqlite.differences() == ""


def test_a_copy_wins(lab_sqlite: Lab) -> None:
    """What copy_from= gives is all there is."""
    prepare(lab_sqlite, "CREATE TABLE thing (id INTEGER PRIMARY KEY AUTOINCREMENT, a INT, CHECK (a > 0))")
    prepare(lab_sqlite, "CREATE VIEW v AS SELECT a FROM thing", "INSERT INTO thing VALUES (1, 2)")
    copy = "sa.Table('thing', sa.MetaData(), sa.Column('id', sa.Integer, primary_key=True), sa.Column('a', sa.Integer))"
    batch(lab_sqlite, "b.alter_column('a', nullable=False)", f", copy_from={copy}")
    assert "CHECK" not in created(lab_sqlite)
    assert lab_sqlite.rows("SELECT a FROM v") == [(2,)]


def test_an_index_that_goes_down(lab_sqlite: Lab) -> None:
    """A1: made once, and still DESC after the table is rebuilt."""
    prepare(lab_sqlite, "CREATE TABLE thing (id INTEGER PRIMARY KEY, a INT)")
    batch(lab_sqlite, "b.create_index('i', ['id', sa.text('a DESC')])\n    b.alter_column('a', nullable=False)")
    ((sql,),) = lab_sqlite.rows("SELECT sql FROM sqlite_master WHERE name = 'i'")
    assert sql == "CREATE INDEX i ON thing (id, a DESC)"


@pytest.mark.parametrize(
    ("create", "change", "sentence"),
    [
        ("id INTEGER, a INT, c AS (a)", "b.drop_column('a')", "thing.c is computed from a, which this revision drops"),
        ("id INTEGER, a TEXT) STRICT --", "b.alter_column('a', type_=sa.String(5))", "thing is STRICT, and a is to be"),
        ("id INTEGER, a TEXT) STRICT --", "b.alter_column('a', nullable=False)\n    b.add_column(sa.Column('b', "
         "sa.String(5)))", "thing is STRICT, and b is to be VARCHAR"),
    ],
)  # fmt: skip
def test_what_cannot_be_kept(lab_sqlite: Lab, create: str, change: str, sentence: str) -> None:
    """It is said before anything changes."""
    prepare(
        lab_sqlite, f"CREATE TABLE thing ({create}\n)" if "STRICT" not in create else f"CREATE TABLE thing ({create}"
    )
    before = lab_sqlite.rows("SELECT sql FROM sqlite_master")
    with pytest.raises(CommandError, match=sentence):
        batch(lab_sqlite, change)
    assert lab_sqlite.rows("SELECT sql FROM sqlite_master WHERE name NOT LIKE 'alembic%%'") == before


def test_a_broken_view_is_named(lab_sqlite: Lab) -> None:
    """SQLite renames no column while it cannot read a view."""
    prepare(lab_sqlite, "CREATE TABLE thing (id INTEGER PRIMARY KEY, a INT)", "CREATE VIEW bad AS SELECT z FROM thing")
    with pytest.raises(CommandError, match="cannot read all views and triggers: error in view bad: no such column: z"):
        batch(lab_sqlite, "b.alter_column('a', new_column_name='c', nullable=False)")


def test_a_schema_of_its_own(lab_sqlite: Lab) -> None:
    """In a database that is attached."""
    other = lab_sqlite.directory / "other.db"
    with sqlite3.connect(other) as driver:
        driver.executescript(
            "CREATE TABLE thing (id INTEGER PRIMARY KEY AUTOINCREMENT, a INT, CHECK (a > 0)); INSERT INTO thing VALUES "
            "(5, 1); DELETE FROM thing; CREATE INDEX i ON thing (a); "
            "CREATE TRIGGER t AFTER INSERT ON thing BEGIN SELECT 1; END"
        )
    driver.close()
    env = lab_sqlite.directory / "migrations/env.py"
    attach = f"as connection:\n        connection.exec_driver_sql(\"ATTACH '{other}' AS aux\"); connection.commit()"
    env.write_text(
        env.read_text("utf-8").replace(
            'config.attributes["url"]) as connection:', f'config.attributes["url"]) {attach}'
        )
    )
    batch(lab_sqlite, "b.alter_column('a', nullable=False)", ", schema='aux'")
    with sqlite3.connect(other) as driver:
        texts = [row[0] for row in driver.execute("SELECT sql FROM sqlite_master WHERE sql > '' ORDER BY name")]
        assert driver.execute("SELECT seq FROM sqlite_sequence WHERE name = 'thing'").fetchall() == [(5,)]
    driver.close()
    assert "CREATE INDEX i ON thing (a)" in texts
    assert any("AUTOINCREMENT" in each and "CHECK (a > 0)" in each and "a INT NOT NULL" in each for each in texts)


def test_autogenerate_keeps_it_too(lab_sqlite: Lab) -> None:
    """An index with expressions and one that goes down, in the models."""

    def with_indexes(length: int) -> MetaData:
        metadata = MetaData()
        table = Table("thing", metadata, Column("id", Integer, primary_key=True), Column("a", String(length)))
        Index("ix_lower", text("lower(a)"), _table=table)
        return metadata

    lab_sqlite.change(with_indexes(10))
    lab_sqlite.change(with_indexes(20))
    lab_sqlite.downgrade()
    assert lab_sqlite.rows("SELECT sql FROM sqlite_master WHERE name = 'ix_lower'") == [
        ("CREATE INDEX ix_lower ON thing (lower(a))",)
    ]


@pytest.mark.parametrize("change", CHANGES)
def test_a_view_that_reads_the_table(lab_sqlite: Lab, change: str) -> None:
    """C6: it is readable after any rebuild, and followed by a rename; or the migration is refused, and names it."""
    prepare(
        lab_sqlite,
        "CREATE TABLE thing (id INTEGER PRIMARY KEY, a VARCHAR(10))",
        "CREATE VIEW v AS SELECT id, a FROM thing",
        "CREATE VIEW w AS SELECT count(*) FROM v",
        "CREATE TABLE child (x INT REFERENCES thing (id))",
        "INSERT INTO thing VALUES (1, 'x')",
    )
    before = lab_sqlite.rows("SELECT sql FROM sqlite_master")
    if change == "drop":
        with pytest.raises(CommandError, match="the view v and the view w would not work any more: no such column: a"):
            batch(lab_sqlite, CHANGES[change])
        assert lab_sqlite.rows("SELECT sql FROM sqlite_master") == before
        return
    batch(lab_sqlite, CHANGES[change])
    assert lab_sqlite.rows("SELECT * FROM v") == [(1, "x")]
    assert lab_sqlite.rows("SELECT * FROM w") == [(1,)]


def test_a_renamed_table_is_followed(lab_sqlite: Lab) -> None:
    """Into views, triggers and foreign keys, in a revision that rebuilds it as well."""
    prepare(
        lab_sqlite,
        "CREATE TABLE thing (id INTEGER PRIMARY KEY, a VARCHAR(10), parent INT REFERENCES thing (id))",
        "CREATE VIEW v AS SELECT id, a FROM thing",
        "CREATE TABLE child (x INT REFERENCES thing (id))",
        "CREATE TRIGGER t AFTER DELETE ON child BEGIN DELETE FROM thing WHERE id = old.x; END",
    )
    lab_sqlite.write(
        "a1",
        None,
        "with op.batch_alter_table('thing') as b:\n    b.alter_column('a', nullable=False)\n"
        "op.rename_table('thing', 'other')\n"
        "with op.batch_alter_table('other') as b:\n    b.alter_column('a', nullable=True)",
    )
    lab_sqlite.upgrade()
    for (sql,) in lab_sqlite.rows("SELECT sql FROM sqlite_master WHERE name IN ('other', 'v', 'child', 't')"):
        assert "other" in sql
        assert "thing" not in sql


def test_a_temporary_table(lab_sqlite: Lab) -> None:
    """It is in another catalogue, and rebuilt as Alembic does it."""
    lab_sqlite.write(
        "a1",
        None,
        "op.execute(\"CREATE TEMP TABLE thing (id INTEGER PRIMARY KEY, a INT, b TEXT DEFAULT 'x \\\\:y')\")\n"
        "op.execute('INSERT INTO thing (id, a) VALUES (1, 2)')\n"
        "with op.batch_alter_table('thing') as b:\n    b.alter_column('a', nullable=False)\n"
        "op.execute('CREATE TABLE copy AS SELECT * FROM thing')",
    )
    lab_sqlite.upgrade()
    assert lab_sqlite.rows("SELECT * FROM copy") == [(1, 2, "x :y")]


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ("a VARCHAR(10) DEFAULT 'red' NOT NULL", "a VARCHAR(10) DEFAULT 'it' NOT NULL"),
        ("a VARCHAR(10) NOT NULL DEFAULT 'red'", "a VARCHAR(10) DEFAULT 'it' NOT NULL"),
        ("a VARCHAR(10) DEFAULT('red')NOT NULL", "a VARCHAR(10) DEFAULT 'it' NOT NULL"),
        ("a VARCHAR(10) -- a color\n DEFAULT 'red' NOT NULL", "a VARCHAR(10) DEFAULT 'it' -- a color\n NOT NULL"),
    ],
)
def test_no_blanks_are_added(lab_sqlite: Lab, columns: str, expected: str) -> None:
    """However often a table is rebuilt."""
    lab = lab_sqlite
    prepare(lab, f"CREATE TABLE thing (id INTEGER PRIMARY KEY, {columns})")
    text = "existing_type=sa.String(10), existing_nullable=False"
    change = f"with op.batch_alter_table('thing') as b:\n    b.alter_column('a', server_default='it', {text})"
    other = change.replace("'it'", "'other'")
    lab.write("a1", None, f"{change}\n{other}\n{change}")
    lab.upgrade()
    ((sql,),) = lab.rows("SELECT sql FROM sqlite_master WHERE name = 'thing'")
    assert expected in sql

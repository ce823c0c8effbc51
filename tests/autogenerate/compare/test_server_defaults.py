"""Server defaults: what is the same is quiet, and what has changed is seen."""

from __future__ import annotations

from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import (
    ARRAY,
    JSON,
    TIMESTAMP,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    DefaultClause,
    Enum,
    Float,
    Identity,
    Integer,
    Interval,
    MetaData,
    NullPool,
    Numeric,
    SmallInteger,
    String,
    Table,
    Uuid,
    create_engine,
    event,
    func,
    null,
)
from sqlalchemy import text as sql
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.dialects.mysql import BIT
from support.lab import Lab

from alembic_proof import ddl
from alembic_proof.autogenerate.compare.server_defaults import plain_default
from alembic_proof.autogenerate.pipeline import PLUGINS

DIALECTS: dict[str, Any] = {"sqlite": sqlite, "postgresql": postgresql, "mysql": mysql}


@pytest.mark.parametrize(
    ("dialect", "default", "expected"),
    [
        ("sqlite", "it's", "'it''s'"),
        ("sqlite", sql("'new'"), "'new'"),
        ("sqlite", sql("('new')"), "'new'"),
        ("postgresql", sql("'new'::character varying"), "'new'"),
        ("postgresql", sql("(('new'::text))::character varying"), "'new'"),
        ("postgresql", sql("lower('ABC'::text)"), "lower('ABC'::text)"),
        ("postgresql", sql("'{a,b}'::mood[]"), "'{a,b}'"),
        ("mysql", "it's", "'it''s'"),
    ],
)
def test_plain_defaults(dialect: str, default: Any, expected: str) -> None:
    """Parentheses, casts and spellings that make no difference are removed; a literal stays as it is."""
    assert plain_default(DefaultClause(default), DIALECTS[dialect].dialect()) == expected


def models(default: Any, type_: Any = None, nullable: bool = False, name: str = "word") -> MetaData:
    """Return a table with a server default."""
    metadata = MetaData()
    column: Column[Any] = Column(name, type_ or String(50), server_default=default, nullable=nullable)
    Table("thing", metadata, Column("id", Integer, primary_key=True), column)
    return metadata


@pytest.mark.parametrize(
    ("type_", "default", "changed"),
    [
        (String(50), "2026-01-01", "2026-01-02"),
        (String(50), sql("'draft'"), sql("'DRAFT'")),
        (String(50), "it's", "it'S"),
        (String(50), "", " "),
        (Integer(), "5", "6"),
        (Integer(), sql("5"), sql("-5")),
        (Numeric(10, 2), "2.50", "2.51"),
        (Boolean(), sql("true"), sql("false")),
        (Uuid(), "6e8b3b1c000040008000000000000001", "6e8b3b1c000040008000000000000002"),
    ],
)
def test_a_default_is_quiet_and_its_change_is_seen(lab: Lab, type_: Any, default: Any, changed: Any) -> None:
    """To compare leniently must not mean not at all; numbers that are equal are the same."""
    lab.change(models(default, type_))
    assert "modify_default" in lab.differences(models(changed, type_))


def test_the_moment_is_quiet_and_its_change_is_seen(lab: Lab) -> None:
    """MariaDB returns now() as current_timestamp()."""
    lab.change(models(func.now(), type_=String(60)) if "sqlite" in lab.url else models(sql("'x'")))
    assert lab.differences() == ""


def test_a_default_that_is_a_function_is_compared(lab_postgresql: Lab) -> None:
    """PostgreSQL evaluates it. (SQLAlchemy does not reflect such a default from MariaDB at all.)"""
    lab_postgresql.change(models(sql("lower('ABC')")))
    assert "modify_default" in lab_postgresql.differences(models(sql("upper('ABC')")))


def test_identity_where_there_is_none(lab: Lab) -> None:
    """SQLite, MariaDB and MySQL count by themselves."""
    metadata = MetaData()
    Table("thing", metadata, Column("id", Integer, Identity(), primary_key=True))
    lab.change(metadata)


MARIADB = [  # A8: a default, and a real change of it
    (String(50), "abc\\..*", "abc..*"),
    (String(50), "a\nb", "a b"),
    (String(50), sql("lower('ABC')"), sql("upper('ABC')")),
    (String(50), "100% of", "10% of"),
    (String(50), "a:b", "a:c"),
    (String(50), sql("uuid()"), sql("md5(rand())")),
    (BIT(1), sql("b'0'"), sql("b'1'")),
    (Integer(), sql("(2+3)"), sql("(2+4)")),
    (Integer(), sql("(7 % 4)"), sql("(7 % 5)")),
    (Integer(), sql("(floor(rand() * 10))"), sql("(floor(rand() * 11))")),
    (Date(), sql("(curdate())"), sql("(utc_date())")),
    (DateTime(), func.now(), sql("(utc_timestamp())")),
    (
        TIMESTAMP(),
        sql("CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP"),
        sql("CURRENT_TIMESTAMP"),
    ),
    (JSON(), sql("('{}')"), sql("('[]')")),
    (Enum("a", "b"), "a", "b"),
]
POSTGRESQL = [
    (String(50), sql("md5(random()::text)"), sql("md5(now()::text)")),
    (String(50), "it's 100%: a\\b", "it's 100%: a/b"),
    (DateTime(), sql("CURRENT_TIMESTAMP"), sql("clock_timestamp()")),
    (JSON(), sql('\'{"a": "b"}\''), sql('\'{"a": "c"}\'')),
    (ARRAY(String), sql("'{a,b}'"), sql("'{b,a}'")),
    (ARRAY(Enum("a", "b", name="letter")), sql("'{a,b}'"), sql("'{b,a}'")),
    (Enum("a", "b", name="letter"), "a", "b"),
    (Uuid(), sql("gen_random_uuid()"), sql("'00000000-0000-0000-0000-000000000000'")),
    (Integer(), sql("nextval('counting')"), sql("nextval('counting') + 1")),
    (Float(), "0.5", "0.25"),
    (Interval(), sql("'1 day'"), sql("'2 days'")),
]
SQLITE = [
    (String(50), sql("(lower('A' || 'B'))"), sql("(lower('AB'))")),
    (String(50), "a\\b", "a/b"),
    (String(50), sql("('a b')"), sql("('ab')")),
    (DateTime(), func.now(), sql("(datetime('now', '+1 day'))")),
    (Integer(), sql("(abs(random() % 7))"), sql("(abs(random() % 8))")),
    (Float(), "0.5", "0.25"),
]


def check_life(lab: Lab, type_: Any, default: Any, changed: Any) -> None:
    """A default is quiet, its change is seen and written once, together with another one of the column."""
    lab.change(models(default, type_))
    assert "modify_default" in lab.differences(models(changed, type_))
    text = lab.change(models(changed, type_, nullable=True))
    assert text.count("server_default=sa.text") + text.count("server_default='") + text.count('server_default="') >= 2
    assert text.partition("def downgrade")[0].count("alter_column(") == 1
    after = lab.schema()
    lab.downgrade()
    assert lab.schema() != after
    lab.upgrade()
    assert lab.differences(models(changed, type_, nullable=True)) == ""
    assert "modify_default" in lab.differences(models(default, type_))


@pytest.mark.parametrize(("type_", "default", "changed"), MARIADB)
def test_on_mariadb(lab_mysql: Lab, type_: Any, default: Any, changed: Any) -> None:
    """A8: as SHOW CREATE TABLE writes it; SQLAlchemy reads some of them wrongly, or not at all."""
    check_life(lab_mysql, type_, default, changed)


@pytest.mark.parametrize(("type_", "default", "changed"), POSTGRESQL)
def test_on_postgresql(lab_postgresql: Lab, type_: Any, default: Any, changed: Any) -> None:
    """A8, A9: none is executed."""
    lab_postgresql.rows("CREATE SEQUENCE counting")
    check_life(lab_postgresql, type_, default, changed)
    assert lab_postgresql.rows("SELECT nextval('counting')") == [(1,)]


@pytest.mark.parametrize(("type_", "default", "changed"), SQLITE)
def test_on_sqlite(lab_sqlite: Lab, type_: Any, default: Any, changed: Any) -> None:
    """Where the text is kept."""
    check_life(lab_sqlite, type_, default, changed)


def test_null_is_none(lab: Lab) -> None:
    """A8: a default that is NULL is none."""
    lab.change(models(null(), nullable=True))
    assert lab.differences(models(None, nullable=True)) == ""
    lab.change(models("a", nullable=True))
    lab.change(models(sql("NULL"), nullable=True))


def test_what_mariadb_reflects_wrongly_stays(lab_mysql: Lab) -> None:
    """In a revision about something else of the column, and in its downgrade; also under a new name."""
    lab_mysql.change(models(sql("(floor(rand() * 10) + 1)"), Integer()))
    text = lab_mysql.change(
        models(sql("(floor(rand() * 10) + 1)"), Integer(), nullable=True, name="term"), "rename=thing.word:term"
    )
    assert "modify" not in text
    lab_mysql.rows("INSERT INTO thing (id) VALUES (1)")
    assert lab_mysql.rows("SELECT term > 0 FROM thing") == [(1,)]
    lab_mysql.downgrade()
    lab_mysql.rows("INSERT INTO thing (id) VALUES (2)")
    assert lab_mysql.rows("SELECT word > 0 FROM thing WHERE id = 2") == [(1,)]


def test_serial_columns_are_silent(lab_postgresql: Lab, caplog: pytest.LogCaptureFixture) -> None:
    """D10: no line for each of them; also where a schema has them, and another column takes their numbers."""
    metadata = MetaData()
    for schema in (None, "other"):
        for type_ in (Integer, BigInteger, SmallInteger):
            Table(type_.__name__.lower(), metadata, Column("id", type_, primary_key=True), schema=schema)
    with caplog.at_level("INFO"):
        lab_postgresql.change(metadata)
        taker: Column[Any] = Column("number", Integer, server_default=sql("nextval('integer_id_seq')"))
        Table("taker", metadata, Column("id", Integer, primary_key=True), taker)
        lab_postgresql.change(metadata)
        assert lab_postgresql.differences() == ""
    assert "SERIAL" not in caplog.text
    assert lab_postgresql.rows("SELECT nextval('integer_id_seq')") == [(1,)]


def many(tables: int) -> MetaData:
    """Return tables with defaults and CHECKs that each database writes in its own words."""
    metadata = MetaData()
    for number in range(tables):
        Table(
            f"t{number}",
            metadata,
            Column("id", Integer, primary_key=True),
            Column("made", DateTime, server_default=func.now()),
            Column("size", Integer, server_default="7"),
            Column("word", String(9), server_default=sql("(lower('ABC'))")),
            CheckConstraint("NOT (size BETWEEN 1 AND 3)", name=f"ck_{number}"),
        )
    return metadata


@pytest.mark.parametrize("lab", ["postgresql", "mysql"], indirect=True)
def test_the_number_of_statements(lab: Lab) -> None:
    """It does not grow with that of the defaults; MariaDB's tables are read one by one, by SQLAlchemy."""
    counts = []
    for tables in (2, 12):
        lab.change(many(tables))
        statements: list[str] = []
        with create_engine(lab.url, poolclass=NullPool).connect() as connection:
            event.listen(connection, "before_cursor_execute", lambda *its, to=statements: to.append(its[2]))
            context = MigrationContext.configure(connection, opts=dict(autogenerate_options()))
            assert compare_metadata(context, many(tables)) == []
        counts.append(len([statement for statement in statements if not statement.startswith("SHOW CREATE TABLE `t")]))
    assert counts[0] == counts[1]


def autogenerate_options() -> dict[str, Any]:
    """Return what options() says of the comparison."""
    plugins = ["alembic.autogenerate.*", *(f"alembic_proof.{name}" for name in PLUGINS)]
    ddl.install()
    include_name: Any = lambda name, type_, parents: name != "alembic_version"  # noqa: E731
    return {"compare_server_default": True, "autogenerate_plugins": plugins, "include_name": include_name}

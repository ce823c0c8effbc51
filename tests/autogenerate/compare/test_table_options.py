"""The engine and the character set of a table of MariaDB and MySQL, and the options of one of SQLite and PostgreSQL."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, Text, UniqueConstraint
from support.lab import Lab


def models(**options: Any) -> MetaData:
    """Return a table with options."""
    metadata = MetaData()
    Table("a table", metadata, Column("id", Integer, primary_key=True), Column("a", String(10)), **options)
    return metadata


@pytest.mark.parametrize(
    ("before", "after", "said", "statement"),
    [
        ({"mysql_engine": "MyISAM"}, {"mysql_engine": "InnoDB"}, "ENGINE myisam where its model", "ENGINE=innodb"),
        (
            {"mysql_charset": "latin1"},
            {"mysql_charset": "utf8mb4"},
            "CHARSET latin1 where its model has utf8mb4",
            "CONVERT TO CHARACTER SET utf8mb4",
        ),
        (
            {"mysql_charset": "utf8"},
            {"mysql_default_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"},
            "CHARSET utf8mb3 where its model has utf8mb4",
            "CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
        ),
    ],
)
def test_another_option_is_said(
    lab_mysql: Lab, caplog: pytest.LogCaptureFixture, before: Any, after: Any, said: str, statement: str
) -> None:
    """With a statement that can be copied, after which nothing is said any more."""
    lab_mysql.change(models(**before))
    caplog.clear()
    lab_mysql.differences(models(**after))
    (message,) = [record.getMessage() for record in caplog.records if "a table" in record.getMessage()]
    assert said in message
    sql = message.partition("by hand: ")[2]
    assert sql == f"ALTER TABLE `a table` {statement}"
    lab_mysql.rows(sql)
    caplog.clear()
    assert lab_mysql.differences(models(**after)) == ""
    assert "a table" not in caplog.text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"mysql_engine": "InnoDB"}, {"mysql_engine": "innodb"}),
        ({"mysql_charset": "utf8"}, {"mysql_charset": "utf8mb3"}),
        ({"mysql_engine": "MyISAM", "mysql_charset": "latin1"}, {}),
        ({"mysql_charset": "latin1"}, {"mysql_charset": "latin1", "sqlite_autoincrement": True}),
    ],
)
def test_the_same_or_nothing_is_not_said(
    lab_mysql: Lab, caplog: pytest.LogCaptureFixture, before: Any, after: Any
) -> None:
    """Other letters, the older name, and what the model leaves to the server."""
    lab_mysql.change(models(**before))
    caplog.clear()
    lab_mysql.differences(models(**after))
    assert "The table" not in caplog.text


def of_sqlite(unique: Any = None, not_null: Any = None, **options: Any) -> MetaData:
    """Return a table with options of SQLite."""
    metadata = MetaData()
    conflict = {} if not_null is None else {"sqlite_on_conflict_not_null": not_null}
    column: Column[Any] = Column("a", Text, nullable=False, **conflict)
    constraint = UniqueConstraint("a", sqlite_on_conflict=unique)
    Table("a table", metadata, Column("id", Integer, primary_key=True), column, constraint, **options)
    return metadata


def said_of_sqlite(lab: Lab, caplog: pytest.LogCaptureFixture, models: MetaData) -> list[str]:
    """Return what check says of the table, which is no difference."""
    caplog.clear()
    assert lab.differences(models) == ""
    return [record.getMessage() for record in caplog.records if "a table" in record.getMessage()]


@pytest.mark.parametrize(
    ("option", "word"), [({"sqlite_with_rowid": False}, "WITHOUT ROWID"), ({"sqlite_strict": True}, "STRICT")]
)
def test_an_option_of_sqlite_is_said(
    lab_sqlite: Lab, caplog: pytest.LogCaptureFixture, option: dict[str, Any], word: str
) -> None:
    """With what can be put into a revision, after which nothing is said any more; in both directions."""
    lab = lab_sqlite
    if word == "STRICT" and "strict" not in Table("any", MetaData()).dialect_options["sqlite"]:
        pytest.skip("SQLAlchemy has no STRICT before 2.0.37")
    lab.change(of_sqlite())
    lab.rows("INSERT INTO 'a table' VALUES (1, 'x')")
    for number, (models, is_wanted) in enumerate(((of_sqlite(**option), True), (of_sqlite(), False))):
        (message,) = said_of_sqlite(lab, caplog, models)
        assert f"is {'not ' * is_wanted}{word}" in message
        lab.write(f"r{number}", lab.head(), message.partition("by hand: ")[2])
        lab.upgrade()
        ((sql,),) = lab.rows("SELECT sql FROM sqlite_master WHERE name = 'a table'")
        assert (word in sql) == is_wanted
        assert said_of_sqlite(lab, caplog, models) == []
    assert lab.rows("SELECT * FROM 'a table'") == [(1, "x")]


def test_another_conflict_is_said(lab_sqlite: Lab, caplog: pytest.LogCaptureFixture) -> None:
    """Of a NOT NULL and of a UNIQUE; ABORT is what happens without a word."""
    lab = lab_sqlite
    lab.change(of_sqlite())
    assert said_of_sqlite(lab, caplog, of_sqlite("ABORT", "ABORT")) == []
    (message,) = said_of_sqlite(lab, caplog, of_sqlite("REPLACE", "FAIL"))
    assert "ON CONFLICT ABORT in UNIQUE of a where its model has REPLACE" in message
    assert "ON CONFLICT ABORT in NOT NULL of a where its model has FAIL" in message


@pytest.mark.parametrize(
    ("before", "after", "said", "clause"),
    [
        ({}, {"prefixes": ["UNLOGGED"]}, "is not UNLOGGED, which its model is", "SET UNLOGGED"),
        (
            {"postgresql_with": {"fillfactor": 70}},
            {"postgresql_with": {"fillfactor": 80, "autovacuum_enabled": False}},
            "has fillfactor 70 where its model has 80; and it has no autovacuum_enabled where its model has False",
            "SET (fillfactor = 80), SET (autovacuum_enabled = False)",
        ),
        ({}, {"postgresql_partition_by": "LIST (id)"}, "is not partitioned, and its model by LIST (id), for which", ""),
        (
            {"postgresql_partition_by": "LIST (id)"},
            {"postgresql_partition_by": "RANGE (id)"},
            "is partitioned by LIST (id), and its model by RANGE (id), for which",
            "",
        ),
        ({}, {"postgresql_tablespace": "fast"}, "is in the tablespace pg_default where its model has fast", None),
        ({"postgresql_partition_by": "LIST (id)"}, {"postgresql_partition_by": "list(id)"}, None, None),
        ({"prefixes": ["UNLOGGED"]}, {"prefixes": ["unlogged"], "postgresql_tablespace": "pg_default"}, None, None),
        ({"postgresql_with": {"fillfactor": 70}}, {}, None, None),
    ],
)
def test_of_postgresql(
    lab_postgresql: Lab, caplog: pytest.LogCaptureFixture, before: Any, after: Any, said: Any, clause: Any
) -> None:
    """What a model names, with a statement that can be copied, if there is one."""
    lab_postgresql.change(models(**before))
    caplog.clear()
    assert lab_postgresql.differences(models(**after)) == ""
    message = next((record.getMessage() for record in caplog.records if "a table" in record.getMessage()), "")
    assert (said or "") in message
    assert bool(message) == bool(said)
    if clause:
        sql = message.partition("by hand: ")[2]
        assert sql == f'ALTER TABLE "a table" {clause}'
        lab_postgresql.rows(sql)
        caplog.clear()
        assert lab_postgresql.differences(models(**after)) == ""
        assert "a table" not in caplog.text


def test_of_postgresql_after_a_rename(lab_postgresql: Lab, caplog: pytest.LogCaptureFixture) -> None:
    """The table is asked for by the name that it has."""
    lab_postgresql.change(models())
    renamed = MetaData()
    models(postgresql_with={"fillfactor": 70}).tables["a table"].to_metadata(renamed, name="another")
    assert "'another'" in lab_postgresql.revision(renamed, "rename=a table:another")
    assert "The table another has no fillfactor" in caplog.text

"""How MariaDB writes expressions: asked by a temporary table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import (
    Column,
    Connection,
    Date,
    DateTime,
    Integer,
    MetaData,
    NullPool,
    Numeric,
    String,
    Table,
    create_engine,
    event,
)
from sqlalchemy.dialects.mysql import BIT, ENUM

from alembic_proof.autogenerate.expressions import Expression, different

TABLE = Table(
    "thing",
    MetaData(),
    Column("a", Integer),
    Column("b", Integer),
    Column("c", Integer),
    Column("S", String(20)),
    Column("e", ENUM("x", "y")),
    Column("100%", Integer),
    Column("d", DateTime),
)
OTHER = Table("other", MetaData(), Column("a", String(5)), Column("S", String(20)))
PAIRS: list[tuple[Table, Any, Any, str, str, bool]] = [  # kind, type, as it is stored, as the models have it
    (TABLE, "check", None, "`a` > 0 and (`b` > 0 or `c` > 0)", "((a > 0) AND (b > 0 OR c > 0))", True),
    (TABLE, "check", None, "`a` > 0 or `b` > 0 and `c` > 0", "a > 0 OR (b > 0 AND c > 0)", True),
    (TABLE, "check", None, "`a` > 0 or `b` > 0 and `c` > 0", "(a > 0 OR b > 0) AND c > 0", False),
    (TABLE, "check", None, "`a` not between 1 and 3", "NOT (a BETWEEN 1 AND 3)", True),
    (TABLE, "check", None, "octet_length(`S`) > 0", "length(s) > 0", True),
    (TABLE, "check", None, "octet_length(`S`) > 0", "char_length(s) > 0", False),
    (TABLE, "check", None, "`S` <> 'a b'", "S <> 'ab'", False),
    (TABLE, "check", None, "`S` like '%x'", "S LIKE '%x'", True),
    (TABLE, "check", None, "`S` <> 'a%:b'", "S <> ('a%:b')", True),
    (TABLE, "check", None, "`100%` MOD 7 = 0", "`100%` % 7 = (0)", True),
    (TABLE, "check", None, "`e` in ('x','y')", "e IN ('x', 'y')", True),
    (TABLE, "check", None, "`e` in ('x','y')", "e IN ('x', 'y', 'z')", False),
    (TABLE, "check", None, "`a` > 0", "missing > 0", False),
    (TABLE, "check", None, "`missing` > 0", "a > 0", False),
    (TABLE, "check", None, "`S` in ('red')", "d IN ('red', 'blue')", False),  # MariaDB fails, and keeps its table
    (OTHER, "check", None, "`a` <> ''", "NOT a = ''", True),
    (TABLE, "computed", Integer(), "`a` MOD 7", "mod(a, 7)", True),
    (TABLE, "computed", Integer(), "(`a` + `b`) * 2", "a + (b * 2)", False),
    (TABLE, "default", String(20), r"'abc\\..*'", r"'abc\\..*'", True),
    (TABLE, "default", String(20), r"'abc\\..*'", r"'abc.*'", False),
    (TABLE, "default", String(20), r"'a\nb'", "'a\nb'", True),
    (TABLE, "default", String(20), r"'a\nb'", "'a b'", False),
    (TABLE, "default", BIT(1), "b'0'", "b'0'", True),
    (TABLE, "default", BIT(1), "b'0'", "b'1'", False),
    (TABLE, "default", Integer(), "(2 + 3)", "(2+3)", True),
    (TABLE, "default", Integer(), "(2 + 3)", "(2 + 4)", False),
    (TABLE, "default", Integer(), "(7 MOD 4)", "7 % 4", True),
    (TABLE, "default", Integer(), "5", "'5'", True),
    (TABLE, "default", Integer(), "5", "6", False),
    (TABLE, "default", Numeric(10, 2), "2.50", "'2.5'", True),
    (TABLE, "default", String(40), "uuid()", "(uuid())", True),
    (TABLE, "default", String(40), "uuid()", "md5(rand())", False),
    (TABLE, "default", Date(), "curdate()", "CURRENT_DATE", True),
    (TABLE, "default", Date(), "curdate()", "utc_date()", False),
    (TABLE, "default", DateTime(), "current_timestamp()", "now()", True),
    (TABLE, "default", DateTime(), "current_timestamp()", "utc_timestamp()", False),
    (TABLE, "default", DateTime(), "'long'", "current_timestamp()", False),
    (TABLE, "default", DateTime(), "current_timestamp()", "now() ON UPDATE now()", False),
    (
        TABLE,
        "default",
        DateTime(),
        "current_timestamp() ON UPDATE current_timestamp()",
        "CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP",
        True,
    ),
    (TABLE, "default", String(20), "lcase('ABC')", "lower('ABC')", True),
    (TABLE, "default", String(20), "lcase('ABC')", "upper('ABC')", False),
]


@pytest.fixture
def connection(mysql: str) -> Iterator[Connection]:
    """A connection to MariaDB."""
    with create_engine(mysql, poolclass=NullPool).connect() as connection:
        yield connection


def expressions() -> list[Expression]:
    """Return all pairs."""
    return [Expression(table, "x", kind, old, new, type_) for table, kind, type_, old, new, _ in PAIRS]


def test_pairs(connection: Connection) -> None:
    """All are asked about in one transaction, and nothing is left behind."""
    connection.exec_driver_sql("CREATE TABLE kept (a INTEGER)")
    connection.exec_driver_sql("INSERT INTO kept VALUES (1)")
    asked = expressions()
    differing, unknown = different(connection, asked)
    assert [each not in differing for each in asked] == [same for *_, same in PAIRS]
    assert unknown == []
    assert connection.exec_driver_sql("SHOW TABLES").scalars().all() == ["kept"]
    connection.rollback()
    assert connection.exec_driver_sql("SELECT count(*) FROM kept").scalar() == 0, "nothing was committed"


def test_few_statements(connection: Connection) -> None:
    """Three for any number of tables; none where the texts are the same token by token."""
    statements: list[str] = []
    event.listen(connection, "before_cursor_execute", lambda *arguments: statements.append(arguments[2]))
    tables = [Table(f"t{number}", MetaData(), Column("a", Integer)) for number in range(30)]
    alike = [Expression(table, "x", "check", "`a` > 0", "(a > 0)") for table in tables]
    assert different(connection, alike) == (set(), [])
    assert statements == []
    asked = [Expression(table, "x", "check", "`a` not between 1 and 3", "NOT (a BETWEEN 1 AND 3)") for table in tables]
    assert different(connection, asked) == (set(), [])
    assert [statement.split()[0] for statement in statements] == ["CREATE", "SHOW", "DROP"]


def test_without_the_right(connection: Connection) -> None:
    """What differs in its words only is unknown, and no difference; a literal is compared all the same."""
    database = connection.engine.url.database
    connection.exec_driver_sql("DROP USER IF EXISTS w_expr_reader@'%%'")
    connection.exec_driver_sql("CREATE USER w_expr_reader@'%%' IDENTIFIED BY 'x'")
    connection.exec_driver_sql(f"GRANT SELECT, CREATE ON {database}.* TO w_expr_reader@'%%'")
    url = connection.engine.url.set(username="w_expr_reader", password="x")
    literal = Expression(TABLE, "e", "default", "'a'", "'b'", String(9))
    check = Expression(TABLE, "ck", "check", "`a` not between 1 and 3", "NOT (a BETWEEN 1 AND 3)")
    try:
        with create_engine(url, poolclass=NullPool).connect() as restricted:
            assert different(restricted, [literal, check]) == ({literal}, ["thing.ck"])
    finally:
        connection.exec_driver_sql("DROP USER w_expr_reader@'%%'")

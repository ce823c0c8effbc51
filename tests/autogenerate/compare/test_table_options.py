"""The engine and the character set of a table of MariaDB and MySQL."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table
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

"""A computed column that a model annotates as not optional can be created and added on every database."""

from __future__ import annotations

from sqlalchemy import Computed, Integer, MetaData
from sqlalchemy.orm import Mapped, declarative_base, mapped_column
from support.lab import Lab


def models(*names: str) -> MetaData:
    """Return a table with computed columns, whose models say Mapped[int], and nothing else about NULL."""
    base = declarative_base()
    columns = {name: mapped_column(Integer, Computed("size * 2", persisted=True)) for name in names}
    columns |= {"id": mapped_column(primary_key=True), "size": mapped_column()}
    annotations = dict.fromkeys(columns, Mapped[int])
    made = type("Thing", (base,), {"__tablename__": "thing", "__annotations__": annotations, **columns})
    return made.metadata  # type: ignore[attr-defined,no-any-return]


def test_it_is_created_and_added(lab_mysql: Lab) -> None:
    """MariaDB takes no NOT NULL there; the models stay as they are, and nothing is proposed again."""
    first = models("twice")
    lab_mysql.change(first)
    assert not first.tables["thing"].c.twice.nullable
    lab_mysql.rows("INSERT INTO thing (id, size) VALUES (1, 7)")
    lab_mysql.change(models("twice", "double"))
    assert lab_mysql.rows("SELECT twice, `double` FROM thing") == [(14, 14)]
    assert not lab_mysql.differences(models("twice", "double"))
    lab_mysql.downgrade()
    lab_mysql.upgrade()

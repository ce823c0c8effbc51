"""Labels of enums are added, removed and renamed, and the rows keep theirs."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import ARRAY, Column, Enum, Integer, MetaData, Table
from sqlalchemy.exc import DBAPIError
from support.lab import Lab
from support.models import column

FIRST = ("NEW", "OLD", "GONE")


def models(*labels: str, default: str = "OLD", orders: bool = True) -> MetaData:
    """Return items, and orders of them."""
    metadata = MetaData()
    kind = Enum(*labels, name="kind")
    default_kind = column("kind", kind, server_default=default, nullable=False)
    Table("item", metadata, Column("id", Integer, primary_key=True), default_kind)
    if orders:
        columns = (column("kind", kind), column("kinds", ARRAY(kind), server_default=f"{{{default}}}"))
        Table("orders", metadata, Column("id", Integer, primary_key=True), *columns)
    return metadata


def kinds(lab: Lab) -> list[Any]:
    """Return the items' kinds."""
    return [kind for (kind,) in lab.rows("SELECT kind FROM item ORDER BY id")]


@pytest.fixture
def shop(lab_postgresql: Lab) -> Lab:
    """An enum type of PostgreSQL that two tables use, with rows, and a default and an array of it."""
    lab_postgresql.change(models(*FIRST))
    lab_postgresql.rows("INSERT INTO item (id) VALUES (1)")
    lab_postgresql.rows("INSERT INTO item (id, kind) VALUES (2, 'NEW'), (3, 'GONE')")
    lab_postgresql.rows("INSERT INTO orders (id, kind, kinds) VALUES (1, 'GONE', ARRAY['OLD', 'NEW']::kind[])")
    return lab_postgresql


def labels(lab: Lab) -> list[Any]:
    """Return the labels of PostgreSQL's type."""
    return [label for (label,) in lab.rows("SELECT unnest(enum_range(NULL::kind))::text")]


def test_labels_are_added_in_their_places(shop: Lab) -> None:
    """At the end, in the middle, in front, in one revision; the downgrade recreates the type, defaults and all."""
    before = shop.schema()
    text = shop.change(models("RAW", "NEW", "USED", "OLD", "GONE", "it's : 100%"))
    assert "ALTER TYPE kind ADD VALUE 'RAW' BEFORE 'NEW'" in text
    assert "ALTER TYPE kind ADD VALUE 'USED' AFTER 'NEW'" in text
    assert "ADD VALUE 'it''s : 100%' AFTER 'GONE'" in text
    assert labels(shop) == ["RAW", "NEW", "USED", "OLD", "GONE", "it's : 100%"]
    shop.rows("INSERT INTO item (id, kind) VALUES (4, 'USED')")
    with pytest.raises(DBAPIError, match='invalid input value for enum kind: "USED"'):
        shop.downgrade()
    shop.rows("DELETE FROM item WHERE id = 4")
    shop.downgrade()
    assert labels(shop) == ["NEW", "OLD", "GONE"]
    assert shop.schema() == before
    assert kinds(shop) == ["OLD", "NEW", "GONE"]
    assert shop.rows("SELECT kind::text, kinds::text FROM orders") == [("GONE", "{OLD,NEW}")]
    shop.upgrade()


def test_a_label_is_renamed(shop: Lab) -> None:
    """If somebody says so; rows, arrays and the defaults follow, down too."""
    before = shop.schema()
    aged = models("NEW", "AGED", "GONE", default="AGED")
    assert "    -x rename=kind.OLD:AGED  it is kind.AGED now\n    -x no-rename=kind.OLD    it was" in shop.refused(aged)
    text = shop.change(aged, "rename=kind.OLD:AGED")
    assert "ALTER TYPE kind RENAME VALUE 'OLD' TO 'AGED'" in text
    assert "This fails while" not in text
    assert "op.alter_column" not in text
    shop.rows("INSERT INTO item (id) VALUES (4)")
    assert kinds(shop) == ["AGED", "NEW", "GONE", "AGED"]
    assert shop.rows("SELECT kinds::text FROM orders") == [("{AGED,NEW}",)]
    shop.downgrade()
    assert kinds(shop) == ["OLD", "NEW", "GONE", "OLD"]
    assert shop.schema() == before


def test_a_label_is_renamed_and_all_are_ordered_anew(shop: Lab) -> None:
    """For which PostgreSQL has no ALTER."""
    before = shop.schema()
    shop.change(models("AGED", "GONE", "NEW", default="AGED"), "rename=kind.OLD:AGED")
    assert kinds(shop) == ["AGED", "NEW", "GONE"]
    shop.downgrade()
    assert shop.schema() == before


def test_a_label_is_removed(shop: Lab) -> None:
    """Not while a row has it: the revision says what to do about that. The downgrade adds it again."""
    before = shop.schema()
    text = shop.revision(models("NEW", "OLD"))
    assert "# This fails while a row has 'GONE': change such rows first." in text
    with pytest.raises(DBAPIError, match='invalid input value for enum kind: "GONE"'):
        shop.upgrade()
    assert labels(shop) == ["NEW", "OLD", "GONE"]
    shop.rows("UPDATE item SET kind = 'NEW' WHERE id = 3")
    shop.rows("UPDATE orders SET kind = NULL")
    shop.upgrade()
    assert shop.differences() == ""
    assert labels(shop) == ["NEW", "OLD"]
    assert kinds(shop) == ["OLD", "NEW", "NEW"]
    shop.downgrade()
    assert labels(shop) == ["NEW", "OLD", "GONE"]
    assert shop.schema() == before


def test_a_new_label_is_the_new_default(shop: Lab) -> None:
    """In the same transaction, which ADD VALUE does not allow."""
    shop.change(models(*FIRST, "RAW", default="RAW"))
    shop.rows("INSERT INTO item (id) VALUES (4)")
    assert kinds(shop) == ["OLD", "NEW", "GONE", "RAW"]
    shop.rows("DELETE FROM item WHERE id = 4")
    shop.downgrade()
    shop.upgrade()
    assert kinds(shop) == ["OLD", "NEW", "GONE"]


def test_on_mysql(lab_mysql: Lab) -> None:
    """A label is added; one is renamed, and the rows follow; one is removed, which fails while a row has it."""
    lab = lab_mysql
    lab.change(models(*FIRST, orders=False))
    lab.rows("INSERT INTO item (id, kind) VALUES (1, 'OLD'), (2, 'NEW'), (3, 'GONE')")
    before = lab.schema()
    lab.change(models("NEW", "USED", "OLD", "GONE", orders=False))
    assert kinds(lab) == ["OLD", "NEW", "GONE"]
    aged = models("NEW", "USED", "AGED", "GONE", default="AGED", orders=False)
    assert "    -x rename=item.kind.OLD:AGED  it is item.kind.AGED now\n" in lab.refused(aged)
    lab.change(aged, "rename=item.kind.OLD:AGED")
    lab.rows("INSERT INTO item (id) VALUES (4)")
    assert kinds(lab) == ["AGED", "NEW", "GONE", "AGED"]
    lab.revision(models("NEW", "USED", "AGED", default="AGED", orders=False))
    with pytest.raises(DBAPIError, match="Data truncated for column 'kind'"):
        lab.upgrade()
    lab.rows("UPDATE item SET kind = 'NEW' WHERE id = 3")
    lab.upgrade()
    assert lab.differences() == ""
    lab.downgrade("-3")
    assert kinds(lab) == ["OLD", "NEW", "NEW", "OLD"]
    assert lab.schema() == before

"""Labels of enums are added, removed and renamed, and the rows keep theirs."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import ARRAY, Column, Enum, Integer, MetaData, Table
from sqlalchemy.exc import DBAPIError
from support.lab import Lab
from support.models import column

from alembic_proof.prompts import Scripted

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
    said = shop.refused(aged)
    assert "    -x rename=kind.OLD:AGED                       it is kind.AGED now\n" in said
    assert (
        "    -x no-rename=kind.OLD -x fill=kind.OLD=VALUE  it was removed: where a row has it, the upgrade fails"
        in said
    )
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


def test_a_label_is_removed_that_no_row_has(shop: Lab) -> None:
    """Elsewhere rows may have it: the revision says what to do about that. The downgrade adds it again."""
    before = shop.schema()
    shop.rows("UPDATE item SET kind = 'NEW' WHERE id = 3")
    shop.rows("UPDATE orders SET kind = NULL")
    text = shop.change(models("NEW", "OLD"))
    assert "# This fails while a row has 'GONE': change such rows first." in text
    assert labels(shop) == ["NEW", "OLD"]
    assert kinds(shop) == ["OLD", "NEW", "NEW"]
    shop.downgrade()
    assert labels(shop) == ["NEW", "OLD", "GONE"]
    assert shop.schema() == before


def test_a_label_is_removed_that_rows_have(shop: Lab) -> None:
    """They get another one, also one that is new: in a plain column, and in an array."""
    shop.rows("UPDATE orders SET kinds = ARRAY['GONE', 'NEW', 'GONE']::kind[]")
    said = shop.refused(models("NEW", "OLD"))
    assert "kind.GONE is no label any more. Here, 1 row of item.kind has it: SELECT" in said
    assert "Here, 1 row of orders.kind has it: SELECT" in said
    assert "Here, 1 row of orders.kinds has it: SELECT" in said
    assert "    -x fill=kind.GONE=VALUE  VALUE is one of NEW, OLD\n" in said
    assert "    -x allow-drop=kind.GONE  none: the upgrade fails until such rows are changed by hand\n" in said
    assert "'VALUE' in -x fill=kind.GONE=VALUE is no label" in shop.refused(
        models("NEW", "OLD"), "fill=kind.GONE=VALUE"
    )
    assert "kind.GONE is no label any more" in shop.refused(models("NEW", "OLD"), "allow-drop")  # which names nothing
    upgrade, _, downgrade = shop.change(models("NEW", "OLD", "LATE"), "fill=kind.GONE=LATE").partition("def downgrade")
    assert upgrade.count("# destroys data") == 3
    assert "destroys" not in downgrade
    assert "This fails while" not in upgrade
    assert kinds(shop) == ["OLD", "NEW", "LATE"]
    assert shop.rows("SELECT kind::text, kinds::text FROM orders") == [("LATE", "{LATE,NEW,LATE}")]
    shop.rows("UPDATE item SET kind = 'OLD'")
    shop.rows("UPDATE orders SET kind = NULL, kinds = NULL")
    shop.downgrade()
    assert labels(shop) == ["NEW", "OLD", "GONE"]


def test_rows_with_a_removed_label_are_left_to_somebody(shop: Lab) -> None:
    """If that is said of the label by name."""
    text = shop.revision(models("NEW", "OLD"), "allow-drop=kind.GONE")
    assert "# This fails while a row has 'GONE': change such rows first." in text
    with pytest.raises(DBAPIError, match='invalid input value for enum kind: "GONE"'):
        shop.upgrade()
    assert labels(shop) == ["NEW", "OLD", "GONE"]


def test_rows_with_a_removed_label_get_none(lab_postgresql: Lab) -> None:
    """Where all columns allow NULL; it is asked on a terminal, too."""
    lab = lab_postgresql

    def nullable(*labels: str) -> MetaData:
        metadata = MetaData()
        kind = Enum(*labels, name="kind")
        Table("item", metadata, Column("id", Integer, primary_key=True), column("kind", kind))
        return metadata

    lab.change(nullable(*FIRST))
    lab.rows("INSERT INTO item (id, kind) VALUES (1, 'GONE'), (2, 'OLD')")
    lab.asker = asker = Scripted(["4", "3"])
    lab.change(nullable("NEW", "OLD"))
    assert asker.questions[0].splitlines()[1:] == [
        "  1  NEW",
        "  2  OLD",
        "  3  NULL, which is no label",
        "  0  none: the upgrade fails until such rows are changed by hand",
        "[0-3]",
    ]
    assert "'4' is no answer to this. Type a number from 0 to 3." in asker.questions[1]
    assert kinds(lab) == [None, "OLD"]


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
    """A label is added; one is renamed, and the rows follow; one is removed, and its rows get another one."""
    lab = lab_mysql
    lab.change(models(*FIRST, orders=False))
    lab.rows("INSERT INTO item (id, kind) VALUES (1, 'OLD'), (2, 'NEW'), (3, 'GONE')")
    before = lab.schema()
    lab.change(models("NEW", "USED", "OLD", "GONE", orders=False))
    assert kinds(lab) == ["OLD", "NEW", "GONE"]
    aged = models("NEW", "USED", "AGED", "GONE", default="AGED", orders=False)
    assert "    -x rename=item.kind.OLD:AGED  " in lab.refused(aged)
    lab.change(aged, "rename=item.kind.OLD:AGED")
    lab.rows("INSERT INTO item (id) VALUES (4)")
    assert kinds(lab) == ["AGED", "NEW", "GONE", "AGED"]
    fewer = models("NEW", "USED", "AGED", default="AGED", orders=False)
    assert "Here, 1 row of item.kind has it: SELECT" in lab.refused(fewer)
    text = lab.change(fewer, "fill=item.kind.GONE=NEW")
    assert text.count("# destroys data: item.kind\n") == 1
    assert "This fails while" not in text
    lab.downgrade("-3")
    assert kinds(lab) == ["OLD", "NEW", "NEW", "OLD"]
    assert lab.schema() == before


def test_on_mysql_rows_with_a_removed_label_are_left_to_somebody(lab_mysql: Lab) -> None:
    """If that is said; and where no row has it, the revision says what happens elsewhere."""
    lab = lab_mysql
    lab.change(models(*FIRST, orders=False))
    lab.rows("INSERT INTO item (id, kind) VALUES (1, 'GONE')")
    lab.revision(models("NEW", "OLD", orders=False), "allow-drop=item.kind.GONE")
    with pytest.raises(DBAPIError, match="Data truncated for column 'kind'"):
        lab.upgrade()
    lab.rows("DELETE FROM item")
    lab.upgrade()
    assert "# This fails while a row has 'OLD': change such rows first." in lab.change(
        models("NEW", default="NEW", orders=False)
    )


def test_on_mysql_labels_change_places_and_case(lab_mysql: Lab) -> None:
    """In one statement; to MariaDB and MySQL, labels in other letters are the same."""
    lab = lab_mysql
    lab.change(models("one", "two", "three", default="one", orders=False))
    lab.rows("INSERT INTO item (id, kind) VALUES (1, 'one'), (2, 'two'), (3, 'three')")
    lab.change(
        models("ONE", "two", "three", default="ONE", orders=False),
        *("rename=item.kind.one:ONE", "rename=item.kind.two:three", "rename=item.kind.three:two"),
    )
    assert kinds(lab) == ["ONE", "three", "two"]
    lab.downgrade()
    assert kinds(lab) == ["one", "two", "three"]


def of_type(name: str, *labels: str, default: str | None = None, nullable: bool = True) -> MetaData:
    """Return a table with a column of an enum type, and an array of it."""
    metadata = MetaData()
    kind = Enum(*labels, name=name)
    columns = (column("kind", kind, server_default=default, nullable=nullable), column("kinds", ARRAY(kind)))
    Table("item", metadata, Column("id", Integer, primary_key=True), *columns)
    return metadata


@pytest.mark.parametrize("default", [None, "NEW"])
def test_another_type_has_other_labels(lab_postgresql: Lab, default: str | None) -> None:
    """Of PostgreSQL: rows get them on the way to it, and those that were renamed come back."""
    lab_postgresql.change(of_type("kind", *FIRST, default=default))
    lab_postgresql.rows("INSERT INTO item VALUES (1, 'OLD', '{OLD,NEW}'), (2, 'GONE', '{GONE}'), (3, NULL, NULL)")
    before = lab_postgresql.schema()
    new = of_type("sort", "NEW", "used", default=default)
    said = lab_postgresql.refused(new, "no-rename")
    assert "item.kind.GONE is no label any more. Here, 1 row of item.kind has it" in said
    assert "item.kinds.OLD is no label any more." in said
    answers = ("rename=item.kind.OLD:used", "rename=item.kinds.OLD:used", "fill=item.kind.GONE=sql:NULL")
    lab_postgresql.change(new, *answers, "fill=item.kinds.GONE=NEW")
    rows = "SELECT kind::text, kinds::text FROM item ORDER BY id"
    assert lab_postgresql.rows(rows) == [("used", "{used,NEW}"), (None, "{NEW}"), (None, None)]
    lab_postgresql.downgrade()
    assert lab_postgresql.schema() == before
    assert lab_postgresql.rows(rows) == [("OLD", "{OLD,NEW}"), (None, "{NEW}"), (None, None)]
    lab_postgresql.upgrade()


def test_another_type_with_the_same_labels(lab_postgresql: Lab) -> None:
    """Nothing is asked."""
    lab_postgresql.change(of_type("kind", *FIRST, default="NEW", nullable=False))
    lab_postgresql.rows("INSERT INTO item VALUES (1, 'OLD', '{OLD,NEW}')")
    lab_postgresql.change(of_type("sort", "more", *FIRST, default="OLD", nullable=False))
    assert lab_postgresql.rows("SELECT kind::text FROM item") == [("OLD",)]
    lab_postgresql.downgrade()
    assert lab_postgresql.rows("SELECT kind::text FROM item") == [("OLD",)]

"""Labels of enums that a database keeps as texts: rows get the new ones between the two CHECKs."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import CheckConstraint, Column, Enum, Integer, MetaData, String, Table
from sqlalchemy.exc import DBAPIError
from support.lab import Lab
from support.models import column

from alembic_proof.prompts import Scripted

CHECKED: dict[str, Any] = {"name": "kind", "create_constraint": True}
CHECKS = [CHECKED, {"name": None, "create_constraint": True}]


def models(*labels: str, column_name: str = "kind", nullable: bool = True, **options: Any) -> MetaData:
    """Return items of a kind."""
    metadata = MetaData()
    kind = Enum(*labels, native_enum=False, **options)
    Table("item", metadata, Column("id", Integer, primary_key=True), column(column_name, kind, nullable=nullable))
    return metadata


def kinds(lab: Lab, name: str = "kind") -> list[Any]:
    """Return the items' kinds."""
    return [kind for (kind,) in lab.rows(f"SELECT {name} FROM item ORDER BY id")]


@pytest.fixture(params=CHECKS, ids=["named", "unnamed"])
def options(request: pytest.FixtureRequest) -> Any:
    """How an enum with a CHECK is written."""
    return request.param


def test_labels_are_renamed_and_removed(lab: Lab, options: Any) -> None:
    """Rows get the new ones, which are longer, and those of the downgrade again."""
    lab.change(models("NEW", "OLD", "GONE", **options))
    lab.rows("INSERT INTO item (id, kind) VALUES (1, 'NEW'), (2, 'OLD'), (3, 'GONE')")
    changed = models("NEW", "ANCIENT", **options)
    said = lab.refused(changed)
    assert "    -x rename=item.kind.OLD:ANCIENT  " in said
    assert "item.kind.GONE is no label any more. Here, 1 row of item.kind has it: SELECT" in said
    assert "    -x fill=item.kind.GONE=VALUE  VALUE is one of NEW, ANCIENT, sql:NULL\n" in said
    text = lab.change(changed, "rename=item.kind.OLD:ANCIENT", "fill=item.kind.GONE=NEW")
    assert text.count("# destroys data: item.kind\n") == 1
    assert kinds(lab) == ["NEW", "ANCIENT", "NEW"]
    with pytest.raises(DBAPIError):
        lab.rows("INSERT INTO item (id, kind) VALUES (4, 'OLD')")
    lab.downgrade()
    assert kinds(lab) == ["NEW", "OLD", "NEW"]
    lab.rows("INSERT INTO item (id, kind) VALUES (4, 'GONE')")
    lab.upgrade()
    assert kinds(lab) == ["NEW", "ANCIENT", "NEW", "NEW"]


def test_shorter_labels_that_change_places(lab: Lab, options: Any) -> None:
    """In one statement, before the column has less room."""
    lab.change(models("LEFT", "RIGHT", "ANYWHERE", **options))
    lab.rows("INSERT INTO item (id, kind) VALUES (1, 'LEFT'), (2, 'RIGHT'), (3, 'ANYWHERE')")
    answers = [f"rename=item.kind.{old}:{new}" for old, new in (("LEFT", "RIGHT"), ("RIGHT", "LEFT"))]
    lab.change(models("LEFT", "RIGHT", **options), *answers, "fill=item.kind.ANYWHERE=sql:NULL")
    assert kinds(lab) == ["RIGHT", "LEFT", None]
    lab.downgrade()
    assert kinds(lab) == ["LEFT", "RIGHT", None]


def test_the_column_is_renamed_and_no_longer_nullable(lab: Lab, options: Any) -> None:
    """In the same revision: it is counted by its old name, and moved by its new one."""
    lab.change(models("A", "B", **options))
    lab.rows("INSERT INTO item (id, kind) VALUES (1, 'A'), (2, NULL)")
    changed = models("C", "D", column_name="sort", nullable=False, **options)
    said = lab.refused(changed, "rename=item.kind:sort", "no-rename", "fill=item.sort=D")
    assert "item.sort.A is no label any more. Here, 1 row of item.sort has it: SELECT kind FROM item" in said
    assert "sql:NULL" not in said
    lab.change(changed, "rename=item.kind:sort", "rename=item.sort.A:C", "no-rename=item.sort.B", "fill=item.sort=D")
    assert kinds(lab, "sort") == ["C", "D"]


def test_two_enums_of_one_table(lab: Lab, options: Any) -> None:
    """And a CHECK that is none of theirs."""

    def both(first: str, second: str) -> MetaData:
        metadata = models("A", first, **options)
        kind = Enum("A", second, native_enum=False, **options | {"name": options["name"] and "other"})
        metadata.tables["item"].append_column(column("other", kind))
        metadata.tables["item"].append_constraint(CheckConstraint("kind <> 'Z'", name=options["name"] and "positive"))
        return metadata

    lab.change(both("B", "C"))
    lab.rows("INSERT INTO item (id, kind, other) VALUES (1, 'B', 'C')")
    lab.change(both("X", "Y"), "rename=item.kind.B:X", "rename=item.other.C:Y")
    assert lab.rows("SELECT kind, other FROM item") == [("X", "Y")]
    lab.downgrade()
    assert lab.rows("SELECT kind, other FROM item") == [("B", "C")]


def test_rows_are_left_to_somebody(lab: Lab) -> None:
    """If that is said: then the CHECK refuses them."""
    lab.change(models("A", "B", **CHECKED))
    lab.rows("INSERT INTO item (id, kind) VALUES (1, 'B')")
    assert "# This fails while a row has 'B'" in lab.revision(models("A", **CHECKED), "allow-drop=item.kind.B")
    with pytest.raises(DBAPIError):
        lab.upgrade()
    lab.rows("DELETE FROM item")
    lab.upgrade()


def test_offline(lab: Lab) -> None:
    """The script has the values in it."""
    lab.change(models("A", "B", **CHECKED))
    lab.rows("INSERT INTO item (id, kind) VALUES (1, 'B')")
    lab.revision(models("A", "50%: C", **CHECKED), "rename=item.kind.B:50%: C")
    if not lab.url.startswith("sqlite"):  # of which Alembic cannot write a batch without the database
        head, before = lab.head(), lab.rows("SELECT version_num FROM alembic_version")[0][0]
        assert "UPDATE item SET kind='50%: C' WHERE " in " ".join(lab.sql(f"{before}:{head}").split())
    lab.upgrade()
    assert kinds(lab) == ["50%: C"]


def test_without_a_check_rows_are_asked_about(lab: Lab) -> None:
    """That hold what is no label: only they tell what was one."""
    lab.change(models("NEW", "OLD"))
    lab.rows("INSERT INTO item (id, kind) VALUES (1, 'NEW'), (2, 'OLD'), (3, NULL)")
    changed = models("NEW", "AGED")
    said = lab.refused(changed)
    assert "    -x rename=item.kind.OLD:AGED                            it is item.kind.AGED now\n" in said
    assert "it was removed: where a row has it, the models cannot read such a row" in said
    assert "rename=item.kind.OLD:NEW" not in said
    lab.change(changed, "rename=item.kind.OLD:AGED")
    assert kinds(lab) == ["NEW", "AGED", None]
    assert lab.revision(changed) == ""
    lab.downgrade()
    assert kinds(lab) == ["NEW", "OLD", None]
    lab.upgrade()
    lab.rows("UPDATE item SET kind = 'OLD' WHERE kind = 'AGED'")
    assert lab.revision(models("NEW", "NONE"), "no-rename", "allow-drop=item.kind.OLD") == ""
    lab.asker = Scripted(["0", "1"])
    lab.change(models("NEW", "NONE"))
    assert kinds(lab) == ["NEW", "NEW", None]


def test_a_text_becomes_an_enum(lab: Lab) -> None:
    """Few texts that are no labels are asked about one by one, many as a whole."""
    metadata = MetaData()
    Table("item", metadata, Column("id", Integer, primary_key=True), Column("kind", String(9)))
    lab.change(metadata)
    lab.rows("INSERT INTO item (id, kind) VALUES (1, 'new'), (2, 'old')")
    lab.change(models("NEW", "OLD"), "rename=item.kind.new:NEW", "fill=item.kind.old=OLD")
    assert kinds(lab) == ["NEW", "OLD"]
    lab.rows("DELETE FROM item")
    for number in range(7):
        lab.rows(f"INSERT INTO item (id, kind) VALUES ({number + 10}, 'x{number}')")
    said = lab.refused(models("NEW", "OLD"))
    assert "item.kind has the labels NEW, OLD. Here, 7 rows have texts that are none of them: SELECT" in said
    assert "Is that intended?\n    -x allow-drop=item.kind  that is intended\n" in said
    assert lab.revision(models("NEW", "OLD"), "allow-drop=item.kind") == ""


def test_a_text_becomes_the_databases_own_enum(lab: Lab) -> None:
    """Which takes nothing but its labels."""
    lab.change(models("new", "old"))
    lab.rows("INSERT INTO item (id, kind) VALUES (1, 'new'), (2, 'old')")
    metadata = MetaData()
    Table("item", metadata, Column("id", Integer, primary_key=True), column("kind", Enum("n", "o", name="kind")))
    lab.change(metadata, "rename=item.kind.new:n", "fill=item.kind.old=o")
    assert kinds(lab) == ["n", "o"]

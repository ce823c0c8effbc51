"""How the schemas of a fleet differ."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.databases import DATABASES
from support.fleets import CREATE_GOODS, CREATE_SHOP, Fleet, making_fleet

from alembic_proof.fleet import Drift, find_drift


def _drift(fleet: Fleet) -> Drift:
    return find_drift(fleet.project, fleet.targets)


def test_a_fleet_in_step_has_none(fleet: Fleet) -> None:
    """Rows are no difference."""
    fleet.upgrade()
    fleet.rows("mall-2", "INSERT INTO goods (id, price) VALUES (1, 5)")
    drift = _drift(fleet)
    assert drift.ok, drift.told()
    assert drift.told() == ["3 targets: 3 as the revisions build them"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("DROP TABLE goods", "lacks the table goods"),
        ("CREATE TABLE besides (id INTEGER)", "has the table besides besides"),
        ("ALTER TABLE shop ADD COLUMN extra INTEGER", "has column extra of shop besides"),
        ("ALTER TABLE shop RENAME COLUMN name TO called", "lacks column name of shop"),
        ("CREATE INDEX ix_shop_name ON shop (name)", "ix_shop_name"),
    ],
)
def test_a_change_by_hand_is_found(change: str, words: str, fleet: Fleet) -> None:
    """At the one target that has it."""
    fleet.upgrade()
    fleet.rows("mall-2", change)
    drift = _drift(fleet)
    assert set(drift.differing) == {"mall-2"}
    assert any(words in sentence for sentence in drift.differing["mall-2"]), drift.differing
    assert "1 of 3: " in drift.told()[0]


@pytest.mark.parametrize("kind", DATABASES)
def test_equal_findings_are_grouped(kind: str, tmp_path: Path) -> None:
    """The one that most targets have comes first; those at another revision are not compared."""
    with making_fleet(kind, 4, tmp_path) as fleet:
        fleet.revision("r1", CREATE_SHOP)
        fleet.revision("r2", CREATE_GOODS)
        fleet.upgrade()
        on = " ON goods" if kind == "mysql" else ""
        for name in ("mall-1", "mall-2"):
            fleet.rows(name, f"DROP INDEX ix_goods_price{on}")
        fleet.rows("mall-2", "ALTER TABLE goods ADD COLUMN weight INTEGER")
        fleet.rows("mall-4", "UPDATE alembic_version SET version_num = 'r1'")
        told = _drift(fleet).told()
    assert told[0].startswith("2 of 4: lacks index ix_goods_price of goods")
    assert told[1] == "    mall-1, mall-2"
    assert told[2].startswith("1 of 4: has column weight of goods besides")
    assert told[4:] == [
        "mall-4: at r1, so not compared",
        "4 targets: 1 as the revisions build them, 2 different, 1 at another revision",
    ]


def test_one_that_cannot_be_read_is_said(sqlite_fleet: Fleet) -> None:
    """The others are compared."""
    sqlite_fleet.upgrade()
    Path(str(sqlite_fleet.targets[1].address.database)).write_bytes(b"this is no database file" * 100)
    drift = _drift(sqlite_fleet)
    assert set(drift.unread) == {"mall-2"}
    assert "not a database" in drift.unread["mall-2"]
    assert not drift.ok

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


# What a revision makes, what somebody does then, and what is said of it.
BESIDE_TABLES = {
    "sqlite": [
        ("CREATE VIEW cheap AS SELECT id FROM goods", "DROP VIEW cheap", "lacks view cheap: CREATE VIEW cheap AS"),
        ("SELECT 1", "CREATE VIEW dear AS SELECT id FROM goods", "has the view dear besides"),
    ],
    "postgresql": [
        ("CREATE VIEW cheap AS SELECT id FROM goods", "DROP VIEW cheap", "lacks view cheap: SELECT"),
        ("SELECT 1", "CREATE MATERIALIZED VIEW dear AS SELECT id FROM goods", "has the view dear besides"),
        (
            "CREATE FUNCTION plus(i int) RETURNS int LANGUAGE sql AS $$ SELECT i + 1 $$",
            "CREATE OR REPLACE FUNCTION plus(i int) RETURNS int LANGUAGE sql AS $$ SELECT i + 2 $$",
            "function plus(integer) is CREATE OR REPLACE FUNCTION plus(i integer) RETURNS integer LANGUAGE sql AS "
            "$function$ SELECT i + 2 $function$, not CREATE",
        ),
        (
            "CREATE SEQUENCE numbers START 5",
            "ALTER SEQUENCE numbers INCREMENT 2",
            "sequence numbers is bigint from 5 by 2 between 1 and 9223372036854775807, not bigint from 5 by 1",
        ),
        (
            "CREATE DOMAIN price AS numeric(10, 2) CHECK (VALUE > 0)",
            "ALTER DOMAIN price SET NOT NULL",
            "domain price is numeric(10,2) NOT NULL CHECK",
        ),
        ("ALTER TABLE goods ENABLE ROW LEVEL SECURITY", "SELECT 1", ""),
        ("SELECT 1", "ALTER TABLE goods FORCE ROW LEVEL SECURITY", "row security of goods is forced, not enabled"),
        ("CREATE POLICY own ON goods USING (true)", "DROP POLICY own ON goods", "lacks policy own of goods"),
    ],
    "mysql": [
        (
            "CREATE VIEW cheap AS SELECT id FROM goods",
            "CREATE OR REPLACE VIEW cheap AS SELECT price FROM goods",
            "view cheap is select `goods`.`price` AS `price` from `goods`, not select `goods`.`id`",
        ),
        (
            "CREATE FUNCTION plus(i INT) RETURNS INT RETURN i + 1",
            "DROP FUNCTION plus",
            "lacks function plus: (IN i int",
        ),
        ("SELECT 1", "CREATE PROCEDURE nothing(OUT i INT) SET i = 1", "has the procedure nothing besides"),
        (
            "CREATE TRIGGER f BEFORE INSERT ON goods FOR EACH ROW SET @a = 1",
            "DROP TRIGGER f",
            "lacks trigger f of goods",
        ),
        ("CREATE SEQUENCE numbers START WITH 5", "DROP SEQUENCE numbers", "lacks sequence numbers: CREATE SEQUENCE"),
    ],
}


@pytest.mark.parametrize("kind", DATABASES)
def test_what_lies_beside_tables_is_compared(kind: str, tmp_path: Path) -> None:
    """Views, functions, sequences, domains and policies: one that is there besides, is another, or is missing."""
    made, changed, words = zip(*BESIDE_TABLES[kind], strict=True)
    with making_fleet(kind, 2, tmp_path) as fleet:
        fleet.revision("r1", CREATE_GOODS)
        fleet.revision("r2", "\n".join(f"op.execute({statement!r})" for statement in made))
        assert fleet.upgrade()[0].ok
        for statement in changed:
            fleet.rows("mall-2", statement)
        drift = _drift(fleet)
    assert set(drift.differing) == {"mall-2"}
    told = drift.differing["mall-2"]
    assert all(any(sentence.startswith(each) for sentence in told) for each in words), told
    assert len(told) == len(list(filter(None, words))), told


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

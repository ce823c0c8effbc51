"""PostgreSQL is told how to convert, where it does not by itself."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import (
    ARRAY,
    JSON,
    Boolean,
    Column,
    Date,
    DateTime,
    Enum,
    Float,
    Integer,
    Interval,
    LargeBinary,
    MetaData,
    Numeric,
    String,
    Table,
    Uuid,
    make_url,
)
from sqlalchemy import text as sql
from sqlalchemy.dialects import mysql
from sqlalchemy.dialects.postgresql import CIDR, INET, INT4RANGE, INT8RANGE, JSONB, MONEY, TSRANGE, TSTZRANGE
from support.lab import Lab
from support.models import column


def models(*columns: Column[Any]) -> MetaData:
    """Return a table with columns."""
    metadata = MetaData()
    Table("thing", metadata, Column("id", Integer, primary_key=True), *columns)
    return metadata


def test_types_of_other_kinds(lab_postgresql: Lab) -> None:
    """Where a default is in the way, too, and back; where it converts by itself, it is told nothing."""
    lab = lab_postgresql
    lab.change(
        models(
            Column("size", String(9), server_default="12", nullable=False),
            Column("done", Integer, server_default="1", nullable=False),
            Column("born", String),
            Column("code", String(9)),
        )
    )
    before = lab.schema()
    lab.rows("INSERT INTO thing (id, size, born, code) VALUES (1, '41', '2026-01-05', 'x')")
    lab.rows("INSERT INTO thing (id, done) VALUES (2, 0)")
    changed = models(
        Column("size", Integer, server_default="12", nullable=False),
        Column("done", Boolean, server_default=sql("true"), nullable=False),
        Column("born", Date),
        Column("code", String(19)),
    )
    assert "thing.done becomes Boolean(), which has no value but true and false" in lab.refused(changed)
    upgrade, _, downgrade = lab.change(changed, "allow-drop=thing.done").partition("def downgrade")
    assert upgrade.count("  # destroys data") == 1
    assert [using in upgrade for using in ("size::", "done <> 0", "born::", "code::")] == [True, True, True, False]
    assert downgrade.count("postgresql_using") == downgrade.count("postgresql_using='done::INTEGER'") == 1
    lab.rows("INSERT INTO thing (id) VALUES (3)")
    query = "SELECT id, size, done, born FROM thing ORDER BY id"
    assert lab.rows(query) == [(1, 41, True, date(2026, 1, 5)), (2, 12, False, None), (3, 12, True, None)]
    lab.downgrade()
    assert lab.schema() == before
    assert lab.rows(query) == [(1, "41", 1, "2026-01-05"), (2, "12", 0, None), (3, "12", 1, None)]


def test_a_time_zone_and_an_array(lab_postgresql: Lab) -> None:
    """A time is taken for UTC, whatever the session's time zone is; a value becomes an array of one."""
    lab = lab_postgresql
    lab.rows(f"ALTER DATABASE {make_url(lab.url).database} SET timezone = 'Asia/Seoul'")
    lab.change(models(Column("seen", DateTime), Column("tags", String(9))))
    before = lab.schema()
    lab.rows("INSERT INTO thing (id, seen, tags) VALUES (1, '2026-01-05 03:04:05', 'x'), (2, NULL, NULL)")
    lab.change(models(Column("seen", DateTime(timezone=True)), Column("tags", ARRAY(String(9)))))
    query = "SELECT seen AT TIME ZONE 'UTC', tags FROM thing ORDER BY id"
    assert lab.rows(query) == [(datetime(2026, 1, 5, 3, 4, 5), ["x"]), (None, None)]
    lab.downgrade()
    assert lab.schema() == before
    assert lab.rows("SELECT seen, tags FROM thing ORDER BY id") == [(datetime(2026, 1, 5, 3, 4, 5), "x"), (None, None)]


def test_arrays_and_json(lab_postgresql: Lab) -> None:  # C19
    """Nothing is lost and nothing asked: an array becomes a JSON array, and elements get another type."""
    lab = lab_postgresql
    lab.change(models(column("tags", ARRAY(String)), column("sizes", ARRAY(String)), column("raw", JSON)))
    before = lab.schema()
    lab.rows("INSERT INTO thing VALUES (1, ARRAY['a', NULL, ':b'], ARRAY['1', '2'], '[1]'), (2, NULL, NULL, NULL)")
    changed = models(column("tags", JSONB), column("sizes", ARRAY(Integer)), column("raw", JSONB))
    text = lab.change(changed)
    assert "postgresql_using='to_jsonb(tags)'" in text
    query = "SELECT tags, sizes, raw FROM thing ORDER BY id"
    assert lab.rows(query) == [(["a", None, ":b"], [1, 2], [1]), (None, None, None)]
    lab.rows("UPDATE thing SET tags = NULL")
    lab.downgrade()
    assert lab.schema() == before
    lab.upgrade()


ARRAYS: list[tuple[Any, Any, str]] = [
    (ARRAY(Integer), JSONB(), "ARRAY[1, 2, NULL]"),
    (ARRAY(Integer), JSONB(), "NULL"),
    (ARRAY(Integer), JSON(), "ARRAY[]::integer[]"),
    (ARRAY(Integer, dimensions=2), JSONB(), "ARRAY[[1, 2], [3, 4]]"),
    (ARRAY(String(20)), JSON(), """ARRAY['a b', 'it''s', '[x]', E'a\\nb', 'q"', NULL, 'NULL', '{', 'ä']"""),
    (ARRAY(DateTime), JSONB(), "ARRAY['2026-01-01 10:00:00.5'::timestamp]"),
    (ARRAY(Enum("a", "b", name="kind")), JSONB(), "ARRAY['a', 'b']::kind[]"),
    (ARRAY(LargeBinary), JSONB(), "ARRAY[decode('01ff', 'hex')]"),
]


@pytest.mark.parametrize(("array", "json", "value"), ARRAYS)
def test_an_array_comes_back_from_json(lab_postgresql: Lab, array: Any, json: Any, value: str) -> None:
    """Each of its elements, whatever is in it."""
    lab = lab_postgresql
    lab.change(models(column("a", array)))
    lab.rows(f"INSERT INTO thing VALUES (1, {value})")
    before = lab.rows("SELECT * FROM thing")
    lab.change(models(column("a", json)))
    lab.downgrade()
    assert lab.rows("SELECT * FROM thing") == before
    lab.upgrade()


def test_json_that_is_no_list(lab_postgresql: Lab) -> None:
    """A single value becomes an array of one; an object is none, which is said before anything is written."""
    lab = lab_postgresql
    lab.change(models(column("a", JSONB)))
    lab.rows("INSERT INTO thing VALUES (1, '7'), (2, '[1, 2]'), (3, 'null'), (4, NULL)")
    lab.change(models(column("a", ARRAY(Integer))))
    assert lab.rows("SELECT a FROM thing ORDER BY id") == [([7],), ([1, 2],), (None,), (None,)]
    lab.downgrade()
    lab.rows("UPDATE thing SET a = '{\"b\": 1}' WHERE id = 1")
    for path in sorted(lab.versions.glob("*_change_2.py")):
        path.unlink()
    assert "cannot convert a value that it has" in lab.refused(models(column("a", ARRAY(Integer))))


def test_numbers_and_durations(lab_postgresql: Lab) -> None:  # C19
    """A duration has seconds; a uuid and an enum are texts."""
    lab = lab_postgresql
    kinds = Enum("new", "used", name="state")
    lab.change(models(column("wait", Numeric), column("token", String(36)), column("state", String(9))))
    token = "6e8b3b1c-0000-4000-8000-000000000001"
    lab.rows(f"INSERT INTO thing VALUES (1, 90.5, '{token}', 'used')")
    lab.change(models(column("wait", Interval), column("token", Uuid), column("state", kinds)))
    query = "SELECT extract(epoch FROM wait), token::text, state::text FROM thing"
    assert lab.rows(query) == [(Decimal("90.5"), token, "used")]
    lab.downgrade()
    assert lab.rows("SELECT * FROM thing") == [(1, Decimal("90.5"), token, "used")]
    lab.upgrade()


@pytest.mark.parametrize(("old", "new"), [(String(9), Integer()), (String(9), Date()), (String(9), Numeric(5, 2))])
def test_what_cannot_be_converted(lab: Lab, old: Any, new: Any) -> None:
    """Is said before anything is written, and no value is in the sentence. SQLite takes it, and asks."""
    lab.change(models(column("code", old)))
    lab.rows("INSERT INTO thing VALUES (1, '1x9'), (2, NULL)")
    message = lab.refused(models(column("code", new)))
    if lab.engine.dialect.name == "sqlite":
        assert "thing.code becomes" in message
        what = "may be unreadable" if isinstance(new, Date) else "would be lost"
        assert f"Here, 1 value {what}: SELECT code FROM thing WHERE code IS NOT NULL AND" in message
        return
    assert "thing.code becomes" in message
    assert "the database cannot convert a value that it has (" in message
    assert "1x9" not in message
    lab.rows("UPDATE thing SET code = NULL")
    lab.change(models(column("code", new)))
    lab.downgrade()
    lab.upgrade()


CANNOT = "the database cannot convert a value that it has"


@pytest.mark.parametrize(
    ("old", "new", "value", "words"),
    [
        (
            Uuid(),
            Integer(),
            "6e8b3b1c-0000-4000-8000-000000000001",
            "which the database does not make of UUID() (Cannot cast 'uuid' as 'int' in assignment of {})",
        ),
        (String(9), Date(), "1x9", f"{CANNOT} (Incorrect date value: ... for column {{}} at row 1)"),
        (String(9), mysql.SET("a"), "1x9", f"{CANNOT} (Data truncated for column {{}} at row 1)"),
    ],
)
def test_what_mariadb_says_of_a_value(lab_mysql: Lab, old: Any, new: Any, value: str, words: str) -> None:
    """It is told without its number, and with the name of the column."""
    lab_mysql.change(models(column("code", old)))
    lab_mysql.rows(f"INSERT INTO thing VALUES (1, '{value}')")
    told = lab_mysql.refused(models(column("code", new)))
    assert f"{words.format('thing.code')}." in told


def test_a_script_has_single_percent_signs(lab_postgresql: Lab) -> None:
    """In the name of a column too: nobody unescapes what a client reads."""
    lab = lab_postgresql
    for type_ in (String(20), Integer()):
        models = MetaData()
        Table("t", models, Column("id", Integer, primary_key=True), Column("100%", type_))
        lab.change(models)
    assert 'USING "100%"::INTEGER' in lab.sql()


@pytest.mark.parametrize("type_", [Numeric, Numeric(12, 2), Integer, Float])
def test_an_amount_of_money(lab_postgresql: Lab, type_: Any) -> None:
    """It is a number without its currency, up and down."""
    lab_postgresql.change(models(Column("a", MONEY)))
    lab_postgresql.rows("INSERT INTO thing VALUES (1, 1234::money)")
    lab_postgresql.change(models(Column("a", type_)))
    assert lab_postgresql.rows("SELECT a::int FROM thing") == [(1234,)]
    lab_postgresql.downgrade()
    assert lab_postgresql.rows("SELECT a::numeric::int FROM thing") == [(1234,)]


@pytest.mark.parametrize(
    ("old", "new", "value"),
    [
        (Uuid(), LargeBinary(16), "'00000000-0000-4000-8000-0000000000ff'"),
        (TSRANGE(), TSTZRANGE(), "'[2026-01-05 10:00:00,2026-01-06 10:00:00]'"),
        (TSTZRANGE(), TSRANGE(), "'(2026-01-05 10:00:00+09,)'"),
        (TSRANGE(), TSTZRANGE(), "'empty'"),
        (INET(), CIDR(), "'10.0.0.0/8'"),
        (INT4RANGE(), INT8RANGE(), "'[1,5)'"),
    ],
)
def test_there_and_back(lab_postgresql: Lab, old: Any, new: Any, value: str) -> None:
    """A value is what it was, whatever the session's time zone is."""
    lab = lab_postgresql
    lab.rows(f"ALTER DATABASE {make_url(lab.url).database} SET timezone = 'Asia/Seoul'")
    lab.change(models(Column("a", old)))
    lab.rows(f"INSERT INTO thing VALUES (1, {value}), (2, NULL)")
    before = lab.rows("SELECT a::text FROM thing ORDER BY id")
    lab.change(models(Column("a", new)))
    if isinstance(new, LargeBinary):
        assert lab.rows("SELECT length(a) FROM thing ORDER BY id") == [(16,), (None,)]
    lab.downgrade()
    assert lab.rows("SELECT a::text FROM thing ORDER BY id") == before

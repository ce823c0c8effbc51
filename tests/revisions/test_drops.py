"""What downgrades lose."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Integer, String
from support.models import dialect_of
from support.revisions import load, revision

from alembic_proof.revisions.actions import actions
from alembic_proof.revisions.drops import Drop, DropReader


def dropped(*paths: Path) -> list[Drop]:
    """Return what the downgrades of revisions drop, one after the other."""
    dialect = dialect_of("sqlite")
    reader = DropReader(dialect)
    for path in paths:
        reader.read(path.name, actions(load(path), "downgrade", dialect))
    return reader.drops


LINE = Drop("r1.py:17")  # something that this line leaves open


@pytest.mark.parametrize(
    ("downgrade", "drops"),
    [
        ("op.drop_table('old')", [Drop("old", "old")]),
        ("op.drop_table('old', schema='s')", [Drop("s.old", "s.old")]),
        ("op.drop_table('100%')", [Drop("100%", "100%")]),
        ("op.drop_column('a (b)', '5%')", [Drop("a (b).5%", "a (b)", "5%")]),
        ("op.drop_column('old', 'x')", [Drop("old.x", "old", "x")]),
        ("op.drop_column(column_name='x', table_name='old')", [Drop("old.x", "old", "x")]),
        ("with op.batch_alter_table('old') as b: b.drop_column('x')", [Drop("old.x", "old", "x")]),
        ("with op.batch_alter_table('old', schema='s') as b: b.drop_column('x')", [Drop("s.old.x", "s.old", "x")]),
        ("with op.batch_alter_table('old') as b: b.add_column(sa.Column('z', sa.Integer()))", []),
        ("op.execute('DROP TABLE old')", [Drop("old", "old")]),
        ("op.execute(sa.text('drop table if exists old ;'))", [Drop("old", "old")]),
        ("op.execute('DROP TABLE a, b CASCADE')", [Drop("a", "a"), Drop("b", "b")]),
        ("op.execute('SELECT 1; TRUNCATE \"old\"')", [Drop("old", "old")]),
        ("op.execute('TRUNCATE TABLE ONLY old')", [Drop("old", "old")]),
        ("op.execute('DELETE FROM old')", [Drop("old", "old")]),
        ("op.execute('DELETE FROM old WHERE id > 5')", []),
        ("op.execute('ALTER TABLE OLD DROP X')", [Drop("OLD.X", "OLD", "X")]),
        ("op.execute('ALTER TABLE old DROP COLUMN IF EXISTS x')", [Drop("old.x", "old", "x")]),
        ("op.execute('ALTER TABLE old DROP x, DROP y')", [Drop("old.x", "old", "x"), Drop("old.y", "old", "y")]),
        ("op.execute('ALTER TABLE old DROP CONSTRAINT c, DROP PRIMARY KEY')", []),
        ("op.execute('-- DROP TABLE old')", []),
        ("op.rename_table('old', 'new'); op.drop_table('new')", [Drop("old", "old")]),
        ("op.rename_table('a', 'b', schema='s'); op.drop_table('b', schema='s')", [Drop("s.a", "s.a")]),
        ("op.execute('ALTER TABLE old RENAME TO new'); op.drop_column('new', 'x')", [Drop("old.x", "old", "x")]),
        ("op.alter_column('o', 'x', new_column_name='y'); op.drop_column('o', 'y')", [Drop("o.x", "o", "x")]),
        ("op.execute('ALTER TABLE o RENAME x TO y'); op.drop_column('o', 'y')", [Drop("o.x", "o", "x")]),
        ("for name in ('old',): op.drop_table(name)", [Drop("old", "old")]),
        ("op.drop_column('old', COLUMN)", [Drop("old.x", "old", "x")]),
        ("op.execute(f'DROP TABLE {OLD}')", [Drop("old", "old")]),
        ("op.execute(sa.delete(sa.table('old')))", [Drop("old", "old")]),
        ("op.execute(sa.delete(sa.table('old')).where(sa.column('id') > 5))", []),
        ("helper('old')", [Drop("old", "old")]),
        ("open('f'); op.drop_column('old', COLUMN)", [Drop("old.x", "old", "x")]),
        ("name = open('f').name; op.drop_table(name)", [LINE]),
        ("name = open('f').name; op.drop_column('old', name)", [LINE]),
        ("name = open('f').name; op.execute(f'DROP TABLE {name}old')", [LINE]),
        ("name = open('f').name; op.execute('DROP TABLE %s' % name)", [LINE]),
        ("'''DROP TABLE old'''", []),
        ("op.drop_index('ix', 'old')", []),
    ],
)
def test_what_a_downgrade_drops(tmp_path: Path, downgrade: str, drops: list[Drop]) -> None:
    """However it is written, by the names that tables and columns have now."""
    assert dropped(revision(tmp_path, downgrade, upgrade="op.drop_table('something else')")) == drops


def test_one_revision_renames_what_the_next_one_drops(tmp_path: Path) -> None:
    """They are read in the order in which they run."""
    first = revision(tmp_path, "op.rename_table('a', 'b')\nop.alter_column('b', 'x', new_column_name='y')")
    second = revision(tmp_path, "op.drop_column('b', 'y')\nop.drop_table('b')", name="r0.py")
    assert dropped(first, second) == [Drop("a.x", "a", "x"), Drop("a", "a")]


@pytest.mark.parametrize("before", ["", "open('f')\n"])
def test_a_type_that_changes(tmp_path: Path, before: str) -> None:
    """With the operation, which has the types; by the name that the column has now."""
    rename = "op.alter_column('t', 'x', new_column_name='y')"
    change = "op.alter_column('t', 'y', existing_type=sa.String(), type_=sa.Integer())"
    (drop,) = dropped(revision(tmp_path, f"{before}{rename}\n{change}"))
    assert (drop.name, drop.table, drop.column) == ("t.x", "t", "x")
    assert drop.retyped is not None
    assert isinstance(drop.retyped.modify_type, Integer)
    assert isinstance(drop.retyped.existing_type, String)

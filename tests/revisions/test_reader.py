"""What revisions do, read from their source."""

from __future__ import annotations

import ast
from pathlib import Path
from textwrap import indent

import pytest

from alembic_proof.revisions.reader import UNKNOWN, Drop, DropReader, constants, created_tables, operations

HEAD = '"""Drop table book; it is only said here."""\nrevision = "r1"\n'


def revision(directory: Path, downgrade: str, upgrade: str = "pass", name: str = "r1.py") -> Path:
    """Write a revision; its downgrade begins in line 6."""
    bodies = (indent(upgrade, "    "), indent(downgrade, "    "))
    path = directory / name
    path.write_text(HEAD + "def upgrade():\n{}\ndef downgrade():\n{}\n".format(*bodies), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("code", "name", "table", "texts"),
    [
        ("op.drop_table('t')", "drop_table", "t", {}),
        ("op.drop_table(table_name='t', schema='s')", "drop_table", "s.t", {}),
        ("op.drop_table('t', schema=None)", "drop_table", "t", {"schema": None}),
        ("op.drop_table(name)", "drop_table", UNKNOWN, {}),
        ("op.drop_column('t', 'c')", "drop_column", "t", {"column_name": "c"}),
        ("op.drop_column('t', column_name=c)", "drop_column", "t", {"column_name": UNKNOWN}),
        ("op.drop_column(*both)", "drop_column", UNKNOWN, {"column_name": None}),
        ("op.alter_column('t', 'c', new_column_name='d')", "alter_column", "t", {"new_column_name": "d"}),
        ("op.add_column('t', sa.Column('c', sa.Integer()), schema='s')", "add_column", "s.t", {}),
    ],
)
def test_an_operation(code: str, name: str, table: str, texts: dict[str, str | None]) -> None:
    """Its arguments by their names, wherever they stand."""
    operation = next(operation for operation in operations(ast.parse(code)) if operation.name == name)
    assert operation.table == table
    assert {argument: operation.text(argument) for argument in texts} == texts


BATCHES = """
with op.batch_alter_table('a', schema='s') as batch, op.batch_alter_table('b') as other:
    batch.drop_column('x')
    other.drop_column('y')
    op.drop_column('c', 'z')
with op.batch_alter_table('d') as batch:
    batch.drop_column(column_name='w')
batch.drop_column('of nothing')
"""


def test_operations_of_a_batch_have_its_table() -> None:
    """As long as the batch lasts."""
    found = [one for one in operations(ast.parse(BATCHES)) if one.name == "drop_column"]
    assert {(one.table, one.text("column_name")) for one in found} == {
        ("s.a", "x"),
        ("b", "y"),
        ("c", "z"),
        ("d", "w"),
        ("of nothing", None),
    }


def test_constants() -> None:
    """Literals only, however they are assigned."""
    source = "a = 1\nb: str = 'x'\nc = d = ('y', None)\ne = f()\nf: int\ndef g():\n    h = 1\n"
    assert constants(ast.parse(source)) == {"a": 1, "b": "x", "c": ("y", None), "d": ("y", None)}


@pytest.mark.parametrize(
    ("upgrade", "tables"),
    [
        ("op.create_table('t', sa.Column('id', sa.Integer()))", {(None, "t")}),
        ("op.create_table('t', schema='s')", {("s", "t")}),
        ("op.create_table('t', schema='public')", {(None, "t")}),
        ("op.create_table(table_name='t')", {(None, "t")}),
        ("op.rename_table('t', 'u')", {(None, "u")}),
        ("op.rename_table('t', 'u', schema='s')", {("s", "u")}),
        ("op.create_table(name)", set()),
        ("op.drop_table('t')", set()),
        ("op.execute('CREATE TABLE t (id INT)')", set()),
    ],
)
def test_created_tables(tmp_path: Path, upgrade: str, tables: set[tuple[str | None, str]]) -> None:
    """By the names that they have afterwards."""
    assert created_tables(revision(tmp_path, "pass", upgrade)) == tables


LINE = Drop("r1.py:6")  # something that this line leaves open


@pytest.mark.parametrize(
    ("downgrade", "drops"),
    [
        ("op.drop_table('old')", [Drop("old", "old")]),
        ("op.drop_table('old', schema='s')", [Drop("s.old", "s.old")]),
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
        ("for name in ('old',): op.drop_table(name)", [LINE]),
        ("op.drop_column('old', name)", [LINE]),
        ("op.execute(f'DROP TABLE {name}old')", [LINE]),
        ("op.execute('DROP TABLE %s' % name)", [LINE]),
        ("'''DROP TABLE old'''", []),
        ("op.drop_index('ix', 'old')", []),
    ],
)
def test_what_a_downgrade_drops(tmp_path: Path, downgrade: str, drops: list[Drop]) -> None:
    """However it is written, by the names that tables and columns have now."""
    reader = DropReader()
    reader.read(revision(tmp_path, downgrade, upgrade="op.drop_table('something else')"))
    assert reader.drops == drops


def test_one_revision_renames_what_the_next_one_drops(tmp_path: Path) -> None:
    """They are read in the order in which they run."""
    reader = DropReader()
    reader.read(revision(tmp_path, "op.rename_table('a', 'b')\nop.alter_column('b', 'x', new_column_name='y')"))
    reader.read(revision(tmp_path, "op.drop_column('b', 'y')\nop.drop_table('b')", name="r0.py"))
    assert reader.drops == [Drop("a.x", "a", "x"), Drop("a", "a")]

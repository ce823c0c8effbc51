"""What revisions do, read from their source."""

from __future__ import annotations

import ast

import pytest

from alembic_proof.revisions.reader import UNKNOWN, constants, operations


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

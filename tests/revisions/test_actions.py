"""What a revision does, told before it runs: exactly where that is safe, as it is written where not."""

from __future__ import annotations

import ast
import builtins
from pathlib import Path
from typing import Any

import pytest
from alembic import op
from alembic.operations.ops import AddColumnOp, CreateTableOp, ExecuteSQLOp, MigrateOperation
from support.models import dialect_of
from support.revisions import load, revision

from alembic_proof.revisions.actions import actions
from alembic_proof.revisions.safety import Examination, UnsafeError


def done(directory: Path, upgrade: str, dialect: str = "sqlite") -> list[MigrateOperation]:
    """Return what an upgrade does."""
    return [step.op for step in actions(load(revision(directory, "pass", upgrade)), "upgrade", dialect_of(dialect))]


def said(ops: list[MigrateOperation]) -> list[str]:
    """Return the operations as texts: their names, and what they are on."""
    texts = []
    for each in ops:
        names = ("schema", "table_name", "column_name", "new_table_name", "constraint_name", "index_name", "sqltext")
        values = [str(getattr(each, name)) for name in names if getattr(each, name, None) is not None]
        texts.append(f"{type(each).__name__.removesuffix('Op')} {' '.join(values)}")
    return texts


def tables(ops: list[MigrateOperation]) -> list[str]:
    """Return only what is done to tables: where a revision is not run, every text counts as SQL."""
    return [text for text in said(ops) if not text.startswith("ExecuteSQL")]


ID = "sa.Column('id', sa.Integer(), primary_key=True)"


@pytest.mark.parametrize(
    ("upgrade", "expected"),
    [
        (f"op.create_table('t', {ID}, schema=SCHEMA)", ["CreateTable crm t"]),
        (f"for name in ('a', 'b'):\n    op.create_table(f'{{name}}_t', {ID})", ["CreateTable a_t", "CreateTable b_t"]),
        ("helper('t')", ["DropTable t"]),
        ("for n in range(2): helper('t%d' % n)", ["DropTable t0", "DropTable t1"]),
        ("op.rename_table('a', '_'.join(['a', 'b']))", ["RenameTable a a_b"]),
        (
            "with op.batch_alter_table('t', schema='s') as batch_op:\n"
            "    batch_op.add_column(sa.Column('x', sa.Integer()))\n"
            "    batch_op.drop_column('y')\n"
            "    batch_op.create_index(batch_op.f('ix'), ['x'])",
            ["AddColumn s t", "DropColumn s t y", "CreateIndex s t ix"],
        ),
        ("with op.get_context().autocommit_block(): op.execute('VACUUM')", ["ExecuteSQL VACUUM"]),
        ("if op.get_bind().dialect.name == 'sqlite': op.execute('a')\nelse: op.execute('b')", ["ExecuteSQL a"]),
        ("bind = op.get_bind()\nif bind.dialect.name == 'mysql': op.execute('a')", []),
        (
            f"t = op.create_table('t', {ID})\nop.bulk_insert(t, [{{'id': n}} for n in range(3)])",
            ["CreateTable t", "BulkInsert "],
        ),
        ("t = sa.table('t', sa.column('x'))\nop.execute(t.update().where(t.c.x.is_(None)).values(x=1))", 1),
        ("op.execute(sa.text('SELECT :x').bindparams(x=sa.func.now()))", ["ExecuteSQL SELECT :x"]),
        ("op.create_check_constraint('ck', 't', sa.or_(sa.column('x') > 0, sa.column('x').is_(None)))", 1),
        ("op.add_column('t', sa.Column('at', sa.DateTime(), server_default=sa.func.now()))", ["AddColumn t"]),
    ],
)
def test_what_is_safe_is_known_exactly(tmp_path: Path, upgrade: str, expected: Any) -> None:
    """Loops, constants, f-strings, helpers of the same file, the dialect: by running them against a recorder."""
    script = load(revision(tmp_path, "pass", upgrade))
    Examination(ast.parse(Path(script.path).read_bytes()), script.module).require_safe("upgrade")
    found = said(done(tmp_path, upgrade))
    assert len(found) == expected if isinstance(expected, int) else found == expected


@pytest.mark.parametrize(
    "upgrade",
    [
        "open('f', 'w')",
        "print('x')",
        "op.get_bind().execute(sa.text('DELETE FROM t'))",
        "bind = op.get_bind()\nbind.execute(sa.text('x'))",
        "sa.create_engine('sqlite://')",
        "sa.inspect(op.get_bind())",
        "op.run_async(print)",
        "op.invoke(None)",
        "sa.Enum('a', name='k').create(op.get_bind())",
        "import os",
        "from os import system\nsystem('true')",
        "__import__('os')",
        "eval('1')",
        "exec('1')",
        "getattr(op, 'get_bind')()",
        "op.__class__",
        "().__class__.__base__.__subclasses__()",
        "globals()['op']",
        "METADATA.create_all(op.get_bind())",
        "sa.Table('t', METADATA, sa.Column('id'))",
        "while True: pass",
        "10 ** 10 ** 10",
        "try:\n    op.drop_table('t')\nexcept Exception:\n    pass",
        "f = op.drop_table\nf('t')",
        "(lambda: op.drop_table('t'))()",
        "class A: pass",
        "global OLD\nOLD = 'x'",
        "SHARED['a'] = 1",
        "sa.orm = 1",
        "for sa.orm in (1,): pass",
        "EXTERNAL()",
        "decorated()",
        "imported('x')",
        "with open('f') as file: pass",
        "assert op.get_bind()",
        "yield",
        "sa.event.listen(sa.engine.Engine, 'connect', print)",
        "op.context.configure()",
    ],
)
def test_what_might_touch_anything_is_not_run(tmp_path: Path, upgrade: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database, a file, the module's own state, code of others."""
    more = (
        "import functools\nfrom shutil import which as imported\nMETADATA = sa.MetaData()\nSHARED = {}\n"
        "EXTERNAL = functools.partial(print)\n@functools.cache\ndef decorated(): op.drop_table('t')\n"
    )
    path = revision(tmp_path, "pass", upgrade)
    path.write_text(path.read_text("utf-8").replace("def upgrade", f"{more}\ndef upgrade"), encoding="utf-8")
    script = load(path)
    monkeypatch.setattr(builtins, "print", lambda *_: pytest.fail("it ran"))
    with pytest.raises(UnsafeError):
        Examination(ast.parse(path.read_bytes()), script.module).require_safe("upgrade")
    actions(script, "upgrade", dialect_of("sqlite"))
    assert script.module.SHARED == {}
    assert not script.module.METADATA.tables


def test_as_it_is_written_where_it_is_not_safe(tmp_path: Path) -> None:
    """What needs no variable of the function is known even there."""
    upgrade = (
        f"open\nname = open(__file__).name\nop.create_table('t', {ID}, schema=SCHEMA)\n"
        f"op.create_table(f'{{OLD}}_2', {ID})\nop.create_table(name, {ID})\nop.execute('SELECT 1')"
    )
    created = [each for each in said(done(tmp_path, upgrade)) if "Create" in each]
    assert created == ["CreateTable crm t", "CreateTable old_2", "CreateTable ?"]
    assert [each.sqltext for each in done(tmp_path, upgrade) if isinstance(each, ExecuteSQLOp)][-1] == "SELECT 1"


def test_what_fails_is_read_as_it_is_written(tmp_path: Path) -> None:
    """An error is the revision's own affair, when it runs."""
    assert tables(done(tmp_path, "op.drop_table('a')\nraise_ = [][0]\nop.drop_table('b')")) == [
        "DropTable a",
        "DropTable b",
    ]
    assert tables(done(tmp_path, "op.drop_table()")) == ["DropTable ?"]
    endless = "for n in range(1000000): op.drop_table('t')"
    assert tables(done(tmp_path, endless)) == ["DropTable t"]


def test_alembics_own_op_is_left_alone(tmp_path: Path) -> None:
    """Nothing is installed: a command that runs meanwhile sees nothing of it, and a shared list is not changed."""
    before = dict(vars(op))
    (created,) = done(tmp_path, f"op.create_table('t', {ID})")
    assert isinstance(created, CreateTableOp)
    assert dict(vars(op)) == before
    (added,) = done(tmp_path, "op.add_column('t', sa.Column('x', sa.String(9)))")
    assert isinstance(added, AddColumnOp)
    assert repr(added.column.type) == "String(length=9)"


def test_the_line_of_each_step(tmp_path: Path) -> None:
    """That which says it, also where a helper does it."""
    script = load(revision(tmp_path, "op.drop_table('a')\nhelper('b')\nhelper(\n    'c')"))
    steps = actions(script, "downgrade", dialect_of("sqlite"))
    assert [step.line for step in steps] == [17, 11, 11]

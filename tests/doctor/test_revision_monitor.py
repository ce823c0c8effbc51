"""What a revision does besides its operations, observed while it runs, on SQLite."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.reports import outcomes
from support.written import Written

from alembic_proof.doctor.project import Project
from alembic_proof.doctor.revision_monitor import _is_about

MODELS = 'sa.Table("t", metadata, sa.Column("id", sa.Integer), sa.Column("x", sa.Integer))\n'
T = "op.create_table('t', sa.Column('id', sa.Integer()), sa.Column('x', sa.Integer()))"
# A table that the revision describes itself: otherwise the library keeps what it has.
COPY = "copy = sa.Table('t', sa.MetaData(), autoload_with=op.get_bind())\n"
REBUILD = f"{COPY}with op.batch_alter_table('t', copy_from=copy, recreate='always') as b:\n    pass"
BY_HAND = "\n".join(
    f"op.execute({sql!r})"
    for sql in ("CREATE TABLE u (id INTEGER, x INTEGER)", "DROP TABLE t", "ALTER TABLE u RENAME TO t")
)
DROP_X = "with op.batch_alter_table('t', recreate='always') as b:\n    b.drop_column('x')"
TRIGGER = "op.execute('CREATE TRIGGER audit AFTER DELETE ON t BEGIN DELETE FROM t; END')"
CHECKED = "op.execute('CREATE TABLE t (id INTEGER, x INTEGER CHECK (x > 0), CONSTRAINT c CHECK (id > 0))')"
UNFLUSHED = """\
from sqlalchemy.orm import Session, declarative_base
class T(declarative_base()):
    __tablename__ = 't'
    id = sa.Column(sa.Integer, primary_key=True)
session = Session(op.get_bind())
session.add(T(id=1))
"""
BLOCK = "with op.get_context().autocommit_block():\n    op.execute('PRAGMA user_version')"
OWN = "sa.create_engine('sqlite:///other.db').connect()"
AT_A_LINE = {
    "it goes on after an error (",
    "it commits or rolls back by itself",
    "it executes COMMIT",
    "it executes BEGIN",
    "autocommit_block() commits what comes before it",
}
HANDLED = "try:\n    op.execute('SELECT nope FROM t')\nexcept Exception:\n    op.get_bind().rollback()"
ENDS, REBUILT = "it commits or rolls back by itself", "rebuilding t loses "

# Two upgrades, and what is observed.
CASES: list[tuple[str, str, list[str]]] = [
    (T, "op.execute('UPDATE t SET x = 1')", []),
    (T, "op.get_bind().commit()", [ENDS]),
    (T, "op.get_bind().rollback()", [ENDS]),
    (
        T,
        HANDLED,
        [
            "it goes on after an error (",
        ],
    ),
    (T, f"{HANDLED}\n    raise", []),  # the error comes out
    (T, "op.execute('COMMIT')", ["it executes COMMIT"]),
    (T, "op.execute('  begin')", ["it executes BEGIN"]),
    (T, "op.execute('SAVEPOINT a')\nop.execute('ROLLBACK TO a')", []),
    (T, UNFLUSHED, ["a T that it adds to a Session is never flushed"]),
    (T, f"{UNFLUSHED}session.flush()", []),
    (T, OWN, ["opens a connection of its own, to sqlite: "]),
    (T, BLOCK, []),
    (T, f"op.execute('UPDATE t SET x = 1')\n{BLOCK}", ["autocommit_block() commits what comes before it"]),
    (f"{T}\n{TRIGGER}", REBUILD, [f"{REBUILT}audit: CREATE TRIGGER audit"]),
    (f"{T}\n{TRIGGER}", f"{REBUILD}\n{TRIGGER}", []),
    (f"{T}\n{TRIGGER}", "op.drop_table('t')", []),
    (f"{T}\nop.execute('CREATE INDEX lowered ON t (lower(x))')", REBUILD, [f"{REBUILT}lowered: CREATE INDEX lowered"]),
    (
        f"{T}\nop.execute('CREATE INDEX lowered ON t (x) WHERE x > 1')",
        REBUILD,
        [],  # Alembic copies it
    ),
    (f"{T}\nop.create_index('i', 't', ['x'])", REBUILD, []),
    (CHECKED, BY_HAND, [f"{REBUILT}a CHECK without a name of t"]),
    (CHECKED, "with op.batch_alter_table('t', recreate='always') as b:\n    pass", []),
    (CHECKED, DROP_X, []),
]


@pytest.mark.parametrize(("first", "second", "messages"), CASES, ids=range(len(CASES)))
def test_what_is_observed(tmp_path: Path, first: str, second: str, messages: list[str]) -> None:
    """With the line of the revision, where it is a statement."""
    written = Written(tmp_path / "shop", f"sqlite:///{tmp_path}/x.db", MODELS)
    written.chain({"a1": first, "b2": second})
    check = "revisions-leave-transactions-alone"
    findings = outcomes(Project(written.ini), check)[check].findings
    assert len(findings) == len(messages), findings
    for finding, message in zip(findings, messages, strict=True):
        assert message in finding.message
        assert finding.where.startswith("migrations/versions/b2.py")
        assert (":" in finding.where) == (message in AT_A_LINE)
    assert not (tmp_path / "x.db").exists()


@pytest.mark.parametrize(
    ("sql", "columns", "about"),
    [
        ("CREATE TABLE t (x INT CHECK (x > 0))", {"x"}, True),
        ("CREATE TABLE t (x INT CHECK (x > 0))", {"y"}, False),
        ("CREATE TABLE t (x INT CHECK (x > 0), CHECK (y > 0))", {"x"}, False),
        ("CREATE TABLE t (x INT CHECK (x > 0), CONSTRAINT c CHECK (y > 0))", {"x"}, True),
        ("CREATE TABLE t (x INT CHECK (xx > 0))", {"x"}, False),
        ("CREATE TRIGGER audit AFTER DELETE ON t BEGIN SELECT 1; END", {"x"}, False),
    ],
)
def test_what_a_check_is_about(sql: str, columns: set[str], about: bool) -> None:
    """Whether all without a name go with the columns."""
    assert _is_about(sql, columns) is about

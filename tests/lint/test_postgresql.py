"""What PostgreSQL locks, reads and rewrites is measured: a table of revisions that production would notice, or not."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

Chain = Callable[[dict[str, str]], None]
Lint = Callable[..., "tuple[int, str]"]

FILL = 'op.execute("UPDATE book SET rating = 1 WHERE rating IS NULL")'
AUTOCOMMIT = "with op.get_context().autocommit_block():\n    "

# By name a revision, and what its finding must contain.
LOUD = {
    "type": (
        'op.alter_column("book", "pages", type_=sa.BigInteger)',
        "rewrites book; meanwhile nobody can read or write book\n",
    ),
    "shorter": ('op.alter_column("book", "title", type_=sa.String(20))', "rewrites book"),
    "index": ('op.create_index("ix", "book", ["title"])', "reads all of book; meanwhile nobody can write book\n"),
    "index_alone": (f'{AUTOCOMMIT}op.create_index("ix2", "book", ["title"])', "meanwhile nobody can write book\n"),
    "unique": ('op.create_unique_constraint("uq", "book", ["title"])', "meanwhile nobody can read or write book\n"),
    "check": ('op.create_check_constraint("ck", "book", "pages > 0")', "meanwhile nobody can read or write book\n"),
    "foreign_key": (
        'op.create_foreign_key("fk", "book", "author", ["pages"], ["id"])',
        "reads all of book; meanwhile nobody can write author, book\n",
    ),
    "foreign_key_with_index": (
        'op.create_foreign_key("fk2", "book", "author", ["author_id"], ["id"])',
        "reads all of book; meanwhile nobody can write author, book\n",
    ),
    "new_key": (  # Alembic adds the foreign key in a second statement
        'op.add_column("book", sa.Column("c", sa.Integer, sa.ForeignKey("author.id")))',
        "nobody can read or write book and nobody can write author\n",
    ),
    "not_null": ('op.alter_column("book", "title", nullable=False)', "'the_column IS NOT NULL'"),
    "default_by_row": (
        'op.add_column("book", sa.Column("lot", sa.Float, server_default=sa.text("random()")))',
        "without a default that differs from row to row",
    ),
    "serial": ('op.execute("ALTER TABLE book ADD COLUMN number SERIAL")', "rewrites book"),
    "three_steps": (
        f'op.add_column("book", sa.Column("rating", sa.Integer))\n{FILL}\n'
        'op.alter_column("book", "rating", nullable=False)',
        "reads all of book; meanwhile nobody can read or write book, locked since line 10\n",
    ),
    "validated_at_once": (
        'op.create_check_constraint("ck2", "book", "pages > 0", postgresql_not_valid=True)\n'
        'op.execute("ALTER TABLE book VALIDATE CONSTRAINT ck_book_ck2")',
        "the same in a revision of its own",
    ),
    "another_table": (
        'op.add_column("author", sa.Column("born", sa.Integer))\nop.execute("UPDATE book SET pages = 1")',
        "reads all of book; meanwhile nobody can read or write author, locked since line 10\n",
    ),
    "reindex": ('op.execute("REINDEX TABLE book")', "REINDEX ... CONCURRENTLY"),
    "required": ('op.add_column("book", sa.Column("must", sa.Integer, nullable=False))', "fails if the table has rows"),
    "cascade": ('op.execute("TRUNCATE author CASCADE")', "this empties every table that refers to it"),
    "renamed": ('op.alter_column("book", "pages", new_column_name="length")', "uses the old name"),
    "renamed_and_indexed": (
        'op.rename_table("book", "tome")  # breaks book\nop.create_index("ix3", "tome", ["title"])\n'
        'op.rename_table("tome", "book")  # breaks tome',
        "reads all of tome; meanwhile nobody can read or write tome, locked since line 10\n",
    ),
    "renamed_table": ('op.rename_table("author", "writer")', "a comment in the revision: # breaks author"),
}
QUIET = {
    "nothing": "pass",
    "nullable": 'op.add_column("book", sa.Column("rating", sa.Integer))',
    "fill": FILL,
    "constant": 'op.add_column("book", sa.Column("a", sa.Integer, server_default="3", nullable=False))',
    "now": 'op.add_column("book", sa.Column("b", sa.DateTime, server_default=sa.func.now(), nullable=False))',
    "wider": 'op.alter_column("book", "title", type_=sa.String(300))',
    "text": 'op.alter_column("book", "title", type_=sa.Text)',
    "nullable_key": 'op.execute("ALTER TABLE book ADD COLUMN c INTEGER REFERENCES author (id)")',
    "new_table": 'op.create_table("shelf", sa.Column("id", sa.Integer, primary_key=True), sa.Column("book_id", '
    'sa.Integer, sa.ForeignKey("book.id")), sa.Column("x", sa.Integer))\n'
    'op.create_index("ix_shelf", "shelf", ["x"])\n'
    'op.create_unique_constraint("uq_shelf", "shelf", ["x"])\n'
    'op.execute("UPDATE shelf SET x = 1")\n'
    'op.alter_column("shelf", "x", nullable=False)\n'
    'op.alter_column("shelf", "x", new_column_name="y")',
    "concurrently": f'{AUTOCOMMIT}op.create_index("ix", "book", ["title"], postgresql_concurrently=True)',
    "concurrently_unique": f'{AUTOCOMMIT}op.create_index("uq", "book", ["a"], unique=True, '
    "postgresql_concurrently=True)",
    "unique_by_index": 'op.execute("ALTER TABLE book ADD CONSTRAINT uq UNIQUE USING INDEX uq")',
    "not_valid": 'op.create_check_constraint("ck", "book", "pages IS NOT NULL", postgresql_not_valid=True)\n'
    'op.create_foreign_key("fk", "book", "author", ["pages"], ["id"], postgresql_not_valid=True)',
    "valid": 'op.execute("ALTER TABLE book VALIDATE CONSTRAINT ck_book_ck")\n'
    'op.execute("ALTER TABLE book VALIDATE CONSTRAINT fk")',
    "not_null": 'op.alter_column("book", "pages", nullable=False)',
    "seed": 'op.execute("INSERT INTO author (id) VALUES (1)")\n'
    'op.execute("INSERT INTO book (id, pages) VALUES (7, 1)")\n'
    'op.execute("ANALYZE book")',
    "one_row": 'op.add_column("author", sa.Column("d", sa.Integer))\n'
    'op.execute("UPDATE book SET pages = 1 WHERE id = 7")',
    "default": 'op.alter_column("book", "pages", server_default="3")',
    "null": 'op.alter_column("book", "pages", nullable=True)',
    "drop_index": 'op.drop_index("ix")',
    "drop_column": 'op.drop_column("book", "title")  # destroys data',
    "truncate": 'op.execute("TRUNCATE shelf")',
    "enum": f"{AUTOCOMMIT}op.execute(\"CREATE TYPE mood AS ENUM ('a')\")",
    "enum_label": f"{AUTOCOMMIT}op.execute(\"ALTER TYPE mood ADD VALUE 'b'\")",
    "vacuum": f'{AUTOCOMMIT}op.execute("VACUUM book")',
    "drop_table": 'op.drop_table("shelf")  # destroys data',
}


def test_what_makes_production_wait_is_found(chain: Chain, run: Lint, postgresql: str) -> None:
    """With its line, what would be noticed, the safe way, and the comment that lets it pass."""
    chain({name: upgrade for name, (upgrade, _) in LOUD.items()})
    code, output = run(postgresql)
    assert code == 1, output
    findings = dict.fromkeys(LOUD, "")
    for text in re.split(r"^(?=migrations)", output, flags=re.MULTILINE)[1:]:
        findings[Path(text.partition(":")[0]).stem] += text
    assert {name for name, (_, words) in LOUD.items() if words not in findings.get(name, "")} == set(), output
    assert all("\n    instead: " in text and "comment in the revision: # " in text for text in findings.values())
    assert re.findall(r"three_steps\.py:(\d+):", output) == ["11", "12"]


def test_what_nobody_notices_is_no_finding(chain: Chain, run: Lint, postgresql: str) -> None:
    """The safe ways, new tables, and what needs a strong lock for a moment only."""
    chain(QUIET)
    code, output = run(postgresql)
    assert code == 0, output
    assert f"0 findings in {output.split()[3]} statements of {len(QUIET)} revisions, on postgresql" in output

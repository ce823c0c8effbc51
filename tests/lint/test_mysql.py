"""What MariaDB and MySQL refuse to do instantly, or while others write, is found."""

from __future__ import annotations

import re
from collections.abc import Callable

Chain = Callable[[dict[str, str]], None]
Lint = Callable[..., "tuple[int, str]"]


def test_it_says_what_the_server_refuses(chain: Chain, run: Lint, mysql: str) -> None:
    """What it can do instantly, or while others write, is no finding; nor is a table that it creates."""
    loud = {
        "type": 'op.alter_column("book", "pages", existing_type=sa.Integer, type_=sa.BigInteger)',
        "shorter": 'op.alter_column("book", "title", type_=sa.String(20))',
        "foreign_key": 'op.create_foreign_key("fk", "author", "book", ["born"], ["id"])',
        "check": 'op.create_check_constraint("ck", "book", "pages > 0")',
    }
    quiet = {
        "column": 'op.add_column("book", sa.Column("x", sa.Integer, server_default="3", nullable=False))',
        "index": 'op.create_index("ix", "book", ["x"])\nop.drop_index("ix", "book")',
        "wider": 'op.alter_column("book", "title", existing_type=sa.String(20), type_=sa.String(30))',
        "named": 'op.alter_column("book", "x", existing_type=sa.Integer, new_column_name="y")\n'
        'op.rename_table("book", "books")',
        "new": 'op.create_table("t", sa.Column("x", sa.Integer))\nop.alter_column("t", "x", type_=sa.BigInteger)',
        "reviewed": 'op.alter_column("books", "y", type_=sa.BigInteger)  # locks books',
    }
    chain({"born": 'op.add_column("author", sa.Column("born", sa.Integer))', **loud, **quiet})
    code, output = run(mysql)
    assert code == 1, output
    assert re.findall(r"(\w+)\.py:10: (?:copies|locks)", output) == list(loud), output
    assert "copies book; meanwhile nobody can write book (the server says: Cannot change column type)" in output

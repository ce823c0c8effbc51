"""Revisions that production would notice are found, with their lines; similar ones that it would not are not."""

from __future__ import annotations

import re
from collections.abc import Callable

from support.written import Written

KEY = 'op.create_foreign_key("fk", "book", "author", ["pages"], ["id"])'
INDEX = 'op.create_index("ix", "book", ["title"])'
RENAME = 'op.alter_column("book", "pages", new_column_name="length")'
FIRST = 10  # the line of a revision's first statement

Chain = Callable[[dict[str, str]], None]
Lint = Callable[..., "tuple[int, str]"]


def test_a_comment_lets_a_reviewed_finding_pass(chain: Chain, run: Lint, postgresql: str) -> None:
    """For the tables that it names, in its own revision, and for nothing else."""
    chain({"a": f"# locks book, author: a thousand rows\n{KEY}\n{INDEX}", "b": f"{RENAME}  # breaks book"})
    assert run(postgresql)[0] == 0
    chain({"a": f"{KEY}  # locks book", "b": f"{INDEX}  # breaks book", "c": f"{RENAME}  # locks book"})
    code, output = run(postgresql)
    assert code == 1
    assert re.findall(r"(\w)\.py:(\d+)", output) == [(name, str(FIRST)) for name in "abc"]


def test_since_leaves_out_earlier_revisions(chain: Chain, run: Lint, postgresql: str) -> None:
    """A project that has revisions already starts with the next one."""
    chain({"a": INDEX, "b": INDEX.replace('"ix"', '"ix2"')})
    code, output = run(postgresql, "a")
    assert (code, f"b.py:{FIRST}" in output, "a.py" in output) == (1, True, False)
    assert run(postgresql, "b")[0] == 0
    code, output = run(postgresql, "nowhere")
    assert code == 2
    assert "unknown: alembic upgrade fails: Can't locate revision identified by 'nowhere'" in output


def test_a_revision_that_fails_is_named(shop: Written, chain: Chain, run: Lint, postgresql: str) -> None:
    """What was not examined is not fine."""
    chain({"a": 'op.drop_column("book", "nothing")'})
    code, output = run(postgresql)
    assert code == 2
    assert f"unknown: alembic upgrade fails at migrations/versions/a.py:{FIRST}:" in output
    env = shop.path / "migrations/env.py"
    env.write_text("import alembic\n", "utf-8")
    assert run(postgresql) == (2, "unknown: env.py ends without run_migrations(): run alembic-proof doctor\n")
    env.write_text("1 / 0\n", "utf-8")
    assert run(postgresql) == (2, "unknown: env.py fails (division by zero): run alembic-proof doctor\n")


def test_code_that_exits_is_not_fine(shop: Written, chain: Chain, run: Lint, postgresql: str) -> None:
    """Whatever its exit code: nothing was examined."""
    chain({"a": "raise SystemExit(0)"})
    code, output = run(postgresql)
    assert code == 2
    assert output.endswith(": it exits with 0\n")
    (shop.path / "migrations/env.py").write_text("raise SystemExit(0)\n", "utf-8")
    assert run(postgresql) == (2, "unknown: env.py fails (it exits with 0): run alembic-proof doctor\n")


def test_sqlite_has_nothing_to_lint(run: Lint) -> None:
    """One sentence."""
    code, output = run(None)
    assert (code, output.count("\n")) == (0, 1)
    assert output.startswith("ok: on sqlite")


def test_a_server_is_needed_for_others(shop: Written, run: Lint) -> None:
    """A sentence without a password."""
    (shop.path / ".env").write_text("SHOP_URL=postgresql://nobody:secret@localhost/nothing\n", "utf-8")
    code, output = run(None)
    assert (code, output.count("\n")) == (2, 1)
    assert "set TEST_DATABASE_URL to a database on such a server" in output
    code, output = run("postgresql://nobody:secret@localhost:1/nothing")
    assert (code, "secret" in output) == (2, False)
    assert "TEST_DATABASE_URL in the environment cannot be used" in output


def test_any_project_can_be_linted(shop: Written, chain: Chain, run: Lint, postgresql: str) -> None:
    """One without settings, and with an env.py that connects by itself."""
    (shop.path / "pyproject.toml").unlink()
    (shop.path / "migrations/env.py").write_text(
        "from alembic import context\nfrom sqlalchemy import create_engine\n"
        'with create_engine("postgresql+psycopg://u:p@db.example.com/shop").connect() as connection:\n'
        "    context.configure(connection=connection, target_metadata=None)\n"
        "    with context.begin_transaction():\n        context.run_migrations()\n",
        "utf-8",
    )
    chain({"a": INDEX})
    code, output = run(postgresql)
    assert (code, f"a.py:{FIRST}: reads all of book" in output) == (1, True), output
    code, output = run(None)
    assert code == 2
    assert "unknown: it connects to postgresql: shop at db.example.com:5432: set TEST_DATABASE_URL" in output


def test_what_autogenerate_writes(shop: Written, run: Lint, postgresql: str) -> None:
    """New tables, a nullable column, and one with one value for all rows are no finding.

    One that is filled from an expression, and then becomes NOT NULL, is one.
    """
    (shop.path / ".env").write_text(f"SHOP_URL={postgresql}\n", "utf-8")
    columns = 'sa.Column("id", sa.Integer, primary_key=True)'
    for change in (
        "",
        ', sa.Column("isbn", sa.String(13))',
        ', sa.Column("rating", sa.Integer, nullable=False, default=3)',
        ', sa.Column("seen", sa.DateTime, nullable=False, default=sa.func.now())',
    ):
        assert run(postgresql)[0] == 0
        columns += change
        shop.set_models(f'sa.Table("book", metadata, {columns})')
        shop.alembic("revision", f"{len(columns)} letters", autogenerate=True)
        shop.alembic("upgrade", "head")
    code, output = run(postgresql)
    assert code == 1
    assert output.count(f"{len(columns)}_letters.py:") == output.count("\n    instead: ") == 2, output
    assert "meanwhile nobody can read or write book, locked since line" in output

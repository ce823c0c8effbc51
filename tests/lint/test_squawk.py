"""What squawk adds, and what is said where it is not installed."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import pytest

from alembic_proof.lint.observer import Statement
from alembic_proof.lint.squawk import run_squawk

Chain = Callable[[dict[str, str]], None]
Lint = Callable[..., "tuple[int, str]"]

# A statement on a table that exists, and the beginning of what squawk finds in it.
CASES = {
    "ALTER TABLE book RENAME COLUMN pages TO length": "the application that is still running uses the old name",
    'ALTER TABLE "book" RENAME TO tome': "the application that is still running uses the old name",
    "ALTER TABLE book ADD COLUMN must INTEGER NOT NULL": "this fails if the table has rows",
    "TRUNCATE book CASCADE": "this empties every table that refers to it",
    "ALTER TABLE book ADD COLUMN may INTEGER": "",
    "ALTER TABLE made_here RENAME TO tome": "",
    "CREATE INDEX ix ON book (pages)": "",
}


@pytest.mark.parametrize("sql", CASES)
def test_what_it_finds(sql: str) -> None:
    """In statements on tables that existed before."""
    statement = Statement("r.py", 1, sql, {"book"})
    assert run_squawk([statement]) == ""
    assert len(statement.findings) == bool(CASES[sql])
    for finding in statement.findings:
        assert finding.message.startswith(CASES[sql])
        assert (finding.tables, finding.marker) == (["book"], "breaks")


def test_without_squawk_the_rest_is_reported(
    chain: Chain, run: Lint, postgresql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And that renames were not looked for."""
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    chain({"a": 'op.rename_table("author", "writer")'})
    code, output = run(postgresql)
    assert code == 2
    assert "pip install squawk-cli" in output
    chain({"a": 'op.create_index("ix", "book", ["title"])'})
    code, output = run(postgresql)
    assert (code, "a.py:10" in output) == (1, True)

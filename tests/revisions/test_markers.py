"""The comments in a revision that say that something is meant."""

from __future__ import annotations

import pytest

from alembic_proof.revisions.markers import marked_lines, reviewed_tables

REVISION = """
    op.drop_column("book", "isbn")  # destroys data
    op.drop_table("author")  # destroys data: author
    op.drop_table("empty")
    # locks book, shop.author: they are small
    # breaks book: no old release is running
    #locks note
"""


def test_marked_lines() -> None:
    """With or without what is destroyed."""
    assert [line.split("  #")[0].strip() for line in marked_lines(REVISION)] == [
        'op.drop_column("book", "isbn")',
        'op.drop_table("author")',
    ]


@pytest.mark.parametrize(
    ("verb", "tables"), [("locks", {"book", "shop.author", "note"}), ("breaks", {"book"}), ("other", set())]
)
def test_reviewed_tables(verb: str, tables: set[str]) -> None:
    """One or several, with or without a reason."""
    assert reviewed_tables(REVISION, verb) == tables

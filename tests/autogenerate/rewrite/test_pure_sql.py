"""What is sure to change nothing when it is evaluated."""

from __future__ import annotations

import pytest

from alembic_proof.autogenerate.rewrite.pure_sql import only_computes


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("isbn", True),
        ("'nextval(''s'')'", True),
        ("lower(isbn) || 'x'", True),
        ("CASE WHEN (a > 1) THEN COALESCE(b, 0) ELSE 2 END", True),
        ("(a + 1) * 2", True),
        ("a IN (1, 2)", True),
        ("price::numeric(10, 2)", True),
        ("CAST(a AS VARCHAR(5))", True),
        ("(SELECT max(id) FROM author)", True),
        ("(SELECT nextval('s'))", False),
        ("nextval('s')", False),
        ("lower(own(isbn))", False),
        ('"lower"(isbn)', False),
        ("gen_random_uuid()", False),
        ("NEXT VALUE FOR s", False),
        ("@n := @n + 1", False),
    ],
)
@pytest.mark.parametrize("kind", ["sqlite", "postgresql", "mysql"])
def test_only_computes(kind: str, sql: str, expected: bool) -> None:
    """Functions that are known, and nothing else."""
    assert only_computes(kind, sql) is expected

"""Enum types of PostgreSQL, in SQL."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import ARRAY, Enum, Integer, String, TypeDecorator
from sqlalchemy.dialects.postgresql import ENUM
from support.models import dialect_of

from alembic_proof.autogenerate.enum_types import (
    EnumColumn,
    enum_of,
    enums_by_name,
    sql_labels,
    sql_name,
    statements,
    with_renamed_labels,
)
from alembic_proof.autogenerate.operations import EnumTypeOp

DIALECT = dialect_of("postgresql")
KIND = ENUM("a", "b", name="kind")
COLUMNS = [EnumColumn("t", "c", "'a'::kind", ""), EnumColumn("t", "d", "", "[]")]


class Coded(TypeDecorator[Any]):
    """A type of a project's own."""

    impl = Enum("a", "b", name="kind")
    cache_ok = True


@pytest.mark.parametrize(
    ("type_", "name"),
    [
        (KIND, "kind"),
        (Enum("a", "b", name="kind"), "kind"),
        (ARRAY(Enum("a", name="kind")), "kind"),
        (Coded(), "kind"),
        (Enum("a", name="Kind", schema="crm"), 'crm."Kind"'),
        (Enum("a", name="ki%nd"), '"ki%nd"'),
        (Enum("a", native_enum=False), None),
        (Integer(), None),
        (ARRAY(String), None),
    ],
)
def test_enum_of(type_: Any, name: str | None) -> None:
    """That which a type is, or is in it; by its name in SQL."""
    enum = enum_of(type_, DIALECT)
    assert (None if enum is None else sql_name(enum, DIALECT)) == name
    assert list(enums_by_name([type_, None], DIALECT)) == ([] if name is None else [name])
    if not isinstance(type_, ARRAY):
        assert enum_of(type_, dialect_of("sqlite")) is None or isinstance(type_, ENUM)


@pytest.mark.parametrize(
    ("before", "after", "options", "expected"),
    [
        ([], ["a", "b"], {}, ["CREATE TYPE kind AS ENUM ('a', 'b')"]),
        (["a"], [], {}, ["DROP TYPE kind"]),
        (["a"], ["a", "b"], {}, ["ALTER TYPE kind ADD VALUE 'b' AFTER 'a'"]),
        (["b"], ["a", "b"], {}, ["ALTER TYPE kind ADD VALUE 'a' BEFORE 'b'"]),
        (
            ["b"],
            ["0", "1", "b", "c"],
            {},
            [
                "ALTER TYPE kind ADD VALUE '0' BEFORE 'b'",
                "ALTER TYPE kind ADD VALUE '1' AFTER '0'",
                "ALTER TYPE kind ADD VALUE 'c' AFTER 'b'",
            ],
        ),
        (["a", "b"], ["x", "b"], {"renamed": {"a": "x"}}, ["ALTER TYPE kind RENAME VALUE 'a' TO 'x'"]),
        (
            ["a", "b"],
            ["b", "a"],
            {"columns": COLUMNS},
            [
                "ALTER TYPE kind RENAME TO kind_before",
                "CREATE TYPE kind AS ENUM ('b', 'a')",
                "ALTER TABLE t ALTER COLUMN c DROP DEFAULT",
                "ALTER TABLE t ALTER COLUMN c TYPE kind USING c::text::kind",
                "ALTER TABLE t ALTER COLUMN c SET DEFAULT 'a'::kind",
                "ALTER TABLE t ALTER COLUMN d TYPE kind[] USING d::text[]::kind[]",
                "DROP TYPE kind_before",
            ],
        ),
        (
            ["a", "b"],
            ["b"],
            {"columns": COLUMNS[:1]},
            [
                "ALTER TYPE kind RENAME TO kind_before",
                "CREATE TYPE kind AS ENUM ('b')",
                "ALTER TABLE t ALTER COLUMN c DROP DEFAULT",
                "ALTER TABLE t ALTER COLUMN c TYPE kind USING c::text::kind",
                "DROP TYPE kind_before",
            ],
        ),
        (
            ["a"],
            ["a", "b"],
            {"used_in_same_revision": True},
            ["ALTER TYPE kind RENAME TO kind_before", "CREATE TYPE kind AS ENUM ('a', 'b')", "DROP TYPE kind_before"],
        ),
        (
            ["a"],
            ["x"],
            {"used_in_same_revision": True, "renamed": {"a": "x"}},
            ["ALTER TYPE kind RENAME VALUE 'a' TO 'x'"],
        ),
    ],
)
def test_statements(before: list[str], after: list[str], options: Any, expected: list[str]) -> None:
    """What PostgreSQL can add or rename in place; for the rest, another type takes its place."""
    assert list(statements(EnumTypeOp(KIND, before, after, **options), DIALECT)) == expected


@pytest.mark.parametrize(
    ("default", "expected"),
    [
        ("'old'::kind", "'new'::kind"),
        ("'{old,older,\"old\"}'::kind[]", "'{new,older,\"new\"}'::kind[]"),
        ("'it''s'::kind", "'it is'::kind"),
        ("lower('x')", "lower('x')"),
    ],
)
def test_with_renamed_labels(default: str, expected: str) -> None:
    """A label is in quotes; an array has several without."""
    assert with_renamed_labels(default, {"old": "new", "it's": "it is"}) == expected
    assert with_renamed_labels(default, {}) == default


def test_sql_labels() -> None:
    """As literals."""
    assert sql_labels(["a", "it's"]) == "'a', 'it''s'"

"""How two schemas differ."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Column, Index, Integer, MetaData, Table

from alembic_proof.schema import Difference, Schema, compare, describe

KEY, OTHER = "UNIQUE (a)", "UNIQUE (b)"

CASES: list[tuple[Schema, Schema, set[str] | None, list[Difference]]] = [
    ({}, {}, None, []),
    ({"t": {}}, {}, None, [Difference("t", "", "", None)]),
    ({"": {"type mood": "'a'"}}, {}, None, [Difference("", "type mood", "'a'", None)]),
    ({"": {}}, {"": {"type mood": "'a'"}}, None, []),  # of no table: it may belong to anybody
    ({"t": {"default of a": "'x'::text"}}, {"t": {"default of a": "'x'"}}, None, []),
    ({"t": {"constraint c": "CHECK ((a > 0))"}}, {"t": {"constraint c": "CHECK ( (a>0) )"}}, None, []),
    ({"t": {"constraint c": "CHECK (((a OR b) AND c))"}}, {"t": {"constraint c": "CHECK ((a OR (b AND c)))"}}, None, [
        Difference("t", "constraint c", "CHECK (((a OR b) AND c))", "CHECK ((a OR (b AND c)))")
    ]),
    ({"t": {"default of a": "'a b'"}}, {"t": {"default of a": "'ab'"}}, None, [
        Difference("t", "default of a", "'a b'", "'ab'")
    ]),
    ({"t": {"index a": "CREATE UNIQUE INDEX a ON public.t USING btree (x)"}},
     {"t": {"index b": "CREATE UNIQUE INDEX b ON t USING btree (x)"}}, set(), []),
    ({"t": {"index a": "CREATE INDEX a ON t USING btree (((at)::date))"}},
     {"t": {"index a": "CREATE INDEX a ON t USING btree (at)"}}, {"a"}, []),
    ({"t": {"index a": "CREATE INDEX a ON t USING btree (((at)::date))"}},
     {"t": {"index a": "CREATE INDEX a ON t USING btree (at)"}}, None, [
        Difference("t", "index a", "CREATE INDEX a ON t USING btree (((at)::date))",
                   "CREATE INDEX a ON t USING btree (at)")
    ]),
    # PostgreSQL's own words, before and after a dump.
    ({"": {"view v": "ANY ((ARRAY['a'::character varying, 'b, c'::character varying])::text[])"}},
     {"": {"view v": "ANY (ARRAY[('a'::character varying)::text, ('b, c'::character varying)::text])"}}, None, []),
    ({"": {"view v": "(ARRAY['a'::char])::text[]"}}, {"": {"view v": "ARRAY['a'::char]"}}, None, [
        Difference("", "view v", "(ARRAY['a'::char])::text[]", "ARRAY['a'::char]")
    ]),
    ({"t": {"column a": "INT"}}, {"t": {"column a": "TEXT"}}, None, [Difference("t", "column a", "INT", "TEXT")]),
    ({"t": {"column a": "INT"}}, {"t": {"column b": "INT"}}, None, [
        Difference("t", "column a", "INT", None),
        Difference("t", "column b", None, "INT"),
    ]),
    ({"t": {"constraint a": KEY}}, {"t": {"constraint b": KEY}}, None, [
        Difference("t", "constraint a", KEY, KEY, "constraint b")
    ]),
    ({"t": {"constraint a": KEY}}, {"t": {"constraint b": KEY}}, {"a"}, [
        Difference("t", "constraint a", KEY, KEY, "constraint b")
    ]),
    ({"t": {"constraint a": KEY}}, {"t": {"constraint b": KEY}}, {"x"}, []),
    ({"t": {"constraint a": KEY}}, {"t": {"index b": KEY}}, set(), [
        Difference("t", "constraint a", KEY, None),
        Difference("t", "index b", None, KEY),
    ]),
    # Names that the server made up do not count, in whatever order it did so.
    ({"t": {"constraint a": KEY, "constraint b": OTHER}},
     {"t": {"constraint b": KEY, "constraint a": OTHER}}, set(), []),
    ({"t": {"constraint a": KEY, "constraint b": OTHER}}, {"t": {"constraint b": KEY}}, set(), [
        Difference("t", "constraint b", OTHER, None),
    ]),
    # The name of the other is wanted itself: it is not the same under another name.
    ({"t": {"constraint a": KEY, "constraint b": OTHER}}, {"t": {"constraint b": KEY}}, {"a", "b"}, [
        Difference("t", "constraint a", KEY, None),
        Difference("t", "constraint b", OTHER, KEY),
    ]),
]  # fmt: skip


@pytest.mark.parametrize(("wanted", "existing", "named", "expected"), CASES)
def test_differences(wanted: Schema, existing: Schema, named: set[str] | None, expected: list[Difference]) -> None:
    """What is wanted and missing, what is different, and what exists besides."""
    assert list(compare(wanted, existing, named)) == expected


@pytest.mark.parametrize(
    ("difference", "unnamed"),
    [
        (Difference("t", "constraint a", KEY, KEY, f"constraint {KEY}"), True),
        (Difference("t", "constraint a", KEY, KEY, "constraint b"), False),
        (Difference("t", "constraint a", KEY, None), False),
    ],
)
def test_a_constraint_without_a_name(difference: Difference, unnamed: bool) -> None:
    """Has its text for a name."""
    assert difference.unnamed is unnamed


TABLE = Table("t", MetaData(), Column("x", Integer), schema="app")


@pytest.mark.parametrize(
    ("difference", "words"),
    [
        (("add_table", TABLE), "add_table app.t"),
        (("add_column", "app", "t", Column("x", Integer)), "add_column t.x"),
        (("remove_index", Index("ix", TABLE.c.x)), "remove_index ix"),
        (("change_enum", "mood: 'a' becomes 'b'"), "change_enum mood: 'a' becomes 'b'"),
        (
            [("modify_type", None, "t", "x", {}, 1, 2), ("modify_nullable", None, "t", "x", {}, True, False)],
            "modify_type t.x, modify_nullable t.x",
        ),
    ],
)
def test_alembics_differences_in_words(difference: Any, words: str) -> None:
    """As people name a table or a column."""
    assert describe(difference) == words

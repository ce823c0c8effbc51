"""In which steps things get new names."""

from __future__ import annotations

import pytest

from alembic_proof.autogenerate.name_steps import free_name, in_sequence, shortened


@pytest.mark.parametrize(
    ("renames", "taken", "expected"),
    [
        ({}, [], []),
        ({"a": "b", "c": "d"}, [], [("a", "b"), ("c", "d")]),
        ({"a": "b", "b": "c"}, [], [("b", "c"), ("a", "b")]),
        ({"a": "b", "b": "a"}, [], [("a", "a_before"), ("b", "a"), ("a_before", "b")]),
        ({"a": "b", "b": "a"}, ["a_before"], [("a", "a_before_"), ("b", "a"), ("a_before_", "b")]),
        (
            {"a": "b", "b": "c", "c": "a", "x": "y"},
            [],
            [("x", "y"), ("a", "a_before"), ("c", "a"), ("b", "c"), ("a_before", "b")],
        ),
    ],
)
def test_steps(renames: dict[str, str], taken: list[str], expected: list[tuple[str, str]]) -> None:
    """At no time have two one name."""
    assert in_sequence(renames, taken) == expected


@pytest.mark.parametrize("name", ["a" * 63, "이" * 21, "a이" * 15])
def test_a_name_for_a_moment_is_another_one(name: str) -> None:
    """Also after PostgreSQL has cut it off, which counts bytes."""
    moment = free_name(name, ())
    assert moment.endswith("_before")
    assert moment == shortened(moment) != name
    assert name.startswith(moment.removesuffix("_before"))

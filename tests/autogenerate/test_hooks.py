"""How a project's own hooks and ours are called together."""

from __future__ import annotations

from typing import Any

import pytest

from alembic_proof.autogenerate.hooks import both, first_answer, several


def yes(*arguments: Any) -> bool:
    """Say yes."""
    return True


def no(*arguments: Any) -> bool:
    """Say no."""
    return False


@pytest.mark.parametrize(
    ("own", "ours", "expected"),
    [(None, yes, True), (None, no, False), (yes, yes, True), (yes, no, False), (no, yes, False)],
)
def test_both(own: Any, ours: Any, expected: bool) -> None:
    """Each must say yes."""
    assert both(own, ours)("a", "b") is expected


@pytest.mark.parametrize(("own", "expected"), [(None, "ours"), (False, "ours"), ("own", "own"), ("", "")])
def test_first_answer(own: Any, expected: str) -> None:
    """False is none; an empty text is one."""
    hook = None if own is None else lambda *_: own
    assert first_answer(hook, lambda *_: "ours")("type", "obj", "context") == expected


@pytest.mark.parametrize("combine", [both, first_answer])
def test_the_projects_own_can_be_found(combine: Any) -> None:
    """Where somebody wants to know what it answers by itself, or where it is."""
    assert combine(yes, no).__wrapped__ is yes
    assert not hasattr(combine(None, no), "__wrapped__")


@pytest.mark.parametrize(("hooks", "expected"), [(None, ()), (yes, (yes,)), ([yes, no], (yes, no)), ((), ())])
def test_several(hooks: Any, expected: Any) -> None:
    """One, several or none."""
    assert several(hooks) == expected

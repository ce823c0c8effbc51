"""The page about all checks, and what --explain prints."""

from __future__ import annotations

from pathlib import Path

import pytest

from alembic_proof.doctor.checks import ORDER
from alembic_proof.doctor.documentation import explained, page
from alembic_proof.doctor.examples import EXAMPLES
from alembic_proof.doctor.registry import Check

DOCS = Path(__file__).parents[2] / "docs"


def test_every_check_has_an_example() -> None:
    """And no other has one."""
    assert sorted(EXAMPLES) == sorted(check.id for check in ORDER)
    for example in EXAMPLES.values():
        assert example.where
        assert example.message
        assert example.fix


def test_the_page_is_as_generated() -> None:
    """Otherwise: python -m alembic_proof.doctor.documentation > docs/checks.md."""
    assert (DOCS / "checks.md").read_text("utf-8") == page()


@pytest.mark.parametrize("check", ORDER, ids=lambda check: check.id)
def test_a_check_is_explained(check: Check) -> None:
    """With why it matters, an example, the fix, and since when."""
    text = explained(check)
    assert text.startswith(f"{check.id} ({check.stage}: ")
    for part in (check.title, check.explanation, "For example: ", "Fix: ", "since 1."):
        assert part in text

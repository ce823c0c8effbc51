"""What a check is."""

from __future__ import annotations

import importlib
import pkgutil
import re
from typing import Any

import pytest

from alembic_proof.doctor import checks
from alembic_proof.doctor.checks import ORDER
from alembic_proof.doctor.project import Project
from alembic_proof.doctor.registry import STAGES, Check, check
from alembic_proof.settings import Settings


@check("spades-are-spades", "static", library=True)
def spades(project: Project) -> Any:
    """Every spade is called a spade

    Else nobody knows
    what to dig with.
    """


def test_the_docstring_is_the_title_and_the_reason() -> None:
    """The id is written, whatever the function is called."""
    assert (spades.id, spades.stage, spades.library, spades.setting) == ("spades-are-spades", "static", True, "")
    assert spades.title == "Every spade is called a spade"
    assert spades.explanation == "Else nobody knows\nwhat to dig with."


def test_a_wrong_stage_is_refused() -> None:
    """With the right ones."""
    with pytest.raises(ValueError, match="use one of static, probe, scratch, live"):
        check("x", "lively")


def defined_checks() -> list[Check]:
    """Return the checks in all the modules of checks/."""
    modules = [
        importlib.import_module(f"{checks.__name__}.{info.name}") for info in pkgutil.iter_modules(checks.__path__)
    ]
    return [value for module in modules for value in vars(module).values() if isinstance(value, Check)]


def test_every_check_is_in_the_order_once() -> None:
    """And the stages follow each other."""
    assert sorted(item.id for item in defined_checks()) == sorted(item.id for item in ORDER)
    assert len({item.id for item in ORDER}) == len(ORDER)
    stages = [item.stage for item in ORDER]
    assert stages == sorted(stages, key=list(STAGES).index)


@pytest.mark.parametrize("item", ORDER, ids=lambda item: item.id)
def test_a_check_explains_itself(item: Check) -> None:
    """With a title, a sentence at least on why it matters, and an id in words."""
    assert re.fullmatch("[a-z]+(-[a-z]+)+", item.id)
    assert item.title
    assert not item.title.endswith(".")
    assert item.explanation.endswith((".", "data"))
    assert not item.setting or hasattr(Settings(), item.setting)


@pytest.mark.parametrize("item", ORDER, ids=lambda item: item.id)
def test_what_a_check_refers_to_runs_before_it(item: Check) -> None:
    """What it requires, and what may explain what it finds."""
    before = {other.id for other in ORDER[: ORDER.index(item)]}
    assert {*item.requires, *item.follows} <= before


def test_a_check_requires_what_its_stage_does() -> None:
    """And what it names itself."""
    assert spades.requires == ()
    item = check("x-y", "scratch", requires=("files-parse",))(spades.find)
    assert item.requires == (*STAGES["scratch"].requires, "files-parse")

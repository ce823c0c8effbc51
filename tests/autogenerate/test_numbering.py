"""What the options of an identity come to."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import BigInteger, Identity, Integer, SmallInteger
from support.models import dialect_of

from alembic_proof.autogenerate.numbering import options


@pytest.mark.parametrize(
    ("type_", "given", "special"),
    [
        (Integer(), {}, {}),
        (Integer(), {"start": 1, "increment": 1, "minvalue": 1, "maxvalue": 2**31 - 1, "cache": 1, "cycle": False}, {}),
        (SmallInteger(), {"maxvalue": 2**15 - 1}, {}),
        (BigInteger(), {"maxvalue": 2**31 - 1}, {"maxvalue": 2**31 - 1}),
        (Integer(), {"minvalue": 5, "start": 5}, {"minvalue": 5}),
        (Integer(), {"increment": -1, "maxvalue": -1, "minvalue": -(2**31), "start": -1}, {"increment": -1}),
        (Integer(), {"start": 100, "cycle": True}, {"start": 100, "cycle": True}),
    ],
)
def test_options_with_their_usual_value_are_none(type_: Any, given: dict[str, Any], special: dict[str, Any]) -> None:
    """As PostgreSQL returns all of them, and the models say a few."""
    found = options(Identity(always=True, **given), type_, dialect_of("postgresql"))
    assert {name: value for name, value in found.items() if value} == {"always": True, **special}

"""A downgrade that makes up values says where they may be refused."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Column, Index, Integer, MetaData, String, Table, UniqueConstraint
from support.lab import Lab
from support.models import CONVENTION


def models(columns: str, *key: str, unique: str = "") -> MetaData:
    """Return a table of tenants' people, with these columns and a key of several."""
    metadata = MetaData(naming_convention=CONVENTION)
    named: list[Any] = [Column(name.strip("?"), String(20), nullable="?" in name) for name in columns.split()]
    table = Table("person", metadata, Column("id", Integer, primary_key=True), *named)
    if unique == "constraint":
        table.append_constraint(UniqueConstraint(*key))
    elif key:
        Index("ix_p", *(table.c[name] for name in key), unique=bool(unique))
    return metadata


@pytest.mark.parametrize(
    ("before", "key", "after", "remark"),
    [
        ("tenant email", ("tenant", "email"), "tenant", "rows of person have the same tenant: give each its own email"),
        ("email nick", ("email", "nick"), "", "person has several rows: give each its own email or nick"),
        ("tenant email", ("id", "email"), "tenant", ""),
        ("tenant email?", ("tenant", "email"), "tenant", ""),
    ],
)
@pytest.mark.parametrize("unique", ["constraint", "index", ""])
def test_a_remark(lab: Lab, before: str, key: tuple[str, ...], after: str, remark: str, unique: str) -> None:
    """Before a UNIQUE of several columns, where nothing else in it is another value in each row."""
    lab.change(models(before, *key, unique=unique))
    text = lab.change(models(after), "allow-drop")
    assert text.count("# This fails where") == bool(remark and unique)
    assert not unique or remark in text
    lab.downgrade()
    lab.upgrade()

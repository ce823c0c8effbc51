"""Fleets of three empty databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.databases import DATABASES
from support.fleets import CREATE_GOODS, CREATE_SHOP, Fleet, making_fleet


def _fleet(kind: str, directory: Path) -> Iterator[Fleet]:
    with making_fleet(kind, 3, directory) as fleet:
        fleet.revision("r1", CREATE_SHOP, "op.drop_table('shop')")
        fleet.revision("r2", CREATE_GOODS, "op.drop_table('goods')")
        yield fleet


@pytest.fixture(params=DATABASES)
def fleet(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Fleet]:
    """A fleet on each kind of database in turn, with two revisions."""
    yield from _fleet(request.param, tmp_path)


@pytest.fixture
def sqlite_fleet(tmp_path: Path) -> Iterator[Fleet]:
    """A fleet of SQLite files."""
    yield from _fleet("sqlite", tmp_path)

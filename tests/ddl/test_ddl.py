"""Alembic's Impl classes are corrected, on top of those that are registered."""

from __future__ import annotations

from typing import Any

import pytest
from alembic.ddl import impl
from alembic.ddl.sqlite import SQLiteImpl

from alembic_proof import ddl, upstream


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every test register what it wants."""
    monkeypatch.setattr(impl, "_impls", dict(impl._impls))


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql", "mysql", "mariadb"])
def test_once_for_each_dialect(dialect: str) -> None:
    """However often it is called."""
    ddl.install()
    corrected: Any = upstream.registered_impl(dialect)
    assert issubclass(corrected, ddl.CORRECTIONS[dialect])
    ddl.install()
    assert upstream.registered_impl(dialect) is corrected


def test_an_impl_of_a_project_is_kept() -> None:
    """Registered before or after."""

    class Before(SQLiteImpl):
        __dialect__ = "sqlite"

    ddl.install()
    assert issubclass(upstream.registered_impl("sqlite") or object, Before)

    class After(SQLiteImpl):
        __dialect__ = "sqlite"

    ddl.install()
    corrected = upstream.registered_impl("sqlite")
    assert corrected is not None
    assert issubclass(corrected, After)
    assert issubclass(corrected, ddl.CORRECTIONS["sqlite"])


def test_a_dialect_that_alembic_does_not_have_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is registered for it."""
    monkeypatch.setattr(ddl, "CORRECTIONS", {"nothing": object})
    ddl.install()
    assert upstream.registered_impl("nothing") is None

"""What a type is on a database."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Dialect, TypeDecorator


def database_type(type_: Any, dialect: Dialect) -> Any:
    """Return what a type is on a database: without variants, and without what a TypeDecorator adds."""
    impl = type_.dialect_impl(dialect)
    return database_type(impl.impl_instance, dialect) if isinstance(impl, TypeDecorator) else impl

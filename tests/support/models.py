"""What the models of the tests have in common."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, make_url

# As in a generated project.
CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


def column(*arguments: Any, **options: Any) -> Column[Any]:
    """Return a Column, of which nobody needs to know the type."""
    return Column(*arguments, **options)


def dialect_of(name: str, **options: Any) -> Any:
    """Return a dialect by its name, as in a URL."""
    return make_url(f"{name}://").get_dialect()(**options)

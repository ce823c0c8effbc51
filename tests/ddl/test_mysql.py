"""Corrections for MariaDB and MySQL."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import literal, text
from support.models import dialect_of

from alembic_proof import ddl, upstream


@pytest.mark.parametrize("name", ["mysql", "mariadb"])
@pytest.mark.parametrize(
    ("expression", "expected"), [(text("a % 2"), "a % 2"), (literal("100%"), "'100%'"), (text("'a%%b'"), "'a%%b'")]
)
def test_percent_signs_are_single(name: str, expression: Any, expected: str) -> None:
    """SQLAlchemy doubles them for PyMySQL."""
    ddl.install()
    class_: Any = upstream.registered_impl(name)
    impl = class_(dialect_of("mysql", paramstyle="format"), None, False, None, None, {})
    assert impl.render_ddl_sql_expr(expression) == expected

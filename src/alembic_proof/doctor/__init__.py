"""Checks that a schema under Alembic is wired and in step, each with its fix.

It starts with the standard library alone: what needs Alembic or SQLAlchemy imports them when it is called.
"""

from __future__ import annotations

"""What autogenerate compares, and what a new revision may contain. Raises CommandError where Alembic is too old."""

from .. import upstream

upstream.require_plugins()

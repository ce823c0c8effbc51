"""Schemas of PostgreSQL: made by the revision that makes the first table in them."""

from typing import Any

from alembic.autogenerate.api import AutogenContext
from alembic.autogenerate.render import renderers
from alembic.operations.ops import CreateTableOp, MigrateOperation

from .draft import Draft
from .enums import EnumOp
from .ours import made


class GroundOp(MigrateOperation):
    """Makes what tables stand on, a schema or an extension, where it is not there yet; on the way back it stays."""

    def __init__(self, kind: str, name: str, back: bool = False) -> None:
        self.kind, self.name, self.back = kind, name, back

    def reverse(self) -> "GroundOp":
        """Return the way back."""
        return GroundOp(self.kind, self.name, not self.back)


@renderers.dispatch_for(GroundOp)
def render_ground(autogen_context: AutogenContext, op: GroundOp) -> str:
    """Return the code."""
    if op.back:
        return f"# The {op.kind.lower()} {op.name} stays: it may have been there before, and others may use it."
    quote: Any = autogen_context.dialect.identifier_preparer
    return f"op.execute({f'CREATE {op.kind} IF NOT EXISTS {quote.quote(op.name)}'!r})"


def make(draft: Draft) -> None:
    """Make, before all else, the schemas of the new tables and types that no revision has made a table in."""
    environment, dialect = draft.context.environment_context, draft.context.dialect
    if dialect.name != "postgresql" or environment is None:
        return
    known = {None, dialect.default_schema_name} | {schema for schema, _ in made(environment.script)}
    needed = [op.schema for op in draft.upgrade.ops if isinstance(op, CreateTableOp)]
    needed += [op.type.schema for op in draft.upgrade.ops if isinstance(op, EnumOp) and not op.before]
    draft.upgrade.ops[:0] = [GroundOp("SCHEMA", name) for name in sorted({name for name in needed if name} - known)]

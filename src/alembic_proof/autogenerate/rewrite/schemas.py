"""Rule: a schema of PostgreSQL is created by the revision that creates the first table in it."""

from __future__ import annotations

from alembic.operations.ops import CreateTableOp

from ..draft import Draft
from ..operations import DomainOp, EnsureExistsOp, EnumTypeOp, SequenceOp
from ..ownership import tables_of_revisions


def schemas(draft: Draft) -> None:
    """Create, before all else, the schemas of new tables and types in which no revision has created a table."""
    environment = draft.context.environment_context
    if draft.kind != "postgresql" or environment is None:
        return
    needed = {op.schema for op in draft.upgrade.ops if isinstance(op, CreateTableOp)}
    needed |= {op.type.schema for op in draft.upgrade.ops if isinstance(op, EnumTypeOp) and not op.labels_before}
    needed |= {op.schema for op in draft.upgrade.ops if isinstance(op, DomainOp) and op.before is None}
    needed |= {op.sequence.schema for op in draft.upgrade.ops if isinstance(op, SequenceOp) and not op.drop}
    needed -= {None, draft.dialect.default_schema_name}
    if needed:
        needed -= {schema for schema, _ in tables_of_revisions(environment.script, draft.dialect)}
    draft.upgrade.ops[:0] = [EnsureExistsOp("SCHEMA", name) for name in sorted(filter(None, needed))]

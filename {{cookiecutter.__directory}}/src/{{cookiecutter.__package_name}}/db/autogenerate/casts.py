"""A column's type changes on PostgreSQL: what it does not convert by itself needs USING, and the default set anew."""

from copy import copy
from typing import Any

import sqlalchemy
from alembic.autogenerate.api import AutogenContext
from alembic.autogenerate.render import renderers
from alembic.operations.ops import AlterColumnOp, MigrateOperation, ModifyTableOps

from .draft import Draft, full_name, impl_of, model_tables

# Within each of these families, and to any string, PostgreSQL converts by itself.
_FAMILIES = ((sqlalchemy.Integer, sqlalchemy.Numeric), (sqlalchemy.Date, sqlalchemy.DateTime), (sqlalchemy.JSON,))
# It has a cast of its own from any string, and between these; the others go by way of text.
_CASTABLE = (sqlalchemy.Integer, sqlalchemy.Boolean)


class CastOp(AlterColumnOp):
    """ALTER TABLE ... ALTER COLUMN ... TYPE ... USING."""

    def using(self, dialect: Any) -> str | None:
        """Return the conversion, in SQL, or None if PostgreSQL converts by itself."""
        old, new = (impl_of(type_, dialect) for type_ in (self.existing_type, self.modify_type))
        column = dialect.identifier_preparer.quote(self.column_name)
        target = dialect.type_compiler_instance.process(new)
        if _is_array(new) != _is_array(old):
            whole = f"CASE WHEN {column} IS NOT NULL THEN ARRAY[{column}]::{target} END"
            return whole if _is_array(new) else f"{column}[1]::{target}"
        if _shifts(old, new):
            return (
                f"({column} AT TIME ZONE 'UTC')::{target}"
                if old.timezone
                else f"{column}::timestamp AT TIME ZONE 'UTC'"
            )
        direct = _is_string(old) or (isinstance(old, _CASTABLE) and isinstance(new, _CASTABLE))
        if _is_string(new):
            return None
        return f"{column}{'' if direct else '::text'}::{target}"


@renderers.dispatch_for(CastOp)
def render_cast(autogen_context: AutogenContext, op: CastOp) -> str:
    """Return the code."""
    code = str(renderers.dispatch(AlterColumnOp)(autogen_context, op))
    using = op.using(autogen_context.dialect)
    return f"{code.removesuffix(')')},\n           postgresql_using={using!r})" if using else code


def using(draft: Draft) -> None:
    """Say how PostgreSQL converts the values, where a column gets a type of another kind."""
    if draft.dialect == "postgresql":
        for table in draft.upgrade.ops:
            if isinstance(table, ModifyTableOps):
                table.ops = [step for op in table.ops for step in _steps(op, draft)]


def _steps(op: MigrateOperation, draft: Draft) -> list[MigrateOperation]:
    """Return an operation, or the steps in which a column without its default gets a type of another kind."""
    if not isinstance(op, AlterColumnOp) or op.modify_type is None:
        return [op]
    old, new = (impl_of(type_, draft.context.dialect) for type_ in (op.existing_type, op.modify_type))
    if _converts(old, new) and _converts(new, old):
        return [op]
    before = op.existing_server_default or None
    after = op.modify_server_default
    if before is not None and after is False:  # the same, but as the models have it, without a cast to the old type
        after = model_tables(draft.context)[full_name(op.table_name, op.schema)].columns[op.column_name].server_default
    cast = copy(op)
    cast.__class__ = CastOp
    cast.existing_server_default, cast.modify_server_default = None, False
    steps: list[MigrateOperation] = [cast]
    if before is not None:
        steps.insert(0, _default(op, op.existing_type, before, None))
    if after:
        steps.append(_default(op, op.modify_type, None, after))
    return steps


def _converts(old: Any, new: Any) -> bool:
    if _is_array(old) != _is_array(new) or _shifts(old, new):
        return False
    return _is_string(new) or any(isinstance(old, family) and isinstance(new, family) for family in _FAMILIES)


def _default(op: AlterColumnOp, type_: Any, before: Any, after: Any) -> AlterColumnOp:
    default = {"existing_server_default": before, "modify_server_default": after}
    return AlterColumnOp(op.table_name, op.column_name, schema=op.schema, existing_type=type_, **default)


def _is_array(type_: Any) -> bool:
    return isinstance(type_, sqlalchemy.ARRAY)


def _shifts(old: Any, new: Any) -> bool:
    """Tell whether PostgreSQL would convert by the time zone that the session happens to have."""
    dates = (sqlalchemy.Date, sqlalchemy.DateTime)
    zones = [getattr(type_, "timezone", False) for type_ in (old, new) if isinstance(type_, dates)]
    return len(zones) == 2 and zones[0] != zones[1]


def _is_string(type_: Any) -> bool:
    return isinstance(type_, sqlalchemy.String) and not isinstance(type_, sqlalchemy.Enum)

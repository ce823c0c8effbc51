"""Rule: what PostgreSQL cannot change of a domain, or what rows would not take, is said before anything is written."""

from __future__ import annotations

from alembic.operations.ops import AddColumnOp
from alembic.util import CommandError
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import DOMAIN
from sqlalchemy.exc import DBAPIError

from ...ddl.types import database_type
from ...sqltext import escape_colons, full_name
from ..draft import Draft, each_operation
from ..operations import DomainOp


def domain_types(draft: Draft) -> None:
    """Raise CommandError for a domain that gets another type, or that refuses values of this database, or NULL."""
    for op in each_operation(draft.upgrade):
        if isinstance(op, DomainOp) and op.before and op.after:
            _require_same_type(op)
            _require_values(draft, op)
        elif isinstance(op, AddColumnOp):
            _require_no_null(draft, op)


def _require_same_type(op: DomainOp) -> None:
    before, after = (f"{each.type} {each.collation}".strip() for each in (op.before, op.after) if each)
    if before != after:
        raise CommandError(
            f"The domain {op.name} is {before} and becomes {after}, and PostgreSQL cannot change the type of a "
            "domain: give the models a domain of another name, to which the columns are then converted. "
            "Nothing was written."
        )


def _require_values(draft: Draft, op: DomainOp) -> None:
    """Raise CommandError where this database has a value, or a NULL, that the domain will not take: it is tried."""
    connection = draft.context.connection
    if connection is None:
        return
    try:
        with connection.begin_nested() as savepoint:
            for sql in op.statements():
                connection.execute(text(escape_colons(sql)))
            savepoint.rollback()
    except DBAPIError as error:
        said = str(error.orig).splitlines()[0]
        raise CommandError(
            f"The domain {op.name} changes, but this database cannot follow: {said}. Change such values first. "
            "Nothing was written."
        ) from None


def _require_no_null(draft: Draft, op: AddColumnOp) -> None:
    """Raise CommandError for a new column that existing rows would have as NULL, which its domain does not take."""
    domain = database_type(op.column.type, draft.dialect)
    if not isinstance(domain, DOMAIN) or not domain.not_null:
        return
    if op.column.nullable and op.column.server_default is None and domain.default is None:
        name = f"{full_name(op.table_name, op.schema)}.{op.column.name}"
        raise CommandError(
            f"{name} is of the domain {domain.name}, which takes no NULL, and existing rows would have one: give the "
            f"column nullable=False, and say what they get by -x fill={name}=VALUE. Nothing was written."
        )

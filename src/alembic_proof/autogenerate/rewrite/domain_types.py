"""Rule: what PostgreSQL cannot change of a domain is said before anything is written."""

from __future__ import annotations

from alembic.util import CommandError

from ..draft import Draft
from ..operations import DomainOp


def domain_types(draft: Draft) -> None:
    """Raise CommandError for a domain that gets another type or collation."""
    for op in draft.upgrade.ops:
        if isinstance(op, DomainOp) and op.before and op.after:
            before, after = (f"{each.type} {each.collation}".strip() for each in (op.before, op.after))
            if before != after:
                raise CommandError(
                    f"The domain {op.name} is {before} and becomes {after}, and PostgreSQL cannot change the type of a "
                    "domain: give the models a domain of another name, to which the columns are then converted. "
                    "Nothing was written."
                )

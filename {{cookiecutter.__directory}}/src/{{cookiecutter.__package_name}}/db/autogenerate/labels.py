"""Labels of an enum that have another name now: the rows that have them keep them."""

from copy import copy

from alembic.autogenerate.api import AutogenContext
from alembic.autogenerate.render import renderers
from alembic.operations.ops import AlterColumnOp, MigrateOperation
from sqlalchemy import Enum

from .draft import Draft, full_name, update
from .renames import Pair, alike, chosen


def renamed_labels(draft: Draft, name: str, before: list[str], after: list[str]) -> dict[str, str]:
    """Return the labels that have another name now, and which."""
    pairs = [
        Pair(f"{name}.{old}", f"{name}.{new}", (place == after.index(new)) + alike(old, new) + 0.1, old, new)
        for place, old in enumerate(before)
        for new in after
        if old not in after and new not in before
    ]
    return {pair.gone: pair.come for pair in chosen(draft.answers, pairs)}


class RelabelOp(MigrateOperation):
    """Gives the rows with one label of a MariaDB or MySQL enum another one."""

    def __init__(self, table: str, schema: str | None, column: str, old: str, new: str) -> None:
        self.table, self.schema, self.column, self.old, self.new = table, schema, column, old, new

    def reverse(self) -> "RelabelOp":
        """Return the way back."""
        return RelabelOp(self.table, self.schema, self.column, self.new, self.old)


@renderers.dispatch_for(RelabelOp)
def render_relabel(autogen_context: AutogenContext, op: RelabelOp) -> str:
    """Return the code."""
    return update(op.table, op.schema, op.column, f" == {op.old!r}", repr(op.new))


def relabelled(draft: Draft, op: MigrateOperation) -> list[MigrateOperation]:
    """Return an operation, or the steps in which the rows of a column keep labels that have another name now."""
    if not (isinstance(op, AlterColumnOp) and isinstance(op.existing_type, Enum) and isinstance(op.modify_type, Enum)):
        return [op]
    name = f"{full_name(op.table_name, op.schema)}.{op.column_name}"
    before, after = op.existing_type.enums, op.modify_type.enums
    renamed = renamed_labels(draft, name, before, after)
    if not renamed:
        return [op]
    both = Enum(*before, *(label for label in after if label not in before))
    first, last = copy(op), copy(op)
    first.modify_type = last.existing_type = both
    first.modify_nullable, first.modify_server_default, first.modify_comment = None, False, False
    relabel = [RelabelOp(op.table_name, op.schema, op.column_name, old, new) for old, new in renamed.items()]
    return [first, *relabel, last]

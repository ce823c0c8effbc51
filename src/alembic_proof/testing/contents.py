"""What the tables of a database contain, and what of it is lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, NamedTuple


class TableContents(NamedTuple):
    """The columns of a table, and its rows, each value as text."""

    columns: list[str]
    rows: list[tuple[str | None, ...]]


Contents = dict[str, TableContents]  # by the table's full name
EMPTY = TableContents([], [])


class Loss(NamedTuple):
    """A value that a row had, and has no more."""

    table: str
    column: str
    value: str

    def is_moved(self, before: Contents, after: Contents) -> bool:
        """Tell whether the value is in a column now that did not exist before: column or table was renamed."""
        return any(
            self.value in column_values
            for name, (columns, rows) in after.items()
            for column, column_values in zip(columns, zip(*rows, strict=True), strict=False)
            if column not in before.get(name, EMPTY).columns
        )


def as_text(value: Any) -> str | None:
    """Return a value as text, the same for every type that can represent it."""
    if value is None:
        return None
    if isinstance(value, (bool, int, float, Decimal)):
        return f"{Decimal(str(value * 1)).normalize():f}"
    return str(bytes(value) if isinstance(value, memoryview) else value)


def losses(before: Contents, after: Contents) -> Iterator[Loss]:
    """Yield what was in a row before, and is not after. A NULL cannot be lost.

    Rows are compared without regard to their order. A row that changed is paired with the most similar one.
    """
    for table, contents in before.items():
        (columns, rows), now = contents, after.get(table, EMPTY)
        if now == contents:
            continue
        remaining = [tuple(dict(zip(now.columns, row, strict=True)).get(name) for name in columns) for row in now.rows]
        missing = list((Counter(rows) - Counter(remaining)).elements())
        remaining = list((Counter(remaining) - Counter(rows)).elements())
        for row in sorted(missing, key=lambda row: row.count(None)):
            equal = [sum(a == b for a, b in zip(row, other, strict=True) if a is not None) for other in remaining]
            other = remaining.pop(equal.index(max(equal))) if equal else (None,) * len(columns)
            for column, value, new in zip(columns, row, other, strict=True):
                if value is not None and value != new:
                    yield Loss(table, column, value)

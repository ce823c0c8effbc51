"""Which tables a rehearsed first revision needs, so that each kind of thing that the models have is written once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator
from typing import Any

Table = tuple["str | None", str]  # its schema and its name


def one_of_each_kind(operations: list[Any]) -> list[Any]:
    """Return those of autogenerate's operations, on an empty database, that bring something which the others have not.

    A table is kept whole, with its indexes and keys. What belongs to no table is kept as well.
    """
    of_tables: dict[Table, list[Any]] = defaultdict(list)
    for operation in operations:
        if (table := _table(operation)) is not None:
            of_tables[table].append(operation)
    seen: set[Hashable] = set()
    kept: set[Table] = set()
    for table, made in of_tables.items():
        kinds = {kind for operation in made for kind in _kinds(operation)}
        if not kinds <= seen:
            seen |= kinds
            kept.add(table)
    return [operation for operation in operations if _table(operation) in {None, *kept}]


def _table(operation: Any) -> Table | None:
    name = getattr(operation, "table_name", None) or getattr(operation, "source_table", None)  # of a foreign key
    return (getattr(operation, "schema", None) or getattr(operation, "source_schema", None), name) if name else None


def _kinds(operation: Any) -> Iterator[Hashable]:
    """Yield what the code of an operation may differ by from that of another one: its classes, and what they are given.

    No names and no numbers, which differ everywhere and are written alike.
    """
    for item in (operation, *_items(operation)):
        type_ = getattr(item, "type", None)
        for part in (item, type_, getattr(type_, "item_type", None)):
            yield type(part), *_outline(getattr(part, "__dict__", {}))
        yield type(item), *_outline(getattr(item, "kw", {}))


def _items(operation: Any) -> Iterable[Any]:
    """Return what an operation is made of: others, or columns, constraints and expressions."""
    for name in ("ops", "columns"):
        for item in getattr(operation, name, None) or ():
            yield item
            if name == "ops":
                yield from _items(item)


def _outline(values: dict[str, Any]) -> tuple[Hashable, ...]:
    """Return what is given, by name: switches as they are, of anything else only its class, and whether it is empty."""
    return tuple(sorted((name, _shape(value)) for name, value in values.items() if name[:1] != "_"))


def _shape(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return repr(value)
    return f"{type(value).__qualname__} {bool(value) if isinstance(value, (str, list, tuple, dict, set)) else ''}"

"""How two schemas differ."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from ..sqltext import tokens
from .snapshot import Schema


class Difference(NamedTuple):
    """An item that two schemas have differently."""

    table: str
    item: str  # "" for the table itself
    wanted: str | None  # its text on either side, None where that side does not have it
    existing: str | None
    existing_item: str = ""  # where the other side has it under another name; an unnamed constraint's is its text

    @property
    def unnamed(self) -> bool:
        """Tell whether all that differs is that it has no name on the other side, as SQLite allows."""
        return bool(self.existing_item) and self.existing_item.partition(" ")[2] == self.existing


def compare(wanted: Schema, existing: Schema, named: set[str] | None) -> Iterator[Difference]:
    """Yield what a schema lacks, or has differently, or has besides in the tables that are wanted.

    Where a constraint's name was left to the database (it is not among the named), only its text is compared.
    If named is None, every name counts, and what is cast in an expression.
    """
    for table, items in wanted.items():
        if table and table not in existing:
            yield Difference(table, "", "", None)
            continue
        others = dict(existing.get(table, {}))
        exactly = named is None
        same = [item for item, text in items.items() if item in others and _is_same(others[item], text, exactly, item)]
        for item in same:
            del others[item]
        for item, text in items.items():
            if item in same:
                continue
            by_server = named is not None and item.split()[-1] not in named
            if item in others and not by_server:
                yield Difference(table, item, text, others.pop(item))
                continue
            free = {name: others[name] for name in others if name not in items or by_server}
            alike = _alike(item, text, free, named)
            if not alike:
                yield Difference(table, item, text, others.pop(item, None))
            elif (other := others.pop(alike)) is not None and not by_server:
                yield Difference(table, item, text, other, alike)
        for item, text in others.items() if table else ():
            yield Difference(table, item, None, text)


def _alike(item: str, text: str, others: dict[str, str], named: set[str] | None) -> str:
    """Return which of the others is the same item under another name; an empty string if there is none."""
    kind = item.split()[0]
    if kind not in ("constraint", "index", *(["type"] if named is not None else [])):
        return ""
    return next(
        (name for name in others if name.split()[0] == kind and _is_same(others[name], text, named is None)),
        "",
    )


# PostgreSQL writes ``x IN ('a', 'b')``, of a varchar, in one way, and in another one when it has read that again, as
# from a dump: it casts the array, or each of its elements.
_CAST_ARRAY = re.compile(r"(\()?ARRAY\[((?:'(?:[^']|'')*'::[\w ]+(?:, )?)+)\](?(1)\))::([\w ]+)\[\]")
_CAST_ELEMENT = re.compile(r"'(?:[^']|'')*'::[\w ]+")

# Of these a catalogue keeps programs, whole statements: each letter counts.
_PROGRAMS = ("function", "procedure", "aggregate", "event", "rule", "trigger", "view", "materialized", "policy")


def _is_same(text: str, other: str, exactly: bool, item: str = "") -> bool:
    """Tell whether two texts of one database's catalogue say the same, whatever an index is called.

    Casts do not count: PostgreSQL keeps those of the type that a column had when a default or a CHECK was written.
    Exactly, those of literals do not.
    """
    if text == other:
        return True
    if item.startswith(_PROGRAMS):
        return _as_read_again(text) == _as_read_again(other)
    return _definition(text, exactly) == _definition(other, exactly)


def _as_read_again(text: str) -> str:
    """Return a text of PostgreSQL's as it is after a dump: each element of an array is cast, in place of the array."""

    def each(array: re.Match[str]) -> str:
        before, after = ("(", ")") if array[1] else ("", "")  # of triggers and rules it has fewer parentheses
        return f"ARRAY[{_CAST_ELEMENT.sub(lambda cast: f'{before}{cast[0]}{after}::{array[3]}', array[2])}]"

    return _CAST_ARRAY.sub(each, text)


def _definition(text: str, exactly: bool) -> list[str]:
    """Return the tokens of a text, those of an index without its name and that of its table."""
    found = tokens(text, casts=exactly, literal_casts=False)
    if found[:1] == ["create"] and "index" in found[1:3] and "(" in found:
        end = next(number for number, token in enumerate(found) if token in ("using", "("))
        return [*found[: found.index("index")], *found[end:]]
    return found


def describe(difference: Any) -> str:
    """Put one of the differences of Alembic's compare_metadata() into words: ``add_column users.nickname``."""
    if isinstance(difference, list):  # several changes of one column
        return ", ".join(map(describe, difference))
    action, *rest = difference
    if len(rest) > 1:  # schema, table, column, ...
        return f"{action} {rest[1]}.{getattr(rest[2], 'name', rest[2])}"
    return f"{action} {getattr(rest[0], 'fullname', None) or getattr(rest[0], 'name', None) or rest[0]}"

"""The differences of two schemas as findings."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..schema import Difference, Schema, compare
from .findings import Finding, Note, Problem


def schema_findings(
    wanted: Schema, existing: Schema, named: set[str] | None, sides: tuple[str, str], where: str, fix: str
) -> Iterator[Finding]:
    """Yield what a schema lacks or has differently: problems; and what it has besides: notes.

    The sides are who wants a schema and who has one, with their verbs: "the models describe", "the revisions build".
    The other arguments are those of compare(), and of the findings.
    """
    for difference in compare(wanted, existing, named):
        yield from _findings(difference, named, sides, where, fix)


def _findings(
    difference: Difference, named: set[str] | None, sides: tuple[str, str], where: str, fix: str
) -> Iterator[Finding]:
    wants, has = sides
    table, item, text, other, other_item = difference
    is_type = named is not None and not table and item.startswith("type ")
    if not item:
        yield Problem(where, f"{wants} the table {table}, {has} none", fix)
    elif difference.unnamed:
        message = f"{table} {item}: {has} it without a name"
        yield Note(where, message, "to drop it later: batch_alter_table(..., naming_convention=...)")
    elif is_type and text and other and _labels(text) <= _labels(other):
        # PostgreSQL removes no label, and adds a new one at the end
        yield Note(where, f"{item}: {wants} {text}; {has} {other}", "nothing, if it is meant")
    elif text is not None:
        held = None if other_item else other
        yield Problem(where, f"{table} {item}: {wants} {text}; {has} {held or 'none'}".strip(), fix)
    if text is None or (other_item and not difference.unnamed):
        name = other_item or item
        remedy = "nothing, if it is meant" if name.startswith("trigger ") else "if it is meant, add it to the model"
        yield Note(where, f"{table} {name}: {has} {other}; not so {wants}", remedy)


def _labels(text: str) -> set[str]:
    return set(re.findall(r"'(?:[^']|'')*'", text))

"""What a rerun knows of the session in which the migration began: user variables, keys, what the last statement did.

They are not stored anywhere. A statement that needs them must not get others.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from .statements import Kind, Statement

_VARIABLE = re.compile(r"(?<![@\w'`])@(?:`[^`]*`|[\w.$]+)")
_LAST_ID = re.compile(r"\bLAST_INSERT_ID ?\( ?\)|@@(SESSION\.)?(LAST_INSERT_ID|IDENTITY)\b")
_LAST_STATEMENT = re.compile(r"\b(ROW_COUNT|FOUND_ROWS) ?\( ?\)")
_PREPARED = re.compile(r"(PREPARE|EXECUTE) (?!IMMEDIATE )(\S+)")
_INTO = re.compile(r"\bINTO ((?:@[^\s,]+ ?,? ?)+)")
# What is the same in every session: literals, settings, and other variables that are.
_VALUE = r"(?:''|-?\d[\d.]*|TRUE|FALSE|NULL|@@(?!\S*(?:IDENTITY|LAST_INSERT_ID|TIMESTAMP|COUNT))[\w.]+|@[\w.$]+)"
_CONSTANT = re.compile(rf"SET [\w.@$` ]+:?= ?{_VALUE}(?: ?, ?[\w.@$` ]+:?= ?{_VALUE})*|PREPARE \S+ FROM {_VALUE}")


def asks_what_ran_before(statement: Statement) -> bool:
    """Tell whether a statement needs what the one just before it did, so that nothing may come between."""
    return statement.kind is not Kind.DDL and bool(_LAST_STATEMENT.search(statement.text))


class LostKey(int):
    """Stands for the key of a row that was inserted before the interruption, and is recognized where it is used."""

    def __str__(self) -> str:
        """Return what the database does not know, where it is in the text of a statement."""
        return "key_of_a_row_that_is_done"


class SessionValues:
    """What of the session is as it was then. ``last_id`` asks the database for LAST_INSERT_ID(), as ``reset`` left it.

    Before something is skipped, everything is.
    """

    def __init__(self, last_id: Callable[[], int], reset: Callable[[], object]) -> None:
        self._last_id, self._reset = last_id, reset
        self._known: dict[str, bool] = {}  # the variables, and whether their values are the same in every session
        self._has_skipped = self._was_skipped = False

    def skip(self, statement: Statement) -> None:
        """Note that a statement is not carried out again."""
        any_of = "@" if statement.kind is Kind.OPAQUE else None  # may be OUT parameters
        changed = {name for name, is_use in _mentions(statement) if not is_use or name[0] == any_of}
        self._known = {name: True for name, is_same in self._known.items() if is_same and name not in changed}
        self._has_skipped = self._was_skipped = True
        self._reset()

    def lost(self, statement: Statement) -> str:
        """Return which value a statement needs that is not as it was then; empty if there is none."""
        if not self._has_skipped or statement.has_body:
            return ""
        unknown = [name for name, is_use in _mentions(statement) if is_use and name not in self._known]
        if unknown and not statement.text.startswith("LOAD "):  # which reads a file into them
            return unknown[0].lower()
        if (found := _LAST_STATEMENT.search(statement.text)) and self._was_skipped:
            return found[0]
        return found[0] if (found := _LAST_ID.search(statement.text)) and not self._last_id() else ""

    def has_lost_key(self, parameters: Any) -> bool:
        """Tell whether parameters, of one or of many executions, have the key of a row that was done already."""
        return self._has_skipped and _has_lost_key(parameters)

    def run(self, statement: Statement) -> None:
        """Note that a statement is carried out."""
        self._was_skipped = False
        mentions = [] if statement.has_body else list(_mentions(statement))
        is_same = bool(_CONSTANT.fullmatch(statement.text)) and all(
            self._known.get(name) for name, is_use in mentions if is_use
        )
        self._known.update({name: is_same for name, is_use in mentions if not is_use})


def _has_lost_key(values: Any) -> bool:
    if isinstance(values, dict):
        values = values.values()
    elif not isinstance(values, (list, tuple)):
        return isinstance(values, LostKey)
    return any(map(_has_lost_key, values))


def _mentions(statement: Statement) -> Iterator[tuple[str, bool]]:
    """Yield the variables of a statement and its prepared statement, and whether it uses what they were before it."""
    text = statement.text
    if prepared := _PREPARED.match(text):
        yield prepared[2], prepared[1] == "EXECUTE"
    assigned = ":?=" if text.startswith("SET ") else ":="
    into = [match.span(1) for match in _INTO.finditer(text)]
    done: set[str] = set()
    last = ""  # of which the value is being computed
    for match in _VARIABLE.finditer(text):
        name = match[0].replace("`", "")
        if any(begin <= match.start() < end for begin, end in into):
            yield name, False
        elif re.match(f" ?{assigned}", text[match.end() :]):
            done.add(last)
            last = name
            yield name, False
        elif name not in done:
            yield name, True

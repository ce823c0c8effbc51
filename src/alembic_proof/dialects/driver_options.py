"""The options in a URL that the drivers of one database do not share: translated, left out, or refused."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

Query = Mapping[str, Any]  # of a URL: text, or a tuple of texts


class Spelling(NamedTuple):
    """How a driver spells an option that has another name, or other values, elsewhere."""

    name: str
    values: Mapping[str, str] = {}  # what it says for a value of others


class DriverOptions(NamedTuple):
    """What one driver makes of the options that were written for another driver."""

    names: Mapping[str, Spelling] = {}  # by the name elsewhere; of two for the same option, the first one counts
    left_out: frozenset[str] = frozenset()  # without them, a connection does the same: caches, time-outs, names
    refused: frozenset[str] = frozenset()  # without them, it would be less secure, or another schema


class Translated(NamedTuple):
    """The options for a driver, and the names of those that it does not have."""

    query: dict[str, Any]
    left_out: tuple[str, ...]
    refused: tuple[str, ...]


def translated(query: Query, options: DriverOptions) -> Translated:
    """Return the options of a URL for a driver. One that is not known is kept: the driver says what it is."""
    named: dict[str, Any] = {name: value for name, value in query.items() if name not in options.names}
    for name, spelling in options.names.items():
        if name in query and spelling.name not in named:
            named[spelling.name] = spelling.values.get(str(query[name]).lower(), query[name])
    return Translated(
        {name: value for name, value in named.items() if name not in options.left_out | options.refused},
        _sorted(named.keys() & options.left_out),
        _sorted(named.keys() & options.refused),
    )


def words(text: str) -> frozenset[str]:
    """Return the names in a text."""
    return frozenset(text.split())


def _sorted(names: Collection[str]) -> tuple[str, ...]:
    return tuple(sorted(names))

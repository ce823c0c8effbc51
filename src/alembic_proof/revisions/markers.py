"""The comments in a revision that say that something is meant."""

from __future__ import annotations

import re

DESTROYS = "# destroys data"  # at the end of a line that drops something; it may name what, after a colon


def marked_lines(source: str) -> list[str]:
    """Return the lines of a revision that say that they destroy data on purpose."""
    return [line for line in source.splitlines() if DESTROYS in line]


def reviewed_tables(source: str, verb: str) -> set[str]:
    """Return the tables that comments of a revision name after a verb, as in ``# locks book, author: small``."""
    lists = re.findall(rf"#\s*{verb} +([\w.]+(?:, *[\w.]+)*)", source)
    return {name for names in lists for name in re.split(r", *", names)}

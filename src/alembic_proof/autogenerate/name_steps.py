"""In which steps things get new names, where one takes the name that another has given up: chains and circles."""

from __future__ import annotations

from collections.abc import Collection


def in_sequence(renames: dict[str, str], taken: Collection[str]) -> list[tuple[str, str]]:
    """Return the steps in which things get their new names, by the old ones, so that no two have one name at a time.

    Those that go round in a circle need one more name for a moment, which is none of those that are taken.
    """
    left, steps = dict(renames), []
    while left:
        old = next((old for old, new in left.items() if new not in left), None)
        if old is None:
            old = next(iter(left))
            moment = free_name(old, {*taken, *left})
            left[moment] = left.pop(old)
            steps.append((old, moment))
        else:
            steps.append((old, left.pop(old)))
    return steps


def free_name(old: str, taken: Collection[str]) -> str:
    """Return a name for a moment for what gives up its own."""
    moment = f"{shortened(old, 50)}_before"
    while moment in taken:
        moment += "_"
    return moment


def shortened(name: str, length: int = 63) -> str:
    """Return as much of a name as a database can keep: PostgreSQL counts 63 bytes, MariaDB and MySQL 64 characters."""
    return name.encode()[:length].decode(errors="ignore")

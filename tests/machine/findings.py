"""Failures, told apart by a signature, and made small."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings

from machine.bench import Bench, Failure, answers
from machine.pairs import CHANGES, FEATURES, pairs
from machine.schema import Pair, Schema, Table
from machine.sound import fresh, is_sound

ALL = frozenset([*FEATURES, *CHANGES])


@dataclass
class Finding:
    """Pairs that failed in the same way: how many, and one of them."""

    signature: str
    pair: Pair
    text: str
    count: int = 1
    revision: str = ""


@dataclass
class Result:
    """How many pairs were run, how often each change was in them, and what failed."""

    pairs: int = 0
    changes: dict[str, int] = field(default_factory=dict)
    findings: dict[str, Finding] = field(default_factory=dict)


def search(
    bench: Bench, number: int, start: int, allowed: frozenset[str] = ALL, said: Callable[[str], Any] = str
) -> Result:
    """Try as many random pairs; go on after a failure."""
    result = Result()

    @seed(start)
    @settings(
        max_examples=number,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(pairs(bench.kind, allowed))
    def run(pair: Pair) -> None:
        result.pairs += 1
        for name in pair.changes:
            result.changes[name] = result.changes.get(name, 0) + 1
        try:
            bench.try_pair(pair)
        except Failure as failure:
            name = signature(failure)
            if name in result.findings:
                result.findings[name].count += 1
            else:
                result.findings[name] = Finding(name, pair, str(failure), revision=bench.text())
                said(f"after {result.pairs} pairs: {name}")

    run()
    return result


def signature(failure: Failure) -> str:
    """Return what a failure has in common with others of its kind: no names, numbers and values."""
    if failure.text.startswith("not quiet"):
        actions = set(re.findall(r"\('([a-z]+_[a-z_]+)'", failure.text))
        return f"{failure.phase}: not quiet, {', '.join(sorted(actions))}"
    text, _, statement = failure.text.partition(" [")
    text = text.partition("; ")[0] if "should be" in text else text
    shape = re.search(r"^'.*?' '(column|default of|constraint|index|comment|identity|type|sequence)", text)
    if shape:
        key = re.search(r"PRIMARY KEY|FOREIGN KEY|UNIQUE|CHECK", text) if shape[1] in ("constraint", "index") else None
        return f"{failure.phase}: {shape[1]}, {_side(text)}{f' {key[0]}' if key else ''}"
    text = re.sub(r"^.* lost .*", "values lost", text)
    text = re.sub(r"^table '.*?' is", "table is", text)
    text = re.sub(r"[\"'`].*?[\"'`]|\d+|[^\x00-\x7f]+|-x \S+|\S+\.\S+|(?<=value for )\S+(?=,)", "*", text)
    verbs = re.findall(r"\b[A-Z]{3,}\b", statement)[:5]
    return f"{failure.phase}: {text[:90]} {' '.join(verbs)}".strip()


def _side(text: str) -> str:
    if "should be None" in text:
        return "too many"
    return "missing" if text.endswith("is None") else "another"


def shrunk(bench: Bench, finding: Finding, patience: int = 150) -> Finding:
    """Return a finding with a pair as small as can be that fails in the same way."""
    smaller = True
    while smaller and patience > 0:
        smaller = False
        for pair in candidates(finding.pair):
            if pair == finding.pair or not is_sound(pair, bench.kind, ALL):
                continue
            patience -= 1
            try:
                bench.try_pair(pair)
            except Failure as failure:
                if signature(failure) == finding.signature:
                    finding = replace(finding, pair=pair, text=str(failure), revision=bench.text())
                    smaller = True
                    break
            if patience <= 0:
                break
    return finding


PLAIN: tuple[dict[str, Any], ...] = (
    {"comment": None},
    {"server_default": None},
    {"default": None},
    {"special": None},
    {"type": "Integer()", "server_default": None, "default": None},
    {"nullable": True},
    {"nullable": False},
)


def candidates(pair: Pair) -> Iterator[Pair]:
    """Yield pairs with one thing less, or one change less."""

    def both(change: Callable[[Schema], Schema]) -> Pair:
        return replace(pair, first=fresh(change(pair.first)), second=fresh(change(pair.second)))

    keys = {t.key: t for s in (pair.first, pair.second) for t in s.tables}
    for key in keys:
        yield both(lambda s, key=key: replace(s, tables=tuple(t for t in s.tables if t.key != key)))  # type: ignore[misc]
    for new in pair.second.tables:
        old = pair.first.table(new.key)
        if old is None:
            continue
        if old != new:
            yield replace(pair, second=_put(pair.second, old))
        yield from (replace(pair, second=_put(pair.second, one)) for one in _undone(old, new))
    for key in keys:
        for what in ("items", "columns"):
            parts = {p.key for s in (pair.first, pair.second) if (t := s.table(key)) for p in getattr(t, what)}
            for part in parts:
                yield both(lambda s, key=key, what=what, part=part: _without(s, key, what, part))  # type: ignore[misc]
    for key in keys:
        columns = {c.key for s in (pair.first, pair.second) if (t := s.table(key)) for c in t.columns}
        for column in columns:
            for plain in (*PLAIN, {"name": f"c{column}"}):
                yield both(lambda s, k=key, c=column, p=plain: _plain(s, k, c, p))  # type: ignore[misc]
        yield both(lambda s, k=key: _tables(s, k, comment=None))  # type: ignore[misc]
        yield both(lambda s, k=key: _tables(s, k, name=f"t{k}"))  # type: ignore[misc]
    used = {c.type for s in (pair.first, pair.second) for t in s.tables for c in t.columns}
    yield both(lambda s: replace(s, enums=tuple(e for e in s.enums if e.key in used)))


def _undone(old: Table, new: Table) -> Iterator[Table]:
    """Yield a table with one of its changes less."""
    for name in ("name", "primary", "comment"):
        if getattr(old, name) != getattr(new, name):
            yield replace(new, **{name: getattr(old, name)})
    for what in ("columns", "items"):
        before = {part.key: part for part in getattr(old, what)}
        after = {part.key: part for part in getattr(new, what)}
        for key in before.keys() | after.keys():
            if before.get(key) == after.get(key):
                continue
            merged = {**after, key: before.get(key)}
            parts: Any = tuple(part for part in merged.values() if part)
            yield replace(new, **{what: parts})
            if key in before and key in after and what == "columns":
                for name in ("name", "type", "nullable", "server_default", "default", "comment", "special"):
                    if getattr(before[key], name) != getattr(after[key], name):
                        one = replace(after[key], **{name: getattr(before[key], name)})
                        yield replace(new, columns=tuple({**after, key: one}.values()))


def _put(schema: Schema, table: Table) -> Schema:
    return replace(schema, tables=tuple(table if one.key == table.key else one for one in schema.tables))


def _tables(schema: Schema, key: int, **values: Any) -> Schema:
    return replace(schema, tables=tuple(replace(t, **values) if t.key == key else t for t in schema.tables))


def _without(schema: Schema, key: int, what: str, part: int) -> Schema:
    table = schema.table(key)
    return _tables(schema, key, **{what: tuple(p for p in getattr(table, what) if p.key != part)}) if table else schema


def _plain(schema: Schema, key: int, column: int, values: dict[str, Any]) -> Schema:
    table = schema.table(key)
    if table is None:
        return schema
    return _tables(schema, key, columns=tuple(replace(c, **values) if c.key == column else c for c in table.columns))


def report(finding: Finding) -> str:
    """Return a finding as text: how it fails, the models to paste into a test, and the answers."""
    return "\n".join(
        [
            f"=== {finding.signature} ({finding.count} pairs)",
            finding.text[:600],
            f"--- first models ({', '.join(finding.pair.changes)})",
            finding.pair.first.code(),
            "--- second models",
            finding.pair.second.code(),
            f"--- answers: {' '.join(answers(finding.pair)) or 'none'}",
        ]
    )

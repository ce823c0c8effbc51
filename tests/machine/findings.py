"""Failures, told apart by a signature, and made small by hypothesis."""

from __future__ import annotations

import math
import re
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Flaky

from machine.bench import Bench, Failure
from machine.changes import CHANGES, pairs
from machine.draw import FEATURES
from machine.rows import answers
from machine.schema import Pair

ALL = frozenset([*FEATURES, *CHANGES])
ROUND = 40  # pairs of one seed: hypothesis draws the later ones more and more like each other
PATIENCE = 60  # seconds, to make the failures of one round small


@dataclass
class Finding:
    """Pairs that failed in the same way: how many, and the smallest of them."""

    signature: str
    pair: Pair
    text: str
    count: int = 1
    revision: str = ""


@dataclass
class Result:
    """How many pairs were run, how often each change and each limit was in them, and what failed."""

    pairs: int = 0
    changes: Counter[str] = field(default_factory=Counter)
    limits: Counter[str] = field(default_factory=Counter)
    findings: dict[str, Finding] = field(default_factory=dict)


class Until:
    """When a search ends: after as many seconds, or when it is told to stop."""

    def __init__(self, seconds: float = math.inf) -> None:
        self._end = time.monotonic() + seconds

    def stop(self) -> None:
        """End the search after the pair that is being tried."""
        self._end = -math.inf

    def is_over(self) -> bool:
        """Tell whether no other pair is to be tried."""
        return time.monotonic() > self._end


def search(
    bench: Bench,
    number: int,
    start: int,
    allowed: frozenset[str] = ALL,
    said: Callable[[str], Any] = str,
    shrink: bool = True,
    until: Until | None = None,
    skip: int = 0,
) -> Result:
    """Try as many random pairs; go on after a failure, when it has been made small.

    :param bench: where they are tried.
    :param number: how many pairs, with those that only make a failure small.
    :param start: the seed.
    :param allowed: the changes and features to use.
    :param said: gets the text of each new kind of failure as soon as it is found, and how far the search is.
    :param shrink: whether failures are made small.
    :param until: when it ends before that.
    :param skip: how many rounds of this seed are passed over.
    :return: what was tried, and what failed.
    """
    until, result = until or Until(), Result()
    at = start * 1000 + skip
    while result.pairs < number and not until.is_over():
        known = set(result.findings)
        _Round(bench, result, min(ROUND, number - result.pairs), allowed, said, shrink, until).run(at)
        at += 1
        for name in result.findings.keys() - known if shrink else ():
            said(f"made small: {report(result.findings[name], bench.kind)}\n")
        failed = sum(finding.count for finding in result.findings.values())
        said(f"{bench.kind}: {result.pairs} pairs, {failed} failed; rounds of seed {start}: {at - start * 1000}")
    result.limits = bench.limits
    return result


class _Round:
    """Pairs of one seed. It ends early where failures of a new kind are made small."""

    def __init__(
        self,
        bench: Bench,
        result: Result,
        number: int,
        allowed: frozenset[str],
        said: Callable[[str], Any],
        shrink: bool,
        until: Until,
    ) -> None:
        self.bench, self.result, self.number, self.allowed = bench, result, number, allowed
        self.said, self.shrink, self.until = said, shrink, until
        self.known = frozenset(result.findings)
        self.tried: dict[Pair, Failure | None] = {}
        self.patience = Until()  # since a new failure was found
        self.is_new: dict[str, Any] = {}  # by the signature, the error that hypothesis tells from others

    def run(self, at: int) -> None:
        """Run them."""
        phases = [Phase.generate, Phase.shrink] if self.shrink else [Phase.generate]
        wanted = settings(
            max_examples=self.number, database=None, deadline=None, phases=phases,
            suppress_health_check=list(HealthCheck), report_multiple_bugs=True,
        )  # fmt: skip
        try:
            seed(at)(wanted(given(pairs(self.bench.kind, self.allowed))(self.one)))()
        except Flaky:
            self.result.changes["(a failure does not come again)"] += 1
        except BaseException as error:
            if not self._is_ours(error):
                raise

    def _is_ours(self, error: BaseException) -> bool:
        inner = getattr(error, "exceptions", (error,))
        return all(isinstance(each, (_Found, Flaky)) or self._is_ours_group(each) for each in inner)

    def _is_ours_group(self, error: BaseException) -> bool:
        return hasattr(error, "exceptions") and self._is_ours(error)

    def one(self, pair: Pair) -> None:
        """Try a pair. Raises an error of a type of its own for each new kind of failure."""
        name = self._tried(pair)
        if name is None or name in self.known or not self.shrink:
            return
        finding = self.result.findings[name]
        finding.pair, finding.text = pair, str(self.tried[pair])
        raise self.is_new.setdefault(name, type("New", (_Found,), {}))(name)

    def _tried(self, pair: Pair) -> str | None:
        """Return the signature of a pair's failure, or None."""
        if pair not in self.tried:
            if self.until.is_over() or self.patience.is_over():
                return None
            self.result.pairs += 1
            self.result.changes.update(pair.changes)
            try:
                self.bench.try_pair(pair)
                self.tried[pair] = None
            except Failure as failure:
                self.tried[pair] = failure
                self._note(pair, failure)
        failure_then = self.tried[pair]
        return signature(failure_then) if failure_then else None

    def _note(self, pair: Pair, failure: Failure) -> None:
        name = signature(failure)
        if name in self.result.findings:
            self.result.findings[name].count += 1
        else:
            finding = Finding(name, pair, str(failure), revision=self.bench.text())
            self.result.findings[name] = finding
            self.said(f"after {self.result.pairs} pairs: {report(finding, self.bench.kind)}\n")
            if self.shrink:
                self.patience = Until(PATIENCE)


class _Found(Exception):
    """A failure of a new kind: hypothesis tells failures apart by the type of the error and its place."""


def signature(failure: Failure) -> str:
    """Return what a failure has in common with others of its kind: no names, numbers and values."""
    if failure.text.startswith("not quiet"):
        actions = set(re.findall(r"\('([a-z]+_[a-z_]+)'", failure.text))
        return f"{failure.phase}: not quiet, {', '.join(sorted(actions))}"
    text, _, statement = failure.text.partition(" [")
    text = text.partition("; ")[0] if "should be" in text else text
    shape = re.search(
        r"^'.*?' '(column|default of|constraint|index|comment|identity|type|sequence|option|check of|domain)", text
    )
    if shape:
        key = re.search(r"PRIMARY KEY|FOREIGN KEY|UNIQUE|CHECK", text) if shape[1] in ("constraint", "index") else None
        return f"{failure.phase}: {shape[1]}, {_side(text)}{f' {key[0]}' if key else ''}"
    text = re.sub(r"^.* lost.*", "values lost", text)
    text = re.sub(r"^table '.*?' is", "table is", text)
    text = re.sub(r"[\"'`].*?[\"'`]|\d+|[^\x00-\x7f]+|-x \S+|\S+\.\S+|(?<=value for )\S+(?=,)", "*", text)
    verbs = re.findall(r"\b[A-Z]{3,}\b", statement)[:5]
    return f"{failure.phase}: {text[:90]} {' '.join(verbs)}".strip()


def _side(text: str) -> str:
    if "should be None" in text:
        return "too many"
    return "missing" if text.endswith("is None") else "another"


def report(finding: Finding, database: str) -> str:
    """Return a finding as text: how it fails, the models to paste into a test, and the answers."""
    pair = finding.pair
    also = [f"search_path {pair.path}"] * bool(pair.path) + ["no naming convention"] * (not pair.convention)
    also += ["adopted"] * pair.adopt + [f"{view} " for view in map(str, pair.views)]
    also += [f"a trigger of table {key}" for key in pair.triggers]
    return "\n".join(
        [
            f"=== {finding.signature} ({finding.count} pairs)",
            finding.text[:600],
            f"--- first models ({', '.join([*pair.changes, *also])})",
            pair.first.code(database),
            "--- second models",
            pair.second.code(database),
            f"--- answers: {' '.join(answers(pair)) or 'none'}",
        ]
    )

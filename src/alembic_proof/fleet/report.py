"""What a fleet's commands print: results on the standard output, progress on the terminal."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TextIO

from .dispatch import Running
from .looking import Standing, State

_COLUMNS = 80  # of a terminal that does not tell
_SLOW = 5  # seconds after which a target is named in the progress


@dataclass
class Line:
    """What is told of one target in the end."""

    name: str
    state: str
    detail: str = ""
    ok: bool = True
    more: dict[str, Any] = field(default_factory=dict)  # for JSON only


def of_standing(standing: Standing) -> Line:
    """Return what is told of a target that was looked at."""
    revisions = sorted(standing.revisions)
    by = f" by {counted(standing.behind, 'revision')}" if standing.state is State.BEHIND else ""
    at = f"at {', '.join(revisions)}" if revisions and standing.state is not State.AT_HEAD else ""
    detail = "; ".join(filter(None, (at, standing.detail)))
    is_known = standing.state not in (State.UNREACHABLE, State.UNKNOWN)
    more = {"revisions": revisions, "behind": standing.behind if is_known else None}
    return Line(standing.target.name, f"{standing.state.value}{by}", detail, standing.state is State.AT_HEAD, more)


def counted(number: int, thing: str, things: str = "") -> str:
    """Return a number with its noun: ``1 revision``, ``2 revisions``."""
    return f"{number} {thing if number == 1 else things or thing + 's'}"


def table(lines: Sequence[Line]) -> Iterator[str]:
    """Yield a line of text for each target, in columns."""
    width = min(max((len(line.name) for line in lines), default=0), 40)
    states = max((len(line.state) for line in lines), default=0)
    for line in lines:
        yield f"{line.name:{width}}  {line.state:{states}}  {line.detail}".rstrip()


def summary(states: Iterable[str]) -> str:
    """Return how many targets are in each state: ``120 targets: 117 at head, 3 behind``."""
    counts = Counter(states)
    told = ", ".join(f"{number} {state}" for state, number in counts.most_common())
    return f"{counted(counts.total(), 'target')}: {told or 'none'}"


def as_json(lines: Sequence[Line], **more: Any) -> str:
    """Return the report for programs."""
    targets = [
        {"name": line.name, "state": line.state, "detail": line.detail, "ok": line.ok, **line.more} for line in lines
    ]
    return json.dumps({**more, "targets": targets}, indent=2, ensure_ascii=False)


class Speaker(ABC):
    """Whom a command tells what it does."""

    @abstractmethod
    def say(self, sentence: str) -> None:
        """Be told what is going on."""

    @abstractmethod
    def tell(self, line: Line) -> None:
        """Be told what became of a target."""


class Silent(Speaker):
    """Says nothing: what became of the targets is in the outcome."""

    def say(self, sentence: str) -> None:
        """Leave it."""

    def tell(self, line: Line) -> None:
        """Leave it to the outcome."""


class TextSpeaker(Speaker):
    """Prints all of it."""

    def say(self, sentence: str) -> None:
        """Print a sentence."""
        print(sentence, flush=True)

    def tell(self, line: Line) -> None:
        """Print what became of a target."""
        print(f"{line.name}: {line.state}{f' ({line.detail})' if line.detail else ''}", flush=True)


class JsonSpeaker(Speaker):
    """Leaves the standard output to the report in JSON."""

    def say(self, sentence: str) -> None:
        """Print a sentence for people."""
        print(sentence, file=sys.stderr, flush=True)

    def tell(self, line: Line) -> None:
        """Leave it to the report."""


class Progress:
    """One line of a terminal that is written again and again; nothing where there is no terminal."""

    def __init__(self, total: int, running: Running, stream: TextIO | None = None) -> None:
        self._total, self._running, self._stream = total, running, stream or sys.stderr
        self._start = time.monotonic()
        self._done = self._failed = self._width = 0
        self._lock = threading.Lock()

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Show it meanwhile, every second."""
        ended = threading.Event()

        def tick() -> None:
            while not ended.wait(1):
                self.show()

        ticking = threading.Thread(target=tick, daemon=True)
        if self._stream.isatty():
            ticking.start()
        try:
            yield
        finally:
            ended.set()
            self.clear()

    def count(self, ok: bool) -> None:
        """Count a target that is done."""
        self._done += 1
        self._failed += not ok

    def text(self) -> str:
        """Return the line: count, failures, rate, and what is slow."""
        seconds = max(time.monotonic() - self._start, 0.001)
        slow = ", ".join(self._running.slow(_SLOW)[:3])
        parts = (
            f"{self._done}/{self._total} done",
            f"{self._failed} failed" if self._failed else "",
            f"{self._done / seconds:.1f} per second",
            f"slow: {slow}" if slow else "",
        )
        return ", ".join(filter(None, parts))

    def show(self) -> None:
        """Write the line over the last one."""
        self._write(self.text()[: self._columns() - 1])  # a longer one could not be written over

    def _columns(self) -> int:
        try:
            return os.get_terminal_size(self._stream.fileno()).columns or _COLUMNS
        except (OSError, ValueError):  # it has no number, or is no terminal of the system's
            return _COLUMNS

    def clear(self) -> None:
        """Take the line away, so that another one can be printed."""
        if self._width:
            self._write("")

    def _write(self, text: str) -> None:
        if self._stream.isatty():
            with self._lock:
                self._stream.write(f"\r{text:{self._width}}\r")
                self._stream.flush()
                self._width = len(text)
